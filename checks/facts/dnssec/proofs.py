"""What a reply denies, and whether its NSEC or NSEC3 records and their signatures prove it."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Sequence

import dns.exception
import dns.name

from checks.facts.dnssec.denial import (
    OPT_OUT,
    SHA1,
    Claim,
    Flaw,
    Judged,
    Lack,
    Nsec,
    Nsec3,
    Proof,
    Question,
    by_nsec,
    by_nsec3,
    contradictions,
)
from checks.facts.dnssec.keys import Key
from checks.facts.dnssec.signatures import Signature, Verdict, signatures_of, verdicts
from checks.facts.iterate import below, shown
from netdiag.lazy import dataclass
from netdiag.outcomes import DnsReply, ResourceRecord

HASH_LENGTH = 32
"""Letters of a SHA-1 hash in Base 32 (RFC 5155, section 3.3)."""

BASE_32 = frozenset(string.digits + string.ascii_lowercase[:22])

MOST_ALIASES = 16
"""Aliases that are followed in one reply."""

MOST_SETS = 12
"""Sets of records of one reply that are looked at, for each costs verifying: a proof has four."""

SIGNED = frozenset({"NSEC", "NSEC3", "SOA"})
"""What is signed in the authority section of a denial."""

NEAREST = {
    Verdict.EXPIRED: Lack.SIGNATURE_EXPIRED,
    Verdict.NOT_YET_VALID: Lack.SIGNATURE_NOT_YET_VALID,
    Verdict.INVALID: Lack.SIGNATURE_INVALID,
    Verdict.NO_KEY: Lack.SIGNATURE_OF_NO_KEY,
    Verdict.MALFORMED: Lack.SIGNATURE_MALFORMED,
    Verdict.UNSUPPORTED: Lack.SIGNATURE_UNSUPPORTED,
}
"""What is told where no signature holds: the one that came nearest to it."""


@dataclass(frozen=True, slots=True)
class Denied:
    """One claim of a reply, what its records prove of it, and what is wrong with them.

    `kind` is NSEC or NSEC3, empty where there are no such records.
    """

    question: Question
    kind: str
    proof: Proof
    flaws: tuple[Flaw, ...] = ()

    @property
    def unsupported(self) -> bool:
        """Whether it is only the algorithms that keep it from being told."""
        return {flaw.lack for flaw in self.flaws} == {Lack.SIGNATURE_UNSUPPORTED}


@dataclass(frozen=True, slots=True)
class Records:
    """The readable NSEC and NSEC3 records of a reply, and what is wrong with others."""

    nsec: tuple[Nsec, ...]
    nsec3: tuple[Nsec3, ...]
    flaws: tuple[Flaw, ...]

    @property
    def kind(self) -> str:
        if self.nsec:
            return "NSEC"
        return "NSEC3" if self.nsec3 or self.flaws else ""


def denied_by(
    reply: DnsReply, questions: Iterable[Question], keys: Sequence[Key], now: int
) -> tuple[Denied, ...]:
    """Whether the reply proves what it claims; `questions` are those claims, of one zone."""
    asked = tuple(questions)
    if not asked:
        return ()
    zone = asked[0].zone.to_text()
    given = _first_sets(r for r in reply.authority if r.rtype in SIGNED and below(r.name, zone))
    unsigned = (signature_flaw(rrset, reply.authority, keys, now) for rrset in given)
    faults = tuple(flaw for flaw in unsigned if flaw)
    records = read([r for rrset in given for r in rrset])
    return tuple(_denied(one, records, faults) for one in asked)


def _denied(asked: Question, records: Records, faults: tuple[Flaw, ...]) -> Denied:
    judged = _by_kind(records, asked)
    if judged.proof is not Proof.NONE:
        return Denied(asked, records.kind, Proof.NONE if faults else judged.proof, faults)
    flaws = tuple(dict.fromkeys((*faults, *records.flaws, *judged.flaws)))
    return Denied(asked, records.kind, Proof.NONE, flaws)


def _by_kind(records: Records, asked: Question) -> Judged:
    """By NSEC, else by NSEC3 (each is a proof of its own)."""
    if not records.nsec and not records.nsec3:
        return Judged(Proof.NONE, () if records.flaws else (Flaw(Lack.NO_RECORDS),))
    judged = by_nsec(records.nsec, asked) if records.nsec else Judged(Proof.NONE)
    if judged.proof is Proof.NONE and records.nsec3:
        other = by_nsec3(records.nsec3, asked)
        return other if other.proof is not Proof.NONE or not records.nsec else judged
    return judged


def _first_sets(records: Iterable[ResourceRecord]) -> list[list[ResourceRecord]]:
    sets: dict[tuple[str, str], list[ResourceRecord]] = {}
    for record in records:
        sets.setdefault((record.name, record.rtype), []).append(record)
    return list(sets.values())[:MOST_SETS]


def signature_flaw(
    rrset: Sequence[ResourceRecord],
    beside: Sequence[ResourceRecord],
    keys: Sequence[Key],
    now: int,
) -> Flaw | None:
    """Why no signature `beside` the set makes it secure; None where one does."""
    owner, rtype = rrset[0].name, rrset[0].rtype
    what = f"{rtype} of {shown(owner)}"
    signatures = [s for s in signatures_of(beside) if (s.owner, s.covers) == (owner, rtype)]
    if not signatures:
        return Flaw(Lack.SIGNATURE_MISSING, what)
    found = verdicts(signatures, rrset, keys, now)
    if Verdict.VALID in found:
        return None
    return Flaw(next(lack for verdict, lack in NEAREST.items() if verdict in found), what)


def questions_of(reply: DnsReply, name: str, rtype: str, zone: str) -> tuple[Question, ...]:
    """What a reply of a server of `zone` claims that has to be proven: that a wildcard stands in,
    and that the name, or that to which its aliases lead, is not there or has no such records."""
    found: list[Question] = []
    apex, signatures = dns.name.from_text(zone), signatures_of(reply.answer)
    for _ in range(MOST_ALIASES):
        if not below(name, zone):
            return tuple(found)
        found += _expanded(signatures, name, apex)
        there = {r.rtype: r.data for r in reply.answer if r.name == name}
        if rtype in there:
            return tuple(found)
        if "CNAME" not in there:
            break
        name = there["CNAME"].lower()
    claim = {"NXDOMAIN": Claim.NAME_ERROR, "NOERROR": Claim.NO_DATA}.get(reply.rcode)
    if claim and not _is_referral(reply):
        found.append(Question(dns.name.from_text(name), rtype, apex, claim))
    return tuple(found)


def _is_referral(reply: DnsReply) -> bool:
    kinds = {record.rtype for record in reply.authority}
    return not reply.authoritative and "NS" in kinds and "SOA" not in kinds


def _expanded(
    signatures: Iterable[Signature], name: str, apex: dns.name.Name
) -> Iterator[Question]:
    """The set at `name` whose signatures are those of a wildcard (RFC 4035, section 5.3.4)."""
    owner = dns.name.from_text(name)
    labels = len(owner) - 1 - int(owner.is_wild())
    for one in signatures:
        if one.owner == name and len(apex) - 1 <= one.labels < labels:
            wildcard = dns.name.Name((b"*", *owner.labels[-one.labels - 1 :]))
            yield Question(owner, one.covers, apex, Claim.EXPANDED, wildcard)
            return


def answered_by(reply: DnsReply, zone: str) -> frozenset[tuple[dns.name.Name, str]]:
    """The names and types of the zone that the reply answers with, signed as no wildcard's."""
    apex = dns.name.from_text(zone)
    given = {(record.name, record.rtype) for record in reply.answer if below(record.name, zone)}
    signatures = signatures_of(reply.answer)
    signed = {(one.owner, one.covers) for one in signatures} & given
    return frozenset(
        (dns.name.from_text(owner), rtype)
        for owner, rtype in signed
        if not any(_expanded(signatures, owner, apex))
    )


