"""The DS records at each server of the parent against the keys; keys and signatures are real."""

import dns.dnssec
import pytest

from checks.dns import ds_records
from netdiag.model import Finding, Severity
from netdiag.outcomes import DnsReply, ResourceRecord
from tests.doctable import rows
from tests.unit.dns.signed_world import (
    APEX,
    KSK,
    NONE,
    OTHER,
    P1,
    P2,
    SILENT,
    ZSK,
    SignedWorld,
    codes,
    healthy,
    keys,
    unlike,
)
from tests.unit.dns.signers import Signer, record

REVOKED = dns.dnssec.make_dnskey(OTHER.private.public_key(), 13, 257 | 0x80)
HOST_KEY = dns.dnssec.make_dnskey(OTHER.private.public_key(), 13, 0)
FORGED = f"{KSK.tag} 13 2 {'ab' * 32}"
BROKEN = keys(KSK, OTHER, by=[KSK, OTHER], days=(-9, -2)).answer[-1]


def type_of(digest: int, octets: int = 32) -> str:
    """A DS record of the key with another digest type, or of another length."""
    return f"{KSK.tag} 13 {digest} {'ab' * octets}"


def with_broken_signature() -> DnsReply:
    """Two keys, the second one's signature of them not to be trusted."""
    reply = keys(KSK, OTHER, by=[KSK])
    return DnsReply(authoritative=True, answer=(*reply.answer, BROKEN))


def raw(*octets: bytes) -> DnsReply:
    """DS records as they are kept where their decoder refuses them (RFC 3597)."""
    data = (f"\\# {len(one)} {one.hex()}" for one in octets)
    return DnsReply(authoritative=True, answer=tuple(record(APEX, "DS", one) for one in data))


REFERRAL = DnsReply(authority=(record(APEX, "NS", "ns1.zone.example."),))
CASES = {
    "a DS record of SHA-256 that leads in": healthy(),
    "a DS record of SHA-1 beside": healthy(KSK.ds, KSK.digest("SHA1")),
    "a DS record of a digest type that is none": healthy(KSK.ds, type_of(0)),
    "a digest of the wrong length": healthy(KSK.ds, type_of(2, 20)),
    "no DS record of SHA-256": healthy(KSK.digest("SHA384")),
    "a DS of no key beside one that leads in": healthy(KSK.ds, OTHER.ds),
    "a DS that is another digest beside one that leads in": healthy(KSK.ds, FORGED),
    "a DS of a key that is not for zones, beside": healthy(
        KSK.ds,
        Signer(APEX, OTHER.private, HOST_KEY).ds,
        DNSKEY=keys(KSK, ZSK, HOST_KEY.to_text(), by=[KSK]),
    ),
    "a DS of a key that does not sign the keys, beside": healthy(
        KSK.ds, OTHER.ds, DNSKEY=keys(KSK, OTHER, by=[KSK])
    ),
    "a DS of a key with a broken signature, beside": healthy(
        KSK.ds, OTHER.ds, DNSKEY=with_broken_signature()
    ),
    "two servers, each with a signer and a DS of its own": unlike(
        healthy(KSK.ds, OTHER.ds, DNSKEY=keys(KSK, OTHER, by=[KSK])),
        DNSKEY=keys(KSK, OTHER, by=[OTHER]),
    ),
    "a DS of a key without the flag of entry points": healthy(
        ZSK.ds, DNSKEY=keys(KSK, ZSK, by=[ZSK])
    ),
    "a DS of a revoked key": healthy(
        KSK.ds, OTHER.ds, DNSKEY=keys(KSK, ZSK, REVOKED.to_text(), by=[KSK])
    ),
    "an algorithm whose DS records lead nowhere": healthy(KSK.ds, f"4711 8 2 {'ab' * 32}"),
    "a server of the parent without DS records": healthy(above={P2: NONE}),
    "a server of the parent without one of them": healthy(
        above={P1: (KSK.ds,), P2: (KSK.ds, KSK.digest("SHA384"))}
    ),
    "a server of the parent that refers to the zone": healthy(above={P2: REFERRAL}),
    "keys, and no DS record": healthy(above={P1: NONE, P2: NONE}),
    "no keys and no DS record": SignedWorld(
        {P1: NONE, P2: NONE}, {**healthy().apex, "DNSKEY": NONE}
    ),
    "no answer from the parent": healthy(above={P1: SILENT, P2: SILENT}),
}
WITH_IT = {
    "an algorithm whose DS records lead nowhere": {"ds-of-no-key"},
    "a DS that is another digest beside one that leads in": set(),
    "a digest of the wrong length": {"ds-of-no-key"},
}
"""What else the same zone gets, besides what is given."""


