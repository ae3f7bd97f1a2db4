"""What the zone asks its parent to change about its DS records.

## What it does
Asks each server of the zone for CDS and CDNSKEY records, by which a zone tells its parent which DS
records it wants, and compares them with one another, the zone's keys and the present DS records.

## Why is this bad?
Many registries and registrars act on these records by themselves. One that is of no key, or a
request for removal that nobody meant, makes the zone forged or unsigned within a day.

## How it decides
One verdict on each that does not fit.

| the zone gives                              | judgement                     |
|---------------------------------------------|-------------------------------|
| neither type                                | no-key-signalling             |
| both types as its keys and DS records       | key-signalling-fine           |
| CDS at one server and not at another        | key-signals-differ            |
| a CDS without its CDNSKEY                   | cds-unlike-cdnskey            |
| a CDS of no key                             | cds-of-no-key                 |
| a CDS of a key that is not for zones        | cds-of-non-zone-key           |
| a CDS of a key without the flag of entry    | cds-of-key-without-sep        |
| a CDS of a key that does not sign the keys  | cds-key-does-not-sign         |
| a CDS that its own key does not sign        | cds-not-signed-by-its-key     |
| a CDS without a signature that holds        | cds-not-signed                |
| a CDS with another signature that is broken | cds-spare-signature-broken    |
| a CDS that no key with a DS signs           | cds-not-vouched               |
| a CDS, and no keys                          | cds-without-keys              |
| a CDS that asks for no DS                   | cds-asks-for-removal          |
| the same beside another CDS                 | cds-contradicts-itself        |
| a CDS of a key without a DS                 | ds-change-asked               |
| no answer                                   | key-signalling-not-seen       |

A zone without keys has nothing to tell. What the zone asks for may be a change of keys on its way.

## What to do
Have the records made by the signer alone, at every server the same. Where a removal is not meant,
take it out at once.

## References
- RFC 7344; RFC 8078 (CDS and CDNSKEY); RFC 9615
- Zonemaster DNSSEC15 to DNSSEC18
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts.edns import asked
from checks.facts.iterate import shown
from checks.facts.remarks import Remark, Remarked, zonemaster
from checks.facts.signed_zone import signed_zone
from checks.facts.zone import Zone, target_zone
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
    from checks.facts.dnssec.signalling import Rule, Signalling

MOST_SERVERS = 8


def _both(*patterns: str) -> tuple[str, ...]:
    """Zonemaster's tags for CDS and for CDNSKEY records."""
    kinds = (("DS16", "CDS"), ("DS17", "CDNSKEY"))
    return zonemaster(*(p.format(case=c, kind=k) for p in patterns for c, k in kinds))


@finding_kind
class NoKeySignalling(Finding):
    code: ClassVar[str] = "no-key-signalling"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS15_NO_CDS_CDNSKEY")

    @property
    def message(self) -> str:
        return f"{self.subject} asks its parent for no change of DS records (no CDS, no CDNSKEY)"


@finding_kind
class KeySignalsGiven(Remarked):
    code: ClassVar[str] = "key-signals-given"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster(
            "DS15_HAS_CDS_AND_CDNSKEY", "DS15_HAS_CDS_NO_CDNSKEY", "DS15_HAS_CDNSKEY_NO_CDS"
        ),
        *_both("{case}_DELETE_{kind}"),
    )

    @property
    def message(self) -> str:
        return f"{self.subject} tells its parent which DS records it wants: {self.words}"


@finding_kind
class KeySignallingFine(Finding):
    code: ClassVar[str] = "key-signalling-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"CDS and CDNSKEY records of {self.subject} fit its keys and its DS records"


@finding_kind
class _Signal(Remarked):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    effect: ClassVar[str]

    @property
    def message(self) -> str:
        return f"in {self.subject}, {self.words}: {self.effect}"

    @property
    def for_agent(self) -> str:
        return "Have the zone's signer look at its CDS and CDNSKEY records before its parent does."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain asks for a change of its protection against forgery that does not fit. "
            "Whoever runs your name servers should look at it soon."
        )


@finding_kind
class KeySignalsDiffer(_Signal):
    code: ClassVar[str] = "key-signals-differ"
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS15_INCONSISTENT_CDS", "DS15_INCONSISTENT_CDNSKEY"
    )
    effect: ClassVar[str] = "its servers give different records of this type, so parents do nothing"


@finding_kind
class CdsUnlikeCdnskey(_Signal):
    code: ClassVar[str] = "cds-unlike-cdnskey"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS15_MISMATCH_CDS_CDNSKEY")
    effect: ClassVar[str] = "what the parent enters depends on which of the two it reads"


@finding_kind
class CdsOfNoKey(_Signal):
    code: ClassVar[str] = "cds-of-no-key"
    known_as: ClassVar[tuple[str, ...]] = _both("{case}_{kind}_MATCHES_NO_DNSKEY")
    effect: ClassVar[str] = "the zone asks for a DS record of a key that it does not have"


