"""What is not there is denied with proof.

## What it does
Where the zone has DS records at its parent, or keys in a full examination, asks each of its servers
for a name that does not exist and for the name's addresses, and verifies what the replies deny and
which wildcards stand in: the NSEC or NSEC3 records, their types and spans, and the signatures. A
full examination asks for the NSEC and NSEC3PARAM records of the zone's own name besides.

## Why is this bad?
Validating resolvers take a denial without its proof for forged. They fail then, where they should
tell that there is no such name or record: mail servers and browsers wait, or give up.

## How it decides
Each server that serves the zone is looked at; what is wrong at one is a warning, and a notice where
the parent has no DS record, since nobody validates then. By what the zone denies is told besides.

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
| DS records   | by a wildcard that is not signed     | denial-proof-broken |
| DS records   | by a wildcard of another address     | denial-proof-broken |
| DS records   | proven, without the SOA record       | denial-without-soa  |
| DS records   | proven, with the SOA of another zone | denial-without-soa  |
| DS records   | not given                            | denials-not-judged  |
| DS records   | by NSEC records                      | denies-by-nsec      |
| DS records   | by NSEC3 records                     | denies-by-nsec3     |
| DS records   | by NSEC, by NSEC3 at another server  | denial-kinds-differ |
| DS records   | proven, several NSEC3PARAM records   | denial-records-odd  |
| DS records   | proven, its records not to be had    | denial-records-kept |
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
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts.dnssec_names import DENIALS
from checks.facts.iterate import shown
from checks.facts.remarks import Remark, Remarked, at, dnsviz, zonemaster
from checks.facts.trust import ds_above, has
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
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.looked import Looked

MOST_SERVERS = 8
APEX_TYPES = ("NSEC", "NSEC3PARAM")

OF_SIGNATURES = zonemaster(
    *(
        f"DS10_{kind}_RRSIG_{what}"
        for kind in ("NSEC", "NSEC3")
        for what in ("EXPIRED", "NOT_YET_VALID", "VERIFY_ERROR", "NO_DNSKEY")
    )
)

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
        *zonemaster(
            "DS10_ANSWER_VERIFY_ERROR",
            "DS10_EXPECTED_NSEC_NSEC3_MISSING",
            "DS10_INCONSISTENT_NSEC",
            "DS10_INCONSISTENT_NSEC3",
            "DS10_MISSING_NSEC_NSEC3",
            "DS10_NAME_NOT_COVERED_BY_NSEC",
            "DS10_NAME_NOT_COVERED_BY_NSEC3",
            "DS10_NSEC3_ERR_TYPE_LIST",
            "DS10_NSEC3_MISMATCHES_APEX",
            "DS10_NSEC3_MISSING_SIGNATURE",
            "DS10_NSEC3_NO_VERIFIED_SIGNATURE",
            "DS10_NSEC_ERR_TYPE_LIST",
            "DS10_NSEC_MISMATCHES_APEX",
            "DS10_NSEC_MISSING_SIGNATURE",
            "DS10_NSEC_NO_VERIFIED_SIGNATURE",
            "DS10_UNSIGNED_ANSWER",
        ),
        *OF_SIGNATURES,
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
    known_as: ClassVar[tuple[str, ...]] = (
        *dnsviz(
            "MISSING_SOA_FOR_NXDOMAIN",
            "MISSING_SOA_FOR_NODATA",
            "SOA_NOT_OWNER_FOR_NXDOMAIN",
            "SOA_NOT_OWNER_FOR_NODATA",
        ),
        *zonemaster(
            "DS10_NSEC_NODATA_MISSING_SOA",
            "DS10_NSEC_NODATA_WRONG_SOA",
            "DS10_NSEC3_NODATA_MISSING_SOA",
            "DS10_NSEC3_NODATA_WRONG_SOA",
        ),
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
class DenialKindsDiffer(Finding):
    code: ClassVar[str] = "denial-kinds-differ"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS10_INCONSISTENT_NSEC_NSEC3")
    nsec: tuple[str, ...]
    nsec3: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.subject} denies by NSEC at {', '.join(self.nsec)} and by NSEC3 at "
            f"{', '.join(self.nsec3)}: each is a proof, yet the servers have different zones"
        )

    @property
    def for_agent(self) -> str:
        return "See that all servers have the same signed zone; a change of kind takes a while."

    @property
    def for_customer(self) -> str:
        return "Whoever runs your name servers should see that all of them have the same zone."


@finding_kind
class DenialRecordsOdd(Remarked):
    code: ClassVar[str] = "denial-records-odd"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster(
            "DS03_ERR_MULT_NSEC3",
            "DS10_ALGO_NOT_SUPPORTED_BY_ZM",
            "DS10_ERR_MULT_NSEC",
            "DS10_ERR_MULT_NSEC3",
            "DS10_ERR_MULT_NSEC3PARAM",
            "DS10_INCONSISTENT_NSEC",
            "DS10_INCONSISTENT_NSEC3",
            "DS10_MIXED_NSEC_NSEC3",
            "DS10_NSEC3PARAM_GIVES_ERR_ANSWER",
            "DS10_NSEC3PARAM_MISMATCHES_APEX",
            "DS10_NSEC_GIVES_ERR_ANSWER",
        ),
        *OF_SIGNATURES,
    )

    @property
    def message(self) -> str:
        return (
            f"the NSEC or NSEC3 records of {self.subject} are odd: {self.words}; that breaks no "
            "denial by itself, and is not what a signer makes"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone signed anew as a whole, and the server software looked at."

    @property
    def for_customer(self) -> str:
        return "Whoever runs your name servers should look at how the zone is signed."


@finding_kind
class DenialRecordsKept(Remarked):
    code: ClassVar[str] = "denial-records-kept"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS10_NSEC_QUERY_RESPONSE_ERR", "DS10_NSEC3PARAM_QUERY_RESPONSE_ERR"
    )

    @property
    def message(self) -> str:
        return (
            f"what {self.subject} denies with cannot be told of every server: {self.words}; "
            "resolvers need not ask that"
        )


@finding_kind
class _DeniesBy(Finding):
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    kind: ClassVar[str]
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{self.subject} denies by {self.kind} records, at {', '.join(self.servers)}"


@finding_kind
class DeniesByNsec(_DeniesBy):
    code: ClassVar[str] = "denies-by-nsec"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS10_HAS_NSEC")
    kind: ClassVar[str] = "NSEC"


@finding_kind
class DeniesByNsec3(_DeniesBy):
    code: ClassVar[str] = "denies-by-nsec3"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS10_HAS_NSEC3")
    kind: ClassVar[str] = "NSEC3"


@finding_kind
class DenialsNotJudged(Finding):
    """`refused` where servers that give keys do not answer for a name that nobody has."""

    code: ClassVar[str] = "denials-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS10_NON_EXISTENT_RESPONSE_ERROR")
    servers: tuple[str, ...]
    refused: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.refused else ()

    @property
    def message(self) -> str:
        return (
            f"whether {self.subject} proves what it denies cannot be told at "
            f"{', '.join(self.servers)}: no keys or denials are given, or they are of kinds that "
            "are not supported here"
        )


@dataclass(frozen=True, slots=True)
class Given:
    """One server's replies: its keys, what else was asked, and in a full examination those for the
    NSEC and NSEC3PARAM records of the zone's name."""

    server: str
    keys: Observation
    replies: tuple[Observation, ...]
    apex: tuple[Observation, ...] = ()

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(seen.id for seen in (self.keys, *self.replies, *self.apex))


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
    rtypes = APEX_TYPES if brief.depth == "thorough" else ()
    given = await asyncio.gather(
        *(_given(net, zone, one, rtypes) for one in zone.serving[:MOST_SERVERS])
    )
    if not any(has(one.keys, zone.apex, "DNSKEY") for one in given) and not facts.vouched:
        return replace(facts, missing="the zone is not signed")
    return replace(facts, servers=tuple(given))


