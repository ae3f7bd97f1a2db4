"""The record itself, as JSON: complete, and what `netdiag judge` and `netdiag report` read."""

from __future__ import annotations

from netdiag.record import Record, dumps


def render(record: Record) -> str:
    """The record as indented JSON with a newline at its end."""
    return dumps(record).decode("utf-8")
