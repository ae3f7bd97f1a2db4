"""The zone's DS records are the same at every server of its parent, and lead to its keys.

## What it does
Asks every server of the parent for the zone's DS records, and every server of the zone for its keys
with their signatures. What is lost over UDP is asked over TCP.

## Why is this bad?
Validating resolvers begin at a DS record. One that leads nowhere, or that only some of the parent's
servers have, does no harm while another one fits, and breaks the zone at the next change of keys.

## How it decides
One verdict on each rule that is not kept, besides what is given. Where no DS record leads in, the
zone fails, which is judged by `zone-signatures`.

| seen                                                | judgement                |
|-----------------------------------------------------|--------------------------|
| a DS record of SHA-256 that leads in                | ds-records-given         |
| a DS record of SHA-1 beside                         | ds-digest-deprecated     |
| a DS record of a digest type that is none           | ds-digest-not-supported  |
| a digest of the wrong length                        | ds-malformed             |
| no DS record of SHA-256                             | ds-without-sha256        |
| a DS of no key beside one that leads in             | ds-of-no-key             |
| a DS that is another digest beside one that leads in | ds-of-no-key            |
| a DS of a key that is not for zones, beside         | ds-of-non-zone-key       |
| a DS of a key that does not sign the keys, beside   | ds-key-does-not-sign     |
| a DS of a key with a broken signature, beside       | ds-key-does-not-sign     |
| two servers, each with a signer and a DS of its own | signers-share-zone       |
| a DS of a key without the flag of entry points      | ds-of-key-without-sep    |
| a DS of a revoked key                               | ds-of-revoked-key        |
| an algorithm whose DS records lead nowhere          | ds-algorithm-without-key |
| a server of the parent without DS records           | ds-records-differ        |
| a server of the parent without one of them          | ds-records-differ        |
| a server of the parent that refers to the zone      | ds-question-referred     |
| keys, and no DS record                              | zone-signed-without-ds   |
| no keys and no DS record                            | not-checked              |
| no answer from the parent                           | ds-records-not-seen      |

A server of the parent that does not answer says nothing of what it has. A key in reserve has a DS
record and is not shown; a zone that changes its keys or its signer has more for some days.

## What to do
Have the registrar enter the DS records of the keys that the zone has, of SHA-256, and take the
others out.

## References
- RFC 4034, section 5; RFC 4035, section 5.2; RFC 4509
- RFC 9904; RFC 9905; RFC 9906 (which digests to use)
- RFC 6840, section 5.11; RFC 5011
- Zonemaster DNSSEC01, DNSSEC02, DNSSEC07, DNSSEC11
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts.iterate import shown
from checks.facts.remarks import Remark, Remarked, dnsviz, zonemaster
from checks.facts.signed_zone import (
    SignedZone,
    answers,
    records,
    refers,
    signed_zone,
    silent,
    told,
)
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
    from checks.facts.dnssec.delegated import Delegated, Rule


@finding_kind
class DsRecordsGiven(Finding):
    """`records` are in words; `unheard` are servers of the parent that did not answer. `usual`
    where a digest is of a type that is to be used, `everywhere` where all servers that answered
    have DS records, `signed` where the zone has keys."""

    code: ClassVar[str] = "ds-records-given"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS01_DS_ALGO_OK", "DS01_NO_RESPONSE", "DS07_DS_FOR_SIGNED_ZONE"
    )
    records: tuple[str, ...]
    usual: bool
    everywhere: bool
    signed: bool
    unheard: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        said = (self.usual, bool(self.unheard), self.everywhere and self.signed)
        return tuple(name for name, holds in zip(self.known_as, said, strict=True) if holds)

    @property
    def message(self) -> str:
        unheard = f"; {', '.join(self.unheard)} of the parent did not answer" * bool(self.unheard)
        return f"{self.subject} has DS records of {', '.join(self.records)}{unheard}"


@finding_kind
class _DsProblem(Remarked):
    """`alone` where no DS record is of kinds that validators follow."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    effect: ClassVar[str]
    remedy: ClassVar[str]
    alone: bool

    @property
    def message(self) -> str:
        return f"for {self.subject}, {self.words}: {self.effect}"

    @property
    def for_agent(self) -> str:
        return self.remedy

    @property
    def for_customer(self) -> str:
        return (
            "The entry by which your domain's registry vouches for your domain should be changed "
            "before it causes trouble. Your registrar can do that."
        )


