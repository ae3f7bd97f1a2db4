"""It is the host itself that answers connections.

## What it does
On every asked port that is open, finds with which TTL the SYN/ACK arrives, and compares it with the
other answers of the host: an echo reply, and the reset or SYN/ACK of a control port. Where the
SYN/ACK comes from nearer, follows the path to tell from which router.

## Why is this bad?
It need not be. But what answers in the host's place may answer for a service that is down, change
what is said, or limit who gets through, and nothing that is measured of a connection then tells of
the host.

## How it decides
For each open port; "the sender" is the router as many hops before the host as the SYN/ACK crosses
fewer of them.

| the SYN/ACK                    | the sender                 | judgement           |
|--------------------------------|----------------------------|---------------------|
| arrives as other answers do    | not looked for             | host-answers-itself |
| comes from nearer              | in the network of the host | syn-proxy           |
| comes from nearer              | in another network         | transparent-proxy   |
| comes from nearer              | not seen on the path       | transparent-proxy   |
| no other answer of the host    | not looked for             | answerer-not-told   |
| other answers differ           | not looked for             | answerer-not-told   |
| its TTL is not seen            | not looked for             | answerer-not-told   |

The routers on the way back are counted as initial TTL (64, 128 or 255) less arrival TTL. A sender
in the network of its server, as a protection against floods of SYNs is, is called a SYN proxy; one
elsewhere answers for servers that are not its own. Ways back of different lengths would show as
other answers that differ.

## What to do
Nothing where all works. Where it does not, ask the owner of that network what it does with such
connections, and test once past it.

## References
- RFC 4987, section 3.7 (firewalls and proxies that answer SYNs)
- RFC 3234, section 2 (middleboxes: proxies, transparent ones too)
- RFC 5082 (what an arrival TTL tells about the sender)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts import race
from checks.facts.folding import Foldable, OfEndpoints, folded, listed
from checks.facts.ownership import Place, place_of
from checks.facts.path import path_to
from checks.facts.reach import (
    CONTROL_PORTS,
    MOST_CONTROLS,
    Nearer,
    Port,
    Reach,
    Reaches,
    connects,
    nearer,
    routers_crossed,
)
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Endpoint,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import ArrivalTtl, Connected, EchoReply, Reset
from netdiag.requests import Echo, TcpArrivalTtl, TcpConnect


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    known: Reaches
    reaches: tuple[Reach, ...]


@finding_kind
class HostAnswersItself(OfEndpoints):
    code: ClassVar[str] = "host-answers-itself"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return f"what answers connections to {self.subject} is as far away as the host"


@finding_kind
class _Proxy(OfEndpoints):
    """Connections are answered `hops` hops before the host; `by` is the router there, if seen."""

    area: ClassVar[Area] = Area.CONNECTIVITY
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "by"})
    by: tuple[Place, ...]
    hops: int
    control: str

    @property
    def kin(self) -> tuple[object, ...]:
        return tuple((place.network, place.owner) for place in self.by)

    @property
    def owner(self) -> Owner:
        return self.by[0].owner if self.by else Owner.TRANSIT

    @property
    def where(self) -> str:
        return listed(str(place) for place in self.by) or "a place that the path does not show"

    @property
    def message(self) -> str:
        fewer = "one router fewer" if self.hops == 1 else f"{self.hops} routers fewer"
        return (
            f"connections to {self.subject} are answered by {self.where} and not by the host: the "
            f"SYN/ACK crosses {fewer} than the host's answer to {self.control}"
        )


@finding_kind
class SynProxy(_Proxy):
    code: ClassVar[str] = "syn-proxy"

    @property
    def for_agent(self) -> str:
        return (
            f"Where connections fail though they are accepted, ask the network of {self.where} "
            "about its protection against floods of SYNs: it accepts before the server has."
        )

    @property
    def for_customer(self) -> str:
        return (
            "A protection in front of your server answers connections first. That is usual, and "
            "matters only where something does not work."
        )


@finding_kind
class TransparentProxy(_Proxy):
    code: ClassVar[str] = "transparent-proxy"

    @property
    def for_agent(self) -> str:
        return (
            "What is measured of these connections tells of the proxy and not of the host: look "
            "from a network without it before the host is blamed. It is run by the network of "
            f"{self.where}."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Something on the way answers in your server's place, for instance a filter or cache "
            "of a company or provider. Where the service does not work, try another network."
        )


@finding_kind
class AnswererNotTold(OfEndpoints):
    code: ClassVar[str] = "answerer-not-told"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY
    why: str

    @property
    def message(self) -> str:
        return f"who answers connections to {self.subject} cannot be told: {self.why}"


async def gather(net: Asker, brief: Brief) -> Facts:
    """The arrival TTLs of what each address with an open port answers."""
    known = await connects(net, brief)
    working = [reach for reach in known.reaches if reach.works]
    reaches = await asyncio.gather(*(_compared(net, reach) for reach in working))
    return Facts(brief=brief, known=known, reaches=tuple(reaches))


async def _compared(net: Asker, reach: Reach) -> Reach:
    """With the TTL of every answer of an open port, of another port's and of an echo's; with the
    path where they differ."""
    address = reach.address
    asked = {port.number for port in reach.asked}
    controls = [number for number in CONTROL_PORTS if number not in asked][:MOST_CONTROLS]
    ports = [port.number for port in reach.asked if port.connected]
    echo, other = await asyncio.gather(
        net.ask(Echo(address=address)),
        race.first(net, (TcpConnect(address=address, port=n) for n in controls), _answered),
    )
    if other and isinstance(other.request, TcpConnect):
        ports.append(other.request.port)
    found = await asyncio.gather(*(net.ask(TcpArrivalTtl(address=address, port=n)) for n in ports))
    arrivals = tuple(Port(number, one) for number, one in zip(ports, found, strict=True))
    seen = replace(reach, echo=echo, arrivals=arrivals)
    if any(nearer(seen, number, "syn-ack") for number in ports):
        return replace(seen, paths=(await path_to(net, address),))
    return seen


def _answered(seen: Observation) -> bool:
    return isinstance(seen.outcome, Connected | Reset)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every open port."""
    yield from folded(
        judge_port(facts.brief, reach, port)
        for reach in facts.reaches
        for port in reach.asked
        if port.connected
    )
    if not facts.reaches:
        missing = facts.known.missing or "no asked port accepts connections"
        yield Skipped(subject="who answers", missing=missing)


