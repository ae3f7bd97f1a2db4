"""A check as a page of the catalogue: `netdiag explain`, and `docs/checks/`.

The page is Markdown that reads well as it is, so that terminal and documentation show the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netdiag.model import Check, Finding, Outcome

Kind = type[Finding]

MEANING = {
    Outcome.PROBLEM: "a fault",
    Outcome.OK: "fine",
    Outcome.INCONCLUSIVE: "could not be determined",
    Outcome.SKIPPED: "nothing to look at",
    Outcome.CRASHED: "netdiag's own failure",
}
"""The outcomes in the order of a page, in its words."""

DEPENDS = "depends"


def page(check: Check[Any]) -> str:
    """The check's documentation and a table of its codes, with a newline at its end."""
    title, _, body = check.doc.strip().partition("\n")
    known = f"Check `{check.id}`, area {check.area.value}, since version {check.since}."
    parts = [f"# {title.removesuffix('.')}", known, body.strip(), "## Codes", _codes(check.finds)]
    return "\n\n".join(part for part in parts if part) + "\n"


def facts(kind: Kind) -> tuple[str, str, str, str, str]:
    """Code, meaning, severity, area and owner; *depends* where what is seen decides.

    Severity and owner are empty where nothing is to be done.
    """
    area = kind.area.value
    if kind.outcome is not Outcome.PROBLEM:
        return kind.code, MEANING[kind.outcome], "", area, ""
    severity = kind.usual_severity.value if kind.severity is Finding.severity else DEPENDS
    owner = kind.usual_owner.value if kind.owner is Finding.owner else DEPENDS
    return kind.code, MEANING[kind.outcome], severity, area, owner


def _codes(kinds: Iterable[Kind]) -> str:
    order = list(MEANING)
    known = sorted(kinds, key=lambda kind: (order.index(kind.outcome), kind.code))
    head = ("code", "means", "severity", "area", "whose to fix")
    rows = [head, *((f"`{f[0]}`", *f[1:]) for f in map(facts, known))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
