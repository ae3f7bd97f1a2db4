"""The zone's servers answer over TCP and with EDNS.

## What it does
Asks every server of the zone for the SOA over TCP, and over UDP with EDNS; where the latter does
not succeed also without EDNS.

## Why is this bad?
Answers that do not fit into one datagram come over TCP only, and resolvers ask with EDNS first. A
server that lacks one of them works for small answers and fails or slows down for others.

## How it decides
For each server address that serves the zone in at least one way.

| UDP with EDNS | UDP without EDNS | TCP     | judgement                           |
|---------------|------------------|---------|-------------------------------------|
| serves        | not asked        | serves  | transports-work                     |
| serves        | not asked        | refused | dns-tcp-refused                     |
| serves        | not asked        | silent  | dns-tcp-refused                     |
| silent        | serves           | serves  | edns-not-supported                  |
| FORMERR       | serves           | serves  | edns-not-supported                  |
| NOTIMP        | serves           | serves  | edns-not-supported                  |
| silent        | serves           | refused | edns-not-supported, dns-tcp-refused |
| FORMERR       | serves           | FORMERR | edns-not-supported                  |
| one lost      | serves           | serves  | transports-work                     |
| serves        | not asked        | not sent | transport-not-seen                 |
| serves        | not asked        | silent, as everybody's | transport-not-seen   |

Any answer over TCP shows that TCP works. That the server answers over UDP rules out that it is
down; that it answers without EDNS, and none of four questions with it, rules out loss on the way.
Where neither another server of the
zone nor a root server answers over TCP in the same address family, the fault may be this side's.

## What to do
TCP: open port 53 over TCP in the firewall and make the server listen. EDNS: update the server, or
the firewall that drops what it does not know.

## References
- RFC 7766, section 5 (TCP is required)
- RFC 6891, section 6.2.1; RFC 8906, section 8 (EDNS)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts.iterate import shown, version
from checks.facts.zone import Zone, ZoneServer, serves, target_zone
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


@finding_kind
class TransportsWork(Finding):
    code: ClassVar[str] = "transports-work"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"TCP and EDNS work at {', '.join(self.servers)}"


@finding_kind
class _Transport(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    servers: tuple[str, ...]


@finding_kind
class DnsTcpRefused(_Transport):
    code: ClassVar[str] = "dns-tcp-refused"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:CN02_NO_RESPONSE_TCP",
        "dnsviz:SERVER_UNRESPONSIVE_TCP",
    )

    @property
    def message(self) -> str:
        return (
            f"no answer over TCP for {self.subject} from {', '.join(self.servers)}, while UDP is "
            "answered there: the server is up, and its TCP port is not open to us"
        )

    @property
    def for_agent(self) -> str:
        return "Have TCP port 53 opened in the firewall and the server listen on it."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not accept the second of the two ways in "
            "which it may be asked. Large answers get lost. Its operator can change that."
        )


_TAGS = {"": "BREAKS_ON_EDNS", "FORMERR": "NO_EDNS_SUPPORT"}
"""What Zonemaster says where queries with EDNS get no answer, or just this."""


@finding_kind
class EdnsNotSupported(_Transport):
    """`answer` is what a query with EDNS gets; empty where it gets none."""

    code: ClassVar[str] = "edns-not-supported"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:BREAKS_ON_EDNS",
        "zonemaster:NO_EDNS_SUPPORT",
        "zonemaster:NS_ERROR",
        "dnsviz:ERROR_WITH_EDNS",
    )
    answer: str

    @property
    def equivalents(self) -> tuple[str, ...]:
        tag = _TAGS.get(self.answer, "NS_ERROR")
        return (f"zonemaster:{tag}", "dnsviz:ERROR_WITH_EDNS")

    @property
    def message(self) -> str:
        gets = f"are answered {self.answer}" if self.answer else "get no answer"
        return (
            f"queries with EDNS for {self.subject} {gets} at {', '.join(self.servers)}, and the "
            "same query without it is answered there, so nothing was lost on the way"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server updated, or the firewall before it made to let EDNS pass."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not understand today's form of questions. "
            "Visitors wait longer. Its operator has to update it."
        )


@finding_kind
class TransportNotSeen(Finding):
    code: ClassVar[str] = "transport-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]
    why: str

    @property
    def message(self) -> str:
        servers = ", ".join(self.servers)
        return f"whether TCP and EDNS work at {servers} cannot be told: {self.why}"


Verdict = tuple[type[Finding], str]
"""A kind of finding, and why nothing can be told where that is the verdict, or what EDNS gets."""


async def gather(net: Asker, brief: Brief) -> Zone:
    """The zone with every server's replies over each transport.

    In a full examination, which asks for the NS records over TCP anyway, an answer to that question
    counts too: what is lost then is the question, and not the transport.
    """
    zone = await target_zone(net, brief)
    if brief.depth != "thorough":
        return zone
    servers = await asyncio.gather(*(_heard(net, zone, one) for one in zone.servers))
    return replace(zone, servers=tuple(servers))


async def _heard(net: Asker, zone: Zone, server: ZoneServer) -> ZoneServer:
    if server.answers_tcp or not server.serves:
        return server
    address = server.server.address
    seen = await net.ask(DnsQuery(server=address, name=zone.apex, rtype="NS", transport="tcp"))
    return replace(server, tcp=seen) if isinstance(seen.outcome, DnsReply) else server


def judge(zone: Zone) -> Iterable[Finding]:
    """The verdicts on TCP and EDNS of the servers that serve the zone."""
    servers = zone.serving
    if zone.missing or not servers:
        yield Skipped(subject=shown(zone.apex), missing=zone.missing or "no server serves the zone")
        return
    groups: dict[Verdict, list[ZoneServer]] = {}
    for server in servers:
        for verdict in verdicts(server, zone.unheard_tcp):
            groups.setdefault(verdict, []).append(server)
    for verdict, members in groups.items():
        yield _finding(zone, verdict, members)


def verdicts(server: ZoneServer, unheard_tcp: tuple[int, ...] = ()) -> tuple[Verdict, ...]:
    """What is to be said of one server."""
    found: list[Verdict] = []
    if _fails_with_edns(server):
        found.append((EdnsNotSupported, _answer(server.soa)))
    if not any(serves(seen) for seen in server.udp):
        found.append((TransportNotSeen, "the zone was answered over TCP alone"))
    elif not server.answers_tcp:
        found.append(_without_tcp(server, unheard_tcp))
    return tuple(found) or ((TransportsWork, ""),)


def _answer(seen: Observation) -> str:
    """The error that EDNS is answered; without one the answer lacks the record or authority."""
    if not isinstance(seen.outcome, DnsReply):
        return ""
    return seen.outcome.rcode if seen.outcome.rcode != "NOERROR" else "without authority"


def _fails_with_edns(server: ZoneServer) -> bool:
    """The zone is served without EDNS only. Silence is no answer to EDNS where another question
    with EDNS got one: then packets were lost."""
    if serves(server.soa) or not server.plain or not serves(server.plain):
        return False
    others = (server.ns, server.a, server.aaaa)
    heard = any(isinstance(o.outcome, DnsReply) and _with_edns(o) for o in others)
    return isinstance(server.soa.outcome, DnsReply) or not heard


def _with_edns(seen: Observation) -> bool:
    return isinstance(seen.request, DnsQuery) and seen.request.udp_payload is not None


def _without_tcp(server: ZoneServer, unheard_tcp: tuple[int, ...]) -> Verdict:
    family = version(server.server.address)
    if isinstance(server.tcp.outcome, Failed) and server.tcp.outcome.kind.ours:
        return TransportNotSeen, "TCP was not asked to the end"
    if family in unheard_tcp:
        why = f"no name server answers over TCP and IPv{family} from here, root servers included"
        return TransportNotSeen, why
    return DnsTcpRefused, ""


def _finding(zone: Zone, verdict: Verdict, servers: list[ZoneServer]) -> Finding:
    kind, why = verdict
    subject, names = shown(zone.apex), tuple(str(server.server) for server in servers)
    evidence: tuple[ObservationId, ...] = tuple(n for s in servers for n in s.evidence)
    if kind is DnsTcpRefused:
        evidence += tuple(s.tcp.id for s in zone.servers if s.answers_tcp)
        return DnsTcpRefused(subject=subject, evidence=evidence, servers=names)
    if kind is EdnsNotSupported:
        return EdnsNotSupported(subject=subject, evidence=evidence, servers=names, answer=why)
    if kind is TransportNotSeen:
        return TransportNotSeen(subject=subject, evidence=evidence, servers=names, why=why)
    return TransportsWork(subject=subject, evidence=evidence, servers=names)


CHECK = Check(
    id="dns-transports",
    title="The zone's servers answer over TCP and with EDNS",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(TransportsWork, DnsTcpRefused, EdnsNotSupported, TransportNotSeen, Skipped),
    doc=__doc__ or "",
)
