"""Iterative resolution of our own, from the root: which zone a name is in, and who serves it.

Root and registry levels take the first usable answer of a few servers asked at once. What the
zone's own servers say, each of them, is `checks.facts.zone`'s matter.

Bounds: a chain of at most `MOST_CUTS` delegations, names of servers resolved at most `MOST_DEPTH`
deep and `MOST_SERVERS` of a delegation, of a delegation without glue `AT_ONCE` and, with each
level deeper, half as many (NXNSAttack; RFC 9520, section 2).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from checks.facts.edns import declined
from checks.facts.machine import usable_families
from checks.facts.once import once
from checks.facts.race import first
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, ResourceRecord
from netdiag.requests import DnsQuery
from netdiag.suffixes import is_public_suffix

MOST_CUTS = 12
MOST_DEPTH = 4
MOST_SERVERS = 13
AT_ONCE = 4
MOST_ALIASES = 12
"""Aliases followed: Unbound and BIND (max-query-restarts) follow 11."""

Status = Literal["found", "nodata", "nxdomain", "alias-loop", "no-answer", "lame", "not-seen"]


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """One address of one name server."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{shown(self.name)} [{self.address}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A delegation as the parent tells it. `glue` holds the addresses that came with it.

    A `hidden` one is not told by the parent, because the servers of the parent that were asked
    serve the zone itself too, and answer for it: `names` are then the zone's own. A `planned` one
    is the brief's, and no parent has it yet. `ttl` is that of the NS records, in seconds.
    """

    zone: str
    parent: str
    names: tuple[str, ...]
    glue: tuple[ServerAddress, ...]
    evidence: tuple[ObservationId, ...] = ()
    hidden: bool = False
    planned: bool = False
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """The way from the root to the zone of a name.

    `last` is the reply at which it ended, `status` what that says of the name: the reply of the
    zone itself, or the parent's that knows no such domain.
    """

    name: str
    cuts: tuple[Cut, ...]
    status: Status
    last: Observation | None
    evidence: tuple[ObservationId, ...]

    @property
    def zone(self) -> str:
        return self.cuts[-1].zone if self.cuts else "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The records of a name and type after its aliases. `chain` has every name on the way."""

    name: str
    rtype: str
    status: Status
    chain: tuple[str, ...]
    records: tuple[ResourceRecord, ...] = ()
    evidence: tuple[ObservationId, ...] = ()

    @property
    def data(self) -> tuple[str, ...]:
        return tuple(record.data for record in self.records)


def below(name: str, zone: str) -> bool:
    """Whether `name` is `zone` or below it."""
    return zone in {".", name} or name.endswith("." + zone)


def shown(name: str) -> str:
    """A domain name as people write it: without the final dot."""
    return name.rstrip(".") or "the root"


def is_registry(zone: str) -> bool:
    """Whether a zone delegates domains to the public: the root, one label, or like co.za."""
    return is_public_suffix(zone)


@once
async def descend(net: Asker, brief: Brief, name: str, depth: int = 0) -> Descent:
    """Follow referrals from the root to the zone of `name`."""
    families = await usable_families(net, brief)
    servers = tuple(
        ServerAddress(root.name, root.address)
        for root in brief.root_servers
        if version(root.address) in families
    )
    cuts: tuple[Cut, ...] = ()
    evidence: tuple[ObservationId, ...] = ()
    zone = "."
    for _ in range(MOST_CUTS):
        seen, asked = await _ask_zone(net, servers, name, zone)
        evidence += asked
        told = referral(seen, name, zone) if seen else None
        cut = _planned(brief, told, name, zone, asked) or told
        if cut is None and seen:
            return _ended(seen, name, zone, cuts, evidence)
        if cut is None:
            status: Status = "not-seen" if not servers else "no-answer"
            return Descent(name=name, cuts=cuts, status=status, last=None, evidence=evidence)
        cuts += (cut,)
        zone = cut.zone
        servers = await _servers(net, brief, cut, families, depth)
    return Descent(name=name, cuts=cuts, status="not-seen", last=None, evidence=evidence)


def _ended(
    seen: Observation,
    name: str,
    zone: str,
    cuts: tuple[Cut, ...],
    evidence: tuple[ObservationId, ...],
) -> Descent:
    """The descent whose last reply is the zone's own."""
    inner = hidden_cut(seen, name, zone)
    return Descent(
        name=name,
        cuts=(*cuts, inner) if inner else cuts,
        status=_said(seen, name),
        last=seen,
        evidence=evidence,
    )


