"""Whether an RRSIG holds for a set of records (RFC 4034, section 3; RFC 4035, section 5.3)."""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping, Sequence

import dns.exception
import dns.name
import dns.rdatatype
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from checks.facts.dnssec.keys import MOST_SAME_TAG, REVOKED, ZONE, Key, wire
from netdiag.lazy import dataclass
from netdiag.outcomes import ResourceRecord

_SHA1 = hashes.SHA1()  # noqa: S303 (old zones are signed so; this is no choice of ours)
_RSA: Mapping[int, hashes.HashAlgorithm] = {
    5: _SHA1,
    7: _SHA1,
    8: hashes.SHA256(),
    10: hashes.SHA512(),
}
_CURVES = {13: (ec.SECP256R1(), hashes.SHA256(), 32), 14: (ec.SECP384R1(), hashes.SHA384(), 48)}
_EDWARDS: Mapping[int, type[ed25519.Ed25519PublicKey | ed448.Ed448PublicKey]] = {
    15: ed25519.Ed25519PublicKey,
    16: ed448.Ed448PublicKey,
}
SUPPORTED = frozenset({*_RSA, *_CURVES, *_EDWARDS})
"""Algorithms that are verified (IANA's numbers); others are unsupported, which is not bogus."""

LONGEST_RSA = 4096 // 8
"""Octets of modulus and of exponent that are verified (RFC 3110, section 2)."""

LENGTHS = {12: 64, 13: 64, 14: 96, 15: 64, 16: 114}
"""Octets of a signature of each algorithm that has signatures of one length."""

MOST_SIGNATURES = 8
"""Signatures of one set of records that are tried, as Unbound does since CVE-2023-50387."""

SKEW = 300
"""Seconds by which the clock of this machine may be off."""


