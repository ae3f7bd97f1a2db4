"""What is not there is denied with proof.

## What it does
Where the zone has DS records at its parent, or keys in a full examination, asks each of its servers
for a name that does not exist and for the name's addresses, and verifies what the replies deny and
which wildcards stand in: the NSEC or NSEC3 records, their types and spans, and the signatures.

## Why is this bad?
Validating resolvers take a denial without its proof for forged. They fail then, where they should
tell that there is no such name or record: mail servers and browsers wait, or give up.

## How it decides
Each server that serves the zone is looked at; what is wrong at one is a warning, and a notice where
the parent has no DS record, since nobody validates then.

| the zone has | a denial at the server               | judgement           |
|--------------|--------------------------------------|---------------------|
| DS records   | proven                               | denials-proven      |
| DS records   | proven as compact denial             | denials-proven      |
| DS records   | left out of the proofs (opt-out)     | denials-proven      |
| DS records   | hashed too often to follow           | denials-proven      |
| DS records   | without NSEC or NSEC3 records        | denial-proof-broken |
| DS records   | with records of other names          | denial-proof-broken |
| DS records   | with a type that is denied           | denial-proof-broken |
| DS records   | with a record without signature      | denial-proof-broken |
| DS records   | with a record whose signature ended  | denial-proof-broken |
| DS records   | of a name that it answers for        | denial-proof-broken |
| DS records   | by a wildcard, where the name is     | denial-proof-broken |
| DS records   | proven, without the SOA record       | denial-without-soa  |
| DS records   | proven, with the SOA of another zone | denial-without-soa  |
| DS records   | not given                            | denials-not-judged  |
| no DS record | not asked                            | not-checked         |

The time is the run's start; a clock may be off by five minutes. Nothing is hashed more than 100
times, as validators do not; whether the keys fit the DS records is judged by another check.

## What to do
Have the zone signed anew as a whole, and see that all servers have the same version of it.

## References
- RFC 4035, section 5.4; RFC 5155, section 8; RFC 6840, section 4 (proofs of denial)
- RFC 9276 (NSEC3 parameters); RFC 9824 (compact denial); RFC 4592 (wildcards)
- RFC 2308, section 2 (the SOA record of a denial)
- Zonemaster DNSSEC10
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts.dnssec_names import DENIALS
from checks.facts.iterate import shown
from checks.facts.remarks import Remark, Remarked, at, dnsviz, zonemaster
from checks.facts.trust import ds_above, has
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
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.denial import Flaw
    from checks.facts.dnssec.proofs import Denied

MOST_SERVERS = 8

NO_SUCH = "netdiag-no-such-name."
"""Put before a zone's name: what nobody has."""


@finding_kind
class DenialsProven(Finding):
    code: ClassVar[str] = "denials-proven"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{self.subject} proves what it denies, at {', '.join(self.servers)}"


@finding_kind
class DenialProofBroken(Remarked):
    """`servers` show it, `hidden` where another server does not. With `planned` the DS records are
    those of the planned delegation; without `vouched` there are none. `unsigned` is what is wrong
    with signatures where that is all that is wrong."""

    code: ClassVar[str] = "denial-proof-broken"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = (
        *DENIALS,
        *zonemaster("DS10_NAME_NOT_COVERED_BY_NSEC", "DS10_NAME_NOT_COVERED_BY_NSEC3"),
    )
    servers: tuple[str, ...]
    hidden: bool
    planned: bool
    vouched: bool
    unsigned: frozenset[str] = frozenset()

    @property
    def severity(self) -> Severity:
        if not self.vouched:
            return Severity.NOTICE
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        where = ", ".join(self.servers)
        if not self.vouched:
            effect = "nobody validates it yet, since its parent has no DS record"
        elif self.planned:
            effect = "the planned DS has validators ask for that, and take such denials for forged"
        else:
            effect = "the parent's DS has validators ask for that, and take such denials for forged"
        return (
            f"{self.subject} denies names and types without sound proof at {where}: {self.words}; "
            f"{effect}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone signed anew as a whole, so that its NSEC or NSEC3 chain is complete."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain is protected against forgery, and part of the protection is out of order, "
            "so that some visitors and mail servers fail. Whoever runs your name servers has to "
            "renew it."
        )


@finding_kind
class DenialWithoutSoa(Remarked):
    code: ClassVar[str] = "denial-without-soa"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = dnsviz(
        "MISSING_SOA_FOR_NXDOMAIN",
        "MISSING_SOA_FOR_NODATA",
        "SOA_NOT_OWNER_FOR_NXDOMAIN",
        "SOA_NOT_OWNER_FOR_NODATA",
    )

    @property
    def message(self) -> str:
        return (
            f"servers of {self.subject} deny without its SOA record ({self.words}): resolvers do "
            "not remember such a denial, or do not take it for one"
        )

    @property
    def for_agent(self) -> str:
        return "Have the server software looked at: a denial carries the zone's SOA record."

    @property
    def for_customer(self) -> str:
        return "Whoever runs your name servers should look at how they say that a name is missing."