@finding_kind
class CdsOfNonZoneKey(_Signal):
    code: ClassVar[str] = "cds-of-non-zone-key"
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS16_CDS_MATCHES_NON_ZONE_DNSKEY", "DS17_CDNSKEY_IS_NON_ZONE"
    )
    effect: ClassVar[str] = "the zone asks for a DS record of a key that is not for signing zones"


@finding_kind
class CdsOfKeyWithoutSep(_Signal):
    code: ClassVar[str] = "cds-of-key-without-sep"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS16_CDS_MATCHES_NON_SEP_DNSKEY", "DS17_CDNSKEY_IS_NON_SEP"
    )
    effect: ClassVar[str] = "that key has no flag of an entry point (SEP), which nobody insists on"


@finding_kind
class CdsKeyDoesNotSign(_Signal):
    code: ClassVar[str] = "cds-key-does-not-sign"
    known_as: ClassVar[tuple[str, ...]] = _both("{case}_DNSKEY_NOT_SIGNED_BY_{kind}")
    effect: ClassVar[str] = (
        "the zone asks for a DS record of a key that does not sign its keys: with that DS alone "
        "validators would take the zone for forged"
    )


@finding_kind
class CdsNotSignedByItsKey(_Signal):
    code: ClassVar[str] = "cds-not-signed-by-its-key"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    known_as: ClassVar[tuple[str, ...]] = _both("{case}_{kind}_NOT_SIGNED_BY_{kind}")
    effect: ClassVar[str] = "its own key does not sign the record, which not every parent accepts"


@finding_kind
class CdsNotSigned(_Signal):
    code: ClassVar[str] = "cds-not-signed"
    known_as: ClassVar[tuple[str, ...]] = _both(
        "{case}_{kind}_UNSIGNED",
        "{case}_{kind}_INVALID_RRSIG",
        "{case}_{kind}_SIGNED_BY_UNKNOWN_DNSKEY",
    )
    effect: ClassVar[str] = "parents must not act on it, so the next change of keys will not happen"


@finding_kind
class CdsSpareSignatureBroken(_Signal):
    code: ClassVar[str] = "cds-spare-signature-broken"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    known_as: ClassVar[tuple[str, ...]] = _both(
        "{case}_{kind}_INVALID_RRSIG", "{case}_{kind}_SIGNED_BY_UNKNOWN_DNSKEY"
    )
    effect: ClassVar[str] = "another signature holds, and this one is of no use"


@finding_kind
class CdsNotVouched(_Signal):
    code: ClassVar[str] = "cds-not-vouched"
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS18_NO_MATCH_CDS_RRSIG_DS", "DS18_NO_MATCH_CDNSKEY_RRSIG_DS"
    )
    effect: ClassVar[str] = (
        "no key signs these records that a present DS record is of, so parents must not act on them"
    )


@finding_kind
class CdsWithoutKeys(_Signal):
    code: ClassVar[str] = "cds-without-keys"
    known_as: ClassVar[tuple[str, ...]] = _both("{case}_{kind}_WITHOUT_DNSKEY")
    effect: ClassVar[str] = "the zone asks for DS records and is not signed there"


@finding_kind
class CdsAsksForRemoval(_Signal):
    code: ClassVar[str] = "cds-asks-for-removal"
    known_as: ClassVar[tuple[str, ...]] = _both("{case}_DELETE_{kind}")
    effect: ClassVar[str] = (
        "the zone asks its parent to take all DS records out, and be unprotected"
    )


@finding_kind
class CdsContradictsItself(_Signal):
    code: ClassVar[str] = "cds-contradicts-itself"
    known_as: ClassVar[tuple[str, ...]] = _both("{case}_MIXED_DELETE_{kind}")
    effect: ClassVar[str] = "the zone asks for DS records, and for none, at once"


@finding_kind
class DsChangeAsked(_Signal):
    code: ClassVar[str] = "ds-change-asked"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    effect: ClassVar[str] = "the zone asks its parent for other DS records than it has"
    equivalents = Finding.equivalents
    """No other tool has a name for it."""

    @property
    def for_agent(self) -> str:
        return (
            "Where this lasts for days, the registrar does not read CDS records: have it enter the "
            "DS records by hand."
        )


@finding_kind
class KeySignallingNotSeen(Finding):
    code: ClassVar[str] = "key-signalling-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"what {self.subject} asks its parent for cannot be told: no server answers for it"


