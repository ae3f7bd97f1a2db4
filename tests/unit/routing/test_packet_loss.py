from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.facts import loss
from checks.routing import packet_loss
from checks.routing.packet_loss import PacketLoss
from netdiag.model import Finding, Owner
from netdiag.network import Sent
from netdiag.outcomes import Connected, EchoReply, Outcome
from netdiag.requests import Echo, HopProbe, Request, TcpConnect
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    ROUTERS,
    SILENT,
    V4,
    Internet,
    Site,
    found,
)

LATE = Connected(rtt=1.02)
REPLY = EchoReply(rtt=0.01)
Loses = Callable[[Request], bool]


def sampled(request: Request) -> bool:
    return getattr(request, "attempt", 0) >= loss.FIRST


@dataclass
class Losing(Internet):
    """The first connection is late, so that there is something to find out; of the samples those
    are lost that `loses` says."""

    loses: Loses = lambda request: False
    silent_echo: bool = False
    first: Outcome = LATE
    sites: dict[str, Site] = field(
        default_factory=lambda: {V4: Site(ports={80: CONNECTED}, reached=True)}
    )

    def answer(self, request: Request) -> Outcome | Sent:
        if isinstance(request, TcpConnect) and not request.attempt and request.address == V4:
            return self.first
        lost = sampled(request) and self.loses(request)
        match request:
            case TcpConnect(address=address) if address == V4 and lost:
                return LATE
            case Echo():
                return SILENT if lost or self.silent_echo else REPLY
            case HopProbe() if lost:
                return SILENT
            case _:
                return super().answer(request)


def judged(internet: Internet) -> Finding:
    (finding,), _ = found(packet_loss.CHECK, internet, f"http://{V4}/")
    return finding


def every(share: int, kind: type[Request]) -> Loses:
    """One in `share` of the samples of this kind."""

    def loses(request: Request) -> bool:
        return isinstance(request, kind) and getattr(request, "attempt", 0) % share == 0

    return loses


@pytest.mark.parametrize(("handshakes", "echoes", "judgement"), rows(packet_loss))
def test_the_documented_table_is_what_the_check_decides(
    handshakes: str, echoes: str, judgement: str
) -> None:
    kinds = [kind for kind, what in ((TcpConnect, handshakes), (Echo, echoes)) if what == "lost"]
    lost = [every(3, kind) for kind in kinds]
    internet = Losing(
        loses=lambda request: any(one(request) for one in lost),
        silent_echo=echoes == "no answer",
    )

    assert judged(internet).code == judgement


def test_nothing_is_sampled_where_every_connection_is_prompt() -> None:
    (finding,), world = found(packet_loss.CHECK, Losing(first=CONNECTED), f"http://{V4}/")

    assert finding.code == "not-checked"
    assert not [request for request in world.sent if sampled(request)]


def test_samples_are_spread_over_time() -> None:
    _, world = found(packet_loss.CHECK, Losing(), f"http://{V4}/")

    pauses = {r.pause for r in world.sent if isinstance(r, TcpConnect) and sampled(r)}
    assert len(pauses) == loss.TOGETHER
    assert max(pauses) == pytest.approx((loss.TOGETHER - 1) * loss.GAP)


def from_hop(start: int, rate: float, seed: int, limited: frozenset[int] = frozenset()) -> Loses:
    """Loss at random behind a hop; `limited` are routers that answer every third probe."""
    luck = random.Random(seed)

    def loses(request: Request) -> bool:
        if isinstance(request, HopProbe):
            if request.ttl in limited:
                return request.attempt % 3 != 0
            return request.ttl > start and luck.random() < rate
        return luck.random() < rate

    return loses


@pytest.mark.parametrize("start", [1, 2, 3, 4, 5, 6])
def test_the_hop_behind_which_the_loss_begins_is_among_those_named(start: int) -> None:
    finding = judged(Losing(loses=from_hop(start, 0.4, seed=start)))

    assert isinstance(finding, PacketLoss)
    assert start in finding.ttls or not finding.places


def test_a_router_that_limits_its_answers_is_no_place_of_loss() -> None:
    finding = judged(Losing(loses=from_hop(5, 0.4, seed=7, limited=frozenset({2}))))

    assert isinstance(finding, PacketLoss)
    assert ROUTERS[4][1] not in {place.address for place in finding.places}
    assert finding.owner is Owner.HOSTING_NETWORK


@settings(max_examples=60)
@given(
    start=st.integers(0, 6),
    rate=st.sampled_from([0.0, 0.02, 0.1, 0.3, 0.6]),
    seed=st.integers(0, 10_000),
    limited=st.sets(st.integers(1, 6), max_size=3),
)
def test_a_wrong_link_is_never_named_alone(
    start: int, rate: float, seed: int, limited: set[int]
) -> None:
    """Whatever is lost by chance: the true hop is named, or one right beside it, or none."""
    finding = judged(Losing(loses=from_hop(start, rate, seed, frozenset(limited))))

    if isinstance(finding, PacketLoss) and finding.places:
        assert rate
        named = {ttl for ttl in range(7) if min(finding.ttls) - 1 <= ttl <= max(finding.ttls) + 1}
        assert start in named | limited
