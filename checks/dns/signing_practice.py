"""The zone is signed the way that signers are told to sign.

## What it does
Asks each server of the zone for its keys, its SOA and NS records and the parameters of its hashed
denials, and the parent for the DS records. What validators make of them is judged by other checks.

## Why is this bad?
Validators give up old algorithms and costly denials one after the other, and then take the zone
for unsigned or forged. Signatures that nobody renews end one night.

## How it decides
What is in use is told, besides one verdict on each rule that is not kept.

| seen                                        | judgement                     |
|---------------------------------------------|-------------------------------|
| a key of RSASHA1 or another given up        | key-algorithm-deprecated      |
| a key of RSASHA512                          | key-algorithm-not-recommended |
| a key of a number that is no algorithm      | key-algorithm-unusable        |
| an RSA key below 2048 bits                  | key-too-short                 |
| an RSA key below what its algorithm allows  | key-size-not-allowed          |
| an RSA key above 4096 bits                  | key-size-not-allowed          |
| a key of a curve, of another length         | key-malformed                 |
| a signature that ends in 12 hours           | signature-ends-soon           |
| a signature that lasts more than 180 days   | signature-lasts-long          |
| an algorithm that signs no keys             | algorithm-without-signature   |
| an algorithm that signs keys and no SOA     | algorithm-without-signature   |
| a revoked key that does not sign            | revoked-key-does-not-sign     |
| NSEC3 with iterations                       | nsec3-iterations              |
| NSEC3 with more than 100 iterations         | nsec3-iterations-refused      |
| NSEC3 with a salt                           | nsec3-salted                  |
| none of it                                  | signing-practice-fine         |
| no keys                                     | not-checked                   |
| no answer for the keys                      | signing-practice-not-seen     |

A zone that is being moved between algorithms or signers keeps to none of this for some days.

## What to do
Change the algorithm or the parameters in the signer's policy; see that signing goes on.

## References
- RFC 9904; RFC 9905; RFC 9906 (which algorithms to use)
- RFC 9276 (NSEC3 parameters)
- RFC 6781; RFC 6840, section 5.11; RFC 8901; RFC 5011 (running a signed zone)
- Zonemaster DNSSEC03 to DNSSEC05, DNSSEC13, DNSSEC14
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts.edns import asked
from checks.facts.iterate import shown
from checks.facts.remarks import Remarked, dnsviz, zonemaster
from checks.facts.signed_zone import TYPES, SignedZone, records, signed_zone
from checks.facts.zone import target_zone
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
from netdiag.network import Asker, Observation
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.practice import Rule, Signing
    from checks.facts.dnssec.signatures import Signature

MOST_SERVERS = 8


@finding_kind
class SigningInUse(Finding):
    """`keys` are in words, `ends` when the first and the last signature end, None where there are
    none. `usual` where a key is of an algorithm that signers are to use, `sized` where none is of
    an odd size."""

    code: ClassVar[str] = "signing-in-use"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    of_usual: ClassVar[tuple[str, ...]] = zonemaster("DS05_ALGO_OK", "ALGORITHM_OK")
    of_sized: ClassVar[tuple[str, ...]] = zonemaster("KEY_SIZE_OK")
    of_times: ClassVar[tuple[str, ...]] = zonemaster("RRSIG_EXPIRATION")
    known_as: ClassVar[tuple[str, ...]] = (*of_usual, *of_sized, *of_times)
    keys: tuple[str, ...]
    usual: bool
    sized: bool
    ends: tuple[datetime, datetime] | None

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (
            *(self.of_usual if self.usual else ()),
            *(self.of_sized if self.sized else ()),
            *(self.of_times if self.ends else ()),
        )

    @property
    def message(self) -> str:
        keys = f"{self.subject} has {', '.join(self.keys)}"
        if self.ends is None:
            return f"{keys}, and no signatures of keys and SOA"
        first, last = (f"{day:%Y-%m-%d %H:%M} UTC" for day in self.ends)
        return f"{keys}; the signatures of keys and SOA end between {first} and {last}"


@finding_kind
class SigningPracticeFine(Finding):
    code: ClassVar[str] = "signing-practice-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"{self.subject} is signed as signers are told to: algorithms, keys, times, denials"


@finding_kind
class _Practice(Remarked):
    """`supported` where validators know the algorithm of a key."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    effect: ClassVar[str]
    remedy: ClassVar[str]
    supported: bool

    @property
    def message(self) -> str:
        return f"in {self.subject}, {self.words}: {self.effect}"

    @property
    def for_agent(self) -> str:
        return self.remedy

    @property
    def for_customer(self) -> str:
        return (
            "Your domain is protected against forgery in a way that should be changed before it "
            "causes trouble. Whoever runs your name servers can do that."
        )


