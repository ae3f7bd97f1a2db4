"""Packets to the target do not vanish on the way.

## What it does
Where no asked port of an address connects, asks an echo and a few control ports and follows the
path over UDP and over TCP to the asked port. Where the host gives no sign it also follows the path
to the first address of the host's LAN, and to an address of the target that works.

## Why is this bad?
Packets that vanish without an error leave every program waiting, for minutes as a rule.

## How it decides
| the way to the address                             | judgement          |
|----------------------------------------------------|--------------------|
| a port connects                                    | nothing-vanishes   |
| the host answers                                   | nothing-vanishes   |
| silence from a hop on, over UDP and TCP            | black-hole         |
| silence from a hop on, its LAN is reached          | vanishing-not-seen |
| silence, and no router answers                     | vanishing-not-seen |
| a loop                                             | vanishing-not-seen |
| unreachable or prohibited by a router              | vanishing-not-seen |
| nothing else answers from here                     | vanishing-not-seen |

The last router that answers still has the packets. They are lost at the next one, or on the way
there; the next one is known where another path runs through the same hop and goes on. Where none
does, the network of the last router that answers is named.

A router in the middle that never answers is no black hole: what comes behind it still does. A host
that answers nothing in a LAN that is reached is down, or drops everything itself.

## What to do
Ask that network for a null route to the address (set against an attack, perhaps) or a filter.

## References
- RFC 5635 (remotely triggered black hole filtering)
- RFC 7999 (the BLACKHOLE community)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.breaks import (
    Break,
    DeadHost,
    HostAnswers,
    Silence,
    Untold,
    Ways,
    Works,
    break_of,
)
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
class NothingVanishes(OfAddresses):
    code: ClassVar[str] = "nothing-vanishes"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return f"packets get to {self.subject} and back"


@finding_kind
class BlackHole(OfAddresses):
    """`last` are the last routers that answer, at the hops `ttls`; `after` says behind what
    packets vanish, with the next router where it is known."""

    code: ClassVar[str] = "black-hole"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    pooled: ClassVar[frozenset[str]] = frozenset({"addresses", "last", "ttls", "after"})
    last: tuple[Place, ...]
    ttls: tuple[int, ...]
    after: tuple[Place, ...]
    hidden: bool

    @property
    def kin(self) -> tuple[object, ...]:
        return self.last[0].network, self.owner

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def owner(self) -> Owner:
        return self.after[0].owner

    @property
    def where(self) -> str:
        return listed(str(place) for place in self.after)

    @property
    def message(self) -> str:
        hops = listed(str(ttl) for ttl in self.ttls)
        return (
            f"everything sent to {self.subject} vanishes behind hop {hops}, {self.where}: no "
            "router after it answers and neither does the host, on any port, to echo or over UDP, "
            "while other destinations answer from here"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Ask the network behind {self.where} for a null route or filter for {self.subject}; "
            "an attack on the address may be why it was set."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Packets to your server are lost in a network on the way before they reach it. There "
            "is nothing for you to change."
        )


@finding_kind
class VanishingNotSeen(OfAddresses):
    code: ClassVar[str] = "vanishing-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return f"the way to {self.subject} shows no black hole: {self.why}"


async def gather(net: Asker, brief: Brief) -> Ways:
    """Every address with what is known of the way to it."""
    return await ways_of(net, brief)


def judge(ways: Ways) -> Iterable[Finding]:
    """One verdict on every address."""
    if ways.known.missing:
        yield Skipped(subject="black hole", missing=ways.known.missing)
        return
    yield from folded(judge_way(ways, reach) for reach in ways.known.reaches)


def judge_way(ways: Ways, reach: Reach) -> Foldable:
    """The verdict on the way to one address."""
    about = (reach.address,)
    broken = break_of(ways, reach)
    match broken:
        case Works(evidence=evidence) | HostAnswers(evidence=evidence):
            return NothingVanishes(addresses=about, evidence=evidence)
        case Silence(evidence=evidence, last=last, ttl=ttl, after=after):
            return BlackHole(
                addresses=about,
                evidence=evidence,
                last=(last,),
                ttls=(ttl,),
                after=(after,),
                hidden=ways.works_elsewhere(reach),
            )
        case _:
            return VanishingNotSeen(addresses=about, evidence=broken.evidence, why=_why(broken))


def _why(broken: Break) -> str:
    match broken:
        case Untold(why=why):
            return why
        case DeadHost():
            return "the host's own network is reached"
        case _:
            return "routers on it report errors, so packets do not vanish silently"


CHECK = Check(
    id="black-hole",
    title="Packets vanish on the way",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NothingVanishes, BlackHole, VanishingNotSeen, Skipped),
    doc=__doc__ or "",
)
