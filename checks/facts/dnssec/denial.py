"""Whether NSEC or NSEC3 records prove a denial (RFC 4035, 5155, 9824), and which piece is lacking.

The records are taken as genuine: their signatures are judged elsewhere.
"""

from __future__ import annotations

import enum
import hashlib
from base64 import b32hexencode
from collections.abc import Iterable, Iterator, Sequence

import dns.name

from checks.facts.iterate import shown
from netdiag.lazy import dataclass

MOST_ITERATIONS = 100
"""Above, validators treat the zone as insecure or fail it (RFC 9276, section 3.2): hashing costs
the validator and is the zone's choice (CVE-2023-50868)."""

SHA1 = 1
"""The only hash algorithm of NSEC3 (RFC 5155, section 11)."""

OPT_OUT = 1
"""The only flag of NSEC3 (RFC 5155, section 3.1.2)."""


class Proof(enum.Enum):
    """What the records prove of the question."""

    NAME_ERROR = "the name does not exist"
    NO_DATA = "the name has no record of this type"
    WILDCARD_NO_DATA = "the wildcard has no record of this type"
    EXPANDED = "no closer name exists than the wildcard"
    OPT_OUT = "an unsigned delegation may be there"
    TOO_COSTLY = "nothing that a validator would follow"
    NONE = "nothing"


class Claim(enum.Enum):
    """What a reply says, which its records have to prove."""

    NAME_ERROR = "the name does not exist"
    NO_DATA = "the name has no record of this type"
    EXPANDED = "a wildcard stands in for the name"
    INSECURE = "the delegation has no DS record"


