"""Questions to a zone's servers in shapes that are not the usual one, and which shape gets lost.

A server that drops a shape and a path that drops packets look alike at first. So what stays without
answer is asked again, together with controls: the question in the usual shape, which this very
server has answered before. The shape is lost where it gets no answer the second time either (four
packets by then) while each control is answered at its first packet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from checks.facts.zone import Zone, ZoneServer, serves
from netdiag.lazy import dataclass
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.requests import DnsQuery

CONTROLS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question in one shape to one server; the others only where `first` was lost: `again`, the
    `controls`, and the question in other shapes."""

    first: Observation
    again: Observation | None = None
    controls: tuple[Observation, ...] = ()
    others: tuple[Observation, ...] = ()

    @property
    def reply(self) -> DnsReply | None:
        seen = [o.outcome for o in (self.first, self.again) if o]
        return next((outcome for outcome in seen if isinstance(outcome, DnsReply)), None)

    @property
    def lost(self) -> bool:
        """Whether it is this question that gets no answer, and not a packet that gets lost."""
        asked = (self.first, self.again)
        return all(o is not None and unanswered(o) for o in asked) and sound(self.controls)

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        seen = (self.first, self.again, *self.controls, *self.others)
        return tuple(o.id for o in seen if o)


def unanswered(seen: Observation) -> bool:
    """Nothing came, in time that this run gave to it."""
    return isinstance(seen.outcome, Failed) and seen.outcome.kind is FailureKind.TIMEOUT


def sound(controls: Sequence[Observation]) -> bool:
    """There are controls, and each was answered at once."""
    lossy = FailureKind.TIMEOUT.value
    return bool(controls) and all(
        isinstance(o.outcome, DnsReply) and all(tried.result != lossy for tried in o.attempts)
        for o in controls
    )


def speaking_edns(zone: Zone) -> tuple[ZoneServer, ...]:
    """The servers that serve the zone over UDP when asked with EDNS."""
    return tuple(server for server in zone.servers if serves(server.soa))


async def probe(
    net: Asker, zone: Zone, server: ZoneServer, query: DnsQuery, *others: DnsQuery
) -> Probe:
    """Ask `query` of a server that speaks EDNS, and `others` where it is lost."""
    address = server.server.address
    asked = replace(query, server=address)
    first = await net.ask(asked)
    if not unanswered(first):
        return Probe(first=first)
    controls = usual(zone, server)
    besides = (replace(other, server=address) for other in others)
    again, *rest = await asyncio.gather(
        *(net.ask(one) for one in (replace(asked, attempt=1), *controls, *besides))
    )
    told, seen = rest[: len(controls)], rest[len(controls) :]
    return Probe(first=first, again=again, controls=tuple(told), others=tuple(seen))


def usual(zone: Zone, server: ZoneServer) -> tuple[DnsQuery, ...]:
    """The question that the server has answered before, once more for each control."""
    soa = DnsQuery(server=server.server.address, name=zone.apex, rtype="SOA")
    return tuple(replace(soa, attempt=number) for number in range(1, CONTROLS + 1))
