"""The zone's servers give the whole zone to nobody who asks.

## What it does
Asks every server that answers for a transfer of the zone (AXFR), where the user says to own the
zone (`--i-own-this-zone`). It stops reading at the second record: the zone itself is not fetched.

## Why is this bad?
A list of all names tells strangers what there is to attack. The transfer of a large zone also costs
the server much more than a query.

## How it decides
For each server. The control is the zone's SOA record, asked for over TCP too.

| the transfer                       | the control   | judgement             |
|------------------------------------|---------------|-----------------------|
| begins: SOA, then another record   | not needed    | zone-transfer-open    |
| refused with an error              | not needed    | zone-transfer-refused |
| failed with SERVFAIL               | not needed    | zone-transfer-not-seen |
| answered without any record        | not needed    | zone-transfer-refused |
| connection closed or reset instead | answered      | zone-transfer-refused |
| connection closed or reset instead | not answered  | zone-transfer-not-seen |
| breaks off after the SOA           | not needed    | zone-transfer-not-seen |
| no answer                          | answered      | zone-transfer-not-seen |
| cut off by this run                | answered      | zone-transfer-not-seen |

Without the option the check does not look.

## What to do
Limit transfers to the zone's other servers, by address or better by key (TSIG).

## References
- RFC 5936, section 2.2 (the answer), section 5 (who may ask)
- RFC 9103, section 11 (privacy of a zone)
- Zonemaster Nameserver03
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.each import answering, of_each
from checks.facts.iterate import shown
from checks.facts.zone import Zone, ZoneServer, target_zone
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
from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.policy import TRANSFER
from netdiag.requests import DnsQuery

HUNG_UP = frozenset({FailureKind.CLOSED_EARLY, FailureKind.RESET, FailureKind.REFUSED})


@finding_kind
class _Transfer(Finding):
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]

    @property
    def listed(self) -> str:
        return ", ".join(self.servers)


@finding_kind
class ZoneTransferOpen(_Transfer):
    """`count` is how many servers answer at all."""

    code: ClassVar[str] = "zone-transfer-open"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:AXFR_AVAILABLE",)
    count: int

    @property
    def message(self) -> str:
        return (
            f"{len(self.servers)} of {self.count} servers began to send the whole zone "
            f"{self.subject} to this machine, which is no fault only for machines of their "
            f"operator: {self.listed}"
        )

    @property
    def for_agent(self) -> str:
        return "Have transfers limited to the zone's own servers, by address or by key (TSIG)."

    @property
    def for_customer(self) -> str:
        return (
            "A name server of your domain gives the list of all your names to everybody. Nothing "
            "fails by it, but its operator should allow that to your other name servers only."
        )


@finding_kind
class ZoneTransferRefused(_Transfer):
    code: ClassVar[str] = "zone-transfer-refused"
    outcome: ClassVar[Outcome] = Outcome.OK
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:AXFR_FAILURE",)

    @property
    def message(self) -> str:
        return f"these servers do not give the whole zone {self.subject} away: {self.listed}"


@finding_kind
class ZoneTransferNotSeen(_Transfer):
    code: ClassVar[str] = "zone-transfer-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE

    @property
    def message(self) -> str:
        return (
            f"whether they give the whole zone {self.subject} away cannot be told of these "
            f"servers, which neither began to nor refused: {self.listed}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`transfers` has one observation for each server that answers; `zone` is None where the user
    does not say to own it."""

    name: str
    zone: Zone | None = None
    transfers: tuple[Observation, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The beginning of a transfer from every server that answers."""
    name = brief.target.name or "."
    if not brief.own_zone:
        return Facts(name=name)
    zone = await target_zone(net, brief)
    if zone.missing:
        return Facts(name=name, zone=zone)
    question = DnsQuery(
        server="", name=zone.apex, rtype=TRANSFER, transport="tcp", udp_payload=None
    )
    found = await of_each(net, zone, question)
    return Facts(name=name, zone=zone, transfers=tuple(seen for (seen,) in found))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on each server, equal ones together."""
    zone = facts.zone
    if zone is None:
        missing = "only a zone's owner may ask for all of it: --i-own-this-zone says that you are"
        yield Skipped(subject=shown(facts.name), missing=missing)
        return
    servers = answering(zone)
    if zone.missing or not servers:
        missing = zone.missing or "no server of the zone answers"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    groups: dict[type[_Transfer], list[tuple[str, tuple[ObservationId, ...]]]] = {}
    for server, seen in zip(servers, facts.transfers, strict=True):
        evidence = (seen.id, server.tcp.id)
        groups.setdefault(judged(server, seen), []).append((str(server.server), evidence))
    for kind, members in groups.items():
        yield _finding(shown(zone.apex), len(servers), kind, members)


def judged(server: ZoneServer, seen: Observation) -> type[_Transfer]:
    """The verdict on what one server did; SOA over TCP is the control."""
    match seen.outcome:
        case DnsReply(answer=(soa, _)) if soa.rtype == "SOA":
            return ZoneTransferOpen
        case DnsReply(rcode="SERVFAIL"):
            return ZoneTransferNotSeen
        case DnsReply(answer=()):
            return ZoneTransferRefused
        case Failed(kind=kind) if kind in HUNG_UP and server.answers_tcp:
            return ZoneTransferRefused
        case _:
            return ZoneTransferNotSeen


def _finding(
    subject: str,
    count: int,
    kind: type[_Transfer],
    members: list[tuple[str, tuple[ObservationId, ...]]],
) -> Finding:
    servers = tuple(name for name, _ in members)
    evidence = tuple(number for _, numbers in members for number in numbers)
    if kind is ZoneTransferOpen:
        return ZoneTransferOpen(subject=subject, evidence=evidence, servers=servers, count=count)
    if kind is ZoneTransferRefused:
        return ZoneTransferRefused(subject=subject, evidence=evidence, servers=servers)
    return ZoneTransferNotSeen(subject=subject, evidence=evidence, servers=servers)


CHECK = Check(
    id="zone-transfer",
    title="The zone's servers give the whole zone to nobody who asks",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(ZoneTransferOpen, ZoneTransferRefused, ZoneTransferNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
