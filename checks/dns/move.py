"""What a planned delegation changes, compared with the one that is in force.

## What it does
Where a delegation is planned (`netdiag dns --ns …`): asks the servers in force and the planned ones
for the records that a site and its mail live on, and adds up how long caches may keep the old ones.

## Why is this bad?
On the day of a move, what the new servers lack is gone: mail is lost where the MX is missing, and a
site where its address is. Caches go on using the old servers until the delegation's TTL ends.

## How it decides
For each name and type; the planned servers are asked as well as those in force.

| in force          | planned           | judgement              |
|-------------------|-------------------|------------------------|
| some records      | the same records  | move-keeps-records     |
| some records      | none              | record-lost-by-move    |
| some records      | other records     | record-changed-by-move |
| none              | some records      | record-changed-by-move |
| some records      | no answer         | move-not-compared      |
| no answer         | some records      | move-not-compared      |

That a record changes is what many moves are for: a notice. That one is lost breaks what used it.

## What to do
Add what is lost to the planned servers. Lower the TTLs at the present ones first, and keep those
running until the longest of the old TTLs has passed after the change.

## References
- RFC 1034, section 4.2.2 (the administration of a delegation)
- RFC 9199, section 3.3 (TTLs of a delegation at parent and child)
- RFC 2181, section 5.4.1 (whose NS set a cache keeps)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts.iterate import shown
from checks.facts.zone import Zone, zone_of
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
from netdiag.outcomes import DnsReply, ResourceRecord
from netdiag.requests import DnsQuery

ASKED = (
    ("", "A"),
    ("", "AAAA"),
    ("", "MX"),
    ("", "TXT"),
    ("", "CAA"),
    ("www.", "A"),
    ("www.", "AAAA"),
    ("www.", "CNAME"),
    ("mail.", "A"),
    ("mail.", "AAAA"),
    ("_dmarc.", "TXT"),
    ("autodiscover.", "CNAME"),
)
"""What a small company's site and mail live on: labels before the zone's name, and types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One name and type: the records of both sides, None where no answer came."""

    name: str
    rtype: str
    now: tuple[str, ...] | None
    then: tuple[str, ...] | None
    ttl: int
    evidence: tuple[ObservationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`missing` says why there is nothing to compare. TTLs are seconds."""

    subject: str
    missing: str = ""
    all: tuple[Compared, ...] = ()
    parent_ttl: int | None = None
    zone_ttl: int | None = None
    evidence: tuple[ObservationId, ...] = ()


@finding_kind
class MoveKeepsRecords(Finding):
    """`wait` is the time in seconds for which caches may go on using the servers in force."""

    code: ClassVar[str] = "move-keeps-records"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    kept: tuple[str, ...]
    parent_ttl: int | None
    zone_ttl: int | None
    longest: int

    @property
    def message(self) -> str:
        kept = ", ".join(self.kept) or "none of those compared"
        told = {"parent": self.parent_ttl, "zone": self.zone_ttl}
        ttls = ", ".join(f"{where} {ttl} s" for where, ttl in told.items() if ttl is not None)
        wait = in_words(max(self.parent_ttl or 0, self.zone_ttl or 0))
        return (
            f"records that stay the same with the planned servers of {self.subject}: {kept}; "
            f"caches may use the present servers for up to {wait} after the change (TTL of the NS "
            f"records: {ttls or 'not seen'}), and what those say for {in_words(self.longest)} more"
        )


@finding_kind
class _OfMove(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    rtype: str
    now: tuple[str, ...]


@finding_kind
class RecordLostByMove(_OfMove):
    code: ClassVar[str] = "record-lost-by-move"
    usual_severity: ClassVar[Severity] = Severity.WARNING

    @property
    def message(self) -> str:
        return (
            f"the planned servers answer and have no {self.rtype} record for {self.subject}, for "
            f"which the servers in force give {', '.join(self.now)}"
        )

    @property
    def for_agent(self) -> str:
        return "Add the record to the zone at the planned servers before the delegation changes."

    @property
    def for_customer(self) -> str:
        return (
            "An entry of your domain is missing at its future name servers. What uses it, for "
            "example your mail, would stop working after the move. Have it added first."
        )


@finding_kind
class RecordChangedByMove(_OfMove):
    code: ClassVar[str] = "record-changed-by-move"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    then: tuple[str, ...]

    @property
    def message(self) -> str:
        now = ", ".join(self.now) or "nothing"
        return (
            f"{self.rtype} of {self.subject} changes with the move: from {now} to "
            f"{', '.join(self.then)}"
        )

    @property
    def for_agent(self) -> str:
        return "Make sure that the change is meant: a moved site changes its addresses, for one."

    @property
    def for_customer(self) -> str:
        return "An entry of your domain changes with the move. Please check that this is intended."


@finding_kind
class MoveNotCompared(Finding):
    code: ClassVar[str] = "move-not-compared"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    records: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"what a move does to {', '.join(self.records)} cannot be told: not both the servers "
            "in force and the planned ones answer"
        )


