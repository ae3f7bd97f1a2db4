"""Zones signed by dnspython, as the DNS checks' unit tests need them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.name
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from netdiag.network import Observation, ObservationId
from netdiag.outcomes import DnsReply, Outcome, ResourceRecord
from netdiag.requests import DnsQuery

NOW = datetime(2026, 5, 4, tzinfo=UTC)


@dataclass(frozen=True)
class Signer:
    """A zone with one key."""

    zone: str
    private: ec.EllipticCurvePrivateKey
    key: DNSKEY

    def signed(
        self, name: str, rtype: str, *data: str, days: tuple[float, float] = (-5, 5)
    ) -> DnsReply:
        """The records with their signature, valid from and to these days from now."""
        rrset = dns.rrset.from_text(name, 300, "IN", rtype, *data)
        begins, ends = (NOW + timedelta(days=day) for day in days)
        signature = dns.dnssec.sign(
            rrset,
            self.private,
            dns.name.from_text(self.zone),
            self.key,
            inception=begins,
            expiration=ends,
        )
        own = [record(name, rtype, one) for one in data]
        return DnsReply(
            authoritative=True, answer=(*own, record(name, "RRSIG", signature.to_text()))
        )

    def keys(self, days: tuple[float, float] = (-5, 5)) -> DnsReply:
        return self.signed(self.zone, "DNSKEY", self.key.to_text(), days=days)

    @property
    def ds(self) -> str:
        return dns.dnssec.make_ds(dns.name.from_text(self.zone), self.key, "SHA256").to_text()


def signer(zone: str) -> Signer:
    private = ec.generate_private_key(ec.SECP256R1())
    return Signer(zone, private, dns.dnssec.make_dnskey(private.public_key(), 13, 257))


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