@once
async def resolve(net: Asker, brief: Brief, name: str, rtype: str, depth: int = 0) -> Resolution:
    """The records of `name`, through its aliases; too many of them count as a loop."""
    status: Status
    chain: tuple[str, ...] = (name,)
    evidence: tuple[ObservationId, ...] = ()
    records: tuple[ResourceRecord, ...] = ()
    while len(chain) <= MOST_ALIASES:
        way = await descend(net, brief, chain[-1], depth)
        evidence += way.evidence
        status = way.status
        if status not in {"found", "nodata"}:
            break
        seen = await _ask_type(net, brief, way, rtype, depth)
        evidence += (seen.id,) if seen else ()
        records, alias, status = _answer(seen, chain[-1], rtype)
        if alias is None:
            break
        if alias in chain:
            chain, status = (*chain, alias), "alias-loop"
            break
        chain = (*chain, alias)
    else:
        status = "alias-loop"
    return Resolution(
        name=name,
        rtype=rtype,
        status=status,
        chain=chain,
        records=records,
        evidence=tuple(dict.fromkeys(evidence)),
    )


async def addresses_of(
    net: Asker, brief: Brief, name: str, depth: int = 0
) -> tuple[tuple[str, ...], tuple[ObservationId, ...], tuple[Status, ...]]:
    """The addresses of a host in both families, by iteration, whether or not they can be used."""
    found = await asyncio.gather(*(resolve(net, brief, name, r, depth) for r in ("A", "AAAA")))
    addresses = tuple(data for one in found for data in one.data if is_address(data))
    evidence = tuple(dict.fromkeys(number for one in found for number in one.evidence))
    return addresses, evidence, tuple(one.status for one in found)


def _planned(
    brief: Brief, told: Cut | None, name: str, zone: str, asked: tuple[ObservationId, ...]
) -> Cut | None:
    """The planned delegation, where the next step down from `zone` is the one to its zone."""
    planned = brief.proposed
    if planned is None or not below(name, planned.zone) or below(zone, planned.zone):
        return None
    if told and told.zone != planned.zone and not below(told.zone, planned.zone):
        return None
    return Cut(
        zone=planned.zone,
        parent=zone,
        names=tuple(sorted(server.name for server in planned.servers)),
        glue=in_order(
            ServerAddress(server.name, address)
            for server in planned.servers
            for address in server.addresses
        ),
        evidence=asked,
        planned=True,
    )


def referral(seen: Observation, name: str, zone: str) -> Cut | None:
    """The delegation below `zone` on the way to `name` that a reply hands out."""
    reply = seen.outcome
    if not isinstance(reply, DnsReply) or reply.authoritative or reply.answer:
        return None
    child = next(
        (
            r.name
            for r in reply.authority
            if r.rtype == "NS" and r.name != zone and below(r.name, zone) and below(name, r.name)
        ),
        None,
    )
    if child is None:
        return None
    names = sorted({r.data.lower() for r in reply.authority if (r.name, r.rtype) == (child, "NS")})
    glue = {
        ServerAddress(r.name, r.data)
        for r in reply.additional
        if r.rtype in {"A", "AAAA"} and r.name in names and is_address(r.data)
    }
    return Cut(
        zone=child,
        parent=zone,
        names=tuple(names[:MOST_SERVERS]),
        glue=in_order(glue),
        evidence=(seen.id,),
        ttl=min(r.ttl for r in reply.authority if (r.name, r.rtype) == (child, "NS")),
    )


def hidden_cut(seen: Observation, name: str, zone: str) -> Cut | None:
    """The zone below `zone` in which a reply says that `name` is, having no referral to it.

    It is told by the owner of the SOA or NS records that come with the answer.
    """
    reply = seen.outcome
    if not isinstance(reply, DnsReply) or not reply.authoritative:
        return None
    told = [r for r in (*reply.answer, *reply.authority) if r.rtype in {"SOA", "NS"}]
    inner = {r.name for r in told if r.name != zone and below(r.name, zone) and below(name, r.name)}
    if not inner:
        return None
    apex = max(inner, key=len)
    names = sorted({r.data.lower() for r in told if (r.name, r.rtype) == (apex, "NS")})
    return Cut(
        zone=apex,
        parent=zone,
        names=tuple(names[:MOST_SERVERS]),
        glue=(),
        evidence=(seen.id,),
        hidden=True,
    )


def in_order(servers: Iterable[ServerAddress]) -> tuple[ServerAddress, ...]:
    """IPv4 first, then by name, so that the same servers are asked in the same order."""
    return tuple(sorted(servers, key=rank))


def rank(server: ServerAddress) -> tuple[int, str, str]:
    """The place of a server in that order."""
    return version(server.address), server.name, server.address


