"""A check's page: its own words, and a table of codes that tells the truth about each kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from checks.catalogue import CATALOGUE
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, Skipped
from netdiag.network import Asker
from reports.catalogue import facts, page


@dataclass(frozen=True, kw_only=True)
class Fine(Finding):
    code: ClassVar[str] = "all-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS


@dataclass(frozen=True, kw_only=True)
class Broken(Finding):
    code: ClassVar[str] = "broken"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.SERVICE


@dataclass(frozen=True, kw_only=True)
class Either(Broken):
    code: ClassVar[str] = "either"

    @property
    def severity(self) -> Severity:
        return Severity.WARNING

    @property
    def owner(self) -> Owner:
        return Owner.HOST


async def gather(net: Asker, brief: Brief) -> None:
    return None


def judge(facts: None) -> Iterable[Finding]:
    return ()


CHECK = Check(
    id="sample-check",
    title="A sample",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(Fine, Skipped, Either, Broken),
    doc="The sample is fine.\n\n## What it does\nLooks.\n\n## References\n- RFC 1034\n",
)


def test_the_page_of_a_check() -> None:
    assert (
        page(CHECK)
        == """\
# The sample is fine

Check `sample-check`, area dns, since version 0.1.

## What it does
Looks.

## References
- RFC 1034

## Codes

| code          | means              | severity | area    | whose to fix |
|---------------|--------------------|----------|---------|--------------|
| `broken`      | a fault            | critical | service | service      |
| `either`      | a fault            | depends  | service | depends      |
| `all-fine`    | fine               |          | dns     |              |
| `not-checked` | nothing to look at |          | local   |              |
"""
    )


@pytest.mark.parametrize("check", CATALOGUE.checks, ids=lambda check: check.id)
def test_every_check_has_a_page_with_all_its_codes(check: Check[Any]) -> None:
    text = page(check)

    assert text.startswith("# ")
    assert all(f"| `{kind.code}`" in text for kind in check.finds)
    assert all(facts(kind)[0] == kind.code for kind in check.finds)
