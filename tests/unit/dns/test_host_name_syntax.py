from dataclasses import replace

import pytest

from checks.dns import host_name_syntax
from checks.dns.host_name_syntax import Facts
from checks.facts.labels import contact_is_mailbox, flaws, labels
from netdiag.model import Severity
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.dns.zones import APEX, NS1, answer, record, seen, server, zone

HOSTS = {
    "letters, digits, hyphens within": "ns-1.customer.example.",
    "another character": "ns_1.customer.example.",
    "a label that begins with a hyphen": "-ns1.customer.example.",
    "a label that ends with a hyphen": "ns1-.customer.example.",
    "hyphens in third and fourth place": "ns--1.customer.example.",
    "a last label of digits": "ns1.customer.1.",
}
CONTACTS = {
    "a contact with an at sign": f"host@{APEX}",
    "a contact that is no mail address": "nobody.",
}


def facts(
    ns: str = NS1, mname: str = NS1, mx: str = f"mail.{APEX}", rname: str = f"host.{APEX}"
) -> Facts:
    data = f"{mname} {rname} 7 28800 3600 1209600 300"
    soa = DnsReply(authoritative=True, answer=(record(APEX, "SOA", data),))
    one = zone(server(udp=soa, ns=(ns,)), delegated=(ns,))
    return Facts(zone=one, mail=(seen(answer(f"10 {mx}", name=APEX, rtype="MX")),))


def tags(told: Facts) -> set[str]:
    said = {name for f in host_name_syntax.judge(told) for name in f.equivalents}
    return {name.removeprefix("zonemaster:") for name in said}


@pytest.mark.parametrize(("name", "judgement"), rows(host_name_syntax))
def test_the_documented_table_is_what_the_check_decides(name: str, judgement: str) -> None:
    told = facts(rname=CONTACTS[name]) if name in CONTACTS else facts(ns=HOSTS[name])

    found = {f.code for f in host_name_syntax.judge(told)}

    assert found == {judgement, "host-names-well-formed"}


FINE = {
    *("ONLY_ALLOWED_CHARS", "NO_ENDING_HYPHENS", "NO_DOUBLE_DASH", "RNAME_NO_AT_SIGN"),
    *("NAMESERVER_SYNTAX_OK", "MNAME_SYNTAX_OK", "MX_SYNTAX_OK"),
}


def test_a_well_spelt_zone_has_exactly_these_tags() -> None:
    assert tags(facts()) == FINE


@pytest.mark.parametrize(
    ("where", "prefix"), [("ns", "NAMESERVER"), ("mname", "MNAME"), ("mx", "MX")]
)
@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("a_b.customer.example.", "NON_ALLOWED_CHARS"),
        ("ab--c.customer.example.", "DISCOURAGED_DOUBLE_DASH"),
        ("192.0.2.1.", "NUMERIC_TLD"),
    ],
)
def test_each_flaw_of_each_role_has_its_tag(where: str, prefix: str, name: str, tag: str) -> None:
    assert tags(facts(**{where: name})) == FINE - {f"{prefix}_SYNTAX_OK"} | {f"{prefix}_{tag}"}


@pytest.mark.parametrize(
    ("apex", "gone", "said"),
    [
        ("a_b.example.", "ONLY_ALLOWED_CHARS", "NON_ALLOWED_CHARS"),
        ("-ab.example.", "NO_ENDING_HYPHENS", "INITIAL_HYPHEN"),
        ("ab-.example.", "NO_ENDING_HYPHENS", "TERMINAL_HYPHEN"),
        ("ab--c.example.", "NO_DOUBLE_DASH", "DISCOURAGED_DOUBLE_DASH"),
    ],
)
def test_each_flaw_of_the_zones_name_has_its_tag(apex: str, gone: str, said: str) -> None:
    told = facts()
    cut = replace(told.zone.way.cuts[0], zone=apex)
    other = replace(told, zone=replace(told.zone, way=replace(told.zone.way, cuts=(cut,))))

    found = tags(other)

    assert said in found
    assert gone not in found


def test_internationalised_names_are_fine() -> None:
    assert flaws("xn--bcher-kva.example.") == frozenset()


def test_what_resolution_does_not_use_is_a_notice() -> None:
    told = facts(mname="a_b.customer.example.")

    (problem,) = (f for f in host_name_syntax.judge(told) if f.code == "host-name-malformed")

    assert problem.severity is Severity.NOTICE


@pytest.mark.parametrize(
    ("rname", "fine"),
    [
        ("hostmaster.example.org.", True),
        (r"first\.last.example.org.", True),
        ("a+b.example.org.", True),
        ("hostmaster.org.", False),
        (".", False),
        ("", False),
        (r"a\.\.b.example.org.", False),
        (r"a\032b.example.org.", False),
    ],
)
def test_a_contact_is_read_as_a_mail_address(rname: str, fine: bool) -> None:
    assert contact_is_mailbox(rname) is fine


def test_an_escaped_dot_does_not_part_labels() -> None:
    assert labels(r"first\.last.example.") == (r"first\.last", "example")