class Lack(enum.Enum):
    """A piece of a proof that is missing or wrong; `{}` stands for the name that it is about."""

    NO_RECORDS = "there is no NSEC or NSEC3 record"
    NAME_NOT_COVERED = "no NSEC record spans {}"
    NAME_EXISTS = "a record says that {} exists"
    NAME_DENIED = "a record says that {} does not exist at all"
    NAME_COVERED = "one record is at {}, and another says that it does not exist"
    NO_RECORD_AT_NAME = "no record is at {}"
    TYPE_IN_BITMAP = "the record at {} says that it has such records"
    ALIAS_IN_BITMAP = "the record at {} says that it is an alias"
    WILDCARD_NOT_COVERED = "no record is at the wildcard {} or spans it"
    WILDCARD_EXISTS = "a record says that the wildcard {} exists"
    WILDCARD_DENIED = "a record says that the wildcard {} does not exist"
    WILDCARD_TYPE_IN_BITMAP = "the record at the wildcard {} says that it has such records"
    CLOSER_NAME_EXISTS = "{} exists, which is closer than the wildcard"
    NO_CLOSEST_ENCLOSER = "no NSEC3 record is at any name above {}"
    NEXT_CLOSER_NOT_COVERED = "no NSEC3 record spans {}"
    NOT_OPT_OUT = (
        "no NSEC3 record is at {} or its wildcard, and the one that spans it leaves nothing out "
        "(opt-out)"
    )
    OTHER_SIDE = "the record at {} is of the other side of the delegation"
    ABOVE_DELEGATION = "the records are of a delegation or DNAME above {}"
    DELEGATION_WITH_SOA = "the record at the delegation {} is of the zone below (SOA)"
    DELEGATION_WITH_DS = "the record at the delegation {} says that it has a DS"
    DELEGATION_WITHOUT_NS = "the record at {} says that it is no delegation"
    END_NOT_APEX = "the last NSEC record, at {}, does not lead back to the zone's name"
    UNREADABLE = "the record {} cannot be read"
    UNKNOWN_HASH = "the NSEC3 record {} is of an unknown hash algorithm"
    UNKNOWN_FLAG = "the NSEC3 record {} has an unknown flag"
    NOT_A_HASH = "the name of the NSEC3 record {} is no hash"
    WRONG_LENGTH = "the NSEC3 record {} leads to a hash of another length"
    PARAMETERS_MIXED = "NSEC3 records of several salts or iterations are in one proof"
    EXISTING_COVERED = "a record says that {} does not exist, which the server answers for"
    EXISTING_NOT_LISTED = "the record at {} leaves out a type that the server answers with"
    SIGNATURE_MISSING = "{} has no signature"
    SIGNATURE_EXPIRED = "the signature of {} has run out"
    SIGNATURE_NOT_YET_VALID = "the signature of {} is not valid yet"
    SIGNATURE_INVALID = "the signature of {} does not verify"
    SIGNATURE_OF_NO_KEY = "the signature of {} is by a key that the zone does not have"
    SIGNATURE_MALFORMED = "the signature of {} cannot be read"
    SIGNATURE_UNSUPPORTED = "the signature of {} is of an algorithm that is not supported"

    @property
    def of_signature(self) -> bool:
        return self.name.startswith("SIGNATURE_")


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is lacking, and of which name or, of signatures, which set of records."""

    lack: Lack
    name: str = ""

    @property
    def text(self) -> str:
        return self.lack.value.format(shown(self.name))


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be proven of a name and a type in `zone`. `expanded` is the wildcard that stood in
    for the name, of an answer (RFC 4035, section 5.3.4)."""

    name: dns.name.Name
    rtype: str
    zone: dns.name.Name
    claim: Claim
    expanded: dns.name.Name | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the records prove; where that is nothing, what they lack."""

    proof: Proof
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class Nsec:
    """An NSEC record: `owner` and `following` are absolute, `types` those at the owner."""

    owner: dns.name.Name
    following: dns.name.Name
    types: frozenset[str]

    @property
    def last(self) -> bool:
        return not self.owner < self.following

    def covers(self, name: dns.name.Name) -> bool:
        """Whether `name` lies strictly between, the last record wrapping round (RFC 4034, 6.1)."""
        after, before = bool(name > self.owner), bool(name < self.following)
        return after or before if self.last else after and before

    def denies(self, name: dns.name.Name) -> bool:
        """Whether `name` is covered, neither below a delegation nor having names below it."""
        return self.covers(name) and not self.cuts(name) and not self.following.is_subdomain(name)

    def cuts(self, name: dns.name.Name) -> bool:
        """The record is of a delegation or DNAME above `name`: it denies nothing below it."""
        return _moved(self.types) and name != self.owner and name.is_subdomain(self.owner)


@dataclass(frozen=True, slots=True)
class Nsec3:
    """An NSEC3 record: `owner` and `following` are hashes in Base 32 (extended hex), lower case."""

    owner: str
    following: str
    opt_out: bool
    salt: bytes
    iterations: int
    types: frozenset[str]

    def covers(self, hashed: str) -> bool:
        if self.owner < self.following:
            return self.owner < hashed < self.following
        return hashed > self.owner or hashed < self.following


def nsec3_hash(name: dns.name.Name, salt: bytes, iterations: int) -> str:
    """RFC 5155, section 5. Raises ValueError above `MOST_ITERATIONS`."""
    if iterations > MOST_ITERATIONS:
        raise ValueError(f"{iterations} iterations")
    digest = hashlib.sha1((name.canonicalize().to_wire() or b"") + salt).digest()  # noqa: S324
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt).digest()  # noqa: S324 (the only hash of NSEC3)
    return b32hexencode(digest).decode().lower()


def by_nsec(records: Iterable[Nsec], asked: Question) -> Judged:
    """What `records` prove (RFC 4035, section 5.4)."""
    chain = tuple(records)
    ends = [r for r in chain if r.last or not r.following.is_subdomain(asked.zone)]
    ends = [r for r in ends if r.following != asked.zone]
    if ends:
        return _lacking(*(Flaw(Lack.END_NOT_APEX, r.owner.to_text()) for r in ends))
    at = next((r for r in chain if r.owner == asked.name), None)
    if at is not None:
        judged = _at_name(at.types, asked)
        denied = judged.proof is Proof.NO_DATA and any(r.denies(asked.name) for r in chain)
        return _lacking(_flaw(Lack.NAME_COVERED, asked.name)) if denied else judged
    if any(r.following.is_subdomain(asked.name) and r.covers(asked.name) for r in chain):
        return _at_empty(asked)
    covering = [r for r in chain if r.covers(asked.name)]
    over = next((r for r in covering if not r.cuts(asked.name)), None)
    if over is None:
        return _lacking(_flaw(_uncovered(asked, bool(covering)), asked.name))
    if asked.claim is Claim.INSECURE:
        return _lacking(_flaw(Lack.NAME_DENIED, asked.name))
    encloser = max(asked.name.fullcompare(n)[2] for n in (over.owner, over.following))
    if asked.claim is Claim.EXPANDED:
        return _expanded_by_nsec(chain, asked, encloser)
    return _wildcard_by_nsec(chain, asked, _wildcard(asked.name, encloser))


def _uncovered(asked: Question, cut: bool) -> Lack:
    if cut:
        return Lack.ABOVE_DELEGATION
    if asked.claim in {Claim.NAME_ERROR, Claim.EXPANDED}:
        return Lack.NAME_NOT_COVERED
    return Lack.NO_RECORD_AT_NAME


def _expanded_by_nsec(chain: Sequence[Nsec], asked: Question, encloser: int) -> Judged:
    """That the wildcard is the closest there is (RFC 4035, section 5.3.4)."""
    wildcard = asked.expanded or asked.name
    if encloser > len(wildcard) - 1:
        return _lacking(_flaw(Lack.CLOSER_NAME_EXISTS, _closer(asked.name, wildcard)))
    if any(r.covers(wildcard) for r in chain):
        return _lacking(_flaw(Lack.WILDCARD_DENIED, wildcard))
    return Judged(Proof.EXPANDED)


def _wildcard_by_nsec(chain: Sequence[Nsec], asked: Question, wildcard: dns.name.Name) -> Judged:
    """What is at the wildcard that would stand in for a name that does not exist."""
    at = next((r for r in chain if r.owner == wildcard), None)
    if at is not None:
        return _at_wildcard(at.types, asked, wildcard)
    over = next((r for r in chain if r.covers(wildcard) and not r.cuts(wildcard)), None)
    if over is None:
        return _lacking(_flaw(Lack.WILDCARD_NOT_COVERED, wildcard))
    if over.following.is_subdomain(wildcard):
        return _at_wildcard(frozenset(), asked, wildcard)
    if asked.claim is Claim.NAME_ERROR:
        return Judged(Proof.NAME_ERROR)
    return _lacking(_flaw(Lack.NAME_DENIED, asked.name))


def _at_wildcard(types: frozenset[str], asked: Question, wildcard: dns.name.Name) -> Judged:
    if asked.claim is Claim.NAME_ERROR:
        return _lacking(_flaw(Lack.WILDCARD_EXISTS, wildcard))
    if asked.rtype in types or "CNAME" in types:
        return _lacking(_flaw(Lack.WILDCARD_TYPE_IN_BITMAP, wildcard))
    return Judged(Proof.WILDCARD_NO_DATA)


def _at_empty(asked: Question) -> Judged:
    """At a name that has no records, and names below it."""
    if asked.claim is Claim.NO_DATA:
        return Judged(Proof.NO_DATA)
    insecure = asked.claim is Claim.INSECURE
    return _lacking(_flaw(Lack.DELEGATION_WITHOUT_NS if insecure else Lack.NAME_EXISTS, asked.name))


def _at_name(types: frozenset[str], asked: Question) -> Judged:
    if "NXNAME" in types:  # compact denial (RFC 9824, section 3.1)
        denied = asked.claim in {Claim.NAME_ERROR, Claim.NO_DATA}
        lack = Lack.NAME_DENIED
        return Judged(Proof.NAME_ERROR) if denied else _lacking(_flaw(lack, asked.name))
    if asked.claim in {Claim.NAME_ERROR, Claim.EXPANDED}:
        return _lacking(_flaw(Lack.NAME_EXISTS, asked.name))
    lacks = _wrong_types(types, asked)
    return (
        _lacking(*(_flaw(lack, asked.name) for lack in lacks)) if lacks else Judged(Proof.NO_DATA)
    )


def _wrong_types(types: frozenset[str], asked: Question) -> list[Lack]:
    """What keeps the types at a name from proving that it has none of the type asked for."""
    if asked.claim is Claim.INSECURE:
        wrong = {
            Lack.DELEGATION_WITH_SOA: "SOA" in types,
            Lack.DELEGATION_WITH_DS: "DS" in types,
            Lack.DELEGATION_WITHOUT_NS: "NS" not in types,
        }
        return [lack for lack, holds in wrong.items() if holds]
    if asked.rtype in types:
        return [Lack.TYPE_IN_BITMAP]
    if "CNAME" in types:
        return [Lack.ALIAS_IN_BITMAP]
    delegation = "NS" in types and "SOA" not in types
    below = "SOA" in types and asked.name != dns.name.root
    crossed = below if asked.rtype == "DS" else delegation
    return [Lack.OTHER_SIDE] if crossed else []


def _moved(types: frozenset[str]) -> bool:
    """A delegation or DNAME, below which the zone says nothing (RFC 6840, section 4.1)."""
    return "DNAME" in types or ("NS" in types and "SOA" not in types)


def _wildcard(name: dns.name.Name, labels: int) -> dns.name.Name:
    return dns.name.Name((b"*", *name.labels[-labels:]))


def _closer(name: dns.name.Name, wildcard: dns.name.Name) -> dns.name.Name:
    """The name one label longer than the wildcard's parent (the "next closer", RFC 5155, 1.3)."""
    return dns.name.Name(name.labels[-len(wildcard) :])


