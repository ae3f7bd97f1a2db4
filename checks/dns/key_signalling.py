"""What the zone asks its parent to change about its DS records.

## What it does
Asks each server of the zone for CDS and CDNSKEY records, by which a zone tells its parent which DS
records it wants, and compares them with one another, the zone's keys and the present DS records.

## Why is this bad?
Many registries and registrars act on these records by themselves. One that is of no key, or a
request for removal that nobody meant, makes the zone forged or unsigned within a day.

## How it decides
One verdict on each that does not fit.

| the zone gives                          | judgement                 |
|-----------------------------------------|---------------------------|
| neither type                            | no-key-signalling         |
| both types as its keys and DS records   | key-signalling-fine       |
| CDS at one server and not at another    | key-signals-differ        |
| a CDS without its CDNSKEY               | cds-unlike-cdnskey        |
| a CDS of no key                         | cds-of-no-key             |
| a CDS without a signature that holds    | cds-not-signed            |
| a CDS that asks for no DS               | cds-asks-for-removal      |
| the same beside another CDS             | cds-contradicts-itself    |
| a CDS of a key without a DS             | ds-change-asked           |
| no answer                               | key-signalling-not-seen   |

A zone without keys has nothing to tell. What the zone asks for may be a change of keys on its way.

## What to do
Have the records made by the signer alone, at every server the same. Where a removal is not meant,
take it out at once.

## References
- RFC 7344; RFC 8078 (CDS and CDNSKEY); RFC 9615
- Zonemaster DNSSEC15 to DNSSEC17
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts.iterate import shown
from checks.facts.trust import ds_above
from checks.facts.zone import Zone, target_zone
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
from netdiag.outcomes import DnsReply, ResourceRecord
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.signalling import Signalling

MOST_SERVERS = 8


def _tags(*tags: str) -> tuple[str, ...]:
    return tuple(f"zonemaster:{tag}" for tag in tags)


@finding_kind
class NoKeySignalling(Finding):
    code: ClassVar[str] = "no-key-signalling"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = _tags("DS15_NO_CDS_CDNSKEY")

    @property
    def message(self) -> str:
        return f"{self.subject} asks its parent for no change of DS records (no CDS, no CDNSKEY)"


@finding_kind
class KeySignallingFine(Finding):
    """`types` are those that the zone gives."""

    code: ClassVar[str] = "key-signalling-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    names: ClassVar[Mapping[tuple[str, ...], str]] = {
        ("CDS", "CDNSKEY"): "DS15_HAS_CDS_AND_CDNSKEY",
        ("CDS",): "DS15_HAS_CDS_NO_CDNSKEY",
        ("CDNSKEY",): "DS15_HAS_CDNSKEY_NO_CDS",
    }
    known_as: ClassVar[tuple[str, ...]] = _tags(*names.values())
    types: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return _tags(*(name for types, name in self.names.items() if types == self.types))

    @property
    def message(self) -> str:
        return f"{' and '.join(self.types)} of {self.subject} fit its keys and its DS records"


@finding_kind
class _Signal(Finding):
    """`what` says in words what does not fit, beginning with the record type where it matters."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    effect: ClassVar[str]
    what: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"in {self.subject}, {'; '.join(self.what)}: {self.effect}"

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
class _OfType(_Signal):
    """Other tools call it by the record type that `what` names."""

    by_type: ClassVar[Mapping[str, str]]

    @property
    def equivalents(self) -> tuple[str, ...]:
        types = {word for text in self.what for word in text.split()}
        return _tags(*(tag for rtype, tag in self.by_type.items() if rtype in types))


@finding_kind
class KeySignalsDiffer(_OfType):
    code: ClassVar[str] = "key-signals-differ"
    by_type: ClassVar[Mapping[str, str]] = {
        "CDS": "DS15_INCONSISTENT_CDS",
        "CDNSKEY": "DS15_INCONSISTENT_CDNSKEY",
    }
    known_as: ClassVar[tuple[str, ...]] = _tags(*by_type.values())
    effect: ClassVar[str] = "its servers give different records of this type, so parents do nothing"


@finding_kind
class CdsUnlikeCdnskey(_OfType):
    code: ClassVar[str] = "cds-unlike-cdnskey"
    by_type: ClassVar[Mapping[str, str]] = {"CDS": "DS15_MISMATCH_CDS_CDNSKEY"}
    known_as: ClassVar[tuple[str, ...]] = _tags(*by_type.values())
    effect: ClassVar[str] = "what the parent enters depends on which of the two it reads"


@finding_kind
class CdsOfNoKey(_OfType):
    code: ClassVar[str] = "cds-of-no-key"
    by_type: ClassVar[Mapping[str, str]] = {
        "CDS": "DS16_CDS_MATCHES_NO_DNSKEY",
        "CDNSKEY": "DS17_CDNSKEY_MATCHES_NO_DNSKEY",
    }
    known_as: ClassVar[tuple[str, ...]] = _tags(*by_type.values())
    effect: ClassVar[str] = "the zone asks for a DS record of a key that it does not have"


@finding_kind
class CdsNotSigned(_OfType):
    code: ClassVar[str] = "cds-not-signed"
    by_type: ClassVar[Mapping[str, str]] = {
        "CDS": "DS16_CDS_UNSIGNED",
        "CDNSKEY": "DS17_CDNSKEY_UNSIGNED",
    }
    invalid: ClassVar[Mapping[str, str]] = {
        "CDS": "DS16_CDS_INVALID_RRSIG",
        "CDNSKEY": "DS17_CDNSKEY_INVALID_RRSIG",
    }
    known_as: ClassVar[tuple[str, ...]] = _tags(*by_type.values(), *invalid.values())
    effect: ClassVar[str] = "parents must not act on it, so the next change of keys will not happen"

    @property
    def equivalents(self) -> tuple[str, ...]:
        bare = {text.split()[0] for text in self.what if text.endswith("has no signature")}
        others = {w for text in self.what for w in text.split() if text.split()[0] not in bare}
        tags = [tag for rtype, tag in self.by_type.items() if rtype in bare]
        return _tags(*tags, *(tag for rtype, tag in self.invalid.items() if rtype in others))


