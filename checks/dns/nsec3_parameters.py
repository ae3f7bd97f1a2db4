"""How the zone hashes the names in its denials.

## What it does
Asks each server of a signed zone for the NSEC record of the zone's name, which a zone with NSEC3
denies, and reads the parameters of that denial.

## Why is this bad?
Validators pass over records of a hash algorithm or flag that they do not know, and denials are
without proof then. Servers whose parameters differ have different versions of the zone.

## How it decides
Besides what is in use, one verdict on each thing that is odd.

| the servers' denials are hashed           | judgement               |
|-------------------------------------------|-------------------------|
| as they should be                         | nsec3-parameters        |
| not at all                                | names-not-hashed        |
| by an algorithm that is not SHA-1         | nsec3-hash-unknown      |
| with a flag that is not assigned          | nsec3-flag-unknown      |
| with opt-out, the zone being a registry's | nsec3-parameters        |
| with opt-out, the zone being another      | nsec3-opt-out           |
| with other parameters at one server       | nsec3-parameters-differ |
| at one server and not at another          | nsec3-at-some-servers   |
| by a zone without keys                    | not-checked             |
| and the question is not answered          | not-checked             |

Iterations and salt are judged by how the zone is signed.

## What to do
Have the zone signed with hash algorithm 1, no flags, 0 iterations and no salt, or with NSEC.

## References
- RFC 5155, sections 3.1 and 8.1 to 8.2; RFC 9276 (NSEC3 parameters)
- Zonemaster DNSSEC03
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from checks.facts.iterate import is_registry, shown
from checks.facts.remarks import Remarked, dnsviz, zonemaster
from checks.facts.trust import has
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
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.hashing import Parameters

MOST_SERVERS = 8


@finding_kind
class Nsec3Parameters(Remarked):
    code: ClassVar[str] = "nsec3-parameters"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS03_LEGAL_HASH_ALGO",
        "DS03_LEGAL_ITERATION_VALUE",
        "DS03_LEGAL_EMPTY_SALT",
        "DS03_NSEC3_OPT_OUT_DISABLED",
        "DS03_NSEC3_OPT_OUT_ENABLED_TLD",
        "HAS_NSEC3_OPTOUT",
    )

    @property
    def message(self) -> str:
        return f"{self.subject} hashes the names in its denials: {self.words}"


@finding_kind
class NamesNotHashed(Finding):
    code: ClassVar[str] = "names-not-hashed"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS03_NO_NSEC3")

    @property
    def message(self) -> str:
        return f"{self.subject} does not hash the names in its denials (no NSEC3)"


@finding_kind
class _Unusable(Remarked):
    """Records that validators pass over, at `servers`."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.subject} denies by NSEC3 records of {self.words}: validators pass over them, "
            "and its denials are without proof"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone signed anew, with hash algorithm 1 and no flags."

    @property
    def for_customer(self) -> str:
        return "Whoever runs your name servers has to sign your domain in another way."


@finding_kind
class Nsec3HashUnknown(_Unusable):
    code: ClassVar[str] = "nsec3-hash-unknown"
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster("DS03_ILLEGAL_HASH_ALGO"),
        *dnsviz("UNSUPPORTED_NSEC3_ALGORITHM"),
    )

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as


@finding_kind
class Nsec3FlagUnknown(_Unusable):
    code: ClassVar[str] = "nsec3-flag-unknown"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS03_UNASSIGNED_FLAG_USED")


@finding_kind
class Nsec3OptOut(Finding):
    code: ClassVar[str] = "nsec3-opt-out"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS03_NSEC3_OPT_OUT_ENABLED_NON_TLD", "HAS_NSEC3_OPTOUT"
    )
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.subject} leaves unsigned delegations out of its denials (opt-out), at "
            f"{', '.join(self.servers)}: names can be forged into the gaps, which saves a registry "
            "work and other zones none"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone signed without opt-out, unless it has thousands of delegations."

    @property
    def for_customer(self) -> str:
        return "Whoever runs your name servers can protect your domain better by one setting."


@finding_kind
class Nsec3ParametersDiffer(Remarked):
    code: ClassVar[str] = "nsec3-parameters-differ"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS03_INCONSISTENT_HASH_ALGO",
        "DS03_INCONSISTENT_ITERATION",
        "DS03_INCONSISTENT_NSEC3_FLAGS",
        "DS03_INCONSISTENT_SALT_LENGTH",
    )

    @property
    def message(self) -> str:
        return (
            f"the servers of {self.subject} hash the names in their denials differently "
            f"({self.words}): each is a proof, yet they have different versions of the zone"
        )

    @property
    def for_agent(self) -> str:
        return "See that all servers have the same signed zone; a new salt takes a while."

    @property
    def for_customer(self) -> str:
        return "Whoever runs your name servers should see that all of them have the same zone."