def _flaw(lack: Lack, name: dns.name.Name) -> Flaw:
    return Flaw(lack, name.to_text())


def _lacking(*flaws: Flaw) -> Judged:
    return Judged(Proof.NONE, flaws)


def by_nsec3(records: Iterable[Nsec3], asked: Question) -> Judged:
    """What `records`, readable and of a known hash, prove (RFC 5155, section 8)."""
    chain = tuple(records)
    if len({(r.salt, r.iterations) for r in chain}) > 1:
        return _lacking(Flaw(Lack.PARAMETERS_MIXED))
    if not chain:
        return _lacking(Flaw(Lack.NO_RECORDS))
    if chain[0].iterations > MOST_ITERATIONS:
        return Judged(Proof.TOO_COSTLY)
    hashes = _Hashes(chain)
    if asked.claim is Claim.EXPANDED:
        return _expanded_by_nsec3(hashes, asked)
    at = hashes.at(asked.name)
    return _at_name(at.types, asked) if at else _absent_by_nsec3(hashes, asked)


class _Hashes:
    """The records by the hashes of names, each hashed once."""

    def __init__(self, chain: Sequence[Nsec3]) -> None:
        self._chain = chain
        self._at = {record.owner: record for record in chain}
        self._known: dict[dns.name.Name, str] = {}

    def _hash(self, name: dns.name.Name) -> str:
        if name not in self._known:
            first = self._chain[0]
            self._known[name] = nsec3_hash(name, first.salt, first.iterations)
        return self._known[name]

    def at(self, name: dns.name.Name) -> Nsec3 | None:
        return self._at.get(self._hash(name))

    def over(self, name: dns.name.Name) -> Nsec3 | None:
        return next((r for r in self._chain if r.covers(self._hash(name))), None)


