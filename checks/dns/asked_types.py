"""What each server of the zone gives for the record types asked for.

## What it does
Asks every server of the zone for the target's name and the types given (`netdiag dns --type MX`),
and shows what each gives.

## Why is this bad?
Resolvers ask whichever server is nearest. Where servers give different records, what visitors and
mail servers find depends on chance.

## How it decides
For each type; only servers that serve the zone count.

| the servers that answer | judgement        |
|-------------------------|------------------|
| all give the same       | records-given    |
| all give none           | records-given    |
| give different records  | records-differ   |
| none                    | records-not-seen |

The order of records does not matter, nor does the TTL.

## What to do
Look why one server has another version of the zone: its transfers, or an edit made in one place.

## References
- RFC 1034, section 3.6 (records), section 4.3.5 (zone transfers)
- RFC 2181, section 5 (a set of records is one whole)
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import ClassVar

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
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Given:
    """What the servers gave for one type: the server as shown, and its reply."""

    rtype: str
    replies: tuple[tuple[str, Observation], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`missing` says why there is nothing to show."""

    name: str
    missing: str = ""
    all: tuple[Given, ...] = ()
    evidence: tuple[ObservationId, ...] = ()


@finding_kind
class RecordsGiven(Finding):
    code: ClassVar[str] = "records-given"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    rtype: str
    records: tuple[str, ...]
    count: int

    @property
    def message(self) -> str:
        every = (
            "the one server asked gives" if self.count == 1 else f"all {self.count} servers give"
        )
        return f"{every} {_listed(self.records)} as {self.rtype} of {self.subject}"


@finding_kind
class RecordsDiffer(Finding):
    """`groups` are what is given, with the servers that give it."""

    code: ClassVar[str] = "records-differ"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    rtype: str
    groups: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    @property
    def message(self) -> str:
        said = "; ".join(
            f"{_listed(records)} from {', '.join(servers)}" for records, servers in self.groups
        )
        return f"the servers give different {self.rtype} records for {self.subject}: {said}"

    @property
    def for_agent(self) -> str:
        return "Find out which records are right, and why the other servers do not have them."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers give different answers. Their operator has to bring them "
            "in line."
        )


@finding_kind
class RecordsNotSeen(Finding):
    code: ClassVar[str] = "records-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    rtype: str

    @property
    def message(self) -> str:
        return f"no server told the {self.rtype} records of {self.subject}"


def _listed(records: Sequence[str]) -> str:
    more = len(records) - MOST_SHOWN
    shown_ = ", ".join(records[:MOST_SHOWN]) or "no record"
    return f"{shown_} and {more} more" if more > 0 else shown_


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's reply for every type asked for."""
    name = brief.target.name or "."
    if not brief.rtypes:
        return Facts(name=shown(name), missing="no record type was asked for")
    zone = await target_zone(net, brief)
    if zone.missing:
        return Facts(name=shown(name), missing=zone.missing)
    given = await asyncio.gather(*(_given(net, zone, name, rtype) for rtype in brief.rtypes))
    return Facts(name=shown(name), all=tuple(given), evidence=zone.way.evidence)


async def _given(net: Asker, zone: Zone, name: str, rtype: str) -> Given:
    servers = [server.server for server in zone.serving]
    seen = await asyncio.gather(
        *(net.ask(DnsQuery(server=s.address, name=name, rtype=rtype)) for s in servers)
    )
    return Given(rtype, tuple(zip(map(str, servers), seen, strict=True)))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every type."""
    if facts.missing:
        yield Skipped(subject=facts.name, missing=facts.missing)
        return
    for given in facts.all:
        yield judge_type(facts, given)


def judge_type(facts: Facts, given: Given) -> Finding:
    """The verdict on one type."""
    evidence = tuple(seen.id for _, seen in given.replies) or facts.evidence
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for server, seen in given.replies:
        records = _records(seen, given.rtype)
        if records is not None:
            groups[records].append(server)
    if not groups:
        return RecordsNotSeen(subject=facts.name, evidence=evidence, rtype=given.rtype)
    if len(groups) > 1:
        told = tuple((records, tuple(servers)) for records, servers in sorted(groups.items()))
        return RecordsDiffer(subject=facts.name, evidence=evidence, rtype=given.rtype, groups=told)
    ((records, servers),) = groups.items()
    return RecordsGiven(
        subject=facts.name,
        evidence=evidence,
        rtype=given.rtype,
        records=records,
        count=len(servers),
    )


def _records(seen: Observation, rtype: str) -> tuple[str, ...] | None:
    """The records of the type or the alias in their place; None where it was not answered."""
    match seen.outcome:
        case DnsReply(authoritative=True, rcode="NOERROR" | "NXDOMAIN", answer=answer):
            return tuple(
                sorted(
                    record.data if record.rtype == rtype else f"CNAME {record.data}"
                    for record in answer
                    if record.rtype in {rtype, "CNAME"}
                )
            )
        case _:
            return None


CHECK = Check(
    id="asked-types",
    title="What each server gives for the types asked for",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(RecordsGiven, RecordsDiffer, RecordsNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
