"""The way to the target stays the same.

## What it does
Where an address is sampled because connections to it were late or lost, and with `--thorough` in
any case, compares which routers answered the probes of one flow in eighteen rounds, spread over
time.

## Why is this bad?
A way that changes loses packets and brings others out of order each time, and what is measured on
it holds for one of the ways only. A way that changes again and again is a fault of its own.

## How it decides
| the routers that answer one flow        | judgement               |
|-----------------------------------------|-------------------------|
| the same in every round                 | path-stable             |
| the same, some of them silent at times  | path-stable             |
| others from some round on               | path-unstable           |
| others, and the first ones again        | path-unstable           |
| change with every packet                | packets-spread          |
| differ in the last round alone          | path-changes-not-told   |
| no router answers                       | path-changes-not-told   |

All probes have the same addresses and ports, so that routers which balance load by them send each
the same way; other flows may go other ways all the time, and are not compared. Silence says
nothing. Where two routers answer at a hop, each of them for long, the way has changed: that so few
changes come about where each packet is sent its own way must have a chance below 1 % (Wald and
Wolfowitz's test of runs at every hop, combined by Fisher's method).

A router answers with the address of the interface by which its answer leaves, so that a changed
way back may show as other addresses too: the change is on the way there or back.

## What to do
Ask the network of the last router that stays the same for flapping routes or links.

## References
- RFC 2439, section 1 (routes that flap); RFC 1812, section 4.3.2.4 (the source of ICMP errors)
- Augustin et al., Avoiding traceroute anomalies with Paris traceroute, IMC 2006
- Wald and Wolfowitz, On a test whether two samples are from the same population, 1940
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.changes import UNLIKELY, Course, course
from checks.facts.folding import Foldable, OfAddresses, folded, listed
from checks.facts.loss import Losses, Lost, losses
from checks.facts.ownership import Place, place_of
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

FLAPS = 2
"""Changes from which on a way is not only changed but flaps."""

MIXED = 4
"""Changes from which on an order that may be chance is taken for it."""


@finding_kind
class PathStable(OfAddresses):
    code: ClassVar[str] = "path-stable"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return f"the same routers answer on the way to {self.subject} all the time"


@finding_kind
class PacketsSpread(OfAddresses):
    code: ClassVar[str] = "packets-spread"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING
    routers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"packets of one flow to {self.subject} are spread over {listed(self.routers)}, each "
            "packet by itself: that is no change of the way, though packets may overtake others"
        )


@finding_kind
class PathUnstable(OfAddresses):
    """`common` is the last router that stays the same, at the hops `ttls`; `ways` are the routers
    behind it in the order in which they answered."""

    code: ClassVar[str] = "path-unstable"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    pooled: ClassVar[frozenset[str]] = frozenset({"addresses", "common", "ttls", "ways"})
    common: tuple[Place, ...]
    ttls: tuple[int, ...]
    ways: tuple[tuple[str, ...], ...]
    flaps: bool

    @property
    def kin(self) -> tuple[object, ...]:
        return tuple((place.network, place.owner) for place in self.common)

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.flaps else Severity.NOTICE

    @property
    def owner(self) -> Owner:
        return self.common[0].owner if self.common else Owner.CUSTOMER_NETWORK

    @property
    def where(self) -> str:
        return listed(map(str, self.common)) or "this machine"

    @property
    def message(self) -> str:
        hops = f"hop {listed(str(ttl) for ttl in self.ttls)}, " if self.ttls else ""
        turns = "; ".join(" then ".join(way) for way in self.ways)
        again = " again and again" if self.flaps else ""
        return (
            f"the way to {self.subject} or back changes{again} while it is looked at: behind "
            f"{hops}{self.where}, packets of one flow met {turns}, so it is no balancing of load, "
            "and each for too long to be chance"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Tell the network of {self.where} that its routes to {self.subject} change, with the "
            "routers in the order seen, and look again some minutes later."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The way between here and your server changes, which can interrupt connections for a "
            "moment. There is nothing for you to change."
        )


@finding_kind
class PathChangesNotTold(OfAddresses):
    code: ClassVar[str] = "path-changes-not-told"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return f"whether the way to {self.subject} changes cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    lost: Lost


async def gather(net: Asker, brief: Brief) -> Facts:
    """The samples that tell of loss show the routers too."""
    return Facts(brief=brief, lost=await losses(net, brief))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every address that was sampled."""
    if not facts.lost.all:
        missing = facts.lost.known.missing or "no connection was late, or lost beside others"
        yield Skipped(subject="path changes", missing=missing)
        return
    yield from folded(judge_address(facts.brief, one) for one in facts.lost.all)


def judge_address(brief: Brief, one: Losses) -> Foldable:
    """The verdict on the way to one address."""
    seen = course((one.path, *one.rounds))
    about = (one.reach.address,)
    if not seen.asked:
        return _not_told(about, one.path.evidence, "no router on the way answers")
    if not seen.varied:
        return PathStable(addresses=about, evidence=seen.evidence)
    if seen.chance < UNLIKELY:
        return _unstable(brief, one, seen)
    if seen.changes < MIXED:
        return _not_told(about, seen.evidence, "another router answered too seldom")
    routers = {hop.sender: None for varied in seen.varied for hop in varied.seen if hop.sender}
    return PacketsSpread(addresses=about, evidence=seen.evidence, routers=tuple(routers))


def _unstable(brief: Brief, one: Losses, seen: Course) -> PathUnstable:
    common = seen.common
    place = place_of(brief, common.sender or "", one.reach.address, one.path) if common else None
    return PathUnstable(
        addresses=(one.reach.address,),
        evidence=seen.evidence,
        common=(place,) if place else (),
        ttls=(common.ttl,) if common else (),
        ways=(seen.varied[0].runs[:6],),
        flaps=seen.changes >= FLAPS,
    )


def _not_told(
    about: tuple[str, ...], evidence: tuple[ObservationId, ...], why: str
) -> PathChangesNotTold:
    return PathChangesNotTold(addresses=about, evidence=evidence, why=why)


CHECK = Check(
    id="path-changes",
    title="The way to the target changes",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(PathStable, PacketsSpread, PathUnstable, PathChangesNotTold, Skipped),
    doc=__doc__ or "",
)
