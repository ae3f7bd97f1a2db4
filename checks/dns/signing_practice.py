"""The zone is signed the way that signers are told to sign.

## What it does
Asks each server of the zone for its keys, its SOA record and the parameters of its hashed denials,
and the parent for the DS records. What validators make of them is judged by other checks.

## Why is this bad?
Validators give up old algorithms and costly denials one after the other, and then take the zone
for unsigned or forged. Keys and DS records that do not fit make the next change of keys fail.

## How it decides
One verdict on each rule that is not kept.

| seen                                      | judgement                     |
|-------------------------------------------|-------------------------------|
| a key of RSASHA1 or another given up      | key-algorithm-deprecated      |
| a key of RSASHA512                        | key-algorithm-not-recommended |
| an RSA key below 2048 bits                | key-too-short                 |
| a DS record of SHA-1                      | ds-digest-deprecated          |
| a DS of no key beside one that fits       | ds-of-no-key                  |
| keys, and no DS record                    | zone-signed-without-ds        |
| a key that one server does not give       | keys-differ                   |
| a signature that ends in 12 hours         | signature-ends-soon           |
| a signature that lasts more than 180 days | signature-lasts-long          |
| an algorithm that signs no keys           | algorithm-without-signature   |
| a revoked key that does not sign          | revoked-key-does-not-sign     |
| a DS of a revoked key                     | ds-of-revoked-key             |
| NSEC3 with iterations                     | nsec3-iterations              |
| NSEC3 with more than 100 iterations       | nsec3-iterations-refused      |
| NSEC3 with a salt                         | nsec3-salted                  |
| none of it                                | signing-practice-fine         |
| no keys and no DS record                  | not-checked                   |
| no answer for the keys                    | signing-practice-not-seen     |

A zone that is being moved between algorithms or signers keeps to none of this for some days.

## What to do
Change the algorithm or the parameters in the signer's policy; have the registrar take out DS
records of no key.

## References
- RFC 9904; RFC 9905; RFC 9906 (which algorithms to use)
- RFC 9276 (NSEC3 parameters)
- RFC 6781; RFC 6840, section 5.11; RFC 8901; RFC 5011 (running a signed zone)
- Zonemaster DNSSEC01 to DNSSEC05, DNSSEC07, DNSSEC13, DNSSEC14
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts.iterate import shown
from checks.facts.trust import ds_above
from checks.facts.zone import Zone, target_zone
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, Skipped
from netdiag.network import Asker, Observation
from netdiag.outcomes import DnsReply, ResourceRecord
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.practice import Signing

MOST_SERVERS = 8


def _tags(*tags: str) -> tuple[str, ...]:
    return tuple(f"zonemaster:{tag}" for tag in tags)


def _codes(*codes: str) -> tuple[str, ...]:
    return tuple(f"dnsviz:{code}" for code in codes)


@dataclass(frozen=True, kw_only=True)
class SigningPracticeFine(Finding):
    code: ClassVar[str] = "signing-practice-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = _tags("ALGORITHM_OK", "RRSIG_EXPIRATION")

    @property
    def message(self) -> str:
        return f"{self.subject} is signed as signers are told to: algorithms, keys, times, denials"


@dataclass(frozen=True, kw_only=True)
class _Practice(Finding):
    """`what` says in words where the rule is not kept."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    effect: ClassVar[str]
    remedy: ClassVar[str]
    what: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"in {self.subject}, {'; '.join(self.what)}: {self.effect}"

    @property
    def for_agent(self) -> str:
        return self.remedy

    @property
    def for_customer(self) -> str:
        return (
            "Your domain is protected against forgery in a way that should be changed before it "
            "causes trouble. Whoever runs your name servers can do that."
        )


@dataclass(frozen=True, kw_only=True)
class KeyAlgorithmDeprecated(_Practice):
    code: ClassVar[str] = "key-algorithm-deprecated"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = (
        *_tags("DS05_ALGO_DEPRECATED", "ALGORITHM_DEPRECATED"),
        *_codes("ALGORITHM_PROHIBITED"),
    )
    effect: ClassVar[str] = "validators give that algorithm up, and take the zone for unsigned then"
    remedy: ClassVar[str] = "Have the zone moved to algorithm 13 (ECDSAP256SHA256)."