async def _given(net: Asker, zone: Zone, server: ZoneServer, rtypes: Sequence[str]) -> Given:
    async def ask(name: str, rtype: str) -> Observation:
        address = server.server.address
        return await net.ask(DnsQuery(server=address, name=name, rtype=rtype, dnssec=True))

    keys, *replies = await asyncio.gather(
        ask(zone.apex, "DNSKEY"),
        ask(NO_SUCH + zone.apex, "A"),
        ask(zone.way.name, "A"),
        ask(zone.way.name, "AAAA"),
        ask(zone.apex, "SOA"),
        *(ask(zone.apex, rtype) for rtype in rtypes),
    )
    asked = len(replies) - len(rtypes)
    return Given(str(server.server), keys, tuple(replies[:asked]), tuple(replies[asked:]))


def judge(facts: Facts) -> Iterable[Finding]:
    """What is wrong with the denials, or that all are proven."""
    subject = shown(facts.apex)
    if facts.missing or not facts.servers:
        missing = facts.missing or "no server serves the zone"
        yield Skipped(subject="denials", missing=missing, evidence=_cited(facts, ()))
        return
    looked = [(one, _look(facts, one)) for one in facts.servers]
    broken = [one for one, found in looked if found.broken]
    without = [one for one, found in looked if found.soa]
    unjudged = [one for one, found in looked if not found.told]
    sound = [one for one, found in looked if found.told and not found.broken]
    if broken:
        yield DenialProofBroken(
            subject=subject,
            evidence=_cited(facts, broken),
            what=_remarks(looked, lambda found: found.broken),
            servers=_names(broken),
            hidden=bool(sound),
            planned=facts.planned,
            vouched=facts.vouched,
            unsigned=_faults(found for _, found in looked if found.broken),
        )
    if without:
        what = _remarks(looked, lambda found: found.soa)
        yield DenialWithoutSoa(subject=subject, evidence=_cited(facts, without), what=what)
    if unjudged:
        yield DenialsNotJudged(
            subject=subject,
            evidence=_cited(facts, unjudged),
            servers=_names(unjudged),
            refused=any(found.refused for _, found in looked),
        )
    if sound and not broken and not without:
        yield DenialsProven(subject=subject, evidence=_cited(facts, sound), servers=_names(sound))
    yield from _of_records(facts, looked)


