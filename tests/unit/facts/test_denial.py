"""Proofs of denial: what is true is proven, and each piece that is lost or changed is named."""

from dataclasses import replace

import dns.name
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from checks.facts.dnssec.denial import (
    MOST_ITERATIONS,
    Claim,
    Flaw,
    Lack,
    Nsec,
    Nsec3,
    Proof,
    Question,
    by_nsec,
    by_nsec3,
    contradictions,
    nsec3_hash,
)
from checks.facts.dnssec.proofs import read
from netdiag.outcomes import ResourceRecord
from tests.unit.dns.denials import Denial, Denier

ZONE = dns.name.from_text("example.")
NAMES = {
    "example.": {"SOA": "", "NS": "", "A": "", "DNSKEY": ""},
    "a.example.": {"A": ""},
    "*.w.example.": {"TXT": ""},
    "x.*.v.example.": {"TXT": ""},
    "sub.example.": {"NS": ""},
    "safe.example.": {"NS": "", "DS": ""},
    "only.below.example.": {"NS": ""},
    "z.example.": {"A": ""},
}
SALT = b"\xab"
NSEC, NSEC3 = Denier("example.", NAMES), Denier("example.", NAMES, hashed=True)
OPT_OUT = Denier("example.", NAMES, hashed=True, opt_out=True)

PROVEN = {
    ("b.example.", "A"): Proof.NAME_ERROR,
    ("zz.example.", "A"): Proof.NAME_ERROR,
    ("x.a.example.", "A"): Proof.NAME_ERROR,
    ("x.y.b.example.", "A"): Proof.NAME_ERROR,
    ("a.example.", "AAAA"): Proof.NO_DATA,
    ("example.", "AAAA"): Proof.NO_DATA,
    ("w.example.", "A"): Proof.NO_DATA,
    ("x.w.example.", "A"): Proof.WILDCARD_NO_DATA,
    ("x.y.w.example.", "A"): Proof.WILDCARD_NO_DATA,
    ("y.v.example.", "A"): Proof.WILDCARD_NO_DATA,
    ("x.w.example.", "TXT"): Proof.EXPANDED,
    ("x.y.w.example.", "TXT"): Proof.EXPANDED,
    ("sub.example.", "DS"): Proof.NO_DATA,
    ("www.sub.example.", "A"): Proof.NO_DATA,
}


def question(denial: Denial) -> Question:
    expanded = dns.name.from_text(denial.wildcard) if denial.claim is Claim.EXPANDED else None
    return Question(dns.name.from_text(denial.name), denial.rtype, ZONE, denial.claim, expanded)


def proven(records: tuple[ResourceRecord, ...], asked: Question, hashed: bool) -> Proof:
    found = read(records)
    judged = by_nsec3(found.nsec3, asked) if hashed else by_nsec(found.nsec, asked)
    assert bool(judged.flaws) == (judged.proof is Proof.NONE)
    return judged.proof


def lacks(records: tuple[ResourceRecord, ...], asked: Question, hashed: bool) -> set[Lack]:
    found = read(records)
    judged = by_nsec3(found.nsec3, asked) if hashed else by_nsec(found.nsec, asked)
    return {flaw.lack for flaw in judged.flaws}


@pytest.mark.parametrize(("asked", "proof"), PROVEN.items())
@pytest.mark.parametrize("denier", [NSEC, NSEC3], ids=["nsec", "nsec3"])
def test_what_is_true_is_proven(denier: Denier, asked: tuple[str, str], proof: Proof) -> None:
    denial = denier.deny(*asked)

    assert denial is not None
    assert proven(denial.records, question(denial), denier.hashed) is proof
    whole = tuple(denier.chain.values())
    assert proven(whole, question(denial), denier.hashed) is proof


@pytest.mark.parametrize(
    ("name", "rtype"),
    [
        ("b.example.", "A"),
        ("sub.example.", "DS"),
        ("only.below.example.", "DS"),
        ("below.example.", "A"),
        ("x.w.example.", "TXT"),
    ],
)
def test_what_opt_out_leaves_out_is_no_proof_of_absence(name: str, rtype: str) -> None:
    denial = OPT_OUT.deny(name, rtype)

    assert denial is not None
    assert proven(denial.records, question(denial), hashed=True) is Proof.OPT_OUT


CLAIMS = st.sampled_from([Claim.NAME_ERROR, Claim.NO_DATA, Claim.INSECURE])
LABELS = st.lists(st.sampled_from(["a", "b", "m", "z", "*"]), max_size=3)
KINDS = st.sets(st.sampled_from(["A", "TXT", "MX"]), min_size=1)