@dataclass(frozen=True, kw_only=True)
class KeyAlgorithmNotRecommended(_Practice):
    code: ClassVar[str] = "key-algorithm-not-recommended"
    known_as: ClassVar[tuple[str, ...]] = (
        *_tags("DS05_ALGO_NOT_RECOMMENDED", "ALGORITHM_NOT_RECOMMENDED"),
        *_codes("ALGORITHM_NOT_RECOMMENDED"),
    )
    effect: ClassVar[str] = "signers are told to use another algorithm"
    remedy: ClassVar[str] = "Have the zone moved to algorithm 13 (ECDSAP256SHA256) at leisure."


@dataclass(frozen=True, kw_only=True)
class KeyTooShort(_Practice):
    code: ClassVar[str] = "key-too-short"
    known_as: ClassVar[tuple[str, ...]] = _tags("DNSKEY_SMALLER_THAN_REC")
    effect: ClassVar[str] = "RSA keys of less than 2048 bits can be broken at some cost"
    remedy: ClassVar[str] = "Have the key replaced by one of algorithm 13, or of 2048 bits."


@dataclass(frozen=True, kw_only=True)
class DsDigestDeprecated(_Practice):
    code: ClassVar[str] = "ds-digest-deprecated"
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    known_as: ClassVar[tuple[str, ...]] = (
        *_tags("DS01_DS_ALGO_DEPRECATED"),
        *_codes("DIGEST_ALGORITHM_PROHIBITED"),
    )
    effect: ClassVar[str] = "validators ignore such a DS record, or will"
    remedy: ClassVar[str] = "Have the registrar replace it by one of digest type 2 (SHA-256)."


@dataclass(frozen=True, kw_only=True)
class DsOfNoKey(_Practice):
    code: ClassVar[str] = "ds-of-no-key"
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    known_as: ClassVar[tuple[str, ...]] = _tags("DS02_NO_DNSKEY_FOR_DS", "DS02_NO_MATCH_DS_DNSKEY")
    effect: ClassVar[str] = "another DS fits and the zone validates; this key is kept back or gone"
    remedy: ClassVar[str] = "Have the registrar take it out, unless its key is kept in reserve."


@dataclass(frozen=True, kw_only=True)
class ZoneSignedWithoutDs(_Practice):
    code: ClassVar[str] = "zone-signed-without-ds"
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    known_as: ClassVar[tuple[str, ...]] = _tags("DS07_NO_DS_FOR_SIGNED_ZONE", "DNSKEY_BUT_NOT_DS")
    effect: ClassVar[str] = "it is signed and its parent has no DS record, so nobody validates it"
    remedy: ClassVar[str] = "Have the registrar enter the DS records, or the zone no longer signed."


@dataclass(frozen=True, kw_only=True)
class KeysDiffer(_Practice):
    code: ClassVar[str] = "keys-differ"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = _codes("DNSKEY_MISSING_FROM_SERVERS")
    effect: ClassVar[str] = (
        "a resolver that has the keys of one server cannot verify the signatures of another"
    )
    remedy: ClassVar[str] = "Have all servers give the same keys, those of every signer."


@dataclass(frozen=True, kw_only=True)
class SignatureEndsSoon(_Practice):
    code: ClassVar[str] = "signature-ends-soon"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = _tags("REMAINING_SHORT")
    effect: ClassVar[str] = "signatures are renewed days before they end, so signing has stopped"
    remedy: ClassVar[str] = "Have the zone signed anew today, and look why its signing stopped."


@dataclass(frozen=True, kw_only=True)
class SignatureLastsLong(_Practice):
    code: ClassVar[str] = "signature-lasts-long"
    known_as: ClassVar[tuple[str, ...]] = _tags("DURATION_LONG", "REMAINING_LONG")
    effect: ClassVar[str] = "who keeps the signed records can pass them off for current until then"
    remedy: ClassVar[str] = "Have the zone signed for weeks instead."


@dataclass(frozen=True, kw_only=True)
class AlgorithmWithoutSignature(_Practice):
    code: ClassVar[str] = "algorithm-without-signature"
    known_as: ClassVar[tuple[str, ...]] = (
        *_tags("DS13_ALGO_NOT_SIGNED_DNSKEY"),
        *_codes("MISSING_RRSIG_FOR_ALG_DNSKEY"),
    )
    effect: ClassVar[str] = "a zone signs with each algorithm that its keys or DS records announce"
    remedy: ClassVar[str] = "Have the keys signed with it too, or take its keys and DS records out."


