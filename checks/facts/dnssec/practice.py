"""How a zone is signed, set against what signers are told to do (RFC 6781, RFC 9276, RFC 9904).

Each rule takes what was seen and remarks on what does not keep to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from checks.facts.dnssec.denial import MOST_ITERATIONS
from checks.facts.dnssec.keys import REVOKED, ZONE, Ds, Key
from checks.facts.dnssec.signatures import SUPPORTED, Signature
from checks.facts.remarks import Remark, at, dnsviz, zonemaster
from netdiag.lazy import dataclass

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
COMMON = frozenset({8, 13, 14, 15, 16})
NATIONAL = frozenset({17, 23})
"""SM2SM3 and ECC-GOST12, which signers may use and few validators know (RFC 9563, RFC 9558)."""

_PROHIBITED = dnsviz("ALGORITHM_PROHIBITED")
_ONCE_ALLOWED = (*zonemaster("ALGORITHM_NOT_RECOMMENDED"), *dnsviz("ALGORITHM_NOT_RECOMMENDED"))
_NO_LONGER: Mapping[int, tuple[str, ...]] = {
    1: (*_PROHIBITED, *dnsviz("ALGORITHM_VALIDATION_PROHIBITED")),
    3: (*_PROHIBITED, *dnsviz("ALGORITHM_VALIDATION_PROHIBITED")),
    5: _ONCE_ALLOWED,
    6: (*_PROHIBITED, *dnsviz("ALGORITHM_VALIDATION_PROHIBITED")),
    7: _ONCE_ALLOWED,
    12: _PROHIBITED,
}
"""What tools from before RFC 9904 call the deprecated ones."""

RSA = frozenset({5, 7, 8, 10})
SHORTEST_RSA = 2048
"""Bits (NIST SP 800-57, which signers follow; Zonemaster's DNSSEC14)."""

LEAST_RSA = {5: 512, 7: 512, 8: 512, 10: 1024}
MOST_RSA = 4096
"""Bits that an algorithm allows (RFC 3110, section 2; RFC 5702, section 2)."""

CURVES = {12: "GOST", 13: "ECDSA256", 14: "ECDSA384", 15: "ED25519", 16: "ED448"}
"""Algorithms with keys of one length, as DNSViz calls them."""

HOUR, DAY = 3600, 86_400
SOON = 12 * HOUR
"""Signatures are renewed days before they end: hours before, that has stopped (DNSSEC04)."""

LONG = 180 * DAY
"""A signature stays good for replaying what it signed until it ends (DNSSEC04)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One server's keys, and by record type the signatures of the sets that it gives."""

    server: str
    keys: tuple[Key, ...]
    signed: Mapping[str, tuple[Signature, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """One zone as its servers and its parent show it. `servers` are those that give keys,
    `denials` the iterations and salt of each NSEC3PARAM record; `now` is in seconds of the epoch.
    """

    ds: tuple[Ds, ...]
    servers: tuple[Shown, ...]
    denials: tuple[tuple[int, str], ...]
    now: int

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(dict.fromkeys(key for one in self.servers for key in one.keys))

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Those of the zone's keys and of its SOA record."""
        every = (s for one in self.servers for kind in ("DNSKEY", "SOA") for s in one.signed[kind])
        return tuple(dict.fromkeys(every))

    @property
    def supported(self) -> bool:
        """Whether validators know the algorithm of a key."""
        return any(key.algorithm in SUPPORTED for key in self.keys)


Rule = Callable[[Signing], Iterator[Remark]]


def deprecated_algorithms(seen: Signing) -> Iterator[Remark]:
    for key in seen.keys:
        if key.algorithm in DEPRECATED:
            older = _NO_LONGER[key.algorithm]
            named = () if older is _ONCE_ALLOWED else zonemaster("ALGORITHM_DEPRECATED")
            yield Remark(
                f"key {key.tag} is of {DEPRECATED[key.algorithm]}",
                (*zonemaster("DS05_ALGO_DEPRECATED"), *named, *older),
            )


def algorithms_not_recommended(seen: Signing) -> Iterator[Remark]:
    for key in seen.keys:
        if key.algorithm in NOT_RECOMMENDED:
            yield Remark(
                f"key {key.tag} is of {NOT_RECOMMENDED[key.algorithm]}",
                (*zonemaster("DS05_ALGO_NOT_RECOMMENDED"), *_ONCE_ALLOWED),
            )


def unusable_algorithms(seen: Signing) -> Iterator[Remark]:
    """Numbers of IANA's registry that stand for no algorithm to sign zones with."""
    for key in seen.keys:
        if key.algorithm not in {*DEPRECATED, *NOT_RECOMMENDED, *COMMON, *NATIONAL}:
            kind, name = _unusable(key.algorithm)
            yield Remark(
                f"key {key.tag} is of algorithm {key.algorithm}, {kind}",
                (
                    *zonemaster(f"DS05_ALGO_{name}", f"ALGORITHM_{name}"),
                    *dnsviz("ALGORITHM_NOT_SUPPORTED"),
                ),
            )


def _unusable(algorithm: int) -> tuple[str, str]:
    """What the number stands for, and Zonemaster's word for it."""
    if algorithm in {0, 2, 252}:
        return "which is not for signing zones", "NOT_ZONE_SIGN"
    if algorithm in {253, 254}:
        return "which is for private use", "PRIVATE"
    if algorithm in {4, 9, 11, 255} or 123 <= algorithm <= 251:
        return "which is reserved", "RESERVED"
    return "which is not assigned", "UNASSIGNED"


def short_keys(seen: Signing) -> Iterator[Remark]:
    for key, bits in _rsa_keys(seen):
        if bits < SHORTEST_RSA:
            yield Remark(f"key {key.tag} has {bits} bits", zonemaster("DNSKEY_SMALLER_THAN_REC"))


def keys_of_other_sizes(seen: Signing) -> Iterator[Remark]:
    """RSA keys of a length that their algorithm does not allow."""
    for key, bits in _rsa_keys(seen):
        least = LEAST_RSA[key.algorithm]
        if bits < least:
            yield Remark(
                f"key {key.tag} has {bits} bits, and its algorithm {least} at least",
                zonemaster("DNSKEY_TOO_SMALL_FOR_ALGO"),
            )
        elif bits > MOST_RSA:
            yield Remark(
                f"key {key.tag} has {bits} bits, and its algorithm {MOST_RSA} at most",
                zonemaster("DNSKEY_TOO_LARGE_FOR_ALGO"),
            )


def malformed_keys(seen: Signing) -> Iterator[Remark]:
    for key in seen.keys:
        if key.malformed:
            size = len(key.public)
            curve = CURVES.get(key.algorithm, "")
            names = dnsviz(f"DNSKEY_BAD_LENGTH_{curve}") if curve and size else ()
            yield Remark(
                f"key {key.tag} of algorithm {key.algorithm} is of {size} octets",
                names or dnsviz("DNSKEY_ZERO_LENGTH"),
            )


def _rsa_keys(seen: Signing) -> Iterator[tuple[Key, int]]:
    for key in seen.keys:
        bits = rsa_bits(key)
        if bits is not None:
            yield key, bits


def rsa_bits(key: Key) -> int | None:
    """The length of an RSA key's modulus (RFC 3110, section 2); None for other kinds."""
    if key.algorithm not in RSA or len(key.public) < 3:
        return None
    length, start = key.public[0], 1
    if length == 0:
        length, start = int.from_bytes(key.public[1:3]), 3
    return int.from_bytes(key.public[start + length :]).bit_length()


def signatures_that_end(seen: Signing) -> Iterator[Remark]:
    for one in seen.signatures:
        left = _left(one, seen.now)
        if 0 <= left < SOON:
            yield Remark(
                f"{_name(one)} ends in {left // HOUR} hours", zonemaster("REMAINING_SHORT")
            )


def signatures_that_last(seen: Signing) -> Iterator[Remark]:
    for one in seen.signatures:
        left, whole = _left(one, seen.now), _serial(one.ends - one.begins)
        names = zonemaster(
            *(["REMAINING_LONG"] if left > LONG else []),
            *(["DURATION_LONG"] if whole > LONG else []),
        )
        if names:
            yield Remark(f"{_name(one)} is made for {whole // DAY} days", names)


def algorithms_without_signature(seen: Signing) -> Iterator[Remark]:
    """Algorithms of keys or DS records that do not sign a set (RFC 4035, 2.2; RFC 6840, 5.11)."""
    for kind in ("DNSKEY", "SOA", "NS"):
        lacking: dict[int, list[str]] = {}
        for one in seen.servers:
            used = {signature.algorithm for signature in one.signed[kind]}
            for algorithm in sorted(_announced(one.keys, seen.ds) - used) if used else ():
                lacking.setdefault(algorithm, []).append(one.server)
        every = [one.server for one in seen.servers]
        for algorithm, servers in lacking.items():
            yield Remark(
                f"algorithm {algorithm} does not sign {_SETS[kind]}{at(servers, every)}",
                _unsigned_names(seen, algorithm, kind),
            )


_SETS = {"DNSKEY": "the keys", "SOA": "the SOA record", "NS": "the NS records"}


def _announced(keys: Iterable[Key], ds: Iterable[Ds]) -> set[int]:
    own = {key.algorithm for key in keys if key.flags & ZONE}
    return own | {one.algorithm for one in ds}


def _unsigned_names(seen: Signing, algorithm: int, kind: str) -> tuple[str, ...]:
    of_key = algorithm in {key.algorithm for key in seen.keys}
    of_ds = algorithm in {one.algorithm for one in seen.ds}
    return (
        *(zonemaster(f"DS13_ALGO_NOT_SIGNED_{kind}") if of_key else ()),
        *(dnsviz("MISSING_RRSIG_FOR_ALG_DNSKEY") if of_key else ()),
        *(dnsviz("MISSING_RRSIG_FOR_ALG_DS") if of_ds else ()),
    )


def revoked_keys(seen: Signing) -> Iterator[Remark]:
    """Revoked keys that do not sign the keys themselves (RFC 5011, section 2.1)."""
    signing = {one.tag for one in seen.signatures if one.covers == "DNSKEY"}
    for key in seen.keys:
        if key.flags & REVOKED and key.flags & ZONE and key.tag not in signing:
            yield Remark(
                f"the revoked key {key.tag} does not sign the keys", dnsviz("REVOKED_NOT_SIGNING")
            )


def iterations(seen: Signing) -> Iterator[Remark]:
    for rounds, _ in seen.denials:
        if 0 < rounds <= MOST_ITERATIONS:
            yield Remark(
                f"names are hashed {rounds} times more than needed",
                zonemaster("DS03_ILLEGAL_ITERATION_VALUE", "MANY_ITERATIONS"),
            )


def too_many_iterations(seen: Signing) -> Iterator[Remark]:
    for rounds, _ in seen.denials:
        if rounds > MOST_ITERATIONS:
            yield Remark(
                f"names are hashed {rounds} times, which validators refuse",
                zonemaster("DS03_ILLEGAL_ITERATION_VALUE", "TOO_MANY_ITERATIONS"),
            )


def salt(seen: Signing) -> Iterator[Remark]:
    for _, salted in seen.denials:
        if salted not in {"-", ""}:
            yield Remark(
                f"names are hashed with the salt {salted}", zonemaster("DS03_ILLEGAL_SALT_LENGTH")
            )


def ends(seen: Signing) -> tuple[datetime, datetime] | None:
    """When the first and the last of the signatures end; None where there are none."""
    left = [_left(one, seen.now) for one in seen.signatures]
    if not left:
        return None
    now = datetime.fromtimestamp(seen.now, tz=UTC)
    return now + timedelta(seconds=min(left)), now + timedelta(seconds=max(left))


def _name(one: Signature) -> str:
    return f"the signature of {one.covers} by key {one.tag}"


def _left(one: Signature, now: int) -> int:
    return _serial(one.ends - now)


def _serial(difference: int) -> int:
    """A difference of 32-bit serial times (RFC 1982)."""
    return (difference + (1 << 31)) % (1 << 32) - (1 << 31)
