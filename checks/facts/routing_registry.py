"""What a routing registry says of the prefixes that the target's addresses are in.

Nobody is asked but the service that the configuration names, nothing but public addresses is asked
about, and where the target answers only a full examination asks. A prefix that few of its peers
see is looked at again by the one around it, since a longer prefix that is withdrawn leaves the
shorter one to carry the packets. Where that one is not seen either, the registry is asked for the
prefix of somebody else: the control that tells a prefix that is gone from a registry that knows
none.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta

from checks.facts.data_service import Told, host_of
from checks.facts.iterate import version
from checks.facts.reach import Reach, connects
from checks.facts.ripestat import ask, origin_of
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, ObservationId
from netdiag.outcomes import RoutingReply
from netdiag.special import special

MOST_ADDRESSES = 4
"""Of the target. Those of one prefix share all but the first question."""

MOST_ORIGINS = 4
"""Several ASes announce one prefix rarely, and mostly two."""

SEEN_BY_FEW = 0.1
"""Share of the peers that a prefix which is withdrawn may still be seen by: some keep dead routes
for days, and some have networks of their own."""

SEEN_BY_MOST = 0.5
"""Share of the peers that is enough, since not every peer gives all its routes."""

STALE = timedelta(days=1)
"""RIPE's collectors write what they know down every eight hours."""

_NOTHING: Told[RoutingReply] = Told(reply=None, evidence=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """What the registry says of an AS as the origin of a prefix."""

    asn: int
    told: Told[RoutingReply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """What is said of one address; `works` where a port of it connects from here.

    `looks` are at the prefix and at the one around it, `control` is an unrelated `other` address.
    """

    address: str
    works: bool
    origin: Told[RoutingReply]
    looks: tuple[Told[RoutingReply], ...] = ()
    validities: tuple[Validity, ...] = ()
    other: str = ""
    control: Told[RoutingReply] = field(default=_NOTHING)

    @property
    def seen(self) -> tuple[RoutingReply, ...]:
        """The looks that tell how many see a prefix."""
        return tuple(look.reply for look in self.looks if look.reply and share(look.reply) >= 0)

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        """All that bears on whether the prefix is announced."""
        told = (self.origin, *self.looks, self.control)
        return tuple(dict.fromkeys(number for one in told for number in one.evidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`works` where any address of the target answers. `missing` says why nothing was asked, and is
    empty where something was."""

    registry: str
    started: datetime
    works: bool = False
    routed: tuple[Routed, ...] = ()
    missing: str = ""


async def gather(net: Asker, brief: Brief) -> Facts:
    """All addresses at once."""
    facts = Facts(registry=host_of(brief.routing_registry), started=brief.started)
    if not brief.routing_registry:
        return replace(facts, missing="the configuration names no routing registry")
    if brief.depth == "fast":
        return replace(facts, missing="the run was to look once and no closer (--fast)")
    known = await connects(net, brief)
    wanted = [
        reach
        for reach in known.reaches
        if special(reach.address) is None and (brief.depth == "thorough" or _unanswered(reach))
    ]
    if not wanted:
        return replace(
            facts, missing=known.missing or "the target's public addresses all answer (--thorough)"
        )
    asking = (_routed(net, brief, reach) for reach in wanted[:MOST_ADDRESSES])
    return replace(facts, works=known.works, routed=tuple(await asyncio.gather(*asking)))


def _unanswered(reach: Reach) -> bool:
    return reach.observed and not any(port.connected or port.reset for port in reach.asked)


async def _routed(net: Asker, brief: Brief, reach: Reach) -> Routed:
    address = reach.address
    origin = await origin_of(net, brief, address)
    known = Routed(address=address, works=reach.works, origin=origin)
    if origin.reply is None:
        return known
    prefix = origin.reply.prefix or str(ipaddress.ip_network(address))
    origins = origin.reply.origins[:MOST_ORIGINS]
    looks, validities = await asyncio.gather(
        _looks(net, brief, prefix),
        asyncio.gather(*(_validity(net, brief, prefix, asn) for asn in origins)),
    )
    known = replace(known, looks=looks, validities=tuple(validities))
    if not known.seen or max(map(share, known.seen)) >= SEEN_BY_FEW:
        return known
    other = _elsewhere(brief, address)
    if not other:
        return known
    return replace(known, other=other, control=await origin_of(net, brief, other))


async def _looks(net: Asker, brief: Brief, prefix: str) -> tuple[Told[RoutingReply], ...]:
    first = await ask(net, brief, "routing-status", prefix)
    around = [r for r in first.reply.covering if not _is_default(r.prefix)] if first.reply else []
    if first.reply is None or share(first.reply) >= SEEN_BY_MOST or not around:
        return (first,)
    return first, await ask(net, brief, "routing-status", around[0].prefix)


async def _validity(net: Asker, brief: Brief, prefix: str, asn: int) -> Validity:
    told = await ask(net, brief, "rpki-validation", prefix, asn)
    return Validity(asn=asn, told=told)


def _elsewhere(brief: Brief, address: str) -> str:
    """A public address of the same family that has nothing to do with the target."""
    anchors = (anchor.address for anchor in brief.anchors)
    roots = (root.address for root in brief.root_servers)
    others = (*anchors, *brief.public_resolvers, *roots)
    family = version(address)
    wanted = (
        one for one in others if version(one) == family and one != address and not special(one)
    )
    return next(wanted, "")


def _is_default(prefix: str) -> bool:
    return ipaddress.ip_network(prefix).prefixlen == 0


def share(reply: RoutingReply) -> float:
    """The share of the peers that see a prefix; below zero where there are none to ask."""
    if reply.seeing is None or not reply.peers:
        return -1.0
    return reply.seeing / reply.peers


def time_of(reply: RoutingReply) -> datetime | None:
    """When what it says was true; the API gives UTC."""
    try:
        told = datetime.fromisoformat(reply.time)
    except ValueError:
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def doubt_of_time(reply: RoutingReply, started: datetime) -> str:
    """Why what it says need not be true today; empty where it need."""
    told = time_of(reply)
    if told is None:
        return "it does not say from when its data are"
    if abs(started - told) > STALE:
        return f"its data are of {spoken(told)}, while this machine has {spoken(started)}"
    return ""


def spoken(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
