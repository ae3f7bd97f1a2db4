from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.routing import latency
from checks.routing.latency import LatencyStep
from netdiag.model import Finding, Owner
from tests.doctable import rows
from tests.unit.connectivity.internet import CONNECTED, ROUTERS, V4, V6, Site, brief, found
from tests.unit.routing.samples import HOPS, Sampled, Time, drawn

FROM = 4


def queue(ttl: int, number: int) -> float:
    return 0.001 + (0.03 if ttl >= FROM and number % 3 else 0.0)


def far(ttl: int, _: int) -> float:
    return 0.001 * ttl + (0.08 if ttl >= FROM else 0.0)


def slow_router(ttl: int, number: int) -> float:
    return 0.001 * ttl + (0.05 if ttl == FROM and number % 3 else 0.0)


TIMES = {
    "come and go": queue,
    "are there each time": far,
    "are those of one router, and of none after": slow_router,
    "come and go from the first hop on": lambda ttl, number: queue(ttl + FROM, number),
    "too few answers came": far,
}
OTHER = {"is as far": 0.08, "is much nearer": 0.02}


def judged(time: Time, *, both: bool = False, silent: bool = False) -> Finding:
    addresses = (V4, V6) if both else (V4,)
    seen = Sampled(
        time=time,
        sites={address: Site(ports={80: CONNECTED}, reached=not silent) for address in addresses},
    )
    target = "http://www.example/" if both else f"http://{V4}/"
    findings, _ = found(latency.CHECK, seen, target, depth="thorough")
    return next(f for f in findings if V4 in f.subject)


@pytest.mark.parametrize(("times", "other", "judgement"), rows(latency))
def test_the_documented_table_is_what_the_check_decides(
    times: str, other: str, judgement: str
) -> None:
    def time(address: str, ttl: int, number: int) -> float:
        return TIMES[times](ttl, number) if address == V4 else OTHER[other]

    finding = judged(time, both=other in OTHER, silent=times == "too few answers came")

    assert finding.code == judgement


def test_the_hop_from_which_on_all_take_longer_is_named_and_the_router_before() -> None:
    finding = judged(lambda _, ttl, number: queue(ttl, number))

    assert isinstance(finding, LatencyStep)
    assert finding.ttl == FROM
    assert finding.longer == pytest.approx(0.03)
    assert finding.place
    assert finding.place.address == ROUTERS[4][FROM - 2]
    assert finding.owner is Owner.TRANSIT


def test_a_step_that_is_not_what_the_other_family_saves_is_no_reason() -> None:
    """Several steps, none of which is half of the difference."""

    def time(address: str, ttl: int, _: int) -> float:
        return 0.012 * ttl if address == V4 else 0.001

    assert judged(time, both=True).code == "latency-steady"


@given(
    seed=st.integers(0, 10_000),
    start=st.integers(2, HOPS + 1),
    height=st.sampled_from([0.0, 0.02, 0.1]),
    noise=st.sampled_from([0.0, 0.001, 0.004]),
    slow=st.sets(st.integers(1, HOPS), max_size=3),
)
def test_a_wrong_hop_is_never_named(
    seed: int, start: int, height: float, noise: float, slow: set[int]
) -> None:
    """A queue before hop `start`, routers that answer late at times, and noise everywhere."""
    luck = random.Random(seed)

    def time(_: str, ttl: int, number: int) -> float:
        rtt = 0.001 * ttl + luck.random() * noise
        rtt += height if ttl >= start and number % 4 else 0.0
        return rtt + (luck.random() * 0.2 if ttl in slow else 0.0)

    (finding,) = latency.judge(latency.Facts(brief=brief(), lost=drawn(time=time)))

    if isinstance(finding, LatencyStep):
        assert height
        assert finding.place
        assert ROUTERS[4].index(finding.place.address) + 1 < start
    if not slow and height and not noise:
        assert isinstance(finding, LatencyStep)
        assert finding.ttl == start
