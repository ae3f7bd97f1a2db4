"""How long a simulated tree lets a run wait, in time of its own, which no slow machine changes."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

from netdiag.engine import diagnose
from netdiag.model import Brief, Check
from netdiag.network import Sent
from netdiag.outcomes import Failed
from netdiag.requests import DnsQuery, Request
from tests.world.tree import Tree
from tests.world.world import timeless

ROUND_TRIP = 0.02
SILENCE = {"udp": 2.4, "tcp": 2.0}
"""Seconds: two tries of 1.2 s each, and one of a handshake, as the wire waits."""


class _Jump(selectors.DefaultSelector):
    """Lets the time pass at once that a loop would sleep."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        return self.jump.now


class _Slow:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    async def send(self, request: Request) -> Sent:
        outcome = self.tree.answer(request)
        if isinstance(request, DnsQuery):
            lost = isinstance(outcome, Failed)
            await asyncio.sleep(SILENCE[request.transport] if lost else ROUND_TRIP)
        return Sent(outcome)


def waited(tree: Tree, brief: Brief, checks: tuple[Check[Any], ...]) -> float:
    """The seconds until all checks have ended."""
    loop = _Loop()
    try:
        loop.run_until_complete(diagnose(brief, checks, (), timeless(_Slow(tree))))
        return loop.time()
    finally:
        loop.close()
