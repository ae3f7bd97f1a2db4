"""What may be sent, to whom and how much: the destination guard and the budgets.

The guard (`destinations`): a target's own names must not lead netdiag to what is not public.
Budgets bound what any one destination receives.

A question that asks for more than records of one type is refused: a whole zone is asked for only
where its owner asks, everything there is about a name never.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from netdiag.destinations import Destinations
from netdiag.outcomes import Failed, FailureKind, Outcome, Resolvers, Routes
from netdiag.requests import DnsQuery, Request

TRANSFER = "AXFR"
"""The one type of question that asks for a whole zone (RFC 5936)."""

_META_NAMES = frozenset(
    {"ANY", "*", TRANSFER, "IXFR", "MAILA", "MAILB", "TKEY", "TSIG", "OPT", "NXNAME", "NONE"}
)
_META_NUMBERS = frozenset({0, 41, *range(128, 256)})
"""Types that no record has but which mean something as a question (RFC 6895, section 3.1)."""


def is_meta(rtype: str) -> bool:
    """Whether a question of this type asks for anything but the records of one type."""
    name = rtype.strip().upper()
    number = name.removeprefix("TYPE")
    if number != name and number.isascii() and number.isdigit():
        return int(number) in _META_NUMBERS
    return name in _META_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Upper bounds per destination address, and for the run as a whole.

    `packets` counts what may leave this machine for one destination, `concurrent` the requests
    under way to it at one time, `run_packets` all destinations together.
    """

    packets: int = 1500
    concurrent: int = 64
    run_packets: int = 6000


@dataclass(slots=True)
class Policy:
    """The policy of one run; it remembers what was spent.

    `own` is the name that the user vouches for: the zones that it may be in may be transferred.
    """

    own: str | None = None
    budget: Budget = field(default_factory=Budget)
    destinations: Destinations = field(default_factory=Destinations)
    spent: Counter[str] = field(default_factory=Counter)
    _turns: dict[str, asyncio.Semaphore] = field(default_factory=dict)

    def refusal(self, request: Request) -> Failed | None:
        """Why `request` must not be sent; None, and its cost is booked, where it may."""
        destination = request.destination
        if destination is None:
            return None
        if why := self.destinations.refusal(request):
            return Failed(kind=FailureKind.POLICY, detail=why)
        if isinstance(request, DnsQuery) and is_meta(request.rtype) and not self._owned(request):
            detail = f"a question of type {request.rtype} about {request.name} asks for too much"
            return Failed(kind=FailureKind.POLICY, detail=detail)
        if self.spent[destination] + request.cost > self.budget.packets:
            detail = f"{self.budget.packets} packets to {destination} are used up"
            return Failed(kind=FailureKind.BUDGET, detail=detail)
        if self.spent.total() + request.cost > self.budget.run_packets:
            detail = f"this run's {self.budget.run_packets} packets are used up"
            return Failed(kind=FailureKind.BUDGET, detail=detail)
        self.spent[destination] += request.cost
        return None

    def learn(self, request: Request, outcome: Outcome) -> None:
        """This machine's own resolvers and gateways serve it whatever their address."""
        if isinstance(outcome, Resolvers):
            self.destinations.serve(outcome.addresses)
        elif isinstance(outcome, Routes):
            self.destinations.serve(r.gateway for r in outcome.routes if r.gateway)

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[None]:
        """Wait until fewer than `concurrent` requests to the same destination are under way."""
        if request.destination is None:
            yield
            return
        limit = self._turns.setdefault(
            request.destination, asyncio.Semaphore(self.budget.concurrent)
        )
        async with limit:
            yield

    def _owned(self, query: DnsQuery) -> bool:
        """Whether this is the transfer of a zone that the user's own name may be in."""
        if self.own is None or query.name == "." or query.rtype != TRANSFER:
            return False
        inside = self.own == query.name or self.own.endswith(f".{query.name}")
        return inside and query.transport == "tcp"
