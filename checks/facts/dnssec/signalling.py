"""What a zone's CDS and CDNSKEY records ask its parent for (RFC 7344, RFC 8078).

Each rule takes what was seen and remarks on what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from checks.facts.dnssec.entry import MOST_DS, KeySet
from checks.facts.dnssec.keys import (
    DIGESTS,
    ENTRY_POINT,
    ZONE,
    Ds,
    Key,
    ds_of,
    is_digest,
    keys_of,
    named_by,
)
from checks.facts.dnssec.signatures import (
    MOST_SIGNATURES,
    Signature,
    Verdict,
    signatures_of,
    verdict,
)
from checks.facts.remarks import Remark, at, zonemaster
from netdiag.lazy import dataclass
from netdiag.outcomes import ResourceRecord

Kind = Literal["CDS", "CDNSKEY"]
CASES: dict[Kind, str] = {"CDS": "DS16", "CDNSKEY": "DS17"}
"""Zonemaster's case for each type."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One server's records of one type with their signatures, each record read in `given` but for
    the one of algorithm 0: with it the zone asks for no DS at all (RFC 8078, section 4)."""

    kind: Kind
    given: tuple[Ds | Key, ...]
    removal: bool
    records: tuple[ResourceRecord, ...]
    signatures: tuple[Signature, ...]

    @property
    def what(self) -> tuple[frozenset[Ds | Key], bool]:
        return frozenset(self.given), self.removal


@dataclass(frozen=True, slots=True)
class Signals:
    """What one server gives."""

    keys: KeySet
    cds: Wanted
    cdnskey: Wanted

    @property
    def both(self) -> tuple[Wanted, Wanted]:
        return self.cds, self.cdnskey


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalling:
    """What each server gives, and the present DS records, None where nobody told them; `now` is in
    seconds of the epoch."""

    servers: tuple[Signals, ...]
    ds: tuple[Ds, ...] | None
    now: int

    @property
    def some(self) -> bool:
        return any(wanted.records for one in self.servers for wanted in one.both)

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(dict.fromkeys(key for one in self.servers for key in one.keys.keys))


Rule = Callable[[Signalling], Iterator[Remark]]


def _names(wanted: Wanted, pattern: str) -> tuple[str, ...]:
    return zonemaster(pattern.format(case=CASES[wanted.kind], kind=wanted.kind))


def wanted_of(kind: Kind, apex: str, answer: Sequence[ResourceRecord]) -> Wanted:
    """The records of one type in a server's answer."""
    own = tuple(r for r in answer if (r.name, r.rtype) == (apex, kind))
    read = ds_of(own, apex, kind) if kind == "CDS" else keys_of(own, apex, kind)
    signed = (s for s in signatures_of(answer) if (s.owner, s.covers) == (apex, kind))
    given: tuple[Ds | Key, ...] = tuple(one for one in read if one.algorithm)
    return Wanted(
        kind=kind,
        given=given[:MOST_DS],
        removal=any(not one.algorithm for one in read),
        records=own,
        signatures=tuple(signed)[:MOST_SIGNATURES],
    )


def _each(
    seen: Signalling, rule: Callable[[Signals, Wanted], Iterable[Remark]]
) -> Iterator[Remark]:
    """The remarks of a rule about one type at one server, each once, with the servers."""
    found: dict[Remark, list[str]] = {}
    for one in seen.servers:
        for wanted in one.both:
            for remark in rule(one, wanted):
                found.setdefault(remark, []).append(one.keys.server)
    every = [one.keys.server for one in seen.servers]
    for remark, servers in found.items():
        yield Remark(f"{remark.words}{at(servers, every)}", remark.names)


def given(seen: Signalling) -> Iterator[Remark]:
    """Which types the servers give."""

    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        if wanted.kind == "CDS" and (kinds := _kinds(one)):
            yield Remark(kinds[0], zonemaster(kinds[1]))
        if wanted.removal and not wanted.given:
            yield Remark(
                f"{wanted.kind} that asks for removal", _names(wanted, "{case}_DELETE_{kind}")
            )

    yield from _each(seen, by)


def _kinds(one: Signals) -> tuple[str, str] | None:
    return {
        (True, True): ("CDS and CDNSKEY", "DS15_HAS_CDS_AND_CDNSKEY"),
        (True, False): ("CDS", "DS15_HAS_CDS_NO_CDNSKEY"),
        (False, True): ("CDNSKEY", "DS15_HAS_CDNSKEY_NO_CDS"),
    }.get((bool(one.cds.records), bool(one.cdnskey.records)))


