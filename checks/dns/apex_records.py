"""Each server of the zone gives its SOA and NS records, over UDP and over TCP.

## What it does
Asks every server that answers at all for the SOA and the NS records of the zone, over UDP and over
TCP: four questions a server. A question lost over UDP is asked again without EDNS.

## Why is this bad?
Resolvers learn by these two records who serves a zone and for how long to believe what it denies. A
server that gives one and not the other works for some questions and fails for others.

## How it decides
For each server and each of its four questions.

| the answer                          | same transport, other question | judgement            |
|-------------------------------------|--------------------------------|----------------------|
| the record, with authority          | any                            | apex-records-given   |
| the record, without authority       | any                            | apex-record-not-given |
| no such record                      | any                            | apex-record-not-given |
| a record of another name            | any                            | apex-record-not-given |
| an error                            | any                            | apex-record-not-given |
| none                                | answered                       | apex-record-not-given |
| none                                | none                           | apex-record-not-seen |
| none, for a reason of ours          | any                            | apex-record-not-seen |

That the other question is answered over the same transport rules out that the server or the way to
it is down: what is lost then is the type. Silence over a whole transport is the matter of
`dns-transports` and `name-servers`. Servers with addresses of a family that this run does not use
are `servers-not-asked`.

## What to do
Complete the zone on the server, or have the firewall before it let the question through.

## References
- RFC 1034, section 4.2.1 (what a zone holds at its apex)
- RFC 7766, section 5 (TCP is required)
- Zonemaster Connectivity01, Connectivity02
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from itertools import product
from typing import ClassVar

from checks.facts.each import answering, of_each
from checks.facts.iterate import ServerAddress, shown, version
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

TRANSPORTS = ("udp", "tcp")
TYPES = ("SOA", "NS")
CASES = {"udp": "CN01", "tcp": "CN02"}
FAMILIES = (4, 6)
DELEGATION: Mapping[tuple[str, str, str], tuple[str, ...]] = {
    ("NO_AUTHORITY", "SOA", "udp"): ("IS_NOT_AUTHORITATIVE",),
    ("NO_AUTHORITY", "SOA", "tcp"): ("IS_NOT_AUTHORITATIVE",),
    ("ERROR", "SOA", "udp"): ("IS_NOT_AUTHORITATIVE",),
    ("ERROR", "SOA", "tcp"): ("IS_NOT_AUTHORITATIVE",),
    ("NONE", "SOA", "udp"): ("SOA_NOT_EXISTS",),
}
"""What the failing SOA question means for the delegation, by its miss, type and transport."""


class Miss(enum.Enum):
    """How a question about the apex goes wrong: the tag of Zonemaster, and in words."""

    SILENT = ("NO_RESPONSE_{rtype}_QUERY", "leave the question unanswered")
    ERROR = ("UNEXPECTED_RCODE_{rtype}_QUERY", "answer with an error")
    NO_AUTHORITY = ("{rtype}_RECORD_NOT_AA", "answer without authority")
    NONE = ("MISSING_{rtype}_RECORD", "answer that there is none")
    OTHER_NAME = ("WRONG_{rtype}_RECORD", "answer with a record of another name")

    @property
    def words(self) -> str:
        return self.value[1]

    def tags(self, rtype: str, transport: str) -> tuple[str, ...]:
        """What Connectivity01 or 02 says, and Delegation04 and 06 of the SOA question."""
        ours = f"{CASES[transport]}_{self.value[0].format(rtype=rtype)}_{transport.upper()}"
        more = DELEGATION.get((self.name, rtype, transport), ())
        return tuple(f"zonemaster:{tag}" for tag in (ours, *more))


@finding_kind
class ApexRecordsGiven(Finding):
    code: ClassVar[str] = "apex-records-given"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    rtype: str
    transport: str
    servers: tuple[str, ...]
    count: int

    @property
    def message(self) -> str:
        return (
            f"{len(self.servers)} of {self.count} servers of {self.subject} give its {self.rtype} "
            f"record over {self.transport.upper()}: {', '.join(self.servers)}"
        )


@finding_kind
class ApexRecordNotGiven(Finding):
    """`count` is how many servers answer at all."""

    code: ClassVar[str] = "apex-record-not-given"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys(
            tag
            for miss, rtype, transport in product(Miss, TYPES, TRANSPORTS)
            for tag in miss.tags(rtype, transport)
        )
    )
    rtype: str
    transport: str
    how: Miss
    servers: tuple[str, ...]
    count: int

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.how.tags(self.rtype, self.transport)

    @property
    def message(self) -> str:
        return (
            f"asked for the {self.rtype} record of {self.subject} over {self.transport.upper()}, "
            f"{len(self.servers)} of {self.count} servers {self.how.words}: "
            f"{', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone completed on the server, or the firewall before it let this pass."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not answer every question about your domain. "
            "Its operator has to look after it."
        )


@finding_kind
class ApexRecordNotSeen(Finding):
    """`silent` where the servers left both questions unanswered over the transport."""

    code: ClassVar[str] = "apex-record-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = tuple(
        f"zonemaster:{CASES[transport]}_NO_RESPONSE_{transport.upper()}" for transport in TRANSPORTS
    )
    rtype: str
    transport: str
    servers: tuple[str, ...]
    silent: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        place = TRANSPORTS.index(self.transport)
        return self.known_as[place : place + 1] if self.silent else ()

    @property
    def message(self) -> str:
        why = "nothing at all came back over it" if self.silent else "it was not asked to the end"
        return (
            f"whether {', '.join(self.servers)} give the {self.rtype} record of {self.subject} "
            f"over {self.transport.upper()} cannot be told: {why}"
        )


@finding_kind
class ServersNotAsked(Finding):
    """`family` is the one over which this run asks nobody."""

    code: ClassVar[str] = "servers-not-asked"
    outcome: ClassVar[Outcome] = Outcome.SKIPPED
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = tuple(
        f"zonemaster:CN01_IPV{family}_DISABLED" for family in FAMILIES
    )
    family: int
    servers: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        place = FAMILIES.index(self.family)
        return self.known_as[place : place + 1]

    @property
    def message(self) -> str:
        return (
            f"name servers of {self.subject} were not asked over IPv{self.family}, which this run "
            f"does not use: {', '.join(self.servers)}"
        )


class Unseen(enum.Enum):
    """Why a question tells nothing: its transport is silent, or the failure is ours."""

    SILENT = enum.auto()
    OURS = enum.auto()


Verdict = Miss | Unseen | None
"""None where the record is given as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`replies` has each answering server's four observations, in the order of `ASKED`."""

    zone: Zone
    replies: tuple[tuple[Observation, ...], ...] = ()


