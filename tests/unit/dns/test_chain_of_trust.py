"""The chain of trust over zones signed by dnspython."""

from datetime import timedelta

import pytest

from checks.dns import chain_of_trust
from checks.dns.chain_of_trust import Facts
from checks.facts.trust import Link, Step
from netdiag.model import Finding, TrustAnchor
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome
from tests.doctable import rows
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


def facts(above: str, zone: str) -> Facts:
    root_keys: Outcome = ROOT.keys()
    if above == "is the trust anchor":
        root_keys = signer(".").keys() if zone == "no key fits it" else root_keys
        return Facts(now=NOW, anchors=(ANCHOR,), steps=(top(root_keys),))
    keys = (
        None if zone == "not asked" else seen(3, "example.", "DNSKEY", KEYS.get(zone, CHILD.keys()))
    )
    link = Link(zone="example.", ds=seen(2, "example.", "DS", ABOVE[above]), keys=keys)
    address = BARE if zone == "an address without a signature" else ADDRESS
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
