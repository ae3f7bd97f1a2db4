"""Where mail for the target goes: its mail exchangers, their addresses, and their port 25.

Mail for a name goes to the hosts of its MX records, and to its own address where it has none
(RFC 5321, section 5.1). The name's own servers are asked; where they cannot be, this machine's
resolvers.
"""

from __future__ import annotations

import asyncio
from typing import Literal

from checks.facts.iterate import is_address, resolve, shown, version
from netdiag.lazy import dataclass
from netdiag.model import Brief, Endpoint
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Connected, DnsReply, Resolvers, SourceAddress, SystemAddresses
from netdiag.requests import DnsQuery, ReadResolvers, SelectSource, SystemLookup, TcpConnect
from netdiag.special import Kind

MAIL_PORT = 25
MAIL_PORTS = frozenset({25, 465, 587})
"""Between servers (RFC 5321), and for a user's mail program (RFC 8314, RFC 6409)."""

MOST_HOSTS = 4
MOST_RESOLVERS = 3
CERTAIN = frozenset({"found", "nodata", "nxdomain", "alias-loop"})

Route = Literal["listed", "refused", "itself", "nowhere", "not-seen", "no-name"]
"""How mail finds its way: by MX records, not at all by a null MX (RFC 7505), to the name's own
address, nowhere since there is neither; unknown; or there is no such name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailHost:
    """`alias` is what the name is an alias of; `certain` whether no address means that none is.

    Names are as people write them, without the final dot.
    """

    name: str
    preference: int
    addresses: tuple[str, ...]
    certain: bool
    alias: str = ""
    evidence: tuple[ObservationId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`wanted` where a mail port was asked for. Addresses of the kinds that are `meant` may be the
    mail hosts' though they are not public."""

    name: str
    route: Route
    wanted: bool
    hosts: tuple[MailHost, ...] = ()
    evidence: tuple[ObservationId, ...] = ()
    meant: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Port 25 of one address of a mail host, and what connecting gave."""

    host: str
    endpoint: Endpoint
    seen: Observation

    @property
    def open(self) -> bool:
        return isinstance(self.seen.outcome, Connected)


async def mail_of(net: Asker, brief: Brief) -> Mail:
    """Where mail for the target goes; an address stands for itself."""
    target = brief.target
    wanted = not MAIL_PORTS.isdisjoint(target.ports)
    if target.name is None:
        host = MailHost(name=target.host, preference=0, addresses=(target.host,), certain=True)
        return Mail(name=target.host, route="itself", wanted=wanted, hosts=(host,))
    found = await resolve(net, brief, target.name, "MX")
    data, evidence, status = found.data, found.evidence, found.status
    if status not in CERTAIN:
        data, seen, known = await _recursively(net, brief, target.name)
        evidence = (*evidence, *seen)
        status = "found" if data else "nodata" if known else status
    if status in {"nxdomain", "alias-loop"}:
        return Mail(name=shown(target.name), route="no-name", wanted=wanted, evidence=evidence)
    if status not in CERTAIN:
        return Mail(name=shown(target.name), route="not-seen", wanted=wanted, evidence=evidence)
    listed = sorted(filter(None, map(_exchange, data)))[:MOST_HOSTS]
    if [host for _, host in listed] == ["."]:
        return Mail(name=shown(target.name), route="refused", wanted=wanted, evidence=evidence)
    if not listed:
        return await _itself(net, brief, target.name, evidence, wanted=wanted)
    hosts = await asyncio.gather(*(_host(net, brief, *exchange) for exchange in listed))
    return Mail(
        name=shown(target.name),
        route="listed",
        wanted=wanted,
        hosts=tuple(hosts),
        evidence=evidence,
        meant=brief.inside,
    )


def _exchange(data: str) -> tuple[int, str] | None:
    """Preference and host of an MX record (RFC 1035, section 3.3.9)."""
    preference, _, host = data.partition(" ")
    if not (preference.isascii() and preference.isdigit() and host.endswith(".")):
        return None
    return int(preference[:5]), host.lower()


async def _recursively(
    net: Asker, brief: Brief, name: str
) -> tuple[tuple[str, ...], tuple[ObservationId, ...], bool]:
    """MX data as a resolver of this machine gives it, and whether one gave an answer at all."""
    evidence: tuple[ObservationId, ...] = ()
    servers: tuple[str, ...] = (brief.resolver,) if brief.resolver else ()
    if not servers:
        looked = await net.ask(ReadResolvers())
        servers = looked.outcome.addresses if isinstance(looked.outcome, Resolvers) else ()
    for server in servers[:MOST_RESOLVERS]:
        query = DnsQuery(server=server, name=name, rtype="MX", recursion_desired=True)
        seen = await net.ask(query)
        evidence += (seen.id,)
        match seen.outcome:
            case DnsReply(rcode="NOERROR", answer=answer):
                return tuple(r.data for r in answer if r.rtype == "MX"), evidence, True
            case _:
                continue
    return (), evidence, False


async def _itself(
    net: Asker, brief: Brief, name: str, evidence: tuple[ObservationId, ...], *, wanted: bool
) -> Mail:
    own = await _host(net, brief, 0, name)
    evidence = (*evidence, *own.evidence)
    if own.addresses:
        return Mail(
            name=shown(name), route="itself", wanted=wanted, hosts=(own,), evidence=evidence
        )
    route: Route = "nowhere" if own.certain else "not-seen"
    return Mail(name=shown(name), route=route, wanted=wanted, evidence=evidence)


async def _host(net: Asker, brief: Brief, preference: int, name: str) -> MailHost:
    """A host with all its addresses, also of families that are not asked for."""
    found = await asyncio.gather(*(resolve(net, brief, name, rtype) for rtype in ("A", "AAAA")))
    data = tuple(a for one in found for a in one.data if is_address(a))
    evidence = tuple(dict.fromkeys(number for one in found for number in one.evidence))
    certain = all(one.status in CERTAIN for one in found)
    if not data and not certain:
        looked = await net.ask(SystemLookup(name=name.rstrip(".") or name))
        evidence += (looked.id,)
        data = looked.outcome.addresses if isinstance(looked.outcome, SystemAddresses) else ()
    return MailHost(
        name=shown(name),
        preference=preference,
        addresses=tuple(sorted(set(data), key=lambda a: (version(a), a))),
        certain=certain or bool(data),
        alias=next((shown(one.chain[1]) for one in found if len(one.chain) > 1), ""),
        evidence=evidence,
    )


async def doors_of(net: Asker, brief: Brief, mail: Mail) -> tuple[Door, ...]:
    """Port 25 of every mail host, one address of each family that this machine has a route to.

    A name that lists no mail host is in question only where port 25 was asked for.
    """
    if mail.route != "listed" and MAIL_PORT not in brief.target.ports:
        return ()
    chosen = [
        (host.name, address)
        for host in mail.hosts
        for family in brief.families
        for address in [a for a in host.addresses if version(a) == family][:1]
    ]
    sources = await asyncio.gather(*(net.ask(SelectSource(address=a)) for _, a in chosen))
    routed = [
        one
        for one, source in zip(chosen, sources, strict=True)
        if isinstance(source.outcome, SourceAddress)
    ]
    asking = (net.ask(TcpConnect(address=address, port=MAIL_PORT)) for _, address in routed)
    seen = await asyncio.gather(*asking)
    return tuple(
        Door(host=host, endpoint=Endpoint(address, MAIL_PORT), seen=one)
        for (host, address), one in zip(routed, seen, strict=True)
    )
