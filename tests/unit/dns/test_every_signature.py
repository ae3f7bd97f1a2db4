"""Every signature of the sets at the apex; keys and signatures are real."""

from dataclasses import replace

import dns.dnssec
import pytest

from checks.dns import every_signature
from netdiag.model import Finding, Severity
from netdiag.outcomes import DnsReply, ResourceRecord
from tests.doctable import rows
from tests.unit.dns.signed_world import (
    APEX,
    DATA,
    KSK,
    NONE,
    OTHER,
    P1,
    P2,
    ZSK,
    SignedWorld,
    bare,
    codes,
    healthy,
    keys,
    signed,
    unlike,
    with_more,
)
from tests.unit.dns.signers import Signer, signer

SOA = signed("SOA", ZSK)
MINUTE = 1 / 24 / 60
REVOKED = Signer(
    APEX, OTHER.private, dns.dnssec.make_dnskey(OTHER.private.public_key(), 13, 257 | 0x80)
)
OF_OTHERS = replace(signer("example.").signature(APEX, "SOA", *DATA["SOA"]), name=APEX)
"""A signature of the zone's SOA by the zone above."""


def soa(*more: ResourceRecord) -> SignedWorld:
    """The SOA record with further signatures beside the good one."""
    return healthy(SOA=with_more(SOA, *more))


def shortened(given: ResourceRecord, octets: int = 30) -> ResourceRecord:
    """The same signature, cut off in the middle."""
    *words, _ = given.data.split()[:9]
    return replace(given, data=" ".join((*words, "QUJD" * (octets // 3))))


def with_ttl(reply: DnsReply, ttl: int, *rtypes: str) -> DnsReply:
    return replace(
        reply, answer=tuple(replace(r, ttl=ttl) if r.rtype in rtypes else r for r in reply.answer)
    )


CASES = {
    "one good signature of each set": healthy(),
    "an expired signature beside a good one": soa(signed("SOA", ZSK, days=(-9, -2)).answer[-1]),
    "one by an unknown key beside a good one": soa(signed("SOA", OTHER).answer[-1]),
    "expired signatures alone": healthy(SOA=signed("SOA", ZSK, days=(-9, -2))),
    "no signatures": healthy(DNSKEY=bare(keys(KSK, ZSK, by=[KSK]))),
    "NS records without a signature": healthy(NS=bare(signed("NS", ZSK))),
    "a signature of an algorithm not known here": soa(
        replace(SOA.answer[-1], data=SOA.answer[-1].data.replace("SOA 13", "SOA 12"))
    ),
    "a good signature that ended a minute ago": healthy(SOA=signed("SOA", ZSK, days=(-5, -MINUTE))),
    "a signature of another zone beside": soa(OF_OTHERS),
    "a signature of the wrong length beside": soa(shortened(SOA.answer[-1])),
    "a signature of SOA by a revoked key beside": healthy(
        DNSKEY=keys(KSK, ZSK, REVOKED, by=[KSK, REVOKED]),
        SOA=with_more(SOA, REVOKED.signature(APEX, "SOA", *DATA["SOA"])),
    ),
    "a signature with another TTL than its set": healthy(SOA=with_ttl(SOA, 60, "RRSIG")),
    "a TTL above the signed one": healthy(SOA=with_ttl(SOA, 900, "SOA", "RRSIG")),
    "no keys": healthy(DNSKEY=NONE),
}
SPARE = {"spare-signature-broken"}
WITH_IT = {
    "a signature of another zone beside": SPARE,
    "a signature of the wrong length beside": SPARE,
    "a signature of SOA by a revoked key beside": SPARE,
}
"""What else the same zone gets."""


def judged(world: SignedWorld) -> dict[str, Finding]:
    return {one.code: one for one in world.findings(every_signature.CHECK)}


@pytest.mark.parametrize(("case", "parent", "judgement"), rows(every_signature))
def test_the_documented_table_is_what_the_check_decides(
    case: str, parent: str, judgement: str
) -> None:
    world = CASES[case]
    if parent == "none":
        world = SignedWorld({P1: NONE, P2: NONE}, world.apex)

    assert set(judged(world)) == {judgement} | WITH_IT.get(case, set())


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("a signature of another zone beside", {"SIGNER_NOT_ZONE"}),
        ("a signature of the wrong length beside", {"RRSIG_BAD_LENGTH_ECDSA256"}),
        ("a signature of SOA by a revoked key beside", {"DNSKEY_REVOKED_RRSIG"}),
        ("a signature with another TTL than its set", {"RRSET_TTL_MISMATCH"}),
        ("a TTL above the signed one", {"ORIGINAL_TTL_EXCEEDED"}),
        ("a good signature that ended a minute ago", {"EXPIRATION_WITHIN_CLOCK_SKEW"}),
        ("a signature of an algorithm not known here", {"ALGORITHM_NOT_SUPPORTED"}),
        ("an expired signature beside a good one", {"EXPIRATION_IN_PAST"}),
    ],
)
def test_dnsviz_calls_it_so(case: str, names: set[str]) -> None:
    assert names <= codes(CASES[case].findings(every_signature.CHECK))


def test_a_revoked_key_that_signs_the_keys_to_say_so_is_as_it_should_be() -> None:
    world = healthy(DNSKEY=keys(KSK, ZSK, REVOKED, by=[KSK, REVOKED]))

    assert set(judged(world)) == {"every-signature-holds"}


def test_two_signers_of_one_zone_are_each_by_themselves() -> None:
    """RFC 8901, model 2: each server signs with its own keys, and gives those of both."""
    other_zsk = signer(APEX, 256)
    both = (KSK, ZSK, OTHER, other_zsk)
    world = unlike(
        healthy(KSK.ds, OTHER.ds, DNSKEY=keys(*both, by=[KSK])),
        DNSKEY=keys(*both, by=[OTHER]),
        **{rtype: signed(rtype, other_zsk) for rtype in ("SOA", "NS", "A")},
    )

    assert set(judged(world)) == {"every-signature-holds"}
    problems = {one.code for one in world.findings() if one.outcome.value == "problem"}
    assert problems == set()


def test_the_server_with_the_odd_signature_is_named() -> None:
    expired = signed("SOA", ZSK, days=(-9, -2)).answer[-1]
    found = judged(unlike(healthy(), SOA=with_more(SOA, expired)))["spare-signature-broken"]

    assert "expired at ns2.zone.example" in found.message
    assert found.severity is Severity.NOTICE
