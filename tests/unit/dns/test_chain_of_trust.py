"""The chain of trust over zones signed by dnspython."""

from dataclasses import replace
from datetime import timedelta

import pytest

from checks.dns import chain_of_trust
from checks.dns.chain_of_trust import Facts
from checks.facts.trust import Link, Step
from netdiag.model import Finding, TrustAnchor
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome
from tests.doctable import rows
from tests.unit.dns.denials import Data, Denier, Server
from tests.unit.dns.signers import NOW, seen, signer

SILENT = Failed(kind=FailureKind.TIMEOUT)
WWW = "www.example."


ROOT, CHILD, OTHER = signer("."), signer("example."), signer("example.")
ANCHOR = TrustAnchor(zone=".", rtype="DS", data=ROOT.ds)
ADDRESS = CHILD.signed(WWW, "A", "192.0.2.1")


def denied(types: str) -> DnsReply:
    """No DS, by an NSEC record of the root."""
    proof = ROOT.signed("example.", "NSEC", f"net. {types}")
    return DnsReply(authoritative=True, authority=proof.answer)


ABOVE: dict[str, Outcome] = {
    "has a signed DS": ROOT.signed("example.", "DS", CHILD.ds),
    "has a DS of others": CHILD.signed("example.", "DS", CHILD.ds),
    "unknown kinds": ROOT.signed("example.", "DS", f"{CHILD.ds.split()[0]} 13 99 aabbcc"),
    "proves there is no DS": denied("NS RRSIG NSEC"),
    "no DS and no proof": DnsReply(authoritative=True),
    "gives no answer": SILENT,
}
KEYS: dict[str, Outcome] = {
    "no key fits it": OTHER.keys(),
    "the keys' signatures have ended": CHILD.keys((-9, -2)),
    "no answer": SILENT,
}
BARE = DnsReply(authoritative=True, answer=ADDRESS.answer[:1])
AT_THE_END = {
    "an address without a signature": BARE,
    "a denial without its proof": DnsReply(rcode="NXDOMAIN", authoritative=True),
}


def facts(above: str, zone: str) -> Facts:
    root_keys: Outcome = ROOT.keys()
    if above == "is the trust anchor":
        root_keys = signer(".").keys() if zone == "no key fits it" else root_keys
        return Facts(now=NOW, anchors=(ANCHOR,), steps=(top(root_keys),))
    keys = (
        None if zone == "not asked" else seen(3, "example.", "DNSKEY", KEYS.get(zone, CHILD.keys()))
    )
    link = Link(zone="example.", ds=seen(2, "example.", "DS", ABOVE[above]), keys=keys)
    address = AT_THE_END.get(zone, ADDRESS)
    answers = (seen(4, WWW, "A", address),)
    return Facts(
        now=NOW,
        anchors=(ANCHOR,),
        steps=(top(root_keys), Step(zone="example.", links=(link,))),
        answers=answers,
    )


def top(keys: Outcome) -> Step:
    link = Link(zone=".", ds=None, keys=seen(1, ".", "DNSKEY", keys))
    return Step(zone=".", links=(link,))


def judged(facts: Facts) -> list[Finding]:
    return list(chain_of_trust.judge(facts))


@pytest.mark.parametrize(("above", "zone", "judgement"), rows(chain_of_trust))
def test_the_documented_table_is_what_the_check_decides(
    above: str, zone: str, judgement: str
) -> None:
    *before, last = judged(facts(above, zone))

    assert last.code == judgement
    assert {one.code for one in before} <= {"trust-secure"}


def test_the_broken_link_is_named_and_nothing_below_it_is_judged() -> None:
    _, broken = judged(facts("has a signed DS", "no key fits it"))

    assert broken.subject == "example"
    assert "none of its keys fits its DS records in the root" in broken.message
    assert broken.evidence == (1, 2, 3)


def test_each_set_of_records_at_the_end_has_its_state() -> None:
    subjects = [one.subject for one in judged(facts("has a signed DS", "all is well"))]

    assert subjects == ["the root", "example", "www.example A"]


def test_a_key_can_be_the_anchor_itself() -> None:
    own = TrustAnchor(zone=".", rtype="DNSKEY", data=ROOT.key.to_text())
    (finding,) = judged(Facts(now=NOW, anchors=(own,), steps=(top(ROOT.keys()),)))

    assert finding.code == "trust-secure"


@pytest.mark.parametrize(("since", "until"), [(1, None), (None, -1), (None, 0)])
def test_an_anchor_counts_while_it_is_in_force(since: int | None, until: int | None) -> None:
    begins, ends = (None if d is None else NOW + timedelta(days=d) for d in (since, until))
    anchor = TrustAnchor(zone=".", rtype="DS", data=ROOT.ds, since=begins, until=ends)
    (finding,) = judged(Facts(now=NOW, anchors=(anchor,), steps=(top(ROOT.keys()),)))

    assert finding.code == "trust-not-determined"


def test_without_an_anchor_nothing_is_followed() -> None:
    (finding,) = judged(Facts(now=NOW, missing="no trust anchor"))

    assert finding.code == "not-checked"


def test_one_good_server_is_enough() -> None:
    ds = seen(2, "example.", "DS", ABOVE["has a signed DS"])
    links = [
        Link(zone="example.", ds=ds, keys=seen(number, "example.", "DNSKEY", keys))
        for number, keys in ((3, CHILD.keys((-9, -2))), (5, CHILD.keys()))
    ]
    answers = tuple(seen(n, WWW, "A", one) for n, one in ((4, BARE), (6, ADDRESS)))
    steps = (top(ROOT.keys()), Step(zone="example.", links=tuple(links)))

    found = judged(Facts(now=NOW, anchors=(ANCHOR,), steps=steps, answers=answers))

    assert {one.code for one in found} == {"trust-secure"}
    assert found[-1].evidence == (6,)


