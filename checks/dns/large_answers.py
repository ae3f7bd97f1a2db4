"""Large answers of the zone's servers arrive over UDP.

## What it does
Asks every server that answers with EDNS for the keys and the texts of the zone, with room for 1232
octets. Where no answer comes it asks once more, with controls, with room for 512, and over TCP.

## Why is this bad?
A firewall that knows only the 512 octets of 1987, or a path that drops large packets, lets small
answers through. Resolvers then wait, and try again in smaller steps: the zone seems to be slow, or
to be there for some visitors only.

## How it decides
For each server, by its largest answer. Lost is what gets no answer twice while the usual question
gets it at once.

| room for 1232   | room for 512 | TCP        | judgement              |
|-----------------|--------------|------------|------------------------|
| 900 octets      | not asked    | not asked  | large-answers-arrive   |
| 300 octets      | not asked    | not asked  | not-checked            |
| lost            | comes        | 900 octets | large-answers-dropped  |
| lost            | comes        | 300 octets | large-answers-not-seen |
| lost            | comes        | none       | large-answers-not-seen |
| lost            | none         | 900 octets | large-answers-not-seen |
| silent          | comes        | 900 octets | large-answers-not-seen |
| not sent        | not asked    | not asked  | large-answers-not-seen |

That small answers and the same answer over TCP arrive rules out that the server has none. More room
than 1232 octets is not asked for: today's resolvers do not either (DNS flag day 2020).

## What to do
Have the firewall let DNS answers over UDP pass whatever their length, and fragments and the ICMP
errors about packet sizes with them; or have the server limit its answers to what passes.

## References
- RFC 6891, section 6.2.5 (sizes of answers)
- RFC 9715 (avoiding fragments in DNS over UDP)
- RFC 8906, section 9 (firewalls)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts.iterate import shown
from checks.facts.shapes import Probe, probe, speaking_edns
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
from netdiag.network import Asker, ObservationId
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

SMALL = 512
"""Octets that every answer over UDP may have (RFC 1035, section 4.2.1)."""


@finding_kind
class _Large(Finding):
    """`octets` of the largest answer that arrived, or did not; `count` is how many servers answer
    with EDNS."""

    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]
    count: int
    octets: int = 0


@finding_kind
class LargeAnswersArrive(_Large):
    code: ClassVar[str] = "large-answers-arrive"
    outcome: ClassVar[Outcome] = Outcome.OK

    @property
    def message(self) -> str:
        return f"an answer of {self.octets} octets arrives over UDP from {', '.join(self.servers)}"


@finding_kind
class LargeAnswersDropped(_Large):
    code: ClassVar[str] = "large-answers-dropped"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = ("dnsviz:PMTU_EXCEEDED",)

    @property
    def message(self) -> str:
        return (
            f"an answer of {self.octets} octets about {self.subject} does not arrive over UDP from "
            f"{len(self.servers)} of {self.count} servers ({', '.join(self.servers)}), and arrives "
            "over TCP; small answers arrive at once, so the servers are up and nothing is lost by "
            "chance"
        )

    @property
    def for_agent(self) -> str:
        return "Have the firewall before the server let large UDP packets from port 53 pass."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers sends long answers that get lost on the way, so "
            "some visitors wait. Its operator has to open the firewall for them."
        )


@finding_kind
class LargeAnswersNotSeen(_Large):
    code: ClassVar[str] = "large-answers-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE

    @property
    def message(self) -> str:
        return (
            f"whether large answers arrive from {', '.join(self.servers)} cannot be told: one was "
            "not answered, and nothing shows that its size is why"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`answers` has for each server that answers with EDNS those to all questions; the other shapes
    of a lost one are with less room, and over TCP."""

    zone: Zone
    answers: tuple[tuple[Probe, ...], ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The large answers of every server that answers with EDNS."""
    zone = await target_zone(net, brief)
    questions = (
        DnsQuery(server="", name=zone.apex, rtype="DNSKEY", dnssec=True),
        DnsQuery(server="", name=zone.apex, rtype="TXT"),
    )

    async def of(server: ZoneServer) -> tuple[Probe, ...]:
        return tuple(
            await asyncio.gather(
                *(probe(net, zone, server, query, *smaller(query)) for query in questions)
            )
        )

    answers = await asyncio.gather(*(of(server) for server in speaking_edns(zone)))
    return Facts(zone=zone, answers=tuple(answers))


def smaller(query: DnsQuery) -> tuple[DnsQuery, DnsQuery]:
    """The question with less room, and where size does not matter."""
    little = replace(query, udp_payload=SMALL, whole=False)
    return little, replace(query, transport="tcp")


Verdict = tuple[type[_Large], int]


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdict on each server, equal ones together."""
    zone, servers = facts.zone, speaking_edns(facts.zone)
    groups: dict[Verdict, list[tuple[str, tuple[ObservationId, ...]]]] = {}
    for server, answers in zip(servers, facts.answers, strict=True):
        if found := verdict(answers):
            evidence = (server.soa.id, *(n for one in answers for n in one.evidence))
            groups.setdefault(found, []).append((str(server.server), evidence))
    if not groups:
        missing = zone.missing or f"no answer with more than {SMALL} octets"
        yield Skipped(subject=shown(zone.apex), missing=missing)
    for (kind, octets), members in groups.items():
        yield kind(
            subject=shown(zone.apex),
            servers=tuple(name for name, _ in members),
            evidence=tuple(n for _, numbers in members for n in numbers),
            octets=octets,
            count=len(servers),
        )


def verdict(answers: tuple[Probe, ...]) -> Verdict | None:
    """What one server's answers come to; None where all of them are small."""
    if octets := max(dropped(one) for one in answers):
        return LargeAnswersDropped, octets
    if any(one.reply is None for one in answers):
        return LargeAnswersNotSeen, 0
    octets = max(arrived(one) for one in answers)
    return (LargeAnswersArrive, octets) if octets > SMALL else None


def arrived(answer: Probe) -> int:
    """Octets of what came over UDP."""
    reply = answer.reply
    return reply.size if reply and reply.transport == "udp" else 0


def dropped(answer: Probe) -> int:
    """Octets of what gets lost over UDP for its size; 0 where nothing shows that."""
    match [seen.outcome for seen in answer.others]:
        case [DnsReply(), DnsReply(size=whole)] if answer.lost and whole > SMALL:
            return whole
    return 0


CHECK = Check(
    id="large-answers",
    title="Large answers of the zone's servers arrive over UDP",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(LargeAnswersArrive, LargeAnswersDropped, LargeAnswersNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
