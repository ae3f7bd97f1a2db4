"""Every signature of the zone's keys, SOA and NS records is one that helps.

## What it does
Asks every server of the zone for its keys, its SOA and its NS records with their signatures, and
verifies each, also those beside one that holds, and those of a zone that nobody validates.

## Why is this bad?
Validating resolvers are content with one good signature of a set. One that is broken beside it
says that signing does not do what it is meant to do, and the good one may end first.

## How it decides
Sets without a good signature in a zone that is validated are judged by `zone-signatures`, but for
the NS records, which resolvers seldom ask for.

| seen                                          | parent | judgement                     |
|-----------------------------------------------|--------|-------------------------------|
| one good signature of each set                | a DS   | every-signature-holds         |
| an expired signature beside a good one        | a DS   | spare-signature-broken        |
| one by an unknown key beside a good one       | a DS   | spare-signature-broken        |
| expired signatures alone                      | none   | unvalidated-signature-broken  |
| no signatures                                 | none   | unvalidated-signature-broken  |
| NS records without a signature                | a DS   | ns-signature-broken           |
| a signature of an algorithm not known here    | a DS   | signature-not-verified        |
| a good signature that ended a minute ago      | a DS   | signature-at-its-limit        |
| a signature of another zone beside            | a DS   | signature-malformed           |
| a signature of the wrong length beside        | a DS   | signature-malformed           |
| a signature of SOA by a revoked key beside    | a DS   | signature-malformed           |
| a signature with another TTL than its set     | a DS   | signature-ttl-unlike-set      |
| a TTL above the signed one                    | a DS   | signature-ttl-unlike-set      |
| no keys                                       | a DS   | not-checked                   |

The time is the run's start; a clock may be off by five minutes. An algorithm that cannot be
verified here is not broken for that.

## What to do
Have the zone signed anew as a whole, and see that old signatures go.

## References
- RFC 4034, section 3; RFC 4035, sections 2.2 and 5.3
- RFC 5011, section 2.1
- Zonemaster DNSSEC04, DNSSEC06, DNSSEC08, DNSSEC09
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts import dnssec_names as names
from checks.facts.iterate import shown
from checks.facts.remarks import Remarked, dnsviz, zonemaster
from checks.facts.signed_zone import TYPES, SignedZone, records, signed_zone
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
from netdiag.network import Asker
from netdiag.outcomes import DnsReply

if TYPE_CHECKING:
    from checks.facts.dnssec.each_signature import Rule, Seen

BROKEN = ("EXPIRED", "NOT_YET_VALID", "NO_KEY", "INVALID", "MALFORMED")


@finding_kind
class EverySignatureHolds(Finding):
    code: ClassVar[str] = "every-signature-holds"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"every signature of keys, SOA and NS records of {self.subject} holds"


@finding_kind
class _SignatureProblem(Remarked):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    effect: ClassVar[str]

    @property
    def message(self) -> str:
        return f"in {self.subject}, {self.words}: {self.effect}"

    @property
    def for_agent(self) -> str:
        return "Have the zone signed anew as a whole, and look which signer leaves such signatures."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's protection against forgery has parts that are of no use. It works; "
            "whoever runs your name servers should look at it."
        )


@finding_kind
class SpareSignatureBroken(_SignatureProblem):
    code: ClassVar[str] = "spare-signature-broken"
    known_as: ClassVar[tuple[str, ...]] = names.of_signatures(*BROKEN)
    effect: ClassVar[str] = "another signature of the same set holds, and validators go by that"


@finding_kind
class UnvalidatedSignatureBroken(_SignatureProblem):
    code: ClassVar[str] = "unvalidated-signature-broken"
    known_as: ClassVar[tuple[str, ...]] = names.of_signatures("MISSING", *BROKEN)
    effect: ClassVar[str] = (
        "nobody notices, since the zone has no DS record; with one it would fail"
    )


@finding_kind
class NsSignatureBroken(_SignatureProblem):
    code: ClassVar[str] = "ns-signature-broken"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = dnsviz(
        "MISSING_RRSIG", "EXPIRATION_IN_PAST", "INCEPTION_IN_FUTURE", "SIGNATURE_INVALID"
    )
    effect: ClassVar[str] = (
        "validators that ask for the zone's name servers take the answer for forged"
    )


@finding_kind
class SignatureAtItsLimit(_SignatureProblem):
    code: ClassVar[str] = "signature-at-its-limit"
    known_as: ClassVar[tuple[str, ...]] = dnsviz(
        "EXPIRATION_WITHIN_CLOCK_SKEW", "INCEPTION_WITHIN_CLOCK_SKEW"
    )
    effect: ClassVar[str] = "whether it holds depends on whose clock is asked"


@finding_kind
class SignatureMalformed(_SignatureProblem):
    code: ClassVar[str] = "signature-malformed"
    known_as: ClassVar[tuple[str, ...]] = dnsviz(
        "SIGNER_NOT_ZONE",
        "RRSIG_LABELS_EXCEED_RRSET_OWNER_LABELS",
        "DNSKEY_REVOKED_RRSIG",
        "RRSIG_BAD_LENGTH_GOST",
        "RRSIG_BAD_LENGTH_ECDSA256",
        "RRSIG_BAD_LENGTH_ECDSA384",
        "RRSIG_BAD_LENGTH_ED25519",
        "RRSIG_BAD_LENGTH_ED448",
    )
    effect: ClassVar[str] = "validators pass over such a signature, whatever key it is by"


@finding_kind
class SignatureTtlUnlikeSet(_SignatureProblem):
    code: ClassVar[str] = "signature-ttl-unlike-set"
    known_as: ClassVar[tuple[str, ...]] = dnsviz(
        "RRSET_TTL_MISMATCH", "ORIGINAL_TTL_EXCEEDED", "TTL_BEYOND_EXPIRATION"
    )
    effect: ClassVar[str] = "resolvers shorten the time for which they keep the records"


@finding_kind
class SignatureNotVerified(Remarked):
    code: ClassVar[str] = "signature-not-verified"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        *names.of_signatures("UNSUPPORTED"),
        *zonemaster("DS02_ALGO_NOT_SUPPORTED_BY_ZM"),
    )

    @property
    def equivalents(self) -> tuple[str, ...]:
        told = {name for one in self.what for name in one.names}
        of_keys = zonemaster("DS08_ALGO_NOT_SUPPORTED_BY_ZM")[0] in told
        return tuple(n for n in self.known_as if n in told or (of_keys and n == self.known_as[-1]))

    @property
    def message(self) -> str:
        return f"in {self.subject}, {self.words}, which cannot be verified here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    seen: SignedZone
    now: datetime


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's keys, SOA and NS records with signatures."""
    return Facts(seen=await signed_zone(net, brief), now=brief.started)


