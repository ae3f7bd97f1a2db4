"""This machine has a route to the Internet.

## What it does
Asks the operating system with which address it would speak to a root server of each family,
which sends nothing, and reads its routes.

## Why is this bad?
Without a route nothing beyond the local network can be reached, whatever state the target is in.

## How it decides
| IPv4   | IPv6   | asked for | judgement                                      |
|--------|--------|-----------|------------------------------------------------|
| route  | route  | both      | default-route, default-route                   |
| route  | none   | both      | default-route, family-not-observable           |
| none   | route  | both      | family-not-observable, default-route           |
| none   | none   | both      | no-default-route                               |
| route  | none   | IPv4      | default-route                                  |
| route  | none   | IPv6      | no-default-route                               |
| unseen | unseen | both      | routes-not-seen, routes-not-seen               |
| unseen | route  | both      | routes-not-seen, default-route                 |

A machine with one family only is normal; what the target does over the other one cannot be seen
from it. An address as the target asks for its own family alone, and a direct route to it will do.

## What to do
Renew the machine's network configuration (DHCP, or the static gateway).

## References
- RFC 1122, section 3.3.1 (default gateways)
- RFC 4861, section 6.3.4 (IPv6 default routers)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import listed
from checks.facts.machine import source_of
from checks.facts.outside import wanted
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, finding_kind
from netdiag.network import Asker, Observation
from netdiag.outcomes import Failed, FailureKind, SourceAddress
from netdiag.requests import ReadRoutes, SelectSource


@finding_kind
class DefaultRoute(Finding):
    code: ClassVar[str] = "default-route"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    family: int
    source: str

    @property
    def message(self) -> str:
        return f"this machine speaks IPv{self.family} with {self.source}"


@finding_kind
class FamilyNotObservable(Finding):
    """The machine lacks one family, which is no fault; the target's side of it stays unseen."""

    code: ClassVar[str] = "family-not-observable"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    family: int

    @property
    def message(self) -> str:
        return (
            f"this machine has no IPv{self.family} way to the Internet, so the target over "
            f"IPv{self.family} cannot be observed from here"
        )


@finding_kind
class NoDefaultRoute(Finding):
    code: ClassVar[str] = "no-default-route"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_DEVICE
    families: tuple[int, ...]

    @property
    def message(self) -> str:
        names = listed(f"IPv{family}" for family in self.families)
        return (
            f"this machine has no route to the Internet over {names}: its own operating system "
            "refuses before anything is sent, so nothing beyond the local network is at fault"
        )

    @property
    def for_agent(self) -> str:
        return "Have the machine's network configuration renewed; compare `ip route` and `ip addr`."

    @property
    def for_customer(self) -> str:
        return (
            "The computer you are testing from is not connected to the Internet. Please check its "
            "network settings, or switch its network off and on again."
        )


@finding_kind
class RoutesNotSeen(Finding):
    code: ClassVar[str] = "routes-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    family: int
    why: str

    @property
    def message(self) -> str:
        return f"whether this machine has a way out over IPv{self.family} was not seen: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One family: with which address this machine speaks, and its routes."""

    family: int
    source: Observation
    routes: Observation


@dataclass(frozen=True, slots=True)
class Facts:
    ways: tuple[Way, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """Look at every family in question."""
    return Facts(tuple(await asyncio.gather(*(_way(net, brief, f) for f in wanted(brief)))))


async def _way(net: Asker, brief: Brief, family: int) -> Way:
    source, routes = await asyncio.gather(
        _source(net, brief, family), net.ask(ReadRoutes(family=family))
    )
    return Way(family=family, source=source, routes=routes)


async def _source(net: Asker, brief: Brief, family: int) -> Observation:
    """For an address as target the route to it, which may be a direct one, else the way out."""
    if brief.target.address:
        return await net.ask(SelectSource(address=brief.target.address))
    return await source_of(net, brief, family)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on each family, or one on all where none has a route."""
    lacking = tuple(way for way in facts.ways if _state(way.source) == "none")
    if lacking and len(lacking) == len(facts.ways):
        evidence = tuple(o.id for way in lacking for o in (way.source, way.routes))
        families = tuple(way.family for way in lacking)
        yield NoDefaultRoute(subject="this machine", evidence=evidence, families=families)
        return
    for way in facts.ways:
        yield judge_family(way)


def judge_family(way: Way) -> Finding:
    """The verdict on one family where not all lack a route."""
    family, subject = way.family, "this machine"
    seen = (way.source.id,)
    match way.source.outcome:
        case SourceAddress(address=address):
            return DefaultRoute(subject=subject, evidence=seen, family=family, source=address)
        case Failed() if _state(way.source) == "none":
            evidence = (*seen, way.routes.id)
            return FamilyNotObservable(subject=subject, evidence=evidence, family=family)
        case Failed(kind=kind):
            why = kind.value
        case _:
            why = "unexpected outcome"
    return RoutesNotSeen(subject=subject, evidence=seen, family=family, why=why)


def _state(source: Observation) -> str:
    """`route`, `none`, or `unseen` where the look itself failed for a reason of this run."""
    match source.outcome:
        case SourceAddress():
            return "route"
        case Failed(kind=kind) if not kind.ours or kind is FailureKind.ADDRESS_UNAVAILABLE:
            return "none"
        case _:
            return "unseen"


CHECK = Check(
    id="no-default-route",
    title="This machine has a route to the Internet",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(DefaultRoute, FamilyNotObservable, NoDefaultRoute, RoutesNotSeen),
    doc=__doc__ or "",
)
