"""The servers of a zone give the same mail hosts, and a null MX stands alone.

## What it does
Asks every server that serves the zone for its MX records, and compares what they give. Whether
the listed hosts have addresses is the matter of the check `mail-exchangers`.

## Why is this bad?
Mail goes to one host or another, or waits, depending on the server that the sender's resolver asks.
A null MX says that no mail is taken; beside other records nobody can rely on it.

## How it decides
| the servers                      | MX records           | judgement             |
|----------------------------------|----------------------|-----------------------|
| all answer                       | the same             | mail-records-agree    |
| all answer                       | none at any          | mail-records-agree    |
| all answer                       | some, for a registry's zone | mail-for-a-registry |
| all answer                       | others at one        | mail-records-differ   |
| all answer                       | none at one          | mail-records-differ   |
| all answer                       | null MX and another  | null-mx-misused       |
| all answer                       | null MX, preference 5 | null-mx-misused      |
| one leaves the question          | the same             | mail-record-not-given |
| one gives an error               | the same             | mail-record-not-given |
| one answers without authority    | the same             | mail-record-not-given |
| one was not asked to the end     | the same             | mail-records-not-seen |

A server leaves the question unanswered where it answers others, so that it is not down.

## What to do
Bring the servers in line; take the null MX away where mail is wanted, or all other MX records where
it is not, and write it with the preference 0.

## References
- RFC 5321, section 5.1 (MX records)
- RFC 7085 (dotless domains)
- RFC 7505, section 3 (the null MX stands alone)
- Zonemaster Zone09
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import ClassVar

from checks.facts.each import answering, of_each
from checks.facts.iterate import below, shown
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
from netdiag.requests import DnsQuery


class Miss(enum.Enum):
    """How the question goes wrong: the tag of Zonemaster, and in words."""

    SILENT = ("Z09_NO_RESPONSE_MX_QUERY", "leave the question unanswered")
    ERROR = ("Z09_UNEXPECTED_RCODE_MX", "answer with an error")
    NO_AUTHORITY = ("Z09_NON_AUTH_MX_RESPONSE", "answer without authority")

    @property
    def tag(self) -> str:
        return f"zonemaster:{self.value[0]}"

    @property
    def words(self) -> str:
        return self.value[1]


Mx = tuple[int, str]
"""Preference and host."""

Records = frozenset[Mx]


@finding_kind
class MailRecordsAgree(Finding):
    """`hosts` are empty where the zone has no MX record, which is `expected` of some zones."""

    code: ClassVar[str] = "mail-records-agree"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:Z09_MX_DATA",
        "zonemaster:Z09_MISSING_MAIL_TARGET",
    )
    hosts: tuple[str, ...]
    count: int
    expected: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        if not self.hosts:
            return () if self.expected else self.known_as[1:]
        return self.known_as[:1] if names_hosts(self.hosts) else ()

    @property
    def message(self) -> str:
        hosts = ", ".join(self.hosts) or "none"
        return f"{self.count} servers of {self.subject} give the same MX records: {hosts}"


@finding_kind
class _Mail(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR


@finding_kind
class MailRecordsDiffer(_Mail):
    """`groups` pairs what is given with the servers that give it; an empty one gives none."""

    code: ClassVar[str] = "mail-records-differ"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:Z09_INCONSISTENT_MX",
        "zonemaster:Z09_MX_FOUND",
        "zonemaster:Z09_NO_MX_FOUND",
        "zonemaster:Z09_INCONSISTENT_MX_DATA",
        "zonemaster:Z09_MX_DATA",
    )
    groups: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        given = [hosts for hosts, _ in self.groups if hosts]
        some = self.known_as[:3] if len(given) < len(self.groups) else ()
        if len(given) > 1:
            return (*some, *self.known_as[3:])
        return (*some, *(self.known_as[4:] if all(map(names_hosts, given)) else ()))

    @property
    def message(self) -> str:
        groups = "; ".join(
            f"{', '.join(hosts) or 'none'} at {', '.join(servers)}"
            for hosts, servers in self.groups
        )
        return f"the servers of {self.subject} give different MX records: {groups}"

    @property
    def for_agent(self) -> str:
        return "Find out which records are right, and why the other servers do not have them."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers do not agree where your mail goes, so some of it may get "
            "lost. Their operator has to bring them in line."
        )


@finding_kind
class MailForRegistry(_Mail):
    """`hosts` take the mail of a top-level domain."""

    code: ClassVar[str] = "mail-for-a-registry"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:Z09_TLD_EMAIL_DOMAIN",)
    hosts: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.subject} names mail hosts ({', '.join(self.hosts)}); addresses without a dot "
            "after their at sign are not accepted by most mail servers"
        )

    @property
    def for_agent(self) -> str:
        return "Have the MX records of the zone deleted, unless they are meant so."

    @property
    def for_customer(self) -> str:
        return "Mail addresses directly under a top-level domain do not work for most people."


@finding_kind
class NullMxMisused(_Mail):
    """`beside` where other MX records are given with it; `weighted` where its preference is not 0.
    It is `alike` where all servers that give MX records give the same."""

    code: ClassVar[str] = "null-mx-misused"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:Z09_NULL_MX_WITH_OTHER_MX",
        "zonemaster:Z09_NULL_MX_NON_ZERO_PREF",
    )
    beside: bool
    weighted: bool
    alike: bool
    servers: tuple[str, ...]

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.beside else Severity.NOTICE

    @property
    def equivalents(self) -> tuple[str, ...]:
        said = zip(self.known_as, (self.beside, self.weighted), strict=True)
        return tuple(tag for tag, holds in said if holds and self.alike)

    @property
    def message(self) -> str:
        how = "beside other MX records" if self.beside else "with another preference than 0"
        return f"{self.subject} has a null MX record {how}, as {', '.join(self.servers)} say"

    @property
    def for_agent(self) -> str:
        return "Have the null MX deleted where mail is wanted, else all other MX records."

    @property
    def for_customer(self) -> str:
        return (
            "One entry says that your domain takes no mail, and another contradicts it. Please "
            "have the mail entries (MX) in your domain's DNS settings corrected."
        )


@finding_kind
class MailRecordNotGiven(_Mail):
    code: ClassVar[str] = "mail-record-not-given"
    known_as: ClassVar[tuple[str, ...]] = tuple(miss.tag for miss in Miss)
    how: Miss
    servers: tuple[str, ...]
    count: int

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (self.how.tag,)

    @property
    def message(self) -> str:
        return (
            f"asked for the MX records of {self.subject}, {len(self.servers)} of {self.count} "
            f"servers {self.how.words}: {', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone completed on the server, or the firewall before it let this pass."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not say where your mail goes, so some of it "
            "may be late. Its operator has to look after it."
        )


@finding_kind
class MailRecordsNotSeen(Finding):
    code: ClassVar[str] = "mail-records-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"the MX records of {self.subject} at {', '.join(self.servers)} are not known: it was "
            "not asked to the end"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`replies` has the MX reply of each server that answers."""

    zone: Zone
    replies: tuple[Observation, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's MX reply."""
    zone = await target_zone(net, brief)
    replies = await of_each(net, zone, DnsQuery(server="", name=zone.apex, rtype="MX"))
    return Facts(zone=zone, replies=tuple(seen for (seen,) in replies))


def judge(facts: Facts) -> Iterable[Finding]:
    """What is given and by whom, and each way in which it is not."""
    zone, servers = facts.zone, facts.zone.serving
    if zone.missing or not servers:
        missing = zone.missing or "no server serves the zone"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    told: dict[Records | Miss | None, list[tuple[str, ObservationId]]] = {}
    for server, seen in zip(answering(zone), facts.replies, strict=True):
        if not server.serves:
            continue
        member = (str(server.server), seen.id)
        told.setdefault(records_in(zone.apex, seen), []).append(member)
    given = {what: who for what, who in told.items() if isinstance(what, frozenset)}
    yield from _compared(zone, given)
    yield from _null(shown(zone.apex), given)
    for what, members in told.items():
        if not isinstance(what, frozenset):
            yield _not_given(shown(zone.apex), what, members, len(servers))


def records_in(apex: str, seen: Observation) -> Records | Miss | None:
    """The MX records given, or how the question went wrong; None where that is ours."""
    match seen.outcome:
        case DnsReply(rcode=rcode) if rcode != "NOERROR":
            return Miss.ERROR
        case DnsReply(authoritative=False):
            return Miss.NO_AUTHORITY
        case DnsReply(answer=answer):
            data = [r.data.split() for r in answer if (r.name, r.rtype) == (apex, "MX")]
            return frozenset(
                (int(words[0][:5]), words[1].lower())
                for words in data
                if len(words) == 2 and words[0].isascii() and words[0].isdecimal()
            )
        case Failed(kind=kind) if kind.ours:
            return None
        case _:
            return Miss.SILENT


Given = Mapping[Records, list[tuple[str, ObservationId]]]


def _compared(zone: Zone, given: Given) -> Iterable[Finding]:
    subject = shown(zone.apex)
    evidence = tuple(number for members in given.values() for _, number in members)
    groups = tuple(
        sorted(
            (_hosts(what), tuple(name for name, _ in members)) for what, members in given.items()
        )
    )
    registry = not zone.apex.partition(".")[2]
    if len(groups) > 1:
        yield MailRecordsDiffer(subject=subject, evidence=evidence, groups=groups)
    elif groups and registry and names_hosts(groups[0][0]):
        yield MailForRegistry(subject=subject, evidence=evidence, hosts=groups[0][0])
    elif groups:
        hosts, servers = groups[0]
        yield MailRecordsAgree(
            subject=subject,
            evidence=evidence,
            hosts=hosts,
            count=len(servers),
            expected=registry or below(zone.apex, "arpa."),
        )


def names_hosts(hosts: tuple[str, ...]) -> bool:
    """Whether MX records, as `_hosts` shows them, name hosts and nothing else."""
    return bool(hosts) and not any(host.endswith(" .") for host in hosts)


def _null(subject: str, given: Given) -> Iterable[Finding]:
    found: dict[tuple[bool, bool], list[tuple[str, ObservationId]]] = {}
    for what, members in given.items():
        nulls = {preference for preference, host in what if host == "."}
        how = bool(nulls) and len(what) > 1, bool(nulls - {0})
        if any(how):
            found.setdefault(how, []).extend(members)
    for (beside, weighted), members in found.items():
        yield NullMxMisused(
            subject=subject,
            evidence=tuple(number for _, number in members),
            beside=beside,
            weighted=weighted,
            alike=sum(bool(what) for what in given) == 1,
            servers=tuple(name for name, _ in members),
        )


def _not_given(
    subject: str, how: Miss | None, members: list[tuple[str, ObservationId]], count: int
) -> Finding:
    servers, evidence = tuple(n for n, _ in members), tuple(number for _, number in members)
    if how is None:
        return MailRecordsNotSeen(subject=subject, evidence=evidence, servers=servers)
    return MailRecordNotGiven(
        subject=subject, evidence=evidence, how=how, servers=servers, count=count
    )


def _hosts(what: Records) -> tuple[str, ...]:
    return tuple(
        f"{preference} {shown(host) if host != '.' else '.'}" for preference, host in sorted(what)
    )


CHECK = Check(
    id="mail-records",
    title="The servers of a zone give the same mail hosts",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        MailRecordsAgree,
        MailRecordsDiffer,
        MailForRegistry,
        NullMxMisused,
        MailRecordNotGiven,
        MailRecordsNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
