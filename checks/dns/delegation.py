"""All servers of the parent zone delegate the zone.

## What it does
Asks every server of the parent zone for the zone's NS records, and the servers above them, where
these are not the root's, whether they know the same parent.

## Why is this bad?
Resolvers ask any of the parent's servers. Where one of them does not know the delegation, the zone
does not exist for those who happen to ask it.

## How it decides
| the parent's servers                          | judgement                                |
|-----------------------------------------------|------------------------------------------|
| delegate the zone, all of them                | zone-delegated                           |
| serve the zone itself                         | zone-delegated                           |
| delegate it, and one denies it                | zone-delegated, delegation-inconsistent  |
| deny it, all of them                          | parent-zone-found                        |
| say that it is an alias                       | alias-instead-of-zone                    |
| say that it is an alias of different names    | alias-inconsistent                       |
| say that it is an alias, and one denies it    | alias-inconsistent                       |
| delegate it, and one refers to a zone between | zone-delegated, parent-zone-undetermined |
| give no usable answer                         | parent-zone-not-seen                     |

Wherever a server gives a usable answer, `parent-zone-found` names the parent besides.
A plan takes the place of the parent. That the domain is not delegated at all is
told by `name-existence`. Silence of a server is no denial.

## What to do
Have the operator of the parent zone bring its servers in line.

## References
- RFC 1034, section 4.2.1 (delegation), section 4.3.5 (all servers have the same zone)
- RFC 9499, section 7 (parent, child)
- Zonemaster Basic01
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from checks.facts.iterate import shown
from checks.facts.parent_servers import ParentReply, Parents, Says, parents_of
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


@finding_kind
class ParentZoneFound(Finding):
    code: ClassVar[str] = "parent-zone-found"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:B01_PARENT_FOUND",)
    parents: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"the parent zone of {self.subject} is {', '.join(self.parents)}"


@finding_kind
class ZoneDelegated(Finding):
    """`servers` of the parent say so, unless the delegation is only `planned`."""

    code: ClassVar[str] = "zone-delegated"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:B01_CHILD_FOUND",
        "zonemaster:B01_PARENT_DISREGARDED",
    )
    servers: tuple[str, ...]
    count: int
    planned: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.planned else self.known_as[:1]

    @property
    def message(self) -> str:
        if self.planned:
            return f"the delegation of {self.subject} is planned, so its parent was not asked"
        return (
            f"{len(self.servers)} of {self.count} servers of its parent delegate {self.subject}: "
            f"{', '.join(self.servers)}"
        )


@finding_kind
class AliasInsteadOfZone(Finding):
    code: ClassVar[str] = "alias-instead-of-zone"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:B01_CHILD_IS_ALIAS",
        "zonemaster:B01_NO_CHILD",
        "zonemaster:B02_NO_DELEGATION",
    )
    alias: str

    @property
    def message(self) -> str:
        return f"{self.subject} is no zone: its parent has it as an alias of {self.alias}"


@finding_kind
class _Parent(Finding):
    """`said` pairs what the parent's servers say, in words, with those who say it."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    said: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def shown(self) -> str:
        return "; ".join(f"{', '.join(servers)} {words}" for words, servers in self.said)

    @property
    def for_agent(self) -> str:
        return "Have the operator of the parent zone bring its servers in line."

    @property
    def for_customer(self) -> str:
        return (
            "The servers of the registry above your domain do not agree on it. Your registrar can "
            "have that looked at."
        )


@finding_kind
class DelegationInconsistent(_Parent):
    code: ClassVar[str] = "delegation-inconsistent"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:B01_INCONSISTENT_DELEGATION",)

    @property
    def message(self) -> str:
        return f"not all servers of its parent delegate {self.subject}: {self.shown}"


@finding_kind
class AliasInconsistent(_Parent):
    """`delegated` where some servers delegate the zone nevertheless."""

    code: ClassVar[str] = "alias-inconsistent"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:B01_INCONSISTENT_ALIAS",
        "zonemaster:B01_CHILD_IS_ALIAS",
        "zonemaster:B01_NO_CHILD",
    )
    delegated: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as[:2] if self.delegated else self.known_as

    @property
    def message(self) -> str:
        return f"the servers of its parent disagree for what {self.subject} is: {self.shown}"


@finding_kind
class ParentZoneUndetermined(_Parent):
    code: ClassVar[str] = "parent-zone-undetermined"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:B01_PARENT_UNDETERMINED",)

    @property
    def message(self) -> str:
        return f"not everybody finds the same parent zone of {self.subject}: {self.shown}"


