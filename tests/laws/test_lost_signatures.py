"""Lost packets and the order of answers never make a soundly signed zone look faulty."""

import asyncio
import zlib
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from netdiag.engine import diagnose
from netdiag.model import Outcome
from netdiag.network import Sent
from netdiag.requests import DnsQuery, Request
from tests.unit.dns.signed_world import CHECKS, ROOT, SILENT, SignedWorld, healthy
from tests.world.world import timeless

WORLD = healthy()


@dataclass
class Lossy:
    """Answers as the world does, in an order that `seed` picks; a positive one loses every question
    over UDP for some types at some servers, which TCP brings through."""

    world: SignedWorld
    seed: int

    async def send(self, request: Request) -> Sent:
        for _ in range(self._picked(repr(request)) % 7):
            await asyncio.sleep(0)
        return Sent(SILENT if self._loses(request) else self.world.answer(request))

    def _loses(self, request: Request) -> bool:
        if not isinstance(request, DnsQuery) or request.transport == "tcp" or self.seed <= 0:
            return False
        return request.server != ROOT and self._picked(f"{request.server} {request.rtype}") % 2 == 0

    def _picked(self, what: str) -> int:
        return zlib.crc32(f"{self.seed} {what}".encode())


def found(seed: int) -> set[tuple[str, str, Outcome]]:
    """All that is said, with its code and outcome."""

    async def look() -> set[tuple[str, str, Outcome]]:
        judged = await diagnose(WORLD.brief, CHECKS, (), timeless(Lossy(WORLD, seed)))
        return {(j.finding.code, j.finding.message, j.finding.outcome) for j in judged}

    return asyncio.run(look())


def problems(seed: int) -> set[str]:
    bad = {Outcome.PROBLEM, Outcome.CRASHED}
    return {code for code, _, outcome in found(seed) if outcome in bad}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2**32))
def test_lost_packets_blame_nobody(seed: int) -> None:
    assert problems(seed) == set()


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 2**32))
def test_the_order_of_answers_changes_nothing(seed: int) -> None:
    assert found(-seed) == found(0)
