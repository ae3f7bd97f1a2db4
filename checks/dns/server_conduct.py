"""The zone's servers recurse for nobody, refer nobody upwards and drop no type.

## What it does
Asks every server that answers for a name that cannot exist (below `invalid.`) with recursion
desired, for the root's name servers, and for the addresses of the zone's name in both families.

## Why is this bad?
A server that recurses for everybody is used for attacks on others, and may give what it has cached
as if it were the zone. A referral to the root helps nobody. Where a question for an IPv6 address is
dropped, visitors wait for an answer that never comes.

## How it decides
For each server and each row.

| question             | answer                              | judgement             |
|----------------------|-------------------------------------|-----------------------|
| name below invalid.  | recursion is offered                | open-recursion        |
| name below invalid.  | any, recursion is not offered       | server-conduct-fine   |
| name below invalid.  | none                                | server-conduct-not-seen |
| root's name servers  | refers to the root                  | upward-referral       |
| root's name servers  | anything else                       | server-conduct-fine   |
| root's name servers  | none                                | server-conduct-not-seen |
| IPv6 address         | none, while IPv4's is answered      | type-not-handled      |
| IPv6 address         | an error, while IPv4's is answered  | type-not-handled      |
| IPv6 address         | answered, as IPv4's                 | server-conduct-fine   |
| IPv6 address         | none, nor IPv4's                    | server-conduct-not-seen |

Only answers count: silence to a question that a server may leave unanswered is no verdict. The root
zone's own servers are not asked for referrals. An alias counts as an answer.

## What to do
Switch recursion off for strangers and the root's list of servers in answers; update the server, or
the firewall before it that drops what it does not know.

## References
- RFC 5358 (open recursion)
- RFC 4074, section 4 (questions for IPv6 addresses)
- RFC 8906, section 8.1 (every type gets an answer)
- RFC 6761, section 6.4 (invalid.)
- Zonemaster Nameserver01, Nameserver05, Nameserver07
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from checks.facts.each import answering, of_each
from checks.facts.iterate import shown
from checks.facts.zone import Zone, target_zone
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

NOWHERE = "netdiag.invalid."
RECURSION, REFERRAL, TYPES = "recursion", "referral", "types"
FINE = {
    RECURSION: "zonemaster:NO_RECURSOR",
    REFERRAL: "zonemaster:NO_UPWARD_REFERRAL",
    TYPES: "zonemaster:AAAA_WELL_PROCESSED",
}
WORDS = {
    RECURSION: "offers no recursion",
    REFERRAL: "does not refer to the root",
    TYPES: "answers questions for IPv6 addresses",
}


@finding_kind
class ServerConductFine(Finding):
    """`about` is what was looked at; `complete` where it holds for every server that answers."""

    code: ClassVar[str] = "server-conduct-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = tuple(FINE.values())
    about: str
    servers: tuple[str, ...]
    complete: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (FINE[self.about],) if self.complete else ()

    @property
    def message(self) -> str:
        servers = ", ".join(self.servers)
        return f"each of these servers of {self.subject} {WORDS[self.about]}: {servers}"


@finding_kind
class _Conduct(Finding):
    """`count` is how many servers answer at all."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    servers: tuple[str, ...]
    count: int

    @property
    def which(self) -> str:
        return f"{len(self.servers)} of {self.count} servers of {self.subject}"


@finding_kind
class OpenRecursion(_Conduct):
    code: ClassVar[str] = "open-recursion"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:IS_A_RECURSOR",)

    @property
    def message(self) -> str:
        return (
            f"{self.which} offer recursion to this machine, which is no fault only for machines of "
            f"their operator: {', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have recursion switched off, or limited to the operator's own networks."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers also works for strangers, who may misuse it. Its "
            "operator should switch that off."
        )


@finding_kind
class UpwardReferral(_Conduct):
    code: ClassVar[str] = "upward-referral"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:UPWARD_REFERRAL", "dnsviz:UPWARD_REFERRAL")

    @property
    def message(self) -> str:
        return (
            f"{self.which} refer to the root when they are asked for what they do not have: "
            f"{', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server refuse such questions; the root's list is not needed there."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers has an outdated setting. Nothing is broken by it; "
            "its operator can remove it."
        )


@finding_kind
class TypeNotHandled(_Conduct):
    """`error` is what the question for AAAA gets; empty where it gets no answer."""

    code: ClassVar[str] = "type-not-handled"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:AAAA_QUERY_DROPPED",
        "zonemaster:AAAA_UNEXPECTED_RCODE",
    )
    error: str

    @property
    def equivalents(self) -> tuple[str, ...]:
        tag = "AAAA_UNEXPECTED_RCODE" if self.error else "AAAA_QUERY_DROPPED"
        return (f"zonemaster:{tag}",)

    @property
    def message(self) -> str:
        what = f"get {self.error} from" if self.error else "are left unanswered by"
        return (
            f"questions for AAAA records {what} {self.which}, which answer the same question for A "
            f"records: {', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server updated, or the firewall before it made to let all types pass."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not answer when it is asked for today's kind "
            "of addresses, so some visitors wait long. Its operator has to repair that."
        )