@finding_kind
class DenialsNotJudged(Finding):
    code: ClassVar[str] = "denials-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"whether {self.subject} proves what it denies cannot be told at "
            f"{', '.join(self.servers)}: no keys or denials are given, or they are of kinds that "
            "are not supported here"
        )


@dataclass(frozen=True, slots=True)
class Given:
    """One server's replies: its keys, and those to `questions`."""

    server: str
    keys: Observation
    replies: tuple[Observation, ...]

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(seen.id for seen in (self.keys, *self.replies))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`ds` is the parent's reply, `planned` says that planned DS records take its place."""

    apex: str
    now: datetime
    missing: str = ""
    ds: Observation | None = None
    planned: bool = False
    servers: tuple[Given, ...] = ()

    @property
    def vouched(self) -> bool:
        return self.planned or (self.ds is not None and has(self.ds, self.apex, "DS"))


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's keys and denials, where the zone is signed."""
    zone = await target_zone(net, brief)
    facts = Facts(apex=zone.apex, now=brief.started, missing=zone.missing)
    cut = zone.cut
    if zone.missing or cut is None:
        return facts
    if cut.planned and brief.proposed and brief.proposed.ds:
        facts = replace(facts, planned=True)
    else:
        facts = replace(facts, ds=await ds_above(net, zone))
    if not facts.vouched and brief.depth != "thorough":
        return replace(facts, missing="the zone has no DS records, so its denials need no proof")
    given = await asyncio.gather(*(_given(net, zone, one) for one in zone.serving[:MOST_SERVERS]))
    if not any(has(one.keys, zone.apex, "DNSKEY") for one in given) and not facts.vouched:
        return replace(facts, missing="the zone is not signed")
    return replace(facts, servers=tuple(given))


async def _given(net: Asker, zone: Zone, server: ZoneServer) -> Given:
    async def ask(name: str, rtype: str) -> Observation:
        address = server.server.address
        return await net.ask(DnsQuery(server=address, name=name, rtype=rtype, dnssec=True))

    keys, *replies = await asyncio.gather(
        ask(zone.apex, "DNSKEY"),
        ask(NO_SUCH + zone.apex, "A"),
        ask(zone.way.name, "A"),
        ask(zone.way.name, "AAAA"),
        ask(zone.apex, "SOA"),
    )
    return Given(str(server.server), keys, tuple(replies))


@dataclass(frozen=True, slots=True)
class Looked:
    """What one server's denials come to; nothing was learnt without `told`. `faults` are codes of
    faults of signatures, empty where something else is wrong too."""

    given: Given
    told: bool = False
    broken: tuple[Remark, ...] = ()
    faults: frozenset[str] = frozenset()
    soa: tuple[Remark, ...] = ()


def judge(facts: Facts) -> Iterable[Finding]:
    """What is wrong with the denials, or that all are proven."""
    subject = shown(facts.apex)
    if facts.missing or not facts.servers:
        missing = facts.missing or "no server serves the zone"
        yield Skipped(subject="denials", missing=missing, evidence=_cited(facts, ()))
        return
    looked = [_looked(facts, one) for one in facts.servers]
    broken = [one for one in looked if one.broken]
    sound = [one for one in looked if one.told and not one.broken]
    if broken:
        yield DenialProofBroken(
            subject=subject,
            evidence=_cited(facts, broken),
            what=_remarks(looked, lambda one: one.broken),
            servers=_names(broken),
            hidden=bool(sound),
            planned=facts.planned,
            vouched=facts.vouched,
            unsigned=_faults(broken),
        )
    without = [one for one in looked if one.soa]
    if without:
        what = _remarks(looked, lambda one: one.soa)
        yield DenialWithoutSoa(subject=subject, evidence=_cited(facts, without), what=what)
    unjudged = [one for one in looked if not one.told]
    if unjudged:
        servers = _names(unjudged)
        yield DenialsNotJudged(subject=subject, evidence=_cited(facts, unjudged), servers=servers)
    if sound and not broken and not without:
        yield DenialsProven(subject=subject, evidence=_cited(facts, sound), servers=_names(sound))


def _names(looked: Iterable[Looked]) -> tuple[str, ...]:
    return tuple(one.given.server for one in looked)


def _cited(facts: Facts, looked: Iterable[Looked]) -> tuple[ObservationId, ...]:
    above = (facts.ds.id,) if facts.ds else ()
    return (*above, *(number for one in looked for number in one.given.evidence))


def _faults(broken: Sequence[Looked]) -> frozenset[str]:
    every = frozenset(code for one in broken for code in one.faults)
    return every if all(one.faults for one in broken) else frozenset()


def _remarks(
    looked: Sequence[Looked], of: Callable[[Looked], tuple[Remark, ...]]
) -> tuple[Remark, ...]:
    """Each remark once, with the servers that it is about."""
    where: dict[Remark, list[str]] = {}
    for one in looked:
        for remark in of(one):
            where.setdefault(remark, []).append(one.given.server)
    every = _names(looked)
    return tuple(
        Remark(remark.words + at(servers, every), remark.names) for remark, servers in where.items()
    )


