"""Who answers at the root servers' addresses."""

import pytest

from checks.local import interception
from checks.local.interception import Facts
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome
from netdiag.requests import DnsQuery
from tests.doctable import rows

ROOT = DnsReply(authoritative=True)
RESOLVER = DnsReply(recursion_available=True)
SILENT = Failed(kind=FailureKind.TIMEOUT)
REPLIES: dict[str, tuple[Outcome, ...]] = {
    "with authority": (ROOT, SILENT),
    "without it, recursion on offer": (
        RESOLVER,
        DnsReply(rcode="REFUSED", recursion_available=True),
    ),
    "one so, one so": (ROOT, RESOLVER),
    "without it, no recursion on offer": (DnsReply(rcode="REFUSED"), SILENT),
    "nothing": (SILENT, SILENT),
}


def seen(number: int, outcome: Outcome) -> Observation:
    return Observation(
        id=ObservationId(number),
        request=DnsQuery(server=f"198.41.0.{number}", name=".", rtype="NS"),
        outcome=outcome,
        started=0.0,
        elapsed=0.1,
        completed=number,
    )


@pytest.mark.parametrize(("case", "judgement"), rows(interception))
def test_the_documented_table_is_what_the_check_decides(case: str, judgement: str) -> None:
    replies = tuple(seen(n, outcome) for n, outcome in enumerate(REPLIES[case], 1))

    (finding,) = interception.judge(Facts(((4, replies),)))

    assert finding.code == judgement
    assert finding.subject == "IPv4"


def test_the_addresses_that_answer_strangely_are_named() -> None:
    (finding,) = interception.judge(Facts(((6, (seen(1, ROOT), seen(2, RESOLVER))),)))

    assert isinstance(finding, interception.DnsIntercepted)
    assert finding.families == (6,)
    assert "198.41.0.2" in finding.message
    assert "198.41.0.1" not in finding.message


def test_families_that_fare_alike_are_told_as_one() -> None:
    both = interception.judge(Facts(((4, (seen(1, ROOT),)), (6, (seen(2, ROOT),)))))
    apart = interception.judge(Facts(((4, (seen(1, ROOT),)), (6, (seen(2, RESOLVER),)))))

    assert [finding.subject for finding in both] == ["IPv4 and IPv6"]
    assert [finding.subject for finding in apart] == ["IPv4", "IPv6"]