def differing(seen: Signalling) -> Iterator[Remark]:
    """Types of which the servers give different sets."""
    for kind, sets in (
        ("CDS", {one.cds.what for one in seen.servers}),
        ("CDNSKEY", {one.cdnskey.what for one in seen.servers}),
    ):
        if len(sets) > 1:
            yield Remark(f"{kind} differ", zonemaster(f"DS15_INCONSISTENT_{kind}"))


def unlike_each_other(seen: Signalling) -> Iterator[Remark]:
    """Records of one type without their like of the other (RFC 7344, section 4)."""
    mismatch = zonemaster("DS15_MISMATCH_CDS_CDNSKEY")

    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        other = one.cdnskey if wanted.kind == "CDS" else one.cds
        if not other.records:
            return
        for record in wanted.given:
            if not any(_alike(record, like) for like in other.given):
                yield Remark(f"no {other.kind} is that of the {_name(wanted, record)}", mismatch)
        if wanted.removal and not other.removal:
            yield Remark(f"{wanted.kind} asks for removal and {other.kind} does not", mismatch)

    yield from _each(seen, by)


def _alike(one: Ds | Key, other: Ds | Key) -> bool:
    ds, key = (one, other) if isinstance(one, Ds) else (other, one)
    return isinstance(ds, Ds) and isinstance(key, Key) and _is_of(ds, key)


def _is_of(ds: Ds, key: Key) -> bool:
    """Whether the record is of that key; of a digest that is not known its tag decides."""
    return bool(named_by(ds, [key])) and (ds.digest_type not in DIGESTS or is_digest(ds, key))


def _key_of(one: Signals, record: Ds | Key) -> Key | None:
    """The zone's key that a record is of."""
    if isinstance(record, Key):
        return record if record in one.keys.keys else None
    return next((key for key in one.keys.keys if _is_of(record, key)), None)


def _to_examine(one: Signals, wanted: Wanted) -> bool:
    """A request for DS records of a server that has keys."""
    return bool(one.keys.keys) and not wanted.removal


def without_keys(seen: Signalling) -> Iterator[Remark]:
    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        if wanted.given and not wanted.removal and not one.keys.keys:
            yield Remark(
                f"{wanted.kind} without any key", _names(wanted, "{case}_{kind}_WITHOUT_DNSKEY")
            )

    yield from _each(seen, by)


def of_no_key(seen: Signalling) -> Iterator[Remark]:
    """Records of keys that the zone does not have."""

    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        for record in wanted.given if one.keys.keys else ():
            if _key_of(one, record) is None:
                apart = wanted.removal or _not_for_zones(one, record)
                name = () if apart else _names(wanted, "{case}_{kind}_MATCHES_NO_DNSKEY")
                yield Remark(_name(wanted, record), name)

    yield from _each(seen, by)


def of_key_not_for_zones(seen: Signalling) -> Iterator[Remark]:
    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        for record in wanted.given if _to_examine(one, wanted) else ():
            if _not_for_zones(one, record):
                name = NON_ZONE[wanted.kind]
                yield Remark(_name(wanted, record), zonemaster(name))

    yield from _each(seen, by)


NON_ZONE: dict[Kind, str] = {
    "CDS": "DS16_CDS_MATCHES_NON_ZONE_DNSKEY",
    "CDNSKEY": "DS17_CDNSKEY_IS_NON_ZONE",
}
NON_SEP: dict[Kind, str] = {
    "CDS": "DS16_CDS_MATCHES_NON_SEP_DNSKEY",
    "CDNSKEY": "DS17_CDNSKEY_IS_NON_SEP",
}


def _not_for_zones(one: Signals, record: Ds | Key) -> bool:
    key = record if isinstance(record, Key) else _key_of(one, record)
    return key is not None and not key.flags & ZONE


def of_key_without_sep(seen: Signalling) -> Iterator[Remark]:
    """Keys that are not marked as entry points; registries do not mind."""

    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        for record in wanted.given if _to_examine(one, wanted) else ():
            key = record if isinstance(record, Key) else _key_of(one, record)
            if key and key.flags & ZONE and not key.flags & ENTRY_POINT:
                yield Remark(_name(wanted, record), zonemaster(NON_SEP[wanted.kind]))

    yield from _each(seen, by)


def of_key_that_does_not_sign(seen: Signalling) -> Iterator[Remark]:
    """Keys that are to have a DS record and do not sign the keys."""

    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        signing = {signature.tag for signature in one.keys.signatures}
        for record in _zone_keys(one, wanted):
            if record.tag not in signing:
                yield Remark(
                    _name(wanted, record), _names(wanted, "{case}_DNSKEY_NOT_SIGNED_BY_{kind}")
                )

    yield from _each(seen, by)


