"""DNSKEY and DS records, and whether one vouches for the other (RFC 4034, sections 2 and 5)."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable

import dns.exception
import dns.name
import dns.rdata

from netdiag.lazy import dataclass
from netdiag.outcomes import ResourceRecord

ZONE, REVOKED, ENTRY_POINT = 0x0100, 0x0080, 0x0001
"""Flags of a DNSKEY (RFC 4034, section 2.1.1; RFC 5011, section 7)."""

DIGESTS = {1: hashlib.sha1, 2: hashlib.sha256, 4: hashlib.sha384}
"""Digest types of DS records that validators know (RFC 9904, section 3)."""

DIGEST_LENGTHS = {1: 20, 2: 32, 3: 32, 4: 48, 5: 32, 6: 32}
"""Octets of the digest of each assigned type."""

KEY_LENGTHS = {12: 64, 13: 64, 14: 96, 15: 32, 16: 57}
"""Octets of a public key of each algorithm that has keys of one length (RFC 5933, 6605, 8080)."""

MOST_SAME_TAG = 4
"""Keys of one tag and algorithm that a signature is tried with: more are an attack (KeyTrap,
CVE-2023-50387)."""

MOST_DIGESTS = 64
"""Keys of one tag and algorithm that are compared with a DS record, which costs far less."""


class Match(enum.Enum):
    """What a DS record says of the keys of the zone."""

    MATCHES = "matches"
    NO_KEY = "no key has its tag and algorithm"
    DIGEST_DIFFERS = "the digest differs"
    UNSUPPORTED = "its digest type is not supported"


@dataclass(frozen=True, slots=True)
class Key:
    """A DNSKEY. `owner` is absolute and lower case, `rdata` its wire form."""

    owner: str
    rdata: bytes

    @property
    def flags(self) -> int:
        return int.from_bytes(self.rdata[:2])

    @property
    def algorithm(self) -> int:
        return self.rdata[3]

    @property
    def public(self) -> bytes:
        return self.rdata[4:]

    @property
    def malformed(self) -> bool:
        """No key of its algorithm can be like this."""
        return len(self.public) != KEY_LENGTHS.get(self.algorithm, len(self.public) or 1)

    @property
    def usable(self) -> bool:
        """A zone key of DNSSEC that is not revoked (RFC 4034, section 2.1; RFC 5011, 2.1)."""
        return bool(self.flags & ZONE) and not self.flags & REVOKED and self.rdata[2] == 3

    @property
    def tag(self) -> int:
        """RFC 4034, appendix B."""
        padded = self.rdata + b"\0" * (len(self.rdata) % 2)
        total = sum(int.from_bytes(padded[i : i + 2]) for i in range(0, len(padded), 2))
        return (total + (total >> 16)) & 0xFFFF


@dataclass(frozen=True, slots=True)
class Ds:
    """A DS record, of a parent zone or of a trust anchor."""

    owner: str
    tag: int
    algorithm: int
    digest_type: int
    digest: bytes

    @property
    def malformed(self) -> bool:
        """No digest of its type is that long."""
        return len(self.digest) != DIGEST_LENGTHS.get(self.digest_type, len(self.digest) or 1)


def wire(record: ResourceRecord) -> bytes | None:
    """The canonical data of the record (RFC 4034, section 6.2); None for what cannot be read.

    What the type's decoder refuses, as it does DS records of digest type 0 or of a wrong length, is
    taken for what it is: its octets.
    """
    try:
        rdata = dns.rdata.from_text("IN", record.rtype, record.data, dns.name.root, False)
        return rdata.to_digestable(dns.name.root)
    except (dns.exception.DNSException, ValueError):
        return _octets(record)


def _octets(record: ResourceRecord) -> bytes | None:
    """The data in generic form (RFC 3597, section 5), or a DS record's in its own."""
    words = record.data.split()
    try:
        if words[:1] == ["\\#"]:
            data = bytes.fromhex("".join(words[2:]))
            return data if len(data) == int(words[1]) else None
        if record.rtype in {"DS", "CDS"}:
            tag, algorithm, kind = (int(word) for word in words[:3])
            return tag.to_bytes(2) + bytes((algorithm, kind)) + bytes.fromhex("".join(words[3:]))
    except (ValueError, OverflowError, IndexError):
        return None
    return None


def keys_of(
    records: Iterable[ResourceRecord], owner: str, rtype: str = "DNSKEY"
) -> tuple[Key, ...]:
    """The keys of `owner`, the unreadable ones left out; CDNSKEY has the same form."""
    found = (wire(r) for r in records if (r.name, r.rtype) == (owner, rtype))
    return tuple(Key(owner, data) for data in dict.fromkeys(found) if data and len(data) >= 4)


def ds_of(records: Iterable[ResourceRecord], owner: str, rtype: str = "DS") -> tuple[Ds, ...]:
    """The DS records of `owner`, the unreadable ones left out; CDS has the same form."""
    found = (wire(r) for r in records if (r.name, r.rtype) == (owner, rtype))
    return tuple(
        Ds(owner, int.from_bytes(data[:2]), data[2], data[3], data[4:])
        for data in dict.fromkeys(found)
        if data and len(data) >= 4
    )


def match(ds: Ds, keys: Iterable[Key]) -> Match:
    """Whether `ds` vouches for a usable key among `keys` (RFC 4035, section 5.2)."""
    if ds.digest_type not in DIGESTS:
        return Match.UNSUPPORTED
    named = named_by(ds, (key for key in keys if key.usable))
    if not named:
        return Match.NO_KEY
    return Match.MATCHES if any(is_digest(ds, key) for key in named) else Match.DIGEST_DIFFERS


def named_by(ds: Ds, keys: Iterable[Key]) -> list[Key]:
    """The keys of the tag and algorithm of `ds`, as many as are compared with it."""
    return [k for k in keys if (k.tag, k.algorithm) == (ds.tag, ds.algorithm)][:MOST_DIGESTS]


def is_digest(ds: Ds, key: Key) -> bool:
    """Whether `ds` is the digest of `key`, whatever the key is for; its type is supported."""
    owner = dns.name.from_text(ds.owner).canonicalize().to_wire() or b""
    return DIGESTS[ds.digest_type](owner + key.rdata).digest() == ds.digest
