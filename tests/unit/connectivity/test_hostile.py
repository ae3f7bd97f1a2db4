"""No outcome of any request makes a check of the way crash."""

from __future__ import annotations

from typing import Any

import pytest

from checks.connectivity import families, host_state, port_state, service_silent
from checks.local import (
    duplicate_address,
    gateway_silent,
    hosts_file,
    link,
    no_default_route,
    uplink_down,
)
from checks.routing import black_hole, routing_loop, unreachable_route
from netdiag.model import Check
from netdiag.outcomes import (
    ArrivalTtl,
    Banner,
    Connected,
    EchoReply,
    Failed,
    FailureKind,
    Outcome,
    Reset,
    SourceAddress,
    SystemAddresses,
    Unreachable,
)
from netdiag.requests import Request, SelectSource, SystemLookup
from tests.unit.connectivity.internet import OWN, V4, V6, Internet, found, icmp, version

CHECKS = [
    module.CHECK
    for module in (
        families,
        host_state,
        port_state,
        service_silent,
        black_hole,
        routing_loop,
        unreachable_route,
        duplicate_address,
        gateway_silent,
        hosts_file,
        link,
        no_default_route,
        uplink_down,
    )
]
OUTCOMES: list[Outcome] = [
    *(Failed(kind=kind) for kind in FailureKind),
    *(icmp("22.30.1.1", kind) for kind in Unreachable),
    *(icmp(V4, kind) for kind in Unreachable),
    icmp(OWN[4], Unreachable.HOST, 3.07),
    icmp("not an address", Unreachable.NET),
    icmp("", Unreachable.ADMIN_PROHIBITED),
    icmp("fe80::1%eth0", Unreachable.TTL_EXCEEDED),
    Connected(rtt=0.0),
    Reset(rtt=0.0),
    EchoReply(rtt=0.0, ttl=0),
    ArrivalTtl(answer="rst", ttl=255),
    Banner(text="", closed=True, rtt=0.0),
]


class Always(Internet):
    """Answers the looks that lead anywhere, and everything else with one outcome."""

    outcome: Outcome

    def answer(self, request: Request) -> Outcome:
        match request:
            case SystemLookup():
                return SystemAddresses(addresses=(V4, V6))
            case SelectSource(address=address):
                return SourceAddress(address=OWN[version(address)])
            case _:
                return self.outcome


@pytest.mark.parametrize("outcome", OUTCOMES, ids=repr)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_has_a_verdict_on_every_outcome(check: Check[Any], outcome: Outcome) -> None:
    internet = Always()
    internet.outcome = outcome

    findings, _ = found(check, internet, "www.example")

    assert findings
    assert {type(finding) for finding in findings} <= set(check.finds)
