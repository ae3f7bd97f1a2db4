"""Zones that real signers have signed are found healthy, and what is broken in them is named.

The signed zone is served by a simulated world: what matters is the signer's work.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.zone
import pytest

from netdiag.model import Outcome
from netdiag.outcomes import DnsReply
from tests.lab import signing
from tests.lab.zones import Zone
from tests.unit.dns.signed_world import APEX, NONE, P1, P2, SERVERS, SignedWorld, bare, codes
from tests.unit.dns.signers import NOW, record

ORIGIN = dns.name.from_text(APEX)
RECORDS = f"""
{APEX} 300 IN SOA ns1.{APEX} hostmaster.{APEX} 7 28800 3600 1209600 300
{APEX} 300 IN NS ns1.{APEX}
{APEX} 300 IN NS ns2.{APEX}
{APEX} 300 IN A 22.40.1.10
ns1.{APEX} 300 IN A 22.50.0.53
ns2.{APEX} 300 IN A 22.51.0.53
"""
WEEK = timedelta(days=7)
Signed = tuple[str, datetime]
"""A signed zone's text, and a time at which it is good."""


def by_bind() -> Signed:
    zone = Zone(APEX, primary=f"ns1.{APEX}", signed=RECORDS)
    return signing.sign(zone, -1, 7)[0], datetime.now(UTC)


def by_ldns() -> Signed:
    return signing.sign_by_ldns(APEX, RECORDS, NOW - WEEK, NOW + WEEK), NOW


def by_knot() -> Signed:
    return signing.sign_by_knot(APEX, RECORDS, NOW), NOW + timedelta(minutes=1)


SIGNERS = {"bind": by_bind, "ldns": by_ldns, "knot": by_knot}
each_signer = pytest.mark.parametrize("signer", SIGNERS.values(), ids=SIGNERS.keys())


def served(signed: Signed) -> SignedWorld:
    """The world whose servers have that zone, and whose registry has the DS records of its keys."""
    text, at = signed
    zone = dns.zone.from_text(text, origin=ORIGIN, relativize=False)
    node = zone[ORIGIN]
    apex = {
        dns.rdatatype.to_text(rdataset.rdtype): _reply(node, rdataset.rdtype)
        for rdataset in node
        if rdataset.rdtype != dns.rdatatype.RRSIG
    }
    keys = [key for key in node.find_rdataset(1, dns.rdatatype.DNSKEY) if key.flags & 1]
    ds = tuple(dns.dnssec.make_ds(ORIGIN, key, "SHA256").to_text() for key in keys)
    assert list(SERVERS) == sorted(r.data for r in apex["NS"].answer if r.rtype == "NS")
    return SignedWorld({P1: ds, P2: ds}, apex, at=at)


def _reply(node, rtype) -> DnsReply:  # type: ignore[no-untyped-def]
    own = [
        record(APEX, dns.rdatatype.to_text(rtype), one.to_text())
        for one in node.get_rdataset(1, rtype)
    ]
    signatures = node.get_rdataset(1, dns.rdatatype.RRSIG, covers=rtype) or ()
    signed = [record(APEX, "RRSIG", one.to_text()) for one in signatures]
    return DnsReply(authoritative=True, answer=(*own, *signed))


def problems(world: SignedWorld) -> set[str]:
    return {one.code for one in world.findings() if one.outcome is Outcome.PROBLEM}


@each_signer
def test_a_zone_by_a_real_signer_is_healthy(signer: Callable[[], Signed]) -> None:
    world = served(signer())

    assert problems(world) == set()
    found = {one.code for one in world.findings()}
    assert {"signatures-hold", "every-signature-holds", "signing-practice-fine"} <= found


@each_signer
def test_what_is_broken_in_it_is_named(signer: Callable[[], Signed]) -> None:
    world = served(signer())
    soa, keys = world.apex["SOA"], world.apex["DNSKEY"]
    assert isinstance(soa, DnsReply)
    assert isinstance(keys, DnsReply)
    later = replace(world, at=world.at + timedelta(days=30))
    altered = tuple(
        replace(r, data=r.data.replace(" 7 ", " 8 ")) if r.rtype == "SOA" else r for r in soa.answer
    )

    assert "signature-expired" in problems(later)
    assert "signature-missing" in problems(replace(world, apex={**world.apex, "SOA": bare(soa)}))
    forged = replace(world, apex={**world.apex, "SOA": replace(soa, answer=altered)})
    assert "signature-invalid" in problems(forged)
    assert "SIGNATURE_INVALID" in codes(forged.findings())
    one_unsigned = replace(world, other={"DNSKEY": NONE})
    assert "signed-at-some-servers" in problems(one_unsigned)
