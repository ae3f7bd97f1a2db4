"""Proofs of denial, by chains made of the names of a zone: all that is there is never denied."""

import dns.name
import pytest

from checks.facts.dnssec.denial import (
    MOST_ITERATIONS,
    Nsec,
    Nsec3,
    Proof,
    by_nsec,
    by_nsec3,
    nsec3_hash,
)

ZONE = dns.name.from_text("example.")
NAMES = {
    "example.": {"SOA", "NS", "A"},
    "a.example.": {"A"},
    "*.w.example.": {"TXT"},
    "w.example.": set(),
    "sub.example.": {"NS"},
    "z.example.": {"A"},
}
SALT = b"\xab"

CASES = [
    ("b.example.", "A", Proof.NAME_ERROR),
    ("zz.example.", "A", Proof.NAME_ERROR),
    ("x.a.example.", "A", Proof.NAME_ERROR),
    ("a.example.", "AAAA", Proof.NO_DATA),
    ("a.example.", "A", Proof.NONE),
    ("w.example.", "A", Proof.NO_DATA),
    ("x.w.example.", "A", Proof.WILDCARD_NO_DATA),
    ("x.w.example.", "TXT", Proof.NONE),
    ("x.y.w.example.", "A", Proof.WILDCARD_NO_DATA),
    ("x.y.b.example.", "A", Proof.NAME_ERROR),
    ("sub.example.", "DS", Proof.NO_DATA),
    ("sub.example.", "A", Proof.NONE),
    ("x.sub.example.", "A", Proof.NONE),
    ("example.", "AAAA", Proof.NO_DATA),
    ("example.", "DS", Proof.NONE),
]


def nsec() -> list[Nsec]:
    owners = sorted(dns.name.from_text(name) for name, types in NAMES.items() if types)
    pairs = zip(owners, owners[1:] + owners[:1], strict=True)
    return [Nsec(one, two, frozenset(NAMES[one.to_text()])) for one, two in pairs]


def nsec3(opt_out: bool = False) -> list[Nsec3]:
    types = {nsec3_hash(dns.name.from_text(n), SALT, 2): frozenset(t) for n, t in NAMES.items()}
    hashes = sorted(types)
    pairs = zip(hashes, hashes[1:] + hashes[:1], strict=True)
    return [Nsec3(one, two, opt_out, SALT, 2, types[one]) for one, two in pairs]


@pytest.mark.parametrize(("name", "rtype", "proof"), CASES)
def test_a_whole_chain_proves_what_is_true(name: str, rtype: str, proof: Proof) -> None:
    asked = dns.name.from_text(name)
    assert by_nsec(nsec(), asked, rtype) is proof
    assert by_nsec3(nsec3(), asked, rtype, ZONE) is proof


@pytest.mark.parametrize(("name", "rtype", "proof"), CASES)
def test_records_lost_never_prove_another_thing(name: str, rtype: str, proof: Proof) -> None:
    asked = dns.name.from_text(name)
    for kept in range(1 << 6):
        some = [r for i, r in enumerate(nsec()) if kept >> i & 1]
        hashed = [r for i, r in enumerate(nsec3()) if kept >> i & 1]
        assert by_nsec(some, asked, rtype) in {proof, Proof.NONE}
        assert by_nsec3(hashed, asked, rtype, ZONE) in {proof, Proof.NONE}


def test_the_hash_is_that_of_the_standard() -> None:
    """RFC 5155, appendix A."""
    salt = bytes.fromhex("aabbccdd")
    assert nsec3_hash(dns.name.from_text("example."), salt, 12) == (
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
    )
    with pytest.raises(ValueError, match="iterations"):
        nsec3_hash(ZONE, salt, MOST_ITERATIONS + 1)


def test_opt_out_and_mixed_salts_are_no_proof_of_absence() -> None:
    asked = dns.name.from_text("b.example.")
    assert by_nsec3(nsec3(opt_out=True), asked, "DS", ZONE) is Proof.OPT_OUT
    other = Nsec3("0", "1", False, b"", 2, frozenset())
    assert by_nsec3([*nsec3(), other], asked, "A", ZONE) is Proof.NONE


def test_compact_denial_tells_of_a_name_that_is_not_there() -> None:
    asked = dns.name.from_text("b.example.")
    following = dns.name.from_text(r"\000.b.example.")
    record = Nsec(asked, following, frozenset({"RRSIG", "NSEC", "NXNAME"}))
    assert by_nsec([record], asked, "A") is Proof.NAME_ERROR
