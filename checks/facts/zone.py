"""What the servers of the target's zone say, each of them, and how the parent delegates to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from checks.facts import edns
from checks.facts.iterate import (
    MOST_SERVERS,
    Cut,
    Descent,
    ServerAddress,
    addresses_of,
    descend,
    hidden_cut,
    in_order,
    is_registry,
    rank,
    version,
)
from checks.facts.machine import usable_families
from checks.facts.race import first
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.requests import DnsQuery

MOST_ROOTS = 3

OFF_THE_LIST = "the-server-given."
"""What a server is called that only the user names."""

Transport = Literal["udp", "tcp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneServer:
    """One server address and its replies. `plain` is the SOA question without EDNS, asked only
    where the one with EDNS did not succeed. Where an answer to it came from another address,
    which is no word of the server's, that is `stray` and there is no `plain`. A server that is not
    `delegated` the zone alone names."""

    server: ServerAddress
    soa: Observation
    ns: Observation
    a: Observation
    aaaa: Observation
    tcp: Observation
    plain: Observation | None = None
    stray: Observation | None = None
    delegated: bool = True

    @property
    def udp(self) -> tuple[Observation, ...]:
        return (self.soa, self.plain) if self.plain else (self.soa,)

    @property
    def best(self) -> Observation:
        """The SOA reply, over whichever way one came."""
        ways = (*self.udp, self.tcp)
        replies = [o for o in ways if isinstance(o.outcome, DnsReply)]
        good = [o for o in replies if serves(o)]
        return (good or replies or [self.soa])[0]

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(o.id for o in (*self.udp, self.tcp))

    @property
    def answers(self) -> bool:
        return isinstance(self.best.outcome, DnsReply)

    @property
    def answers_tcp(self) -> bool:
        return isinstance(self.tcp.outcome, DnsReply)

    @property
    def drops_edns(self) -> bool:
        """The question with EDNS got no answer, the same one without did."""
        told = self.plain and isinstance(self.plain.outcome, DnsReply)
        return bool(told) and isinstance(self.soa.outcome, Failed)

    @property
    def serves(self) -> bool:
        return serves(self.best)

    @property
    def ours(self) -> bool:
        """Nothing was learnt, for a reason of this run."""
        ways = (*self.udp, self.tcp)
        return all(isinstance(o.outcome, Failed) and o.outcome.kind.ours for o in ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServerName:
    """A name server's name, and the addresses of both families that iteration finds for it; the
    zone alone names one that is not `delegated`."""

    name: str
    addresses: tuple[str, ...]
    certain: bool
    evidence: tuple[ObservationId, ...]
    delegated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The zone of the target's name. `names` and `servers` are empty where there is no cut.

    `unheard` are the families over which nobody answers from here, root servers included: what a
    server of the zone does over them cannot be told. `unheard_tcp` are those over which nobody
    answers over TCP.
    """

    way: Descent
    families: tuple[int, ...]
    missing_because: str = ""
    names: tuple[NameServerName, ...] = ()
    servers: tuple[ZoneServer, ...] = ()
    unheard: tuple[int, ...] = ()
    unheard_tcp: tuple[int, ...] = ()

    @property
    def cut(self) -> Cut | None:
        """The delegation of the zone."""
        return self.way.cuts[-1] if self.way.cuts else None

    @property
    def apex(self) -> str:
        return self.way.zone

    @property
    def missing(self) -> str:
        """Why there are no servers to judge; empty where there are some."""
        if self.missing_because:
            return self.missing_because
        if not self.families:
            return "this machine has no route to the Internet"
        if self.cut is None or (is_registry(self.apex) and self.apex != self.way.name):
            return "the domain is not delegated, or its parent does not answer"
        return ""

    @property
    def serving(self) -> tuple[ZoneServer, ...]:
        return tuple(server for server in self.servers if server.serves)


def serves(seen: Observation) -> bool:
    """An authoritative SOA."""
    reply = seen.outcome
    return (
        isinstance(reply, DnsReply)
        and reply.rcode == "NOERROR"
        and reply.authoritative
        and any(record.rtype == "SOA" for record in reply.answer)
    )


