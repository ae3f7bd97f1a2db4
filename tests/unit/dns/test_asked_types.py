"""What each server gives for the types asked for."""

import pytest

from checks.dns import asked_types
from checks.dns.asked_types import Facts, Given
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.dns.zones import SILENT, record, seen

NAME = "customer.example."
TEN = DnsReply(
    authoritative=True, answer=(record(NAME, "MX", "10 a."), record(NAME, "MX", "20 b."))
)
TURNED = DnsReply(authoritative=True, answer=tuple(reversed(TEN.answer)))
OTHER = DnsReply(authoritative=True, answer=(record(NAME, "MX", "10 c."),))
EMPTY = DnsReply(authoritative=True)
REPLIES = {
    "all give the same": (TEN, TURNED, SILENT),
    "all give none": (EMPTY, EMPTY),
    "give different records": (TEN, OTHER),
    "none": (SILENT, DnsReply(rcode="REFUSED")),
}


def facts(case: str) -> Facts:
    replies = tuple((f"s{n}", seen(reply)) for n, reply in enumerate(REPLIES[case]))
    return Facts(name="customer.example", all=(Given("MX", replies),))


@pytest.mark.parametrize(("case", "judgement"), rows(asked_types))
def test_the_documented_table_is_what_the_check_decides(case: str, judgement: str) -> None:
    (finding,) = asked_types.judge(facts(case))

    assert finding.code == judgement


def test_what_is_given_is_shown_with_who_gives_it() -> None:
    (same,) = asked_types.judge(facts("all give the same"))
    (differ,) = asked_types.judge(facts("give different records"))

    assert same.message == "all 2 servers give 10 a., 20 b. as MX of customer.example"
    assert "10 a., 20 b. from s0; 10 c. from s1" in differ.message


def test_nothing_is_asked_unless_asked_for() -> None:
    (skipped,) = asked_types.judge(Facts(name="customer.example", missing="no type"))

    assert skipped.code == "not-checked"
