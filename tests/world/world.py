"""A simulated world: a transport whose answers a test spells out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from netdiag.budget import DESTINATION, RUN, Budget
from netdiag.network import Network, Sent, Transport
from netdiag.outcomes import Outcome
from netdiag.policy import Policy
from netdiag.requests import Request


@dataclass
class World:
    """Answers each request with what `answers` says, and remembers what was sent.

    An answer with the attempts that led to it is given as `Sent`.
    """

    answers: Callable[[Request], Outcome | Sent]
    sent: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Sent:
        self.sent.append(request)
        await asyncio.sleep(0)
        answer = self.answers(request)
        return answer if isinstance(answer, Sent) else Sent(answer)

    def network(self, own: str | None = None) -> Network:
        """A network of this world, for the owner of the zones of the name `own`."""
        return timeless(self, own)


def timeless(transport: Transport, own: str | None = None) -> Network:
    """A network in which no time passes: nothing waits for its turn, whose order would be luck."""
    at_once = {"per_second": 1_000_000}
    budget = Budget(destination=replace(DESTINATION, **at_once), run=replace(RUN, **at_once))
    return Network(transport, clock=lambda: 0.0, policy=Policy(own=own, budget=budget))
