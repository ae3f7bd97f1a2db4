"""Every signature of the sets at a zone's apex, not only the best of each set (RFC 4034, 3.1).

Each rule takes what was seen and remarks on what is not as it should be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import dns.name

from checks.facts.dnssec.entry import KeySet
from checks.facts.dnssec.keys import REVOKED, Key
from checks.facts.dnssec.signatures import (
    LENGTHS,
    MOST_SIGNATURES,
    SKEW,
    Signature,
    Verdict,
    later,
    signatures_of,
    verdict,
)
from checks.facts.dnssec_names import of_signature
from checks.facts.remarks import Remark, at, dnsviz
from netdiag.lazy import dataclass
from netdiag.outcomes import ResourceRecord

BAD_LENGTH = {
    12: "RRSIG_BAD_LENGTH_GOST",
    13: "RRSIG_BAD_LENGTH_ECDSA256",
    14: "RRSIG_BAD_LENGTH_ECDSA384",
    15: "RRSIG_BAD_LENGTH_ED25519",
    16: "RRSIG_BAD_LENGTH_ED448",
}
"""DNSViz's names for signatures of a length that their algorithm never has."""


@dataclass(frozen=True)
class SetSeen:
    """One set of records of the zone's own name at one server. `signatures` are with the TTL of
    their record; `keys` are those that the server gives."""

    server: str
    rtype: str
    records: tuple[ResourceRecord, ...]
    signatures: tuple[tuple[Signature, int], ...]
    keys: tuple[Key, ...]
    now: int

    @cached_property
    def verdicts(self) -> dict[Signature, Verdict]:
        own = self.rtype == "DNSKEY"
        return {
            one: verdict(one, self.records, self.keys, self.now, revoked=own)
            for one, _ in self.signatures
        }

    @property
    def holds(self) -> bool:
        return Verdict.VALID in self.verdicts.values()


@dataclass(frozen=True, kw_only=True)
class Seen:
    """`vouched` is whether the zone has DS records, None where nobody said."""

    apex: str
    sets: tuple[SetSeen, ...]
    vouched: bool | None


Rule = Callable[[Seen], Iterator[Remark]]


def set_of(
    told: KeySet, apex: str, rtype: str, answer: Sequence[ResourceRecord], now: int
) -> SetSeen | None:
    """The set in an answer of the server that told its keys; None where it is not there."""
    own = tuple(r for r in answer if (r.name, r.rtype) == (apex, rtype))
    if not own:
        return None
    signed = ((s, r.ttl) for r in answer if r.rtype == "RRSIG" for s in signatures_of([r]))
    mine = [(s, ttl) for s, ttl in signed if (s.owner, s.covers) == (apex, rtype)]
    return SetSeen(told.server, rtype, own, tuple(mine[:MOST_SIGNATURES]), told.keys, now)


def spare_broken(seen: Seen) -> Iterator[Remark]:
    """Signatures that do not hold beside one of the same set that does."""
    yield from _grouped(seen, (s for s in seen.sets if s.holds), _broken)


def unnoticed(seen: Seen) -> Iterator[Remark]:
    """Sets without a signature that holds, in a zone that has no DS records."""
    if seen.vouched is False:
        yield from _grouped(seen, (s for s in seen.sets if not s.holds), _broken)


def of_name_servers(seen: Seen) -> Iterator[Remark]:
    """NS records without a signature that holds, in a zone that is validated."""
    if seen.vouched:
        own = (s for s in seen.sets if s.rtype == "NS" and not s.holds)
        yield from _grouped(seen, own, _broken)


def _broken(one: SetSeen) -> Iterator[Remark]:
    if not one.signatures:
        yield Remark(f"{one.rtype} has no signature", of_signature(one.rtype, "MISSING"))
    for signature, how in one.verdicts.items():
        if how not in {Verdict.VALID, Verdict.UNSUPPORTED}:
            yield Remark(f"{_name(signature)}: {how.value}", of_signature(one.rtype, how.name))


def unsupported(seen: Seen) -> Iterator[Remark]:
    """Signatures of algorithms that are not verified here."""

    def by(one: SetSeen) -> Iterator[Remark]:
        for signature, how in one.verdicts.items():
            if how is Verdict.UNSUPPORTED:
                yield Remark(
                    f"{_name(signature)} is of algorithm {signature.algorithm}",
                    of_signature(one.rtype, how.name),
                )

    yield from _grouped(seen, seen.sets, by)


