"""Whether a DS record leads into the zone: to a key that signs the zone's keys (RFC 4035, 5.2)."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

from checks.facts.dnssec.keys import (
    DIGESTS,
    REVOKED,
    ZONE,
    Ds,
    Key,
    ds_of,
    is_digest,
    keys_of,
    named_by,
)
from checks.facts.dnssec.signatures import (
    SUPPORTED,
    Signature,
    Verdict,
    signatures_of,
    verdicts,
)
from checks.facts.remarks import dnsviz, zonemaster
from netdiag.lazy import dataclass
from netdiag.outcomes import ResourceRecord

MOST_DS = 16
"""DS records that are looked into: a registry takes fewer, and each costs a verification."""


class Entry(enum.Enum):
    """What a DS record leads to, in words about it."""

    SIGNS = "its key signs the keys"
    UNSUPPORTED = "it is of kinds that are not supported here"
    UNSIGNED = "its key does not sign the keys"
    BROKEN = "the signature by its key does not hold"
    DIGEST_DIFFERS = "it is not the digest of the key with its tag"
    NOT_FOR_ZONES = "its key is not for signing zones (its flag is not set)"
    REVOKED = "its key is revoked"
    NO_KEY = "no key has its tag and algorithm"


FITS = frozenset({Entry.SIGNS, Entry.UNSIGNED, Entry.BROKEN})
"""What is said of a DS record whose key is there."""

NAMES: Mapping[Entry, tuple[str, ...]] = {
    Entry.UNSIGNED: zonemaster("DS02_NO_MATCHING_DNSKEY_RRSIG"),
    Entry.BROKEN: zonemaster("DS02_RRSIG_NOT_VALID_BY_DNSKEY"),
    Entry.DIGEST_DIFFERS: (*zonemaster("DS02_NO_MATCH_DS_DNSKEY"), *dnsviz("DIGEST_INVALID")),
    Entry.NOT_FOR_ZONES: zonemaster("DS02_DNSKEY_NOT_FOR_ZONE_SIGNING"),
    Entry.REVOKED: dnsviz("DNSKEY_REVOKED_DS"),
    Entry.NO_KEY: zonemaster("DS02_NO_DNSKEY_FOR_DS"),
}
"""What other tools call it."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that one server gives, as records and read, with their signatures."""

    server: str
    records: tuple[ResourceRecord, ...]
    keys: tuple[Key, ...]
    signatures: tuple[Signature, ...]


def key_set(server: str, apex: str, answer: Sequence[ResourceRecord]) -> KeySet:
    """The keys in a server's answer."""
    own = tuple(r for r in answer if (r.name, r.rtype) == (apex, "DNSKEY"))
    signed = (s for s in signatures_of(answer) if (s.owner, s.covers) == (apex, "DNSKEY"))
    return KeySet(server, own, keys_of(own, apex), tuple(signed))


def some_ds(records: Sequence[ResourceRecord], apex: str) -> tuple[Ds, ...]:
    """The DS records to look into, each once."""
    return tuple(dict.fromkeys(ds_of(records, apex)))[:MOST_DS]


def entries(vouchers: Sequence[Ds], told: KeySet, now: int) -> dict[Ds, Entry]:
    """What each DS record leads to at one server."""
    return {ds: entry(ds, told, now) for ds in vouchers}


def entry(ds: Ds, told: KeySet, now: int) -> Entry:
    """What one DS record leads to at one server."""
    if ds.digest_type not in DIGESTS or ds.algorithm not in SUPPORTED:
        return Entry.UNSUPPORTED
    named = named_by(ds, told.keys)
    key = next((key for key in named if is_digest(ds, key)), None)
    if key is None:
        return Entry.DIGEST_DIFFERS if named else Entry.NO_KEY
    if not key.flags & ZONE:
        return Entry.NOT_FOR_ZONES
    if key.flags & REVOKED:
        return Entry.REVOKED
    if not key.usable:
        return Entry.NO_KEY
    own = [s for s in told.signatures if (s.tag, s.algorithm) == (key.tag, key.algorithm)]
    if not own:
        return Entry.UNSIGNED
    found = verdicts(own, told.records, (key,), now)
    return Entry.SIGNS if Verdict.VALID in found else Entry.BROKEN
