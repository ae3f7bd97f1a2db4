"""Names under which registries give domains to the public: the Public Suffix List.

The list comes with the package publicsuffixlist, whose own reader builds tables for questions that
are not asked here. Of the list the part that ICANN and the registries vouch for counts: what
hosting companies add of their own domains are no registries.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_DATE = re.compile(r"^// VERSION: (\d{4}-\d{2}-\d{2})", re.MULTILINE)
_END = "// ===END ICANN DOMAINS==="


@cache
def _text() -> str:
    return resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")


@cache
def _rules() -> frozenset[str]:
    """The rules as they stand: `co.uk`, `*.ck`, `!www.ck`; comments among them match no name."""
    return frozenset(_text().partition(_END)[0].split("\n"))


def date_of_list() -> str:
    """The day of the list, as YYYY-MM-DD; empty where it does not say."""
    found = _DATE.search(_text())
    return found[1] if found else ""


def is_public_suffix(name: str) -> bool:
    """Whether `name` is one, in lower case, A-labels, with or without the final dot.

    One label is, listed or not: the list's prevailing rule is `*` where none matches. So is what
    has nothing but suffixes below it, as kobe.jp by `*.kobe.jp`.
    """
    labels = [_unicode(label) for label in name.rstrip(".").split(".")]
    if len(labels) < 2:
        return True
    own, above = ".".join(labels), ".".join(labels[1:])
    rules = _rules()
    return f"!{own}" not in rules and not rules.isdisjoint({own, f"*.{own}", f"*.{above}"})


def _unicode(label: str) -> str:
    """A label as the list spells it."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
