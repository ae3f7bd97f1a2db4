"""The delegated name servers answer for the zone with authority.

## What it does
Asks every address of every name server in the delegation for the zone's SOA: over UDP with EDNS,
over UDP without EDNS where that did not succeed, and over TCP. In a full examination it asks the
servers that the zone alone names as well.

## Why is this bad?
Resolvers choose among the delegated servers. Each one that does not serve the zone costs a retry,
and the name fails outright when no other one is left.

## How it decides
For each server address; the first row that fits decides.

| reply over UDP or TCP        | the zone's other servers | judgement              |
|------------------------------|--------------------------|------------------------|
| authoritative SOA            | any                      | server-serves          |
| REFUSED                      | any                      | lame-delegation        |
| SERVFAIL                     | any                      | lame-delegation        |
| referral upwards             | any                      | lame-delegation        |
| SOA without authority        | any                      | lame-delegation        |
| authoritative, no SOA        | any                      | lame-delegation        |
| none, UDP and TCP silent     | one answers              | name-server-silent     |
| none, port unreachable       | one answers              | name-server-silent     |
| none, UDP and TCP silent     | none answers             | no-name-server-answers |
| none, for a reason of ours   | any                      | server-not-judged      |
| none, nor from anybody else  | any                      | server-not-judged      |

Silence is blamed on a server only where somebody else answers from here over the same address
family: another server of the zone, or a root server.

## What to do
Lame: load the zone on the server, or take the server out of the delegation at the registrar.
Silent: start the server or repair its network.

## References
- RFC 9499, section 7 (lame delegation)
- RFC 1912, section 2.8
- RFC 2182, section 3
- RFC 7766, section 5 (TCP)
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import ClassVar, TypedDict

from checks.facts.iterate import shown, version
from checks.facts.zone import Zone, ZoneServer, target_zone
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
from netdiag.special import special


class _About(TypedDict):
    """What every kind says: the zone, the evidence and the servers."""

    subject: str
    evidence: tuple[ObservationId, ...]
    servers: tuple[str, ...]


class Lameness(enum.Enum):
    """What a server that answers does instead of serving the zone."""

    REFUSED = "refuses queries for it"
    FAILS = "fails with an error"
    REFERS = "refers elsewhere instead of answering"
    NO_AUTHORITY = "answers without authority"
    NO_SOA = "claims authority and has no SOA record"


_BASIC = {
    Lameness.REFUSED: "zonemaster:B02_UNEXPECTED_RCODE",
    Lameness.FAILS: "zonemaster:B02_UNEXPECTED_RCODE",
    Lameness.REFERS: "zonemaster:B02_NS_NOT_AUTH",
    Lameness.NO_AUTHORITY: "zonemaster:B02_NS_NOT_AUTH",
    Lameness.NO_SOA: "zonemaster:B02_NS_BROKEN",
}
"""What Basic02 says of a server, where no other one serves the zone."""

_NOT_AUTHORITATIVE = ("zonemaster:IS_NOT_AUTHORITATIVE", "dnsviz:SERVER_NOT_AUTHORITATIVE")
_ERROR = (
    "zonemaster:IS_NOT_AUTHORITATIVE",
    "zonemaster:A_UNEXPECTED_RCODE",
    "zonemaster:NS_ERROR",
    "dnsviz:SERVER_INVALID_RESPONSE_UDP",
)
_ALIKE = {
    Lameness.REFUSED: _ERROR,
    Lameness.FAILS: _ERROR,
    Lameness.REFERS: (*_NOT_AUTHORITATIVE, "zonemaster:SOA_NOT_EXISTS", "zonemaster:NS_ERROR"),
    Lameness.NO_AUTHORITY: _NOT_AUTHORITATIVE,
    Lameness.NO_SOA: ("zonemaster:SOA_NOT_EXISTS",),
}


@finding_kind
class ServerServes(Finding):
    """`holds` are the tags of what holds for all servers of the zone that answer."""

    code: ClassVar[str] = "server-serves"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:B02_AUTH_RESPONSE_SOA",
        "zonemaster:ARE_AUTHORITATIVE",
        "zonemaster:SOA_EXISTS",
    )
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]
    holds: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (*self.known_as[:1], *self.holds)

    @property
    def message(self) -> str:
        return f"{self.subject} is served with authority by {', '.join(self.servers)}"


@finding_kind
class _ServerFails(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    servers: tuple[str, ...]
    hidden: bool
    delegated: bool = True

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def changed(self) -> str:
        """From where a server without use is to be taken out."""
        return "the delegation" if self.delegated else "the zone's NS records"


@finding_kind
class LameDelegation(_ServerFails):
    code: ClassVar[str] = "lame-delegation"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:B02_UNEXPECTED_RCODE",
        "zonemaster:B02_NS_NOT_AUTH",
        "zonemaster:B02_NS_BROKEN",
        "zonemaster:B02_NO_WORKING_NS",
        "zonemaster:IS_NOT_AUTHORITATIVE",
        "zonemaster:A_UNEXPECTED_RCODE",
        "zonemaster:NS_ERROR",
        "zonemaster:SOA_NOT_EXISTS",
        "dnsviz:SERVER_NOT_AUTHORITATIVE",
        "dnsviz:SERVER_INVALID_RESPONSE_UDP",
    )
    how: Lameness

    @property
    def equivalents(self) -> tuple[str, ...]:
        alone = () if self.hidden else ("zonemaster:B02_NO_WORKING_NS", _BASIC[self.how])
        return (*_ALIKE[self.how], *alone)

    @property
    def message(self) -> str:
        servers, each = ", ".join(self.servers), "each " if len(self.servers) > 1 else ""
        others = "other servers do serve it" if self.hidden else "no other server serves it"
        side = f"the delegation of {self.subject}" if self.delegated else f"{self.subject} itself"
        return (
            f"{side} names {servers}, which {each}{self.how.value}: the server runs and does not "
            f"have the zone; {others}"
        )

    @property
    def for_agent(self) -> str:
        return f"Load the zone on this server, or take the server out of {self.changed}."

    @property
    def for_customer(self) -> str:
        return (
            "One or more of your domain's name servers do not know your domain. The company that "
            "runs them has to set it up there, or the domain's list of name servers has to change."
        )


@finding_kind
class NameServerSilent(_ServerFails):
    """Another server answers; hidden where one serves the zone too."""

    code: ClassVar[str] = "name-server-silent"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:B02_NO_WORKING_NS",
        "zonemaster:B02_NS_NO_RESPONSE",
        "zonemaster:CN01_NO_RESPONSE_UDP",
        "zonemaster:CN02_NO_RESPONSE_TCP",
        "dnsviz:SERVER_UNRESPONSIVE_UDP",
        "dnsviz:SERVER_UNRESPONSIVE_TCP",
    )

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as[2:] if self.hidden else self.known_as

    @property
    def message(self) -> str:
        side = f"delegated for {self.subject}" if self.delegated else f"named by {self.subject}"
        return (
            f"no answer, neither over UDP nor over TCP, from {', '.join(self.servers)}, {side}, "
            "while other servers of the zone answer"
        )

    @property
    def for_agent(self) -> str:
        return f"Have the server started or its network repaired, or take it out of {self.changed}."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not answer. The others keep the domain "
            "working, but slower and without reserve. Its operator has to look after it."
        )


@finding_kind
class NoNameServerAnswers(_ServerFails):
    code: ClassVar[str] = "no-name-server-answers"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:B02_NO_WORKING_NS",
        "zonemaster:B02_NS_NO_RESPONSE",
        "zonemaster:CN01_NO_RESPONSE_UDP",
        "zonemaster:CN02_NO_RESPONSE_TCP",
        "dnsviz:SERVER_UNRESPONSIVE_UDP",
        "dnsviz:SERVER_UNRESPONSIVE_TCP",
    )

    @property
    def message(self) -> str:
        return (
            f"none of the name servers of {self.subject} answers ({', '.join(self.servers)}), "
            "neither over UDP nor over TCP, while those of its parent zone do"
        )

    @property
    def for_agent(self) -> str:
        return "Have the operator start the name servers or repair their network."

    @property
    def for_customer(self) -> str:
        return (
            "None of your domain's name servers answers, so nobody can find your site or send you "
            "mail. The company that runs them has to repair them."
        )


@finding_kind
class ServerNotJudged(Finding):
    """`why` completes "cannot be judged: …"."""

    code: ClassVar[str] = "server-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]
    why: str

    @property
    def message(self) -> str:
        servers = ", ".join(self.servers)
        return f"whether {servers} serve {self.subject} cannot be told: {self.why}"


Verdict = tuple[type[Finding], Lameness | str | None]
"""A kind of finding, with how a server is lame or why it cannot be judged."""


async def gather(net: Asker, brief: Brief) -> Zone:
    """Every server address of the target's zone with its replies."""
    return await target_zone(net, brief)