@dataclass(frozen=True, kw_only=True)
class RevokedKeyDoesNotSign(_Practice):
    code: ClassVar[str] = "revoked-key-does-not-sign"
    known_as: ClassVar[tuple[str, ...]] = _codes("REVOKED_NOT_SIGNING")
    effect: ClassVar[str] = (
        "who trusts such a key believes that it is revoked once it says so itself"
    )
    remedy: ClassVar[str] = "Have the keys signed with it too, until it is taken out."


@dataclass(frozen=True, kw_only=True)
class DsOfRevokedKey(_Practice):
    code: ClassVar[str] = "ds-of-revoked-key"
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    known_as: ClassVar[tuple[str, ...]] = _codes("DNSKEY_REVOKED_DS")
    effect: ClassVar[str] = "validators do not use that DS record any more"
    remedy: ClassVar[str] = "Have the registrar take it out, and see that another one fits."


@dataclass(frozen=True, kw_only=True)
class Nsec3Iterations(_Practice):
    code: ClassVar[str] = "nsec3-iterations"
    known_as: ClassVar[tuple[str, ...]] = _tags("DS03_ILLEGAL_ITERATION_VALUE", "MANY_ITERATIONS")
    effect: ClassVar[str] = "that hides nothing more, and costs every server and resolver"
    remedy: ClassVar[str] = "Have the zone signed with 0 iterations."


@dataclass(frozen=True, kw_only=True)
class Nsec3IterationsRefused(_Practice):
    code: ClassVar[str] = "nsec3-iterations-refused"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = _tags(
        "DS03_ILLEGAL_ITERATION_VALUE", "TOO_MANY_ITERATIONS"
    )
    effect: ClassVar[str] = "they take the zone's denials for unsigned, or fail them"
    remedy: ClassVar[str] = "Have the zone signed with 0 iterations."


@dataclass(frozen=True, kw_only=True)
class Nsec3Salted(_Practice):
    code: ClassVar[str] = "nsec3-salted"
    known_as: ClassVar[tuple[str, ...]] = _tags("DS03_ILLEGAL_SALT_LENGTH")
    effect: ClassVar[str] = "a salt hides nothing more, since each name is hashed with its zone's"
    remedy: ClassVar[str] = "Have the zone signed without a salt."


@dataclass(frozen=True, kw_only=True)
class SigningPracticeNotSeen(Finding):
    code: ClassVar[str] = "signing-practice-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = _tags("NO_RESPONSE_DNSKEY")

    @property
    def message(self) -> str:
        return f"how {self.subject} is signed cannot be told: no server answers for its keys"


