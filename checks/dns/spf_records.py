"""The servers of a zone give the same SPF record.

## What it does
Asks every server that serves the zone for its TXT records, and compares those that are SPF. What
the record comes to is the matter of the check `mail-policy`.

## Why is this bad?
A receiver of mail gets one record or another, depending on the server that its resolver asks, so
that mail is refused today and taken tomorrow.

## How it decides
| the servers give                      | judgement             |
|---------------------------------------|-----------------------|
| the same record                       | spf-records-agree     |
| no record, all of them                | spf-records-agree     |
| different records                     | spf-records-differ    |
| a record at one, none at another      | spf-records-differ    |
| no usable answer, any of them         | spf-records-not-seen  |

## What to do
Bring the servers in line: look why one has not transferred the present zone.

## References
- RFC 7208, section 4.5 (which records are SPF)
- RFC 1034, section 4.3.5 (all servers have the same zone)
- Zonemaster Zone11
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import below, shown
from checks.facts.policies import Policies, policies_of
from checks.facts.spf import parsed
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

NULL = "v=spf1 -all"
"""The record of a domain that sends no mail."""


@finding_kind
class SpfRecordsAgree(Finding):
    """`records` are what all `count` servers give; the zone is `mailless` where nobody expects mail
    addresses directly under its name."""

    code: ClassVar[str] = "spf-records-agree"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:Z11_NO_SPF_FOUND",
        "zonemaster:Z11_NO_SPF_NON_MAIL_DOMAIN",
        "zonemaster:Z11_NULL_SPF_NON_MAIL_DOMAIN",
        "zonemaster:Z11_NON_NULL_SPF_NON_MAIL_DOMAIN",
        "zonemaster:Z11_SPF_SYNTAX_OK",
    )
    records: tuple[str, ...]
    count: int
    mailless: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        none, none_due, null_due, some_due, fine = self.known_as
        if not self.records:
            return (none_due if self.mailless else none,)
        (first, *more) = self.records
        if more or parsed(first)[1]:
            return ()
        if not self.mailless:
            return (fine,)
        return (null_due if " ".join(first.lower().split()) == NULL else some_due,)

    @property
    def message(self) -> str:
        records = "; ".join(self.records) or "none"
        return f"{self.count} servers of {self.subject} give the same SPF record: {records}"


@finding_kind
class SpfRecordsDiffer(Finding):
    """`groups` pairs what is given with the servers that give it."""

    code: ClassVar[str] = "spf-records-differ"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:Z11_INCONSISTENT_SPF_POLICIES",
        "zonemaster:Z11_DIFFERENT_SPF_POLICIES_FOUND",
    )
    groups: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def message(self) -> str:
        groups = "; ".join(
            f"{records or 'none'} at {', '.join(servers)}" for records, servers in self.groups
        )
        return f"the servers of {self.subject} give different SPF records: {groups}"

    @property
    def for_agent(self) -> str:
        return "Find out which record is right, and why the other servers do not have it."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers do not agree who may send mail for your domain, so some "
            "of it may be refused. Their operator has to bring them in line."
        )


@finding_kind
class SpfRecordsNotSeen(Finding):
    code: ClassVar[str] = "spf-records-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:Z11_UNABLE_TO_CHECK_FOR_SPF",)
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"the SPF record of {self.subject} is not known: none of {', '.join(self.servers)} "
            "gave its TXT records"
        )


async def gather(net: Asker, brief: Brief) -> Policies:
    """The SPF records of every server."""
    return await policies_of(net, brief)


def judge(facts: Policies) -> Iterable[Finding]:
    """One verdict on what the servers give."""
    zone, told = facts.zone, facts.told
    subject = shown(zone.apex)
    evidence = tuple(one.seen.id for one in facts.given)
    if zone.missing or not facts.given:
        yield Skipped(subject=subject, missing=zone.missing or "no server serves the zone")
    elif not told:
        servers = tuple(str(one.server.server) for one in facts.given)
        yield SpfRecordsNotSeen(subject=subject, evidence=evidence, servers=servers)
    elif facts.alike:
        yield SpfRecordsAgree(
            subject=subject,
            evidence=evidence,
            records=told[0].records or (),
            count=len(told),
            mailless=not zone.apex.partition(".")[2] or below(zone.apex, "arpa."),
        )
    else:
        groups: dict[str, list[str]] = {}
        for one in told:
            groups.setdefault("; ".join(one.records or ()), []).append(str(one.server.server))
        yield SpfRecordsDiffer(
            subject=subject,
            evidence=evidence,
            groups=tuple((records, tuple(who)) for records, who in sorted(groups.items())),
        )


CHECK = Check(
    id="spf-records",
    title="The servers of a zone give the same SPF record",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(SpfRecordsAgree, SpfRecordsDiffer, SpfRecordsNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