def judge(facts: Facts) -> Iterable[Finding]:
    """A finding for each rule that is not kept, or one that all are."""
    zone, subject = facts.seen, shown(facts.seen.apex)
    seen = _seen(facts)
    if zone.missing or not seen.sets:
        missing = zone.missing or "no server gives keys of the zone"
        yield Skipped(subject="signatures", missing=missing, evidence=zone.evidence)
        return
    broken = [(kind, what) for kind, rule in _rules() if (what := tuple(rule(seen)))]
    for kind, what in broken:
        yield kind(subject=subject, evidence=zone.evidence, what=what)
    if not broken and all(one.holds for one in seen.sets):
        yield EverySignatureHolds(subject=subject, evidence=zone.evidence)
    elif not broken:
        missing = "no signature holds, which is judged by zone-signatures"
        yield Skipped(subject="signatures", missing=missing, evidence=zone.evidence)


def _rules() -> tuple[tuple[type[Remarked], Rule], ...]:
    from checks.facts.dnssec import each_signature

    return (
        (SpareSignatureBroken, each_signature.spare_broken),
        (UnvalidatedSignatureBroken, each_signature.unnoticed),
        (NsSignatureBroken, each_signature.of_name_servers),
        (SignatureAtItsLimit, each_signature.at_the_limit),
        (SignatureMalformed, each_signature.malformed),
        (SignatureTtlUnlikeSet, each_signature.of_other_ttl),
        (SignatureNotVerified, each_signature.unsupported),
    )


def _seen(facts: Facts) -> Seen:
    """What was seen, read; servers without keys have nothing to verify."""
    from checks.facts.dnssec.each_signature import Seen, set_of
    from checks.facts.dnssec.entry import key_set

    zone, now = facts.seen, int(facts.now.timestamp())
    apex = zone.apex
    sets = (
        set_of(key_set(one.server, apex, one.keys.outcome.answer), apex, rtype, given, now)
        for one in zone.servers
        if isinstance(one.keys.outcome, DnsReply) and records(one.keys, apex, "DNSKEY")
        for rtype, reply in zip(TYPES, one.seen, strict=True)
        if (given := records(reply, apex, rtype, "RRSIG"))
    )
    return Seen(
        apex=apex,
        sets=tuple(one for one in sets if one),
        vouched=bool(zone.ds_records) if zone.ds_told else None,
    )


CHECK = Check(
    id="every-signature",
    title="Every signature of keys, SOA and NS records",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        EverySignatureHolds,
        SpareSignatureBroken,
        UnvalidatedSignatureBroken,
        NsSignatureBroken,
        SignatureAtItsLimit,
        SignatureMalformed,
        SignatureTtlUnlikeSet,
        SignatureNotVerified,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
