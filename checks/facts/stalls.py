"""Exchanges that stall on a connection that was accepted, and whether small segments help.

A TLS handshake or a request that gets no answer, or half of one, is tried once more with segments
so small that they fit every path. What else could be to blame stays the same: the service, the
connection, the words. Nothing is asked where all exchanges complete.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from checks.facts.handshakes import Handshakes, handshakes
from checks.facts.reach import Reaches
from checks.facts.web import visits
from netdiag.lazy import dataclass
from netdiag.model import Brief, Endpoint
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Failed, FailureKind, HttpReply, Stall, TlsSession
from netdiag.requests import HttpRequest, TlsHandshake

SMALL = 1200
"""Octets of a segment whose packet, with IPv6 and TCP options, is smaller than 1280 octets, which
every IPv6 link takes (RFC 8200, section 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalled:
    """An exchange that stalled, and the same `again` with small segments."""

    endpoint: Endpoint
    seen: Observation
    again: Observation

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return self.seen.id, self.again.id

    @property
    def cured(self) -> bool:
        """The small segments make the exchange complete."""
        return _completes(self.again)

    @property
    def repeated(self) -> bool:
        """The small segments make no difference."""
        return _stalls(self.again)

    @property
    def state(self) -> Stall | None:
        """How the connection stood at the end; None where the system does not tell, or where the
        exchange broke off in the middle of an answer."""
        outcome = self.seen.outcome
        return outcome.stall if isinstance(outcome, Failed) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stalls:
    """`completed` are exchanges that were answered in full, at any endpoint."""

    known: Reaches
    stalled: tuple[Stalled, ...]
    completed: tuple[tuple[Endpoint, Observation], ...]

    def others_work(self, address: str) -> bool:
        """At some other address exchanges complete and nothing stalls."""
        stuck = {one.endpoint.address for one in self.stalled} | {address}
        return any(endpoint.address not in stuck for endpoint, _ in self.completed)

    def at(self, address: str) -> tuple[Stalled, ...]:
        return tuple(one for one in self.stalled if one.endpoint.address == address)


async def stalls(net: Asker, brief: Brief) -> Stalls:
    """Every exchange with the target that stalls, one of each endpoint."""
    (shaken, again), visited = await asyncio.gather(_handshakes(net, brief), visits(net, brief))
    exchanges = [(one.endpoint, one.seen) for one in shaken.all]
    exchanges += [(one.endpoint, one.steps[0].seen) for one in visited.all]
    found = {one.endpoint: one for one in again}
    for one in await _retried(net, [pair for pair in exchanges if pair[0] not in found]):
        found.setdefault(one.endpoint, one)
    completed = tuple(pair for pair in exchanges if _completes(pair[1]))
    return Stalls(known=shaken.known, stalled=tuple(found.values()), completed=completed)


async def _handshakes(net: Asker, brief: Brief) -> tuple[Handshakes, tuple[Stalled, ...]]:
    """They give up before requests do, and are tried again meanwhile."""
    shaken = await handshakes(net, brief)
    return shaken, await _retried(net, [(one.endpoint, one.seen) for one in shaken.all])


async def _retried(
    net: Asker, exchanges: Iterable[tuple[Endpoint, Observation]]
) -> tuple[Stalled, ...]:
    stuck = [
        (endpoint, seen, replace(seen.request, segment=SMALL))
        for endpoint, seen in exchanges
        if _stalls(seen) and isinstance(seen.request, TlsHandshake | HttpRequest)
    ]
    again = await asyncio.gather(*(net.ask(request) for _, _, request in stuck))
    return tuple(
        Stalled(endpoint=endpoint, seen=seen, again=one)
        for (endpoint, seen, _), one in zip(stuck, again, strict=True)
    )


def _stalls(seen: Observation) -> bool:
    match seen.outcome:
        case Failed(kind=FailureKind.TIMEOUT, stall=Stall()):
            return True
        case HttpReply(complete=complete):
            return not complete
        case _:
            return False


def _completes(seen: Observation) -> bool:
    match seen.outcome:
        case HttpReply(complete=complete):
            return complete
        case TlsSession():
            return True
        case _:
            return False