ASKED = tuple(product(TRANSPORTS, TYPES))


async def gather(net: Asker, brief: Brief) -> Facts:
    """The four replies of every server that answers."""
    zone = await target_zone(net, brief)
    udp = [DnsQuery(server="", name=zone.apex, rtype=rtype) for rtype in TYPES]
    tcp = [DnsQuery(server="", name=zone.apex, rtype=rtype, transport="tcp") for rtype in TYPES]
    return Facts(zone=zone, replies=await of_each(net, zone, *udp, *tcp))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on each question, equal ones of several servers together."""
    zone, servers = facts.zone, answering(facts.zone)
    yield from _not_asked(zone)
    if zone.missing or not servers:
        missing = zone.missing or "no server of the zone answers"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    groups: dict[tuple[str, str, Verdict], list[tuple[str, ObservationId]]] = {}
    for server, replies in zip(servers, facts.replies, strict=True):
        for (transport, rtype), seen in zip(ASKED, replies, strict=True):
            verdict = judged(zone.apex, rtype, seen, _others(replies, seen))
            member = (str(server.server), seen.id)
            groups.setdefault((transport, rtype, verdict), []).append(member)
    for (transport, rtype, verdict), members in groups.items():
        yield _finding(zone, len(servers), (transport, rtype, verdict), members)


def _not_asked(zone: Zone) -> Iterable[Finding]:
    glue = [(s.name, s.address) for s in (zone.cut.glue if zone.cut else ())]
    found = [(one.name, address) for one in zone.names for address in one.addresses]
    for family in FAMILIES:
        left = sorted({pair for pair in (*glue, *found) if version(pair[1]) == family})
        if left and zone.families and family not in zone.families:
            servers = tuple(str(ServerAddress(*pair)) for pair in left)
            evidence = zone.cut.evidence if zone.cut else ()
            yield ServersNotAsked(
                subject=shown(zone.apex), evidence=evidence, family=family, servers=servers
            )


def judged(apex: str, rtype: str, seen: Observation, others: Iterable[Observation]) -> Verdict:
    """How one question went wrong, where it did."""
    match seen.outcome:
        case DnsReply(rcode=rcode) if rcode != "NOERROR":
            return Miss.ERROR
        case DnsReply(answer=answer) as reply if rtype in {r.rtype for r in answer}:
            if (apex, rtype) not in {(r.name, r.rtype) for r in answer}:
                return Miss.OTHER_NAME
            return None if reply.authoritative else Miss.NO_AUTHORITY
        case DnsReply():
            return Miss.NONE
        case Failed(kind=kind) if kind.ours:
            return Unseen.OURS
        case _:
            heard = any(isinstance(other.outcome, DnsReply) for other in others)
            return Miss.SILENT if heard else Unseen.SILENT


def _others(replies: tuple[Observation, ...], seen: Observation) -> tuple[Observation, ...]:
    """The other question's observation over the same transport: the control."""
    here = next(index for index, one in enumerate(replies) if one is seen)
    return tuple(
        one for i, one in enumerate(replies) if i != here and ASKED[i][0] == ASKED[here][0]
    )


def _finding(
    zone: Zone,
    count: int,
    about: tuple[str, str, Verdict],
    members: list[tuple[str, ObservationId]],
) -> Finding:
    transport, rtype, verdict = about
    subject, servers = shown(zone.apex), tuple(name for name, _ in members)
    evidence = tuple(number for _, number in members)
    if isinstance(verdict, Miss):
        return ApexRecordNotGiven(
            subject=subject,
            evidence=evidence,
            rtype=rtype,
            transport=transport,
            how=verdict,
            servers=servers,
            count=count,
        )
    if verdict:
        return ApexRecordNotSeen(
            subject=subject,
            evidence=evidence,
            rtype=rtype,
            transport=transport,
            servers=servers,
            silent=verdict is Unseen.SILENT,
        )
    return ApexRecordsGiven(
        subject=subject,
        evidence=evidence,
        rtype=rtype,
        transport=transport,
        servers=servers,
        count=count,
    )


CHECK = Check(
    id="apex-records",
    title="Each server gives the zone's SOA and NS records, over UDP and TCP",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(ApexRecordsGiven, ApexRecordNotGiven, ApexRecordNotSeen, ServersNotAsked, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
