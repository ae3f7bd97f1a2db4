from __future__ import annotations

import pytest

from checks.routing import routing_loop
from checks.routing.routing_loop import RoutingLoop
from netdiag.model import Owner
from netdiag.outcomes import Unreachable
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    RESET,
    ROUTERS,
    V4,
    Internet,
    Site,
    found,
    icmp,
)

EDGE, FW = ROUTERS[4][4:6]
WAYS = {
    "a port connects": Site(other_ports=CONNECTED),
    "the host answers": Site(other_ports=RESET),
    "routers alternate until the answers end": Site(loop=(EDGE, FW)),
    "time exceeded for a packet with a full TTL": Site(
        other_ports=icmp(EDGE, Unreachable.TTL_EXCEEDED), hops_before=3
    ),
    "a router sends unreachable": Site(other_ports=icmp(FW, Unreachable.NET)),
    "silence from a hop on": Site(hops_before=4),
    "one router on two successive hops, then silence": Site(
        hops={7: icmp(FW, Unreachable.TTL_EXCEEDED)}
    ),
}


@pytest.mark.parametrize(("way", "judgement"), rows(routing_loop))
def test_the_documented_table_is_what_the_check_decides(way: str, judgement: str) -> None:
    here = way not in WAYS
    internet = Internet({V4: WAYS.get(way, Site())}, anchors={4: not here, 6: not here})

    (finding,) = found(routing_loop.CHECK, internet)[0]

    assert finding.code == judgement


def test_the_router_that_sends_packets_back_owns_the_loop() -> None:
    transit = ROUTERS[4][3]
    internet = Internet({V4: Site(hops_before=5, loop=(transit, EDGE))})

    (finding,) = found(routing_loop.CHECK, internet)[0]

    assert isinstance(finding, RoutingLoop)
    assert [place.address for place in finding.loops[0]] == [transit, EDGE]
    assert finding.owner is Owner.HOSTING_NETWORK
    assert finding.ttls == (4,)
