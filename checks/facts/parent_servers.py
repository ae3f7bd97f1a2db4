"""What each server of the parent zone says of the zone: delegated, denied, or another's matter."""

from __future__ import annotations

import asyncio
import enum

from checks.facts.iterate import (
    MOST_SERVERS,
    Cut,
    ServerAddress,
    addresses_of,
    below,
    in_order,
    is_registry,
    version,
)
from checks.facts.zone import Zone, target_zone
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

MOST_PARENTS = 26
"""Thirteen names in two families, as the root and large registries have."""


class Says(enum.Enum):
    """What a server of one zone says of a zone below it."""

    DELEGATES = enum.auto()
    DENIES = enum.auto()
    ALIAS = enum.auto()
    REFERS = enum.auto()
    NOTHING = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentReply:
    """`zone` is the one that the server is asked as a server of; `other` is the target of the alias
    or the zone that it refers to instead."""

    zone: str
    server: ServerAddress
    seen: Observation
    says: Says
    other: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parents:
    """`child` is the zone looked for, `parent` the zone above it, as iteration found it."""

    zone: Zone
    child: str
    parent: str
    replies: tuple[ParentReply, ...] = ()

    @property
    def planned(self) -> bool:
        return bool(self.zone.cut and self.zone.cut.planned)


async def parents_of(net: Asker, brief: Brief) -> Parents | None:
    """Every reply about the target's zone, or about the domain that its registry is to know.

    Servers above the parent are asked as well, but those of registries' registries: they tell
    whether everybody finds the same parent. None where the target is an address.
    """
    zone = await target_zone(net, brief)
    if brief.target.name is None or not zone.families:
        return None
    way = zone.way
    delegated = bool(way.cuts) and not (is_registry(way.zone) and way.zone != way.name)
    child = way.zone if delegated or way.zone == way.name else way.name
    above = way.cuts[:-1] if delegated else way.cuts
    parent = above[-1].zone if above else "."
    found = Parents(zone=zone, child=child, parent=parent)
    if found.planned:
        return found
    levels = [above[-1:], *([above[-2:-1]] if len(above) > 1 else [])]
    asked = await asyncio.gather(
        *(_level(net, brief, cuts[0] if cuts else None, child, zone) for cuts in levels)
    )
    replies = tuple(reply for level in asked for reply in level)
    return Parents(zone=zone, child=child, parent=parent, replies=replies)


async def _level(
    net: Asker, brief: Brief, cut: Cut | None, child: str, zone: Zone
) -> tuple[ParentReply, ...]:
    """What the servers of one zone on the way say."""
    servers = await servers_of(net, brief, cut, zone.families)
    above = cut.zone if cut else "."
    seen = await asyncio.gather(
        *(
            net.ask(DnsQuery(server=server.address, name=child, rtype="NS"))
            for server in servers[:MOST_PARENTS]
        )
    )
    return tuple(
        _read(above, server, one, child) for server, one in zip(servers, seen, strict=False)
    )


async def servers_of(
    net: Asker, brief: Brief, cut: Cut | None, families: tuple[int, ...]
) -> tuple[ServerAddress, ...]:
    """All addresses of a zone's servers: the glue, and what other names resolve to; the root's
    where there is no cut."""
    if cut is None:
        found = {ServerAddress(root.name, root.address) for root in brief.root_servers}
    else:
        glued = {server.name for server in cut.glue}
        bare = [name for name in cut.names if name not in glued][:MOST_SERVERS]
        looked = await asyncio.gather(*(addresses_of(net, brief, name, 1) for name in bare))
        more = (
            ServerAddress(name, address)
            for name, (addresses, _, _) in zip(bare, looked, strict=True)
            for address in addresses
        )
        found = {*cut.glue, *more}
    return in_order(server for server in found if version(server.address) in families)


def _read(above: str, server: ServerAddress, seen: Observation, child: str) -> ParentReply:
    says, other = said_of(seen, above, child)
    return ParentReply(zone=above, server=server, seen=seen, says=says, other=other)


def said_of(seen: Observation, above: str, child: str) -> tuple[Says, str]:
    """What a reply to the question for the child's NS records means, and the other name in it."""
    match seen.outcome:
        case DnsReply(rcode="NOERROR" | "NXDOMAIN") as reply:
            pass
        case _:
            return Says.NOTHING, ""
    records = (*reply.answer, *reply.authority)
    if any((r.name, r.rtype) == (child, "NS") for r in records):
        return Says.DELEGATES, ""
    alias = next((r.data for r in reply.answer if (r.name, r.rtype) == (child, "CNAME")), "")
    if alias and reply.authoritative:
        return Says.ALIAS, alias
    between = [
        r.name
        for r in reply.authority
        if r.rtype == "NS" and r.name != above and below(r.name, above) and below(child, r.name)
    ]
    if between and not reply.authoritative:
        return Says.REFERS, between[0]
    return (Says.DENIES, "") if reply.authoritative else (Says.NOTHING, "")