class Verdict(enum.Enum):
    """What a signature is worth."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    INVALID = "does not verify"
    NO_KEY = "made by a key that the zone does not have"
    UNSUPPORTED = "of an algorithm that is not supported"
    MALFORMED = "unusable"


@dataclass(frozen=True, slots=True)
class Signature:
    """An RRSIG. `begins` and `ends` are 32-bit serial seconds (RFC 4034, section 3.1.5); `head` is
    its data as signed, without the signature."""

    owner: str
    covers: str
    algorithm: int
    labels: int
    original_ttl: int
    ends: int
    begins: int
    tag: int
    signer: str
    head: bytes
    value: bytes


def signatures_of(records: Sequence[ResourceRecord]) -> tuple[Signature, ...]:
    """The readable RRSIG records among `records`."""
    found = (_read(record) for record in records if record.rtype == "RRSIG")
    return tuple(signature for signature in found if signature)


@functools.lru_cache(4096)
def _read(record: ResourceRecord) -> Signature | None:
    """Many checks look at the same records, and a hostile server sends hundreds."""
    data = wire(record)
    if data is None or len(data) < 20:
        return None
    try:
        signer, used = dns.name.from_wire(data, 18)
    except dns.exception.DNSException:
        return None
    return Signature(
        owner=record.name,
        covers=dns.rdatatype.to_text(dns.rdatatype.RdataType.make(int.from_bytes(data[:2]))),
        algorithm=data[2],
        labels=data[3],
        original_ttl=int.from_bytes(data[4:8]),
        ends=int.from_bytes(data[8:12]),
        begins=int.from_bytes(data[12:16]),
        tag=int.from_bytes(data[16:18]),
        signer=signer.to_text().lower(),
        head=data[: 18 + used],
        value=data[18 + used :],
    )


def verdicts(
    signatures: Sequence[Signature], rrset: Sequence[ResourceRecord], keys: Sequence[Key], now: int
) -> frozenset[Verdict]:
    """What the signatures of one set say of it, `MOST_SIGNATURES` of them tried.

    Those by a key of the zone come first, so that others cannot keep them from being tried.
    """
    tags = {(key.owner, key.tag, key.algorithm) for key in keys}
    ordered = sorted(signatures, key=lambda s: (s.signer, s.tag, s.algorithm) not in tags)
    return frozenset(verdict(one, rrset, keys, now) for one in ordered[:MOST_SIGNATURES])


def verdict(
    signature: Signature,
    rrset: Sequence[ResourceRecord],
    keys: Sequence[Key],
    now: int,
    *,
    revoked: bool = False,
) -> Verdict:
    """What `signature` says of `rrset` at `now` (seconds of the epoch), `keys` being the signer's.

    Keys that share tag and algorithm are tried up to `MOST_SAME_TAG`. With `revoked` a revoked key
    counts: it signs the keys to say so (RFC 5011, section 2.1).
    """
    if signature.algorithm not in SUPPORTED:
        return Verdict.UNSUPPORTED
    signed = _signed(signature, rrset)
    if signed is None:
        return Verdict.MALFORMED
    able = (k for k in keys if k.usable or (revoked and k.flags & REVOKED and k.flags & ZONE))
    named = [k for k in able if k.owner == signature.signer]
    named = [k for k in named if (k.tag, k.algorithm) == (signature.tag, signature.algorithm)]
    if not named:
        return Verdict.NO_KEY
    if not any(verifies(key, signature.value, signed) for key in named[:MOST_SAME_TAG]):
        return Verdict.INVALID
    return _in_time(signature, now)


def _in_time(signature: Signature, now: int) -> Verdict:
    if later(now, signature.ends) > SKEW:
        return Verdict.EXPIRED
    if later(signature.begins, now) > SKEW:
        return Verdict.NOT_YET_VALID
    return Verdict.VALID


def later(one: int, other: int) -> int:
    """By how many seconds `one` is later than `other`, in serial arithmetic (RFC 1982)."""
    return (one - other + (1 << 31)) % (1 << 32) - (1 << 31)


def _signed(signature: Signature, rrset: Sequence[ResourceRecord]) -> bytes | None:
    """The octets that were signed (RFC 4034, section 3.1.8.1); None where the signature cannot
    be one of the set (RFC 4035, section 5.3.1)."""
    if {(r.name, r.rtype) for r in rrset} != {(signature.owner, signature.covers)}:
        return None
    name = dns.name.from_text(signature.owner)
    signer = dns.name.from_text(signature.signer)
    labels = len(name) - 1 - int(name.is_wild())
    data = [wire(record) for record in rrset]
    if signature.labels > labels or not name.is_subdomain(signer) or None in data:
        return None
    if signature.labels < labels:
        name = dns.name.Name((b"*", *name.labels[-signature.labels - 1 :]))
    head = (name.canonicalize().to_wire() or b"") + signature.head[:2] + b"\0\1"
    head += signature.original_ttl.to_bytes(4)
    rows = sorted({row for row in data if row is not None})
    return signature.head + b"".join(head + len(row).to_bytes(2) + row for row in rows)


def verifies(key: Key, value: bytes, signed: bytes) -> bool:
    """Whether `value` is the signature of `signed` by `key`, whose algorithm is supported."""
    try:
        if key.algorithm in _RSA:
            _rsa_key(key.public).verify(value, signed, padding.PKCS1v15(), _RSA[key.algorithm])
        elif key.algorithm in _CURVES:
            _verify_curve(key, value, signed)
        else:
            _EDWARDS[key.algorithm].from_public_bytes(key.public).verify(value, signed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _verify_curve(key: Key, value: bytes, signed: bytes) -> None:
    """RFC 6605, section 4."""
    curve, digest, size = _CURVES[key.algorithm]
    if len(value) != 2 * size:
        raise ValueError(f"a signature of {len(value)} octets")
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\4" + key.public)
    pair = encode_dss_signature(int.from_bytes(value[:size]), int.from_bytes(value[size:]))
    public.verify(pair, signed, ec.ECDSA(digest))


def _rsa_key(public: bytes) -> rsa.RSAPublicKey:
    """RFC 3110, section 2."""
    if not public:
        raise ValueError("an empty key")
    length, rest = public[0], public[1:]
    if length == 0:
        length, rest = int.from_bytes(rest[:2]), rest[2:]
    exponent, modulus = rest[:length], rest[length:]
    if max(len(exponent), len(modulus)) > LONGEST_RSA:
        raise ValueError("an RSA key that is too long")
    return rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus)).public_key()
