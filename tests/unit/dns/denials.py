"""A server of a signed zone that denies as RFC 4035, 5155 and 9824 have it, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import dns.name

from checks.facts.dnssec.denial import Claim, nsec3_hash
from netdiag.outcomes import DnsReply, ResourceRecord
from tests.unit.dns.signers import Signer, record

Data = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Piece:
    """A record of a proof and what it is there for."""

    role: str
    record: ResourceRecord


@dataclass(frozen=True)
class Denial:
    """What a question is answered with where there is no such record."""

    claim: Claim
    name: str
    rtype: str
    pieces: tuple[Piece, ...]
    wildcard: str = ""

    @property
    def records(self) -> tuple[ResourceRecord, ...]:
        return tuple(dict.fromkeys(piece.record for piece in self.pieces))


@dataclass(frozen=True)
class Denier:
    """`data` has the zone's records by name and type, one of each; NS below the apex delegates."""

    zone: str
    data: Data
    hashed: bool = False
    opt_out: bool = False
    salt: bytes = b"\xab"
    iterations: int = 1

    @cached_property
    def apex(self) -> dns.name.Name:
        return dns.name.from_text(self.zone)

    @cached_property
    def owners(self) -> dict[dns.name.Name, frozenset[str]]:
        """The types at each name of the zone's own."""
        named = {dns.name.from_text(name): frozenset(held) for name, held in self.data.items()}
        return {name: types for name, types in named.items() if not self.cut_above(name)}

    def cut_above(self, name: dns.name.Name) -> bool:
        cuts = [n for n in self.data if "NS" in self.data[n] and n != self.zone]
        return any(name != (cut := dns.name.from_text(n)) and name.is_subdomain(cut) for n in cuts)

    @cached_property
    def chained(self) -> dict[dns.name.Name, frozenset[str]]:
        """The types at each name that has a record of denial; a delegation has few of them."""
        owners = {
            name: self._listed(types, name)
            for name, types in self.owners.items()
            if not (self.opt_out and self._insecure(types, name))
        }
        if not self.hashed:
            return owners
        return {**{name: frozenset[str]() for name in self._empty(owners)}, **owners}

    def _insecure(self, types: frozenset[str], name: dns.name.Name) -> bool:
        return "NS" in types and name != self.apex and "DS" not in types

    def _listed(self, types: frozenset[str], name: dns.name.Name) -> frozenset[str]:
        own = {"NSEC3PARAM"} if self.hashed and name == self.apex else set()
        own |= set() if self.hashed else {"NSEC"}
        if "NS" in types and name != self.apex:
            types &= {"NS", "DS"}
        signed = not (self.hashed and self._insecure(types, name))
        return types | own | ({"RRSIG"} if signed else set())

    def _empty(self, owners: Mapping[dns.name.Name, object]) -> set[dns.name.Name]:
        above = (one for name in owners for one in _upwards(name, self.apex))
        return set(above) - set(owners)

    def _key(self, name: dns.name.Name) -> dns.name.Name | str:
        return nsec3_hash(name, self.salt, self.iterations) if self.hashed else name

    @cached_property
    def chain(self) -> dict[dns.name.Name | str, ResourceRecord]:
        keys = {self._key(name): types for name, types in self.chained.items()}
        order = sorted(keys)
        pairs = zip(order, order[1:] + order[:1], strict=True)
        return {one: self._record(one, two, sorted(keys[one])) for one, two in pairs}

    def _record(self, one: object, two: object, types: list[str]) -> ResourceRecord:
        if not self.hashed:
            return record(str(one), "NSEC", " ".join((str(two), *types)))
        head = f"1 {int(self.opt_out)} {self.iterations} {self.salt.hex() or '-'}"
        return record(f"{one}.{self.zone}", "NSEC3", " ".join((head, str(two), *types)))

    def at(self, name: dns.name.Name) -> ResourceRecord:
        return self.chain[self._key(name)]

    def over(self, name: dns.name.Name) -> ResourceRecord:
        """The record before the place of `name`, the last one where it is before all."""
        key = self._key(name)
        before = [one for one in self.chain if one < key]
        return self.chain[max(before or self.chain)]

    def own(self, name: str, rtype: str) -> ResourceRecord | None:
        """A record that the denier itself makes."""
        if rtype == "NSEC" and not self.hashed:
            return self.chain.get(dns.name.from_text(name))
        if (rtype, name) == ("NSEC3PARAM", self.zone) and self.hashed:
            return record(name, rtype, f"1 0 {self.iterations} {self.salt.hex() or '-'}")
        return None

    def deny(self, name: str, rtype: str) -> Denial | None:
        """How the server denies this; None where it answers."""
        asked = dns.name.from_text(name)
        cut = next((n for n in _upwards(asked, self.apex) if self._delegates(n)), None)
        if cut and not (cut == asked and rtype == "DS"):
            asked, rtype = cut, "DS"
        held = self.owners.get(asked, frozenset())
        if rtype in held or (cut and "DS" in held):
            return None
        claim = Claim.INSECURE if cut else Claim.NO_DATA
        if asked in self.chained:
            pieces = [Piece("at", self.at(asked))]
        elif asked in self.owners or asked in self._empty(self.owners):
            pieces = (
                list(self._enclosed(asked)) if self.hashed else [Piece("over", self.over(asked))]
            )
        else:
            return self._absent(asked, rtype)
        return Denial(claim, asked.to_text(), rtype, tuple(pieces))

    def _delegates(self, name: dns.name.Name) -> bool:
        return name != self.apex and "NS" in self.owners.get(name, ())

    def _enclosed(self, name: dns.name.Name) -> Iterator[Piece]:
        """The closest encloser proof."""
        above = list(_upwards(name, self.apex))
        nearest = next(i for i, one in enumerate(above) if one in self.chained)
        yield Piece("encloser", self.at(above[nearest]))
        yield Piece("closer", self.over(above[nearest - 1]))

    def _absent(self, name: dns.name.Name, rtype: str) -> Denial | None:
        there = {*self.owners, *self._empty(self.owners)}
        nearest = there if not self.hashed else {*self.chained}  # opt-out: what can be proven
        above = [one for one in _upwards(name, self.apex) if one in nearest]
        wildcard = dns.name.Name((b"*", *above[0].labels))
        if self._delegates(wildcard):
            return None  # undefined (RFC 4592, section 4.2)
        pieces = list(self._enclosed(name)) if self.hashed else [Piece("over", self.over(name))]
        if rtype in self.owners.get(wildcard, ()):
            closer = [one for one in pieces if one.role != "encloser"]
            return self._denial(Claim.EXPANDED, name, rtype, closer, wildcard)
        exists = wildcard in there
        listed = wildcard in self.chained
        over = Piece("wildcard", self.at(wildcard) if listed else self.over(wildcard))
        claim = Claim.NO_DATA if exists else Claim.NAME_ERROR
        return self._denial(claim, name, rtype, [*pieces, over], wildcard)

    def _denial(
        self,
        claim: Claim,
        name: dns.name.Name,
        rtype: str,
        pieces: list[Piece],
        wildcard: dns.name.Name,
    ) -> Denial:
        return Denial(claim, name.to_text(), rtype, tuple(pieces), wildcard.to_text())


