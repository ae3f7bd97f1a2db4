"""The zone's servers recurse for nobody, refer nobody upwards and drop no type.

## What it does
Asks every server that answers for a name that cannot exist (below `invalid.`) with recursion
desired, for the root's name servers, and for records of the zone's name of the types A, AAAA,
HTTPS, CAA and one that nobody has defined.

## Why is this bad?
A server that recurses for everybody is used for attacks on others, and may give what it has cached
as if it were the zone. A referral to the root helps nobody. Where questions of a type are dropped,
visitors wait for an answer that never comes: browsers ask for AAAA and HTTPS with every name, and a
CA that gets no answer for CAA issues no certificate.

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
| AAAA                 | none, while A is answered           | type-not-handled      |
| AAAA                 | an error, while A is answered       | type-not-handled      |
| AAAA                 | answered, as A                      | server-conduct-fine   |
| AAAA                 | none, nor A                         | server-conduct-not-seen |
| AAAA                 | a record that is no IPv6 address    | address-record-malformed |
| HTTPS                | none, while A is answered           | type-not-handled      |
| CAA                  | an error, while A is answered       | type-not-handled      |
| unknown type         | none, while A is answered           | type-not-handled      |
| A                    | an error, while the zone is served  | type-not-handled      |

Only answers count: silence to a question that a server may leave unanswered is no verdict. The root
zone's own servers are not asked for referrals. An alias counts as an answer.

## What to do
Switch recursion off for strangers and the root's list of servers in answers; update the server, or
the firewall before it that drops what it does not know.

## References
- RFC 5358 (open recursion)
- RFC 4074, section 4 (questions for IPv6 addresses)
- RFC 3596, section 2.2 (an IPv6 address has 16 octets)
- RFC 8906, section 8.1 (every type gets an answer, unknown ones too)
- RFC 6761, section 6.4 (invalid.)
- Zonemaster Nameserver01, Nameserver05, Nameserver07
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

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
from netdiag.outcomes import DnsReply, Failed
from netdiag.requests import DnsQuery

NOWHERE = "netdiag.invalid."
GENERIC = "\\# "
"""How data begins that its type's decoder refuses (RFC 3597, section 5)."""

UNKNOWN_TYPE = "TYPE1000"
"""One that nobody has defined (RFC 8906, section 8.1.2)."""

RECURSION, REFERRAL, ADDRESSES, TYPES = "recursion", "referral", "addresses", "types"
RTYPES = {ADDRESSES: ("AAAA",), TYPES: ("HTTPS", "CAA", UNKNOWN_TYPE)}
"""Beside A, the control: what resolvers, browsers and CAs ask for, and what nobody knows."""

EVERY = tuple(rtype for rtypes in RTYPES.values() for rtype in rtypes)
FINE = {
    RECURSION: "zonemaster:NO_RECURSOR",
    REFERRAL: "zonemaster:NO_UPWARD_REFERRAL",
    ADDRESSES: "zonemaster:AAAA_WELL_PROCESSED",
}
WORDS = {
    RECURSION: "offers no recursion",
    REFERRAL: "does not refer to the root",
    ADDRESSES: "answers questions for IPv6 addresses",
    TYPES: f"answers questions of the types {', '.join(RTYPES[TYPES])}",
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
        return (FINE[self.about],) if self.complete and self.about in FINE else ()

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
    """`error` is what questions of type `rtype` get; empty where they get no answer."""

    code: ClassVar[str] = "type-not-handled"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:AAAA_QUERY_DROPPED",
        "zonemaster:AAAA_UNEXPECTED_RCODE",
        "zonemaster:A_UNEXPECTED_RCODE",
    )
    rtype: str
    error: str

    @property
    def equivalents(self) -> tuple[str, ...]:
        tag = f"{self.rtype}_UNEXPECTED_RCODE" if self.error else f"{self.rtype}_QUERY_DROPPED"
        return tuple(name for name in self.known_as if name == f"zonemaster:{tag}")

    @property
    def message(self) -> str:
        what = f"get {self.error} from" if self.error else "are left unanswered by"
        control = (
            "serve the zone" if self.rtype == "A" else "answer the same question for A records"
        )
        return (
            f"questions for {self.rtype} records {what} {self.which}, which {control}: "
            f"{', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server updated, or the firewall before it made to let all types pass."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not answer when it is asked for some kinds of "
            "records, so some visitors wait long. Its operator has to repair that."
        )


