"""What `netdiag explain` shows of one code."""

from typing import Any

import pytest

from checks.catalogue import CATALOGUE
from netdiag.model import Check, Outcome
from reports.catalogue import code_page, common_page

PROBLEMS = [
    pytest.param(check, kind.code, id=f"{check.id}-{kind.code}")
    for check in CATALOGUE.checks
    for kind in check.finds
    if kind.outcome is Outcome.PROBLEM
]


@pytest.mark.parametrize(("check", "code"), PROBLEMS)
def test_a_fault_says_when_it_is_given_and_what_to_do(check: Check[Any], code: str) -> None:
    page = code_page(check, code)

    assert page.startswith(f"# {code}\n\na fault; area ")
    given = page.partition("## When it is given")[2].partition("## Why is this bad?")[0]
    rows = [line for line in given.splitlines() if line.startswith("|")][2:]
    assert rows
    assert all(code in row for row in rows)
    assert "## What to do" in page


def test_a_code_of_all_checks_is_explained_once() -> None:
    for code in ("not-checked", "netdiag-crashed"):
        page = common_page(code)
        assert page is not None
        assert page.count("# ") == 1
    assert common_page("lame-delegation") is None
