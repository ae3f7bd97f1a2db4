"""A check as a page of the catalogue: `netdiag explain`, and `docs/checks/`.

The page is Markdown that reads well as it is, so that terminal and documentation show the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from netdiag.model import Check, Crashed, Finding, Outcome, Skipped

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


def code_page(check: Check[Any], code: str) -> str:
    """What one code of the check means: when it is given, why it matters, what to do."""
    kinds = [kind for kind in check.finds if kind.code == code]
    _, meaning, severity, area, owner = facts(kinds[0])
    known = [meaning, f"area {area}"]
    if severity:
        known += [f"severity {severity}", f"whose to fix: {owner}"]
    parts = [f"# {code}", f"{'; '.join(known)}."]
    sections = _sections(check.doc)
    rows = _table_of(sections.get("How it decides", ""), code)
    if rows:
        parts += ["## When it is given", rows]
    parts += [
        f"## {title}\n{sections[title]}"
        for title in ("Why is this bad?", "What to do", "References")
        if title in sections
    ]
    parts.append(f"The whole check: netdiag explain {check.id}")
    return "\n\n".join(parts) + "\n"


def common_page(code: str) -> str | None:
    """What a code means that any check may give; None for a code of certain checks."""
    kind = next((kind for kind in (Skipped, Crashed) if kind.code == code), None)
    if kind is None:
        return None
    said = " ".join((kind.__doc__ or "").split())
    return f"# {code}\n\n{MEANING[kind.outcome]}; any check may say so.\n\n{said}\n"


def _sections(doc: str) -> dict[str, str]:
    """The text under each heading of a check's docstring."""
    pieces = (part.partition("\n") for part in doc.split("\n## ")[1:])
    return {title.strip(): text.strip() for title, _, text in pieces}


def _table_of(text: str, code: str) -> str:
    """The head of the decision table and its rows that give `code`."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    fits = [line for line in lines[2:] if code in re.split(r"[|,\s]+", line)]
    return "\n".join((*lines[:2], *fits)) if fits else ""


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
