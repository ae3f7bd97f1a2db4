"""Records with the word of their zone's signatures, in a world signed by dnspython."""

import asyncio
from dataclasses import replace

import pytest

from checks.facts.vouched import Vouched, vouched
from netdiag.model import Brief, RootServer, TrustAnchor
from netdiag.outcomes import DnsReply, Outcome, SourceAddress
from netdiag.requests import DnsQuery, Request, SelectSource
from netdiag.target import parse
from tests.unit.dns.signers import NOW, Signer, record, signer
from tests.unit.dns.zones import SILENT
from tests.world.world import World

ROOT_SERVER, SERVER = "198.41.0.4", "22.50.0.53"
ZONE, NAME = "customer.example.", "_25._tcp.mail.customer.example."
TLSA = f"3 1 1 {'ab' * 32}"
ROOT, CHILD, STRANGER = signer("."), signer(ZONE), signer(ZONE)
ANCHOR = TrustAnchor(zone=".", rtype="DS", data=ROOT.ds)
NO_DATA = DnsReply(authoritative=True)
Answers = dict[tuple[str, str], Outcome]

REFERRAL = DnsReply(
    authority=(record(ZONE, "NS", "ns1." + ZONE),),
    additional=(record("ns1." + ZONE, "A", SERVER),),
)
SIGNED: Answers = {
    (".", "DNSKEY"): ROOT.keys(),
    (ZONE, "DS"): ROOT.signed(ZONE, "DS", CHILD.ds),
    (ZONE, "DNSKEY"): CHILD.keys(),
    (NAME, "TLSA"): CHILD.signed(NAME, "TLSA", TLSA),
}


def look(answers: Answers, *anchors: TrustAnchor, name: str = NAME) -> Vouched:
    def answer(request: Request) -> Outcome:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(server=server, name=asked, rtype=rtype):
                found = answers.get((asked, rtype))
                below = asked == ZONE or asked.endswith("." + ZONE)
                if server == ROOT_SERVER and below and rtype != "DS":
                    return REFERRAL
                return found or NO_DATA
            case _:
                return SILENT

    brief = Brief(
        target=parse("customer.example"),
        started=NOW,
        families=(4,),
        root_servers=(RootServer("a.", ROOT_SERVER),),
        trust_anchors=anchors,
    )

    async def go() -> Vouched:
        net = World(answer).network()
        found = await vouched(net, brief, name, "TLSA")
        await net.close()
        assert set(found.evidence) <= {seen.id for seen in net.transcript}
        return found

    return asyncio.run(go())


def denied(by: Signer) -> DnsReply:
    return replace(NO_DATA, authority=by.signed(ZONE, "NSEC", "net. NS RRSIG NSEC").answer)


@pytest.mark.parametrize("anchors", [(), (ANCHOR,)])
def test_signatures_that_hold_vouch(anchors: tuple[TrustAnchor, ...]) -> None:
    found = look(SIGNED, *anchors)

    assert (found.standing, found.data) == ("vouched", (TLSA,))


@pytest.mark.parametrize("anchors", [(), (ANCHOR,)])
def test_records_without_a_signature_are_broken(anchors: tuple[TrustAnchor, ...]) -> None:
    bare = DnsReply(authoritative=True, answer=(record(NAME, "TLSA", TLSA),))

    assert look({**SIGNED, (NAME, "TLSA"): bare}, *anchors).standing == "broken"


@pytest.mark.parametrize("anchors", [(), (ANCHOR,)])
def test_records_signed_by_a_stranger_are_broken(anchors: tuple[TrustAnchor, ...]) -> None:
    forged = STRANGER.signed(NAME, "TLSA", TLSA)

    assert look({**SIGNED, (NAME, "TLSA"): forged}, *anchors).standing == "broken"


def test_signatures_that_have_ended_are_broken() -> None:
    old = CHILD.signed(NAME, "TLSA", TLSA, days=(-9, -2))

    assert look({**SIGNED, (NAME, "TLSA"): old}).standing == "broken"


def test_a_zone_without_ds_records_is_not_signed() -> None:
    assert look({**SIGNED, (ZONE, "DS"): NO_DATA}).standing == "unsigned"
    assert look({**SIGNED, (ZONE, "DS"): denied(ROOT)}, ANCHOR).standing == "unsigned"


def test_below_a_chain_that_does_not_hold_nothing_is_believed() -> None:
    unproven = look({**SIGNED, (ZONE, "DS"): NO_DATA}, ANCHOR)

    assert unproven.standing == "broken"


def test_another_root_than_the_anchor_s_is_like_none() -> None:
    other = {(".", "DNSKEY"): signer(".").keys()}

    assert look({**SIGNED, **other}, ANCHOR).standing == "vouched"
    assert look({**SIGNED, **other, (ZONE, "DS"): NO_DATA}, ANCHOR).standing == "unsigned"


@pytest.mark.parametrize("missing", [(ZONE, "DS"), (ZONE, "DNSKEY")])
@pytest.mark.parametrize("anchors", [(), (ANCHOR,)])
def test_silence_is_not_the_absence_of_signatures(
    missing: tuple[str, str], anchors: tuple[TrustAnchor, ...]
) -> None:
    assert look({**SIGNED, missing: SILENT}, *anchors).standing == "not-seen"


def test_without_records_there_is_nothing_to_vouch_for() -> None:
    found = look({**SIGNED, (NAME, "TLSA"): NO_DATA})

    assert (found.status, found.data, found.standing) == ("nodata", (), "not-seen")


def test_an_alias_counts_like_the_records() -> None:
    alias = "_443._tcp." + ZONE
    aliased: Answers = {**SIGNED, (alias, "TLSA"): CHILD.signed(alias, "CNAME", NAME)}
    aliased[alias, "CNAME"] = aliased[alias, "TLSA"]
    bare = DnsReply(authoritative=True, answer=(record(alias, "CNAME", NAME),))
    forged: Answers = {**aliased, (alias, "CNAME"): bare}

    assert look(aliased, name=alias).standing == "vouched"
    assert look(forged, name=alias).standing == "broken"
