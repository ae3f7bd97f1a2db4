import pytest

from checks.dns import server_conduct
from checks.dns.server_conduct import Facts
from netdiag.network import Observation
from netdiag.outcomes import DnsReply, Outcome
from tests.doctable import rows
from tests.unit.dns.zones import CUT_OFF, SERVER2, SILENT, record, seen, server, zone

FINE = DnsReply(rcode="REFUSED")
ANSWERED = DnsReply(authoritative=True)
ROOT_LIST = DnsReply(authority=(record(".", "NS", "a.root-servers.net."),))
QUESTIONS = {"name below invalid.": "recursion", "root's name servers": "referral"}


def replies(
    stranger: Outcome = FINE, root: Outcome = FINE, a: Outcome = ANSWERED, aaaa: Outcome = ANSWERED
) -> tuple[Observation, ...]:
    return seen(stranger), seen(root), seen(a), seen(aaaa)


def of(question: str, answer: str) -> tuple[Observation, ...]:
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
        case _, "none, while IPv4's is answered":
            return replies(aaaa=SILENT)
        case _, "an error, while IPv4's is answered":
            return replies(aaaa=DnsReply(rcode="SERVFAIL"))
        case _, "none, nor IPv4's":
            return replies(a=SILENT, aaaa=SILENT)
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
    assert {"recursion", "referral", "types"} - {about} <= fine
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
    ],
)
def test_exactly_these_tags_are_said(answers: dict[str, Outcome], tags: set[str]) -> None:
    found = server_conduct.judge(Facts(zone=zone(server()), replies=(replies(**answers),)))

    said = {name for f in found for name in f.equivalents if name.startswith("zonemaster:")}
    assert said == {f"zonemaster:{tag}" for tag in tags}


def test_what_one_of_two_servers_does_is_not_said_to_hold_for_the_zone() -> None:
    both = zone(server(), server(SERVER2))
    facts = Facts(zone=both, replies=(replies(), replies(aaaa=SILENT)))

    found = list(server_conduct.judge(facts))

    said = {name for f in found for name in f.equivalents}
    assert "zonemaster:AAAA_WELL_PROCESSED" not in said
    (problem,) = (f for f in found if f.code == "type-not-handled")
    assert "1 of 2 servers" in problem.message
    assert "ns2.customer.example [22.51.0.53]" in problem.message