def own_names(zone: Zone) -> set[str]:
    """What the servers that serve the zone give as its NS set, all of them together."""
    return {name for names in own_lists(zone).values() for name in names}


def own_lists(zone: Zone) -> dict[ZoneServer, frozenset[str]]:
    """The NS set of each server that serves the zone and gives one."""
    lists = {server: frozenset(_names_in(server.ns, zone.apex)) for server in zone.serving}
    return {server: names for server, names in lists.items() if names}


def _names_in(seen: Observation, apex: str) -> tuple[str, ...]:
    match seen.outcome:
        case DnsReply(authoritative=True, answer=answer):
            return tuple(r.data.lower() for r in answer if (r.name, r.rtype) == (apex, "NS"))
        case _:
            return ()


async def target_zone(net: Asker, brief: Brief) -> Zone:
    """The zone of the target's name; an empty one where the target is an address."""
    if brief.target.name is None:
        way = Descent(name=".", cuts=(), status="not-seen", last=None, evidence=())
        return Zone(way=way, families=(), missing_because="the target is an address")
    return await zone_of(net, brief, brief.target.name)


async def zone_of(net: Asker, brief: Brief, name: str) -> Zone:
    """Ask every server address of the zone of `name` all that the checks want to know."""
    way, families = await asyncio.gather(descend(net, brief, name), usable_families(net, brief))
    settled, found = await asyncio.gather(_settled(net, way), _examined(net, brief, way, families))
    return found if settled == way else await _examined(net, brief, settled, families)


async def _settled(net: Asker, way: Descent) -> Descent:
    """`way` down to the zone of the name, also where the servers above it serve that zone too.

    A positive answer need not tell its zone; the answer to the SOA question does, by its owner or
    that of the SOA in its authority section (RFC 2308, section 3).
    """
    if way.last is None or not isinstance(way.last.request, DnsQuery):
        return way
    question = replace(way.last.request, name=way.name)
    cut = way.cuts[-1] if way.cuts and way.cuts[-1].hidden else None
    above = way.cuts[:-1] if cut else way.cuts
    if cut is None and way.status == "found" and way.zone != way.name:
        soa = await net.ask(replace(question, rtype="SOA"))
        cut = hidden_cut(soa, way.name, way.zone)
    if cut and not cut.names:
        ns = await net.ask(replace(question, name=cut.zone, rtype="NS"))
        cut = hidden_cut(ns, cut.zone, cut.parent) or cut
    return replace(way, cuts=(*above, cut)) if cut else way


async def _examined(net: Asker, brief: Brief, way: Descent, families: tuple[int, ...]) -> Zone:
    bare = Zone(way=way, families=families)
    cut = bare.cut
    if bare.missing or cut is None:
        return bare
    glue = in_order(s for s in cut.glue if version(s.address) in families)
    if brief.at:
        named = [s for s in glue if s.address == brief.at]
        glue = (*named, *(() if named else (ServerAddress(OFF_THE_LIST, brief.at),)))
    names, glued = await asyncio.gather(
        asyncio.gather(*(_named(net, brief, cut, server) for server in cut.names)),
        asyncio.gather(*(_asked(net, server, way) for server in glue)),
    )
    others = () if brief.at else in_order(_without_glue(cut, names, families))
    found = await asyncio.gather(*(_asked(net, server, way) for server in others))
    told = replace(bare, names=tuple(names), servers=_in_order((*glued, *found)))
    told = await _with_listed(net, brief, told)
    unheard, unheard_tcp = await asyncio.gather(
        _unheard(net, brief, told.servers, "udp"), _unheard(net, brief, told.servers, "tcp")
    )
    return replace(told, unheard=unheard, unheard_tcp=unheard_tcp)