@finding_kind
class DsDigestDeprecated(_DsProblem):
    code: ClassVar[str] = "ds-digest-deprecated"
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster("DS01_DS_ALGO_DEPRECATED"),
        *dnsviz(
            "DIGEST_ALGORITHM_PROHIBITED",
            "DS_DIGEST_ALGORITHM_IGNORED",
            "DS_DIGEST_ALGORITHM_MAYBE_IGNORED",
        ),
    )
    effect: ClassVar[str] = "validators ignore such a DS record, or will"
    remedy: ClassVar[str] = "Have the registrar replace it by one of digest type 2 (SHA-256)."


@finding_kind
class DsDigestNotSupported(_DsProblem):
    code: ClassVar[str] = "ds-digest-not-supported"
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster(
            "DS01_DS_ALGO_NOT_DS",
            "DS01_DS_ALGO_RESERVED",
            "DS01_DS_ALGO_UNASSIGNED",
            "DS01_DS_ALGO_PRIVATE",
            "DS01_DIGEST_NOT_SUPPORTED_BY_ZM",
        ),
        *dnsviz("DIGEST_ALGORITHM_NOT_SUPPORTED"),
    )
    effect: ClassVar[str] = "validators pass over such a DS record"
    remedy: ClassVar[str] = "Have the registrar replace it by one of digest type 2 (SHA-256)."

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.alone else Severity.NOTICE

    @property
    def message(self) -> str:
        rest = ", and take the zone for unsigned, since there is no other" if self.alone else ""
        return f"for {self.subject}, {self.words}: {self.effect}{rest}"


@finding_kind
class DsMalformed(_DsProblem):
    code: ClassVar[str] = "ds-malformed"
    known_as: ClassVar[tuple[str, ...]] = dnsviz("DIGEST_INVALID")
    usual_severity: ClassVar[Severity] = Severity.WARNING
    effect: ClassVar[str] = "some resolvers, BIND's among them, refuse the whole answer that has it"
    remedy: ClassVar[str] = "Have the registrar replace it by a whole one, or take it out."


@finding_kind
class DsWithoutSha256(_DsProblem):
    code: ClassVar[str] = "ds-without-sha256"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS01_DS_ALGO_2_MISSING")
    effect: ClassVar[str] = "that is the one digest that every validator knows"
    remedy: ClassVar[str] = "Have the registrar add a DS record of digest type 2 (SHA-256)."


@finding_kind
class DsOfNoKey(_DsProblem):
    code: ClassVar[str] = "ds-of-no-key"
    known_as: ClassVar[tuple[str, ...]] = (
        *zonemaster("DS02_NO_DNSKEY_FOR_DS", "DS02_NO_MATCH_DS_DNSKEY"),
        *dnsviz("DIGEST_INVALID"),
    )
    effect: ClassVar[str] = "another DS fits and the zone validates; this key is kept back or gone"
    remedy: ClassVar[str] = "Have the registrar take it out, unless its key is kept in reserve."


@finding_kind
class DsOfNonZoneKey(_DsProblem):
    code: ClassVar[str] = "ds-of-non-zone-key"
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS02_DNSKEY_NOT_FOR_ZONE_SIGNING")
    effect: ClassVar[str] = "validators do not use such a key; another DS fits"
    remedy: ClassVar[str] = "Have the registrar take it out."


@finding_kind
class DsKeyDoesNotSign(_DsProblem):
    code: ClassVar[str] = "ds-key-does-not-sign"
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS02_NO_MATCHING_DNSKEY_RRSIG", "DS02_RRSIG_NOT_VALID_BY_DNSKEY"
    )
    effect: ClassVar[str] = "validators get in by another DS record, which is all that holds"
    remedy: ClassVar[str] = (
        "Have the keys signed with that key too before the other one goes, or its DS taken out."
    )


@finding_kind
class SignersShareZone(Remarked):
    code: ClassVar[str] = "signers-share-zone"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS02_NO_MATCHING_DNSKEY_RRSIG")

    @property
    def message(self) -> str:
        return (
            f"the servers of {self.subject} have signers of their own ({self.words}), and each of "
            "them leads in by another DS record"
        )