@finding_kind
class ParentZoneNotSeen(Finding):
    """`servers` of the zone above gave no usable answer."""

    code: ClassVar[str] = "parent-zone-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:B01_PARENT_NOT_FOUND",)
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"whether {self.subject} is delegated cannot be told: none of "
            f"{', '.join(self.servers) or 'the servers above it'} gave a usable answer"
        )


async def gather(net: Asker, brief: Brief) -> Parents | None:
    """What the servers above the zone say of it."""
    return await parents_of(net, brief)


def judge(parents: Parents | None) -> Iterable[Finding]:
    """The verdicts on what the parent's servers say."""
    if parents is None:
        yield Skipped(subject="delegation", missing="the target is an address, or nobody is asked")
        return
    subject = shown(parents.child)
    if parents.planned:
        yield ZoneDelegated(
            subject=subject,
            evidence=parents.zone.way.evidence,
            servers=(),
            count=0,
            planned=True,
        )
        return
    own = [reply for reply in parents.replies if reply.zone == parents.parent]
    told = [reply for reply in own if reply.says is not Says.NOTHING]
    if not told:
        servers = tuple(str(reply.server) for reply in own)
        yield ParentZoneNotSeen(subject=subject, evidence=_cited(own), servers=servers)
        return
    found = _parents(parents, told)
    yield ParentZoneFound(
        subject=subject,
        evidence=_cited(parents.replies),
        parents=tuple(shown(name) for name in found),
    )
    yield from _delegated(subject, own, told)
    yield from _aliased(subject, told)
    if len(found) > 1:
        apart = [r for r in parents.replies if r.zone != parents.parent or r.says is Says.REFERS]
        yield ParentZoneUndetermined(
            subject=subject, evidence=_cited(apart), said=_said([*told, *apart])
        )


def _parents(parents: Parents, told: Sequence[ParentReply]) -> tuple[str, ...]:
    """The zones that some server shows to be the parent."""
    between = [reply.other for reply in told if reply.says is Says.REFERS]
    knowing = (Says.DELEGATES, Says.DENIES, Says.ALIAS)
    above = [r.zone for r in parents.replies if r.zone != parents.parent and r.says in knowing]
    direct = [parents.parent] if any(reply.says is not Says.REFERS for reply in told) else []
    return tuple(dict.fromkeys((*direct, *between, *above)))


def _delegated(
    subject: str, own: Sequence[ParentReply], told: Sequence[ParentReply]
) -> Iterable[Finding]:
    delegating = [reply for reply in told if reply.says is Says.DELEGATES]
    denying = [reply for reply in told if reply.says is Says.DENIES]
    if delegating:
        yield ZoneDelegated(
            subject=subject,
            evidence=_cited(delegating),
            servers=tuple(str(reply.server) for reply in delegating),
            count=len(own),
            planned=False,
        )
    if delegating and denying:
        both = [*delegating, *denying]
        yield DelegationInconsistent(subject=subject, evidence=_cited(both), said=_said(both))


def _aliased(subject: str, told: Sequence[ParentReply]) -> Iterable[Finding]:
    aliases = [reply for reply in told if reply.says is Says.ALIAS]
    if not aliases:
        return
    targets = {reply.other for reply in aliases}
    if len(targets) == 1 and len(aliases) == len(told):
        yield AliasInsteadOfZone(
            subject=subject, evidence=_cited(aliases), alias=shown(targets.pop())
        )
    else:
        yield AliasInconsistent(
            subject=subject,
            evidence=_cited(told),
            said=_said(told),
            delegated=any(reply.says is Says.DELEGATES for reply in told),
        )


_WORDS = {
    Says.DELEGATES: "delegate it from {zone}",
    Says.DENIES: "deny that it is there",
    Says.ALIAS: "call it an alias of {other}",
    Says.REFERS: "refer to {other}",
}


def _said(replies: Iterable[ParentReply]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is said, in words, with the servers that say it."""
    groups: dict[str, list[str]] = {}
    for reply in replies:
        if reply.says in _WORDS:
            words = _WORDS[reply.says].format(zone=shown(reply.zone), other=shown(reply.other))
            groups.setdefault(words, []).append(str(reply.server))
    return tuple((words, tuple(dict.fromkeys(who))) for words, who in groups.items())


def _cited(replies: Iterable[ParentReply]) -> tuple[ObservationId, ...]:
    return tuple(dict.fromkeys(reply.seen.id for reply in replies))


CHECK = Check(
    id="delegation",
    title="All servers of the parent zone delegate the zone",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ParentZoneFound,
        ZoneDelegated,
        AliasInsteadOfZone,
        DelegationInconsistent,
        AliasInconsistent,
        ParentZoneUndetermined,
        ParentZoneNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
