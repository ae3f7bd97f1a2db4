"""The near side: this machine's gateway, and whether anything answers beyond it.

More than the control (`checks.facts.outside`) is looked at only where the control failed: the
neighbour table, and the first hops towards endpoints elsewhere.
"""

from __future__ import annotations

import asyncio
import enum

from checks.facts.outside import Outside, both, controls
from checks.facts.path import Hop, read_hop
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import IcmpError, Neighbours, Route, Routes, SourceAddress, Unreachable
from netdiag.requests import HopProbe, ReadNeighbours, ReadRoutes
from netdiag.special import special

FIRST_HOPS = range(1, 5)
BEYOND = 3
"""From which hop on a public router is beyond the line: gateway and provider's edge come first."""

MOST_FOLLOWED = 2
DEFAULTS = frozenset({"0.0.0.0/0", "::/0", "default"})
DEAD = frozenset({"failed", "incomplete"})
ALIVE = frozenset({"reachable", "permanent", "noarp"})
"""Neighbour states that show something now. Stale, delay and probe only tell of the past."""


class Gateway(enum.Enum):
    """What is known of the gateway of one family."""

    ANSWERS = "answers"
    SILENT = "silent"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """One family. `gateway` is the default route's, None where it has none (a tunnel, say)."""

    outside: Outside
    gateway: str | None = None
    routes: Observation | None = None
    neighbours: Observation | None = None
    hops: tuple[Hop, ...] = ()

    @property
    def family(self) -> int:
        return self.outside.family

    @property
    def judged(self) -> bool:
        """The family is used here, and it was needed to look at."""
        return self.outside.usable and bool(self.outside.answer or self.outside.asked)

    @property
    def works(self) -> bool:
        return self.outside.answer is not None

    @property
    def state(self) -> Gateway:
        """Whether the gateway answers, from the surest sign to the weakest."""
        if any(hop.sender for hop in self._foreign_hops) or self._passed_on:
            return Gateway.ANSWERS
        if self._neighbour in ALIVE:
            return Gateway.ANSWERS
        if self._neighbour in DEAD or self._own_errors:
            return Gateway.SILENT
        return Gateway.UNTOLD

    @property
    def last(self) -> Hop | None:
        """The farthest router that answered on the way out."""
        return max(self._foreign_hops, key=lambda hop: hop.ttl, default=None)

    @property
    def passes(self) -> bool:
        """A public router beyond the provider's edge answers: the line carries packets."""
        return any(
            hop.ttl >= BEYOND and hop.kind is Unreachable.TTL_EXCEEDED and _is_public(hop.sender)
            for hop in self._foreign_hops
            if hop.sender
        )

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        looks = [seen.id for seen in (self.routes, self.neighbours) if seen]
        hops = [number for hop in self.hops for number in hop.evidence]
        return tuple(dict.fromkeys((*self.outside.evidence, *looks, *hops)))

    @property
    def _own(self) -> str:
        outcome = self.outside.source.outcome
        return outcome.address if isinstance(outcome, SourceAddress) else ""

    @property
    def _foreign_hops(self) -> tuple[Hop, ...]:
        return tuple(hop for hop in self.hops if hop.sender and hop.sender != self._own)

    @property
    def _passed_on(self) -> bool:
        """A router sent an error for a control, so the gateway took the packet."""
        errors = (seen.outcome for seen in self.outside.asked)
        return any(isinstance(error, IcmpError) and error.sender != self._own for error in errors)

    @property
    def _own_errors(self) -> bool:
        """This machine itself reports that its next hop cannot be found."""
        errors = [seen.outcome for seen in self.outside.asked]
        return any(
            isinstance(error, IcmpError)
            and error.sender == self._own
            and error.kind is Unreachable.HOST
            for error in errors
        )

    @property
    def _neighbour(self) -> str:
        """The kernel's state of the gateway, empty where there is no entry."""
        table = self.neighbours.outcome if self.neighbours else None
        entries = table.neighbours if isinstance(table, Neighbours) else ()
        return next((e.state for e in entries if e.address == self.gateway), "")


async def near_sides(net: Asker, brief: Brief) -> tuple[Near, ...]:
    """The near side of every family in question."""
    outsides = await both(net, brief)
    return tuple(await asyncio.gather(*(_near(net, brief, outside) for outside in outsides)))


async def _near(net: Asker, brief: Brief, outside: Outside) -> Near:
    if not outside.silent:
        return Near(outside=outside)
    requests = controls(brief, outside.family)
    places = [r.destination for r in requests if r.destination]
    chosen = tuple(dict.fromkeys(places))[:MOST_FOLLOWED]
    routes, *seen = await asyncio.gather(
        net.ask(ReadRoutes(family=outside.family)),
        *(net.ask(HopProbe(address=a, ttl=ttl)) for a in chosen for ttl in FIRST_HOPS),
    )
    default = default_route(routes)
    return Near(
        outside=outside,
        gateway=default.gateway if default else None,
        routes=routes,
        neighbours=await net.ask(ReadNeighbours(attempt=1)),
        hops=tuple(_read(one) for one in seen),
    )


def _read(seen: Observation) -> Hop:
    request = seen.request
    ttl = request.ttl if isinstance(request, HopProbe) else 0
    return read_hop(seen, request.destination or "", ttl)


def _is_public(address: str) -> bool:
    return special(address) is None


def default_route(seen: Observation) -> Route | None:
    """The default route that is used: the one with the lowest metric."""
    if not isinstance(seen.outcome, Routes):
        return None
    defaults = [r for r in seen.outcome.routes if r.destination in DEFAULTS and r.kind == "unicast"]
    return min(defaults, key=lambda route: route.metric, default=None)
