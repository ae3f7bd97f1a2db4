"""Zones that answer for names that nobody made."""

import pytest

from checks.dns import wildcard
from checks.dns.wildcard import Facts
from netdiag.network import ObservationId
from tests.doctable import rows

CITED = (ObservationId(1),)
OWN, OTHER = frozenset({"22.40.1.10"}), frozenset({"22.70.0.10"})

FACTS = {
    "does not exist": Facts(zone="customer.example.", targets=OWN, evidence=CITED),
    "has the target's addresses": Facts(
        zone="customer.example.", nobodys=OWN, targets=OWN, evidence=CITED
    ),
    "has addresses, which are not the target's": Facts(
        zone="customer.example.", nobodys=OTHER, targets=OWN, evidence=CITED
    ),
    "could not be looked up": Facts(
        zone="customer.example.", targets=OWN, certain=False, evidence=CITED
    ),
}


@pytest.mark.parametrize(("what", "judgement"), rows(wildcard))
def test_the_documented_table_is_what_the_check_decides(what: str, judgement: str) -> None:
    (finding,) = wildcard.judge(FACTS[what])

    assert finding.code == judgement
    assert ("not the target's" in finding.message) == ("not the target's" in what)


def test_a_target_without_a_zone_is_not_checked() -> None:
    (finding,) = wildcard.judge(Facts(zone=""))

    assert finding.code == "not-checked"
