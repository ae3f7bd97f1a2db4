"""Every router on the way has a route to the target.

## What it does
Where no asked port of an address connects, reads the ICMP errors that came back for the asked ports
and along the path.

## Why is this bad?
A router without a route ends the way for everybody behind it.

## How it decides
| the way to the address                             | judgement         |
|----------------------------------------------------|-------------------|
| a port connects                                    | routes-complete   |
| the host answers                                   | routes-complete   |
| net unreachable from a router                      | unreachable-route |
| host unreachable at once                           | unreachable-route |
| host unreachable, control ports at once            | unreachable-route |
| host unreachable, path probes at once              | unreachable-route |
| host unreachable at once, control ports two seconds later | unreachable-route |
| unreachable on the path alone                      | unreachable-route |
| host unreachable after 3 s                         | routes-complete   |
| host unreachable, control ports after 3 s          | routes-complete   |
| host unreachable, path probes later than the router | routes-complete  |
| silence from a hop on                              | route-not-denied  |
| prohibited by a router                             | route-not-denied  |
| a loop                                             | route-not-denied  |
| nothing else answers from here                     | route-not-seen    |

A router that has a route and finds no host says host unreachable too, but only when its search for
the neighbour has ended, three seconds later. What comes within 1.5 seconds is a missing route. The
control ports and the probes of the path count before the asked ports, for whose packets a search
may have been under way already, or an error may have been limited and come a second late. Of the
path's, only those count to which the router is as quick as to others: what comes during a search is
refused at one moment, when that ends, and again three seconds later at the earliest. Refusals at
other distances come of a limited router, not of a search.

## What to do
The owner of the router that says so restores its route to the target's prefix, or the announcement
of that prefix.

## References
- RFC 792; RFC 1812, section 5.2.7.1 (codes 0 and 1)
- RFC 4443, section 3.1 (no route to destination)
- RFC 4861, section 7.2.2
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.breaks import (
    DeadHost,
    HostAnswers,
    NoRoute,
    Untold,
    Ways,
    Works,
    break_of,
)
from checks.facts.folding import Foldable, OfAddresses, folded, listed
from checks.facts.ownership import Place
from checks.facts.reach import Reach
from checks.facts.ways import ways_of
from netdiag.model import (
    Area,
    Brief,
    Check,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker
from netdiag.outcomes import Unreachable


@finding_kind
class RoutesComplete(OfAddresses):
    code: ClassVar[str] = "routes-complete"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return f"the routers on the way to {self.subject} have a route to it"


@finding_kind
class RouteNotDenied(OfAddresses):
    """No router denied a route, though the way is not known to be complete."""

    code: ClassVar[str] = "route-not-denied"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return f"no router says that it has no route to {self.subject}"


@finding_kind
class UnreachableRoute(OfAddresses):
    """The `routers` of one network say `says`, `milliseconds` after the packet left here."""

    code: ClassVar[str] = "unreachable-route"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    pooled: ClassVar[frozenset[str]] = frozenset({"addresses", "routers", "says", "milliseconds"})
    routers: tuple[Place, ...]
    says: tuple[Unreachable, ...]
    milliseconds: tuple[int, ...]
    hidden: bool

    @property
    def kin(self) -> tuple[object, ...]:
        return self.routers[0].network, self.routers[0].owner

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def owner(self) -> Owner:
        return self.routers[0].owner

    @property
    def who(self) -> str:
        return listed(str(router) for router in self.routers)

    @property
    def message(self) -> str:
        return (
            f"no route to {self.subject} at {self.who}: the report is "
            f"{listed(kind.value for kind in self.says)} after {max(self.milliseconds)} ms, too "
            "soon for a router that has looked for a host which is down"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Ask the network of {self.who} why it has no route to {self.subject}, and whether "
            "the prefix is still announced to it."
        )

    @property
    def for_customer(self) -> str:
        return (
            "A network on the way does not know how to reach your server. There is nothing for "
            "you to change."
        )


@finding_kind
class RouteNotSeen(OfAddresses):
    code: ClassVar[str] = "route-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return f"whether the routes to {self.subject} are complete cannot be told: {self.why}"


async def gather(net: Asker, brief: Brief) -> Ways:
    """Every address with what is known of the way to it."""
    return await ways_of(net, brief)


def judge(ways: Ways) -> Iterable[Finding]:
    """One verdict on every address."""
    if ways.known.missing:
        yield Skipped(subject="routes", missing=ways.known.missing)
        return
    yield from folded(judge_way(ways, reach) for reach in ways.known.reaches)


def judge_way(ways: Ways, reach: Reach) -> Foldable:
    """The verdict on the way to one address."""
    about = (reach.address,)
    match break_of(ways, reach):
        case NoRoute(evidence=evidence, router=router, says=says, rtt=rtt):
            return UnreachableRoute(
                addresses=about,
                evidence=evidence,
                routers=(router,),
                says=(says,),
                milliseconds=(round(1000 * rtt),),
                hidden=ways.works_elsewhere(reach),
            )
        case Works(evidence=evidence) | HostAnswers(evidence=evidence):
            return RoutesComplete(addresses=about, evidence=evidence)
        case DeadHost(evidence=evidence):
            return RoutesComplete(addresses=about, evidence=evidence)
        case Untold(evidence=evidence, why=why):
            return RouteNotSeen(addresses=about, evidence=evidence, why=why)
        case other:
            return RouteNotDenied(addresses=about, evidence=other.evidence)


CHECK = Check(
    id="unreachable-route",
    title="A router has no route to the target",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(RoutesComplete, RouteNotDenied, UnreachableRoute, RouteNotSeen, Skipped),
    doc=__doc__ or "",
)