def judge_port(brief: Brief, reach: Reach, port: Port) -> Foldable:
    """The verdict on one open port."""
    about = (Endpoint(reach.address, port.number),)
    mine = next((one.seen for one in reach.arrivals if one.number == port.number), port.seen)
    others = _others(reach)
    why = ""
    if not isinstance(mine.outcome, ArrivalTtl):
        why = "the TTL of the answer was not seen"
    elif not others:
        why = "the host answers nothing else that could be compared"
    elif len({routers_crossed(ttl) for ttl, _ in others}) > 1:
        why = "other answers of the host themselves arrive over different numbers of routers"
    if why:
        return AnswererNotTold(endpoints=about, evidence=(mine.id,), why=why)
    before = nearer(reach, port.number, "syn-ack")
    if before is None:
        evidence = (mine.id, *(number for _, number in others))
        return HostAnswersItself(endpoints=about, evidence=evidence)
    by = _sender(brief, reach, before)
    at_server = by is not None and by.owner in {Owner.HOSTING_NETWORK, Owner.HOST}
    kind = SynProxy if at_server else TransparentProxy
    return kind(
        endpoints=about,
        evidence=(*before.evidence, *(number for path in reach.paths for number in path.evidence)),
        by=(by,) if by else (),
        hops=before.hops,
        control=before.control,
    )


def _others(reach: Reach) -> list[tuple[int, ObservationId]]:
    """Arrival TTL of each answer that is not of an asked port."""
    asked = {port.number for port in reach.asked}
    found = [
        (one.seen.outcome.ttl, one.seen.id)
        for one in reach.arrivals
        if one.number not in asked and isinstance(one.seen.outcome, ArrivalTtl)
    ]
    if reach.echo and isinstance(reach.echo.outcome, EchoReply) and reach.echo.outcome.ttl:
        found.append((reach.echo.outcome.ttl, reach.echo.id))
    return found


def _sender(brief: Brief, reach: Reach, before: Nearer) -> Place | None:
    """The router so many hops before the host, where the path shows it."""
    path = next((path for path in reach.paths if path.reached), None)
    hop = path.at(path.reached.ttl - before.hops) if path and path.reached else None
    return place_of(brief, hop.sender, reach.address, path) if hop and hop.sender else None


CHECK = Check(
    id="answering",
    title="The host itself answers connections",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(HostAnswersItself, SynProxy, TransparentProxy, AnswererNotTold, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
