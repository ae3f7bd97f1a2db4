"""Round trips take the time that the distance needs.

## What it does
Where an address is sampled because connections to it were late or lost, and with `--thorough` in
any case, compares the round-trip times of all hops over eighteen rounds.

## Why is this bad?
Everything waits a round trip, mostly several. A full queue on the way makes them long now and then,
a detour always.

## How it decides
At the hop from which on all hops and the host take longer:

| the longer times                           | the other address family | judgement        |
|--------------------------------------------|--------------------------|------------------|
| come and go                                | does not matter          | latency-step     |
| are there each time                        | is as far                | latency-steady   |
| are there each time                        | is much nearer           | latency-step     |
| are there each time                        | is not asked             | latency-steady   |
| are those of one router, and of none after | does not matter          | latency-steady   |
| come and go from the first hop on          | does not matter          | latency-not-seen |
| too few answers came                       | does not matter          | latency-not-seen |

The shortest time of a hop is the distance, the median less the shortest what is usual to wait
besides. A step is ten milliseconds or more, more than all hops before wait together, that all hops
from there on and the host itself have. A router that takes longer than what is behind it answers
late itself, because answering is the last of its duties, and tells nothing. Time that is there each
time is that of a far way, unless the same name is reached in half the time over the other family:
then the way is longer than it had to be.

Where already the first hop answers late at times, it may be this machine that is busy.

The time is that of the way there and back: a step may come with another way back.

## What to do
Nothing, unless slowness is what was complained of. Then tell the network before the step, with the
times of both families.

## References
- RFC 2681 (a round-trip delay metric); RFC 1812, section 4.3.2.8 (answers of routers come last)
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from typing import ClassVar

from checks.facts.folding import Foldable, OfAddresses, folded
from checks.facts.loss import Losses, Lost, losses
from checks.facts.ownership import Place, place_of
from checks.facts.path import Hop
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

MARKED = 0.01
"""Seconds that are worth a word: a thousand kilometres of fibre, there and back."""

LATE = 1.25
"""How much longer a router takes that answers late itself, which is more than chance makes of one
queue."""

ENOUGH = 6
"""Answers of a hop that tell its times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The round-trip times of a hop; `hop` is one of its answers."""

    hop: Hop
    all: tuple[float, ...]
    evidence: tuple[ObservationId, ...]

    @property
    def best(self) -> float:
        return min(self.all)

    @property
    def wait(self) -> float:
        """What an answer usually takes longer than the quickest one."""
        return statistics.median(self.all) - self.best


@finding_kind
class LatencySteady(OfAddresses):
    """`far` says where most of a long way is."""

    code: ClassVar[str] = "latency-steady"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING
    far: str = ""

    @property
    def message(self) -> str:
        far = f", {self.far}" if self.far else ""
        return f"round trips to {self.subject} take as long as the way is far{far}"


@finding_kind
class LatencyStep(OfAddresses):
    """From the hop `ttl` on, behind `place`, round trips take `longer` seconds more."""

    code: ClassVar[str] = "latency-step"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    place: Place | None
    ttl: int
    longer: float
    control: str

    @property
    def owner(self) -> Owner:
        return self.place.owner if self.place else Owner.CUSTOMER_NETWORK

    @property
    def where(self) -> str:
        return f"behind {self.place}" if self.place else "right behind this machine"

    @property
    def message(self) -> str:
        return (
            f"from hop {self.ttl} on, {self.where}, round trips to {self.subject} take "
            f"{_ms(self.longer)} more, which all hops after it and the host have too, so that no "
            f"slow router feigns it; {self.control}"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Where the complaint is slowness, tell the network that the time is lost in, "
            f"{self.where}; else there is nothing to do. A step may also come with the way back."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Packets take longer than they would have to on a part of the way to your server. "
            "Everything works, only more slowly."
        )


@finding_kind
class LatencyNotSeen(OfAddresses):
    code: ClassVar[str] = "latency-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return f"where round trips to {self.subject} take their time cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    lost: Lost


async def gather(net: Asker, brief: Brief) -> Facts:
    """The samples that tell of loss have their times."""
    return Facts(brief=brief, lost=await losses(net, brief))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every address that was sampled."""
    if not facts.lost.all:
        missing = facts.lost.known.missing or "no connection was late, or lost beside others"
        yield Skipped(subject="latency", missing=missing)
        return
    yield from folded(judge_address(facts, one) for one in facts.lost.all)


