"""How much may be sent: bounds on packets, octets, what is under way and the rate.

They hold for every destination and for a run as a whole. Before a request is sent, the most packets
that it can take are booked; when it has ended, what it really took counts. A request that would go
beyond a bound waits where something under way may make room for it, and is refused otherwise.

The rate is a token bucket of one second's packets: a burst of that size passes at once. No time
enters a transcript by it but in when a request started, so a replay is the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import field

from netdiag.lazy import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds on what leaves this machine; `concurrent` is of requests, `per_second` of
    packets."""

    packets: int
    octets: int
    concurrent: int
    per_second: int


DESTINATION = Limits(packets=500, octets=150_000, concurrent=64, per_second=100)
"""To one address. Measured in the lab: 35 packets to the busiest one of a sound host, 70 where
something fails."""

RUN = Limits(packets=4000, octets=1_200_000, concurrent=256, per_second=1000)
"""To all addresses. Measured in the lab: 170 packets for a sound host, 400 at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    destination: Limits = DESTINATION
    run: Limits = RUN


@dataclass(slots=True)
class Account:
    """What was spent of `limits`. `booked` is what requests under way may still take."""

    limits: Limits
    packets: int = 0
    octets: int = 0
    booked: int = 0
    running: int = 0
    tokens: float = 0.0
    filled: float = 0.0
    """When `tokens` was right, in seconds of the event loop's clock."""

    gate: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Who waits first goes first."""

    def __post_init__(self) -> None:
        self.tokens = float(self.limits.per_second)

    def waits(self, cost: int) -> bool:
        """Whether something under way may make room for a request of `cost` packets."""
        crowded = self.running >= self.limits.concurrent
        return self.running > 0 and (crowded or self.refuses(cost) != "")

    def refuses(self, cost: int) -> str:
        """Which bound a request of `cost` packets would break, in words; empty where none."""
        if self.packets + self.booked + cost > self.limits.packets:
            return f"{self.limits.packets} packets"
        return f"{self.limits.octets} octets" if self.octets >= self.limits.octets else ""

    def delay(self, now: float) -> float:
        """Seconds until the rate lets a packet go."""
        rate = self.limits.per_second
        self.tokens = min(float(rate), self.tokens + (now - self.filled) * rate)
        self.filled = now
        return max(1.0 - self.tokens, 0.0) / rate

    def enter(self, cost: int) -> None:
        self.running += 1
        self.booked += cost
        self.tokens -= 1.0

    def leave(self, cost: int, packets: int, octets: int) -> None:
        self.running -= 1
        self.booked -= cost
        self.packets += packets
        self.octets += octets
        self.tokens -= max(packets - 1, 0)


class Ledger:
    """The accounts of one run."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.run = Account(budget.run)
        self.destinations: dict[str, Account] = {}
        self._changed = asyncio.Event()

    async def enter(self, destination: str, cost: int) -> str:
        """Wait for the turn of a request, then book it; or the reason why it must not be sent."""
        own = self.destinations.setdefault(destination, Account(self.budget.destination))
        async with own.gate:
            while True:
                if own.waits(cost) or self.run.waits(cost):
                    await self._changed.wait()
                elif why := own.refuses(cost):
                    return f"{why} to {destination} are used up"
                elif why := self.run.refuses(cost):
                    return f"{why} of this run are used up"
                elif delay := self._delay(own):
                    await asyncio.sleep(delay)
                else:
                    own.enter(cost)
                    self.run.enter(cost)
                    return ""

    def _delay(self, own: Account) -> float:
        """Seconds until both rates let a packet go."""
        now = asyncio.get_running_loop().time()
        return max(own.delay(now), self.run.delay(now))

    def leave(self, destination: str, cost: int, packets: int, octets: int) -> None:
        """What a request that was booked really took."""
        self.destinations[destination].leave(cost, packets, octets)
        self.run.leave(cost, packets, octets)
        self._changed.set()
        self._changed = asyncio.Event()