def judge(zone: Zone) -> Iterable[Finding]:
    """One verdict on every server address; equal ones are said together."""
    if zone.missing or not zone.servers:
        yield Skipped(subject=shown(zone.apex), missing=zone.missing or "no server has an address")
        return
    groups: dict[tuple[Verdict, bool], list[ZoneServer]] = {}
    for server in zone.servers:
        verdict = judged(zone, server)
        apart = server.delegated or verdict[0] is ServerServes
        groups.setdefault((verdict, apart), []).append(server)
    for ((kind, how), delegated), servers in groups.items():
        yield _finding(zone, kind, how, servers, delegated=delegated)


def judged(zone: Zone, server: ZoneServer) -> Verdict:
    """The verdict on one server."""
    family = version(server.server.address)
    if server.serves:
        return ServerServes, None
    if server.ours:
        inside = special(server.server.address)
        why = f"it has a {inside.words}" if inside else "it was not asked to the end"
        return ServerNotJudged, why
    if family in zone.unheard:
        return ServerNotJudged, f"nobody else answers over IPv{family} from here either"
    if server.answers:
        return LameDelegation, _lameness(server)
    answering = any(other.answers for other in zone.servers)
    return (NameServerSilent if answering else NoNameServerAnswers), None


def _lameness(server: ZoneServer) -> Lameness:
    match server.best.outcome:
        case DnsReply(rcode="REFUSED"):
            return Lameness.REFUSED
        case DnsReply(rcode=rcode) if rcode != "NOERROR":
            return Lameness.FAILS
        case DnsReply(authoritative=False, answer=()):
            return Lameness.REFERS
        case DnsReply(authoritative=False):
            return Lameness.NO_AUTHORITY
        case DnsReply():
            return Lameness.NO_SOA
        case other:
            raise TypeError(f"a server that answers cannot end in {other!r}")


