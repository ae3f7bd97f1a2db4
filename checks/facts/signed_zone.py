"""What every server of the parent says of a zone's DS records, and every server of the zone of its
keys, with signatures."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from checks.facts.each import answering
from checks.facts.edns import asked
from checks.facts.iterate import ServerAddress, version
from checks.facts.once import once
from checks.facts.parent_servers import servers_of
from checks.facts.zone import Zone, target_zone
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, ResourceRecord
from netdiag.requests import DnsQuery

MOST_SERVERS = 8
TYPES = ("DNSKEY", "SOA", "NS")
"""What each server of the zone is asked for."""


@dataclass(frozen=True, slots=True)
class Above:
    """One server of the parent, and its reply for the zone's DS records."""

    server: str
    ds: Observation


@dataclass(frozen=True, slots=True)
class Given:
    """One server of the zone, and its replies for `TYPES`."""

    server: str
    keys: Observation
    soa: Observation
    ns: Observation

    @property
    def seen(self) -> tuple[Observation, ...]:
        return self.keys, self.soa, self.ns


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedZone:
    """`planned` is the data of the DS records that are to be; no parent is asked then. `mute` are
    servers of the zone that answer nothing at all, and so are not asked for keys."""

    apex: str
    missing: str = ""
    planned: tuple[str, ...] = ()
    above: tuple[Above, ...] = ()
    servers: tuple[Given, ...] = ()
    mute: tuple[str, ...] = ()

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        above = (one.ds.id for one in self.above)
        return (*above, *(seen.id for one in self.servers for seen in one.seen))

    @property
    def ds_told(self) -> bool:
        """Whether it is known which DS records there are."""
        return bool(self.planned) or any(told(one.ds) for one in self.above)

    @property
    def ds_records(self) -> tuple[ResourceRecord, ...]:
        """The DS records of all servers of the parent, or the planned ones."""
        planned = (
            ResourceRecord(name=self.apex, ttl=0, rtype="DS", data=data) for data in self.planned
        )
        given = (r for one in self.above for r in records(one.ds, self.apex, "DS"))
        return tuple(dict.fromkeys((*planned, *(replace(r, ttl=0) for r in given))))


def told(seen: Observation) -> bool:
    """Whether the server says, with authority, what there is."""
    reply = seen.outcome
    return (
        isinstance(reply, DnsReply)
        and reply.authoritative
        and reply.rcode in {"NOERROR", "NXDOMAIN"}
    )


def refers(seen: Observation, apex: str) -> bool:
    """Whether a server of the parent sends who asks for DS records to the zone, which has none: it
    does not know that they are the parent's (RFC 4035, section 3.1.4.1)."""
    reply = seen.outcome
    return (
        isinstance(reply, DnsReply)
        and reply.rcode == "NOERROR"
        and not reply.authoritative
        and not reply.answer
        and any((r.name, r.rtype) == (apex, "NS") for r in reply.authority)
    )


def records(seen: Observation, name: str, *rtypes: str) -> tuple[ResourceRecord, ...]:
    """The records of the answer with this name and one of these types."""
    reply = seen.outcome
    if not isinstance(reply, DnsReply):
        return ()
    return tuple(r for r in reply.answer if r.name == name and r.rtype in rtypes)


def silent(seen: Observation) -> bool:
    """No answer, for no reason of ours."""
    return isinstance(seen.outcome, Failed) and not seen.outcome.kind.ours


@once
async def signed_zone(net: Asker, brief: Brief) -> SignedZone:
    """Ask every server of the parent and of the target's zone, all at once."""
    zone = await target_zone(net, brief)
    found = SignedZone(apex=zone.apex, missing=zone.missing)
    cut = zone.cut
    if zone.missing or cut is None:
        return found
    if cut.planned and brief.proposed and brief.proposed.ds:
        found = replace(found, planned=brief.proposed.ds)
    above, servers = await asyncio.gather(
        _above(net, brief, zone) if not found.planned and not cut.hidden else _nobody(),
        asyncio.gather(
            *(_given(net, zone.apex, one.server) for one in answering(zone)[:MOST_SERVERS])
        ),
    )
    return replace(found, above=above, servers=tuple(servers), mute=_mute(zone))


def _mute(zone: Zone) -> tuple[str, ...]:
    """The silent ones, but for those over a family over which nobody answers from here."""
    return tuple(
        str(one.server)
        for one in zone.servers
        if not one.answers and not one.ours and version(one.server.address) not in zone.unheard
    )


async def _nobody() -> tuple[Above, ...]:
    return ()


async def _above(net: Asker, brief: Brief, zone: Zone) -> tuple[Above, ...]:
    async def one(server: ServerAddress) -> Above:
        return Above(str(server), await _firm(net, server.address, zone.apex, "DS"))

    servers = await _parents(net, brief, zone)
    return tuple(await asyncio.gather(*map(one, servers)))


async def _parents(net: Asker, brief: Brief, zone: Zone) -> list[ServerAddress]:
    """Servers of the parent zone, as many different names as there are first."""
    cuts = zone.way.cuts
    found = await servers_of(net, brief, cuts[-2] if len(cuts) > 1 else None, zone.families)
    return _by_turns(found)[:MOST_SERVERS]


def _by_turns(servers: Iterable[ServerAddress]) -> list[ServerAddress]:
    """The first address of each name, then the second ones."""
    turns: dict[str, int] = {}
    placed: list[tuple[int, ServerAddress]] = []
    for server in servers:
        turns[server.name] = turns.get(server.name, 0) + 1
        placed.append((turns[server.name], server))
    return [server for _, server in sorted(placed, key=lambda one: one[0])]


async def _given(net: Asker, apex: str, server: ServerAddress) -> Given:
    return Given(
        str(server),
        *await asyncio.gather(*(_firm(net, server.address, apex, rtype) for rtype in TYPES)),
    )


async def _firm(net: Asker, server: str, name: str, rtype: str) -> Observation:
    """The reply with signatures; what is lost over UDP is asked over TCP before silence counts."""
    query = DnsQuery(server=server, name=name, rtype=rtype, dnssec=True)
    seen = await asked(net, query)
    if not silent(seen):
        return seen
    return await net.ask(replace(query, transport="tcp"))


def answers(observations: Sequence[Observation]) -> bool:
    """Whether one of them was answered at all."""
    return any(isinstance(seen.outcome, DnsReply) for seen in observations)
