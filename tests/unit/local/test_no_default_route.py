from __future__ import annotations

import pytest

from checks.local import no_default_route
from netdiag.outcomes import SourceAddress
from netdiag.requests import SelectSource
from tests.doctable import rows
from tests.unit.connectivity.internet import POLICY, V4, V6, Internet, codes, found

FAR = {4: SelectSource(address="198.41.0.4"), 6: SelectSource(address="2001:503:ba3e::2:30")}
"""The looks for a way to the first root server of each family."""
FAMILIES = {"both": (4, 6), "IPv4": (4,), "IPv6": (6,)}


@pytest.mark.parametrize(("v4", "v6", "asked_for", "judgement"), rows(no_default_route))
def test_the_documented_table_is_what_the_check_decides(
    v4: str, v6: str, asked_for: str, judgement: str
) -> None:
    internet = Internet(routes={4: v4 == "route", 6: v6 == "route"})
    internet.extra = {
        FAR[family]: POLICY for family, state in ((4, v4), (6, v6)) if state == "unseen"
    }

    findings, _ = found(
        no_default_route.CHECK, internet, "www.example", families=FAMILIES[asked_for]
    )

    assert ", ".join(f.code for f in findings) == judgement


def test_an_address_asks_for_its_own_family_alone() -> None:
    internet = Internet(routes={4: True, 6: False})

    assert codes(found(no_default_route.CHECK, internet, V4)[0]) == ["default-route"]
    assert codes(found(no_default_route.CHECK, internet, V6)[0]) == ["no-default-route"]


def test_a_direct_route_to_an_address_will_do() -> None:
    internet = Internet(routes={4: False, 6: False})
    internet.extra = {SelectSource(address="10.1.2.3"): SourceAddress(address="10.1.2.4")}

    assert codes(found(no_default_route.CHECK, internet, "10.1.2.3")[0]) == ["default-route"]