def _expanded_by_nsec3(hashes: _Hashes, asked: Question) -> Judged:
    """RFC 5155, section 8.8."""
    wildcard = asked.expanded or asked.name
    closer = _closer(asked.name, wildcard)
    if hashes.at(closer):
        return _lacking(_flaw(Lack.CLOSER_NAME_EXISTS, closer))
    over = hashes.over(closer)
    if over is None:
        return _lacking(_flaw(Lack.NEXT_CLOSER_NOT_COVERED, closer))
    denied = hashes.over(wildcard)
    if denied:
        return _lacking(_flaw(Lack.WILDCARD_DENIED, wildcard))
    return Judged(Proof.OPT_OUT if over.opt_out else Proof.EXPANDED)


def _absent_by_nsec3(hashes: _Hashes, asked: Question) -> Judged:
    """Of a name that no record is at: the closest encloser proof (RFC 5155, section 8.3)."""
    closer, encloser, held = asked.name, asked.name, None
    while held is None:
        if encloser == asked.zone or len(encloser) <= 1:
            return _lacking(_flaw(_unenclosed(hashes, asked), asked.name))
        closer, encloser = encloser, encloser.parent()
        held = hashes.at(encloser)
    if _moved(held.types):
        return _lacking(_flaw(Lack.ABOVE_DELEGATION, asked.name))
    over = hashes.over(closer)
    wildcard = _wildcard(encloser, len(encloser))
    unspanned = [] if over else [_flaw(Lack.NEXT_CLOSER_NOT_COVERED, closer)]
    judged = _wildcard_by_nsec3(hashes, over, asked, wildcard)
    flaws = (*unspanned, *judged.flaws)
    return _lacking(*flaws) if flaws else judged


