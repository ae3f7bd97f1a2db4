from __future__ import annotations

from typing import Any

import pytest

from checks.connectivity import port_state
from checks.connectivity.port_state import (
    PortClosed,
    PortFiltered,
    PortNotReached,
    RejectedByFirewall,
)
from checks.facts.flows import GROUP
from netdiag.model import Owner, Severity
from netdiag.network import Sent
from netdiag.outcomes import EchoReply, Outcome, Unreachable
from netdiag.requests import HopProbe, Request, TcpArrivalTtl, TcpConnect
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    OWN,
    POLICY,
    RESET,
    ROUTERS,
    SILENT,
    V4,
    V6,
    Internet,
    Site,
    codes,
    found,
    icmp,
)

FIREWALL = ROUTERS[4][5]
CAME_BACK: dict[str, Outcome] = {
    "connected": CONNECTED,
    "reset": RESET,
    "prohibited by a router": icmp(FIREWALL, Unreachable.ADMIN_PROHIBITED),
    "prohibited by the host": icmp(V4, Unreachable.HOST_PROHIBITED),
    "port unreachable from a router": icmp(FIREWALL, Unreachable.PORT),
    "silence": SILENT,
    "host unreachable from a router": icmp(FIREWALL, Unreachable.HOST, 3.07),
    "TTL ended on the way": icmp(FIREWALL, Unreachable.TTL_EXCEEDED),
    "error of this machine": icmp(OWN[4], Unreachable.HOST, 3.07),
    "this run's own failure": POLICY,
}
CONTROLS: dict[str, dict[str, Any]] = {
    "not needed": {},
    "another asked port is open": {"ports": {80: CONNECTED}},
    "arrives like the host's other answers": {
        "ports": {22: CONNECTED},
        "arrivals": {443: 58, 80: 58, 22: 58},
    },
    "none that differs": {},
    "comes from nearer than other answers": {
        "ports": {22: CONNECTED},
        "arrivals": {443: 59, 80: 59, 22: 58},
        "reached": True,
    },
    "the host answers another port": {"ports": {22: CONNECTED}, "reached": True},
    "the host answers echo": {"echo": EchoReply(rtt=0.01)},
    "another connection to it is accepted": {"ports": {22: CONNECTED}},
    "more connections are not seen to end": {"ports": {22: CONNECTED}},
    "no answer of the host": {},
}
FURTHER: dict[str, tuple[Outcome, ...]] = {
    "another connection to it is accepted": (CONNECTED, *[SILENT] * (GROUP - 1)),
    "more connections are not seen to end": (POLICY,) * GROUP,
}
"""What more connections to the port come to, where that is not the same."""


@pytest.mark.parametrize(("came_back", "control", "judgement"), rows(port_state))
def test_the_documented_table_is_what_the_check_decides(
    came_back: str, control: str, judgement: str
) -> None:
    if came_back.startswith("not sent"):
        internet = Internet({V4: Site()}, routes={4: False, 6: True})
    else:
        site = {"ports": {}, **CONTROLS[control]}
        outcome = CAME_BACK[came_back]
        site["ports"] = {443: outcome, 80: outcome, **site["ports"]}
        further = enumerate(FURTHER.get(control, ()), start=1)
        extra: dict[Request, Outcome | Sent] = {
            TcpConnect(address=V4, port=443, attempt=n): one for n, one in further
        }
        internet = Internet({V4: Site(**site)}, extra=extra)

    findings, _ = found(port_state.CHECK, internet)

    (finding,) = [f for f in findings if "443" in f.subject]
    assert finding.code == judgement


def test_a_healthy_host_is_asked_its_ports_and_nothing_else() -> None:
    site = Site(ports={443: CONNECTED, 80: CONNECTED})

    findings, world = found(port_state.CHECK, Internet({V4: site, V6: site}), "www.example")

    assert codes(findings) == ["port-open"]
    assert findings[0].subject == f"{V4} and {V6} port 80 and 443"
    asked = {type(request).__name__ for request in world.sent}
    assert not asked & {"Echo", "HopProbe", "TcpArrivalTtl"}


def test_a_closed_port_beside_an_open_one_costs_no_further_look() -> None:
    _, world = found(port_state.CHECK, Internet({V4: Site(ports={443: CONNECTED, 80: RESET})}))

    assert not [r for r in world.sent if isinstance(r, TcpArrivalTtl | HopProbe)]


