"""The DS records of a zone at its parent's servers, set against its keys and what DS records are to
be like (RFC 9904, section 3).

Each rule takes what was seen and remarks on what does not keep to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from checks.facts.dnssec.entry import NAMES, Entry, KeySet, entries
from checks.facts.dnssec.keys import (
    DIGESTS,
    ENTRY_POINT,
    REVOKED,
    ZONE,
    Ds,
    Key,
    is_digest,
    named_by,
)
from checks.facts.dnssec.signatures import SUPPORTED
from checks.facts.remarks import Remark, at, dnsviz, zonemaster
from netdiag.lazy import dataclass

DEPRECATED_DIGESTS = {1: "SHA-1", 3: "GOST R 34.11-94"}
"""Of DS records (RFC 9904, section 3; RFC 9905; RFC 9906)."""

SHA1, SHA256, SHA384 = 1, 2, 4
ASSIGNED = range(1, 7)
"""Digest types that stand for a digest (IANA's registry of DS digest algorithms)."""


@dataclass(frozen=True, kw_only=True)
class Delegated:
    """`above` are the DS records that each server of the parent gives which told of them, empty
    where they are planned; `servers` the keys at each server of the zone that gives any; `now` is
    in seconds of the epoch."""

    ds: tuple[Ds, ...]
    above: tuple[tuple[str, tuple[Ds, ...]], ...] = ()
    servers: tuple[KeySet, ...] = ()
    now: int

    @cached_property
    def entries(self) -> dict[str, dict[Ds, Entry]]:
        """By server, what each DS record leads to there."""
        return {told.server: entries(self.ds, told, self.now) for told in self.servers}

    @property
    def usable(self) -> bool:
        """Whether validators can follow one of the DS records (RFC 4035, section 5.2)."""
        return any(ds.digest_type in DIGESTS and ds.algorithm in SUPPORTED for ds in self.ds)

    @property
    def above_names(self) -> list[str]:
        return [server for server, _ in self.above]

    @property
    def keys(self) -> tuple[Key, ...]:
        return tuple(dict.fromkeys(key for told in self.servers for key in told.keys))


Rule = Callable[[Delegated], Iterator[Remark]]


def of_deprecated_digest(seen: Delegated) -> Iterator[Remark]:
    for ds in seen.ds:
        if ds.digest_type in DEPRECATED_DIGESTS:
            yield Remark(
                f"{_name(ds)} is of {DEPRECATED_DIGESTS[ds.digest_type]}{_above(seen, ds)}",
                (
                    *zonemaster("DS01_DS_ALGO_DEPRECATED"),
                    *dnsviz("DIGEST_ALGORITHM_PROHIBITED"),
                    *_ignored(seen, ds),
                ),
            )


def _ignored(seen: Delegated, ds: Ds) -> tuple[str, ...]:
    """What it is called that a stronger DS record is there besides (RFC 4509, section 3, which
    knows of no stronger one but SHA-256)."""
    beside = {one.digest_type for one in seen.ds if one.algorithm == ds.algorithm}
    if ds.digest_type != SHA1 or not beside & {SHA256, SHA384}:
        return ()
    return dnsviz(f"DS_DIGEST_ALGORITHM_{'' if SHA256 in beside else 'MAYBE_'}IGNORED")


def of_unsupported_digest(seen: Delegated) -> Iterator[Remark]:
    """Types that are no digest, or one that validators rarely know."""
    for ds in seen.ds:
        if ds.digest_type not in DIGESTS and ds.digest_type not in DEPRECATED_DIGESTS:
            kind, tags = _kind(ds.digest_type)
            yield Remark(
                f"{_name(ds)} is of digest type {ds.digest_type}, {kind}{_above(seen, ds)}",
                (
                    *zonemaster(*tags, "DS01_DIGEST_NOT_SUPPORTED_BY_ZM"),
                    *dnsviz("DIGEST_ALGORITHM_NOT_SUPPORTED"),
                ),
            )


def _kind(digest_type: int) -> tuple[str, tuple[str, ...]]:
    """What IANA's registry says of a type that is no common digest."""
    if digest_type == 0:
        return "which is none", ("DS01_DS_ALGO_NOT_DS",)
    if digest_type in ASSIGNED:
        return "which few validators know", ()
    if digest_type in {253, 254}:
        return "which is for private use", ("DS01_DS_ALGO_PRIVATE",)
    if 128 <= digest_type <= 252:
        return "which is reserved", ("DS01_DS_ALGO_RESERVED",)
    return "which is not assigned", ("DS01_DS_ALGO_UNASSIGNED",)


def malformed(seen: Delegated) -> Iterator[Remark]:
    for ds in seen.ds:
        if ds.malformed:
            yield Remark(
                f"{_name(ds)} has a digest of {len(ds.digest)} octets, which its type"
                f" {ds.digest_type} never has{_above(seen, ds)}",
                dnsviz("DIGEST_INVALID") if named_by(ds, seen.keys) else (),
            )


def without_sha256(seen: Delegated) -> Iterator[Remark]:
    if seen.ds and all(ds.digest_type != SHA256 for ds in seen.ds):
        yield Remark("no DS record is of SHA-256", zonemaster("DS01_DS_ALGO_2_MISSING"))


def of_no_key(seen: Delegated) -> Iterator[Remark]:
    """DS records without their key beside one that leads in."""
    yield from _beside(seen, Entry.NO_KEY, Entry.DIGEST_DIFFERS)


def of_key_not_for_zones(seen: Delegated) -> Iterator[Remark]:
    yield from _beside(seen, Entry.NOT_FOR_ZONES)


def of_key_that_does_not_sign(seen: Delegated) -> Iterator[Remark]:
    """Keys that sign the keys at no server."""
    yield from _beside(seen, Entry.BROKEN)
    yield from (remark for ds, remark in _unsigned(seen) if not _signs_somewhere(seen, ds))


def by_turns(seen: Delegated) -> Iterator[Remark]:
    """Keys that sign the keys at one server and not at another: the servers have signers of their
    own, each with the keys of all (RFC 8901)."""
    yield from (remark for ds, remark in _unsigned(seen) if _signs_somewhere(seen, ds))


def _unsigned(seen: Delegated) -> Iterator[tuple[Ds, Remark]]:
    for ds in seen.ds:
        yield from ((ds, remark) for remark in _beside(seen, Entry.UNSIGNED, about=(ds,)))


def _signs_somewhere(seen: Delegated, ds: Ds) -> bool:
    return any(found[ds] is Entry.SIGNS for found in seen.entries.values())


def _beside(seen: Delegated, *kinds: Entry, about: Iterable[Ds] = ()) -> Iterator[Remark]:
    """DS records that lead to this, at servers where another leads in; those of revoked keys have
    a rule of their own."""
    revoked = {tag for key in _revoked(seen) for tag in _tags_of(key)}
    open_ones = [s for s, found in seen.entries.items() if Entry.SIGNS in found.values()]
    for ds in about or seen.ds:
        for kind in kinds:
            where = [server for server in open_ones if seen.entries[server][ds] is kind]
            if where and not (kind is Entry.NO_KEY and ds.tag in revoked):
                every = list(seen.entries)
                yield Remark(f"of {_name(ds)}, {kind.value}{at(where, every)}", NAMES[kind])


def of_key_without_sep(seen: Delegated) -> Iterator[Remark]:
    """Keys that DS records fit and that are not marked as entry points; validators do not mind."""
    for ds in seen.ds:
        if ds.digest_type not in DIGESTS:
            continue
        for key in named_by(ds, seen.keys):
            if key.flags & ZONE and not key.flags & ENTRY_POINT and is_digest(ds, key):
                yield Remark(
                    f"key {key.tag} has a DS record and no flag of an entry point (SEP)",
                    zonemaster("DS02_DNSKEY_NOT_SEP"),
                )


def of_revoked_key(seen: Delegated) -> Iterator[Remark]:
    """Revoking changes a key's tag, so both that and the one before are looked for."""
    for key in _revoked(seen):
        if _tags_of(key) & {ds.tag for ds in seen.ds if ds.algorithm == key.algorithm}:
            yield Remark(
                f"the parent has a DS of the revoked key {key.tag}", dnsviz("DNSKEY_REVOKED_DS")
            )


def _revoked(seen: Delegated) -> list[Key]:
    return [key for key in seen.keys if key.flags & REVOKED and key.flags & ZONE]


def _tags_of(key: Key) -> set[int]:
    before = Key(key.owner, (key.flags & ~REVOKED).to_bytes(2) + key.rdata[2:])
    return {key.tag, before.tag}


def of_algorithm_without_key(seen: Delegated) -> Iterator[Remark]:
    """Algorithms of DS records of which none leads in (RFC 6840, section 5.11)."""
    for algorithm in sorted({ds.algorithm for ds in seen.ds} & SUPPORTED):
        own = [ds for ds in seen.ds if ds.algorithm == algorithm]
        where = [
            server
            for server, found in seen.entries.items()
            if Entry.SIGNS in found.values()
            and not {found[ds] for ds in own} & {Entry.SIGNS, Entry.UNSUPPORTED}
        ]
        if where:
            yield Remark(
                f"of algorithm {algorithm} no DS record leads to a key that signs"
                f"{at(where, list(seen.entries))}",
                dnsviz("MISSING_SEP_FOR_ALG"),
            )


def that_differ(seen: Delegated) -> Iterator[Remark]:
    """Servers of the parent that give other DS records than others do."""
    having = [server for server, given in seen.above if given]
    lacking = [server for server, given in seen.above if not given]
    if having and lacking:
        signed = ("DS07_INCONSISTENT_DS", "DS07_NO_DS_ON_PARENT_SERVER", "DS07_DS_ON_PARENT_SERVER")
        yield Remark(
            f"{', '.join(lacking)} of the parent say that there is none, {', '.join(having)} give"
            " some",
            zonemaster(
                "DS01_PARENT_SERVER_NO_DS",
                "DS11_INCONSISTENT_DS",
                "DS11_PARENT_WITHOUT_DS",
                "DS11_PARENT_WITH_DS",
                *(signed if seen.keys else ()),
            ),
        )
    for ds in seen.ds:
        without = [server for server, given in seen.above if given and ds not in given]
        if without:
            yield Remark(f"{', '.join(without)} of the parent do not give {_name(ds)}")


def missing(seen: Delegated) -> Iterator[Remark]:
    """Keys, and no DS record anywhere."""
    if seen.keys and not seen.ds:
        tags = ", ".join(str(key.tag) for key in seen.keys)
        yield Remark(
            f"the keys are {tags}",
            zonemaster("DNSKEY_BUT_NOT_DS", "DS07_NO_DS_FOR_SIGNED_ZONE", "DS01_PARENT_ZONE_NO_DS"),
        )


def _name(ds: Ds) -> str:
    return f"the DS of key {ds.tag}"


def _above(seen: Delegated, ds: Ds) -> str:
    """At which servers of the parent it is, where that is not all."""
    return at((server for server, given in seen.above if ds in given), seen.above_names)