def in_words(seconds: int) -> str:
    """A time in the largest unit that gives a whole number."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"


async def gather(net: Asker, brief: Brief) -> Facts:
    """Both delegations of the zone, and both sides' records."""
    if brief.proposed is None:
        return Facts(subject=shown(brief.target.name or "."), missing="no delegation is planned")
    name = brief.proposed.zone
    live, planned = await asyncio.gather(
        zone_of(net, replace(brief, proposed=None), name), zone_of(net, brief, name)
    )
    if live.missing or live.apex != name:
        missing = "the zone is not delegated today, so that nothing changes"
        return Facts(subject=shown(name), missing=missing)
    compared = await asyncio.gather(
        *(_compare(net, live, planned, label + name, rtype) for label, rtype in ASKED)
    )
    return Facts(
        subject=shown(name),
        all=tuple(compared),
        parent_ttl=live.cut.ttl if live.cut else None,
        zone_ttl=_ns_ttl(live),
        evidence=(live.cut.evidence if live.cut else ()),
    )


async def _compare(net: Asker, live: Zone, planned: Zone, name: str, rtype: str) -> Compared:
    now, then = await asyncio.gather(_ask(net, live, name, rtype), _ask(net, planned, name, rtype))
    records = [r for r in _answers(now) or () if r.rtype == rtype]
    return Compared(
        name=shown(name),
        rtype=rtype,
        now=_data(now, rtype),
        then=_data(then, rtype),
        ttl=max((record.ttl for record in records), default=0),
        evidence=tuple(seen.id for seen in (now, then) if seen),
    )


async def _ask(net: Asker, zone: Zone, name: str, rtype: str) -> Observation | None:
    """The answer of the first server of the delegation that serves the zone."""
    server = next((one for one in zone.serving if one.delegated), None)
    if server is None:
        return None
    return await net.ask(DnsQuery(server=server.server.address, name=name, rtype=rtype))


def _answers(seen: Observation | None) -> tuple[ResourceRecord, ...] | None:
    match seen and seen.outcome:
        case DnsReply(authoritative=True, rcode="NOERROR" | "NXDOMAIN", answer=answer):
            return answer
        case _:
            return None


def _data(seen: Observation | None, rtype: str) -> tuple[str, ...] | None:
    answer = _answers(seen)
    return None if answer is None else tuple(sorted(r.data for r in answer if r.rtype == rtype))


def _ns_ttl(zone: Zone) -> int | None:
    """The TTL that the zone's own servers give its NS set, the longest of them."""
    replies = (server.ns.outcome for server in zone.serving)
    ttls = [
        record.ttl
        for reply in replies
        if isinstance(reply, DnsReply)
        for record in reply.answer
        if (record.name, record.rtype) == (zone.apex, "NS")
    ]
    return max(ttls, default=None)


def judge(facts: Facts) -> Iterable[Finding]:
    """A finding for each record that is lost or changes, one for all that stay."""
    if facts.missing:
        yield Skipped(subject=facts.subject, missing=facts.missing)
        return
    kept: list[Compared] = []
    unseen: list[Compared] = []
    for one in facts.all:
        if one.now is None or one.then is None:
            unseen.append(one)
        elif one.now == one.then:
            kept.append(one)
        else:
            yield _changed(one, one.now, one.then)
    if unseen:
        yield MoveNotCompared(
            subject=facts.subject,
            evidence=tuple(n for one in unseen for n in one.evidence) or facts.evidence,
            records=tuple(f"{one.name} {one.rtype}" for one in unseen),
        )
    if kept:
        yield MoveKeepsRecords(
            subject=facts.subject,
            evidence=(*facts.evidence, *(n for one in kept for n in one.evidence)),
            kept=tuple(f"{one.name} {one.rtype}" for one in kept if one.now),
            parent_ttl=facts.parent_ttl,
            zone_ttl=facts.zone_ttl,
            longest=max(one.ttl for one in facts.all),
        )


def _changed(one: Compared, now: tuple[str, ...], then: tuple[str, ...]) -> Finding:
    if not then:
        return RecordLostByMove(subject=one.name, evidence=one.evidence, rtype=one.rtype, now=now)
    return RecordChangedByMove(
        subject=one.name, evidence=one.evidence, rtype=one.rtype, now=now, then=then
    )


CHECK = Check(
    id="move",
    title="What a planned delegation changes",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        MoveKeepsRecords,
        RecordLostByMove,
        RecordChangedByMove,
        MoveNotCompared,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