@st.composite
def deniers(draw: st.DrawFn) -> Denier:
    """A zone of random names, types and delegations, denying in one of three ways."""
    data: dict[str, dict[str, str]] = {"example.": {"SOA": "", "NS": "", "DNSKEY": ""}}
    for labels in draw(st.lists(LABELS.filter(bool), max_size=6)):
        name = ".".join((*labels, "example."))
        kinds = draw(st.one_of(KINDS, st.just({"NS"}), st.just({"NS", "DS"})))
        if "NS" not in kinds or "*" not in labels:
            data[name] = dict.fromkeys(kinds, "")
    hashed, opt_out = draw(st.booleans()), draw(st.booleans())
    salt = draw(st.binary(max_size=2))
    return Denier("example.", data, hashed, hashed and opt_out, salt, draw(st.integers(0, 2)))


@st.composite
def denied(draw: st.DrawFn) -> tuple[Denier, Denial]:
    denier = draw(deniers())
    name = ".".join((*draw(LABELS), "example."))
    rtype = draw(st.sampled_from(["A", "TXT", "AAAA", "DS"]))
    assume(rtype != "DS" or name != "example.")  # the parent's
    denial = denier.deny(name, rtype)
    assume(denial is not None)
    assert denial is not None
    return denier, denial


@settings(max_examples=100, deadline=None)
@given(denied())
def test_a_zone_that_is_signed_right_proves_what_it_denies(case: tuple[Denier, Denial]) -> None:
    denier, denial = case
    asked = question(denial)

    proof = proven(denial.records, asked, denier.hashed)

    assert proof is not Proof.NONE
    if proof is not Proof.OPT_OUT:  # there the whole chain also tells of wildcards
        assert proof is proven(tuple(denier.chain.values()), asked, denier.hashed)
    assert (proof is Proof.OPT_OUT) <= denier.opt_out


LACKING = {
    ("NSEC", Claim.NAME_ERROR, "over"): Lack.NAME_NOT_COVERED,
    ("NSEC", Claim.NAME_ERROR, "wildcard"): Lack.WILDCARD_NOT_COVERED,
    ("NSEC", Claim.NO_DATA, "at"): Lack.NO_RECORD_AT_NAME,
    ("NSEC", Claim.NO_DATA, "over"): Lack.NO_RECORD_AT_NAME,
    ("NSEC", Claim.NO_DATA, "wildcard"): Lack.WILDCARD_NOT_COVERED,
    ("NSEC", Claim.EXPANDED, "over"): Lack.NAME_NOT_COVERED,
    ("NSEC", Claim.INSECURE, "at"): Lack.NO_RECORD_AT_NAME,
    ("NSEC3", Claim.NAME_ERROR, "encloser"): Lack.NO_CLOSEST_ENCLOSER,
    ("NSEC3", Claim.NAME_ERROR, "closer"): Lack.NEXT_CLOSER_NOT_COVERED,
    ("NSEC3", Claim.NAME_ERROR, "wildcard"): Lack.WILDCARD_NOT_COVERED,
    ("NSEC3", Claim.NO_DATA, "at"): Lack.NO_RECORDS,
    ("NSEC3", Claim.NO_DATA, "encloser"): Lack.NO_CLOSEST_ENCLOSER,
    ("NSEC3", Claim.NO_DATA, "closer"): Lack.NEXT_CLOSER_NOT_COVERED,
    ("NSEC3", Claim.NO_DATA, "wildcard"): Lack.NOT_OPT_OUT,
    ("NSEC3", Claim.EXPANDED, "closer"): Lack.NO_RECORDS,
    ("NSEC3", Claim.INSECURE, "at"): Lack.NO_RECORDS,
    ("NSEC3", Claim.INSECURE, "encloser"): Lack.NO_CLOSEST_ENCLOSER,
    ("NSEC3", Claim.INSECURE, "closer"): Lack.NEXT_CLOSER_NOT_COVERED,
}
"""What is named where the piece of a proof that has this role is taken away."""


