"""The public suffix list as it is read here, against the package's own reader."""

import datetime as dt

import pytest
from publicsuffixlist import PublicSuffixList

from netdiag.suffixes import _rules, date_of_list, is_public_suffix

ALL = PublicSuffixList(only_icann=True)
RULES = sorted(rule for rule in _rules() if rule and not rule.startswith("//"))


def test_there_is_a_list_with_its_day() -> None:
    assert len(RULES) > 5000
    assert dt.date.fromisoformat(date_of_list()) > dt.date(2026, 1, 1)


def test_every_rule_and_what_is_below_it_are_read_alike() -> None:
    bare = (rule.removeprefix("!").removeprefix("*.") for rule in RULES)
    tried = [name for one in bare for name in (one, f"x.{one}", f"y.x.{one}")]
    names = [name.encode("idna").decode() if not name.isascii() else name for name in tried]
    unlike = [n for n in names if is_public_suffix(n) != (ALL.publicsuffix(n) == n)]

    assert unlike == []


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        (".", True),
        ("com.", True),
        ("unheard-of.", True),
        ("co.uk.", True),
        ("customer.co.uk.", False),
        ("anything.ck.", True),
        ("www.ck.", False),
        ("kobe.jp.", True),
        ("city.kobe.jp.", False),
        ("github.io.", False),
        ("xn--55qx5d.cn.", True),
        ("xn--.cn.", False),
        ("xn--\x80.cn.", False),
        ("// x.com", False),
    ],
)
def test_names(name: str, suffix: bool) -> None:
    assert is_public_suffix(name) is suffix