def contradicting(
    reply: DnsReply, zone: str, answered: Iterable[tuple[dns.name.Name, str]]
) -> tuple[Flaw, ...]:
    """What the reply's records say against what the same server answers with."""
    given = (r for r in (*reply.answer, *reply.authority) if below(r.name, zone))
    records = read([r for rrset in _first_sets(given) for r in rrset])
    known = sorted(answered)
    return tuple(dict.fromkeys(contradictions(records.nsec, records.nsec3, known)))


def read(records: Iterable[ResourceRecord]) -> Records:
    """The NSEC and NSEC3 records among `records`, all of one zone."""
    nsec: list[Nsec] = []
    nsec3: list[Nsec3] = []
    flaws: list[Flaw] = []
    for record in records:
        if record.rtype not in {"NSEC", "NSEC3"}:
            continue
        one = _nsec(record) if record.rtype == "NSEC" else _nsec3(record)
        if isinstance(one, Nsec):
            nsec.append(one)
        elif isinstance(one, Nsec3):
            nsec3.append(one)
        else:
            flaws.append(Flaw(one, record.name))
    return Records(tuple(nsec), tuple(nsec3), tuple(flaws))


def _nsec(record: ResourceRecord) -> Nsec | Lack:
    words = record.data.split()
    try:
        owner, following = dns.name.from_text(record.name), dns.name.from_text(words[0])
    except (dns.exception.DNSException, ValueError, IndexError):
        return Lack.UNREADABLE
    return Nsec(owner, following, frozenset(words[1:]))


def _nsec3(record: ResourceRecord) -> Nsec3 | Lack:
    """RFC 5155, section 3.3: hash algorithm, flags, iterations, salt, next hash, types. What is not
    known is left out of account (section 8.1 and 8.2)."""
    words = record.data.split()
    try:
        algorithm, flags, iterations = (int(word) for word in words[:3])
        salt = b"" if words[3] == "-" else bytes.fromhex(words[3])
        owner, following = record.name.partition(".")[0].lower(), words[4].lower()
    except (ValueError, IndexError):
        return Lack.UNREADABLE
    if algorithm != SHA1:
        return Lack.UNKNOWN_HASH
    if flags & ~OPT_OUT:
        return Lack.UNKNOWN_FLAG
    if len(owner) != HASH_LENGTH or not BASE_32.issuperset(owner):
        return Lack.NOT_A_HASH
    if len(following) != HASH_LENGTH or not BASE_32.issuperset(following):
        return Lack.WRONG_LENGTH
    return Nsec3(owner, following, bool(flags & OPT_OUT), salt, iterations, frozenset(words[5:]))
