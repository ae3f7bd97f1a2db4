"""How a zone is signed; its keys and signatures are dnspython's."""

from dataclasses import replace

import dns.dnssec
import dns.name
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from checks.dns import signing_practice
from checks.dns.signing_practice import Facts, Told
from netdiag.model import Finding, Severity
from netdiag.outcomes import DnsReply, Failed, FailureKind, ResourceRecord
from tests.doctable import rows
from tests.unit.dns.signers import NOW, record, seen, signer

APEX = "example."
ZONE, OTHER = signer(APEX), signer(APEX)
SOA = "ns1.example. hostmaster.example. 7 7200 3600 1209600 300"
REVOKED = dns.dnssec.make_dnskey(OTHER.private.public_key(), 13, 257 | 0x80)
RSA_1024 = rsa.generate_private_key(65537, 1024).public_key()


def key(algorithm: int) -> ResourceRecord:
    made = dns.dnssec.make_dnskey(RSA_1024, algorithm, 256)
    return record(APEX, "DNSKEY", made.to_text())


def told(
    server: str = "ns1",
    *more: ResourceRecord,
    days: tuple[float, float] = (-5, 5),
    param: str = "",
) -> Told:
    """A server of the zone with `more` keys, and its SOA signed for these days."""
    keys = ZONE.keys()
    keys = replace(keys, answer=(*keys.answer, *more))
    soa = ZONE.signed(APEX, "SOA", SOA, days=days)
    params = (record(APEX, "NSEC3PARAM", param),) if param else ()
    return Told(
        server,
        seen(1, APEX, "DNSKEY", keys),
        seen(2, APEX, "SOA", soa),
        seen(3, APEX, "NSEC3PARAM", DnsReply(authoritative=True, answer=params)),
    )


def facts(*servers: Told, ds: tuple[str, ...] = (ZONE.ds,)) -> Facts:
    above = DnsReply(authoritative=True, answer=tuple(record(APEX, "DS", one) for one in ds))
    return Facts(apex=APEX, now=NOW, ds=seen(9, APEX, "DS", above), servers=servers)


def ds_of(key: object, digest: str) -> str:
    policy = dns.dnssec.allow_all_policy
    return dns.dnssec.make_ds(dns.name.from_text(APEX), key, digest, policy=policy).to_text()  # type: ignore[arg-type]


SILENT = Failed(kind=FailureKind.TIMEOUT)
MUTE = Told(
    "ns1",
    seen(1, APEX, "DNSKEY", SILENT),
    seen(2, APEX, "SOA", SILENT),
    seen(3, APEX, "NSEC3PARAM", SILENT),
)
BARE = Told("ns1", *(seen(n, APEX, "SOA", DnsReply(authoritative=True)) for n in (1, 2, 3)))
REVOKED_KEY = record(APEX, "DNSKEY", REVOKED.to_text())
CASES = {
    "a key of RSASHA1 or another given up": facts(told("ns1", key(5))),
    "a key of RSASHA512": facts(told("ns1", key(10))),
    "an RSA key below 2048 bits": facts(told("ns1", key(8))),
    "a DS record of SHA-1": facts(told(), ds=(ds_of(ZONE.key, "SHA1"),)),
    "a DS of no key beside one that fits": facts(told(), ds=(ZONE.ds, OTHER.ds)),
    "keys, and no DS record": facts(told(), ds=()),
    "a key that one server does not give": facts(
        told("ns1", record(APEX, "DNSKEY", OTHER.key.to_text())), told("ns2")
    ),
    "a signature that ends in 12 hours": facts(told(days=(-5, 11 / 24))),
    "a signature that lasts more than 180 days": facts(told(days=(-5, 176))),
    "an algorithm that signs no keys": facts(told("ns1", key(8))),
    "a revoked key that does not sign": facts(told("ns1", REVOKED_KEY)),
    "a DS of a revoked key": facts(told("ns1", REVOKED_KEY), ds=(ZONE.ds, OTHER.ds)),
    "NSEC3 with iterations": facts(told(param="1 0 1 -")),
    "NSEC3 with more than 100 iterations": facts(told(param="1 0 101 -")),
    "NSEC3 with a salt": facts(told(param="1 0 0 ab")),
    "none of it": facts(told(param="1 0 0 -"), told("ns2")),
    "no keys and no DS record": facts(BARE, ds=()),
    "no answer for the keys": facts(MUTE),
}
WITH_IT = {
    "key-algorithm-deprecated": {"key-too-short", "algorithm-without-signature"},
    "key-algorithm-not-recommended": {"key-too-short", "algorithm-without-signature"},
    "key-too-short": {"algorithm-without-signature"},
    "algorithm-without-signature": {"key-too-short"},
    "ds-of-revoked-key": {"revoked-key-does-not-sign", "ds-of-no-key"},
}
"""What else the same zone gets."""


def judged(facts: Facts) -> dict[str, Finding]:
    return {finding.code: finding for finding in signing_practice.judge(facts)}


@pytest.mark.parametrize(("case", "judgement"), rows(signing_practice))
def test_the_documented_table_is_what_the_check_decides(case: str, judgement: str) -> None:
    assert set(judged(CASES[case])) == {judgement} | WITH_IT.get(judgement, set())


def test_the_server_that_lacks_a_key_is_named() -> None:
    finding = judged(CASES["a key that one server does not give"])["keys-differ"]

    assert f"key {dns.dnssec.key_id(OTHER.key)} is not given by ns2" in finding.message
    assert finding.severity is Severity.WARNING


def test_a_silent_parent_does_not_make_the_zone_one_without_ds() -> None:
    silent = replace(facts(told()), ds=seen(9, APEX, "DS", SILENT))

    assert set(judged(silent)) == {"signing-practice-fine"}


def test_planned_ds_records_take_the_place_of_the_parents() -> None:
    planned = replace(facts(told()), ds=None, planned=(ZONE.ds, OTHER.ds))

    assert set(judged(planned)) == {"ds-of-no-key"}


def test_parameters_that_cannot_be_read_say_nothing() -> None:
    assert set(judged(facts(told(param="1 0 zz")))) == {"signing-practice-fine"}
