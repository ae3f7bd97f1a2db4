"""How a zone is signed, set against what signers are told to do (RFC 6781, RFC 9276, RFC 9904).

Each function takes what was seen and returns in words what does not keep to its rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checks.facts.dnssec.denial import MOST_ITERATIONS
from checks.facts.dnssec.keys import REVOKED, ZONE, Ds, Key, Match, match
from checks.facts.dnssec.signatures import Signature

DEPRECATED = {
    1: "RSAMD5",
    3: "DSA",
    5: "RSASHA1",
    6: "DSA-NSEC3-SHA1",
    7: "RSASHA1-NSEC3-SHA1",
    12: "ECC-GOST",
}
"""Algorithms that nobody may sign with any more (RFC 9904, section 2; RFC 9905; RFC 9906)."""

NOT_RECOMMENDED = {10: "RSASHA512"}
RSA = frozenset({5, 7, 8, 10})
SHORTEST_RSA = 2048
"""Bits (NIST SP 800-57, which signers follow; Zonemaster's DNSSEC14)."""

DEPRECATED_DIGESTS = {1: "SHA-1", 3: "GOST R 34.11-94"}
"""Of DS records (RFC 9904, section 3; RFC 9905; RFC 9906)."""

HOUR, DAY = 3600, 86_400
SOON = 12 * HOUR
"""Signatures are renewed days before they end: hours before, that has stopped (DNSSEC04)."""

LONG = 180 * DAY
"""A signature stays good for replaying what it signed until it ends (DNSSEC04)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """One zone as its servers and its parent show it.

    `ds_told` says whether the parent answered for its DS records. `keys` are those of each server
    that gave any answer, `signatures` those of the zone's keys and SOA, `denials` the iterations
    and salt of each NSEC3PARAM record; `now` is in seconds of the epoch.
    """

    ds: tuple[Ds, ...]
    ds_told: bool
    keys: tuple[tuple[str, tuple[Key, ...]], ...]
    signatures: tuple[Signature, ...]
    denials: tuple[tuple[int, str], ...]
    now: int

    @property
    def all_keys(self) -> tuple[Key, ...]:
        return tuple(dict.fromkeys(key for _, keys in self.keys for key in keys))


def deprecated_algorithms(seen: Signing) -> Iterator[str]:
    for key in seen.all_keys:
        if key.algorithm in DEPRECATED:
            yield f"key {key.tag} is of {DEPRECATED[key.algorithm]}"


def algorithms_not_recommended(seen: Signing) -> Iterator[str]:
    for key in seen.all_keys:
        if key.algorithm in NOT_RECOMMENDED:
            yield f"key {key.tag} is of {NOT_RECOMMENDED[key.algorithm]}"


def short_keys(seen: Signing) -> Iterator[str]:
    for key in seen.all_keys:
        bits = rsa_bits(key)
        if bits is not None and bits < SHORTEST_RSA:
            yield f"key {key.tag} has {bits} bits"


def rsa_bits(key: Key) -> int | None:
    """The length of an RSA key's modulus (RFC 3110, section 2); None for other kinds."""
    if key.algorithm not in RSA or len(key.public) < 3:
        return None
    length, start = key.public[0], 1
    if length == 0:
        length, start = int.from_bytes(key.public[1:3]), 3
    return int.from_bytes(key.public[start + length :]).bit_length()


def deprecated_digests(seen: Signing) -> Iterator[str]:
    for ds in seen.ds:
        if ds.digest_type in DEPRECATED_DIGESTS:
            yield f"the DS of key {ds.tag} is of {DEPRECATED_DIGESTS[ds.digest_type]}"


def ds_of_no_key(seen: Signing) -> Iterator[str]:
    """DS records without a key beside others that have theirs."""
    keys = seen.all_keys
    matches = [(ds, match(ds, keys)) for ds in seen.ds]
    if any(said is Match.MATCHES for _, said in matches):
        fitting = {ds.tag for ds, said in matches if said is Match.MATCHES}
        for ds, said in matches:
            if said in {Match.NO_KEY, Match.DIGEST_DIFFERS} and ds.tag not in fitting:
                yield f"the DS of key {ds.tag}: {said.value}"


def no_ds(seen: Signing) -> Iterator[str]:
    keys = seen.all_keys
    if keys and not seen.ds and seen.ds_told:
        yield f"the keys are {', '.join(str(key.tag) for key in keys)}"


def keys_that_differ(seen: Signing) -> Iterator[str]:
    """Keys that some of the servers do not give (RFC 8901 has all signers give those of all)."""
    for key in seen.all_keys:
        lacking = [server for server, keys in seen.keys if key not in keys]
        if lacking:
            yield f"key {key.tag} is not given by {', '.join(lacking)}"


def signatures_that_end(seen: Signing) -> Iterator[str]:
    for one in seen.signatures:
        left = _left(one, seen.now)
        if 0 <= left < SOON:
            yield f"the signature of {one.covers} by key {one.tag} ends in {left // HOUR} hours"


def signatures_that_last(seen: Signing) -> Iterator[str]:
    for one in seen.signatures:
        left, whole = _left(one, seen.now), _serial(one.ends - one.begins)
        if left >= 0 and max(left, whole) > LONG:
            yield f"the signature of {one.covers} by key {one.tag} lasts {whole // DAY} days"


def algorithms_without_signature(seen: Signing) -> Iterator[str]:
    """Algorithms of keys or DS records that do not sign the keys (RFC 6840, section 5.11)."""
    used = {one.algorithm for one in seen.signatures if one.covers == "DNSKEY"}
    wanted = {key.algorithm for key in seen.all_keys if key.usable}
    wanted |= {ds.algorithm for ds in seen.ds}
    for algorithm in sorted(wanted - used) if used else ():
        yield f"algorithm {algorithm} signs no keys"


def revoked_keys(seen: Signing) -> Iterator[str]:
    """Revoked keys that do not sign the keys themselves (RFC 5011, section 2.1)."""
    signing = {one.tag for one in seen.signatures if one.covers == "DNSKEY"}
    for key in _revoked(seen):
        if key.tag not in signing:
            yield f"the revoked key {key.tag} does not sign the keys"


def ds_of_revoked_keys(seen: Signing) -> Iterator[str]:
    """Revoking changes a key's tag, so both that and the one before are looked for."""
    for key in _revoked(seen):
        before = Key(key.owner, (key.flags & ~REVOKED).to_bytes(2) + key.rdata[2:])
        if {key.tag, before.tag} & {ds.tag for ds in seen.ds if ds.algorithm == key.algorithm}:
            yield f"the parent has a DS of the revoked key {key.tag}"


def _revoked(seen: Signing) -> list[Key]:
    return [key for key in seen.all_keys if key.flags & REVOKED and key.flags & ZONE]


def iterations(seen: Signing) -> Iterator[str]:
    for rounds, _ in seen.denials:
        if 0 < rounds <= MOST_ITERATIONS:
            yield f"names are hashed {rounds} times more than needed"


def too_many_iterations(seen: Signing) -> Iterator[str]:
    for rounds, _ in seen.denials:
        if rounds > MOST_ITERATIONS:
            yield f"names are hashed {rounds} times, which validators refuse"


def salt(seen: Signing) -> Iterator[str]:
    for _, salted in seen.denials:
        if salted not in {"-", ""}:
            yield f"names are hashed with the salt {salted}"


def _left(one: Signature, now: int) -> int:
    return _serial(one.ends - now)


def _serial(difference: int) -> int:
    """A difference of 32-bit serial times (RFC 1982)."""
    return (difference + (1 << 31)) % (1 << 32) - (1 << 31)
