"""Packets of full size get through, or somebody says what size would.

## What it does
Where a TLS handshake or a request stalls on a connection that was accepted, does the same once more
with small segments. Where that helps, and with `--thorough` in any case, sends packets of the full
size of this machine's link, which nobody may fragment, and reads what routers say of them.

## Why is this bad?
A link on the way takes smaller packets than the ends assume. The router before it has to say so;
where it does not, or a filter drops its word, large packets vanish. Small pages load, long ones
hang, mail with attachments never arrives, and monitors that only connect see nothing wrong.

## How it decides
| the exchange | with small segments | packets of full size to the host | judgement            |
|--------------|---------------------|----------------------------------|----------------------|
| stalls       | completes           | get there, or are told a size    | pmtu-black-hole      |
| stalls       | completes           | vanish behind a hop              | pmtu-black-hole      |
| stalls       | stalls              | not sent                         | size-makes-no-difference |
| stalls       | fails otherwise     | not sent                         | packet-sizes-not-seen |
| completes    | not asked           | get there, or are told a size    | large-packets-pass   |
| completes    | not asked           | vanish behind a hop              | pmtu-black-hole      |
| completes    | not asked           | are told a size that is no use   | wrong-mtu-advice     |
| completes    | not asked           | small ones get no answer either  | packet-sizes-not-seen |

An exchange that small segments cure lost its large packets; where packets to the host get there,
it lost those from the host. What was told on the way to the host shows the narrow link, and so
whose router has to tell the host: the one behind it. Where nothing shows it, the host's own
network is the first to ask, for filters of ICMP are most often there.

Where the host does not answer small packets on a closed UDP port, nothing is known of large ones.

## What to do
Let ICMP "fragmentation needed" and ICMPv6 "packet too big" through, and let the router before the
narrow link send them. Until then a smaller MSS set at that router (MSS clamping) helps.

## References
- RFC 1191; RFC 8201 (path MTU discovery)
- RFC 2923 (TCP problems with path MTU discovery)
- RFC 4890, section 4.3.1 (what firewalls must not drop)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

from checks.facts.folding import Foldable, OfAddresses, folded, listed
from checks.facts.ownership import Place, place_of
from checks.facts.path import Path, named
from checks.facts.reach import Reach
from checks.facts.sizes import Advice, Sizes, sizes_to
from checks.facts.stalls import Stalled, Stalls, stalls
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker, ObservationId

Direction = Literal["to the host", "from the host"]


@finding_kind
class LargePacketsPass(OfAddresses):
    """`size` octets get there; `told` is what routers said on the way."""

    code: ClassVar[str] = "large-packets-pass"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING
    size: int
    told: bool

    @property
    def message(self) -> str:
        how = ", as routers on the way say in good time" if self.told else ""
        return f"packets of {self.size} octets get to {self.subject} unfragmented{how}"


@finding_kind
class SizeMakesNoDifference(OfAddresses):
    code: ClassVar[str] = "size-makes-no-difference"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return (
            f"what stalls at {self.subject} does so with small segments as well: "
            "the size of packets is not to blame"
        )


@finding_kind
class PmtuBlackHole(OfAddresses):
    """`passes` is the largest size known to get through, `vanishes` the smallest known not to.

    `last` are the last routers that large packets get to, at the hops `ttls`, or the nearer ends of
    the narrow link; `places` tell whose routers should speak. `stalls` is whether an exchange of
    this run suffered.
    """

    code: ClassVar[str] = "pmtu-black-hole"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    pooled: ClassVar[frozenset[str]] = frozenset({"addresses", "last", "ttls", "places"})
    direction: Direction
    passes: int
    vanishes: int | None
    last: tuple[Place, ...]
    ttls: tuple[int, ...]
    places: tuple[Place, ...]
    stalls: bool
    hidden: bool

    @property
    def kin(self) -> tuple[object, ...]:
        return self.owner, *(place.network for place in self.last[:1])

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.stalls and not self.hidden else Severity.WARNING

    @property
    def owner(self) -> Owner:
        return self.places[0].owner if self.places else Owner.HOSTING_NETWORK

    @property
    def where(self) -> str:
        return listed(str(place) for place in self.last)

    @property
    def message(self) -> str:
        large = f"of {self.vanishes} octets" if self.vanishes else "of full size"
        proof = (
            "an exchange that stalls completes with small segments"
            if self.stalls
            else f"smaller ones are answered there, those {large} are not, time and again"
        )
        return (
            f"packets {large} {self._way} vanish without a word{self._behind}: {proof}; "
            f"{self.passes} octets get through"
        )

    @property
    def _way(self) -> str:
        return f"to {self.subject}" if self.direction == "to the host" else f"from {self.subject}"

    @property
    def _behind(self) -> str:
        if not self.last:
            return " on the way"
        hops = listed(str(ttl) for ttl in self.ttls)
        return f" behind hop {hops}, {self.where}" if hops else f" at the link next to {self.where}"

    @property
    def for_agent(self) -> str:
        places = listed(str(place) for place in self.places)
        return (
            f"Have whoever runs {places or 'the network of the host'} let ICMP 'fragmentation "
            "needed' and ICMPv6 'packet too big' out and through, or set a smaller MSS there "
            f"({self.passes - HEADERS}) meanwhile."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Large packets between your server and here are lost on the way, so that small things "
            "work and large ones hang. It is for the network to mend."
        )


HEADERS = 60
"""Octets of the IPv6 and TCP headers, which an MSS does not count."""


@finding_kind
class WrongMtuAdvice(OfAddresses):
    """`place` refuses `size` octets and says that `mtu` would pass, which is no use."""

    code: ClassVar[str] = "wrong-mtu-advice"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    place: Place
    size: int
    mtu: int | None
    passes: int
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING

    @property
    def owner(self) -> Owner:
        return self.place.owner

    @property
    def message(self) -> str:
        says = f"{self.mtu} octets" if self.mtu else "no size"
        return (
            f"{self.place} refuses packets of {self.size} octets to {self.subject} as too big and "
            f"names {says} as what would pass, which helps no sender; {self.passes} octets do pass"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Have whoever runs {self.place} look at its MTU settings: the size in its ICMP errors "
            f"must be that of the next link, {self.passes} octets or a little more."
        )

    @property
    def for_customer(self) -> str:
        return (
            "A router on the way to your server gives senders of large packets a wrong hint, so "
            "that uploads may hang. It is for that network to mend."
        )


@finding_kind
class PacketSizesNotSeen(OfAddresses):
    code: ClassVar[str] = "packet-sizes-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return f"whether large packets get to {self.subject} cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """An address whose packets are in question."""

    reach: Reach
    stalled: tuple[Stalled, ...]
    sizes: Sizes | None
    hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    stalls: Stalls
    sized: tuple[Sized, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """Sizes where an exchange was cured by small segments, or where all is to be examined."""
    found = await stalls(net, brief)
    thorough = brief.depth == "thorough"
    working = [reach for reach in found.known.reaches if reach.works]
    chosen = [reach for reach in working if thorough or found.at(reach.address)]
    sized = await asyncio.gather(*(_sized(net, brief, found, reach) for reach in chosen))
    return Facts(brief=brief, stalls=found, sized=tuple(sized))


async def _sized(net: Asker, brief: Brief, found: Stalls, reach: Reach) -> Sized:
    stalled = found.at(reach.address)
    asks = not stalled or any(one.cured for one in stalled)
    sizes = await sizes_to(net, reach.address, reach.source) if asks else None
    if sizes and sizes.path:
        sizes = replace(sizes, path=await named(net, brief, sizes.path))
    hidden = found.others_work(reach.address)
    return Sized(reach=reach, stalled=stalled, sizes=sizes, hidden=hidden)


def judge(facts: Facts) -> Iterable[Finding]:
    """A verdict on every address whose packets are in question."""
    if not facts.sized:
        missing = facts.stalls.known.missing or "nothing stalls, so sizes are not in question"
        yield Skipped(subject="packet sizes", missing=missing)
        return
    yield from folded(judge_address(facts.brief, one) for one in facts.sized)


def judge_address(brief: Brief, one: Sized) -> Foldable:
    """The verdict on one address."""
    cured = [stalled for stalled in one.stalled if stalled.cured]
    if cured and one.sizes:
        return _cured(brief, one, one.sizes, cured)
    if one.stalled or one.sizes is None:
        return _uncured(one)
    return _examined(brief, one, one.sizes)


def _cured(brief: Brief, one: Sized, sizes: Sizes, cured: list[Stalled]) -> Foldable:
    evidence = (*(n for stalled in cured for n in stalled.evidence), *sizes.evidence)
    if sizes.vanishes and not sizes.wrong:
        return _towards(brief, one, sizes, evidence)
    told = next((advice for advice in reversed(sizes.advice) if advice.useful), None)
    return PmtuBlackHole(
        addresses=(one.reach.address,),
        evidence=evidence,
        direction="from the host",
        passes=sizes.passes if told and sizes.passes else LEAST_KNOWN,
        vanishes=None,
        last=_some(place_of(brief, told.router, sizes.address, sizes.path) if told else None),
        ttls=(),
        places=_some(_behind(brief, sizes, told) if told else None),
        stalls=True,
        hidden=one.hidden,
    )


LEAST_KNOWN = 1280
"""Octets that packets of small segments have at most."""


def _behind(brief: Brief, sizes: Sizes, told: Advice) -> Place | None:
    """Whose the router at the far end of the narrow link is; None where that is not seen."""
    path = sizes.path
    hop = next((h for h in path.routers if h.sender == told.router), None) if path else None
    beyond = path.at(hop.ttl + 1) if path and hop else None
    if path is None or beyond is None or beyond.sender is None:
        return None
    return place_of(brief, beyond.sender, path.address, path)


def _towards(
    brief: Brief, one: Sized, sizes: Sizes, evidence: tuple[ObservationId, ...]
) -> PmtuBlackHole:
    last = _some(_ends_at(brief, sizes.path, sizes.end))
    return PmtuBlackHole(
        addresses=(one.reach.address,),
        evidence=evidence,
        direction="to the host",
        passes=sizes.passes or LEAST_KNOWN,
        vanishes=sizes.vanishes,
        last=last,
        ttls=(sizes.end,) if last and sizes.end is not None else (),
        places=last,
        stalls=bool(one.stalled),
        hidden=one.hidden,
    )


def _ends_at(brief: Brief, path: Path | None, ttl: int | None) -> Place | None:
    """The last router that large packets get to: the link is behind it, so it should speak."""
    hop = path.at(ttl) if path and ttl is not None else None
    if path is None or hop is None or hop.sender is None:
        return None
    return place_of(brief, hop.sender, path.address, path)


def _some(place: Place | None) -> tuple[Place, ...]:
    return (place,) if place else ()


def _uncured(one: Sized) -> Foldable:
    about = (one.reach.address,)
    evidence = tuple(number for stalled in one.stalled for number in stalled.evidence)
    if any(stalled.repeated for stalled in one.stalled):
        return SizeMakesNoDifference(addresses=about, evidence=evidence)
    why = "the exchange that stalls fails otherwise with small segments"
    return PacketSizesNotSeen(addresses=about, evidence=evidence, why=why)


def _examined(brief: Brief, one: Sized, sizes: Sizes) -> Foldable:
    about = (one.reach.address,)
    if sizes.passes is None:
        why = "the host does not answer small ones on a closed UDP port either"
        return PacketSizesNotSeen(addresses=about, evidence=sizes.evidence, why=why)
    if sizes.wrong:
        router = place_of(brief, sizes.wrong.router, sizes.address, sizes.path)
        return WrongMtuAdvice(
            addresses=about,
            evidence=sizes.evidence,
            place=router,
            size=sizes.wrong.size,
            mtu=sizes.wrong.mtu,
            passes=sizes.passes,
            hidden=one.hidden,
        )
    if sizes.vanishes:
        return _towards(brief, one, sizes, sizes.evidence)
    return LargePacketsPass(
        addresses=about, evidence=sizes.evidence, size=sizes.passes, told=bool(sizes.advice)
    )


CHECK = Check(
    id="packet-sizes",
    title="Large packets get through",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        LargePacketsPass,
        SizeMakesNoDifference,
        PmtuBlackHole,
        WrongMtuAdvice,
        PacketSizesNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
)
