"""Whether the packets of one flow go another way later on, or other ways all the time.

Every probe of a flow has the same addresses and ports, so routers that balance load by these send
all of them one way. A hop that is silent at times says nothing. Where a hop shows two routers, the
order tells: a way that changes gives long runs of each, a router that spreads packet by packet a
mixture.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from checks.facts.path import Hop, Path
from netdiag.lazy import dataclass
from netdiag.network import ObservationId

UNLIKELY = 0.01
"""Chance below which an order is not taken for chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """A hop at which more than one router answered, `seen` in the order of asking."""

    ttl: int
    seen: tuple[Hop, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        """The routers in turn, one entry for as long as one and the same answered."""
        return tuple(sender for sender, _ in itertools.groupby(self._senders))

    @property
    def chance(self) -> float:
        """How likely so few runs are where each packet goes its own way."""
        return few_runs(self._senders)

    @property
    def _senders(self) -> list[str]:
        return [hop.sender or "" for hop in self.seen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One flow looked at over and over: `common` is the last hop before the first that varies."""

    asked: int
    varied: tuple[Varied, ...]
    common: Hop | None
    evidence: tuple[ObservationId, ...]

    @property
    def chance(self) -> float:
        """How likely the orders at all hops are by chance (Fisher's combination)."""
        return combined([one.chance for one in self.varied])

    @property
    def changes(self) -> int:
        """How often the way changed, at the hop that shows most of it."""
        return max((len(one.runs) - 1 for one in self.varied), default=0)


def course(rounds: Sequence[Path]) -> Course:
    """What `rounds` of probes on one flow show, in the order of asking."""
    heard: dict[int, list[Hop]] = {}
    for path in rounds:
        for hop in path.hops:
            if hop.sender:
                heard.setdefault(hop.ttl, []).append(hop)
    varied = tuple(
        Varied(ttl=ttl, seen=tuple(hops))
        for ttl, hops in sorted(heard.items())
        if len({hop.sender for hop in hops}) > 1
    )
    first = varied[0].ttl if varied else None
    same = [ttl for ttl in heard if first is not None and ttl < first]
    return Course(
        asked=max(map(len, heard.values()), default=0),
        varied=varied,
        common=heard[max(same)][-1] if same else None,
        evidence=tuple(
            number for hops in heard.values() for hop in hops for number in hop.evidence
        ),
    )


def few_runs(order: Sequence[str]) -> float:
    """The chance of so few runs or fewer in a random order of these (Wald and Wolfowitz).

    Where there are more than two kinds, the most common is set against all others.
    """
    common = max(set(order), key=order.count)
    one = order.count(common)
    other = len(order) - one
    runs = sum(1 for _ in itertools.groupby(item == common for item in order))
    ways = sum(_ways(one, other, number) for number in range(2, runs + 1))
    return min(1.0, ways / math.comb(one + other, one))


def _ways(one: int, other: int, runs: int) -> int:
    """The orders of so many of two kinds that have so many runs."""
    half, odd = divmod(runs, 2)
    if not odd:
        return 2 * math.comb(one - 1, half - 1) * math.comb(other - 1, half - 1)
    return math.comb(one - 1, half) * math.comb(other - 1, half - 1) + math.comb(
        one - 1, half - 1
    ) * math.comb(other - 1, half)


def combined(chances: Sequence[float]) -> float:
    """The chance of all these at once, where each is independent (Fisher)."""
    product = math.prod(chances)
    if product <= 0 or not chances:
        return 0.0 if chances else 1.0
    depth = -math.log(product)
    return min(1.0, product * sum(depth**n / math.factorial(n) for n in range(len(chances))))