@finding_kind
class AddressRecordMalformed(_Conduct):
    code: ClassVar[str] = "address-record-malformed"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:AAAA_BAD_RDATA",)

    @property
    def message(self) -> str:
        return f"{self.which} give AAAA records that are no IPv6 address: {', '.join(self.servers)}"

    @property
    def for_agent(self) -> str:
        return "Have the AAAA record repaired in the zone, or the server that garbles it updated."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers gives an address that is none, so some visitors do "
            "not get to you. Its operator has to repair that."
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
            "left the question, or another one of its kind, without a proper answer"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`replies` has for each server that answers: recursion, the root, A, and each of `EVERY`."""

    zone: Zone
    replies: tuple[tuple[Observation, ...], ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The replies of every server that answers."""
    zone = await target_zone(net, brief)
    questions = (
        DnsQuery(server="", name=NOWHERE, rtype="A", recursion_desired=True),
        DnsQuery(server="", name=".", rtype="NS"),
        *(DnsQuery(server="", name=zone.apex, rtype=rtype) for rtype in ("A", *EVERY)),
    )
    return Facts(zone=zone, replies=await of_each(net, zone, *questions))


Verdict = tuple[str, type[Finding], str, str]
"""What was looked at, the kind of finding, and a type with the error that it gets, if any."""

Member = tuple[str, tuple[ObservationId, ...]]


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdicts on each server, equal ones together."""
    zone, servers = facts.zone, answering(facts.zone)
    if zone.missing or not servers:
        missing = zone.missing or "no server of the zone answers"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    groups: dict[Verdict, list[Member]] = {}
    for server, (stranger, root, a, *others) in zip(servers, facts.replies, strict=True):
        name = str(server.server)
        recursion = (RECURSION, of_recursion(stranger), "", "")
        groups.setdefault(recursion, []).append((name, (stranger.id,)))
        if zone.apex != ".":
            referral = (REFERRAL, of_referral(root), "", "")
            groups.setdefault(referral, []).append((name, (root.id,)))
        seen = dict(zip(EVERY, others, strict=True))
        for about, rtypes in RTYPES.items():
            for found, evidence in of_types(server, a, {r: seen[r] for r in rtypes}):
                groups.setdefault((about, *found), []).append((name, evidence))
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


TypeVerdict = tuple[type[Finding], str, str]


def of_types(
    server: ZoneServer, a: Observation, others: Mapping[str, Observation]
) -> Iterable[tuple[TypeVerdict, tuple[ObservationId, ...]]]:
    """The verdicts on these types, each with its evidence; A is the control of the others, and
    that the server serves the zone is the control of A."""
    found: dict[TypeVerdict, tuple[ObservationId, ...]] = {}
    error = a.outcome.rcode if isinstance(a.outcome, DnsReply) else ""
    if error not in {"", "NOERROR"} and server.serves and "AAAA" in others:
        found[TypeNotHandled, "A", error] = (server.best.id, a.id)
    for rtype, seen in others.items():
        if fault := _fault(rtype, a, seen):
            found[fault] = (a.id, seen.id)
    everything = (a.id, *(seen.id for seen in others.values()))
    if not found:
        heard = all(isinstance(seen.outcome, DnsReply) for seen in others.values())
        kind = ServerConductFine if heard and error == "NOERROR" else ServerConductNotSeen
        found[kind, "", ""] = everything
    return found.items()


def _fault(rtype: str, a: Observation, seen: Observation) -> TypeVerdict | None:
    match a.outcome, seen.outcome:
        case DnsReply(rcode="NOERROR"), DnsReply(rcode="NOERROR", answer=answer):
            garbled = any(r.rtype == "AAAA" and r.data.startswith(GENERIC) for r in answer)
            return (AddressRecordMalformed, "", "") if garbled else None
        case DnsReply(rcode="NOERROR"), DnsReply(rcode=error):
            return TypeNotHandled, rtype, error
        case DnsReply(rcode="NOERROR"), Failed(kind=kind) if not kind.ours:
            return TypeNotHandled, rtype, ""
    return None


def _finding(
    zone: Zone,
    count: int,
    verdict: Verdict,
    members: list[Member],
) -> Finding:
    about, kind, rtype, error = verdict
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
    common: dict[str, Any] = {
        "subject": subject,
        "evidence": evidence,
        "servers": servers,
        "count": count,
    }
    if kind is TypeNotHandled:
        return TypeNotHandled(**common, rtype=rtype, error=error)
    return kind(**common)


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
        AddressRecordMalformed,
        ServerConductNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