@dataclass(frozen=True, slots=True)
class Told:
    """One server's replies for the zone's keys, its SOA and the parameters of its denials."""

    server: str
    keys: Observation
    soa: Observation
    denial: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`ds` is the parent's reply, `planned` the data of DS records that are to be instead."""

    apex: str
    now: datetime
    missing: str = ""
    ds: Observation | None = None
    planned: tuple[str, ...] = ()
    servers: tuple[Told, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's keys and signatures, and the DS records."""
    zone = await target_zone(net, brief)
    facts = Facts(apex=zone.apex, now=brief.started, missing=zone.missing)
    if zone.missing or zone.cut is None:
        return facts
    if zone.cut.planned and brief.proposed and brief.proposed.ds:
        facts = replace(facts, planned=brief.proposed.ds)
    else:
        facts = replace(facts, ds=await ds_above(net, zone))
    return replace(facts, servers=await _told(net, zone))


async def _told(net: Asker, zone: Zone) -> tuple[Told, ...]:
    async def one(name: str, address: str) -> Told:
        queries = [
            DnsQuery(server=address, name=zone.apex, rtype=rtype, dnssec=True)
            for rtype in ("DNSKEY", "SOA", "NSEC3PARAM")
        ]
        return Told(name, *await asyncio.gather(*map(net.ask, queries)))

    servers = [one.server for one in zone.serving[:MOST_SERVERS]]
    return tuple(await asyncio.gather(*(one(str(s), s.address) for s in servers)))


def judge(facts: Facts) -> Iterable[Finding]:
    """A finding for each rule that is not kept, or one that all are."""
    subject = shown(facts.apex)
    seen = _signing(facts)
    evidence = [facts.ds.id] if facts.ds else []
    evidence += [o.id for one in facts.servers for o in (one.keys, one.soa, one.denial)]
    cited = tuple(evidence)
    if facts.missing or not facts.servers:
        yield Skipped(subject="signing", missing=facts.missing or "no server serves the zone")
    elif not seen.keys:
        yield SigningPracticeNotSeen(subject=subject, evidence=cited)
    elif not seen.all_keys:
        yield Skipped(subject="signing", missing="the zone is not signed", evidence=cited)
    else:
        broken = [(kind, tuple(rule(seen))) for kind, rule in _rules()]
        for kind, what in broken:
            if what:
                yield kind(subject=subject, evidence=cited, what=what)
        if not any(what for _, what in broken):
            yield SigningPracticeFine(subject=subject, evidence=cited)


def _rules() -> tuple[tuple[type[_Practice], Callable[[Signing], Iterator[str]]], ...]:
    from checks.facts.dnssec import practice

    return (
        (KeyAlgorithmDeprecated, practice.deprecated_algorithms),
        (KeyAlgorithmNotRecommended, practice.algorithms_not_recommended),
        (KeyTooShort, practice.short_keys),
        (DsDigestDeprecated, practice.deprecated_digests),
        (DsOfNoKey, practice.ds_of_no_key),
        (ZoneSignedWithoutDs, practice.no_ds),
        (KeysDiffer, practice.keys_that_differ),
        (SignatureEndsSoon, practice.signatures_that_end),
        (SignatureLastsLong, practice.signatures_that_last),
        (AlgorithmWithoutSignature, practice.algorithms_without_signature),
        (RevokedKeyDoesNotSign, practice.revoked_keys),
        (DsOfRevokedKey, practice.ds_of_revoked_keys),
        (Nsec3Iterations, practice.iterations),
        (Nsec3IterationsRefused, practice.too_many_iterations),
        (Nsec3Salted, practice.salt),
    )


def _signing(facts: Facts) -> Signing:
    """What was seen, read."""
    from checks.facts.dnssec.keys import ds_of, keys_of
    from checks.facts.dnssec.practice import Signing
    from checks.facts.dnssec.signatures import signatures_of

    planned = [
        ResourceRecord(name=facts.apex, ttl=0, rtype="DS", data=data) for data in facts.planned
    ]
    replies = [seen for one in facts.servers for seen in (one.keys, one.soa)]
    signatures = (s for seen in replies for s in signatures_of(_answer(seen)))
    denials = (r.data.split() for one in facts.servers for r in _answer(one.denial))
    return Signing(
        ds=ds_of(planned or (_answer(facts.ds) if facts.ds else ()), facts.apex),
        ds_told=bool(facts.planned) or (facts.ds is not None and _answered(facts.ds)),
        keys=tuple(
            (one.server, keys_of(_answer(one.keys), facts.apex))
            for one in facts.servers
            if _answered(one.keys)
        ),
        signatures=tuple(dict.fromkeys(s for s in signatures if s.covers in {"DNSKEY", "SOA"})),
        denials=tuple(dict.fromkeys((int(f[2]), f[3]) for f in denials if _is_param(f))),
        now=int(facts.now.timestamp()),
    )


def _answered(seen: Observation) -> bool:
    return isinstance(seen.outcome, DnsReply) and seen.outcome.rcode == "NOERROR"


def _answer(seen: Observation) -> tuple[ResourceRecord, ...]:
    return seen.outcome.answer if isinstance(seen.outcome, DnsReply) else ()


def _is_param(fields: list[str]) -> bool:
    """Four fields as an NSEC3PARAM record has them (RFC 5155, section 4.3)."""
    return len(fields) == 4 and len(fields[2]) <= 5 and fields[2].isascii() and fields[2].isdigit()


CHECK = Check(
    id="signing-practice",
    title="How the zone is signed",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        SigningPracticeFine,
        KeyAlgorithmDeprecated,
        KeyAlgorithmNotRecommended,
        KeyTooShort,
        DsDigestDeprecated,
        DsOfNoKey,
        ZoneSignedWithoutDs,
        KeysDiffer,
        SignatureEndsSoon,
        SignatureLastsLong,
        AlgorithmWithoutSignature,
        RevokedKeyDoesNotSign,
        DsOfRevokedKey,
        Nsec3Iterations,
        Nsec3IterationsRefused,
        Nsec3Salted,
        SigningPracticeNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
