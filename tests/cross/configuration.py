"""Configurations at random, each of a seed that gives it again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.cross.faults import faults
from tests.cross.internet import USUAL_KEYS, Internet, Signing, healthy

COUNTS = (0, 1, 1, 1, 2, 2, 3)
"""How many faults a zone has; most have few, so that one is seen without the noise of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A zone to be examined. `servers` many, with the families `46`, `4` or `6`; see `healthy`."""

    seed: int
    servers: int
    families: str
    style: str
    signed: bool
    faults: tuple[str, ...]

    @property
    def text(self) -> str:
        words = [f"{self.servers} servers", f"IPv{self.families}", self.style]
        words += ["signed"] if self.signed else []
        return f"{self.seed}: {' '.join(words)}: {', '.join(self.faults) or 'no fault'}"

    def stage(self) -> Internet:
        """The internet with the faults in it."""
        chance = random.Random(self.seed)
        internet = healthy(self.servers, self.families, self.style)
        if self.signed:
            internet.signing = Signing(list(USUAL_KEYS))
        table = faults()
        for name in self.faults:
            table[name].stage(internet, chance)
        return internet


def at_random(seed: int) -> Configuration:
    """The configuration of `seed`."""
    chance = random.Random(seed)
    signed = chance.random() < 0.65
    known = [name for name, fault in faults().items() if signed or not fault.signed]
    return Configuration(
        seed=seed,
        servers=chance.choice((2, 2, 3, 4)),
        families=chance.choice(("46", "46", "46", "4", "6")),
        style=chance.choice(("in", "in", "out", "mixed")),
        signed=signed,
        faults=tuple(chance.sample(known, chance.choice(COUNTS))),
    )
