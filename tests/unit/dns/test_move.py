"""What a planned delegation changes."""

import pytest

from checks.dns import move
from checks.dns.move import Compared, Facts
from netdiag.model import Severity
from netdiag.network import ObservationId
from tests.doctable import rows

SAYS: dict[str, tuple[str, ...] | None] = {
    "some records": ("192.0.2.1",),
    "the same records": ("192.0.2.1",),
    "other records": ("192.0.2.2",),
    "none": (),
    "no answer": None,
}


def compared(now: str, then: str) -> Compared:
    return Compared(
        name="www.customer.example",
        rtype="A",
        now=SAYS[now],
        then=SAYS[then],
        ttl=7200,
        evidence=(ObservationId(1), ObservationId(2)),
    )


def facts(*all_: Compared) -> Facts:
    return Facts(
        subject="customer.example",
        all=all_,
        parent_ttl=86400,
        zone_ttl=3600,
        evidence=(ObservationId(3),),
    )


@pytest.mark.parametrize(("now", "then", "judgement"), rows(move))
def test_the_documented_table_is_what_the_check_decides(
    now: str, then: str, judgement: str
) -> None:
    (found,) = move.judge(facts(compared(now, then)))

    assert found.code == judgement


def test_what_is_lost_is_more_than_what_changes() -> None:
    lost, changed = move.judge(
        facts(compared("some records", "none"), compared("some records", "other records"))
    )

    assert (lost.severity, changed.severity) == (Severity.WARNING, Severity.NOTICE)
    assert "192.0.2.1" in lost.message
    assert "from 192.0.2.1 to 192.0.2.2" in changed.message


def test_the_wait_is_the_longer_of_both_delegations() -> None:
    (kept,) = move.judge(facts(compared("some records", "the same records")))

    assert "up to 1 day after the change" in kept.message
    assert "for 2 hours more" in kept.message


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 seconds"), (90, "90 seconds"), (60, "1 minute"), (172800, "2 days")],
)
def test_times_are_said_in_the_largest_whole_unit(seconds: int, said: str) -> None:
    assert move.in_words(seconds) == said