@finding_kind
class ServerConductNotSeen(Finding):
    code: ClassVar[str] = "server-conduct-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    about: str
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"whether each of {', '.join(self.servers)} {WORDS[self.about]} cannot be told: it "
            "left the question unanswered"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`replies` has for each server that answers: recursion, the root, A, AAAA."""

    zone: Zone
    replies: tuple[tuple[Observation, ...], ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The four replies of every server that answers."""
    zone = await target_zone(net, brief)
    questions = (
        DnsQuery(server="", name=NOWHERE, rtype="A", recursion_desired=True),
        DnsQuery(server="", name=".", rtype="NS"),
        DnsQuery(server="", name=zone.apex, rtype="A"),
        DnsQuery(server="", name=zone.apex, rtype="AAAA"),
    )
    return Facts(zone=zone, replies=await of_each(net, zone, *questions))


Verdict = tuple[str, type[Finding], str]
"""What was looked at, the kind of finding, and the error where there is one."""


def judge(facts: Facts) -> Iterable[Finding]:
    """Three verdicts on each server, equal ones together."""
    zone, servers = facts.zone, answering(facts.zone)
    if zone.missing or not servers:
        missing = zone.missing or "no server of the zone answers"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    groups: dict[Verdict, list[tuple[str, tuple[ObservationId, ...]]]] = {}
    for server, (stranger, root, a, aaaa) in zip(servers, facts.replies, strict=True):
        name = str(server.server)
        recursion = (RECURSION, of_recursion(stranger), "")
        groups.setdefault(recursion, []).append((name, (stranger.id,)))
        if zone.apex != ".":
            referral = (REFERRAL, of_referral(root), "")
            groups.setdefault(referral, []).append((name, (root.id,)))
        kind, error = of_types(a, aaaa)
        groups.setdefault((TYPES, kind, error), []).append((name, (a.id, aaaa.id)))
    for verdict, members in groups.items():
        yield _finding(zone, len(servers), verdict, members)


def of_recursion(seen: Observation) -> type[Finding]:
    """The verdict on the answer about a name that cannot exist."""
    match seen.outcome:
        case DnsReply(recursion_available=True):
            return OpenRecursion
        case DnsReply():
            return ServerConductFine
        case _:
            return ServerConductNotSeen


def of_referral(seen: Observation) -> type[Finding]:
    """The verdict on the answer about the root."""
    match seen.outcome:
        case DnsReply(authority=authority) if any(r.rtype == "NS" for r in authority):
            return UpwardReferral
        case DnsReply():
            return ServerConductFine
        case _:
            return ServerConductNotSeen


def of_types(a: Observation, aaaa: Observation) -> tuple[type[Finding], str]:
    """The verdict on AAAA, with the error that it gets; A is the control."""
    match a.outcome, aaaa.outcome:
        case DnsReply(rcode="NOERROR"), DnsReply(rcode="NOERROR"):
            return ServerConductFine, ""
        case DnsReply(rcode="NOERROR"), DnsReply(rcode=error):
            return TypeNotHandled, error
        case DnsReply(rcode="NOERROR"), Failed(kind=kind) if not kind.ours:
            return TypeNotHandled, ""
        case _:
            return ServerConductNotSeen, ""


def _finding(
    zone: Zone,
    count: int,
    verdict: Verdict,
    members: list[tuple[str, tuple[ObservationId, ...]]],
) -> Finding:
    about, kind, error = verdict
    subject, servers = shown(zone.apex), tuple(name for name, _ in members)
    evidence = tuple(number for _, numbers in members for number in numbers)
    if kind is ServerConductFine:
        complete = len(servers) == count
        return ServerConductFine(
            subject=subject, evidence=evidence, about=about, servers=servers, complete=complete
        )
    if kind is ServerConductNotSeen:
        return ServerConductNotSeen(
            subject=subject, evidence=evidence, about=about, servers=servers
        )
    if kind is TypeNotHandled:
        return TypeNotHandled(
            subject=subject, evidence=evidence, servers=servers, count=count, error=error
        )
    fault = OpenRecursion if kind is OpenRecursion else UpwardReferral
    return fault(subject=subject, evidence=evidence, servers=servers, count=count)


CHECK = Check(
    id="server-conduct",
    title="The zone's servers recurse for nobody, refer nobody upwards and drop no type",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ServerConductFine,
        OpenRecursion,
        UpwardReferral,
        TypeNotHandled,
        ServerConductNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
