from __future__ import annotations

import pytest

from checks.connectivity import families
from netdiag.model import Owner
from netdiag.outcomes import Unreachable
from netdiag.requests import DnsQuery, Echo
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    POLICY,
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

ADDRESS = {"IPv4": V4, "IPv6": V6}
STATES = {
    "works": Site(other_ports=CONNECTED),
    "silent": Site(hops_before=4),
    "the host resets": Site(other_ports=RESET),
    "silent ports, the host answers": Site(ports={22: RESET}),
    "refused by this run's policy": Site(other_ports=POLICY),
    "no route from this machine": Site(),
}


@pytest.mark.parametrize(("family", "state", "other", "elsewhere", "judgement"), rows(families))
def test_the_documented_table_is_what_the_check_decides(
    family: str, state: str, other: str, elsewhere: str, judgement: str
) -> None:
    mine, theirs = ADDRESS[family], V4 if family == "IPv6" else V6
    rejected = icmp(ROUTERS[6][5], Unreachable.ADMIN_PROHIBITED)
    site = STATES.get(state, Site(other_ports=rejected))
    number = int(family[-1])
    internet = Internet({mine: site, theirs: STATES[other]})
    internet.anchors = {4: True, 6: True, number: elsewhere == "answers"}
    internet.routes = {4: True, 6: True, number: not state.startswith("no route")}

    findings, _ = found(families.CHECK, internet, "www.example")

    (finding,) = [f for f in findings if mine in f.subject]
    assert finding.code == judgement


def test_the_owner_is_where_the_way_breaks_off() -> None:
    def owner(site: Site) -> Owner:
        internet = Internet({V4: Site(other_ports=CONNECTED), V6: site})
        findings, _ = found(families.CHECK, internet, "www.example")
        (finding,) = [f for f in findings if f.code == "ipv6-unreachable"]
        return finding.owner

    assert owner(Site()) is Owner.HOST
    assert owner(Site(other_ports=icmp(ROUTERS[6][3], Unreachable.NET))) is Owner.TRANSIT
    assert owner(Site(loop=ROUTERS[6][4:6])) is Owner.HOSTING_NETWORK
    assert owner(Site(hops_before=2)) is Owner.TRANSIT


def test_a_host_with_one_family_is_healthy_and_the_other_is_not_asked() -> None:
    internet = Internet({V4: Site(other_ports=CONNECTED)}, anchors={4: True, 6: False})

    findings, world = found(families.CHECK, internet, "www.example")

    assert codes(findings) == ["family-works"]
    assert not [r for r in world.sent if isinstance(r, Echo)]
    beyond_the_name = [r for r in world.sent if not isinstance(r, DnsQuery)]
    assert not [r for r in beyond_the_name if ":" in (r.destination or "")]
