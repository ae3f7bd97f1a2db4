from __future__ import annotations

import pytest

from checks.local import uplink_down
from checks.local.uplink_down import UplinkDown
from netdiag.model import Owner, Severity
from netdiag.outcomes import Neighbour, Neighbours, Proxies, Unreachable
from netdiag.requests import DnsQuery, HopProbe, ReadNeighbours, ReadProxies
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    ANCHORS,
    CONNECTED,
    ROOTS,
    ROUTERS,
    SILENT,
    V4,
    V6,
    Internet,
    Site,
    found,
    icmp,
)

PROXY = Proxies(proxies=(("http", "http://proxy.example:3128"), ("no", "localhost")))
NO_PROXY = Proxies(proxies=(("no", "localhost"),))


def behind(gateway: str, *, proxy: bool = False) -> Internet:
    """Two silent addresses of the target, and gateways in one state."""
    internet = Internet({V4: Site(hops_before=0), V6: Site(hops_before=0)})
    state = "failed" if gateway == "silent" else "reachable"
    internet.extra[ReadNeighbours(attempt=1)] = Neighbours(
        neighbours=tuple(
            Neighbour(address=ROUTERS[family][0], device="eth0", state=state) for family in (4, 6)
        )
    )
    for family in (4, 6):
        hop = icmp(ROUTERS[family][0], Unreachable.TTL_EXCEEDED)
        for address in (ANCHORS[family], ROOTS[family]):
            probe = HopProbe(address=address, ttl=1)
            internet.extra[probe] = SILENT if gateway == "silent" else hop
            if gateway == "and hop 3":
                far = icmp(ROUTERS[family][2], Unreachable.TTL_EXCEEDED)
                internet.extra[HopProbe(address=address, ttl=3)] = far
    internet.extra[ReadProxies()] = PROXY if proxy else NO_PROXY
    return internet


@pytest.mark.parametrize(("v4", "v6", "gateway", "proxy", "judgement"), rows(uplink_down))
def test_the_documented_table_is_what_the_check_decides(
    v4: str, v6: str, gateway: str, proxy: str, judgement: str
) -> None:
    internet = behind(gateway, proxy=proxy == "yes")
    internet.anchors = {4: v4 == "answers", 6: v6 == "answers"}

    findings, _ = found(uplink_down.CHECK, internet, "www.example")

    assert sorted(f.code for f in findings) == sorted(judgement.split(", "))


def test_both_families_down_is_one_critical_cause_of_the_provider() -> None:
    internet = behind("answers")
    internet.anchors = {4: False, 6: False}

    (finding,) = found(uplink_down.CHECK, internet, "www.example")[0]

    assert isinstance(finding, UplinkDown)
    assert finding.families == (4, 6)
    assert finding.severity is Severity.CRITICAL
    assert finding.owner is Owner.ACCESS_ISP


def test_a_healthy_target_costs_no_packet_more() -> None:
    internet = Internet({V4: Site(other_ports=CONNECTED), V6: Site(other_ports=CONNECTED)})

    _, world = found(uplink_down.CHECK, internet, "www.example")

    beyond_the_name = [r for r in world.sent if not isinstance(r, DnsQuery)]
    assert {r.destination for r in beyond_the_name} <= {None, V4, V6}
