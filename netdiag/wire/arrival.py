"""With which TTL the answer to a SYN arrives, found without privileges.

Linux drops TCP segments whose TTL is below a socket's IP_MINTTL (made for RFC 5082), so whether a
connect is answered tells on which side of a bound the TTL lies. An answer proves its bound; a
missing one may also be lost, so the bound next above the result is tried twice.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from netdiag.network import Attempt, Sent
from netdiag.outcomes import ArrivalTtl, Connected, Failed, FailureKind, Reset
from netdiag.requests import TcpArrivalTtl
from netdiag.wire import tcp
from netdiag.wire.sockets import Clock

FIRST_WAIT = 2.0
"""Seconds for the connect that tells whether there is an answer at all."""

SHORTEST, LONGEST = 0.15, 0.5
"""Bounds of the seconds that a missing answer is waited for: twice the round trip and a bit."""

HIGHEST = 255
MOST_CONNECTS = 18
_FIRST_BOUNDS = (33, 65, 129)
"""Systems send with 64, 128 or 255, and few paths are longer than 31 routers."""


class _Search:
    """One search: the TTL is `low` or more, and not above `high` unless answers got lost."""

    def __init__(self, request: TcpArrivalTtl, clock: Clock) -> None:
        self._request = request
        self._clock = clock
        self.attempts: list[Attempt] = []
        self.low, self.high = 1, HIGHEST
        self.wait = LONGEST

    async def first(self) -> tcp.Handshake:
        """An unbounded connect: who answers, and how long that takes."""
        done = await self._connect(tcp.Options(wait=FIRST_WAIT))
        self.wait = min(max(2 * done.attempt.elapsed + 0.1, SHORTEST), LONGEST)
        return done

    async def narrow(self) -> None:
        """Look until one TTL is left and the next is refuted twice, or too much was sent."""
        bounds: Sequence[int] = _FIRST_BOUNDS
        while len(self.attempts) + len(bounds) <= MOST_CONNECTS:
            await self._try(bounds)
            if self.low < self.high:
                bounds = _cuts(self.low, self.high)
            elif self.low == HIGHEST or bounds == (self.low + 1,):
                return
            else:
                bounds = (self.low + 1,)
        self.high = HIGHEST

    async def _try(self, bounds: Sequence[int]) -> None:
        found = await asyncio.gather(*(self._answered(bound) for bound in bounds))
        results = list(zip(bounds, found, strict=True))
        proven = max((bound for bound, answered in results if answered), default=0)
        if proven > self.high:
            self.high = HIGHEST
        self.low = max(self.low, proven)
        self.high = min([self.high, *(b - 1 for b, answered in results if b > self.low)])

    async def _answered(self, bound: int) -> bool:
        done = await self._connect(tcp.Options(wait=self.wait, least_ttl=bound))
        return isinstance(done.outcome, Connected | Reset)

    async def _connect(self, options: tcp.Options) -> tcp.Handshake:
        to = self._request
        async with tcp.handshake(to.address, to.port, self._clock, options) as done:
            self.attempts.append(done.attempt)
            return done


async def send(request: TcpArrivalTtl, clock: Clock) -> Sent:
    """Connect a dozen times at most, in rounds of three at once."""
    if sys.platform != "linux":
        detail = "only Linux filters TCP segments by TTL"
        return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=detail))
    search = _Search(request, clock)
    done = await search.first()
    if not isinstance(done.outcome, Connected | Reset):
        return Sent(done.outcome, tuple(search.attempts))
    await search.narrow()
    attempts = tuple(search.attempts)
    if search.low != search.high:
        detail = f"answers get lost; the TTL is {search.low} or more"
        return Sent(Failed(kind=FailureKind.TIMEOUT, detail=detail), attempts)
    answer = ArrivalTtl(
        answer="rst" if isinstance(done.outcome, Reset) else "syn-ack", ttl=search.low
    )
    return Sent(answer, attempts)


def _cuts(low: int, high: int) -> tuple[int, ...]:
    """Up to three bounds that split what is left into equal parts."""
    step = (high - low + 1) / 4
    return tuple(sorted({low + max(1, round(step * part)) for part in (1, 2, 3)} - {high + 1}))
