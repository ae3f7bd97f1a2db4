"""The report as a ticket in Markdown (CommonMark with tables).

Prose from outside is escaped; observations and commands stand in fenced blocks whose fence is
longer than any run of backticks inside, and evidence numbers in code spans, where ticket systems
look for no references.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from netdiag.model import Area
from netdiag.record import Record
from reports.digest import (
    AREAS,
    PLAIN_AREAS,
    UNCHECKED,
    Audience,
    Cause,
    Digest,
    Item,
    checks,
    codes,
    digest,
    more,
    numbers,
)

MOST_SEEN = 20
"""Observations shown of a cause: a ticket is read from top to bottom."""

_SPECIAL = re.compile(r"[\\`*_\[\]|~$!]")
_LEADING = re.compile(r"(?:[#+=:-]|\d{1,9}[.)])")


def render(record: Record, *, audience: Audience = "agent") -> str:
    """The ticket with a newline at its end."""
    shown = digest(record, audience)
    sections = _for_customer(shown) if audience == "customer" else _for_agent(shown, audience)
    return "\n\n".join([_title(shown), _summary(shown, audience), *sections, _footer(shown)]) + "\n"


def escape(text: str) -> str:
    """`text` as prose: none of it is read as Markdown or HTML."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _SPECIAL.sub(r"\\\g<0>", safe.strip())
    leading = _LEADING.match(safe)
    if leading is None:
        return safe
    end = leading.end() - 1
    return f"{safe[:end]}\\{safe[end:]}"


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """Lines as a block of code that nothing in them can end."""
    text = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _title(shown: Digest) -> str:
    return f"# {shown.status.upper()}: {escape(shown.target)}"


def _summary(shown: Digest, audience: Audience) -> str:
    head = shown.head
    reader = "What you can do" if audience == "customer" else "What the customer can do"
    contact = f"<br>{escape(head.contact)}" if head.contact else ""
    rows = [
        ("What is wrong" if head.whose else "Result", escape(head.what)),
        ("Whose to fix", escape(head.whose)),
        ("What support does", escape(head.support) + contact),
        (reader if head.whose else "Note", escape(head.customer)),
    ]
    lines = [f"| {label} | {text} |" for label, text in rows if text]
    return "\n".join(["|   |   |", "|---|---|", *lines])


def _for_agent(shown: Digest, audience: Audience) -> Iterator[str]:
    several = len(shown.causes) > 1
    for number, cause in enumerate(shown.causes, 1):
        title = f"Cause {number}" if several else "Cause"
        yield _cause(cause, title, references=audience == "expert")
    yield from _list("Worth knowing", (cause.item for cause in shown.notices))
    yield from _list("netdiag itself failed", shown.crashed)
    yield from _list("Could not be determined", shown.undetermined)
    if shown.unchecked:
        yield f"{UNCHECKED}: {escape(checks(shown.unchecked))}"
    if shown.fine:
        lines = [f"- {AREAS[a]}: {escape(codes(items))}" for a, items in shown.fine.items()]
        yield "\n".join(["## Checked, no fault found", "", *lines])


def _for_customer(shown: Digest) -> Iterator[str]:
    """Plain words; codes only in what is meant for support."""
    for cause in shown.causes[1:]:
        words = (cause.whose, cause.support, cause.customer)
        points = (f"- {escape(line)}" for line in words if line)
        title = f"## There is another fault, in {PLAIN_AREAS[cause.item.area]}"
        yield "\n".join([title, "", *points])
    yield from _areas("Could not be determined", shown.open)
    yield from _list("netdiag itself failed", shown.crashed)
    yield from _areas("Checked, no fault found", shown.clear)
    yield from _list("For support", (cause.item for cause in (*shown.causes, *shown.notices)))


def _areas(title: str, areas: Iterable[Area]) -> Iterator[str]:
    """A titled list of parts in a customer's words, or nothing."""
    lines = [f"- {PLAIN_AREAS[area]}" for area in areas]
    if lines:
        yield "\n".join([f"## {title}", "", *lines])


def _cause(cause: Cause, title: str, *, references: bool) -> str:
    item = cause.item
    parts = [
        f"## {title}: {escape(item.code)} ({item.severity.value}, {AREAS[item.area]})",
        escape(item.message),
        f"- Whose to fix: {escape(cause.whose)}\n- Support: {escape(cause.support)}",
    ]
    if cause.agent:
        parts.append(f"**Next step:** {escape(cause.agent)}")
    if cause.symptoms:
        parts.append("**It explains:**\n\n" + "\n".join(map(_entry, cause.symptoms)))
    if cause.seen:
        parts.append("**Evidence:**")
        lines = [f"#{number} {line}" for number, line in cause.seen[:MOST_SEEN]]
        lines += [f"…{rest} in the record"] if (rest := more(len(cause.seen) - MOST_SEEN)) else []
        parts.append(fenced(lines))
    if cause.reproduce:
        parts += ["**To repeat it:**", fenced(cause.reproduce, "sh")]
    if references and cause.references:
        parts.append("**References:** " + escape("; ".join(cause.references)))
    return "\n\n".join(parts)


def _list(title: str, items: Iterable[Item]) -> Iterator[str]:
    """A titled list, or nothing where there is nothing to list."""
    lines = [_entry(item) for item in items]
    if lines:
        yield "\n".join([f"## {title}", "", *lines])


def _entry(item: Item) -> str:
    evidence = f" `{numbers(item, 6)}`" if item.evidence else ""
    return f"- {escape(item.message)} ({escape(item.code)}){evidence}"


def _footer(shown: Digest) -> str:
    return f"---\n\n{escape(shown.footer)}"