@finding_kind
class DsOfKeyWithoutSep(_DsProblem):
    code: ClassVar[str] = "ds-of-key-without-sep"
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS02_DNSKEY_NOT_SEP")
    effect: ClassVar[str] = "validators do not mind; signers and registries go by that flag"
    remedy: ClassVar[str] = "See that it is this key that is meant to have a DS record."


@finding_kind
class DsOfRevokedKey(_DsProblem):
    code: ClassVar[str] = "ds-of-revoked-key"
    known_as: ClassVar[tuple[str, ...]] = dnsviz("DNSKEY_REVOKED_DS")
    effect: ClassVar[str] = "validators do not use that DS record any more"
    remedy: ClassVar[str] = "Have the registrar take it out, and see that another one fits."


@finding_kind
class DsAlgorithmWithoutKey(_DsProblem):
    code: ClassVar[str] = "ds-algorithm-without-key"
    known_as: ClassVar[tuple[str, ...]] = dnsviz("MISSING_SEP_FOR_ALG")
    effect: ClassVar[str] = (
        "a zone is to sign with each algorithm that its DS records announce, and some validators "
        "insist on it"
    )
    remedy: ClassVar[str] = "Have the registrar take that algorithm's DS records out."


@finding_kind
class DsRecordsDiffer(_DsProblem):
    code: ClassVar[str] = "ds-records-differ"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DS01_PARENT_SERVER_NO_DS",
        "DS07_INCONSISTENT_DS",
        "DS07_NO_DS_ON_PARENT_SERVER",
        "DS07_DS_ON_PARENT_SERVER",
        "DS11_INCONSISTENT_DS",
        "DS11_PARENT_WITHOUT_DS",
        "DS11_PARENT_WITH_DS",
    )
    effect: ClassVar[str] = "whether the zone is validated depends on which server is asked"
    remedy: ClassVar[str] = (
        "Wait for the parent's next change to reach its servers; where it lasts, tell its operator."
    )


@finding_kind
class DsQuestionReferred(_DsProblem):
    code: ClassVar[str] = "ds-question-referred"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = dnsviz("REFERRAL_FOR_DS_QUERY")
    effect: ClassVar[str] = (
        "such a server does not know that DS records are its own, so validators cannot learn from "
        "it whether the zone is signed"
    )
    remedy: ClassVar[str] = "Tell the operator of the parent zone: its server's software is old."


@finding_kind
class ZoneSignedWithoutDs(_DsProblem):
    code: ClassVar[str] = "zone-signed-without-ds"
    known_as: ClassVar[tuple[str, ...]] = zonemaster(
        "DNSKEY_BUT_NOT_DS", "DS07_NO_DS_FOR_SIGNED_ZONE", "DS01_PARENT_ZONE_NO_DS"
    )
    effect: ClassVar[str] = "it is signed and its parent has no DS record, so nobody validates it"
    remedy: ClassVar[str] = "Have the registrar enter the DS records, or the zone no longer signed."


@finding_kind
class DsRecordsNotSeen(Finding):
    """`silent` where no server of the parent answered at all."""

    code: ClassVar[str] = "ds-records-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = zonemaster("DS11_UNDETERMINED_DS", "DS01_NO_RESPONSE")
    silent: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.silent else self.known_as[:1]

    @property
    def message(self) -> str:
        return f"which DS records {self.subject} has cannot be told: no server of the parent says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    seen: SignedZone
    now: datetime


async def gather(net: Asker, brief: Brief) -> Facts:
    """The DS records at each server of the parent, and the keys at each server of the zone."""
    return Facts(seen=await signed_zone(net, brief), now=brief.started)


def judge(facts: Facts) -> Iterable[Finding]:
    """What is given, and a finding for each rule that is not kept."""
    seen, subject = facts.seen, shown(facts.seen.apex)
    delegated = _delegated(facts)
    asked = [one.ds for one in seen.above]
    if what := tuple(_referred(seen)):
        alone = not delegated.usable
        yield DsQuestionReferred(subject=subject, evidence=seen.evidence, what=what, alone=alone)
    if seen.missing:
        yield Skipped(subject="DS records", missing=seen.missing)
    elif not seen.ds_told and not asked:
        yield Skipped(subject="DS records", missing="the parent could not be asked for DS records")
    elif not seen.ds_told:
        numbers = tuple(one.id for one in asked)
        yield DsRecordsNotSeen(subject=subject, evidence=numbers, silent=not answers(asked))
    elif not delegated.ds and not delegated.keys:
        missing = "the zone is not signed"
        yield Skipped(subject="DS records", missing=missing, evidence=seen.evidence)
    else:
        yield from _judged(seen, delegated)


