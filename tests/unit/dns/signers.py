"""Zones signed by dnspython, as the DNS checks' unit tests need them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.name
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from netdiag.network import Observation, ObservationId
from netdiag.outcomes import DnsReply, Outcome, ResourceRecord
from netdiag.requests import DnsQuery

NOW = datetime(2026, 5, 4, tzinfo=UTC)
Days = tuple[float, float]
"""From and to when a signature is valid, in days from now."""

WEEK: Days = (-5, 5)


@dataclass(frozen=True)
class Signer:
    """A zone with one key."""

    zone: str
    private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    key: DNSKEY

    def signed(self, name: str, rtype: str, *data: str, days: Days = WEEK) -> DnsReply:
        """The records with their signature."""
        own = tuple(record(name, rtype, one) for one in data)
        return DnsReply(
            authoritative=True, answer=(*own, self.signature(name, rtype, *data, days=days))
        )

    def signature(self, name: str, rtype: str, *data: str, days: Days = WEEK) -> ResourceRecord:
        """The signature of the records alone."""
        begins, ends = (NOW + timedelta(days=day) for day in days)
        made = dns.dnssec.sign(
            dns.rrset.from_text(name, 300, "IN", rtype, *data),
            self.private,
            dns.name.from_text(self.zone),
            self.key,
            inception=begins,
            expiration=ends,
            policy=dns.dnssec.allow_all_policy,
        )
        return record(name, "RRSIG", made.to_text())

    def keys(self, days: Days = WEEK) -> DnsReply:
        return self.signed(self.zone, "DNSKEY", self.key.to_text(), days=days)

    def digest(self, kind: str) -> str:
        """The DS record of the key with this digest."""
        policy = dns.dnssec.allow_all_policy
        return dns.dnssec.make_ds(
            dns.name.from_text(self.zone), self.key, kind, policy=policy
        ).to_text()

    @property
    def ds(self) -> str:
        return self.digest("SHA256")

    @property
    def tag(self) -> int:
        return dns.dnssec.key_id(self.key)


def signer(zone: str, flags: int = 257) -> Signer:
    private = ec.generate_private_key(ec.SECP256R1())
    return Signer(zone, private, dns.dnssec.make_dnskey(private.public_key(), 13, flags))


def rsa_signer(zone: str, bits: int = 1024, algorithm: int = 8, flags: int = 256) -> Signer:
    private = rsa.generate_private_key(65537, bits)
    return Signer(zone, private, dns.dnssec.make_dnskey(private.public_key(), algorithm, flags))


def record(name: str, rtype: str, data: str) -> ResourceRecord:
    return ResourceRecord(name=name, ttl=300, rtype=rtype, data=data)


def seen(number: int, name: str, rtype: str, outcome: Outcome) -> Observation:
    return Observation(
        id=ObservationId(number),
        request=DnsQuery(server="22.50.0.53", name=name, rtype=rtype, dnssec=True),
        outcome=outcome,
        started=0.0,
        elapsed=0.1,
        completed=number,
    )
