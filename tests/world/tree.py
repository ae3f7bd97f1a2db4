"""A simulated delegation tree: which zones each server address has, and how it departs from them.

The healthy one is a root, a registry `xa.`, its unsigned domain `child.xa.` with two servers in
both families, a neighbour `xb.`, and the reverse names of the servers, which the root itself has.
Every change gives a new tree, so that a scenario reads as what it does to the healthy one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

from checks.facts.iterate import below
from netdiag.model import Brief, Check, Finding
from netdiag.network import Network
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome, ResourceRecord, SourceAddress
from netdiag.requests import DnsQuery, Request, SelectSource
from tests.world.world import World

SILENT = Failed(kind=FailureKind.TIMEOUT)
ADDRESS_TYPES = ("A", "AAAA")

ROOT4, ROOT6 = "198.41.0.4", "2001:503:ba3e::2:30"
APEX, PARENT = "child.xa.", "xa."
NS1, NS2 = "ns1.child.xa.", "ns2.child.xa."
ONE4, ONE6, TWO4, TWO6 = "22.50.0.53", "2e00:50::53", "22.51.0.53", "2e00:51::53"
PARENT4, PARENT6, PARENT4B, PARENT6B = "22.60.0.53", "2e00:60::53", "22.61.0.53", "2e00:61::53"
OTHER4 = "22.70.0.53"

Records = tuple[ResourceRecord, ...]
Fit = Callable[[DnsQuery], bool]
Says = Outcome | Callable[[DnsReply], Outcome]


def records(*lines: str) -> Records:
    """Records as `name TYPE data`, one a line."""
    words = [line.split(maxsplit=2) for text in lines for line in text.splitlines() if line.strip()]
    return tuple(
        ResourceRecord(name=name, ttl=3600, rtype=rtype, data=data) for name, rtype, data in words
    )


@dataclass(frozen=True, kw_only=True)
class Departure:
    """What the servers at `at` say (all, where it is empty) to the questions that fit; a function
    of what their zones say, or an outcome. What is None fits any."""

    says: Says
    at: tuple[str, ...] = ()
    name: str | None = None
    rtype: str | None = None
    transport: str | None = None
    edns: bool | None = None
    when: Fit = lambda _: True

    def fits(self, query: DnsQuery) -> bool:
        """Whether it decides what is said to `query`."""
        return (
            (not self.at or query.server in self.at)
            and self.name in {None, query.name}
            and self.rtype in {None, query.rtype}
            and self.transport in {None, query.transport}
            and self.edns in {None, query.udp_payload is not None}
            and self.when(query)
        )


@dataclass(frozen=True, kw_only=True)
class Tree:
    """`zones` maps a server's address and an apex to the zone's records there."""

    zones: Mapping[tuple[str, str], Records]
    departures: tuple[Departure, ...] = ()

    def served(self, apex: str, at: Iterable[str], *lines: str) -> Tree:
        """With the zone `apex` of exactly these records at these servers."""
        return replace(self, zones={**self.zones, **{(a, apex): records(*lines) for a in at}})

    def unserved(self, apex: str, at: Iterable[str]) -> Tree:
        """Without the zone at these servers."""
        gone = {(address, apex) for address in at}
        return replace(
            self, zones={key: data for key, data in self.zones.items() if key not in gone}
        )

    def put(self, apex: str, *lines: str, at: Iterable[str] = ()) -> Tree:
        """With these record sets in the zone in the place of those of the same names and types."""
        new = records(*lines)
        changed = {(record.name, record.rtype) for record in new}
        return self._changed(apex, at, lambda r: (r.name, r.rtype) not in changed, new)

    def add(self, apex: str, *lines: str, at: Iterable[str] = ()) -> Tree:
        """With these records in the zone besides."""
        return self._changed(apex, at, lambda _: True, records(*lines))

    def without(self, apex: str, name: str, rtype: str = "", at: Iterable[str] = ()) -> Tree:
        """Without the records of a name, or those of one type of it."""
        return self._changed(
            apex, at, lambda r: r.name != name or (bool(rtype) and r.rtype != rtype), ()
        )

    def departs(self, says: Says, *at: str, **fit: str | bool | Fit) -> Tree:
        """With servers that say otherwise to questions that fit; the latest departure decides."""
        one = replace(Departure(says=says, at=at), **fit)  # type: ignore[arg-type]
        return replace(self, departures=(one, *self.departures))

    def _changed(
        self,
        apex: str,
        at: Iterable[str],
        keeps: Callable[[ResourceRecord], bool],
        new: Records,
    ) -> Tree:
        where = tuple(at)
        return replace(
            self,
            zones={
                (address, zone): (*filter(keeps, data), *new)
                if zone == apex and (not where or address in where)
                else data
                for (address, zone), data in self.zones.items()
            },
        )

    def answer(self, request: Request) -> Outcome:
        """What its servers and this machine say; an address that serves nothing is silent."""
        match request:
            case SelectSource(address=address):
                return SourceAddress(address="22.20.0.10" if ":" not in address else "2e00:20::10")
            case DnsQuery():
                known = {apex: d for (a, apex), d in self.zones.items() if a == request.server}
                told = authoritative(known, request) if known else SILENT
                return self._departed(request, told)
            case _:
                return Failed(kind=FailureKind.NOT_OBSERVABLE)

    def _departed(self, query: DnsQuery, told: Outcome) -> Outcome:
        found = next((one for one in self.departures if one.fits(query)), None)
        if found is None:
            return told
        if callable(found.says):
            return found.says(told) if isinstance(told, DnsReply) else told
        return found.says

    def network(self, own: str | None = None) -> Network:
        """A network of this tree, for the owner of the zones of the name `own`."""
        return World(self.answer).network(own)

    def findings(self, check: Check[Any], brief: Brief) -> list[Finding]:
        """What one check finds in this tree."""

        async def look() -> list[Finding]:
            return list(check.judge(await check.gather(self.network(), brief)))

        return asyncio.run(look())


def altered(**fields: object) -> Callable[[DnsReply], Outcome]:
    """What a server says, with these fields of the reply changed."""
    return lambda reply: replace(reply, **fields)  # type: ignore[arg-type]


def authoritative(zones: Mapping[str, Records], query: DnsQuery) -> DnsReply:
    """What a server with these zones answers (RFC 1034, section 4.3.2); it refuses other names,
    classes and versions of EDNS."""
    if query.udp_payload is not None and query.edns_version:
        return _reply(query, rcode="BADVERS")
    if query.rclass != "IN":
        return _reply(query, rcode="REFUSED")
    apex = max((a for a in zones if below(query.name, a)), key=len, default=None)
    if apex is None:
        return _reply(query, rcode="REFUSED")
    data = zones[apex]
    cut = _cut(data, apex, query)
    if cut:
        listed = _of(data, cut, "NS")
        hosts = {record.data for record in listed}
        glue = tuple(r for r in data if r.rtype in ADDRESS_TYPES and r.name in hosts)
        return _reply(query, authority=listed, additional=glue)
    own = tuple(r for r in data if r.name == query.name and r.rtype in {query.rtype, "CNAME"})
    soa = _of(data, apex, "SOA")
    if own:
        return _reply(query, authoritative=True, answer=own)
    exists = any(below(record.name, query.name) for record in data)
    rcode = "NOERROR" if exists else "NXDOMAIN"
    return _reply(query, authoritative=True, rcode=rcode, authority=soa)


def _reply(query: DnsQuery, **fields: object) -> DnsReply:
    edns = query.udp_payload is not None
    return replace(DnsReply(edns=edns, transport=query.transport), **fields)  # type: ignore[arg-type]


def _cut(data: Records, apex: str, query: DnsQuery) -> str | None:
    """The delegation on the way to the name; that of the name itself is no way to its DS."""
    cuts = {r.name for r in data if r.rtype == "NS" and r.name != apex}
    on_the_way = [c for c in cuts if below(query.name, c)]
    if query.rtype == "DS":
        on_the_way = [c for c in on_the_way if c != query.name]
    return min(on_the_way, key=len, default=None)


def _of(data: Records, name: str, rtype: str) -> Records:
    return tuple(r for r in data if (r.name, r.rtype) == (name, rtype))


def pointer(address: str, name: str) -> str:
    """The line of a reverse name."""
    return f"{ip_address(address).reverse_pointer}. PTR {name}"


GLUE = f"""
{NS1} A {ONE4}
{NS1} AAAA {ONE6}
{NS2} A {TWO4}
{NS2} AAAA {TWO6}
"""
PARENT_HOSTS = f"""
ns1.xa. A {PARENT4}
ns1.xa. AAAA {PARENT6}
ns2.xa. A {PARENT4B}
ns2.xa. AAAA {PARENT6B}
"""
CHILD = f"""
{APEX} SOA {NS1} hostmaster.{APEX} 7 28800 3600 1209600 300
{APEX} NS {NS1}
{APEX} NS {NS2}
{APEX} MX 10 mail.{APEX}
{APEX} TXT "v=spf1 mx -all"
{APEX} A 22.40.1.10
www.{APEX} A 22.40.1.10
mail.{APEX} A 22.40.1.25
mail.{APEX} AAAA 2e00:40:1::25
{GLUE}
"""
DELEGATION = f"""
{APEX} NS {NS1}
{APEX} NS {NS2}
{GLUE}
"""

HEALTHY = (
    Tree(zones={})
    .served(
        ".",
        (ROOT4, ROOT6),
        ". SOA a.root. nstld.root. 1 1800 900 604800 86400",
        ". NS a.root.",
        f"a.root. A {ROOT4}",
        f"a.root. AAAA {ROOT6}",
        "xa. NS ns1.xa.",
        "xa. NS ns2.xa.",
        PARENT_HOSTS,
        "xb. NS ns1.xb.",
        f"ns1.xb. A {OTHER4}",
        *(pointer(address, NS1) for address in (ONE4, ONE6)),
        *(pointer(address, NS2) for address in (TWO4, TWO6)),
    )
    .served(
        PARENT,
        (PARENT4, PARENT6, PARENT4B, PARENT6B),
        "xa. SOA ns1.xa. hostmaster.xa. 1 28800 3600 1209600 300",
        "xa. NS ns1.xa.",
        "xa. NS ns2.xa.",
        PARENT_HOSTS,
        DELEGATION,
    )
    .served(
        "xb.",
        (OTHER4,),
        "xb. SOA ns1.xb. hostmaster.xb. 1 28800 3600 1209600 300",
        "xb. NS ns1.xb.",
        f"ns1.xb. A {OTHER4}",
    )
    .served(APEX, (ONE4, ONE6, TWO4, TWO6), CHILD)
)
