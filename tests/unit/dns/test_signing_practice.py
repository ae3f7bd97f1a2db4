"""How a zone is signed; its keys and signatures are real."""

from base64 import b64encode

import dns.dnssec
import pytest

from checks.dns import signing_practice
from netdiag.model import Finding, Severity
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.dns.signed_world import (
    APEX,
    APEX_SIGNED,
    KSK,
    NONE,
    OTHER,
    P1,
    P2,
    SILENT,
    ZSK,
    SignedWorld,
    healthy,
    keys,
    signed,
    unlike,
)
from tests.unit.dns.signers import record, rsa_signer

RSA = rsa_signer(APEX)
REVOKED = dns.dnssec.make_dnskey(OTHER.private.public_key(), 13, 257 | 0x80)


def rsa_key(bits: int, algorithm: int = 8) -> str:
    """The data of an RSA key of this length, whose owner nobody is."""
    modulus = ((1 << bits) - 1).to_bytes((bits + 7) // 8)
    return text(algorithm, b"\3\1\0\1" + modulus)


def text(algorithm: int, public: bytes) -> str:
    return f"256 3 {algorithm} {b64encode(public).decode()}"


def with_key(*more: str) -> SignedWorld:
    """The zone with further keys."""
    return healthy(DNSKEY=keys(KSK, ZSK, *more, by=[KSK]))


def hashed(param: str) -> SignedWorld:
    given = DnsReply(authoritative=True, answer=(record(APEX, "NSEC3PARAM", param),))
    return healthy(NSEC3PARAM=given)


CASES = {
    "a key of RSASHA1 or another given up": with_key(rsa_key(2048, 5)),
    "a key of RSASHA512": with_key(rsa_key(2048, 10)),
    "a key of a number that is no algorithm": with_key(text(200, b"abcd")),
    "an RSA key below 2048 bits": with_key(rsa_key(1024)),
    "an RSA key below what its algorithm allows": with_key(rsa_key(500)),
    "an RSA key above 4096 bits": with_key(rsa_key(8192)),
    "a key of a curve, of another length": with_key(text(13, b"abcd")),
    "a signature that ends in 12 hours": healthy(SOA=signed("SOA", ZSK, days=(-5, 11 / 24))),
    "a signature that lasts more than 180 days": healthy(SOA=signed("SOA", ZSK, days=(-5, 176))),
    "an algorithm that signs no keys": with_key(rsa_key(2048)),
    "an algorithm that signs keys and no SOA": healthy(DNSKEY=keys(KSK, ZSK, RSA, by=[KSK, RSA])),
    "a revoked key that does not sign": with_key(REVOKED.to_text()),
    "NSEC3 with iterations": hashed("1 0 1 -"),
    "NSEC3 with more than 100 iterations": hashed("1 0 101 -"),
    "NSEC3 with a salt": hashed("1 0 0 ab"),
    "none of it": hashed("1 0 0 -"),
    "no keys": SignedWorld({P1: NONE, P2: NONE}, {**APEX_SIGNED, "DNSKEY": NONE}),
    "no answer for the keys": healthy(DNSKEY=SILENT),
}
OTHER_ALGORITHM = {"algorithm-without-signature"}
WITH_IT = {
    "a key of RSASHA1 or another given up": OTHER_ALGORITHM,
    "a key of RSASHA512": OTHER_ALGORITHM,
    "a key of a number that is no algorithm": OTHER_ALGORITHM,
    "an RSA key below 2048 bits": OTHER_ALGORITHM,
    "an RSA key below what its algorithm allows": {"key-too-short", *OTHER_ALGORITHM},
    "an RSA key above 4096 bits": OTHER_ALGORITHM,
    "an algorithm that signs keys and no SOA": {"key-too-short"},
}
"""What else the same zone gets, besides what is in use."""


def judged(world: SignedWorld) -> dict[str, Finding]:
    return {one.code: one for one in world.findings(signing_practice.CHECK)}


@pytest.mark.parametrize(("case", "judgement"), rows(signing_practice))
def test_the_documented_table_is_what_the_check_decides(case: str, judgement: str) -> None:
    found = set(judged(CASES[case])) - {"signing-in-use"}

    assert found == {judgement} | WITH_IT.get(case, set())


def test_what_is_in_use_is_told_with_the_day_on_which_it_ends() -> None:
    found = judged(healthy(SOA=signed("SOA", ZSK, days=(-5, 3))))["signing-in-use"]

    assert f"key {KSK.tag} (algorithm 13)" in found.message
    assert "end between 2026-05-07 00:00 UTC and 2026-05-09 00:00 UTC" in found.message


def test_a_zone_of_unknown_algorithms_alone_is_unsigned_to_validators() -> None:
    odd = healthy(DNSKEY=signed("DNSKEY", KSK, data=[text(200, b"abcd")]))

    assert judged(odd)["key-algorithm-unusable"].severity is Severity.WARNING
    beside = judged(CASES["a key of a number that is no algorithm"])["key-algorithm-unusable"]
    assert beside.severity is Severity.NOTICE


def test_the_server_at_which_an_algorithm_does_not_sign_is_named() -> None:
    both = keys(KSK, RSA, by=[KSK, RSA])
    world = unlike(
        healthy(DNSKEY=both, SOA=signed("SOA", KSK, RSA), NS=signed("NS", KSK, RSA)),
        SOA=signed("SOA", KSK),
    )

    found = judged(world)["algorithm-without-signature"]
    assert "algorithm 8 does not sign the SOA record at ns2.zone.example" in found.message


def test_parameters_that_cannot_be_read_say_nothing() -> None:
    assert set(judged(hashed("1 0 zz"))) == {"signing-in-use", "signing-practice-fine"}
