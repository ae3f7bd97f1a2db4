"""Keys and signatures, against vectors of dnspython's own signer."""

from dataclasses import replace
from typing import Any

import dns.dnssec
import dns.name
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from checks.facts.dnssec import signatures as room
from checks.facts.dnssec.keys import MOST_SAME_TAG, Ds, Key, Match, ds_of, keys_of, match
from checks.facts.dnssec.signatures import SKEW, Signature, Verdict, signatures_of, verdict
from netdiag.outcomes import ResourceRecord

OWNER = "zone.example."
BEGINS, ENDS = 1_700_000_000, 1_702_000_000
NOW = 1_701_000_000
RSA = rsa.generate_private_key(65537, 2048)
PRIVATE: dict[int, Any] = {
    5: RSA,
    7: RSA,
    8: RSA,
    10: RSA,
    13: ec.generate_private_key(ec.SECP256R1()),
    14: ec.generate_private_key(ec.SECP384R1()),
    15: ed25519.Ed25519PrivateKey.generate(),
    16: ed448.Ed448PrivateKey.generate(),
}


def dnskey(algorithm: int, flags: int = 257) -> DNSKEY:
    public = PRIVATE[algorithm].public_key()
    return dns.dnssec.make_dnskey(public, algorithm, flags)


def records(rrset: dns.rrset.RRset, rtype: str) -> tuple[ResourceRecord, ...]:
    name = rrset.name.to_text()
    return tuple(ResourceRecord(name=name, ttl=300, rtype=rtype, data=r.to_text()) for r in rrset)


def signed(
    algorithm: int = 13, name: str = "www.zone.example."
) -> tuple[Signature, tuple[ResourceRecord, ...], tuple[Key, ...]]:
    key = dnskey(algorithm)
    rrset = dns.rrset.from_text(name, 300, "IN", "A", "192.0.2.7", "192.0.2.3")
    rrsig = dns.dnssec.sign(
        rrset,
        PRIVATE[algorithm],
        dns.name.from_text(OWNER),
        key,
        inception=BEGINS,
        expiration=ENDS,
        policy=dns.dnssec.allow_all_policy,
    )
    (signature,) = signatures_of(
        [ResourceRecord(name=name, ttl=300, rtype="RRSIG", data=rrsig.to_text())]
    )
    keys = keys_of([ResourceRecord(name=OWNER, ttl=300, rtype="DNSKEY", data=key.to_text())], OWNER)
    return signature, records(rrset, "A"), keys


@pytest.mark.parametrize("algorithm", sorted(PRIVATE))
def test_every_algorithm_verifies_and_a_flipped_octet_does_not(algorithm: int) -> None:
    signature, rrset, keys = signed(algorithm)
    assert verdict(signature, rrset, keys, NOW) is Verdict.VALID
    flipped = bytes([signature.value[0] ^ 1]) + signature.value[1:]
    assert verdict(replace(signature, value=flipped), rrset, keys, NOW) is Verdict.INVALID
    assert verdict(signature, rrset[:1], keys, NOW) is Verdict.INVALID


def test_supported_are_those_tested() -> None:
    assert sorted(room.SUPPORTED) == sorted(PRIVATE)
    signature, rrset, keys = signed()
    for algorithm in (3, 6, 12, 17, 23, 253):
        other = replace(signature, algorithm=algorithm)
        assert verdict(other, rrset, keys, NOW) is Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BEGINS - SKEW - 1, Verdict.NOT_YET_VALID),
        (BEGINS - SKEW, Verdict.VALID),
        (ENDS + SKEW, Verdict.VALID),
        (ENDS + SKEW + 1, Verdict.EXPIRED),
    ],
)
def test_the_window_has_the_skew_on_both_sides(now: int, expected: Verdict) -> None:
    signature, rrset, keys = signed()
    assert verdict(signature, rrset, keys, now) is expected


