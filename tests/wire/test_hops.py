"""Answers that no probe waits for, and how long one is waited for."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from netdiag.outcomes import Failed, FailureKind, IcmpError, Unreachable
from netdiag.requests import HopProbe
from netdiag.tracer import plan
from netdiag.wire import hops
from netdiag.wire.errqueue import QueuedError
from netdiag.wire.hop_kinds import Answer, Kind

FORGED = "198.51.100.66"


class Dumb(Kind):
    """Sends nothing and hears nothing."""

    how = "dumb"
    octets = 60

    def __init__(self) -> None:
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setblocking(False)

    def send(self, number: int, ttl: int) -> None:
        pass

    def number(self, queued: QueuedError) -> int | None:
        return None


def probe(ttl: int) -> HopProbe:
    return HopProbe(address="192.0.2.9", ttl=ttl)


def error(sender: str = "192.0.2.1") -> IcmpError:
    kind = Unreachable.TTL_EXCEEDED
    return IcmpError(kind=kind, icmp_type=11, icmp_code=0, sender=sender, rtt=0.0)


@pytest.fixture
def strays() -> list[tuple[int, str, bool]]:
    return []


@pytest.fixture
def flow(strays: list[tuple[int, str, bool]]) -> hops._Flow:
    def stray(probe: HopProbe, answer: Answer, late: bool) -> None:
        assert isinstance(answer, IcmpError)
        strays.append((probe.ttl, answer.sender, late))

    return hops._Flow(Dumb(), time.monotonic, stray)


def test_the_first_answer_counts_and_copies_are_duplicates(
    flow: hops._Flow, strays: list[tuple[int, str, bool]]
) -> None:
    async def scene() -> None:
        number, launched = flow.launch(probe(3))
        flow._deliver(number, 0.0, error())
        flow._deliver(number, 0.0, error(FORGED))
        flow.forget(number)
        flow._deliver(number, 0.0, error(FORGED))
        answer = launched.answer.result()
        assert isinstance(answer, IcmpError)
        assert answer.sender == "192.0.2.1"

    asyncio.run(scene())
    assert strays == [(3, FORGED, False)] * 2
    assert len(flow.answers) == 1
    flow.kind.close()


def test_an_answer_after_the_wait_is_late_once_and_then_a_duplicate(
    flow: hops._Flow, strays: list[tuple[int, str, bool]]
) -> None:
    async def scene() -> None:
        number, launched = flow.launch(probe(4))
        flow.forget(number)
        flow._deliver(number, 0.0, error())
        flow._deliver(number, 0.0, error())
        assert not launched.answer.done()

    asyncio.run(scene())
    assert strays == [(4, "192.0.2.1", True), (4, "192.0.2.1", False)]
    assert flow.answers == []
    flow.kind.close()


def test_numbers_that_were_never_sent_are_nobodys(
    flow: hops._Flow, strays: list[tuple[int, str, bool]]
) -> None:
    for number in range(1000):
        flow._deliver(number, 0.0, error(FORGED))

    assert strays == []
    flow.kind.close()


def test_what_is_remembered_is_bounded(flow: hops._Flow) -> None:
    async def scene() -> None:
        for _ in range(3000):
            number, _ = flow.launch(probe(5))
            flow._deliver(number, 0.0, error())
            flow.forget(number)

    asyncio.run(scene())
    assert len(flow.past) <= 512
    assert len(flow.answers) <= 128
    assert not flow.waiting
    flow.kind.close()


def test_a_silent_hop_before_one_that_answered_is_given_up_early(flow: hops._Flow) -> None:
    async def scene() -> float:
        began = time.monotonic()
        silent = asyncio.ensure_future(hops._ask(flow, probe(2)))
        await asyncio.sleep(0)
        number, _ = flow.launch(probe(6))
        flow._deliver(number, 0.0, error())
        flow.forget(number)
        assert await silent == Failed(kind=FailureKind.TIMEOUT)
        return time.monotonic() - began

    assert plan.SHORTEST <= asyncio.run(scene()) < plan.LONGEST
    flow.kind.close()