@finding_kind
class KeyAlgorithmDeprecated(_Practice):
    code: ClassVar[str] = "key-algorithm-deprecated"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster("DS05_ALGO_DEPRECATED", "ALGORITHM_DEPRECATED", "ALGORITHM_NOT_RECOMMENDED"),
        *dnsviz(
            "ALGORITHM_PROHIBITED", "ALGORITHM_VALIDATION_PROHIBITED", "ALGORITHM_NOT_RECOMMENDED"
        ),
    )
    effect: ClassVar[str] = "validators give that algorithm up, and take the zone for unsigned then"
    remedy: ClassVar[str] = "Have the zone moved to algorithm 13 (ECDSAP256SHA256)."


@finding_kind
class KeyAlgorithmNotRecommended(_Practice):
    code: ClassVar[str] = "key-algorithm-not-recommended"
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster("DS05_ALGO_NOT_RECOMMENDED", "ALGORITHM_NOT_RECOMMENDED"),
        *dnsviz("ALGORITHM_NOT_RECOMMENDED"),
    )
    effect: ClassVar[str] = "signers are told to use another algorithm"
    remedy: ClassVar[str] = "Have the zone moved to algorithm 13 (ECDSAP256SHA256) at leisure."


@finding_kind
class KeyAlgorithmUnusable(_Practice):
    code: ClassVar[str] = "key-algorithm-unusable"
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster(
            "DS05_ALGO_NOT_ZONE_SIGN",
            "DS05_ALGO_PRIVATE",
            "DS05_ALGO_RESERVED",
            "DS05_ALGO_UNASSIGNED",
            "ALGORITHM_NOT_ZONE_SIGN",
            "ALGORITHM_PRIVATE",
            "ALGORITHM_RESERVED",
            "ALGORITHM_UNASSIGNED",
        ),
        *dnsviz("ALGORITHM_NOT_SUPPORTED"),
    )
    remedy: ClassVar[str] = "Have the zone signed by algorithm 13 (ECDSAP256SHA256) alone."

    @property
    def severity(self) -> Severity:
        return Severity.NOTICE if self.supported else Severity.WARNING

    @property
    def message(self) -> str:
        effect = (
            "validators pass over such a key"
            if self.supported
            else "validators know none of its keys, and take the zone for unsigned"
        )
        return f"in {self.subject}, {self.words}: {effect}"


@finding_kind
class KeyTooShort(_Practice):
    code: ClassVar[str] = "key-too-short"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DNSKEY_SMALLER_THAN_REC")
    effect: ClassVar[str] = "RSA keys of less than 2048 bits can be broken at some cost"
    remedy: ClassVar[str] = "Have the key replaced by one of algorithm 13, or of 2048 bits."


@finding_kind
class KeySizeNotAllowed(_Practice):
    code: ClassVar[str] = "key-size-not-allowed"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DNSKEY_TOO_SMALL_FOR_ALGO", "DNSKEY_TOO_LARGE_FOR_ALGO"
    )
    effect: ClassVar[str] = "validators need not verify by such a key, and some do not"
    remedy: ClassVar[str] = "Have the key replaced by one of algorithm 13, or of 2048 bits."


@finding_kind
class KeyMalformed(_Practice):
    code: ClassVar[str] = "key-malformed"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = dnsviz(
        "DNSKEY_ZERO_LENGTH",
        "DNSKEY_BAD_LENGTH_GOST",
        "DNSKEY_BAD_LENGTH_ECDSA256",
        "DNSKEY_BAD_LENGTH_ECDSA384",
        "DNSKEY_BAD_LENGTH_ED25519",
        "DNSKEY_BAD_LENGTH_ED448",
    )
    effect: ClassVar[str] = "its algorithm has no such keys, so nothing verifies by it"
    remedy: ClassVar[str] = "Have that record taken out, and look who put it into the zone."


