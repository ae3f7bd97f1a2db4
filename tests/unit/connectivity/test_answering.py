from __future__ import annotations

from typing import Any

import pytest

from checks.connectivity import answering
from checks.connectivity.answering import TransparentProxy
from netdiag.model import Owner, Severity
from netdiag.outcomes import EchoReply
from netdiag.requests import TcpArrivalTtl
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    RESET,
    ROUTERS,
    SILENT,
    V4,
    V6,
    Internet,
    Site,
    codes,
    found,
)

FAR = 64 - len(ROUTERS[4])
SYN_ACK: dict[str, dict[str, Any]] = {
    "arrives as other answers do": {"arrivals": {80: FAR, 22: FAR}},
    "comes from nearer": {"arrivals": {80: 63, 22: FAR}},
    "no other answer of the host": {"arrivals": {80: 63}, "ports": {80: CONNECTED}},
    "other answers differ": {"arrivals": {80: 63, 22: FAR}, "echo": EchoReply(rtt=0.01, ttl=60)},
    "its TTL is not seen": {"arrivals": {22: FAR}},
}
SENDER: dict[str, dict[str, Any]] = {
    "not looked for": {},
    "in the network of the host": {"arrivals": {80: FAR + 1, 22: FAR}},
    "in another network": {},
    "not seen on the path": {"reached": False},
}


def site(**more: Any) -> Site:
    usual: dict[str, Any] = {"ports": {80: CONNECTED, 22: RESET}, "reached": True}
    return Site(**(usual | more))


def looked_at(one: Site) -> Any:
    findings, world = found(answering.CHECK, Internet({V4: one}), f"http://{V4}/")
    return findings, world


@pytest.mark.parametrize(("syn_ack", "sender", "judgement"), rows(answering))
def test_the_documented_table_is_what_the_check_decides(
    syn_ack: str, sender: str, judgement: str
) -> None:
    (finding,) = looked_at(site(**(SYN_ACK[syn_ack] | SENDER[sender])))[0]

    assert finding.code == judgement


def test_the_router_is_as_many_hops_before_the_host_as_the_answer_crosses_fewer() -> None:
    for nearer in range(1, len(ROUTERS[4])):
        (finding,) = looked_at(site(arrivals={80: FAR + nearer, 22: FAR}))[0]

        assert finding.by[0].address == ROUTERS[4][-nearer]
        assert finding.severity is Severity.NOTICE


def test_another_initial_ttl_is_no_other_place() -> None:
    (finding,) = looked_at(site(arrivals={80: FAR + 64, 22: FAR}))[0]

    assert finding.code == "host-answers-itself"


def test_a_proxy_for_one_port_alone_is_told_from_the_other() -> None:
    one = site(
        ports={80: CONNECTED, 443: CONNECTED, 22: RESET}, arrivals={80: 63, 443: FAR, 22: FAR}
    )

    findings, _ = found(answering.CHECK, Internet({V4: one}))

    assert codes(findings) == ["host-answers-itself", "transparent-proxy"]


def test_both_families_are_one_notice() -> None:
    both = {address: site(arrivals={80: 63, 22: FAR}) for address in (V4, V6)}

    (finding,) = found(answering.CHECK, Internet(both), "http://www.example/")[0]

    assert isinstance(finding, TransparentProxy)
    assert finding.addresses == (V4, V6)
    assert finding.owner is Owner.ACCESS_ISP


def test_nothing_is_asked_of_a_host_that_does_not_accept() -> None:
    findings, world = looked_at(site(ports={80: SILENT}))

    assert codes(findings) == ["not-checked"]
    assert not [request for request in world.sent if isinstance(request, TcpArrivalTtl)]
