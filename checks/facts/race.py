"""Ask several at once and take the first that is of use, the same one live and in a replay."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from netdiag.network import Asker, Observation
from netdiag.requests import Request


async def first(
    net: Asker, requests: Iterable[Request], usable: Callable[[Observation], bool]
) -> Observation | None:
    """The usable observation that completed first, or None once all came back without one.

    The rest stay under way and end up in the transcript. `completed` decides rather than the
    order of waking up, so a saved transcript gives the same winner.
    """
    waiting = {asyncio.ensure_future(net.ask(request)) for request in requests}
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        useful = [o for o in (task.result() for task in done) if usable(o)]
        if useful:
            return min(useful, key=lambda o: o.completed)
    return None
