"""The segment size that this machine offers arrives as it was offered.

## What it does
Sends SYNs to a port that is open, as far as each router on the way and not to the host, and reads
what the routers quote of them: the largest segment that the SYN offers.

## Why is this bad?
It is not: a router before a narrow link lowers the size so that connections need no advice on
packet sizes, which is the usual cure of links that lose large packets. But UDP gets no such help,
so that a program with its own large packets may fail where the web works.

## How it decides
| the SYNs, as routers quote them        | judgement             |
|----------------------------------------|-----------------------|
| offer the same size at every hop       | segment-size-kept     |
| offer less behind some hop             | mss-clamped           |
| are quoted too short at every hop      | segment-size-not-seen |
| are quoted by one router alone         | segment-size-not-seen |

The size is changed behind the last router that quotes the former one. What happens to the size that
the host offers cannot be seen from here.

## What to do
Nothing. Where large UDP packets vanish, look at the link behind that router.

## References
- RFC 9293, section 3.7.1 (the maximum segment size option)
- RFC 1812, section 4.3.2.3 (how much of a packet a router quotes)
- Detal et al., Revealing middlebox interference with Tracebox, IMC 2013
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import Foldable, OfAddresses, folded
from checks.facts.ownership import Place, place_of
from checks.facts.path import Path, path_to
from checks.facts.reach import Reaches, connects
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Skipped, finding_kind
from netdiag.network import Asker


@finding_kind
class SegmentSizeKept(OfAddresses):
    code: ClassVar[str] = "segment-size-kept"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY
    size: int

    @property
    def message(self) -> str:
        return (
            f"no router on the way to {self.subject} lowers the segment size of {self.size} octets"
        )


@finding_kind
class MssClamped(OfAddresses):
    """The size is lowered behind `place`, the last router that quotes the former one."""

    code: ClassVar[str] = "mss-clamped"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY
    ttl: int
    place: Place
    before: int
    after: int

    @property
    def message(self) -> str:
        return (
            f"behind hop {self.ttl}, {self.place}, connections to {self.subject} are made to use "
            f"segments of {self.after} octets instead of {self.before}: that spares them a narrow "
            "link, and is no fault"
        )


@finding_kind
class SegmentSizeNotSeen(OfAddresses):
    code: ClassVar[str] = "segment-size-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return (
            f"whether segment sizes are lowered on the way to {self.subject} is not seen: routers "
            "quote too little of what they drop"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    known: Reaches
    paths: tuple[Path, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """The path over TCP to an open port of every address that has one."""
    known = await connects(net, brief)
    open_ports = [
        (reach.address, next(port.number for port in reach.asked if port.connected))
        for reach in known.reaches
        if reach.works
    ]
    paths = await asyncio.gather(*(_quoted(net, address, port) for address, port in open_ports))
    return Facts(brief=brief, known=known, paths=tuple(paths))


async def _quoted(net: Asker, address: str, port: int) -> Path:
    """SYNs that end before the host: none of them is to make a connection."""
    known = await path_to(net, address)
    end = known.reached.ttl - 1 if known.reached else known.last.ttl if known.last else 0
    if not end:
        return known
    return await path_to(net, address, protocol="tcp", port=port, longest=end)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every path."""
    if not facts.paths:
        missing = facts.known.missing or "no asked port accepts connections"
        yield Skipped(subject="segment size", missing=missing)
        return
    yield from folded(judge_path(facts.brief, path) for path in facts.paths)


def judge_path(brief: Brief, path: Path) -> Foldable:
    """The verdict on one path."""
    about = (path.address,)
    quoted = [(hop, hop.segment) for hop in path.hops if hop.segment]
    evidence = tuple(number for hop, _ in quoted for number in hop.evidence)
    if len(quoted) < 2:
        return SegmentSizeNotSeen(addresses=about, evidence=path.evidence)
    (_, before), (_, after) = quoted[0], quoted[-1]
    if after >= before:
        return SegmentSizeKept(addresses=about, evidence=evidence, size=before)
    last = next(hop for hop, size in reversed(quoted) if size > after)
    return MssClamped(
        addresses=about,
        evidence=evidence,
        ttl=last.ttl,
        place=place_of(brief, last.sender or "", path.address, path),
        before=before,
        after=after,
    )


CHECK = Check(
    id="segment-size",
    title="Segment sizes arrive as offered",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(SegmentSizeKept, MssClamped, SegmentSizeNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
