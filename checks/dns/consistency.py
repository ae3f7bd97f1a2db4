"""The servers of a zone give the same zone.

## What it does
Compares the SOA serials of all servers that serve the zone, and the addresses that each of them
gives for the target's name.

## Why is this bad?
Visitors get one version or another, depending on the server that their resolver happens to ask.

## How it decides
| serials   | addresses of the name | judgement        |
|-----------|-----------------------|------------------|
| equal     | equal                 | servers-agree    |
| differ    | equal                 | serial-mismatch  |
| equal     | differ                | answers-differ   |
| differ    | differ                | serial-mismatch, answers-differ |
| one only  | one only              | nothing-to-compare |

The order of addresses does not matter. Servers that answer by the visitor's place differ on
purpose; the message says so.

## What to do
Look why the secondary server does not transfer the zone (its log, the primary's notify list), or
increase the serial when the zone was changed without.

## References
- RFC 1034, section 4.3.5 (serial numbers)
- RFC 1982 (serial arithmetic)
- RFC 1996 (notify)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import shown
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
from netdiag.network import Asker, Observation
from netdiag.outcomes import DnsReply

Groups = tuple[tuple[str, tuple[str, ...]], ...]


@finding_kind
class ServersAgree(Finding):
    code: ClassVar[str] = "servers-agree"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:ONE_SOA_SERIAL",)
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    count: int

    @property
    def message(self) -> str:
        return f"all {self.count} servers of {self.subject} give the same zone"


@finding_kind
class NothingToCompare(Finding):
    code: ClassVar[str] = "nothing-to-compare"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"fewer than two servers of {self.subject} serve it, so there is nothing to compare"


@finding_kind
class _Differ(Finding):
    """`groups` pairs what is given with the servers that give it."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    groups: Groups

    @property
    def shown(self) -> str:
        return "; ".join(f"{what} at {', '.join(servers)}" for what, servers in self.groups)


@finding_kind
class SerialMismatch(_Differ):
    code: ClassVar[str] = "serial-mismatch"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:MULTIPLE_SOA_SERIALS",
        "zonemaster:SOA_SERIAL_VARIATION",
    )

    @property
    def message(self) -> str:
        return f"the servers of {self.subject} have different versions of it: serial {self.shown}"

    @property
    def for_agent(self) -> str:
        return (
            "Look why the servers with the lower serial do not transfer the zone. A change made "
            "within the refresh time may still be on its way: look again."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers have different versions of its settings, so a change is "
            "not seen by everybody. Their operator has to bring them in line."
        )


@finding_kind
class AnswersDiffer(_Differ):
    code: ClassVar[str] = "answers-differ"
    zone: str

    @property
    def message(self) -> str:
        return (
            f"the servers of {self.zone} give different addresses for {self.subject}: {self.shown} "
            "(no fault only where they answer by the visitor's place on purpose)"
        )

    @property
    def for_agent(self) -> str:
        return "Find out which answer is right, and why the other servers do not have it."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers send visitors to different addresses. Unless that is "
            "meant so, their operator has to correct the wrong ones."
        )


async def gather(net: Asker, brief: Brief) -> Zone:
    """The zone with every server's SOA and address replies."""
    return await target_zone(net, brief)


def judge(zone: Zone) -> Iterable[Finding]:
    """What differs among the servers that serve the zone."""
    if zone.missing:
        yield Skipped(subject=shown(zone.apex), missing=zone.missing)
        return
    servers = zone.serving
    evidence = tuple(n for s in servers for n in (s.best.id, s.a.id, s.aaaa.id))
    if len(servers) < 2:
        cited = evidence or tuple(n for s in zone.servers for n in s.evidence)
        yield NothingToCompare(subject=shown(zone.apex), evidence=cited or zone.way.evidence)
        return
    serials = _grouped((s, _serial(s)) for s in servers)
    answers = _grouped((s, _addresses(s, zone.way.name)) for s in servers)
    if len(serials) > 1:
        cited = tuple(s.best.id for s in servers)
        yield SerialMismatch(subject=shown(zone.apex), evidence=cited, groups=serials)
    if len(answers) > 1:
        cited = tuple(n for s in servers for n in (s.a.id, s.aaaa.id))
        name = zone.way.name
        yield AnswersDiffer(
            subject=shown(name), evidence=cited, groups=answers, zone=shown(zone.apex)
        )
    if len(serials) < 2 and len(answers) < 2:
        yield ServersAgree(subject=shown(zone.apex), evidence=evidence, count=len(servers))


def _grouped(pairs: Iterable[tuple[ZoneServer, str | None]]) -> Groups:
    """What is given, with the servers that give it; what was not told is left out."""
    groups: dict[str, list[str]] = defaultdict(list)
    for server, what in pairs:
        if what is not None:
            groups[what].append(str(server.server))
    return tuple((what, tuple(servers)) for what, servers in sorted(groups.items()))


def _serial(server: ZoneServer) -> str | None:
    match server.best.outcome:
        case DnsReply(answer=answer):
            words = next((r.data.split() for r in answer if r.rtype == "SOA"), [])
            return words[2] if len(words) > 2 else None
        case _:
            return None


def _addresses(server: ZoneServer, name: str) -> str | None:
    """Addresses and aliases that a server gives for the name, None where it was not told."""
    seen = [_records(o, name) for o in (server.a, server.aaaa)]
    if any(records is None for records in seen):
        return None
    data = sorted({data for records in seen for data in records or ()})
    return ", ".join(data) or "none"


def _records(seen: Observation, name: str) -> tuple[str, ...] | None:
    match seen.outcome:
        case DnsReply(authoritative=True, rcode="NOERROR" | "NXDOMAIN", answer=answer):
            return tuple(r.data for r in answer if r.name == name)
        case _:
            return None


CHECK = Check(
    id="zone-consistency",
    title="The servers of a zone give the same zone",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(ServersAgree, NothingToCompare, SerialMismatch, AnswersDiffer, Skipped),
    doc=__doc__ or "",
)