def test_the_order_and_doubling_of_records_do_not_matter() -> None:
    signature, rrset, keys = signed()
    assert verdict(signature, (*rrset[::-1], rrset[0]), keys, NOW) is Verdict.VALID


def test_a_record_made_from_a_wildcard_verifies_by_its_labels() -> None:
    signature, rrset, keys = signed(name="*.zone.example.")
    name = "a.b.zone.example."
    there = replace(signature, owner=name)
    assert verdict(there, [replace(r, name=name) for r in rrset], keys, NOW) is Verdict.VALID
    assert verdict(signature, rrset, keys, NOW) is Verdict.VALID


def test_a_signature_of_another_name_signer_or_too_many_labels_is_unusable() -> None:
    signature, rrset, keys = signed()
    for wrong in ({"owner": "x.zone.example."}, {"signer": "other.example."}, {"labels": 4}):
        assert verdict(replace(signature, **wrong), rrset, keys, NOW) is Verdict.MALFORMED


def test_keys_of_another_tag_owner_or_revoked_do_not_count() -> None:
    signature, rrset, (key,) = signed()
    revoked = Key(OWNER, bytes([key.rdata[0], key.rdata[1] | 0x80]) + key.rdata[2:])
    for keys in ((), (Key("other.example.", key.rdata),), (revoked,)):
        assert verdict(signature, rrset, keys, NOW) is Verdict.NO_KEY
    tagged = replace(signature, tag=revoked.tag)
    assert verdict(tagged, rrset, (revoked,), NOW) is Verdict.NO_KEY


def test_keys_that_share_a_tag_are_tried_a_few_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    signature, rrset, (key,) = signed()
    tried = []
    monkeypatch.setattr(room, "verifies", lambda *asked: tried.append(asked))
    assert verdict(signature, rrset, [key] * 1000, NOW) is Verdict.INVALID
    assert len(tried) == MOST_SAME_TAG


@pytest.mark.parametrize("digest", ["SHA1", "SHA256", "SHA384"])
def test_a_ds_matches_its_key_alone(digest: str) -> None:
    key = dnskey(13)
    text = dns.dnssec.make_ds(OWNER, key, digest, policy=dns.dnssec.allow_all_policy).to_text()
    (ds,) = ds_of([ResourceRecord(name=OWNER, ttl=300, rtype="DS", data=text)], OWNER)
    keys = keys_of([ResourceRecord(name=OWNER, ttl=300, rtype="DNSKEY", data=key.to_text())], OWNER)
    assert keys[0].tag == ds.tag == dns.dnssec.key_id(key)
    assert match(ds, keys) is Match.MATCHES
    assert match(ds, ()) is Match.NO_KEY
    assert match(replace(ds, digest=bytes(len(ds.digest))), keys) is Match.DIGEST_DIFFERS
    assert match(replace(ds, digest_type=3), keys) is Match.UNSUPPORTED


def test_what_cannot_be_read_is_left_out() -> None:
    for data in ("", "x", r"\# 2 0001", "257 3 13 !!!!", "…"):
        for rtype in ("DNSKEY", "DS", "RRSIG"):
            bad = [ResourceRecord(name=OWNER, ttl=0, rtype=rtype, data=data)]
            assert not (*keys_of(bad, OWNER), *ds_of(bad, OWNER), *signatures_of(bad))


def test_a_key_without_material_verifies_nothing() -> None:
    signature, rrset, _ = signed()
    for algorithm in PRIVATE:
        for public in (b"\0", b"\xff" * 3, b"\1\3" + b"\xff" * 600):
            key = Key(OWNER, bytes([1, 0, 3, algorithm]) + public)
            forged = replace(signature, algorithm=algorithm, tag=key.tag)
            assert verdict(forged, rrset, (key,), NOW) is Verdict.INVALID
    assert match(Ds(OWNER, 1, 13, 2, b"x"), ()) is Match.NO_KEY