def not_signed_by_its_key(seen: Signalling) -> Iterator[Remark]:
    """Records whose own key does not sign them, where another one does."""

    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        signing = {signature.tag for signature in wanted.signatures}
        for record in _zone_keys(one, wanted):
            if record.tag not in signing:
                yield Remark(
                    _name(wanted, record), _names(wanted, "{case}_{kind}_NOT_SIGNED_BY_{kind}")
                )

    yield from _each(seen, by)


def _zone_keys(one: Signals, wanted: Wanted) -> Iterator[Ds | Key]:
    """The records that are of a key of the zone that is for zones."""
    for record in wanted.given if _to_examine(one, wanted) else ():
        if _key_of(one, record) is not None and not _not_for_zones(one, record):
            yield record


def unsigned(seen: Signalling) -> Iterator[Remark]:
    """Sets of which no signature holds."""
    yield from _each(seen, lambda one, wanted: _broken(seen, one, wanted, alone=True))


def signed_besides(seen: Signalling) -> Iterator[Remark]:
    """Signatures that do not hold beside one that does."""
    yield from _each(seen, lambda one, wanted: _broken(seen, one, wanted, alone=False))


def _broken(seen: Signalling, one: Signals, wanted: Wanted, *, alone: bool) -> Iterator[Remark]:
    if not wanted.records or not one.keys.keys:
        return
    found = {s: verdict(s, wanted.records, one.keys.keys, seen.now) for s in wanted.signatures}
    if alone == (Verdict.VALID in found.values()):
        return
    named = not wanted.removal
    if not wanted.signatures:
        yield Remark(
            f"{wanted.kind} has no signature",
            _names(wanted, "{case}_{kind}_UNSIGNED") if named else (),
        )
    for signature, what in found.items():
        if what in {Verdict.VALID, Verdict.UNSUPPORTED}:
            continue
        pattern = _UNKNOWN if what is Verdict.NO_KEY else _INVALID
        yield Remark(
            f"the signature of {wanted.kind} by key {signature.tag}: {what.value}",
            _names(wanted, pattern) if named else (),
        )


_UNKNOWN, _INVALID = "{case}_{kind}_SIGNED_BY_UNKNOWN_DNSKEY", "{case}_{kind}_INVALID_RRSIG"


def not_vouched(seen: Signalling) -> Iterator[Remark]:
    """Sets that no key signs which the present DS records vouch for (RFC 7344, section 4.1)."""
    vouched = {ds.tag for ds in seen.ds or ()}

    def by(one: Signals, wanted: Wanted) -> Iterator[Remark]:
        trusted = vouched & {key.tag for key in one.keys.keys}
        signing = {signature.tag for signature in wanted.signatures}
        if vouched and one.keys.keys and wanted.records and not trusted & signing:
            yield Remark(wanted.kind, zonemaster(f"DS18_NO_MATCH_{wanted.kind}_RRSIG_DS"))

    yield from _each(seen, by)


def removal(seen: Signalling) -> Iterator[Remark]:
    def by(_: Signals, wanted: Wanted) -> Iterator[Remark]:
        if wanted.removal and seen.ds:
            pure = () if wanted.given else _names(wanted, "{case}_DELETE_{kind}")
            yield Remark(wanted.kind, pure)

    yield from _each(seen, by)


def mixed_removal(seen: Signalling) -> Iterator[Remark]:
    def by(_: Signals, wanted: Wanted) -> Iterator[Remark]:
        if wanted.removal and wanted.given:
            yield Remark(wanted.kind, _names(wanted, "{case}_MIXED_DELETE_{kind}"))

    yield from _each(seen, by)


def unlike_parent(seen: Signalling) -> Iterator[Remark]:
    """Keys that the CDS records ask to be added or taken out at the parent."""
    asked = {ds for one in seen.servers for ds in one.cds.given if isinstance(ds, Ds)}
    if seen.ds is None or not asked:
        return
    for ds in _in_order(asked - set(seen.ds)):
        yield Remark(f"a DS of key {ds.tag} is to come")
    for ds in _in_order(set(seen.ds) - asked):
        yield Remark(f"the DS of key {ds.tag} is to go")


def _in_order(records: Iterable[Ds]) -> list[Ds]:
    return sorted(records, key=lambda ds: (ds.tag, ds.digest_type, ds.digest))


def _name(wanted: Wanted, record: Ds | Key) -> str:
    return f"{wanted.kind} of key {record.tag}"
