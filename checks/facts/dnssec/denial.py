"""Whether NSEC3 or NSEC records prove that a name or type is not there (RFC 4035, 5155, 9824).

The records are taken as genuine: their signatures are judged elsewhere.
"""

from __future__ import annotations

import enum
import hashlib
from base64 import b32hexencode
from collections.abc import Iterable
from dataclasses import dataclass

import dns.name

MOST_ITERATIONS = 100
"""Above, validators treat the zone as insecure or fail it (RFC 9276, section 3.2): hashing costs
the validator and is the zone's choice (CVE-2023-50868)."""


class Proof(enum.Enum):
    """What the records prove of the question."""

    NAME_ERROR = "the name does not exist"
    NO_DATA = "the name has no record of this type"
    WILDCARD_NO_DATA = "the wildcard has no record of this type"
    OPT_OUT = "an unsigned delegation may be there"
    NONE = "nothing"


@dataclass(frozen=True, slots=True)
class Nsec:
    """An NSEC record: `owner` and `following` are absolute, `types` those at the owner."""

    owner: dns.name.Name
    following: dns.name.Name
    types: frozenset[str]

    def covers(self, name: dns.name.Name) -> bool:
        """Whether `name` lies strictly between, the last record wrapping round (RFC 4034, 6.1)."""
        after, before = bool(name > self.owner), bool(name < self.following)
        return after and before if self.owner < self.following else after or before


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


def by_nsec(records: Iterable[Nsec], name: dns.name.Name, rtype: str) -> Proof:
    """What `records` prove of `name` and `rtype` (RFC 4035, section 5.4)."""
    chain = tuple(records)
    for record in chain:
        if record.owner == name:
            return _at_name(record.types, rtype)
        if record.following.is_subdomain(name) and record.covers(name):
            return Proof.NO_DATA  # an empty non-terminal
    covering = next((r for r in chain if r.covers(name) and not _cuts(r, name)), None)
    if covering is None:
        return Proof.NONE
    encloser = max(
        (name.fullcompare(n)[2] for n in (covering.owner, covering.following)), default=1
    )
    wildcard = dns.name.Name((b"*", *name.labels[-encloser:]))
    for record in chain:
        if record.owner == wildcard:
            held = _at_name(record.types, rtype) is Proof.NO_DATA
            return Proof.WILDCARD_NO_DATA if held else Proof.NONE
    return Proof.NAME_ERROR if any(r.covers(wildcard) for r in chain) else Proof.NONE


def _cuts(record: Nsec, name: dns.name.Name) -> bool:
    """The record is of a delegation or DNAME above `name`: it denies nothing below it."""
    moved = "DNAME" in record.types or ("NS" in record.types and "SOA" not in record.types)
    return moved and name.is_subdomain(record.owner)


def _at_name(types: frozenset[str], rtype: str) -> Proof:
    if "NXNAME" in types:  # compact denial (RFC 9824, section 3.1)
        return Proof.NAME_ERROR
    if rtype in types or "CNAME" in types:
        return Proof.NONE
    delegation = "NS" in types and "SOA" not in types
    if delegation != (rtype == "DS") and (delegation or ("SOA" in types and rtype == "DS")):
        return Proof.NONE  # the wrong side of the zone cut
    return Proof.NO_DATA


def by_nsec3(
    records: Iterable[Nsec3], name: dns.name.Name, rtype: str, zone: dns.name.Name
) -> Proof:
    """What `records` of `zone` prove of `name` and `rtype` (RFC 5155, section 8).

    Raises ValueError above `MOST_ITERATIONS`.
    """
    chain = tuple(records)
    if not chain or len({(r.salt, r.iterations) for r in chain}) != 1:
        return Proof.NONE
    salt, iterations = chain[0].salt, chain[0].iterations
    at = {record.owner: record for record in chain}
    hashed = nsec3_hash(name, salt, iterations)
    if hashed in at:
        return _at_name(at[hashed].types, rtype)
    closer, encloser = name, name
    while encloser != zone:
        closer, encloser = encloser, encloser.parent()
        if nsec3_hash(encloser, salt, iterations) in at:
            break
    else:
        return Proof.NONE
    held = at[nsec3_hash(encloser, salt, iterations)].types
    if "DNAME" in held or ("NS" in held and "SOA" not in held):
        return Proof.NONE  # an ancestor's delegation denies nothing below it (section 8.3)
    over = next((r for r in chain if r.covers(nsec3_hash(closer, salt, iterations))), None)
    if over is None:
        return Proof.NONE
    wildcard = nsec3_hash(dns.name.Name((b"*", *encloser.labels)), salt, iterations)
    if wildcard in at:
        held_there = _at_name(at[wildcard].types, rtype) is Proof.NO_DATA
        return Proof.WILDCARD_NO_DATA if held_there else Proof.NONE
    if over.opt_out:
        return Proof.OPT_OUT
    return Proof.NAME_ERROR if any(r.covers(wildcard) for r in chain) else Proof.NONE
