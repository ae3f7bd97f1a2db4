"""Facts that are worked out once in a run, whoever asks.

The network remembers what was sent, so asking again sends nothing; but a peer can make the working
out grow beyond all bounds, as with name servers whose names depend on one another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from netdiag.network import Asker

P = ParamSpec("P")
T = TypeVar("T")

Fact = Callable[Concatenate[Asker, P], Coroutine[Any, Any, T]]


def once(fact: Fact[P, T]) -> Fact[P, T]:
    """`fact`, worked out once for each network and arguments; these must be hashable."""
    known: WeakKeyDictionary[Asker, dict[object, asyncio.Task[T]]] = WeakKeyDictionary()

    @wraps(fact)
    async def shared(net: Asker, /, *args: P.args, **kwargs: P.kwargs) -> T:
        tasks = known.setdefault(net, {})
        key = (args, tuple(sorted(kwargs.items())))
        if key not in tasks:
            tasks[key] = asyncio.ensure_future(fact(net, *args, **kwargs))
        return await asyncio.shield(tasks[key])

    return shared