def at_the_limit(seen: Seen) -> Iterator[Remark]:
    """Signatures that count or not by which clock is asked."""

    def by(one: SetSeen) -> Iterator[Remark]:
        for signature, how in one.verdicts.items():
            left, since = later(signature.ends, one.now), later(one.now, signature.begins)
            if how is Verdict.VALID and left <= SKEW:
                yield Remark(
                    f"{_name(signature)} ends just now", dnsviz("EXPIRATION_WITHIN_CLOCK_SKEW")
                )
            elif how is Verdict.VALID and since <= SKEW:
                yield Remark(
                    f"{_name(signature)} begins just now", dnsviz("INCEPTION_WITHIN_CLOCK_SKEW")
                )

    yield from _grouped(seen, seen.sets, by)


def malformed(seen: Seen) -> Iterator[Remark]:
    """Signatures that cannot be those of the set, whatever key is taken (RFC 4035, 5.3.1)."""
    apex = dns.name.from_text(seen.apex)

    def by(one: SetSeen) -> Iterator[Remark]:
        for signature, _ in one.signatures:
            size = LENGTHS.get(signature.algorithm, len(signature.value))
            if dns.name.from_text(signature.signer) != apex:
                yield Remark(
                    f"{_name(signature)} names another zone as its signer",
                    dnsviz("SIGNER_NOT_ZONE"),
                )
            if signature.labels > len(apex) - 1:
                yield Remark(
                    f"{_name(signature)} is of a longer name",
                    dnsviz("RRSIG_LABELS_EXCEED_RRSET_OWNER_LABELS"),
                )
            if len(signature.value) != size:
                yield Remark(
                    f"{_name(signature)} is of {len(signature.value)} octets",
                    dnsviz(BAD_LENGTH[signature.algorithm]),
                )
            if one.rtype != "DNSKEY" and _by_revoked(signature, one.keys):
                yield Remark(
                    f"{_name(signature)}, which is revoked", dnsviz("DNSKEY_REVOKED_RRSIG")
                )

    yield from _grouped(seen, seen.sets, by)


def _by_revoked(signature: Signature, keys: Iterable[Key]) -> bool:
    own = [k for k in keys if (k.tag, k.algorithm) == (signature.tag, signature.algorithm)]
    return bool(own) and all(key.flags & REVOKED for key in own)


def of_other_ttl(seen: Seen) -> Iterator[Remark]:
    """Signatures whose TTL is not that of the set, or above the one that was signed."""

    def by(one: SetSeen) -> Iterator[Remark]:
        ttl = max(record.ttl for record in one.records)
        for signature, own in one.signatures:
            if own != ttl:
                yield Remark(
                    f"{_name(signature)} has the TTL {own}, and its set {ttl}",
                    dnsviz("RRSET_TTL_MISMATCH"),
                )
            if max(ttl, own) > signature.original_ttl:
                yield Remark(
                    f"the TTL of {one.rtype} is above the signed {signature.original_ttl}",
                    dnsviz("ORIGINAL_TTL_EXCEEDED"),
                )
            left = later(signature.ends, one.now)
            if 0 <= left < min(ttl, own, signature.original_ttl):
                yield Remark(
                    f"{_name(signature)} ends before the TTL of its set",
                    dnsviz("TTL_BEYOND_EXPIRATION"),
                )

    yield from _grouped(seen, seen.sets, by)


def _grouped(
    seen: Seen, sets: Iterable[SetSeen], rule: Callable[[SetSeen], Iterable[Remark]]
) -> Iterator[Remark]:
    """The remarks of a rule about one set, each once, with the servers that it is about."""
    found: dict[Remark, list[str]] = {}
    for one in sets:
        for remark in rule(one):
            found.setdefault(remark, []).append(one.server)
    every = list(dict.fromkeys(one.server for one in seen.sets))
    for remark, servers in found.items():
        yield Remark(f"{remark.words}{at(servers, every)}", remark.names)


def _name(signature: Signature) -> str:
    return f"the signature of {signature.covers} by key {signature.tag}"