@settings(max_examples=100, deadline=None)
@given(denied(), st.data())
def test_each_record_that_is_taken_away_is_named(
    case: tuple[Denier, Denial], data: st.DataObject
) -> None:
    denier, denial = case
    gone = data.draw(st.sampled_from(denial.pieces))
    left = tuple(record for record in denial.records if record != gone.record)

    named = lacks(left, question(denial), denier.hashed)

    roles = [piece.role for piece in denial.pieces if piece.record == gone.record]
    kind = "NSEC3" if denier.hashed else "NSEC"
    expected = {LACKING[kind, denial.claim, role] for role in roles}
    expected |= set() if left else {Lack.NO_RECORDS}
    left_out = denier.opt_out and denial.claim is Claim.NO_DATA and gone.role == "wildcard"
    assert named or left_out, "taken for a proof"
    if not left_out and not _stands_in(denier, denial, left):
        assert named & expected
        assert len(roles) > 1 or named <= expected


def _stands_in(denier: Denier, denial: Denial, left: tuple[ResourceRecord, ...]) -> bool:
    """Whether a record that is left is at another name above, which then seems the closest."""
    name, apex = dns.name.from_text(denial.name), ZONE
    owners = {record.name.partition(".")[0] for record in left}
    held = {
        record for piece in denial.pieces if piece.role == "encloser" for record in [piece.record]
    }
    while denier.hashed and name != apex:
        name = name.parent()
        hashed = nsec3_hash(name, denier.salt, denier.iterations)
        if hashed in owners and hashed not in {one.name.partition(".")[0] for one in held}:
            return True
    return False


CHANGES = {
    "the type is listed": ("at", " AAAA", Lack.TYPE_IN_BITMAP),
    "an alias is listed": ("at", " CNAME", Lack.ALIAS_IN_BITMAP),
    "a delegation is listed": ("at", " NS", Lack.OTHER_SIDE),
}


