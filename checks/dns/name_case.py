"""The zone's servers keep the spelling of a question and heed it for nothing.

## What it does
Asks every server that answers with EDNS for the SOA with the name in capitals, and with every other
letter one.

## Why is this bad?
Letters mean the same in both cases. Resolvers spell names at random, so that a forged answer, which
has to guess the spelling, is thrown away: a server that changes it looks like a forger, and one
that takes the spelling for part of the name has no answer for most of its visitors.

## How it decides
For each server. "SOA" is the answer that the small letters get.

| capitals  | every other letter | spelling  | judgement           |
|-----------|--------------------|-----------|---------------------|
| SOA       | SOA                | kept      | name-case-respected |
| SOA       | SOA                | changed   | name-case-changed   |
| other SOA | SOA                | kept      | name-case-matters   |
| NXDOMAIN  | SOA                | kept      | name-case-matters   |
| NXDOMAIN  | NXDOMAIN           | kept      | name-case-matters   |
| lost      | SOA                | kept      | name-case-matters   |
| lost      | lost               | kept      | name-case-matters   |
| silent    | SOA                | kept      | name-case-not-seen  |
| silent    | silent             | kept      | name-case-not-seen  |

Lost is what gets no answer twice while the same question in small letters gets it at once. A serial
that rises meanwhile is no difference.

## What to do
Update the server, or the balancer before it that looks names up without folding their letters.

## References
- RFC 4343 (letters in names)
- RFC 5452, section 4.3 (what a forger has to guess)
- Zonemaster Nameserver08, Nameserver09
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar

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

_ZM = "zonemaster:"
KEPT, AGREED = _ZM + "QNAME_CASE_SENSITIVE", _ZM + "CASE_QUERIES_RESULTS_OK"
CHANGED, DIFFERED = _ZM + "QNAME_CASE_INSENSITIVE", _ZM + "CASE_QUERIES_RESULTS_DIFFER"
ANSWER, RCODE, SILENCE = (
    _ZM + f"CASE_QUERY_{what}" for what in ("DIFFERENT_ANSWER", "DIFFERENT_RC", "NO_ANSWER")
)


@finding_kind
class _Case(Finding):
    """`alike` is what others call just that, of `count` servers."""

    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]
    count: int
    alike: tuple[str, ...] = ()

    @property
    def which(self) -> str:
        return f"{len(self.servers)} of {self.count} servers of {self.subject}"


@finding_kind
class _Told(_Case):
    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.alike


@finding_kind
class NameCaseRespected(_Told):
    code: ClassVar[str] = "name-case-respected"
    outcome: ClassVar[Outcome] = Outcome.OK
    known_as: ClassVar[tuple[str, ...]] = (KEPT, AGREED)

    @property
    def message(self) -> str:
        return (
            f"{', '.join(self.servers)} answer alike however {self.subject} is spelled, and keep "
            "the spelling of the question"
        )


@finding_kind
class NameCaseChanged(_Told):
    code: ClassVar[str] = "name-case-changed"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = (CHANGED, AGREED, "dnsviz:CASE_NOT_PRESERVED")

    @property
    def message(self) -> str:
        return (
            f"{self.which} change large and small letters of the question in their answer, which "
            f"resolvers take for a sign of forgery: {', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server updated so that it copies the question as it came."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers alters what it is asked, so that some providers "
            "distrust its answers. Its operator should update it."
        )


@finding_kind
class NameCaseMatters(_Told):
    code: ClassVar[str] = "name-case-matters"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = (DIFFERED, RCODE, ANSWER, SILENCE, KEPT)
    gets: str

    @property
    def message(self) -> str:
        return (
            f"{self.which} answer otherwise where {self.subject} is spelled with large letters "
            f"({self.gets}), which mean the same: {', '.join(self.servers)}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server, or the balancer before it, fold large and small letters in names."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers knows your domain in small letters only. Providers "
            "that spell it otherwise for protection do not find you. Its operator must repair it."
        )


@finding_kind
class NameCaseNotSeen(_Case):
    code: ClassVar[str] = "name-case-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE

    @property
    def message(self) -> str:
        return (
            f"whether {', '.join(self.servers)} heed large letters cannot be told: no answer came, "
            "which may be chance"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`probes` has for each server that answers with EDNS its answers to both spellings."""

    zone: Zone
    probes: tuple[tuple[Probe, Probe], ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The answers to both spellings of every server that answers with EDNS."""
    zone = await target_zone(net, brief)
    large = DnsQuery(server="", name=zone.apex, rtype="SOA", case="upper")
    mixed = DnsQuery(server="", name=zone.apex, rtype="SOA", case="mixed")

    async def of(server: ZoneServer) -> tuple[Probe, Probe]:
        return await asyncio.gather(
            probe(net, zone, server, large), probe(net, zone, server, mixed)
        )

    probes = await asyncio.gather(*(of(server) for server in speaking_edns(zone)))
    return Facts(zone=zone, probes=tuple(probes))


Verdict = tuple[type[_Case], tuple[str, ...], str]
"""A kind of finding, what others call it, and what the spellings get where it matters."""


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdict on each server, equal ones together."""
    zone, servers = facts.zone, speaking_edns(facts.zone)
    if zone.missing or zone.apex == "." or not servers:
        missing = zone.missing or "no letter to spell, or no server that answers with EDNS"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    groups: dict[Verdict, list[tuple[str, tuple[ObservationId, ...]]]] = {}
    for server, probes in zip(servers, facts.probes, strict=True):
        evidence = (server.soa.id, *(n for one in probes for n in one.evidence))
        groups.setdefault(verdict(server, *probes), []).append((str(server.server), evidence))
    agreed = not any(DIFFERED in alike or kind is NameCaseNotSeen for kind, alike, _ in groups)
    for (kind, alike, gets), members in groups.items():
        common: dict[str, Any] = {
            "subject": shown(zone.apex),
            "servers": tuple(name for name, _ in members),
            "evidence": tuple(n for _, numbers in members for n in numbers),
            "count": len(servers),
            "alike": (*alike, AGREED) if agreed and AGREED in kind.known_as else alike,
        }
        yield NameCaseMatters(**common, gets=gets) if kind is NameCaseMatters else kind(**common)


def verdict(server: ZoneServer, large: Probe, mixed: Probe) -> Verdict:
    """How one server takes the two spellings; its answer to small letters is the control."""
    replies = [large.reply, mixed.reply]
    if any(one.reply is None and not one.lost for one in (large, mixed)):
        return NameCaseNotSeen, (), ""
    usual = _content(server.soa.outcome) if isinstance(server.soa.outcome, DnsReply) else None
    kept = () if any(r and not r.case_kept for r in replies) else (KEPT,)
    if all(r is not None and _content(r) == usual for r in replies):
        if kept:
            return NameCaseRespected, kept, ""
        return NameCaseChanged, (CHANGED, "dnsviz:CASE_NOT_PRESERVED"), ""
    gets = " and ".join(dict.fromkeys(_shown(r, usual) for r in replies))
    return NameCaseMatters, (*_difference(*replies), *kept), gets


Content = tuple[str, tuple[tuple[str, str, str], ...]]


def _content(reply: DnsReply) -> Content:
    """What an answer says, but for the serial, which may rise at any time."""
    records = ((r.name.lower(), r.rtype, _timeless(r.rtype, r.data.lower())) for r in reply.answer)
    return reply.rcode, tuple(sorted(records))


def _timeless(rtype: str, data: str) -> str:
    words = data.split()
    return " ".join((*words[:2], *words[3:])) if rtype == "SOA" else data


def _shown(reply: DnsReply | None, usual: Content | None) -> str:
    if reply is None:
        return "no answer"
    if reply.rcode != "NOERROR":
        return reply.rcode
    return "the same answer" if _content(reply) == usual else "another answer"


def _difference(one: DnsReply | None, other: DnsReply | None) -> tuple[str, ...]:
    """What Zonemaster calls it, which compares the two spellings and knows no small letters."""
    if one is None and other is None:
        return ()
    if one is None or other is None:
        return (DIFFERED, SILENCE)
    if one.rcode != other.rcode:
        return (DIFFERED, RCODE)
    return (DIFFERED, ANSWER) if _content(one) != _content(other) else ()


CHECK = Check(
    id="name-case",
    title="The zone's servers keep the spelling of a question and heed it for nothing",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NameCaseRespected, NameCaseChanged, NameCaseMatters, NameCaseNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