def _finding(
    zone: Zone,
    kind: type[Finding],
    how: Lameness | str | None,
    servers: list[ZoneServer],
    *,
    delegated: bool,
) -> Finding:
    about = _About(
        subject=shown(zone.apex),
        evidence=tuple(dict.fromkeys(n for s in servers for n in _cited(s))),
        servers=tuple(str(s.server) for s in servers),
    )
    hidden = bool(zone.serving)
    if isinstance(how, Lameness):
        return LameDelegation(**about, how=how, hidden=hidden, delegated=delegated)
    if isinstance(how, str):
        return ServerNotJudged(**about, why=how)
    if kind is NameServerSilent:
        control = next(other.best.id for other in zone.servers if other.answers)
        about["evidence"] += (control,)
        return NameServerSilent(**about, hidden=hidden, delegated=delegated)
    if kind is NoNameServerAnswers:
        about["evidence"] += zone.cut.evidence if zone.cut else ()
        return NoNameServerAnswers(**about, hidden=False)
    return ServerServes(**about, holds=_holding(zone))


def _holding(zone: Zone) -> tuple[str, ...]:
    """The tags of what every reply to the SOA question is, asked without EDNS where that was."""
    over_udp = _replies(server.udp[-1] for server in zone.servers)
    over_tcp = _replies(server.tcp for server in zone.servers)
    good = [reply for reply in over_udp if reply.rcode == "NOERROR"]
    said = {
        "ARE_AUTHORITATIVE": all(reply.authoritative for reply in (*over_udp, *over_tcp)),
        "SOA_EXISTS": all(any(r.rtype == "SOA" for r in reply.answer) for reply in good),
    }
    return tuple(f"zonemaster:{tag}" for tag, holds in said.items() if holds)


def _replies(seen: Iterable[Observation]) -> list[DnsReply]:
    return [o.outcome for o in seen if isinstance(o.outcome, DnsReply)]


def _cited(server: ZoneServer) -> tuple[ObservationId, ...]:
    return (server.best.id,) if server.answers else server.evidence


CHECK = Check(
    id="name-servers",
    title="The delegated name servers serve the zone",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ServerServes,
        LameDelegation,
        NameServerSilent,
        NoNameServerAnswers,
        ServerNotJudged,
        Skipped,
    ),
    doc=__doc__ or "",
)