@pytest.mark.parametrize(("role", "types", "lack"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("denier", [NSEC, NSEC3], ids=["nsec", "nsec3"])
def test_types_that_contradict_a_denial_are_named(
    denier: Denier, role: str, types: str, lack: Lack
) -> None:
    denial = denier.deny("a.example.", "AAAA")
    assert denial is not None
    changed = tuple(replace(r, data=r.data + types) for r in denial.records)

    assert lacks(changed, question(denial), denier.hashed) == {lack}


INSECURE = {
    " SOA": Lack.DELEGATION_WITH_SOA,
    " DS": Lack.DELEGATION_WITH_DS,
    "": Lack.DELEGATION_WITHOUT_NS,
}


@pytest.mark.parametrize(("types", "lack"), INSECURE.items())
@pytest.mark.parametrize("denier", [NSEC, NSEC3], ids=["nsec", "nsec3"])
def test_types_of_a_delegation_that_are_wrong_are_named(
    denier: Denier, types: str, lack: Lack
) -> None:
    denial = denier.deny("sub.example.", "DS")
    assert denial is not None
    (one,) = denial.records
    data = one.data + types if types else one.data.replace(" NS", " ", 1).replace("  EC", " NSEC")

    assert lacks((replace(one, data=data),), question(denial), denier.hashed) == {lack}


def test_a_wildcard_alone_lacks_what_shows_that_it_is_the_closest() -> None:
    denial = NSEC3.deny("x.w.example.", "A")
    assert denial is not None
    wildcard = tuple(piece.record for piece in denial.pieces if piece.role == "wildcard")

    assert lacks(wildcard, question(denial), hashed=True) == {Lack.NO_CLOSEST_ENCLOSER}


@pytest.mark.parametrize("denier", [NSEC, NSEC3], ids=["nsec", "nsec3"])
def test_what_exists_is_never_denied(denier: Denier) -> None:
    whole = tuple(denier.chain.values())
    wrong = {
        ("a.example.", Claim.NAME_ERROR): Lack.NAME_EXISTS,
        ("w.example.", Claim.NAME_ERROR): Lack.NAME_EXISTS,
        ("x.w.example.", Claim.NAME_ERROR): Lack.WILDCARD_EXISTS,
        ("x.sub.example.", Claim.NAME_ERROR): Lack.ABOVE_DELEGATION,
        ("example.", Claim.NO_DATA): Lack.OTHER_SIDE,
    }
    for (name, claim), lack in wrong.items():
        asked = Question(dns.name.from_text(name), "DS", ZONE, claim)
        assert lacks(whole, asked, denier.hashed) == {lack}


def test_an_expansion_past_a_closer_name_is_none() -> None:
    name, wildcard = dns.name.from_text("q.a.example."), dns.name.from_text("*.example.")
    asked = Question(name, "A", ZONE, Claim.EXPANDED, wildcard)

    assert lacks(tuple(NSEC.chain.values()), asked, hashed=False) == {Lack.CLOSER_NAME_EXISTS}
    assert lacks(tuple(NSEC3.chain.values()), asked, hashed=True) == {Lack.CLOSER_NAME_EXISTS}
    asked = replace(asked, name=dns.name.from_text("q.example."))
    assert lacks(tuple(NSEC.chain.values()), asked, hashed=False) == {Lack.WILDCARD_DENIED}
    assert lacks(tuple(NSEC3.chain.values()), asked, hashed=True) == {Lack.WILDCARD_DENIED}


def test_the_last_record_leads_back_to_the_apex() -> None:
    last = Nsec(dns.name.from_text("z.example."), dns.name.from_text("a.example."), frozenset("A"))
    beyond = replace(last, following=dns.name.from_text("other."))
    asked = Question(dns.name.from_text("zz.example."), "A", ZONE, Claim.NAME_ERROR)

    for record in (last, beyond):
        assert by_nsec([record], asked).flaws == (Flaw(Lack.END_NOT_APEX, "z.example."),)


def test_compact_denial_tells_of_a_name_that_is_not_there() -> None:
    """RFC 9824, section 3.1: NOERROR, and a record at the very name."""
    name = dns.name.from_text("b.example.")
    following = dns.name.from_text(r"\000.b.example.")
    record = Nsec(name, following, frozenset({"RRSIG", "NSEC", "NXNAME"}))
    for claim in (Claim.NO_DATA, Claim.NAME_ERROR):
        asked = Question(name, "A", ZONE, claim)
        assert by_nsec([record], asked).proof is Proof.NAME_ERROR


def test_the_hash_is_that_of_the_standard() -> None:
    """RFC 5155, appendix A."""
    salt = bytes.fromhex("aabbccdd")
    assert nsec3_hash(dns.name.from_text("example."), salt, 12) == (
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"
    )
    with pytest.raises(ValueError, match="iterations"):
        nsec3_hash(ZONE, salt, MOST_ITERATIONS + 1)


def test_costly_hashes_are_not_followed_and_mixed_ones_prove_nothing() -> None:
    asked = Question(dns.name.from_text("b.example."), "A", ZONE, Claim.NAME_ERROR)
    chain = read(NSEC3.chain.values()).nsec3
    costly = [replace(one, iterations=MOST_ITERATIONS + 1) for one in chain]
    mixed = [*chain, Nsec3("0" * 32, "1" * 32, False, b"", 2, frozenset())]

    assert by_nsec3(costly, asked).proof is Proof.TOO_COSTLY
    assert by_nsec3(mixed, asked).flaws == (Flaw(Lack.PARAMETERS_MIXED),)
    assert list(contradictions([], costly, [(ZONE, "TXT")])) == []


UNREAD = {
    "2 0 1 ab {} A": Lack.UNKNOWN_HASH,
    "1 2 1 ab {} A": Lack.UNKNOWN_FLAG,
    "1 0 1 ab 00 A": Lack.WRONG_LENGTH,
    "1 0 one ab {} A": Lack.UNREADABLE,
    "1 0 1": Lack.UNREADABLE,
}


@pytest.mark.parametrize(("data", "lack"), UNREAD.items())
def test_records_that_cannot_be_used_are_named(data: str, lack: Lack) -> None:
    name = f"{'0' * 32}.example."
    record = ResourceRecord(name=name, ttl=0, rtype="NSEC3", data=data.format("v" * 32))

    assert read([record]).flaws == (Flaw(lack, name),)
    other = replace(record, name="www.example.", data=f"1 0 1 ab {'v' * 32} A")
    assert read([other]).flaws == (Flaw(Lack.NOT_A_HASH, "www.example."),)


@pytest.mark.parametrize("denier", [NSEC, NSEC3, OPT_OUT], ids=["nsec", "nsec3", "opt-out"])
def test_what_the_server_answers_with_is_not_contradicted_unless_it_is(denier: Denier) -> None:
    whole = read(denier.chain.values())
    there = [(name, rtype) for name, types in denier.owners.items() for rtype in types]
    missing, name = (dns.name.from_text("b.example."), "A"), dns.name.from_text("a.example.")

    assert list(contradictions(whole.nsec, whole.nsec3, there)) == []
    told = list(contradictions(whole.nsec, whole.nsec3, [missing, (name, "MX")]))
    expected = [Flaw(Lack.EXISTING_COVERED, "b.example.")] if denier is not OPT_OUT else []
    listed = Flaw(Lack.EXISTING_NOT_LISTED, "a.example.")
    assert sorted(told, key=lambda f: f.lack.name) == [*expected, listed]
