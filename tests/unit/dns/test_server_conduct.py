import pytest

from checks.dns import server_conduct
from checks.dns.server_conduct import Facts
from netdiag.network import Observation
from netdiag.outcomes import DnsReply, Outcome
from tests.doctable import rows
from tests.unit.dns.zones import APEX, CUT_OFF, SERVER2, SILENT, record, seen, server, zone

FINE = DnsReply(rcode="REFUSED")
ANSWERED = DnsReply(authoritative=True)
ROOT_LIST = DnsReply(authority=(record(".", "NS", "a.root-servers.net."),))
GARBLED = DnsReply(authoritative=True, answer=(record(APEX, "AAAA", "\\# 4 01020304"),))
QUESTIONS = {
    "name below invalid.": "recursion",
    "root's name servers": "referral",
    "A": "addresses",
    "AAAA": "addresses",
}


def replies(
    stranger: Outcome = FINE,
    root: Outcome = FINE,
    a: Outcome = ANSWERED,
    **others: Outcome,
) -> tuple[Observation, ...]:
    of_types = (others.get(rtype.lower(), ANSWERED) for rtype in server_conduct.EVERY)
    return seen(stranger), seen(root), seen(a), *(seen(one) for one in of_types)


def of(question: str, answer: str) -> tuple[Observation, ...]:
    rtype = "type1000" if question == "unknown type" else question.lower()
    match question, answer:
        case "name below invalid.", _:
            told: dict[str, Outcome] = {
                "recursion is offered": DnsReply(recursion_available=True),
                "none": SILENT,
            }
            return replies(stranger=told.get(answer, FINE))
        case "root's name servers", _:
            said: dict[str, Outcome] = {"refers to the root": ROOT_LIST, "none": SILENT}
            return replies(root=said.get(answer, FINE))
        case "A", _:
            return replies(a=DnsReply(rcode="NXDOMAIN"))
        case _, "none, while A is answered":
            return replies(**{rtype: SILENT})
        case _, "an error, while A is answered":
            return replies(**{rtype: DnsReply(rcode="SERVFAIL")})
        case _, "none, nor A":
            return replies(a=SILENT, aaaa=SILENT)
        case _, "a record that is no IPv6 address":
            return replies(aaaa=GARBLED)
        case _:
            return replies()


@pytest.mark.parametrize(("question", "answer", "judgement"), rows(server_conduct))
def test_the_documented_table_is_what_the_check_decides(
    question: str, answer: str, judgement: str
) -> None:
    about = QUESTIONS.get(question, "types")
    facts = Facts(zone=zone(server()), replies=(of(question, answer),))

    found = list(server_conduct.judge(facts))

    fine = {f.about for f in found if isinstance(f, server_conduct.ServerConductFine)}
    assert judgement in {f.code for f in found}
    unheard = (
        {"types"} if answer in {"none, nor A", "an error, while the zone is served"} else set()
    )
    assert {"recursion", "referral", "addresses", "types"} - {about} - unheard <= fine
    assert (about in fine) == (judgement == "server-conduct-fine")


@pytest.mark.parametrize(
    ("answers", "tags"),
    [
        ({}, {"NO_RECURSOR", "NO_UPWARD_REFERRAL", "AAAA_WELL_PROCESSED"}),
        (
            {"stranger": DnsReply(rcode="NXDOMAIN", recursion_available=True)},
            {"IS_A_RECURSOR", "NO_UPWARD_REFERRAL", "AAAA_WELL_PROCESSED"},
        ),
        ({"root": ROOT_LIST}, {"NO_RECURSOR", "UPWARD_REFERRAL", "AAAA_WELL_PROCESSED"}),
        ({"aaaa": SILENT}, {"NO_RECURSOR", "NO_UPWARD_REFERRAL", "AAAA_QUERY_DROPPED"}),
        (
            {"aaaa": DnsReply(rcode="NOTIMP")},
            {"NO_RECURSOR", "NO_UPWARD_REFERRAL", "AAAA_UNEXPECTED_RCODE"},
        ),
        ({"aaaa": CUT_OFF}, {"NO_RECURSOR", "NO_UPWARD_REFERRAL"}),
        ({"aaaa": GARBLED}, {"NO_RECURSOR", "NO_UPWARD_REFERRAL", "AAAA_BAD_RDATA"}),
        (
            {"a": DnsReply(rcode="NXDOMAIN")},
            {"NO_RECURSOR", "NO_UPWARD_REFERRAL", "A_UNEXPECTED_RCODE"},
        ),
        ({"https": SILENT}, {"NO_RECURSOR", "NO_UPWARD_REFERRAL", "AAAA_WELL_PROCESSED"}),
        (
            {"a": FINE, "aaaa": FINE, "https": FINE},
            {"NO_RECURSOR", "NO_UPWARD_REFERRAL", "A_UNEXPECTED_RCODE"},
        ),
    ],
)
def test_exactly_these_tags_are_said(answers: dict[str, Outcome], tags: set[str]) -> None:
    found = server_conduct.judge(Facts(zone=zone(server()), replies=(replies(**answers),)))

    said = {name for f in found for name in f.equivalents if name.startswith("zonemaster:")}
    assert said == {f"zonemaster:{tag}" for tag in tags}


def test_a_server_without_the_zone_is_not_blamed_for_its_types() -> None:
    lame = server(udp=FINE)
    facts = Facts(zone=zone(lame), replies=(replies(a=FINE, aaaa=FINE, https=FINE, caa=FINE),))

    found = list(server_conduct.judge(facts))

    assert "type-not-handled" not in {f.code for f in found}
    assert {f.about for f in found if isinstance(f, server_conduct.ServerConductNotSeen)} == {
        "addresses",
        "types",
    }


def test_each_type_that_gets_lost_is_named() -> None:
    facts = Facts(zone=zone(server()), replies=(replies(https=SILENT, type1000=SILENT),))

    lost = [f for f in server_conduct.judge(facts) if f.code == "type-not-handled"]

    assert ["HTTPS" in f.message for f in lost] == [True, False]
    assert ["TYPE1000" in f.message for f in lost] == [False, True]


def test_what_one_of_two_servers_does_is_not_said_to_hold_for_the_zone() -> None:
    both = zone(server(), server(SERVER2))
    facts = Facts(zone=both, replies=(replies(), replies(aaaa=SILENT)))

    found = list(server_conduct.judge(facts))

    said = {name for f in found for name in f.equivalents}
    assert "zonemaster:AAAA_WELL_PROCESSED" not in said
    (problem,) = (f for f in found if f.code == "type-not-handled")
    assert "1 of 2 servers" in problem.message
    assert "ns2.customer.example [22.51.0.53]" in problem.message