@finding_kind
class SignatureEndsSoon(_Practice):
    code: ClassVar[str] = "signature-ends-soon"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = zonemaster("REMAINING_SHORT")
    effect: ClassVar[str] = "signatures are renewed days before they end, so signing has stopped"
    remedy: ClassVar[str] = "Have the zone signed anew today, and look why its signing stopped."


@finding_kind
class SignatureLastsLong(_Practice):
    code: ClassVar[str] = "signature-lasts-long"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DURATION_LONG", "REMAINING_LONG")
    effect: ClassVar[str] = "who keeps the signed records can pass them off for current until then"
    remedy: ClassVar[str] = "Have the zone signed for weeks instead."


@finding_kind
class AlgorithmWithoutSignature(_Practice):
    code: ClassVar[str] = "algorithm-without-signature"
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster(
            "DS13_ALGO_NOT_SIGNED_DNSKEY", "DS13_ALGO_NOT_SIGNED_SOA", "DS13_ALGO_NOT_SIGNED_NS"
        ),
        *dnsviz("MISSING_RRSIG_FOR_ALG_DNSKEY", "MISSING_RRSIG_FOR_ALG_DS"),
    )
    effect: ClassVar[str] = "a zone signs with each algorithm that its keys or DS records announce"
    remedy: ClassVar[str] = "Have all signed with it too, or take its keys and DS records out."


@finding_kind
class RevokedKeyDoesNotSign(_Practice):
    code: ClassVar[str] = "revoked-key-does-not-sign"
    known_as: ClassVar[tuple[str, ...]] = dnsviz("REVOKED_NOT_SIGNING")
    effect: ClassVar[str] = (
        "who trusts such a key believes that it is revoked once it says so itself"
    )
    remedy: ClassVar[str] = "Have the keys signed with it too, until it is taken out."


@finding_kind
class Nsec3Iterations(_Practice):
    code: ClassVar[str] = "nsec3-iterations"
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS03_ILLEGAL_ITERATION_VALUE", "MANY_ITERATIONS"
    )
    effect: ClassVar[str] = "that hides nothing more, and costs every server and resolver"
    remedy: ClassVar[str] = "Have the zone signed with 0 iterations."


@finding_kind
class Nsec3IterationsRefused(_Practice):
    code: ClassVar[str] = "nsec3-iterations-refused"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS03_ILLEGAL_ITERATION_VALUE", "TOO_MANY_ITERATIONS"
    )
    effect: ClassVar[str] = "they take the zone's denials for unsigned, or fail them"
    remedy: ClassVar[str] = "Have the zone signed with 0 iterations."


@finding_kind
class Nsec3Salted(_Practice):
    code: ClassVar[str] = "nsec3-salted"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS03_ILLEGAL_SALT_LENGTH")
    effect: ClassVar[str] = "a salt hides nothing more, since each name is hashed with its zone's"
    remedy: ClassVar[str] = "Have the zone signed without a salt."


@finding_kind
class SigningPracticeNotSeen(Finding):
    code: ClassVar[str] = "signing-practice-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"how {self.subject} is signed cannot be told: no server answers for its keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`denials` are the replies for the parameters of hashed denials."""

    seen: SignedZone
    now: datetime
    denials: tuple[Observation, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's keys and signatures, and the DS records."""
    seen, denials = await asyncio.gather(signed_zone(net, brief), _denials(net, brief))
    return Facts(seen=seen, now=brief.started, denials=denials)


async def _denials(net: Asker, brief: Brief) -> tuple[Observation, ...]:
    zone = await target_zone(net, brief)
    queries = (
        DnsQuery(server=one.server.address, name=zone.apex, rtype="NSEC3PARAM", dnssec=True)
        for one in zone.serving[:MOST_SERVERS]
    )
    return tuple(await asyncio.gather(*(asked(net, query) for query in queries)))


