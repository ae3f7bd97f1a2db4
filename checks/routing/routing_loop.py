"""Packets to the target do not go round in a loop.

## What it does
Where no asked port of an address connects, follows the path to it, hop by hop.

## Why is this bad?
Packets in a loop never arrive, and load the links that they go round on.

## How it decides
| the way to the address                             | judgement    |
|----------------------------------------------------|--------------|
| a port connects                                    | no-loop      |
| the host answers                                   | no-loop      |
| routers alternate until the answers end            | routing-loop |
| time exceeded for a packet with a full TTL         | routing-loop |
| a router sends unreachable                         | no-loop      |
| silence from a hop on                              | no-loop      |
| one router on two successive hops, then silence    | no-loop      |
| nothing else answers from here                     | loop-not-seen |

A loop shows as addresses that return at a distance of two hops or more until the answers end. The
router met last before the addresses repeat sends the packets back, so its network is named.

## What to do
The owner of that router corrects its route to the prefix: mostly a default route back for a prefix
that it announces and does not have.

## References
- RFC 1812, section 5.3.1 (time to live)
- RFC 8200, section 3 (hop limit)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.breaks import Loop, Untold, Ways, break_of
from checks.facts.folding import Foldable, OfAddresses, folded, listed
from checks.facts.ownership import Place
from checks.facts.reach import Reach
from checks.facts.ways import ways_of
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
from netdiag.network import Asker


@finding_kind
class NoLoop(OfAddresses):
    code: ClassVar[str] = "no-loop"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return f"no loop on the way to {self.subject}"


@finding_kind
class RoutingLoop(OfAddresses):
    """`loops` are the routers of each loop in the order in which packets first meet them, `ttls`
    their first hops where the path shows them."""

    code: ClassVar[str] = "routing-loop"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    pooled: ClassVar[frozenset[str]] = frozenset({"addresses", "loops", "ttls"})
    loops: tuple[tuple[Place, ...], ...]
    ttls: tuple[int, ...]
    hidden: bool

    @property
    def kin(self) -> tuple[object, ...]:
        return self.culprit.network, self.culprit.owner

    @property
    def culprit(self) -> Place:
        """The router that sends packets back: the one met last."""
        return self.loops[0][-1]

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def owner(self) -> Owner:
        return self.culprit.owner

    @property
    def message(self) -> str:
        rounds = "; ".join(listed(str(router) for router in loop) for loop in self.loops)
        where = f" from hop {listed(str(ttl) for ttl in self.ttls)} on" if self.ttls else ""
        return (
            f"packets to {self.subject} go round{where} at {rounds} until their time to live "
            "ends, so they are not dropped by a filter and never reach the host's network"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Ask the network of {self.culprit} to correct its route to {self.subject}: it sends "
            "these packets back."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server is not reached because of a routing mistake in a network on the way. "
            "There is nothing for you to change."
        )


@finding_kind
class LoopNotSeen(OfAddresses):
    code: ClassVar[str] = "loop-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return f"whether there is a loop on the way to {self.subject} cannot be told: {self.why}"


async def gather(net: Asker, brief: Brief) -> Ways:
    """Every address with what is known of the way to it."""
    return await ways_of(net, brief)


def judge(ways: Ways) -> Iterable[Finding]:
    """One verdict on every address."""
    if ways.known.missing:
        yield Skipped(subject="routing loop", missing=ways.known.missing)
        return
    yield from folded(judge_way(ways, reach) for reach in ways.known.reaches)


def judge_way(ways: Ways, reach: Reach) -> Foldable:
    """The verdict on the way to one address."""
    about = (reach.address,)
    match break_of(ways, reach):
        case Loop(evidence=evidence, routers=routers, ttl=ttl):
            return RoutingLoop(
                addresses=about,
                evidence=evidence,
                loops=(routers,),
                ttls=(ttl,) if ttl else (),
                hidden=ways.works_elsewhere(reach),
            )
        case Untold(evidence=evidence, why=why):
            return LoopNotSeen(addresses=about, evidence=evidence, why=why)
        case other:
            return NoLoop(addresses=about, evidence=other.evidence)


CHECK = Check(
    id="routing-loop",
    title="Packets go round in a loop",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NoLoop, RoutingLoop, LoopNotSeen, Skipped),
    doc=__doc__ or "",
)
