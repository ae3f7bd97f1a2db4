"""The way back from the target is as long as the way there.

## What it does
Follows the path to every address that works, and counts the routers that each answer crossed on its
way back, by the TTL with which it arrives.

## Why is this bad?
It is not: on the Internet most ways differ there and back. But loss, delay and limits of packet
size may then sit on the way back, where no path that is followed from here shows them, and a round
trip that grows at a hop may have grown behind it.

## How it decides
| the answers of the last hops              | judgement         |
|-------------------------------------------|-------------------|
| cross as many routers as the way there    | way-back-as-long  |
| cross more, from some hop on              | asymmetric-path   |
| cross fewer, from some hop on             | asymmetric-path   |
| cross as many, and some before them more  | way-back-as-long  |
| their TTLs are not seen                   | way-back-not-seen |

An answer crossed its initial TTL (64, 128 or 255) less its arrival TTL. Routers in a tunnel may
send their answers to its end first (RFC 3032, section 2.3.2), so that only what holds up to the
last answer counts. Ways of one length may still be different ways.

## What to do
Nothing. Where something is lost or slow, have the path followed from the other end too.

## References
- RFC 1812, section 4.2.2.9 (TTL); Paxson, End-to-end routing behavior in the Internet, 1996
- RFC 3032, section 2.3.2 (ICMP errors of routers inside a tunnel of labels)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import Foldable, OfAddresses, folded
from checks.facts.ownership import Place, place_of
from checks.facts.path import Hop, Path, path_to
from checks.facts.reach import Reaches, connects, routers_crossed
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Skipped, finding_kind
from netdiag.network import Asker


@finding_kind
class WayBackAsLong(OfAddresses):
    code: ClassVar[str] = "way-back-as-long"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return f"answers of {self.subject} cross as many routers as there are on the way there"


@finding_kind
class AsymmetricPath(OfAddresses):
    """From hop `ttl` on, at `place`, answers cross `more` routers more than there are on the way
    there, fewer where it is negative."""

    code: ClassVar[str] = "asymmetric-path"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING
    ttl: int
    place: Place
    more: int

    @property
    def message(self) -> str:
        number, word = abs(self.more), "more" if self.more > 0 else "fewer"
        routers = f"{number} router{'s' if number > 1 else ''} {word}"
        return (
            f"from hop {self.ttl}, {self.place}, on, answers on the way to {self.subject} come "
            f"back over {routers} than there are on the way there: they take another way back, "
            "which is usual and no fault"
        )


@finding_kind
class WayBackNotSeen(OfAddresses):
    code: ClassVar[str] = "way-back-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return (
            f"how long the way back from {self.subject} is cannot be told: the TTL with which "
            "answers arrive is not seen"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    known: Reaches
    paths: tuple[Path, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """The path to every address that works."""
    known = await connects(net, brief)
    working = [reach.address for reach in known.reaches if reach.works]
    paths = await asyncio.gather(*(path_to(net, address) for address in working))
    return Facts(brief=brief, known=known, paths=tuple(paths))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every path."""
    if not facts.paths:
        missing = facts.known.missing or "no asked port accepts connections"
        yield Skipped(subject="way back", missing=missing)
        return
    yield from folded(judge_path(facts.brief, path) for path in facts.paths)


def judge_path(brief: Brief, path: Path) -> Foldable:
    """The verdict on one path."""
    about = (path.address,)
    told = [hop for hop in path.hops if hop.sender and hop.return_ttl]
    evidence = tuple(number for hop in told for number in hop.evidence)
    if not told:
        return WayBackNotSeen(addresses=about, evidence=path.evidence)
    if not _more(told[-1]):
        return WayBackAsLong(addresses=about, evidence=evidence)
    first = told[-1]
    for hop in reversed(told):
        if not _more(hop):
            break
        first = hop
    place = place_of(brief, first.sender or "", path.address, path)
    return AsymmetricPath(
        addresses=about, evidence=evidence, ttl=first.ttl, place=place, more=_more(told[-1])
    )


def _more(hop: Hop) -> int:
    """Routers that the answer of `hop` crossed, less those before it on the way there."""
    return routers_crossed(hop.return_ttl or 0) - (hop.ttl - 1)


CHECK = Check(
    id="way-back",
    title="The way back is as long as the way there",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(WayBackAsLong, AsymmetricPath, WayBackNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