def judge(facts: Facts) -> Iterable[Finding]:
    """What is in use, and a finding for each rule that is not kept, or one that all are."""
    seen, subject = facts.seen, shown(facts.seen.apex)
    signing = _signing(facts)
    cited = (*seen.evidence, *(one.id for one in facts.denials))
    if seen.missing or not seen.servers:
        yield Skipped(subject="signing", missing=seen.missing or "no server of the zone answers")
    elif not any(_answered(one.keys) for one in seen.servers):
        yield SigningPracticeNotSeen(subject=subject, evidence=cited)
    elif not signing.keys:
        yield Skipped(subject="signing", missing="the zone is not signed", evidence=cited)
    else:
        yield _in_use(signing, subject, seen)
        broken = [(kind, what) for kind, rule in _rules() if (what := tuple(rule(signing)))]
        for kind, what in broken:
            yield kind(subject=subject, evidence=cited, what=what, supported=signing.supported)
        if not broken:
            yield SigningPracticeFine(subject=subject, evidence=cited)


def _in_use(signing: Signing, subject: str, seen: SignedZone) -> SigningInUse:
    from checks.facts.dnssec import practice

    usual = practice.COMMON | practice.NATIONAL
    odd = [*practice.short_keys(signing), *practice.keys_of_other_sizes(signing)]
    return SigningInUse(
        subject=subject,
        evidence=seen.evidence,
        keys=tuple(f"key {key.tag} (algorithm {key.algorithm})" for key in signing.keys),
        usual=any(key.algorithm in usual for key in signing.keys),
        sized=not odd,
        ends=practice.ends(signing),
    )


def _rules() -> tuple[tuple[type[_Practice], Rule], ...]:
    from checks.facts.dnssec import practice

    return (
        (KeyAlgorithmDeprecated, practice.deprecated_algorithms),
        (KeyAlgorithmNotRecommended, practice.algorithms_not_recommended),
        (KeyAlgorithmUnusable, practice.unusable_algorithms),
        (KeyTooShort, practice.short_keys),
        (KeySizeNotAllowed, practice.keys_of_other_sizes),
        (KeyMalformed, practice.malformed_keys),
        (SignatureEndsSoon, practice.signatures_that_end),
        (SignatureLastsLong, practice.signatures_that_last),
        (AlgorithmWithoutSignature, practice.algorithms_without_signature),
        (RevokedKeyDoesNotSign, practice.revoked_keys),
        (Nsec3Iterations, practice.iterations),
        (Nsec3IterationsRefused, practice.too_many_iterations),
        (Nsec3Salted, practice.salt),
    )


def _signing(facts: Facts) -> Signing:
    """What was seen, read."""
    from checks.facts.dnssec.entry import some_ds
    from checks.facts.dnssec.keys import keys_of
    from checks.facts.dnssec.practice import Shown, Signing
    from checks.facts.dnssec.signatures import signatures_of

    apex = facts.seen.apex

    def signed(seen: Observation, rtype: str) -> tuple[Signature, ...]:
        found = signatures_of(records(seen, apex, "RRSIG")) if records(seen, apex, rtype) else ()
        return tuple(one for one in found if one.covers == rtype)

    params = (r.data.split() for one in facts.denials for r in records(one, apex, "NSEC3PARAM"))
    return Signing(
        ds=some_ds(facts.seen.ds_records, apex),
        servers=tuple(
            Shown(
                one.server,
                keys_of(records(one.keys, apex, "DNSKEY"), apex),
                {rtype: signed(o, rtype) for rtype, o in zip(TYPES, one.seen, strict=True)},
            )
            for one in facts.seen.servers
            if records(one.keys, apex, "DNSKEY")
        ),
        denials=tuple(dict.fromkeys((int(f[2]), f[3]) for f in params if _is_param(f))),
        now=int(facts.now.timestamp()),
    )


def _answered(seen: Observation) -> bool:
    return isinstance(seen.outcome, DnsReply) and seen.outcome.rcode == "NOERROR"


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
        SigningInUse,
        SigningPracticeFine,
        KeyAlgorithmDeprecated,
        KeyAlgorithmNotRecommended,
        KeyAlgorithmUnusable,
        KeyTooShort,
        KeySizeNotAllowed,
        KeyMalformed,
        SignatureEndsSoon,
        SignatureLastsLong,
        AlgorithmWithoutSignature,
        RevokedKeyDoesNotSign,
        Nsec3Iterations,
        Nsec3IterationsRefused,
        Nsec3Salted,
        SigningPracticeNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
