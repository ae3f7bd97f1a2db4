"""Traces as tables for a terminal, in as many columns and lines as it has room for."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from netdiag.text import clean
from netdiag.tracer import verdict
from netdiag.tracer.trace import Trace
from reports.trace import LEGEND, TITLES, Names, Row, heading, rows, sparkline

WIDE = 160
"""Columns from which two traces are shown side by side."""

_BESIDE = 100
"""Columns from which they can be, without all columns of each."""

_COLOUR = {"ok": "green", "warning": "yellow", "critical": "red", "unknown": "cyan"}
_LEFT_OUT = frozenset({"sent", "best", "jitter"})
_GAP = 2
_COURSE = (8, 60)
"""The least and the most columns of the picture of round-trip times."""


class Shape(enum.Enum):
    """How much is told of each hop."""

    FULL = "all that is known of a hop, in several lines"
    LINES = "one line for each hop"
    BESIDE = "one line for each hop of two traces side by side, in fewer columns"


def shapes(traces: Sequence[Trace], width: int) -> tuple[Shape, ...]:
    """The shapes that `width` has room for, the one that tells most first."""
    beside = len(traces) == 2 and width >= _BESIDE
    return (Shape.FULL, Shape.LINES, Shape.BESIDE) if beside else (Shape.FULL, Shape.LINES)


def tables(
    traces: Sequence[Trace],
    names: Names,
    width: int,
    *,
    ascii_only: bool = False,
    shape: Shape = Shape.FULL,
) -> RenderableType:
    """The tables: side by side where there is room or the shape asks for it, else one below the
    other."""
    beside = len(traces) == 2 and (width >= WIDE or shape is Shape.BESIDE)
    each = (width - _GAP) // 2 if beside else width
    parts = [
        Group(
            Text(heading(trace), style="bold", no_wrap=True, overflow="ellipsis"),
            _table(trace, names, each, ascii_only=ascii_only, shape=shape),
            Text(""),
        )
        for trace in traces
    ]
    if not beside:
        return Group(*parts)
    grid = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False, expand=True)
    grid.add_column(ratio=1)
    grid.add_column(ratio=1)
    grid.add_row(*parts)
    return grid


def verdicts(traces: Sequence[Trace], names: Names) -> RenderableType:
    """What each trace says, and the legend."""
    limited = any(row.limited for trace in traces for row in rows(trace, names))
    legend = LEGEND if limited else "Times in ms."
    return Group(*(_verdict(trace) for trace in traces), Text(legend, style="dim"))


def _table(trace: Trace, names: Names, width: int, *, ascii_only: bool, shape: Shape) -> Table:
    shown = rows(trace, names)
    kept = [
        place
        for place, title in enumerate(TITLES)
        if shape is not Shape.BESIDE or title not in _LEFT_OUT
    ]
    who = [_who(row) if shape is Shape.FULL else [_line(row)] for row in shown]
    room, course = _widths(shown, who, kept, width)
    table = Table(
        box=box.ASCII if ascii_only else box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    for place in kept:
        if place == 1:
            table.add_column(TITLES[place], max_width=room)
        else:
            table.add_column(TITLES[place], justify="right", no_wrap=True)
    if course:
        table.add_column("course", no_wrap=True, max_width=course)
    for row, lines in zip(shown, who, strict=True):
        style = "dim" if row.address == "*" else "red" if row.loss and not row.limited else ""
        whole = shape is Shape.FULL
        address = Text("\n".join(lines), style=style, no_wrap=not whole, overflow="ellipsis")
        cells = [address if place == 1 else Text(row.cells[place], style=style) for place in kept]
        if course:
            times = list(trace.hops[row.hop].course)[-course:]
            cells.append(Text(sparkline(times, ascii_only=ascii_only), style="cyan"))
        table.add_row(*cells)
    return table


def _widths(
    shown: Sequence[Row], who: Sequence[list[str]], kept: Sequence[int], width: int
) -> tuple[int, int]:
    """Columns for who a hop is, and for the picture of its times: the address first, then a short
    picture, then the names, then all of the picture."""
    fixed = sum(
        _GAP + max(len(TITLES[place]), *(len(row.cells[place]) for row in shown), 0)
        for place in kept
        if place != 1
    )
    spare = max(width - fixed, 7)
    wanted = max((len(line) for lines in who for line in lines), default=7)
    addresses = max((len(row.address) for row in shown), default=7)
    least, most = _COURSE
    if spare < addresses + _GAP + least:
        return spare, 0
    room = min(wanted, spare - _GAP - least)
    return room, min(spare - _GAP - room, most)


def _who(row: Row) -> list[str]:
    """The address, and below it what else is known of the hop."""
    lines = [row.address]
    lines += [text for text in (row.name, row.network) if text]
    lines += [f"also {address}" for address in row.others]
    if row.labels:
        lines.append("MPLS " + " ".join(str(label) for label in row.labels))
    if row.duplicates or row.late:
        lines.append(f"{row.duplicates} duplicate, {row.late} late")
    return lines


def _line(row: Row) -> str:
    """The same in one line: how many routers besides, the network, else the name, and labels."""
    others = f"+{len(row.others)}" if row.others else ""
    labels = "MPLS " + "/".join(str(label) for label in row.labels) if row.labels else ""
    parts = (row.address, others, row.network or row.name, labels)
    return " ".join(part for part in parts if part)


def _verdict(trace: Trace) -> RenderableType:
    judged = verdict.judge(trace)
    return Text(f"{judged.code}: {clean(judged.text, 600)}", style=_COLOUR[judged.status])