def _look(facts: Facts, given: Given) -> Looked:
    from checks.facts.dnssec.looked import look

    now, nobody = int(facts.now.timestamp()), NO_SUCH + facts.apex
    return look(facts.apex, nobody, given.keys, given.replies, given.apex, now)


Looks = Sequence[tuple[Given, "Looked"]]


def _of_records(facts: Facts, looked: Looks) -> Iterator[Finding]:
    """What the records of the zone's own name show."""
    subject = shown(facts.apex)
    odd = [one for one, found in looked if found.apex.odd]
    refused = [one for one, found in looked if found.apex.refused]
    if odd:
        what = _remarks(looked, lambda found: found.apex.odd)
        yield DenialRecordsOdd(subject=subject, evidence=_cited(facts, odd), what=what)
    if refused:
        what = _remarks(looked, lambda found: found.apex.refused)
        yield DenialRecordsKept(subject=subject, evidence=_cited(facts, refused), what=what)
    nsec = [one for one, found in looked if found.apex.kinds == {"NSEC"}]
    nsec3 = [one for one, found in looked if found.apex.kinds == {"NSEC3"}]
    evidence = _cited(facts, (*nsec, *nsec3))
    if nsec and nsec3:
        yield DenialKindsDiffer(
            subject=subject, evidence=evidence, nsec=_names(nsec), nsec3=_names(nsec3)
        )
    elif nsec:
        yield DeniesByNsec(subject=subject, evidence=evidence, servers=_names(nsec))
    elif nsec3:
        yield DeniesByNsec3(subject=subject, evidence=evidence, servers=_names(nsec3))


def _names(given: Iterable[Given]) -> tuple[str, ...]:
    return tuple(one.server for one in given)


def _cited(facts: Facts, given: Iterable[Given]) -> tuple[ObservationId, ...]:
    above = (facts.ds.id,) if facts.ds else ()
    return (*above, *(number for one in given for number in one.evidence))


def _faults(broken: Iterable[Looked]) -> frozenset[str]:
    """What is wrong with signatures, where that is all that is wrong."""
    each = [found.faults for found in broken]
    return frozenset().union(*each) if all(each) else frozenset()


def _remarks(looked: Looks, of: Callable[[Looked], tuple[Remark, ...]]) -> tuple[Remark, ...]:
    """Each remark once, with the servers that it is about."""
    where: dict[str, list[str]] = {}
    names: dict[str, dict[str, None]] = {}
    for one, found in looked:
        for remark in of(found):
            where.setdefault(remark.words, []).append(one.server)
            names.setdefault(remark.words, {}).update(dict.fromkeys(remark.names))
    every = _names(one for one, _ in looked)
    return tuple(
        Remark(words + at(servers, every), tuple(names[words])) for words, servers in where.items()
    )


CHECK = Check(
    id="denial",
    title="What is not there is denied with proof",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        DenialsProven,
        DenialProofBroken,
        DenialWithoutSoa,
        DenialKindsDiffer,
        DenialRecordsOdd,
        DenialRecordsKept,
        DeniesByNsec,
        DeniesByNsec3,
        DenialsNotJudged,
        Skipped,
    ),
    doc=__doc__ or "",
)
