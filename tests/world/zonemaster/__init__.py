"""Zonemaster's test cases as scenarios: what is said of each simulated tree, tag by tag.

One module for each of Zonemaster's, in its words: `CASES` has the tags of each test case from level
INFO up, of engine 8.1.0 and after its published specifications; `SCENARIOS` are the trees with the
exact tags that a case prescribes for them. `tests/unit/dns/test_zonemaster.py` tries them all.
"""
