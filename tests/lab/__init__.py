"""A small internet in network namespaces, with real servers and one fault at a time.

`topology` says what there is, `plan` gathers what a run builds from it, `faults` are edits of that
plan, and `scenarios` name a truth and the faults that make it true. `inside` builds the plan, in
namespaces of its own that vanish with it. Nothing in it can reach any network outside.
"""
