"""What a zone's CDS and CDNSKEY records ask its parent for (RFC 7344, RFC 8078)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.facts.dnssec.chain import fault_of
from checks.facts.dnssec.keys import Ds, Key, Match, ds_of, keys_of, match
from netdiag.outcomes import ResourceRecord

TYPES = ("CDS", "CDNSKEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What one server gives: `cds` as DS records, `cdnskey` as keys, both without the record of
    algorithm 0 that asks for no DS at all (RFC 8078, section 4): `removals` are the types with it.
    `unsigned` says of which sets no signature holds."""

    server: str
    cds: frozenset[Ds]
    cdnskey: frozenset[Key]
    removals: tuple[str, ...]
    unsigned: tuple[str, ...]

    @property
    def some(self) -> bool:
        return bool(self.cds or self.cdnskey or self.removals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalling:
    """A zone's signals with its keys and its present DS records, None where nobody told them."""

    servers: tuple[Signals, ...]
    keys: tuple[Key, ...]
    ds: frozenset[Ds] | None

    @property
    def cds(self) -> frozenset[Ds]:
        return frozenset(ds for one in self.servers for ds in one.cds)

    @property
    def cdnskey(self) -> frozenset[Key]:
        return frozenset(key for one in self.servers for key in one.cdnskey)

    @property
    def removals(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kind for one in self.servers for kind in one.removals))


def signals_of(
    server: str,
    apex: str,
    answer: Sequence[ResourceRecord],
    keys: tuple[Key, ...],
    now: datetime,
) -> Signals:
    """What the records of a server's answers ask for."""
    cds, cdnskey = ds_of(answer, apex, "CDS"), keys_of(answer, apex, "CDNSKEY")
    sets = [[r for r in answer if (r.name, r.rtype) == (apex, kind)] for kind in TYPES]
    algorithms = {"CDS": {one.algorithm for one in cds}, "CDNSKEY": {k.algorithm for k in cdnskey}}
    faults = (fault_of(records, answer, keys, now) for records in sets if records)
    return Signals(
        server=server,
        cds=frozenset(one for one in cds if one.algorithm),
        cdnskey=frozenset(one for one in cdnskey if one.algorithm),
        removals=tuple(kind for kind, found in algorithms.items() if 0 in found),
        unsigned=tuple(fault for fault in faults if fault),
    )


def differing(seen: Signalling) -> Iterator[str]:
    """Types of which the servers give different sets."""
    if len({(one.cds, "CDS" in one.removals) for one in seen.servers}) > 1:
        yield "CDS"
    if len({(one.cdnskey, "CDNSKEY" in one.removals) for one in seen.servers}) > 1:
        yield "CDNSKEY"


def unlike_each_other(seen: Signalling) -> Iterator[str]:
    """Records of one type without their like of the other (RFC 7344, section 4)."""
    if not (seen.cds and seen.cdnskey):
        return
    for ds in _in_order(seen.cds):
        if match(ds, seen.cdnskey) in {Match.NO_KEY, Match.DIGEST_DIFFERS}:
            yield f"no CDNSKEY is that of the CDS of key {ds.tag}"
    for key in sorted(seen.cdnskey, key=lambda key: key.tag):
        if not any(match(ds, (key,)) is Match.MATCHES for ds in seen.cds):
            yield f"no CDS is that of the CDNSKEY {key.tag}"


def of_no_key(seen: Signalling) -> Iterator[str]:
    """Records of keys that the zone does not have."""
    for ds in _in_order(seen.cds):
        if match(ds, seen.keys) in {Match.NO_KEY, Match.DIGEST_DIFFERS}:
            yield f"CDS of key {ds.tag}"
    for key in sorted(seen.cdnskey, key=lambda key: key.tag):
        if key not in seen.keys:
            yield f"CDNSKEY {key.tag}"


def unsigned(seen: Signalling) -> Iterator[str]:
    yield from dict.fromkeys(fault for one in seen.servers for fault in one.unsigned)


def removal(seen: Signalling) -> Iterator[str]:
    if seen.ds:
        yield from seen.removals


def mixed_removal(seen: Signalling) -> Iterator[str]:
    if "CDS" in seen.removals and seen.cds:
        yield "CDS"
    if "CDNSKEY" in seen.removals and seen.cdnskey:
        yield "CDNSKEY"


def unlike_parent(seen: Signalling) -> Iterator[str]:
    """Keys that the CDS records ask to be added or taken out at the parent."""
    if seen.ds is None or not seen.cds:
        return
    for ds in _in_order(seen.cds - seen.ds):
        yield f"a DS of key {ds.tag} is to come"
    for ds in _in_order(seen.ds - seen.cds):
        yield f"the DS of key {ds.tag} is to go"


def _in_order(records: frozenset[Ds]) -> list[Ds]:
    return sorted(records, key=lambda ds: (ds.tag, ds.digest_type, ds.digest))
