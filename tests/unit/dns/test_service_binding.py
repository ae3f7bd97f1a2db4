"""HTTPS records against the addresses that they lead to."""

from collections.abc import Mapping

import pytest

from checks.dns import service_binding
from checks.dns.service_binding import Facts, Found
from checks.facts.bindings import parsed
from netdiag.network import ObservationId
from tests.doctable import rows

NAME, ELSEWHERE = "www.customer.example.", "edge.delivery.net."
OWN = Found(addresses=frozenset({"22.40.1.10", "2e00:40:1::10"}), certain=True)
NOTHING = Found(addresses=frozenset(), certain=True)
UNKNOWN = Found(addresses=frozenset(), certain=False)


def facts(*records: str, elsewhere: Found = NOTHING, certain: bool = True) -> Facts:
    bindings = tuple(filter(None, map(parsed, records)))
    assert len(bindings) == len(records)
    return Facts(
        name=NAME,
        bindings=bindings,
        places={NAME: OWN, ELSEWHERE: elsewhere},
        certain=certain,
        evidence=(ObservationId(1),),
    )


FACTS: Mapping[str, Facts] = {
    "no HTTPS record": facts(),
    "one without addresses of its own": facts('1 . alpn="h2,h3"'),
    "one with the addresses that the name has": facts(
        '1 . alpn="h2" ipv4hint="22.40.1.10" ipv6hint="2e00:40:1::10"'
    ),
    "one with an address that the name has not": facts('1 . ipv4hint="22.40.1.10,22.70.0.10"'),
    "one that leads to a name without addresses": facts(f"0 {ELSEWHERE}"),
    "one that leads to a name that could not be looked up": facts(
        f"1 {ELSEWHERE}", elsewhere=UNKNOWN
    ),
    "an alias form that leads to itself": facts(f"0 {NAME}"),
    "one that makes a key mandatory and lacks it": facts('1 . mandatory="alpn" port="443"'),
    "an answer that could not be had": facts(certain=False),
}


@pytest.mark.parametrize(("has", "judgement"), rows(service_binding))
def test_the_documented_table_is_what_the_check_decides(has: str, judgement: str) -> None:
    (finding,) = service_binding.judge(FACTS[has])

    assert finding.code == judgement


def test_only_the_addresses_that_differ_are_named() -> None:
    (finding,) = service_binding.judge(FACTS["one with an address that the name has not"])

    assert isinstance(finding, service_binding.ServiceBindingDiffers)
    assert finding.hints == ("22.70.0.10",)
    assert finding.addresses == ("22.40.1.10", "2e00:40:1::10")


def test_two_records_with_the_same_fault_are_one_finding() -> None:
    found = list(service_binding.judge(facts(f"0 {ELSEWHERE}", f"1 {ELSEWHERE}")))

    assert [finding.code for finding in found] == ["service-binding-dangling"]


def test_addresses_that_are_not_known_blame_nobody() -> None:
    elsewhere = facts(f'1 {ELSEWHERE} ipv4hint="22.70.0.10"', elsewhere=UNKNOWN)

    assert [f.code for f in service_binding.judge(elsewhere)] == ["service-binding-not-seen"]


@pytest.mark.parametrize("text", ["", "1", "x .", "1 .  ", r"1 . key65333=\000 " * 9])
def test_what_is_no_record_is_none(text: str) -> None:
    assert parsed(text) is None
