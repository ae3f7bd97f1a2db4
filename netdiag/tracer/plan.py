"""Which hops to ask next, and how long an answer is worth waiting for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WAVES = (range(1, 17), range(17, 31))
"""TTLs asked at once. The second wave is for paths whose answers reach to the end of the first."""

BEYOND = 3
"""How many silent hops after the last replying one are worth asking again."""

LONGEST = 1.0
"""Seconds that a hop is waited for at most."""

FIRST = 0.5
"""Seconds that the first probe of a hop is waited for at least, where no hop behind it answers."""

SHORTEST = 0.25
"""Seconds that a silent hop is given at least: routers answer in their spare time."""

NEAR = 5
"""A silent hop is given so many round-trip times of what else answered. The model is option -w of
traceroute(8), which gives ten and has no least wait for a router's own delay."""


def waves(longest: int) -> tuple[range, ...]:
    """The waves of a path that is followed for `longest` hops at most."""
    cut = (range(wave.start, min(wave.stop, longest + 1)) for wave in WAVES)
    rest = range(WAVES[-1].stop, longest + 1)
    return tuple(wave for wave in (*cut, rest) if wave)


def goes_on(last: int, wave: range) -> bool:
    """Whether answers up to hop `last` reach so near to the end of `wave` that more may follow."""
    return last > wave[-1] - BEYOND


def end(reached: Iterable[int], heard: Iterable[int], before: int = 0) -> int:
    """The last hop worth asking: the target where it answered, else `BEYOND` the last that did.

    `before` is the hop before the first that was asked.
    """
    return min(reached, default=0) or max(heard, default=before) + BEYOND


def patience(ttl: int, attempt: int, answers: Sequence[tuple[int, float]]) -> float:
    """Seconds to wait for hop `ttl`, given hop and round-trip time of each answer so far.

    Where a hop behind it has answered, the packet went through, and its own answer takes about as
    long. Where none has, the slowest answer so far tells how far the path is as it is known, and
    whether it goes on farther the next attempt tells, which is given the longest wait.
    """
    behind = [rtt for other, rtt in answers if other > ttl]
    if behind:
        return min(LONGEST, max(SHORTEST, NEAR * min(behind)))
    if answers and attempt == 0:
        return min(LONGEST, max(FIRST, NEAR * max(rtt for _, rtt in answers)))
    return LONGEST
