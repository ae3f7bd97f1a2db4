from dataclasses import replace

import pytest

from checks.dns import mail_records
from checks.dns.mail_records import Facts
from checks.facts.zone import Zone
from netdiag.outcomes import DnsReply, Outcome
from tests.doctable import rows
from tests.unit.dns.zones import APEX, CUT_OFF, SERVER2, SILENT, record, seen, server, zone


def mx(*data: str, authoritative: bool = True, name: str = APEX) -> DnsReply:
    records = tuple(record(name, "MX", one) for one in data)
    return DnsReply(authoritative=authoritative, answer=records)


def of_registry(one: Zone) -> Zone:
    cut = replace(one.way.cuts[0], zone="example.", parent=".")
    return replace(one, way=replace(one.way, name="example.", cuts=(cut,)))


USUAL = mx(f"10 mail.{APEX}")
OTHER = mx(f"20 other.{APEX}")
NULL_AND_ANOTHER, NULL_OF_5 = mx("0 .", f"10 mail.{APEX}"), mx("5 .")
RECORDS = {
    "the same": (USUAL, USUAL),
    "none at any": (mx(), mx()),
    "others at one": (USUAL, OTHER),
    "none at one": (USUAL, mx()),
    "null MX and another": (NULL_AND_ANOTHER, NULL_AND_ANOTHER),
    "null MX, preference 5": (NULL_OF_5, NULL_OF_5),
}
SOME = {"Z09_INCONSISTENT_MX", "Z09_MX_FOUND", "Z09_NO_MX_FOUND"}
SERVERS: dict[str, Outcome] = {
    "one leaves the question": SILENT,
    "one gives an error": DnsReply(rcode="SERVFAIL"),
    "one answers without authority": mx(f"10 mail.{APEX}", authoritative=False),
    "one was not asked to the end": CUT_OFF,
}


def facts(first: Outcome, second: Outcome, *, registry: bool = False) -> Facts:
    both = zone(server(), server(SERVER2))
    if registry:
        both = of_registry(both)
        first, second = (mx("10 mail.example.", name="example.") for _ in "ab")
    return Facts(zone=both, replies=(seen(first, rtype="MX"), seen(second, rtype="MX")))


@pytest.mark.parametrize(("servers", "records", "judgement"), rows(mail_records))
def test_the_documented_table_is_what_the_check_decides(
    servers: str, records: str, judgement: str
) -> None:
    registry = "registry" in records
    first, second = RECORDS["the same" if registry else records]
    told = facts(first, SERVERS.get(servers, second), registry=registry)

    found = {f.code for f in mail_records.judge(told)}

    assert judgement in found
    assert found <= {judgement, "mail-records-agree"}


@pytest.mark.parametrize(
    ("first", "second", "tags"),
    [
        (USUAL, USUAL, {"Z09_MX_DATA"}),
        (mx(), mx(), {"Z09_MISSING_MAIL_TARGET"}),
        (mx("0 ."), mx("0 ."), set()),
        (USUAL, mx(), {"Z09_MX_DATA", *SOME}),
        (mx("0 ."), mx(), SOME),
        (USUAL, OTHER, {"Z09_INCONSISTENT_MX_DATA", "Z09_MX_DATA"}),
        (USUAL, SILENT, {"Z09_MX_DATA", "Z09_NO_RESPONSE_MX_QUERY"}),
        (USUAL, DnsReply(rcode="SERVFAIL"), {"Z09_MX_DATA", "Z09_UNEXPECTED_RCODE_MX"}),
        (USUAL, mx(authoritative=False), {"Z09_MX_DATA", "Z09_NON_AUTH_MX_RESPONSE"}),
        (NULL_AND_ANOTHER, NULL_AND_ANOTHER, {"Z09_NULL_MX_WITH_OTHER_MX"}),
        (NULL_OF_5, NULL_OF_5, {"Z09_NULL_MX_NON_ZERO_PREF"}),
        (NULL_OF_5, USUAL, {"Z09_INCONSISTENT_MX_DATA", "Z09_MX_DATA"}),
        (USUAL, CUT_OFF, {"Z09_MX_DATA"}),
    ],
)
def test_exactly_these_tags_are_said(first: Outcome, second: Outcome, tags: set[str]) -> None:
    said = {name for f in mail_records.judge(facts(first, second)) for name in f.equivalents}

    assert said == {f"zonemaster:{tag}" for tag in tags}


def test_the_message_names_the_server_of_how_many_and_the_question() -> None:
    (problem,) = (
        f for f in mail_records.judge(facts(USUAL, SILENT)) if f.code == "mail-record-not-given"
    )

    assert problem.message == (
        "asked for the MX records of customer.example, 1 of 2 servers leave the question "
        "unanswered: ns2.customer.example [22.51.0.53]"
    )