def _upwards(name: dns.name.Name, apex: dns.name.Name) -> Iterator[dns.name.Name]:
    while True:
        yield name
        if name == apex or len(name) == 1:
            return
        name = name.parent()


@dataclass(frozen=True)
class Server:
    """A denier with a key: its replies, really signed, with the SOA record in denials."""

    denier: Denier
    signer: Signer
    days: tuple[float, float] = (-5, 5)
    signed: dict[tuple[str, str, str], tuple[ResourceRecord, ...]] = field(default_factory=dict)

    def rrset(self, name: str, rtype: str, data: str) -> tuple[ResourceRecord, ...]:
        """The record and its signature."""
        key = (name, rtype, data)
        if key not in self.signed:
            self.signed[key] = self.signer.signed(name, rtype, data, days=self.days).answer
        return self.signed[key]

    def reply(self, name: str, rtype: str) -> DnsReply:
        held = self.denier.data.get(name, {})
        if own := self.denier.own(name, rtype):
            return DnsReply(authoritative=True, answer=self.rrset(name, rtype, own.data))
        if rtype in held:
            return DnsReply(authoritative=True, answer=self.rrset(name, rtype, held[rtype]))
        denial = self.denier.deny(name, rtype)
        if denial is None:
            return DnsReply(rcode="REFUSED")
        proof = [r for one in denial.records for r in self.rrset(one.name, one.rtype, one.data)]
        if denial.claim is Claim.EXPANDED:
            return DnsReply(
                authoritative=True, answer=self._expanded(denial), authority=tuple(proof)
            )
        zone = self.denier.zone
        proof += self.rrset(zone, "SOA", self.denier.data[zone]["SOA"])
        rcode = "NXDOMAIN" if denial.claim is Claim.NAME_ERROR else "NOERROR"
        return DnsReply(authoritative=True, rcode=rcode, authority=tuple(proof))

    def _expanded(self, denial: Denial) -> tuple[ResourceRecord, ...]:
        held = self.denier.data[denial.wildcard][denial.rtype]
        own, signature = self.rrset(denial.wildcard, denial.rtype, held)
        return tuple(record(denial.name, one.rtype, one.data) for one in (own, signature))
