"""The way from the root to a zone as a tree, and the zone's servers as a table.

It is drawn from the questions and answers of a record, and from what its findings say of the chain
of trust. Text that comes from there is clean, and laid out as `rich.text.Text`, which interprets no
markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from netdiag.lazy import dataclass
from netdiag.network import Observation
from netdiag.outcomes import DnsReply, Failed, IcmpError
from netdiag.record import Record
from netdiag.requests import DnsQuery
from netdiag.text import clean
from reports.digest import counted

MOST_STEPS = 20
MOST_NAMES = 13
"""Bounds of what is drawn: a saved record may claim anything."""


@dataclass(frozen=True, slots=True)
class Step:
    """One delegation: who told it, in how many seconds, and to which servers it leads."""

    zone: str
    names: tuple[str, ...]
    glue: int
    told_by: str
    rtt: float


@dataclass(frozen=True, slots=True)
class Server:
    """One address of a server of the zone, and what it said over UDP and TCP."""

    name: str
    address: str
    serial: str
    udp: str
    tcp: str


def render(record: Record, *, width: int = 80, ascii_only: bool = False) -> str:
    """Tree and table, with a newline at the end; empty where no delegation was seen."""
    pairs = _dns(record)
    steps = _steps(pairs, record.target.name or ".")
    if not steps:
        return ""
    servers = _servers(pairs, steps[-1].zone)
    table = _table(servers, width, ascii_only) if servers else ""
    return "\n".join(filter(None, (_tree(steps, _trust(record), ascii_only), table)))


def _dns(record: Record) -> list[tuple[DnsQuery, Observation]]:
    return [
        (seen.request, seen) for seen in record.transcript if isinstance(seen.request, DnsQuery)
    ]


def _steps(pairs: Sequence[tuple[DnsQuery, Observation]], name: str) -> list[Step]:
    """The delegations on the way to `name`, the first answer of each in the order of answering."""
    found: dict[str, Step] = {}
    for query, seen in sorted(pairs, key=lambda pair: pair[1].completed):
        reply = seen.outcome
        if query.name != name or not isinstance(reply, DnsReply) or reply.authoritative:
            continue
        names = [
            r for r in reply.authority if r.rtype == "NS" and f".{name}".endswith(f".{r.name}")
        ]
        if not reply.answer and names and names[0].name not in found:
            zone = names[0].name
            found[zone] = Step(
                zone=zone,
                names=tuple(sorted({r.data for r in names if r.name == zone}))[:MOST_NAMES],
                glue=sum(r.rtype in {"A", "AAAA"} for r in reply.additional),
                told_by=query.server,
                rtt=reply.rtt,
            )
    return sorted(found.values(), key=lambda step: step.zone.count("."))[:MOST_STEPS]


def _servers(pairs: Sequence[tuple[DnsQuery, Observation]], zone: str) -> list[Server]:
    """What each asked address said to the question for the zone's SOA in its usual shape."""
    asked = {
        (query.server, query.transport): seen
        for query, seen in pairs
        if query == DnsQuery(server=query.server, name=zone, rtype="SOA", transport=query.transport)
    }
    names = dict(_addresses(pairs))
    found = []
    for address in dict.fromkeys(address for address, _ in asked):
        udp, tcp = asked.get((address, "udp")), asked.get((address, "tcp"))
        found.append(
            Server(
                name=names.get(address, ""),
                address=address,
                serial=_serial(udp) or _serial(tcp),
                udp=_said(udp),
                tcp=_said(tcp),
            )
        )
    return sorted(found, key=lambda one: (one.name, ":" in one.address, one.address))


def _addresses(pairs: Sequence[tuple[DnsQuery, Observation]]) -> Iterator[tuple[str, str]]:
    """Address and name of every host whose address some answer gives."""
    for _, seen in pairs:
        if isinstance(seen.outcome, DnsReply):
            for one in (*seen.outcome.additional, *seen.outcome.answer):
                if one.rtype in {"A", "AAAA"}:
                    yield one.data, one.name.rstrip(".")


def _serial(seen: Observation | None) -> str:
    if seen is None or not isinstance(seen.outcome, DnsReply):
        return ""
    words = next((r.data.split() for r in seen.outcome.answer if r.rtype == "SOA"), [])
    return words[2] if len(words) > 2 else ""


def _said(seen: Observation | None) -> str:
    """The time of an authoritative answer, else what came instead."""
    match seen and seen.outcome:
        case None:
            return "not asked"
        case DnsReply(authoritative=True, rcode="NOERROR", rtt=rtt):
            return _milliseconds(rtt)
        case DnsReply(rcode="NOERROR"):
            return "no authority"
        case DnsReply(rcode=rcode):
            return rcode
        case Failed(kind=kind):
            return kind.value
        case IcmpError(kind=said):
            return said.value
        case other:
            return type(other).__name__


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


STATES = {
    "trust-secure": "secure",
    "trust-insecure": "insecure",
    "trust-broken": "bogus",
    "trust-not-determined": "indeterminate",
}
"""What a validator takes a zone for (RFC 4035, section 4.3), by the finding that says so."""


def _trust(record: Record) -> dict[str, str]:
    """The state of each zone of the chain of trust, by its name as findings have it."""
    found = (one for one in record.findings if one.code in STATES)
    return {one.subject: STATES[one.code] for one in found}


def _state(trust: dict[str, str], zone: str) -> str:
    """That of the zone, else of the nearest above, which all below shares unless it is secure."""
    name = zone
    while name and name not in trust:
        name = name.partition(".")[2]
    state = trust.get(name or "the root", "")
    return "" if state == "secure" and name != zone else state


def _tree(steps: Sequence[Step], trust: dict[str, str], ascii_only: bool) -> str:
    branch = "`- " if ascii_only else "└─ "
    lines = [_with_state(".", trust.get("the root", ""))]
    for depth, step in enumerate(steps):
        lead = " " * 3 * depth
        glue = f", {counted(step.glue, 'address', 'addresses')} with it" if step.glue else ""
        zone = step.zone.rstrip(".")
        lines.append(_with_state(f"{lead}{branch}{clean(zone)}", _state(trust, zone)))
        told = f"told by {step.told_by} in {_milliseconds(step.rtt)}{glue}"
        lines.append(f"{lead}   {told}")
        names = ", ".join(clean(name.rstrip(".")) for name in step.names)
        lines.append(f"{lead}   {names}")
    return "\n".join(lines) + "\n"


def _with_state(line: str, state: str) -> str:
    return f"{line} ({state})" if state else line


def _table(servers: Sequence[Server], width: int, ascii_only: bool) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    frame = box.ASCII if ascii_only else box.SIMPLE_HEAD
    table = Table(box=frame, padding=(0, 1), pad_edge=False)
    for title in ("server", "address", "SOA serial", "UDP", "TCP"):
        table.add_column(title, overflow="fold")
    for one in servers:
        cells = (one.name, one.address, one.serial or "-", one.udp, one.tcp)
        table.add_row(*(Text(clean(cell)) for cell in cells))
    file = io.StringIO()
    Console(file=file, width=width, color_system=None, markup=False, emoji=False).print(table)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()).strip("\n") + "\n"
