from __future__ import annotations

import pytest

from checks.routing import unreachable_route
from netdiag.model import Owner, Severity
from netdiag.network import Sent
from netdiag.outcomes import NetworkEntry, Outcome, Unreachable
from netdiag.requests import ReadNetworkTable, Request
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    OWN,
    RESET,
    ROUTERS,
    V4,
    Internet,
    Site,
    codes,
    found,
    icmp,
)

EDGE, FW = ROUTERS[4][4:6]


def dead(asked: float, control: float) -> Site:
    error = icmp(FW, Unreachable.HOST, asked)
    return Site(ports={443: error, 80: error}, other_ports=icmp(FW, Unreachable.HOST, control))


WAYS = {
    "a port connects": Site(other_ports=CONNECTED),
    "the host answers": Site(other_ports=RESET),
    "net unreachable from a router": Site(other_ports=icmp(EDGE, Unreachable.NET)),
    "host unreachable at once": Site(other_ports=icmp(EDGE, Unreachable.HOST, 0.1)),
    "host unreachable, control ports at once": dead(3.07, 1.01),
    "host unreachable at once, control ports two seconds later": dead(0.02, 2.04),
    "host unreachable, path probes at once": Site(
        other_ports=icmp(EDGE, Unreachable.HOST, 3.07),
        hops_before=4,
        hops={ttl: icmp(EDGE, Unreachable.HOST) for ttl in range(5, 17)},
    ),
    "host unreachable, path probes later than the router": Site(
        other_ports=icmp(FW, Unreachable.HOST, 3.07),
        hops={ttl: icmp(FW, Unreachable.HOST, 0.215) for ttl in range(7, 17)},
    ),
    "unreachable on the path alone": Site(hops_before=4, hops={5: icmp(EDGE, Unreachable.NET)}),
    "host unreachable after 3 s": Site(other_ports=icmp(FW, Unreachable.HOST, 3.07)),
    "host unreachable, control ports after 3 s": dead(0.3, 3.07),
    "silence from a hop on": Site(hops_before=4),
    "prohibited by a router": Site(other_ports=icmp(FW, Unreachable.ADMIN_PROHIBITED)),
    "a loop": Site(loop=(EDGE, FW)),
}


@pytest.mark.parametrize(("way", "judgement"), rows(unreachable_route))
def test_the_documented_table_is_what_the_check_decides(way: str, judgement: str) -> None:
    here = way not in WAYS
    internet = Internet({V4: WAYS.get(way, Site())}, anchors={4: not here, 6: not here})

    (finding,) = found(unreachable_route.CHECK, internet)[0]

    assert finding.code == judgement


def test_the_router_that_says_so_is_named_and_its_network_owns_it() -> None:
    transit = icmp(ROUTERS[4][3], Unreachable.NET, 0.042)

    (finding,) = found(unreachable_route.CHECK, Internet({V4: Site(other_ports=transit)}))[0]

    assert finding.owner is Owner.TRANSIT
    assert finding.severity is Severity.CRITICAL
    assert "Transit A" in finding.message
    assert "42 ms" in finding.message


def test_an_error_of_this_machine_is_no_routers() -> None:
    internet = Internet({V4: Site(other_ports=icmp(OWN[4], Unreachable.HOST, 3.07))})

    assert codes(found(unreachable_route.CHECK, internet)[0]) == ["route-not-seen"]


@pytest.mark.parametrize("source", ["none", "table"])
def test_the_as_of_the_router_is_said_where_a_file_tells_it(source: str) -> None:
    transit = ROUTERS[4][3]
    looks: dict[Request, Outcome | Sent] = {
        ReadNetworkTable(address=address): NetworkEntry(asn=64530, prefix="22.30.0.0/16", name="T1")
        for address in ROUTERS[4][2:4]
    }
    internet = Internet(
        {V4: Site(other_ports=icmp(transit, Unreachable.NET), hops_before=4)}, extra=looks
    )

    (finding,), world = found(unreachable_route.CHECK, internet, networks=(), network_source=source)

    looked = [one for one in world.sent if isinstance(one, ReadNetworkTable)]
    if source == "none":
        assert looked == []
        assert f"{transit} (a network between)" in finding.message
    else:
        assert {one.address for one in looked} >= {V4, *ROUTERS[4][:4]}
        assert f"{transit} (AS64530 T1, a network between)" in finding.message
    assert finding.owner is Owner.TRANSIT
