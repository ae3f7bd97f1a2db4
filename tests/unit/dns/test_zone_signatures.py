"""A signed zone against its DS records; keys and signatures are dnspython's."""

from datetime import UTC, datetime, timedelta

import dns.dnssec
import dns.name
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from checks.dns import zone_signatures
from checks.dns.zone_signatures import Facts, Signed
from netdiag.model import Severity
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome, ResourceRecord
from netdiag.requests import DnsQuery
from tests.doctable import rows
from tests.unit.dns.zones import APEX, WWW, zone

NOW = datetime(2026, 5, 4, tzinfo=UTC)
PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = dns.dnssec.make_dnskey(PRIVATE.public_key(), 13, 257)
OTHER = dns.dnssec.make_dnskey(ec.generate_private_key(ec.SECP256R1()).public_key(), 13, 257)
DS = dns.dnssec.make_ds(dns.name.from_text(APEX), KEY, "SHA256").to_text()
SILENT = Failed(kind=FailureKind.TIMEOUT)


def record(name: str, rtype: str, data: str) -> ResourceRecord:
    return ResourceRecord(name=name, ttl=300, rtype=rtype, data=data)


def answer(name: str, rtype: str, data: str, *, days: tuple[int, int] = (-5, 5)) -> DnsReply:
    """The record with its signature, valid from and to these days from now."""
    rrset = dns.rrset.from_text(name, 300, "IN", rtype, data)
    begins, ends = (NOW + timedelta(days=day) for day in days)
    signature = dns.dnssec.sign(
        rrset, PRIVATE, dns.name.from_text(APEX), KEY, inception=begins, expiration=ends
    )
    own, theirs = record(name, rtype, data), record(name, "RRSIG", signature.to_text())
    return DnsReply(authoritative=True, answer=(own, theirs))


def seen(number: int, name: str, rtype: str, outcome: Outcome) -> Observation:
    return Observation(
        id=ObservationId(number),
        request=DnsQuery(server="22.50.0.53", name=name, rtype=rtype, dnssec=True),
        outcome=outcome,
        started=0.0,
        elapsed=0.1,
        completed=number,
    )


GOOD = answer(WWW, "A", "192.0.2.1")
BARE = DnsReply(authoritative=True, answer=GOOD.answer[:1])
ALTERED = DnsReply(authoritative=True, answer=(record(WWW, "A", "192.0.2.99"), GOOD.answer[1]))
KEYS = answer(APEX, "DNSKEY", KEY.to_text())
SERVER: dict[str, tuple[Outcome, Outcome]] = {
    "keys and records, signed and in time": (KEYS, GOOD),
    "no key that fits": (answer(APEX, "DNSKEY", OTHER.to_text()), GOOD),
    "no keys at all": (DnsReply(authoritative=True), GOOD),
    "a record without a signature": (KEYS, BARE),
    "signatures that have ended": (KEYS, answer(WWW, "A", "192.0.2.1", days=(-9, -2))),
    "signatures that have not begun": (KEYS, answer(WWW, "A", "192.0.2.1", days=(2, 9))),
    "signatures that do not verify": (KEYS, ALTERED),
    "any": (KEYS, GOOD),
    "no answer": (SILENT, GOOD),
}
PLANNED = {
    "planned, fitting": (DS,),
    "planned, of else": (dns.dnssec.make_ds(dns.name.from_text(APEX), OTHER, "SHA256").to_text(),),
}
PARENT: dict[str, Outcome] = {
    "no such domain": DnsReply(rcode="NXDOMAIN", authoritative=True),
    "none": DnsReply(authoritative=True),
    "some": DnsReply(authoritative=True, answer=(record(APEX, "DS", DS),)),
    "not told": SILENT,
    "unknown kinds": DnsReply(
        authoritative=True, answer=(record(APEX, "DS", f"{DS.split()[0]} 13 99 aabbcc"),)
    ),
}


def signed(case: str, server: str = "ns1") -> Signed:
    keys, www = SERVER.get(case, (KEYS, GOOD))
    return Signed(
        server,
        seen(2, APEX, "DNSKEY", keys),
        (seen(3, WWW, "A", www),),
    )


def facts(ds: str, *servers: Signed) -> Facts:
    if ds in PLANNED:
        return Facts(zone=zone(), now=NOW, planned=PLANNED[ds], servers=servers)
    return Facts(zone=zone(), now=NOW, ds=seen(1, APEX, "DS", PARENT[ds]), servers=servers)


@pytest.mark.parametrize(("ds", "server", "judgement"), rows(zone_signatures))
def test_the_documented_table_is_what_the_check_decides(
    ds: str, server: str, judgement: str
) -> None:
    servers = () if server == "not asked" else (signed(server),)

    (finding,) = zone_signatures.judge(facts(ds, *servers))

    assert finding.code == judgement


def test_one_good_server_makes_it_a_warning() -> None:
    good = signed("keys and records, signed and in time", "ns1")
    bad = signed("signatures that have ended", "ns2")

    (finding,) = zone_signatures.judge(facts("some", good, bad))

    assert finding.severity is Severity.WARNING
    assert "ns2" in finding.message
    assert "ns1" not in finding.message


def test_without_a_delegation_there_is_nothing_to_verify() -> None:
    (finding,) = zone_signatures.judge(Facts(zone=zone(), now=NOW))

    assert finding.code == "not-checked"


@pytest.mark.parametrize(
    ("server", "names"),
    [
        (
            "no key that fits",
            {
                "zonemaster:DS02_NO_DNSKEY_FOR_DS",
                "zonemaster:DS02_NO_VALID_DNSKEY_FOR_ANY_DS",
                "dnsviz:NO_SEP",
            },
        ),
        (
            "no keys at all",
            {"zonemaster:DS_BUT_NOT_DNSKEY", "zonemaster:DS11_DS_BUT_UNSIGNED_ZONE"},
        ),
        ("a record without a signature", {"dnsviz:MISSING_RRSIG"}),
        ("signatures that have ended", {"dnsviz:EXPIRATION_IN_PAST"}),
    ],
)
def test_other_tools_names_are_those_of_what_is_wrong(server: str, names: set[str]) -> None:
    (finding,) = zone_signatures.judge(facts("some", signed(server)))

    assert set(finding.equivalents) == names
    assert names <= set(finding.known_as)


def test_expired_signatures_of_the_keys_have_zonemasters_name_for_them() -> None:
    keys = answer(APEX, "DNSKEY", KEY.to_text(), days=(-9, -2))
    expired = Signed("ns1", seen(2, APEX, "DNSKEY", keys), ())

    (finding,) = zone_signatures.judge(facts("some", expired))

    assert "zonemaster:DS08_DNSKEY_RRSIG_EXPIRED" in finding.equivalents
    assert "zonemaster:DS09_SOA_RRSIG_EXPIRED" not in finding.equivalents