async def _with_listed(net: Asker, brief: Brief, zone: Zone) -> Zone:
    """In a full examination with the servers too that the zone names and its parent does not."""
    cut = zone.cut
    if brief.depth != "thorough" or brief.at or cut is None:
        return zone
    more = sorted(own_names(zone) - set(cut.names))[: MOST_SERVERS - len(cut.names)]
    named = await asyncio.gather(*(_named(net, brief, cut, name) for name in more))
    names = tuple(replace(one, delegated=False) for one in named)
    known = {one.server.address for one in zone.servers}
    addresses = in_order(
        server for server in _without_glue(cut, names, zone.families) if server.address not in known
    )
    asked = await asyncio.gather(*(_asked(net, server, zone.way) for server in addresses))
    listed = tuple(replace(one, delegated=False) for one in asked)
    return replace(zone, names=(*zone.names, *names), servers=_in_order((*zone.servers, *listed)))


def _in_order(servers: Iterable[ZoneServer]) -> tuple[ZoneServer, ...]:
    return tuple(sorted(servers, key=lambda one: rank(one.server)))


def _without_glue(
    cut: Cut, names: Iterable[NameServerName], families: tuple[int, ...]
) -> set[ServerAddress]:
    """The addresses, found by iteration, of the servers that the referral gives none of."""
    given = {server.name for server in cut.glue}
    return {
        ServerAddress(one.name, address)
        for one in names
        if one.name not in given
        for address in one.addresses
        if version(address) in families
    }


async def _unheard(
    net: Asker, brief: Brief, servers: Sequence[ZoneServer], transport: Transport
) -> tuple[int, ...]:
    """Families in which every server of the zone is silent, and so are the root servers.

    For TCP, silence over TCP counts alone; else an answer over either transport is an answer.
    """
    asked = {version(one.server.address) for one in servers}
    heard = {
        version(one.server.address)
        for one in servers
        if (one.answers_tcp if transport == "tcp" else one.answers)
    }
    silent = sorted(asked - heard)
    answers = await asyncio.gather(*(_root_answers(net, brief, f, transport) for f in silent))
    return tuple(f for f, answer in zip(silent, answers, strict=True) if not answer)


async def _root_answers(net: Asker, brief: Brief, family: int, transport: Transport) -> bool:
    """Whether one of the first root servers answers over `family`: the control."""
    roots = [r.address for r in brief.root_servers if version(r.address) == family]
    queries = (
        DnsQuery(server=address, name=".", rtype="NS", transport=transport)
        for address in roots[:MOST_ROOTS]
    )
    return await first(net, queries, lambda seen: isinstance(seen.outcome, DnsReply)) is not None


async def _named(net: Asker, brief: Brief, cut: Cut, name: str) -> NameServerName:
    addresses, evidence, statuses = await addresses_of(net, brief, name, 1)
    certain = all(status in {"nodata", "nxdomain", "found"} for status in statuses)
    return NameServerName(name=name, addresses=addresses, certain=certain, evidence=evidence)


async def _asked(net: Asker, server: ServerAddress, way: Descent) -> ZoneServer:
    """The replies of one server. Where nobody gave a usable one on the way there, the shape without
    EDNS is not kept for later: silence would cost its time once more."""

    def query(rtype: str, about: str = way.zone) -> DnsQuery:
        return DnsQuery(server=server.address, name=about, rtype=rtype)

    bare = replace(query("SOA"), udp_payload=None, any_source=True)
    first_try = (net.ask(bare),) if way.last is None else ()
    soa, ns, a, aaaa, tcp, *_ = await asyncio.gather(
        net.ask(query("SOA")),
        edns.asked(net, query("NS")),
        edns.asked(net, query("A", way.name)),
        edns.asked(net, query("AAAA", way.name)),
        net.ask(DnsQuery(server=server.address, name=way.zone, rtype="SOA", transport="tcp")),
        *first_try,
    )
    plain = stray = None
    if not serves(soa):
        silent = isinstance(soa.outcome, Failed) and soa.outcome.kind is FailureKind.TIMEOUT
        second = await net.ask(replace(bare, any_source=silent))
        elsewhere = isinstance(second.outcome, DnsReply) and second.outcome.source
        plain, stray = (None, second) if elsewhere else (second, None)
    return ZoneServer(
        server=server, soa=soa, ns=ns, a=a, aaaa=aaaa, tcp=tcp, plain=plain, stray=stray
    )
