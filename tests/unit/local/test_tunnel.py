from __future__ import annotations

import pytest

from checks.local import tunnel as check
from checks.local.tunnel import TunnelCarriesTraffic, VpnTakesRoute
from netdiag.model import Severity
from netdiag.outcomes import Interface, Interfaces, Outcome, SourceAddress
from netdiag.requests import ReadInterfaces, SelectSource
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    OWN,
    POLICY,
    RESET,
    ROOTS,
    V4,
    V6,
    Internet,
    Site,
    found,
)

INSIDE = "10.8.0.2"
WELL = Site(ports={80: CONNECTED, 443: CONNECTED})


def card(name: str, *addresses: str, tunnel: bool = False) -> Interface:
    return Interface(
        name=name,
        up=True,
        carrier=True,
        loopback=False,
        mtu=1500,
        addresses=addresses,
        tunnel=tunnel,
    )


CARDS = Interfaces(
    interfaces=(card("eth0", f"{OWN[4]}/24"), card("tun0", f"{INSIDE}/24", tunnel=True))
)


def machine(*inside: str, site: Site | None = None, elsewhere: bool = True) -> Internet:
    """What goes to the addresses `inside` goes into the tunnel."""
    internet = Internet({V4: site or Site()}, anchors={4: elsewhere, 6: True})
    internet.extra[ReadInterfaces()] = CARDS
    for address in inside:
        internet.extra[SelectSource(address=address)] = SourceAddress(address=INSIDE)
    return internet


@pytest.mark.parametrize(("way", "target", "others", "answer", "judgement"), rows(check))
def test_the_documented_table_is_what_the_check_decides(
    way: str, target: str, others: str, answer: str, judgement: str
) -> None:
    inside = [V4] if way == "a tunnel" else []
    inside += [ROOTS[4]] if "tunnel" in others else []
    site = WELL if target == "answers" else Site()
    internet = machine(*inside, site=site, elsewhere=answer != "silent")
    if way == "not observable":
        internet.extra[ReadInterfaces()] = POLICY

    (finding,), _ = found(check.CHECK, internet)

    assert finding.code == judgement


def test_the_tunnel_and_what_it_takes_are_named() -> None:
    (finding,), _ = found(check.CHECK, machine(V4))

    assert isinstance(finding, VpnTakesRoute)
    assert (finding.device, finding.addresses) == ("tun0", (V4,))
    assert finding.severity is Severity.CRITICAL


def test_another_address_that_works_makes_it_a_warning() -> None:
    internet = machine(V4)
    internet.sites[V6] = WELL

    (finding,), _ = found(check.CHECK, internet, "www.example")

    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize("answer", [RESET, CONNECTED])
def test_whoever_answers_was_reached_through_the_tunnel(answer: Outcome) -> None:
    (finding,), _ = found(check.CHECK, machine(V4, site=Site(ports={80: answer})), V4)

    assert isinstance(finding, TunnelCarriesTraffic)
    assert finding.devices == ("tun0",)