def judge_address(facts: Facts, one: Losses) -> Foldable:
    """The verdict on the way to one address."""
    about, hops = (one.reach.address,), times(one)
    if not hops or hops[-1].hop.sender != one.reach.address:
        why = "too few answers came"
        return LatencyNotSeen(addresses=about, evidence=one.evidence, why=why)
    waits = _step(hops, _wait)
    if waits == 0:
        why = "already the first hop answers late at times, or this machine is busy"
        return LatencyNotSeen(addresses=about, evidence=one.evidence, why=why)
    if waits:
        control = "it comes and goes, so that it is a queue and no distance"
        return _judged(facts.brief, one, hops, waits, _wait, control)
    far = _step(hops, _best)
    evidence = tuple(number for hop in hops for number in hop.evidence)
    if far is None:
        return LatencySteady(addresses=about, evidence=evidence)
    nearer = _nearer(facts.lost, one, hops, far)
    if nearer is None:
        return LatencySteady(addresses=about, evidence=evidence, far=_far(hops, far))
    return _judged(facts.brief, one, hops, far, _best, nearer)


def times(one: Losses) -> tuple[Times, ...]:
    """The hops that answered often enough, up to the host, without those that answer late."""
    hops = _times(one)
    return tuple(hop for at, hop in enumerate(hops) if not _late(hop, hops[at + 1 :]))


def _late(hop: Times, behind: tuple[Times, ...]) -> bool:
    """Whether a hop takes longer to answer than packets take to those behind it and back."""
    if not behind:
        return False
    return any(what(hop) > LATE * min(map(what, behind)) + MARKED / 2 for what in (_wait, _best))


def _times(one: Losses) -> tuple[Times, ...]:
    found: dict[int, list[Hop]] = {}
    for path in one.rounds:
        for hop in path.hops:
            if hop.sender and hop.rtt is not None:
                found.setdefault(hop.ttl, []).append(hop)
    return tuple(
        Times(
            hop=hops[0],
            all=tuple(hop.rtt for hop in hops if hop.rtt is not None),
            evidence=tuple(number for hop in hops for number in hop.evidence),
        )
        for _, hops in sorted(found.items())
        if len(hops) >= ENOUGH
    )


def _step(hops: tuple[Times, ...], what: Callable[[Times], float]) -> int | None:
    """The place of the hop from which on all have more than those before, by the most; 0 where
    already the first has."""
    found = {place: _height(hops, place, what) for place in range(len(hops))}
    steps = {
        place: height
        for place, height in found.items()
        if height >= MARKED and (not place or height > max(what(hop) for hop in hops[:place]))
    }
    return max(steps, key=lambda place: steps[place], default=None)


def _height(hops: tuple[Times, ...], at: int, what: Callable[[Times], float]) -> float:
    """How much more all hops from `at` on have than any before."""
    before = max((what(hop) for hop in hops[:at]), default=0.0)
    return min(what(hop) for hop in hops[at:]) - before


def _wait(hop: Times) -> float:
    return hop.wait


def _best(hop: Times) -> float:
    return hop.best


def _nearer(lost: Lost, one: Losses, hops: tuple[Times, ...], at: int) -> str | None:
    """The other family's shortest round trip, where it is half as long, for want of this step."""
    best, step = hops[-1].best, _height(hops, at, _best)
    for other in lost.all:
        there = times(other) if other.reach.family != one.reach.family else ()
        if not there or there[-1].hop.sender != other.reach.address:
            continue
        if there[-1].best <= best / 2 and step >= (best - there[-1].best) / 2:
            return (
                f"it is there each time, and no distance, since {other.reach.address} is reached "
                f"in {_ms(there[-1].best)}"
            )
    return None


def _judged(
    brief: Brief,
    one: Losses,
    hops: tuple[Times, ...],
    at: int,
    what: Callable[[Times], float],
    control: str,
) -> LatencyStep:
    before = hops[at - 1].hop if at else None
    place = place_of(brief, before.sender or "", one.reach.address, one.path) if before else None
    return LatencyStep(
        addresses=(one.reach.address,),
        evidence=tuple(number for hop in hops for number in hop.evidence),
        place=place,
        ttl=hops[at].hop.ttl,
        longer=_height(hops, at, what),
        control=control,
    )


def _far(hops: tuple[Times, ...], at: int) -> str:
    before = hops[at - 1].best if at else 0.0
    return (
        f"{_ms(hops[-1].best)}, {_ms(hops[at].best - before)} of it at hop {hops[at].hop.ttl}, "
        "each time"
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


CHECK = Check(
    id="latency",
    title="Round trips take longer than the distance needs",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(LatencySteady, LatencyStep, LatencyNotSeen, Skipped),
    doc=__doc__ or "",
)