def test_a_fault_that_another_address_hides_is_a_warning() -> None:
    sites = {V4: Site(ports={443: RESET, 80: RESET}), "22.40.1.11": Site(other_ports=CONNECTED)}

    findings, _ = found(port_state.CHECK, Internet(sites), "www.example")

    closed = next(f for f in findings if isinstance(f, PortClosed))
    assert closed.severity is Severity.WARNING
    assert closed.ports == (443, 80)


def test_a_port_that_alone_was_asked_for_is_critical() -> None:
    internet = Internet({V4: Site(ports={443: RESET, 80: CONNECTED})})

    findings, _ = found(port_state.CHECK, internet, f"{V4}:443")

    assert codes(findings) == ["port-closed"]
    assert findings[0].severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("hops", "owner"),
    [
        ({}, Owner.HOST),
        ({5: SILENT, 6: SILENT}, Owner.HOSTING_NETWORK),
        (dict.fromkeys(range(3, 7), SILENT), Owner.TRANSIT),
    ],
    ids=["as far as the last router", "from the edge on", "from transit on"],
)
def test_who_drops_shows_where_the_path_to_the_port_ends(hops: Any, owner: Owner) -> None:
    class Dropping(Site):
        def hop(self, probe: HopProbe) -> Any:
            dropped = probe.protocol == "tcp" and probe.ttl in hops
            return SILENT if dropped else super().hop(probe)

    site = Dropping(ports={22: CONNECTED}, reached=True)

    findings, _ = found(port_state.CHECK, Internet({V4: site}))

    (filtered,) = [f for f in findings if isinstance(f, PortFiltered)]
    assert filtered.owner is owner


def test_the_owner_of_a_rejecting_firewall_is_its_networks() -> None:
    def rejected(sender: str) -> RejectedByFirewall:
        error = icmp(sender, Unreachable.ADMIN_PROHIBITED)
        findings, _ = found(port_state.CHECK, Internet({V4: Site(other_ports=error)}))
        (finding,) = findings
        assert isinstance(finding, RejectedByFirewall)
        return finding

    assert rejected(ROUTERS[4][5]).owner is Owner.HOSTING_NETWORK
    assert rejected(ROUTERS[4][3]).owner is Owner.TRANSIT
    assert rejected(V4).owner is Owner.HOST
    assert ROUTERS[4][5] in rejected(ROUTERS[4][5]).message


def test_a_host_with_another_initial_ttl_for_resets_is_no_middlebox() -> None:
    site = Site(ports={443: RESET, 80: RESET, 22: CONNECTED}, arrivals={443: 249, 80: 249, 22: 58})

    findings, _ = found(port_state.CHECK, Internet({V4: site}))

    assert codes(findings) == ["port-closed"]


def test_port_25_of_a_name_is_left_to_its_mail_hosts() -> None:
    findings, _ = found(port_state.CHECK, Internet({V4: Site()}), "smtp://www.example")

    assert codes(findings) == ["not-checked"]


def test_a_drop_before_the_first_router_is_this_machines_or_that_routers() -> None:
    class Mute(Site):
        def hop(self, probe: HopProbe) -> Outcome:
            return SILENT if probe.protocol == "tcp" else super().hop(probe)

    site = Mute(ports={22: CONNECTED}, reached=True)

    findings, _ = found(port_state.CHECK, Internet({V4: site}), f"http://{V4}/")

    (filtered,) = findings
    assert filtered.code == "port-filtered"
    assert filtered.owner is Owner.CUSTOMER_DEVICE
    assert "before the first router" in filtered.message


def test_a_first_look_takes_one_silence_for_a_filter() -> None:
    internet = Internet({V4: Site(ports={80: CONNECTED})})

    findings, world = found(port_state.CHECK, internet, depth="fast")

    assert "port-filtered" in codes(findings)
    assert not [r for r in world.sent if isinstance(r, TcpConnect) and r.attempt]


def test_how_many_connections_are_accepted_is_said() -> None:
    lost: dict[Request, Outcome | Sent] = {TcpConnect(address=V4, port=443): SILENT}
    internet = Internet({V4: Site(ports={443: CONNECTED, 80: CONNECTED})}, extra=lost)

    findings, _ = found(port_state.CHECK, internet)

    unsure = next(f for f in findings if isinstance(f, PortNotReached))
    assert unsure.message.endswith("8 of 9 are, so that no filter drops them all")
    assert len(unsure.evidence) == 1 + GROUP
