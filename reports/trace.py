"""Traces as tables, CSV, Markdown and JSON. What came from outside is cleaned again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from netdiag import __version__
from netdiag.lazy import dataclass
from netdiag.text import clean
from netdiag.tracer import atlas, verdict
from netdiag.tracer.trace import Trace

FORMS = ("terminal", "markdown", "csv", "json")
_LEVELS = "▁▂▃▄▅▆▇█"
_ASCII_LEVELS = "_.-=+*#%"
TITLES = ("hop", "address", "loss", "sent", "last", "avg", "best", "worst", "jitter")
LEGEND = (
    "~ this router answers less often than hops behind it: it limits its answers and loses "
    "nothing. Times in ms."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What is known of an address: its reverse name, and the network it belongs to."""

    name: str = ""
    asn: int | None = None
    prefix: str = ""
    network: str = ""

    def __str__(self) -> str:
        number = f"AS{self.asn}" if self.asn is not None else ""
        return clean(" ".join(part for part in (number, self.network) if part), 60)


Names = Mapping[str, Named]
_UNKNOWN = Named()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One hop as it is shown. Times are milliseconds, `loss` a share from 0 to 1."""

    hop: int
    address: str
    loss: float
    sent: int
    last: float | None
    average: float | None
    best: float | None
    worst: float | None
    jitter: float | None
    limited: bool
    late: int
    duplicates: int
    name: str = ""
    network: str = ""
    others: tuple[str, ...] = ()
    labels: tuple[int, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        times = (self.last, self.average, self.best, self.worst, self.jitter)
        mark = "~" if self.limited else ""
        shown = tuple("" if time is None else f"{time:.1f}" for time in times)
        return (str(self.hop), self.address, f"{mark}{self.loss:.0%}", str(self.sent), *shown)


def rows(trace: Trace, names: Names) -> tuple[Row, ...]:
    """The hops up to the target, or up to the last that answered."""
    last = trace.end or max(trace.hops, default=0)
    return tuple(_row(trace, ttl, names) for ttl in range(1, last + 1) if ttl in trace.hops)


def render(
    form: str,
    traces: Sequence[Trace],
    names: Names,
    width: int,
    *,
    colour: bool = False,
    ascii_only: bool = False,
) -> str:
    """The finished report in one of `FORMS`."""
    match form:
        case "json":
            text = _json(traces, names)
        case "csv":
            text = _csv(traces, names)
        case "markdown":
            text = "\n".join(_markdown(trace, names) for trace in traces)
        case _:
            text = _terminal(traces, names, width, colour=colour, ascii_only=ascii_only)
    # Names from outside may hold any letter.
    return text.encode("ascii", "backslashreplace").decode() if ascii_only else text


def sparkline(course: Sequence[float | None], *, ascii_only: bool = False) -> str:
    """Round-trip times as bars between the best and the worst; `!` where one was lost."""
    levels = _ASCII_LEVELS if ascii_only else _LEVELS
    times = [time for time in course if time is not None]
    low, high = min(times, default=0.0), max(times, default=0.0)
    # What differs by less than a millisecond is level: a picture of noise tells nothing.
    span = max(high - low, 0.001)
    return "".join(
        "!" if time is None else levels[round((time - low) / span * (len(levels) - 1))]
        for time in course
    )


def _row(trace: Trace, ttl: int, names: Names) -> Row:
    hop = trace.hops[ttl]
    sender = trace.sender(ttl)
    named = names.get(sender, _UNKNOWN) if sender else _UNKNOWN
    others = tuple(address for address, _ in hop.senders.most_common()[1:])
    known = hop.received > 0
    return Row(
        hop=ttl,
        address=clean(sender or "*", 60),
        loss=hop.loss,
        sent=hop.sent,
        last=_ms(hop.last),
        average=_ms(hop.average),
        best=_ms(hop.best) if known else None,
        worst=_ms(hop.worst) if known else None,
        jitter=_ms(hop.jitter),
        limited=ttl < trace.end and verdict.limited(trace, ttl),
        late=hop.late,
        duplicates=hop.duplicates,
        name=clean(named.name, 120),
        network=str(named),
        others=tuple(clean(address, 60) for address in others),
        labels=tuple(label.label for label in hop.labels),
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def heading(trace: Trace) -> str:
    """What is traced, how, and how often it was asked."""
    aim = trace.aim
    port = "" if aim.protocol == "icmp" else f" port {aim.port}"
    flows = f", {aim.flows} flows" if aim.flows > 1 else ""
    count = f"{trace.rounds} round" + ("" if trace.rounds == 1 else "s")
    return f"{aim.address} over {aim.protocol.upper()}{port}{flows}, {count}"


def _terminal(
    traces: Sequence[Trace], names: Names, width: int, *, colour: bool, ascii_only: bool
) -> str:
    from rich.console import Console

    from reports.trace_table import tables, verdicts

    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False
    )
    console.print(tables(traces, names, width, ascii_only=ascii_only), verdicts(traces, names))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _csv(traces: Sequence[Trace], names: Names) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    extra = ("limited", "late", "duplicates", "name", "network", "others", "labels")
    writer.writerow(("target", "protocol", *TITLES, *extra))
    for trace in traces:
        for row in rows(trace, names):
            told = (int(row.limited), row.late, row.duplicates, row.name, row.network)
            times = (row.last, row.average, row.best, row.worst, row.jitter)
            lists = (" ".join(row.others), " ".join(map(str, row.labels)))
            head = (trace.aim.address, trace.aim.protocol, row.hop, row.address)
            writer.writerow(
                _plain(v) for v in (*head, round(row.loss, 4), row.sent, *times, *told, *lists)
            )
    return out.getvalue()


def _plain(value: object) -> object:
    """Text that no spreadsheet takes for a formula (names come from outside)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" and value else value


def _markdown(trace: Trace, names: Names) -> str:
    judged = verdict.judge(trace)
    lines = [f"## {heading(trace)}", "", "| " + " | ".join(TITLES) + " | network |"]
    lines.append("|---:|:---|" + "---:|" * 7 + ":---|")
    for row in rows(trace, names):
        who = " ".join((f"`{row.address}`", _escaped(row.name))).strip()
        cells = (row.cells[0], who, *row.cells[2:], _escaped(row.network))
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", f"**{judged.code}**: {_escaped(clean(judged.text, 600))}", "", LEGEND, ""]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    for character in "\\`*_|<>[]":
        text = text.replace(character, "\\" + character)
    return text


def _json(traces: Sequence[Trace], names: Names) -> str:
    document = {
        "netdiag": __version__,
        "traces": [
            {
                **atlas.write(trace),
                "rounds": trace.rounds,
                "verdict": asdict(verdict.judge(trace)),
                "hops": [asdict(row) for row in rows(trace, names)],
            }
            for trace in traces
        ],
    }
    return json.dumps(document, indent=1) + "\n"