ZONE: Data = {
    "example.": {"SOA": "ns1.example. host.example. 1 1 1 1 1", "NS": "ns1.example."},
    WWW: {"A": "192.0.2.1"},
    "*.w.example.": {"A": "192.0.2.2"},
}
NSEC, NSEC3 = Server(Denier("example.", ZONE), CHILD), Server(Denier("example.", ZONE, True), CHILD)
OPT_OUT = Server(Denier("example.", ZONE, hashed=True, opt_out=True), CHILD)


def at_the_end(name: str, rtype: str, *replies: Outcome) -> Finding:
    """The verdict on what the zone answers for the name."""
    ds = seen(2, "example.", "DS", ABOVE["has a signed DS"])
    link = Link(zone="example.", ds=ds, keys=seen(3, "example.", "DNSKEY", CHILD.keys()))
    answers = tuple(seen(n, name, rtype, reply) for n, reply in enumerate(replies, 4))
    steps = (top(ROOT.keys()), Step(zone="example.", links=(link,)))
    *_, last = judged(Facts(now=NOW, anchors=(ANCHOR,), steps=steps, answers=answers))
    return last


def bare(reply: DnsReply) -> DnsReply:
    kept = tuple(r for r in reply.authority if r.rtype not in {"NSEC", "NSEC3"})
    return replace(reply, authority=kept)


@pytest.mark.parametrize(
    ("name", "rtype", "words"),
    [
        ("b.example.", "A", "proves that the name does not exist"),
        (WWW, "AAAA", "proves that the name has no record of this type"),
        ("x.w.example.", "AAAA", "proves that the wildcard has no record of this type"),
        ("x.w.example.", "A", "proves that no closer name exists than the wildcard"),
    ],
)
@pytest.mark.parametrize("server", [NSEC, NSEC3], ids=["nsec", "nsec3"])
def test_what_is_denied_is_secure_where_it_is_proven(
    server: Server, name: str, rtype: str, words: str
) -> None:
    reply = server.reply(name, rtype)

    secure, broken = at_the_end(name, rtype, reply), at_the_end(name, rtype, bare(reply))

    assert (secure.code, broken.code) == ("trust-secure", "trust-broken")
    assert words in secure.message
    assert "there is no NSEC or NSEC3 record" in broken.message
    assert set(broken.equivalents) < set(broken.known_as)
    assert at_the_end(name, rtype, bare(reply), reply).code == "trust-secure"


@pytest.mark.parametrize("server", [NSEC, NSEC3], ids=["nsec", "nsec3"])
def test_a_proof_whose_signatures_have_ended_is_none(server: Server) -> None:
    expired = Server(server.denier, CHILD, days=(-9, -2))

    broken = at_the_end("b.example.", "A", expired.reply("b.example.", "A"))

    assert broken.code == "trust-broken"
    assert "has run out" in broken.message
    assert broken.equivalents == ("dnsviz:EXPIRATION_IN_PAST",)


def test_what_is_left_out_of_the_proofs_is_insecure() -> None:
    assert at_the_end("b.example.", "A", OPT_OUT.reply("b.example.", "A")).code == "trust-insecure"


@pytest.mark.parametrize("reply", [SILENT, DnsReply(rcode="SERVFAIL")])
def test_what_no_server_answers_is_not_determined(reply: Outcome) -> None:
    finding = at_the_end(WWW, "A", reply)

    assert (finding.code, finding.subject) == ("trust-not-determined", "www.example A")
    assert at_the_end(WWW, "A", reply, ADDRESS).code == "trust-secure"


@pytest.mark.parametrize(
    ("types", "name"),
    [
        ("NS SOA RRSIG NSEC", "dnsviz:REFERRAL_WITH_SOA"),
        ("NS DS RRSIG NSEC", "dnsviz:REFERRAL_WITH_DS"),
        ("TXT RRSIG NSEC", "dnsviz:REFERRAL_WITHOUT_NS"),
    ],
)
def test_a_wrong_proof_that_there_is_no_ds_breaks_the_link(types: str, name: str) -> None:
    link = Link(zone="example.", ds=seen(2, "example.", "DS", denied(types)), keys=None)
    steps = (top(ROOT.keys()), Step(zone="example.", links=(link,)))

    _, broken = judged(Facts(now=NOW, anchors=(ANCHOR,), steps=steps))

    assert broken.code == "trust-broken"
    assert broken.equivalents == (name,)


@pytest.mark.parametrize(
    ("above", "zone", "names"),
    [
        ("is the trust anchor", "no key fits it", {"dnsviz:NO_TRUST_ANCHOR_SIGNING"}),
        ("has a signed DS", "no key fits it", {"dnsviz:NO_SEP"}),
        ("has a signed DS", "the keys' signatures have ended", {"dnsviz:EXPIRATION_IN_PAST"}),
        ("has a signed DS", "an address without a signature", {"dnsviz:MISSING_RRSIG"}),
    ],
)
def test_other_tools_names_are_those_of_the_broken_link(
    above: str, zone: str, names: set[str]
) -> None:
    *_, last = judged(facts(above, zone))

    assert set(last.equivalents) == names
