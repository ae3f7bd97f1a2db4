"""The zone's signatures hold, from the parent's DS record to the name's addresses.

## What it does
Asks the parent for the zone's DS records. Where there are some, asks each server of the zone for
its keys, its SOA and the name's addresses with their signatures, and verifies these. A planned
delegation is judged by its DS records; where none are given, by those that the parent has today,
since they stay.

## Why is this bad?
Validating resolvers, which most visitors use, take a zone that does not fit its DS for forged: the
name fails for them, and works for all others.

## How it decides
Each server that serves the zone is looked at; what is wrong at one is a warning.

| DS at the parent | at the server                        | judgement               |
|------------------|--------------------------------------|-------------------------|
| none             | not asked                            | zone-not-signed         |
| some             | keys and records, signed and in time | signatures-hold         |
| some             | no key that fits                     | ds-without-matching-key |
| some             | no keys at all                       | ds-without-matching-key |
| some             | a record without a signature         | signature-missing       |
| some             | signatures that have ended           | signature-expired       |
| some             | signatures that have not begun       | signature-not-yet-valid |
| some             | signatures that do not verify        | signature-invalid       |
| planned, fitting | keys and records, signed and in time | signatures-hold         |
| planned, of else | keys and records, signed and in time | ds-without-matching-key |
| no such domain   | not asked                            | zone-not-signed         |
| not told         | not asked                            | signatures-not-judged   |
| unknown kinds    | any                                  | signatures-not-judged   |
| some             | no answer                            | signatures-not-judged   |

The time is the run's start; a clock may be off by five minutes. One good signature is enough, as it
is for validators. The chain above the parent is not verified here.

## What to do
No key that fits: have the registrar replace the DS records, or take them out. Signatures: have the
zone signed anew; signing stopped, or a record was changed without it.

## References
- RFC 4034; RFC 4035, section 5 (how validators decide)
- RFC 9364 (DNSSEC)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts import dnssec_names as names
from checks.facts.iterate import shown
from checks.facts.remarks import Remark, Remarked
from checks.facts.trust import ds_above
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
from netdiag.outcomes import DnsReply, ResourceRecord
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.entry import Entry, KeySet
    from checks.facts.dnssec.keys import Ds, Key
    from checks.facts.dnssec.signatures import Signature, Verdict

MOST_SERVERS = 8


@finding_kind
class ZoneNotSigned(Finding):
    code: ClassVar[str] = "zone-not-signed"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"the parent of {self.subject} has no DS record for it, so nothing is validated"


@finding_kind
class SignaturesHold(Finding):
    code: ClassVar[str] = "signatures-hold"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"keys and signatures of {self.subject} fit its DS records at all servers asked"


def whose(planned: bool) -> str:
    """Whose DS records a sentence speaks of."""
    return "the planned" if planned else "the parent's"


@finding_kind
class Unsound(Remarked):
    """`servers` show it, `hidden` where another server does not.

    With `planned` the DS records are those of the planned delegation.
    """

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    servers: tuple[str, ...]
    hidden: bool
    planned: bool
    says: ClassVar[str] = ""

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        what = ", ".join(one.words for one in self.what)
        return (
            f"{self.says} ({what}) in the zone {self.subject} at {', '.join(self.servers)}, while "
            f"{whose(self.planned)} DS has validators ask for it: they take the zone for forged"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone signed anew, and look why its signing stopped or was passed by."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain is protected against forgery, and the protection is out of order, so that "
            "many visitors cannot find it. Whoever runs your name servers has to renew it."
        )


@finding_kind
class DsWithoutMatchingKey(Unsound):
    code: ClassVar[str] = "ds-without-matching-key"
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    says: ClassVar[str] = "no key fits the DS records"
    known_as: ClassVar[tuple[str, ...]] = (*names.OF_DS, *names.OF_UNSIGNED)

    @property
    def for_agent(self) -> str:
        if self.planned:
            return (
                "Before the move, take the DS records from the keys that the planned servers give."
            )
        return (
            "Have the registrar replace the DS records by those of the zone's keys, or drop them."
        )


@finding_kind
class SignatureMissing(Unsound):
    code: ClassVar[str] = "signature-missing"
    says: ClassVar[str] = "there is no signature"
    known_as: ClassVar[tuple[str, ...]] = (*names.of_signatures("MISSING"), *names.OF_ENTRY)


_BROKEN = (
    *names.of_signatures("EXPIRED", "NOT_YET_VALID", "NO_KEY", "INVALID", "MALFORMED"),
    *names.OF_ENTRY,
)
"""The signatures of one set may be broken in several ways, of which the nearest to a good one is
told."""


@finding_kind
class SignatureExpired(Unsound):
    code: ClassVar[str] = "signature-expired"
    says: ClassVar[str] = "the signatures have run out"
    known_as: ClassVar[tuple[str, ...]] = _BROKEN


@finding_kind
class SignatureNotYetValid(Unsound):
    code: ClassVar[str] = "signature-not-yet-valid"
    says: ClassVar[str] = "the signatures are not valid yet"
    known_as: ClassVar[tuple[str, ...]] = _BROKEN


@finding_kind
class SignatureInvalid(Unsound):
    code: ClassVar[str] = "signature-invalid"
    says: ClassVar[str] = "the signatures do not verify"
    known_as: ClassVar[tuple[str, ...]] = _BROKEN


@finding_kind
class SignaturesNotJudged(Finding):
    code: ClassVar[str] = "signatures-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    why: str

    @property
    def message(self) -> str:
        return f"whether the signatures of {self.subject} hold cannot be told: {self.why}"


@dataclass(frozen=True, slots=True)
class Signed:
    """One server's replies with signatures: its keys, and the sets to verify."""

    server: str
    keys: Observation
    sets: tuple[Observation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`ds` is the parent's reply, None where there was nobody to ask or `planned` has the data of
    the DS records that are to be."""

    zone: Zone
    now: datetime
    ds: Observation | None = None
    planned: tuple[str, ...] = ()
    servers: tuple[Signed, ...] = ()

    @property
    def vouching(self) -> tuple[ResourceRecord, ...]:
        """The DS records that the zone is judged by."""
        apex = self.zone.apex
        records = (ResourceRecord(name=apex, ttl=0, rtype="DS", data=d) for d in self.planned)
        return tuple(records) or (_records(self.ds, "DS") if self.ds else ())

    @property
    def vouched_by(self) -> tuple[ObservationId, ...]:
        return (self.ds.id,) if self.ds else ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The DS records, and where there are some, every server's signed replies."""
    zone = await target_zone(net, brief)
    facts = Facts(zone=zone, now=brief.started)
    cut = zone.cut
    if zone.missing or cut is None or cut.hidden:
        return facts
    if cut.planned and brief.proposed and brief.proposed.ds:
        facts = replace(facts, planned=brief.proposed.ds)
    else:
        facts = replace(facts, ds=await ds_above(net, zone))
    if not facts.vouching:
        return facts
    servers = zone.serving[:MOST_SERVERS]
    signed = await asyncio.gather(*(_signed(net, zone, server) for server in servers))
    return replace(facts, servers=tuple(signed))


async def _signed(net: Asker, zone: Zone, server: ZoneServer) -> Signed:
    asked = (
        (zone.apex, "DNSKEY"),
        (zone.apex, "SOA"),
        (zone.way.name, "A"),
        (zone.way.name, "AAAA"),
    )
    keys, *sets = await asyncio.gather(
        *(
            net.ask(DnsQuery(server=server.server.address, name=name, rtype=rtype, dnssec=True))
            for name, rtype in asked
        )
    )
    return Signed(str(server.server), keys, tuple(sets))


def _records(seen: Observation, rtype: str) -> tuple[ResourceRecord, ...]:
    reply = seen.outcome
    return tuple(r for r in reply.answer if r.rtype == rtype) if isinstance(reply, DnsReply) else ()


def judge(facts: Facts) -> Iterable[Finding]:
    """A finding for each thing that is wrong, or one that all is well."""
    subject = shown(facts.zone.apex)
    if facts.vouching:
        yield from judge_signed(facts)
    elif facts.ds is None:
        missing = facts.zone.missing or "the parent could not be asked for DS records"
        yield Skipped(subject="signatures", missing=missing)
    elif _tells(facts.ds):
        yield ZoneNotSigned(subject=subject, evidence=facts.vouched_by)
    else:
        why = "the parent did not answer the question for DS records"
        yield SignaturesNotJudged(subject=subject, evidence=facts.vouched_by, why=why)


def _tells(ds: Observation) -> bool:
    """Whether the parent answered; of a domain that is only planned it knows nothing."""
    return isinstance(ds.outcome, DnsReply) and ds.outcome.rcode in DENIALS


DENIALS = frozenset({"NOERROR", "NXDOMAIN"})
Fault = tuple[type[Unsound], Remark]


def judge_signed(facts: Facts) -> Iterable[Finding]:
    """The verdicts on a zone that DS records vouch for."""
    subject = shown(facts.zone.apex)
    faults: dict[type[Unsound], dict[Remark, None]] = {}
    where: dict[type[Unsound], list[Signed]] = {}
    sound: list[Signed] = []
    unjudged: list[Signed] = []
    for one in facts.servers:
        found = faults_of(facts, one)
        if found is None:
            unjudged.append(one)
        elif not found:
            sound.append(one)
        for kind, what in found or ():
            faults.setdefault(kind, {})[what] = None
            if one not in where.setdefault(kind, []):
                where[kind].append(one)
    for kind, whats in faults.items():
        yield kind(
            subject=subject,
            evidence=_cited(facts, where[kind]),
            what=tuple(whats),
            servers=tuple(one.server for one in where[kind]),
            hidden=bool(sound),
            planned=bool(facts.planned),
        )
    if unjudged:
        why = "keys or algorithms are of kinds that are not supported here, or nothing answered"
        yield SignaturesNotJudged(subject=subject, evidence=_cited(facts, unjudged), why=why)
    if sound and not faults:
        names = tuple(one.server for one in sound)
        yield SignaturesHold(subject=subject, evidence=_cited(facts, sound), servers=names)


def _cited(facts: Facts, servers: Iterable[Signed]) -> tuple[ObservationId, ...]:
    return (
        *facts.vouched_by,
        *(seen.id for one in servers for seen in (one.keys, *one.sets)),
    )


def faults_of(facts: Facts, one: Signed) -> list[Fault] | None:
    """What is wrong at one server; None where that cannot be told."""
    from checks.facts.dnssec.chain import usable
    from checks.facts.dnssec.entry import FITS, entries, key_set, some_ds

    reply = one.keys.outcome
    if not isinstance(reply, DnsReply) or reply.rcode != "NOERROR":
        return None
    apex, now = facts.zone.apex, int(facts.now.timestamp())
    told = key_set(one.server, apex, reply.answer)
    vouchers = [ds for ds in some_ds(facts.vouching, apex) if usable(ds)]
    found = entries(vouchers, told, now)
    if not vouchers:
        return None
    if not told.records:
        return [(DsWithoutMatchingKey, _no_keys(facts))]
    if not set(found.values()) & FITS:
        unread = len(told.keys) < len(set(told.records))
        return None if unread else [(DsWithoutMatchingKey, _unlike(found.values()))]
    pairs = [_keys_fault(told, found, now)]
    pairs += [
        _fault(seen, seen.request.rtype, told.keys, now)
        for seen in one.sets
        if isinstance(seen.request, DnsQuery)
    ]
    wrong = [pair for pair in pairs if pair]
    return None if any(kind is None for kind, _ in wrong) else [(k, w) for k, w in wrong if k]


def _no_keys(facts: Facts) -> Remark:
    """That a server has none, with the names of it where no server has."""
    some = any(_records(one.keys, "DNSKEY") for one in facts.servers)
    return Remark("none is there", () if some else names.OF_UNSIGNED)


def _unlike(found: Iterable[Entry]) -> Remark:
    """What the DS records lead to that fit no key."""
    from checks.facts.dnssec.entry import NAMES

    ways = tuple(dict.fromkeys(found))
    named = dict.fromkeys(name for way in ways for name in NAMES.get(way, ()))
    return Remark(", ".join(way.value for way in ways), (*named, *names.NO_KEY_FITS))


def _keys_fault(
    told: KeySet, found: Mapping[Ds, Entry], now: int
) -> tuple[type[Unsound] | None, Remark] | None:
    """What is wrong with the signatures of the keys by those of them that DS records vouch for."""
    from checks.facts.dnssec.entry import NAMES, Entry
    from checks.facts.dnssec.keys import Match, match
    from checks.facts.dnssec.signatures import verdicts

    if Entry.SIGNS in found.values():
        return None
    what = Remark(
        f"DNSKEY of {shown(told.records[0].name)}",
        (
            *_names(told.signatures, told.records, told.keys, now),
            *(name for way in found.values() for name in NAMES.get(way, ())),
            *names.NO_KEY_SIGNS,
        ),
    )
    entry = tuple(k for k in told.keys if any(match(d, (k,)) is Match.MATCHES for d in found))
    if not told.signatures:
        return SignatureMissing, what
    return _nearest(verdicts(told.signatures, told.records, entry, now), what)


def _fault(
    seen: Observation, rtype: str, keys: tuple[Key, ...], now: int
) -> tuple[type[Unsound] | None, Remark] | None:
    """What is wrong with one set of records; None for nothing, a kind of None for no telling."""
    from checks.facts.dnssec.signatures import signatures_of, verdicts

    rrset = _records(seen, rtype)
    if not rrset:
        return None
    signatures = [
        s
        for s in signatures_of(_records(seen, "RRSIG"))
        if s.covers == rtype and s.owner == rrset[0].name
    ]
    named = _names(signatures, rrset, keys, now)
    what = Remark(f"{rtype} of {shown(rrset[0].name)}", named)
    if not signatures:
        return SignatureMissing, what
    return _nearest(verdicts(signatures, rrset, keys, now), what)


def _names(
    signatures: Sequence[Signature],
    rrset: Sequence[ResourceRecord],
    keys: tuple[Key, ...],
    now: int,
) -> tuple[str, ...]:
    """What other tools call the signatures of a set, each of which they look at."""
    from checks.facts.dnssec.signatures import MOST_SIGNATURES, Verdict, verdict

    rtype = rrset[0].rtype
    if not signatures:
        return names.of_signature(rtype, "MISSING")
    own = rtype == "DNSKEY"
    found = (verdict(s, rrset, keys, now, revoked=own) for s in signatures[:MOST_SIGNATURES])
    broken = dict.fromkeys(one for one in found if one is not Verdict.VALID)
    return tuple(name for one in broken for name in names.of_signature(rtype, one.name))


def _nearest(found: frozenset[Verdict], what: Remark) -> tuple[type[Unsound] | None, Remark] | None:
    """One valid signature is enough; else what comes nearest to it is told."""
    from checks.facts.dnssec.signatures import Verdict

    if Verdict.VALID in found:
        return None
    if Verdict.EXPIRED in found:
        return SignatureExpired, what
    if Verdict.NOT_YET_VALID in found:
        return SignatureNotYetValid, what
    if found <= {Verdict.UNSUPPORTED}:
        return None, what
    return SignatureInvalid, what


CHECK = Check(
    id="zone-signatures",
    title="The zone's signatures hold",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ZoneNotSigned,
        SignaturesHold,
        DsWithoutMatchingKey,
        SignatureMissing,
        SignatureExpired,
        SignatureNotYetValid,
        SignatureInvalid,
        SignaturesNotJudged,
        Skipped,
    ),
    doc=__doc__ or "",
)