def _judged(seen: SignedZone, delegated: Delegated) -> Iterable[Finding]:
    subject = shown(seen.apex)
    if delegated.ds:
        yield DsRecordsGiven(
            subject=subject,
            evidence=seen.evidence,
            records=tuple(f"key {ds.tag} (type {ds.digest_type})" for ds in delegated.ds),
            usual=any(ds.digest_type in {2, 4} for ds in delegated.ds),
            everywhere=all(given for _, given in delegated.above),
            signed=bool(delegated.keys),
            unheard=tuple(one.server for one in seen.above if silent(one.ds)),
        )
    if turns := _by_turns(delegated):
        yield SignersShareZone(subject=subject, evidence=seen.evidence, what=turns)
    for kind, rule in _rules():
        if what := tuple(rule(delegated)):
            yield kind(
                subject=subject, evidence=seen.evidence, what=what, alone=not delegated.usable
            )


def _referred(seen: SignedZone) -> Iterator[Remark]:
    servers = [one.server for one in seen.above if refers(one.ds, seen.apex)]
    if servers:
        words = f"{', '.join(servers)} of the parent refer to the zone itself"
        yield Remark(words, dnsviz("REFERRAL_FOR_DS_QUERY"))


def _by_turns(seen: Delegated) -> tuple[Remark, ...]:
    from checks.facts.dnssec import delegated

    return tuple(delegated.by_turns(seen))


def _rules() -> tuple[tuple[type[_DsProblem], Rule], ...]:
    from checks.facts.dnssec import delegated

    return (
        (DsDigestDeprecated, delegated.of_deprecated_digest),
        (DsDigestNotSupported, delegated.of_unsupported_digest),
        (DsMalformed, delegated.malformed),
        (DsWithoutSha256, delegated.without_sha256),
        (DsOfNoKey, delegated.of_no_key),
        (DsOfNonZoneKey, delegated.of_key_not_for_zones),
        (DsKeyDoesNotSign, delegated.of_key_that_does_not_sign),
        (DsOfKeyWithoutSep, delegated.of_key_without_sep),
        (DsOfRevokedKey, delegated.of_revoked_key),
        (DsAlgorithmWithoutKey, delegated.of_algorithm_without_key),
        (DsRecordsDiffer, delegated.that_differ),
        (ZoneSignedWithoutDs, delegated.missing),
    )


def _delegated(facts: Facts) -> Delegated:
    """What was seen, read."""
    from checks.facts.dnssec.delegated import Delegated
    from checks.facts.dnssec.entry import key_set, some_ds

    seen = facts.seen
    return Delegated(
        ds=some_ds(seen.ds_records, seen.apex),
        above=tuple(
            (one.server, some_ds(records(one.ds, seen.apex, "DS"), seen.apex))
            for one in seen.above
            if told(one.ds)
        ),
        servers=tuple(
            key_set(one.server, seen.apex, one.keys.outcome.answer)
            for one in seen.servers
            if isinstance(one.keys.outcome, DnsReply) and records(one.keys, seen.apex, "DNSKEY")
        ),
        now=int(facts.now.timestamp()),
    )


CHECK = Check(
    id="ds-records",
    title="The DS records lead to the zone's keys",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        DsRecordsGiven,
        SignersShareZone,
        DsDigestDeprecated,
        DsDigestNotSupported,
        DsMalformed,
        DsWithoutSha256,
        DsOfNoKey,
        DsOfNonZoneKey,
        DsKeyDoesNotSign,
        DsOfKeyWithoutSep,
        DsOfRevokedKey,
        DsAlgorithmWithoutKey,
        DsRecordsDiffer,
        DsQuestionReferred,
        ZoneSignedWithoutDs,
        DsRecordsNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