@finding_kind
class CdsAsksForRemoval(_OfType):
    code: ClassVar[str] = "cds-asks-for-removal"
    by_type: ClassVar[Mapping[str, str]] = {
        "CDS": "DS16_DELETE_CDS",
        "CDNSKEY": "DS17_DELETE_CDNSKEY",
    }
    known_as: ClassVar[tuple[str, ...]] = _tags(*by_type.values())
    effect: ClassVar[str] = (
        "the zone asks its parent to take all DS records out, and be unprotected"
    )


@finding_kind
class CdsContradictsItself(_OfType):
    code: ClassVar[str] = "cds-contradicts-itself"
    by_type: ClassVar[Mapping[str, str]] = {
        "CDS": "DS16_MIXED_DELETE_CDS",
        "CDNSKEY": "DS17_MIXED_DELETE_CDNSKEY",
    }
    known_as: ClassVar[tuple[str, ...]] = _tags(*by_type.values())
    effect: ClassVar[str] = "the zone asks for DS records, and for none, at once"


@finding_kind
class DsChangeAsked(_Signal):
    code: ClassVar[str] = "ds-change-asked"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    effect: ClassVar[str] = "the zone asks its parent for other DS records than it has"

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
    """`ds` is the parent's reply, None where nobody could be asked or the delegation is planned."""

    apex: str
    now: datetime
    missing: str = ""
    ds: Observation | None = None
    servers: tuple[Told, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's signals and keys, and the DS records in force."""
    zone = await target_zone(net, brief)
    facts = Facts(apex=zone.apex, now=brief.started, missing=zone.missing)
    if zone.missing or zone.cut is None:
        return facts
    ds = None if zone.cut.planned else await ds_above(net, zone)
    return replace(facts, ds=ds, servers=await _told(net, zone))


async def _told(net: Asker, zone: Zone) -> tuple[Told, ...]:
    async def one(name: str, address: str) -> Told:
        queries = [
            DnsQuery(server=address, name=zone.apex, rtype=rtype, dnssec=True)
            for rtype in ("DNSKEY", "CDS", "CDNSKEY")
        ]
        return Told(name, *await asyncio.gather(*map(net.ask, queries)))

    servers = [one.server for one in zone.serving[:MOST_SERVERS]]
    return tuple(await asyncio.gather(*(one(str(s), s.address) for s in servers)))


def judge(facts: Facts) -> Iterable[Finding]:
    """A finding for each signal that does not fit, or one that all do."""
    subject = shown(facts.apex)
    seen = _signalling(facts)
    evidence = [facts.ds.id] if facts.ds else []
    cited = (*evidence, *(o.id for one in facts.servers for o in one.seen))
    if facts.missing or not facts.servers:
        yield Skipped(subject="signalling", missing=facts.missing or "no server serves the zone")
    elif not seen.servers:
        yield KeySignallingNotSeen(subject=subject, evidence=cited)
    elif not seen.keys:
        yield Skipped(subject="signalling", missing="the zone is not signed", evidence=cited)
    elif not any(one.some for one in seen.servers):
        yield NoKeySignalling(subject=subject, evidence=cited)
    else:
        broken = [(kind, tuple(rule(seen))) for kind, rule in _rules()]
        for kind, what in broken:
            if what:
                yield kind(subject=subject, evidence=cited, what=what)
        if not any(what for _, what in broken):
            types = (("CDS", seen.cds), ("CDNSKEY", seen.cdnskey))
            given = tuple(rtype for rtype, some in types if some or rtype in seen.removals)
            yield KeySignallingFine(subject=subject, evidence=cited, types=given)


def _rules() -> tuple[tuple[type[_Signal], Callable[[Signalling], Iterator[str]]], ...]:
    from checks.facts.dnssec import signalling

    return (
        (KeySignalsDiffer, signalling.differing),
        (CdsUnlikeCdnskey, signalling.unlike_each_other),
        (CdsOfNoKey, signalling.of_no_key),
        (CdsNotSigned, signalling.unsigned),
        (CdsAsksForRemoval, signalling.removal),
        (CdsContradictsItself, signalling.mixed_removal),
        (DsChangeAsked, signalling.unlike_parent),
    )


def _signalling(facts: Facts) -> Signalling:
    """What was seen, read; servers that did not answer everything are left out."""
    from checks.facts.dnssec.keys import ds_of, keys_of
    from checks.facts.dnssec.signalling import Signalling, signals_of

    answered = [one for one in facts.servers if one.answered]
    keys = keys_of([r for one in answered for r in _answer(one.keys)], facts.apex)
    told = facts.ds is not None and isinstance(facts.ds.outcome, DnsReply)
    return Signalling(
        servers=tuple(
            signals_of(
                one.server,
                facts.apex,
                (*_answer(one.cds), *_answer(one.cdnskey)),
                keys,
                facts.now,
            )
            for one in answered
        ),
        keys=keys,
        ds=frozenset(ds_of(_answer(facts.ds), facts.apex)) if facts.ds and told else None,
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
        KeySignallingFine,
        KeySignalsDiffer,
        CdsUnlikeCdnskey,
        CdsOfNoKey,
        CdsNotSigned,
        CdsAsksForRemoval,
        CdsContradictsItself,
        DsChangeAsked,
        KeySignallingNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