def judged(world: SignedWorld) -> dict[str, Finding]:
    return {one.code: one for one in world.findings(ds_records.CHECK)}


@pytest.mark.parametrize(("case", "judgement"), rows(ds_records))
def test_the_documented_table_is_what_the_check_decides(case: str, judgement: str) -> None:
    found = set(judged(CASES[case])) - {"ds-records-given"}

    expected = {judgement} | WITH_IT.get(case, set())
    assert found == expected - {"ds-records-given"}


def test_digest_types_that_the_decoder_refuses_are_named_and_not_taken_for_absent() -> None:
    zero, short = bytes((0, 1, 13, 0, 0)), bytes((0, 2, 13, 2, 0xAB))
    found = judged(healthy(above={P1: raw(zero, short), P2: raw(zero, short)}))

    assert {"ds-digest-not-supported", "ds-malformed", "ds-records-given"} <= set(found)
    assert "zone-signed-without-ds" not in found
    assert "key 1 is of digest type 0, which is none" in found["ds-digest-not-supported"].message
    assert "has a digest of 1 octets" in found["ds-malformed"].message


def test_without_another_ds_record_an_unknown_digest_leaves_the_zone_unprotected() -> None:
    alone, beside = judged(healthy(type_of(99))), judged(healthy(KSK.ds, type_of(99)))

    assert alone["ds-digest-not-supported"].severity is Severity.WARNING
    assert "take the zone for unsigned" in alone["ds-digest-not-supported"].message
    assert beside["ds-digest-not-supported"].severity is Severity.NOTICE


def test_the_parent_s_server_that_differs_is_named() -> None:
    found = judged(CASES["a server of the parent without DS records"])["ds-records-differ"]

    assert f"b.example [{P2}] of the parent say that there is none" in found.message
    assert found.severity is Severity.WARNING


def test_the_server_at_which_a_key_is_missing_is_named() -> None:
    both = keys(KSK, OTHER, by=[KSK, OTHER])
    world = unlike(healthy(KSK.ds, OTHER.ds, DNSKEY=both), DNSKEY=keys(KSK, ZSK, by=[KSK]))

    found = judged(world)["ds-of-no-key"]
    assert "at ns2.zone.example" in found.message
    assert "ns1" not in found.message


def test_a_silent_server_of_the_parent_is_told_and_nothing_is_drawn_from_it() -> None:
    found = judged(healthy(above={P2: SILENT}))

    assert set(found) == {"ds-records-given"}
    assert f"b.example [{P2}] of the parent did not answer" in found["ds-records-given"].message


def test_ds_records_without_end_are_looked_into_up_to_a_bound() -> None:
    many = [f"{tag} 13 2 {'ab' * 32}" for tag in range(60)]
    found = judged(healthy(KSK.ds, *many))

    assert len(found["ds-of-no-key"].what) < 16  # type: ignore[attr-defined]


def test_an_unreadable_record_is_no_ds_record() -> None:
    odd = ResourceRecord(name=APEX, ttl=300, rtype="DS", data="\\# 9 00")
    world = healthy(above={P1: DnsReply(authoritative=True, answer=(odd,)), P2: NONE})

    assert "ds-records-given" not in judged(world)


@pytest.mark.parametrize(
    ("beside", "ignored"),
    [("SHA256", {"IGNORED"}), ("SHA384", {"MAYBE_IGNORED"}), ("SHA1", set())],
)
def test_a_digest_of_sha_1_is_ignored_beside_a_stronger_one(beside: str, ignored: set[str]) -> None:
    said = codes(healthy(KSK.digest("SHA1"), KSK.digest(beside)).findings(ds_records.CHECK))

    of_sha_1 = {f"DS_DIGEST_ALGORITHM_{one}" for one in ignored}
    assert said == {"DIGEST_ALGORITHM_PROHIBITED", *of_sha_1}
