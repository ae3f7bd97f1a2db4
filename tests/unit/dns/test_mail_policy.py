"""Sender policy as receivers evaluate it."""

import asyncio
from collections.abc import Mapping

import pytest

from checks.dns import mail_policy
from checks.dns.mail_policy import Dmarc, Facts
from checks.facts import spf
from checks.facts.spf import Spf
from netdiag.model import Brief, RootServer
from netdiag.network import ObservationId
from netdiag.outcomes import DnsReply, Outcome, SourceAddress
from netdiag.requests import DnsQuery, Request, SelectSource
from netdiag.target import parse
from tests.doctable import rows
from tests.unit.dns.zones import SILENT, record
from tests.world.world import World

DOMAIN = "customer.example."
CITED = (ObservationId(1),)


def policy(text: str = "v=spf1 mx -all", **changes: object) -> Spf:
    terms, broken = spf.parsed(text)
    known: dict[str, object] = {"terms": terms, "broken": broken, "lookups": 1}
    return Spf(domain=DOMAIN, records=(text,), evidence=CITED, **{**known, **changes})  # type: ignore[arg-type]


def dmarc(*records: str, refused: tuple[str, ...] = (), certain: bool = True) -> Dmarc:
    return Dmarc(records=records, refused=refused, certain=certain, evidence=CITED)


NONE = Spf(domain=DOMAIN, records=(), evidence=CITED)
GOOD_DMARC = dmarc("v=DMARC1; p=none")
SPF: Mapping[str, tuple[Spf, bool]] = {
    "one SPF record in order": (policy(), True),
    "no SPF record, and mail hosts": (NONE, True),
    "no SPF record, and no mail hosts": (NONE, False),
    "two SPF records": (Spf(domain=DOMAIN, records=("v=spf1", "v=spf1"), evidence=CITED), True),
    "an SPF record with a word that is none": (policy("v=spf1 ipv4:192.0.2.1 -all"), True),
    "an include without an SPF record": (policy(missing=("gone.example.",)), True),
    "SPF that takes 11 look-ups": (policy(lookups=11), True),
    "SPF with 3 look-ups that find nothing": (policy(voids=3), True),
    "SPF that ends in +all": (policy("v=spf1 +all"), True),
    "SPF that could not be looked up": (policy(certain=False), True),
}
DMARC: Mapping[str, tuple[Dmarc, bool]] = {
    "a DMARC record in order": (GOOD_DMARC, True),
    "no DMARC record, and mail hosts": (dmarc(), True),
    "two DMARC records": (dmarc("v=DMARC1; p=none", "v=DMARC1; p=none"), True),
    "a DMARC record without a policy": (dmarc("v=DMARC1"), True),
    "reports to a domain that did not agree": (
        dmarc("v=DMARC1; p=none", refused=("elsewhere.example",)),
        True,
    ),
    "DMARC that could not be looked up": (dmarc(certain=False), True),
}


@pytest.mark.parametrize(("has", "judgement"), rows(mail_policy))
def test_the_documented_table_is_what_the_check_decides(has: str, judgement: str) -> None:
    if has in SPF:
        found, mail = SPF[has]
        findings = list(mail_policy.judge_spf("customer.example", found, mail=mail))
    else:
        record_, mail = DMARC[has]
        findings = list(mail_policy.judge_dmarc("customer.example", record_, mail=mail))

    assert [finding.code for finding in findings] == [judgement]


def test_a_target_without_a_domain_is_not_checked() -> None:
    (finding,) = mail_policy.judge(Facts(domain=""))

    assert finding.code == "not-checked"


@pytest.mark.parametrize(
    ("text", "kinds", "broken"),
    [
        ("v=spf1 a mx:mail.example -all", ["a", "mx", "all"], ()),
        ("v=spf1 ip4:192.0.2.0/24 ~all", ["ip4", "all"], ()),
        ("v=spf1 include:_spf.example redirect=other.example", ["include", "redirect"], ()),
        ("v=spf1 include: ip4 -all", ["all"], ("include:", "ip4")),
        ("v=spf1 -all,", [], ("-all,",)),
        ("v=spf1 A/24 MX//64 ?ALL", ["a", "mx", "all"], ()),
    ],
)
def test_terms_are_read(text: str, kinds: list[str], broken: tuple[str, ...]) -> None:
    terms, words = spf.parsed(text)

    assert [term.kind for term in terms] == kinds
    assert words == broken


def test_the_strings_of_a_record_are_one_text() -> None:
    assert spf.joined('"v=spf1 " "include:a.example" " -all"') == "v=spf1 include:a.example -all"


def evaluated(texts: Mapping[str, str], addresses: tuple[str, ...] = ()) -> Spf:
    """The SPF of the customer's domain in a world where every name is in one zone at the root."""

    def answer(request: Request) -> Outcome:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(name=name, rtype="TXT") if name in texts:
                return DnsReply(
                    authoritative=True, answer=(record(name, "TXT", f'"{texts[name]}"'),)
                )
            case DnsQuery(name=name, rtype="A") if name in addresses:
                return DnsReply(authoritative=True, answer=(record(name, "A", "192.0.2.1"),))
            case DnsQuery():
                return DnsReply(authoritative=True)
            case _:
                return SILENT

    brief = Brief(
        target=parse("customer.example"),
        families=(4,),
        root_servers=(RootServer("a.", "198.41.0.4"),),
    )
    world = World(answer)
    return asyncio.run(spf.spf_of(world.network(), brief, DOMAIN))


def test_lookups_are_counted_through_includes() -> None:
    found = evaluated(
        {
            DOMAIN: "v=spf1 a:one.example include:inner.example exists:%{i}.x.example -all",
            "inner.example.": "v=spf1 a:one.example ptr -all",
        },
        ("one.example.",),
    )

    assert (found.lookups, found.voids, found.missing) == (5, 0, ())
    assert found.all == "-"


def test_what_is_not_there_counts_as_void() -> None:
    found = evaluated({DOMAIN: "v=spf1 a:gone.example include:gone.example -all"})

    assert (found.lookups, found.voids) == (2, 2)
    assert found.missing == ("gone.example.",)


def test_a_circle_of_includes_ends() -> None:
    found = evaluated(
        {DOMAIN: "v=spf1 include:inner.example", "inner.example.": f"v=spf1 include:{DOMAIN}"}
    )

    assert found.lookups > spf.MOST_LOOKUPS


def test_a_fan_of_includes_ends() -> None:
    fan = {DOMAIN: "v=spf1 " + " ".join(f"include:i{n}.example" for n in range(60))}
    found = evaluated(fan)

    assert spf.MOST_LOOKUPS < found.lookups <= spf.GIVES_UP + 1


@pytest.mark.parametrize(
    ("records", "alike", "names"),
    [
        ({DOMAIN: "v=spf1 ip4x:1"}, True, {"zonemaster:Z11_SPF_SYNTAX_ERROR"}),
        ({DOMAIN: "v=spf1 ip4x:1"}, False, set()),
        ({DOMAIN: "v=spf1 include:a.example"}, True, set()),
        ({DOMAIN: "v=spf1 include:a.example", "a.example.": "v=spf1 ip4x:1"}, True, set()),
    ],
)
def test_only_a_broken_term_of_its_own_is_what_others_call_a_syntax_error(
    records: dict[str, str], alike: bool, names: set[str]
) -> None:
    (found,) = mail_policy.judge_spf(DOMAIN, evaluated(records), mail=True, alike=alike)

    assert found.code == "spf-invalid"
    assert set(found.equivalents) == names
