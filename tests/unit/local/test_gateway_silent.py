from __future__ import annotations

import pytest

from checks.local import gateway_silent
from checks.local.gateway_silent import GatewaySilent
from netdiag.model import Severity
from netdiag.outcomes import Neighbour, Neighbours, Outcome, Unreachable
from netdiag.requests import HopProbe, ReadNeighbours, TcpConnect
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    ANCHORS,
    OWN,
    ROOTS,
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

GATEWAY = ROUTERS[4][0]
ANCHOR = TcpConnect(address=ANCHORS[4], port=53)
SIGNS: dict[str, Outcome] = {
    "none": SILENT,
    "own error: next hop not found": icmp(OWN[4], Unreachable.HOST, 3.07),
    "a router sends an error": icmp(GATEWAY, Unreachable.NET),
}


def cut_off(entry: str, *, hop: bool = False) -> Internet:
    """Nothing elsewhere answers; the gateway's neighbour entry is in this state."""
    internet = Internet({V4: Site(hops_before=0)}, anchors={4: False, 6: False})
    entries = () if entry == "none" else (Neighbour(address=GATEWAY, device="eth0", state=entry),)
    internet.extra[ReadNeighbours(attempt=1)] = Neighbours(neighbours=entries)
    answer: Outcome = icmp(GATEWAY, Unreachable.TTL_EXCEEDED) if hop else SILENT
    for address in (ANCHORS[4], ROOTS[4]):
        internet.extra[HopProbe(address=address, ttl=1)] = answer
    return internet


@pytest.mark.parametrize(("elsewhere", "entry", "sign", "judgement"), rows(gateway_silent))
def test_the_documented_table_is_what_the_check_decides(
    elsewhere: str, entry: str, sign: str, judgement: str
) -> None:
    if elsewhere == "answers":
        internet = Internet({V4: Site()})
    else:
        internet = cut_off(entry, hop=sign == "hop 1 answers")
        internet.extra[ANCHOR] = SIGNS.get(sign, SILENT)

    (finding,) = found(gateway_silent.CHECK, internet)[0]

    assert finding.code == judgement


def test_the_gateway_is_named() -> None:
    (finding,) = found(gateway_silent.CHECK, cut_off("failed"))[0]

    assert isinstance(finding, GatewaySilent)
    assert finding.gateways == (GATEWAY,)
    assert finding.severity is Severity.CRITICAL


def test_one_dead_gateway_beside_a_working_family_is_a_warning() -> None:
    internet = cut_off("incomplete")
    internet.anchors = {4: False, 6: True}
    internet.sites[V6] = Site()

    findings, _ = found(gateway_silent.CHECK, internet, "www.example")

    assert codes(findings) == ["gateway-forwards", "gateway-silent"]
    (silent,) = [f for f in findings if isinstance(f, GatewaySilent)]
    assert silent.severity is Severity.WARNING