def _looked(facts: Facts, given: Given) -> Looked:
    """What one server's replies prove."""
    from checks.facts.dnssec.keys import keys_of
    from checks.facts.dnssec.proofs import denied_by, questions_of

    reply = given.keys.outcome
    keys = keys_of(reply.answer, facts.apex) if isinstance(reply, DnsReply) else ()
    if not keys:
        return Looked(given)
    now = int(facts.now.timestamp())
    denials: list[tuple[DnsReply, Denied]] = []
    for seen in given.replies:
        query, reply = seen.request, seen.outcome
        if not isinstance(query, DnsQuery) or not isinstance(reply, DnsReply):
            continue
        asked = questions_of(reply, query.name, query.rtype, facts.apex)
        denials += [(reply, denied) for denied in denied_by(reply, asked, keys, now)]
    judged = [(reply, denied) for reply, denied in denials if not denied.unsupported]
    against = _contradicted(facts.apex, given)
    return Looked(
        given,
        told=bool(judged),
        broken=(*_broken(facts.apex, [denied for _, denied in judged]), *against),
        faults=frozenset() if against else _signature_faults([denied for _, denied in judged]),
        soa=tuple(r for reply, denied in judged for r in _without_soa(reply, denied, facts.apex)),
    )


def _broken(apex: str, judged: Iterable[Denied]) -> tuple[Remark, ...]:
    """What the denials lack, in words that name what is denied."""
    from checks.facts.dnssec.elsewhere import called

    found: dict[Remark, None] = {}
    for denied in judged:
        about = shown(denied.question.name.to_text())
        for flaw in denied.flaws:
            where = "" if flaw.lack.of_signature else f" in the denial of {about}"
            names = (*called(flaw, denied), *_zonemaster(apex, flaw, denied))
            found[Remark(flaw.text + where, names)] = None
    return tuple(found)


def _zonemaster(apex: str, flaw: Flaw, denied: Denied) -> tuple[str, ...]:
    """What DNSSEC10 of Zonemaster 4 called it, which asked for a name that nobody has."""
    from checks.facts.dnssec.denial import Lack

    asked = denied.question.name.to_text() == NO_SUCH + apex
    uncovered = flaw.lack in {Lack.NAME_NOT_COVERED, Lack.NEXT_CLOSER_NOT_COVERED}
    return zonemaster(f"DS10_NAME_NOT_COVERED_BY_{denied.kind}") if asked and uncovered else ()


def _contradicted(apex: str, given: Given) -> tuple[Remark, ...]:
    """What the server denies and answers with all the same."""
    from checks.facts.dnssec.elsewhere import called
    from checks.facts.dnssec.proofs import answered_by, contradicting

    replies = [seen.outcome for seen in (given.keys, *given.replies)]
    told = [reply for reply in replies if isinstance(reply, DnsReply)]
    known = frozenset(one for reply in told for one in answered_by(reply, apex))
    flaws = (flaw for reply in told for flaw in contradicting(reply, apex, known))
    return tuple(Remark(flaw.text, called(flaw)) for flaw in dict.fromkeys(flaws))


FAULT_OF_SIGNATURE = {
    "SIGNATURE_MISSING": "signature-missing",
    "SIGNATURE_EXPIRED": "signature-expired",
    "SIGNATURE_NOT_YET_VALID": "signature-not-yet-valid",
}


def _signature_faults(judged: Iterable[Denied]) -> frozenset[str]:
    """The codes of what is wrong with signatures; none where anything else is."""
    flaws = [flaw for denied in judged for flaw in denied.flaws]
    if not all(flaw.lack.of_signature for flaw in flaws):
        return frozenset()
    return frozenset(FAULT_OF_SIGNATURE.get(f.lack.name, "signature-invalid") for f in flaws)


def _without_soa(reply: DnsReply, denied: Denied, apex: str) -> Iterator[Remark]:
    """Whether a denial lacks the SOA record of its zone (RFC 2308, section 2)."""
    from checks.facts.dnssec.denial import Claim

    kinds = {Claim.NAME_ERROR: ("NXDOMAIN", "a name"), Claim.NO_DATA: ("NODATA", "a type")}
    if denied.question.claim not in kinds:
        return
    word, what = kinds[denied.question.claim]
    owners = [record.name for record in reply.authority if record.rtype == "SOA"]
    if not owners:
        yield Remark(f"none with the denial of {what}", dnsviz(f"MISSING_SOA_FOR_{word}"))
    elif apex not in owners:
        words = f"that of {shown(owners[0])} with the denial of {what}"
        yield Remark(words, dnsviz(f"SOA_NOT_OWNER_FOR_{word}"))


CHECK = Check(
    id="denial",
    title="What is not there is denied with proof",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(DenialsProven, DenialProofBroken, DenialWithoutSoa, DenialsNotJudged, Skipped),
    doc=__doc__ or "",
)
