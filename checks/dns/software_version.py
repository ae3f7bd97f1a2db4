"""The zone's servers answer questions for their software in class CH, or refuse them.

## What it does
Asks every server that answers for the texts version.bind and version.server in class CH.

## Why is this bad?
It is not: some operators tell the software, most hide it, and a support desk may want to know. A
server that answers in class IN what was asked in class CH does not look at the class at all.

## How it decides
For each server, by both names together.

| a text came | its class | anything else                | judgement              |
|-------------|-----------|------------------------------|------------------------|
| yes         | CH        | whatever                     | software-version-told  |
| empty       | CH        | whatever                     | software-version-hidden |
| yes         | IN        | whatever                     | class-not-heeded       |
| no          | -         | REFUSED                      | software-version-hidden |
| no          | -         | SERVFAIL                     | software-version-failed |
| no          | -         | nothing came                 | software-version-not-seen |

## What to do
Nothing. Where the class is not heeded, update the server.

## References
- RFC 4892 (what operators use it for)
- Zonemaster Nameserver15
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from checks.facts.each import answering, of_each
from checks.facts.iterate import shown
from checks.facts.zone import Zone, target_zone
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
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed
from netdiag.policy import VERSION_NAMES
from netdiag.requests import DnsQuery

NO_ANSWER = "no answer came"


@finding_kind
class _Software(Finding):
    """`what` the servers say of their software, or why it is not seen."""

    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]
    what: str


@finding_kind
class SoftwareVersionTold(_Software):
    code: ClassVar[str] = "software-version-told"
    outcome: ClassVar[Outcome] = Outcome.OK
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:N15_SOFTWARE_VERSION",)

    @property
    def message(self) -> str:
        return f"{', '.join(self.servers)} call their software {self.what}"


@finding_kind
class SoftwareVersionHidden(_Software):
    code: ClassVar[str] = "software-version-hidden"
    outcome: ClassVar[Outcome] = Outcome.OK
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:N15_NO_VERSION_REVEALED",)

    @property
    def message(self) -> str:
        return f"{', '.join(self.servers)} do not tell what software they run, as most do not"


@finding_kind
class SoftwareVersionFailed(_Software):
    code: ClassVar[str] = "software-version-failed"
    outcome: ClassVar[Outcome] = Outcome.OK
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:N15_ERROR_ON_VERSION_QUERY",)

    @property
    def message(self) -> str:
        return (
            f"{', '.join(self.servers)} answer SERVFAIL when asked for their software, which "
            "hurts nobody"
        )


@finding_kind
class ClassNotHeeded(_Software):
    code: ClassVar[str] = "class-not-heeded"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:N15_WRONG_CLASS",
        "dnsviz:FOREIGN_CLASS_DATA_ANSWER",
    )

    @property
    def message(self) -> str:
        return (
            f"{', '.join(self.servers)} answer a question of class CH with records of another "
            f"class: {self.what}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server updated; it seems not to look at the class of a question."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers answers a rare kind of question wrongly. Nothing is "
            "broken by it."
        )


@finding_kind
class SoftwareVersionNotSeen(_Software):
    """What may have several reasons: firewalls often drop class CH on purpose."""

    code: ClassVar[str] = "software-version-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:N15_ERROR_ON_VERSION_QUERY",)

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.what == NO_ANSWER else ()

    @property
    def message(self) -> str:
        return f"what software {', '.join(self.servers)} run is not seen: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`replies` has for each server that answers those to both names."""

    zone: Zone
    replies: tuple[tuple[Observation, ...], ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """What every server that answers says of its software."""
    zone = await target_zone(net, brief)
    questions = (DnsQuery(server="", name=n, rtype="TXT", rclass="CH") for n in VERSION_NAMES)
    return Facts(zone=zone, replies=await of_each(net, zone, *questions))


Verdict = tuple[type[_Software], str]
"""A kind of finding, and what was told, or why nothing is seen."""


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdict on each server, equal ones together."""
    zone, servers = facts.zone, answering(facts.zone)
    if zone.missing or not servers:
        missing = zone.missing or "no server of the zone answers"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    groups: dict[Verdict, list[tuple[str, tuple[ObservationId, ...]]]] = {}
    for server, seen in zip(servers, facts.replies, strict=True):
        one = (str(server.server), tuple(o.id for o in seen))
        groups.setdefault(verdict(seen), []).append(one)
    for (kind, what), members in groups.items():
        yield kind(
            subject=shown(zone.apex),
            servers=tuple(name for name, _ in members),
            evidence=tuple(n for _, numbers in members for n in numbers),
            what=what,
        )


def verdict(seen: Sequence[Observation]) -> Verdict:
    """What one server's answers to both names come to."""
    replies = [o.outcome for o in seen if isinstance(o.outcome, DnsReply)]
    texts = [(r.foreign_class, t.data) for r in replies for t in r.answer if t.rtype == "TXT"]
    told = ", ".join(dict.fromkeys(text for _, text in texts if text.strip('"')))
    if any(foreign for foreign, _ in texts):
        return ClassNotHeeded, told
    if told:
        return SoftwareVersionTold, told
    if not replies:
        cut = any(isinstance(o.outcome, Failed) and o.outcome.kind.ours for o in seen)
        return SoftwareVersionNotSeen, "it was not asked to the end" if cut else NO_ANSWER
    if any(reply.rcode == "SERVFAIL" for reply in replies):
        return SoftwareVersionFailed, ""
    return SoftwareVersionHidden, ""


CHECK = Check(
    id="software-version",
    title="The zone's servers answer questions for their software in class CH, or refuse them",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        SoftwareVersionTold,
        SoftwareVersionHidden,
        SoftwareVersionFailed,
        ClassNotHeeded,
        SoftwareVersionNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