@finding_kind
class Nsec3AtSomeServers(Finding):
    """`servers` are those without."""

    code: ClassVar[str] = "nsec3-at-some-servers"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS03_SERVER_NO_NSEC3")
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.subject} denies by NSEC3, except at {', '.join(self.servers)}: they have "
            "another version of the zone"
        )

    @property
    def for_agent(self) -> str:
        return "See that all servers have the same signed zone."

    @property
    def for_customer(self) -> str:
        return "Whoever runs your name servers should see that all of them have the same zone."


@dataclass(frozen=True, slots=True)
class Given:
    """One server's replies for the zone's keys and for the NSEC record of its name."""

    server: str
    keys: Observation
    nsec: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    apex: str
    missing: str = ""
    servers: tuple[Given, ...] = ()

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(seen.id for one in self.servers for seen in (one.keys, one.nsec))


async def gather(net: Asker, brief: Brief) -> Facts:
    """The denial of the NSEC record at each server that gives keys."""
    zone = await target_zone(net, brief)
    facts = Facts(apex=zone.apex, missing=zone.missing)
    if zone.missing:
        return facts
    given = await asyncio.gather(*(_given(net, zone, one) for one in zone.serving[:MOST_SERVERS]))
    return replace(facts, servers=tuple(given))


async def _given(net: Asker, zone: Zone, server: ZoneServer) -> Given:
    queries = [
        DnsQuery(server=server.server.address, name=zone.apex, rtype=rtype, dnssec=True)
        for rtype in ("DNSKEY", "NSEC")
    ]
    return Given(str(server.server), *await asyncio.gather(*map(net.ask, queries)))


def judge(facts: Facts) -> Iterable[Finding]:
    """What is in use, and what is odd."""
    signed = [one for one in facts.servers if has(one.keys, facts.apex, "DNSKEY")]
    told = {one.server: one.nsec.outcome for one in signed if _tells(one.nsec)}
    if facts.missing or not told:
        why = "no server denies the NSEC record or gives it" if signed else "the zone is not signed"
        missing = facts.missing or why
        yield Skipped(subject="NSEC3 parameters", missing=missing, evidence=facts.evidence)
    else:
        replies = {server: reply for server, reply in told.items() if isinstance(reply, DnsReply)}
        yield from _judged(facts, replies)


def _tells(seen: Observation) -> bool:
    reply = seen.outcome
    return isinstance(reply, DnsReply) and reply.rcode == "NOERROR" and reply.authoritative


def _judged(facts: Facts, replies: dict[str, DnsReply]) -> Iterator[Finding]:
    from checks.facts.dnssec import hashing

    subject, evidence = shown(facts.apex), facts.evidence
    read = {server: hashing.parameters_of(reply) for server, reply in replies.items()}
    by = {server: found[0] for server, found in read.items() if len(found) == 1}
    without = tuple(server for server, found in read.items() if not found)
    if len(without) == len(read):
        yield NamesNotHashed(subject=subject, evidence=evidence)
        return
    used = tuple(hashing.in_use(by, is_registry(facts.apex)))
    if used:
        yield Nsec3Parameters(subject=subject, evidence=evidence, what=used)
    unusable = (
        (Nsec3HashUnknown, tuple(hashing.unknown_hashes(by)), _servers(by, "algorithm")),
        (Nsec3FlagUnknown, tuple(hashing.unknown_flags(by)), _servers(by, "flags")),
    )
    for kind, what, servers in unusable:
        if what:
            yield kind(subject=subject, evidence=evidence, what=what, servers=servers)
    left_out = tuple(server for server, one in by.items() if one.opt_out)
    if left_out and not is_registry(facts.apex):
        yield Nsec3OptOut(subject=subject, evidence=evidence, servers=left_out)
    different = tuple(hashing.differences(by))
    if different:
        yield Nsec3ParametersDiffer(subject=subject, evidence=evidence, what=different)
    if without:
        yield Nsec3AtSomeServers(subject=subject, evidence=evidence, servers=without)


def _servers(by: dict[str, Parameters], field: str) -> tuple[str, ...]:
    """Those with records that are unusable for their hash algorithm, or their flags."""
    return tuple(
        server
        for server, one in by.items()
        if (one.algorithm != 1 if field == "algorithm" else one.unknown_flags)
    )


CHECK = Check(
    id="nsec3-parameters",
    title="How names are hashed in denials",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        Nsec3Parameters,
        NamesNotHashed,
        Nsec3HashUnknown,
        Nsec3FlagUnknown,
        Nsec3OptOut,
        Nsec3ParametersDiffer,
        Nsec3AtSomeServers,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