@lru_cache(1 << 12)
def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(1 << 12)
def version(address: str) -> int:
    return ipaddress.ip_address(address).version


async def _ask_zone(
    net: Asker, servers: tuple[ServerAddress, ...], name: str, zone: str
) -> tuple[Observation | None, tuple[ObservationId, ...]]:
    """The first usable reply of the zone's servers, and what to cite for it.

    A few are asked at once, and all the others at once where none of the few is of use; without
    EDNS those that decline it.
    """
    order = _mixed(servers)[: 4 * AT_ONCE]
    asked: list[DnsQuery] = []
    for wave in (order[:AT_ONCE], order[AT_ONCE:]):
        queries = [DnsQuery(server=s.address, name=name, rtype="A") for s in wave]
        seen = await first(net, queries, lambda o: _usable(o, name, zone))
        if seen:
            return seen, (seen.id,)
        asked += queries
    useless = await asyncio.gather(*(net.ask(query) for query in asked))
    plain = [query for query in map(declined, useless) if query]
    seen = await first(net, plain, lambda o: _usable(o, name, zone))
    return seen, (seen.id,) if seen else tuple(o.id for o in useless)


def _mixed(servers: tuple[ServerAddress, ...]) -> tuple[ServerAddress, ...]:
    """The same servers with both families among the first."""
    four = [s for s in servers if version(s.address) == 4]
    six = [s for s in servers if version(s.address) == 6]
    pairs = [s for pair in zip(four, six, strict=False) for s in pair]
    return tuple(dict.fromkeys((*pairs, *servers)))


def _usable(seen: Observation, name: str, zone: str) -> bool:
    reply = seen.outcome
    if not isinstance(reply, DnsReply):
        return False
    if reply.authoritative and reply.rcode in {"NOERROR", "NXDOMAIN"}:
        return True
    return reply.rcode == "NOERROR" and referral(seen, name, zone) is not None


def _said(seen: Observation, name: str) -> Status:
    match seen.outcome:
        case DnsReply(answer=answer) if any(r.name == name for r in answer):
            return "found"
        case DnsReply(rcode="NXDOMAIN"):
            return "nxdomain"
        case DnsReply():
            return "nodata"
        case other:
            raise TypeError(f"{other!r} was taken for a usable reply")


async def _servers(
    net: Asker, brief: Brief, cut: Cut, families: tuple[int, ...], depth: int
) -> tuple[ServerAddress, ...]:
    """Addresses of a cut's servers: its glue, or what their names resolve to elsewhere."""
    usable = tuple(s for s in cut.glue if version(s.address) in families)
    if usable or depth >= MOST_DEPTH:
        return usable
    most = max(1, AT_ONCE >> depth)
    outside = [name for name in cut.names if not below(name, cut.zone)][:most]
    found = await asyncio.gather(*(addresses_of(net, brief, n, depth + 1) for n in outside))
    return in_order(
        ServerAddress(name, address)
        for name, (addresses, _, _) in zip(outside, found, strict=True)
        for address in addresses
        if version(address) in families
    )


async def _ask_type(
    net: Asker, brief: Brief, way: Descent, rtype: str, depth: int
) -> Observation | None:
    """The zone's reply for `rtype`; the descent's own question was for A."""
    if rtype == "A" or way.last is None or not isinstance(way.last.request, DnsQuery):
        return way.last
    seen = await net.ask(replace(way.last.request, name=way.name, rtype=rtype))
    if isinstance(seen.outcome, DnsReply) or not way.cuts:
        return seen
    families = await usable_families(net, brief)
    others = await _servers(net, brief, way.cuts[-1], families, depth)
    queries = [DnsQuery(server=s.address, name=way.name, rtype=rtype) for s in others]
    return await first(net, queries, lambda o: isinstance(o.outcome, DnsReply)) or seen


def _answer(
    seen: Observation | None, name: str, rtype: str
) -> tuple[tuple[ResourceRecord, ...], str | None, Status]:
    """Records of the type, else the alias that the name is, and what the reply says."""
    if seen is None or not isinstance(seen.outcome, DnsReply):
        return (), None, "no-answer"
    reply = seen.outcome
    if reply.rcode not in {"NOERROR", "NXDOMAIN"}:
        return (), None, "lame"
    own = tuple(r for r in reply.answer if (r.name, r.rtype) == (name, rtype))
    if own:
        return own, None, "found"
    alias = next((r.data for r in reply.answer if (r.name, r.rtype) == (name, "CNAME")), None)
    status: Status = "nxdomain" if reply.rcode == "NXDOMAIN" and not alias else "nodata"
    return (), alias, status
