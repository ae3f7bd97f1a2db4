"""A simulated world: a transport whose answers a test spells out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from netdiag.network import Network, Sent
from netdiag.outcomes import Outcome
from netdiag.requests import Request


@dataclass
class World:
    """Answers each request with what `answers` says, and remembers what was sent."""

    answers: Callable[[Request], Outcome]
    sent: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Sent:
        self.sent.append(request)
        await asyncio.sleep(0)
        return Sent(self.answers(request))

    def network(self) -> Network:
        """A network of this world, in which no time passes."""
        return Network(self, clock=lambda: 0.0)
