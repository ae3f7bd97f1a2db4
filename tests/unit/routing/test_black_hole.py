from __future__ import annotations

import pytest

from checks.routing import black_hole
from checks.routing.black_hole import BlackHole
from netdiag.model import Owner, Severity
from netdiag.outcomes import Unreachable
from netdiag.requests import Echo, HopProbe
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    RESET,
    ROUTERS,
    V4,
    V6,
    Internet,
    Site,
    codes,
    found,
    icmp,
)

EDGE, FW = ROUTERS[4][4:6]
WAYS = {
    "a port connects": Site(other_ports=CONNECTED),
    "the host answers": Site(other_ports=RESET),
    "silence from a hop on, over UDP and TCP": Site(hops_before=4),
    "silence from a hop on, its LAN is reached": Site(),
    "silence, and no router answers": Site(hops_before=0),
    "a loop": Site(loop=(EDGE, FW)),
    "unreachable or prohibited by a router": Site(other_ports=icmp(FW, Unreachable.NET)),
}


@pytest.mark.parametrize(("way", "judgement"), rows(black_hole))
def test_the_documented_table_is_what_the_check_decides(way: str, judgement: str) -> None:
    here = way not in WAYS
    internet = Internet({V4: WAYS.get(way, Site())}, anchors={4: not here, 6: not here})

    (finding,) = found(black_hole.CHECK, internet)[0]

    assert finding.code == judgement


def black_holed(internet: Internet, target: str = V4) -> BlackHole:
    findings, _ = found(black_hole.CHECK, internet, target)
    (finding,) = [f for f in findings if isinstance(f, BlackHole)]
    return finding


def test_the_way_to_the_hosts_lan_shows_the_next_router() -> None:
    finding = black_holed(Internet({V4: Site(hops_before=4)}))

    assert finding.last[0].address == ROUTERS[4][3]
    assert EDGE in finding.message
    assert finding.owner is Owner.HOSTING_NETWORK
    assert finding.severity is Severity.CRITICAL


def test_a_working_family_shows_the_next_router_of_the_other() -> None:
    sites = {V4: Site(other_ports=CONNECTED, reached=True), V6: Site(hops_before=4)}

    finding = black_holed(Internet(sites, lan_router=False), "www.example")

    assert finding.addresses == (V6,)
    assert finding.owner is Owner.HOSTING_NETWORK
    assert finding.severity is Severity.WARNING


def test_without_any_other_path_the_last_network_is_named() -> None:
    finding = black_holed(Internet({V4: Site(hops_before=4)}, lan_router=False))

    assert finding.owner is Owner.TRANSIT


def test_a_silent_hop_is_asked_again_before_it_counts() -> None:
    class Limited(Site):
        def hop(self, probe: HopProbe) -> object:  # type: ignore[override]
            first = probe.ttl > 2 and probe.attempt == 0 and probe.protocol == "udp"
            return Site().hop(HopProbe(address=V4, ttl=30)) if first else super().hop(probe)

    internet = Internet({V4: Limited(hops_before=4)})

    assert black_holed(internet).ttls == (4,)


def test_a_host_that_answers_only_udp_is_not_behind_a_black_hole() -> None:
    findings, _ = found(black_hole.CHECK, Internet({V4: Site(reached=True)}))

    assert codes(findings) == ["nothing-vanishes"]


def test_a_fast_run_looks_no_closer_and_says_so() -> None:
    (finding,), world = found(black_hole.CHECK, Internet({V4: Site(hops_before=4)}), depth="fast")

    assert finding.code == "vanishing-not-seen"
    assert "--fast" in finding.message
    assert not [request for request in world.sent if isinstance(request, Echo | HopProbe)]


def test_both_families_lost_in_one_network_are_one_cause() -> None:
    sites = {V4: Site(hops_before=3), V6: Site(hops_before=3)}

    finding = black_holed(Internet(sites, lan_router=False), "www.example")

    assert finding.addresses == (V4, V6)
    assert finding.owner is Owner.TRANSIT