def _unenclosed(hashes: _Hashes, asked: Question) -> Lack:
    """What is missing where no record is at any name above: that one, or the one at the name."""
    above = [asked.name]
    while above[-1] != asked.zone and len(above[-1]) > 1:
        above.append(above[-1].parent())
    absent = (
        asked.claim is Claim.NAME_ERROR
        or any(hashes.over(name) for name in above)
        or any(hashes.at(_wildcard(name, len(name))) for name in above[1:])
    )
    return Lack.NO_CLOSEST_ENCLOSER if absent else Lack.NO_RECORD_AT_NAME


def _wildcard_by_nsec3(
    hashes: _Hashes, over: Nsec3 | None, asked: Question, wildcard: dns.name.Name
) -> Judged:
    """RFC 5155, sections 8.4, 8.6, 8.7 and 8.9; names above delegations may be left out too."""
    at = hashes.at(wildcard)
    if at and asked.claim is not Claim.INSECURE:
        return _at_wildcard(at.types, asked, wildcard)
    opt_out = over is not None and over.opt_out
    if asked.claim is not Claim.NAME_ERROR:
        if opt_out:
            return Judged(Proof.OPT_OUT)
        return _lacking(*([_flaw(Lack.NOT_OPT_OUT, asked.name)] if over else []))
    if not hashes.over(wildcard):
        return _lacking(_flaw(Lack.WILDCARD_NOT_COVERED, wildcard))
    return Judged(Proof.OPT_OUT if opt_out else Proof.NAME_ERROR)


def contradictions(
    nsec: Iterable[Nsec], nsec3: Iterable[Nsec3], answered: Sequence[tuple[dns.name.Name, str]]
) -> Iterator[Flaw]:
    """What records say against what the server itself answers with (RFC 8198 has resolvers believe
    the records); NSEC3 records that leave names out (opt-out) deny none."""
    for one in nsec:
        for name, rtype in answered:
            yield from _contradicted(one.denies(name), one.owner == name, one.types, (name, rtype))
    hashed = tuple(nsec3)
    if len({(r.salt, r.iterations) for r in hashed}) != 1 or hashed[0].iterations > MOST_ITERATIONS:
        return  # which nobody would follow
    first = hashed[0]
    hashes = {name: nsec3_hash(name, first.salt, first.iterations) for name, _ in answered}
    for record in hashed:
        for name, rtype in answered:
            denied = record.covers(hashes[name]) and not record.opt_out
            at = record.owner == hashes[name]
            yield from _contradicted(denied, at, record.types, (name, rtype))


def _contradicted(
    denied: bool, at: bool, types: frozenset[str], answered: tuple[dns.name.Name, str]
) -> Iterator[Flaw]:
    name, rtype = answered
    if denied:
        yield _flaw(Lack.EXISTING_COVERED, name)
    elif at and rtype not in types:
        yield _flaw(Lack.EXISTING_NOT_LISTED, name)
