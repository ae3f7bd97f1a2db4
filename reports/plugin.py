"""One line for a monitoring system, by the Monitoring Plugins Development Guidelines.

`NETDIAG STATUS - text | performance data`: a pipe would end the text and a newline the line, so
neither may come from anywhere else.
"""

from __future__ import annotations

from netdiag.record import Record
from reports.digest import Digest, counted, digest

LONGEST = 600
"""Longest text before the performance data, in characters: some systems cut at 1 kB."""


def render(record: Record) -> str:
    """The line with a newline at its end."""
    shown = digest(record)
    text = f"{shown.target}: {_said(shown)}".replace("|", "/")
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    took = max(0.0, (record.finished - record.started).total_seconds())
    # label=value[unit];warn;crit;min
    data = (
        f"time={took:.3f}s;;;0 packets={record.sent.packets};;;0 causes={len(shown.causes)};;;0 "
        f"undetermined={len(shown.undetermined)};;;0"
    )
    return f"NETDIAG {record.status.upper()} - {text} | {data}\n"


def _said(shown: Digest) -> str:
    """The causes, else why nothing is known, else that all is well."""
    if shown.causes:
        first, others = shown.causes[0].item, shown.causes[1:]
        more = "".join(f", {cause.item.code}" for cause in others)
        return f"{first.code}{more} ({first.message})"
    if shown.crashed:
        return shown.crashed[0].message
    if shown.status == "ok":
        number = sum(len(items) for items in shown.fine.values())
        return f"no fault found, {counted(number, 'finding', 'findings')} fine"
    return shown.undetermined[0].message if shown.undetermined else shown.head.what
