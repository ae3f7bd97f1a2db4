"""What the NSEC or NSEC3 records of a reply prove, read from their presentation format."""

from __future__ import annotations

from collections.abc import Iterable

import dns.exception
import dns.name

from checks.facts.dnssec.denial import Nsec, Nsec3, Proof, by_nsec, by_nsec3
from netdiag.outcomes import ResourceRecord


def proof_of(records: Iterable[ResourceRecord], name: str, rtype: str, zone: str) -> Proof | None:
    """What `records` prove of `name` and `rtype`; None where NSEC3 iterates too often to follow.

    Records that cannot be read, or are of another zone, prove nothing.
    """
    nsec, nsec3 = [], []
    apex = dns.name.from_text(zone)
    for record in records:
        try:
            owner = dns.name.from_text(record.name)
            if not owner.is_subdomain(apex):
                continue
            if record.rtype == "NSEC":
                nsec.append(_nsec(owner, record.data.split()))
            else:
                nsec3.append(_nsec3(record.name, record.data.split()))
        except (dns.exception.DNSException, ValueError, IndexError):
            continue
    asked = dns.name.from_text(name)
    if nsec:
        return by_nsec(nsec, asked, rtype)
    try:
        return by_nsec3(nsec3, asked, rtype, apex)
    except ValueError:
        return None


def _nsec(owner: dns.name.Name, words: list[str]) -> Nsec:
    return Nsec(owner, dns.name.from_text(words[0]), frozenset(words[1:]))


def _nsec3(name: str, words: list[str]) -> Nsec3:
    """RFC 5155, section 3.3: hash algorithm, flags, iterations, salt, next hash, types."""
    return Nsec3(
        owner=name.partition(".")[0].lower(),
        following=words[4].lower(),
        opt_out=bool(int(words[1]) & 1),
        salt=b"" if words[3] == "-" else bytes.fromhex(words[3]),
        iterations=int(words[2]),
        types=frozenset(words[5:]),
    )
