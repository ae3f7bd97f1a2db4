"""Names that nobody made: whether the zone answers for them too.

## What it does
Asks the zone for a name in it that nobody would make, and for the target's own name.

## Why is this bad?
It is not: many zones have such an entry on purpose. It is said because it misleads whoever looks: a
mistyped name seems to exist, and leads to a service that knows nothing of it.

## How it decides
| a name that nobody made                   | judgement         |
|-------------------------------------------|-------------------|
| does not exist                            | no-wildcard       |
| has the target's addresses                | wildcard-answers  |
| has addresses, which are not the target's | wildcard-answers  |
| could not be looked up                    | wildcard-not-seen |

## What to do
Nothing, where it is wanted. Else replace `*` by the names that are used.

## References
- RFC 4592 (wildcards)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.domain import CERTAIN, zone_of
from checks.facts.iterate import addresses_of, shown
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Skipped, finding_kind
from netdiag.network import Asker, ObservationId

NOBODYS_LABEL = "netdiag-looks-for-a-wildcard"
"""Always the same, so that a look can be repeated."""


@finding_kind
class NoWildcard(Finding):
    code: ClassVar[str] = "no-wildcard"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"{self.subject} has no addresses for names that nobody made"


@finding_kind
class WildcardAnswers(Finding):
    code: ClassVar[str] = "wildcard-answers"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    addresses: tuple[str, ...]
    same: bool

    @property
    def message(self) -> str:
        where = ", ".join(self.addresses)
        like = ", as the target has" if self.same else ", which are not the target's"
        return f"every name in {self.subject} that nobody made leads to {where}{like}"


@finding_kind
class WildcardNotSeen(Finding):
    code: ClassVar[str] = "wildcard-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"whether {self.subject} answers for names that nobody made could not be looked up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Addresses of a name that nobody made, and of the target. `zone` is empty where none is."""

    zone: str
    nobodys: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    certain: bool = True
    evidence: tuple[ObservationId, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The addresses of both names."""
    zone, name = await zone_of(net, brief), brief.target.name
    if not zone or name is None:
        return Facts(zone="")
    nobodys, targets = await asyncio.gather(
        addresses_of(net, brief, f"{NOBODYS_LABEL}.{zone}"), addresses_of(net, brief, name)
    )
    return Facts(
        zone=zone,
        nobodys=frozenset(nobodys[0]),
        targets=frozenset(targets[0]),
        certain=CERTAIN.issuperset(nobodys[2]),
        evidence=tuple(dict.fromkeys(nobodys[1] + targets[1])),
    )


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdict on the zone."""
    subject = shown(facts.zone)
    if not facts.zone:
        yield Skipped(subject="wildcard", missing="there is no zone to ask")
    elif facts.nobodys:
        yield WildcardAnswers(
            subject=subject,
            evidence=facts.evidence,
            addresses=tuple(sorted(facts.nobodys)),
            same=facts.nobodys == facts.targets,
        )
    elif facts.certain:
        yield NoWildcard(subject=subject, evidence=facts.evidence)
    else:
        yield WildcardNotSeen(subject=subject, evidence=facts.evidence)


CHECK = Check(
    id="wildcard",
    title="Names that nobody made",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NoWildcard, WildcardAnswers, WildcardNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