@dataclass(frozen=True, slots=True)
class Told:
    """One server's replies for the zone's keys, CDS and CDNSKEY records."""

    server: str
    keys: Observation
    cds: Observation
    cdnskey: Observation

    @property
    def seen(self) -> tuple[Observation, ...]:
        return self.keys, self.cds, self.cdnskey

    @property
    def answered(self) -> bool:
        replies = [o.outcome for o in self.seen if isinstance(o.outcome, DnsReply)]
        return len(replies) == len(self.seen) and {r.rcode for r in replies} == {"NOERROR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`ds` are the parent's records, None where nobody told them or the delegation is planned;
    `above` are the replies that say so."""

    apex: str
    now: datetime
    missing: str = ""
    ds: tuple[ResourceRecord, ...] | None = None
    above: tuple[ObservationId, ...] = ()
    servers: tuple[Told, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's signals and keys, and the DS records in force."""
    zone = await target_zone(net, brief)
    facts = Facts(apex=zone.apex, now=brief.started, missing=zone.missing)
    if zone.missing or zone.cut is None:
        return facts
    servers, signed = await asyncio.gather(_told(net, zone), signed_zone(net, brief))
    if not zone.cut.planned and signed.ds_told:
        above = tuple(one.ds.id for one in signed.above)
        facts = replace(facts, ds=signed.ds_records, above=above)
    return replace(facts, servers=servers)


async def _told(net: Asker, zone: Zone) -> tuple[Told, ...]:
    async def one(name: str, address: str) -> Told:
        queries = [
            DnsQuery(server=address, name=zone.apex, rtype=rtype, dnssec=True)
            for rtype in ("DNSKEY", "CDS", "CDNSKEY")
        ]
        return Told(name, *await asyncio.gather(*(asked(net, query) for query in queries)))

    servers = [one.server for one in zone.serving[:MOST_SERVERS]]
    return tuple(await asyncio.gather(*(one(str(s), s.address) for s in servers)))


def judge(facts: Facts) -> Iterable[Finding]:
    """What is given, and a finding for each signal that does not fit, or one that all do."""
    subject = shown(facts.apex)
    seen = _signalling(facts)
    cited = (*facts.above, *(o.id for one in facts.servers for o in one.seen))
    if facts.missing or not facts.servers:
        yield Skipped(subject="signalling", missing=facts.missing or "no server serves the zone")
    elif not seen.servers:
        yield KeySignallingNotSeen(subject=subject, evidence=cited)
    elif not seen.keys and not seen.some:
        yield Skipped(subject="signalling", missing="the zone is not signed", evidence=cited)
    elif not seen.some:
        yield NoKeySignalling(subject=subject, evidence=cited)
    else:
        yield KeySignalsGiven(subject=subject, evidence=cited, what=_given(seen))
        broken = [(kind, what) for kind, rule in _rules() if (what := tuple(rule(seen)))]
        for kind, what in broken:
            yield kind(subject=subject, evidence=cited, what=what)
        if not broken:
            yield KeySignallingFine(subject=subject, evidence=cited)


def _given(seen: Signalling) -> tuple[Remark, ...]:
    from checks.facts.dnssec import signalling

    return tuple(signalling.given(seen))


def _rules() -> tuple[tuple[type[_Signal], Rule], ...]:
    from checks.facts.dnssec import signalling

    return (
        (KeySignalsDiffer, signalling.differing),
        (CdsUnlikeCdnskey, signalling.unlike_each_other),
        (CdsOfNoKey, signalling.of_no_key),
        (CdsOfNonZoneKey, signalling.of_key_not_for_zones),
        (CdsOfKeyWithoutSep, signalling.of_key_without_sep),
        (CdsKeyDoesNotSign, signalling.of_key_that_does_not_sign),
        (CdsNotSignedByItsKey, signalling.not_signed_by_its_key),
        (CdsNotSigned, signalling.unsigned),
        (CdsSpareSignatureBroken, signalling.signed_besides),
        (CdsNotVouched, signalling.not_vouched),
        (CdsWithoutKeys, signalling.without_keys),
        (CdsAsksForRemoval, signalling.removal),
        (CdsContradictsItself, signalling.mixed_removal),
        (DsChangeAsked, signalling.unlike_parent),
    )


def _signalling(facts: Facts) -> Signalling:
    """What was seen, read; servers that did not answer everything are left out."""
    from checks.facts.dnssec.entry import key_set, some_ds
    from checks.facts.dnssec.signalling import Signalling, Signals, wanted_of

    return Signalling(
        servers=tuple(
            Signals(
                key_set(one.server, facts.apex, _answer(one.keys)),
                wanted_of("CDS", facts.apex, _answer(one.cds)),
                wanted_of("CDNSKEY", facts.apex, _answer(one.cdnskey)),
            )
            for one in facts.servers
            if one.answered
        ),
        ds=None if facts.ds is None else some_ds(facts.ds, facts.apex),
        now=int(facts.now.timestamp()),
    )


def _answer(seen: Observation) -> tuple[ResourceRecord, ...]:
    return seen.outcome.answer if isinstance(seen.outcome, DnsReply) else ()


CHECK = Check(
    id="key-signalling",
    title="What the zone asks its parent to change",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        NoKeySignalling,
        KeySignalsGiven,
        KeySignallingFine,
        KeySignalsDiffer,
        CdsUnlikeCdnskey,
        CdsOfNoKey,
        CdsOfNonZoneKey,
        CdsOfKeyWithoutSep,
        CdsKeyDoesNotSign,
        CdsNotSignedByItsKey,
        CdsNotSigned,
        CdsSpareSignatureBroken,
        CdsNotVouched,
        CdsWithoutKeys,
        CdsAsksForRemoval,
        CdsContradictsItself,
        DsChangeAsked,
        KeySignallingNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
