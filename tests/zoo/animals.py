"""Every animal of the zoo."""

from __future__ import annotations

from tests.zoo import forgers, handshakes, names, registries, signers, talkers, web
from tests.zoo.animal import Animal

ANIMALS: tuple[Animal, ...] = (
    *names.ANIMALS,
    *signers.ANIMALS,
    *web.ANIMALS,
    *registries.ANIMALS,
    *handshakes.ANIMALS,
    *talkers.ANIMALS,
    *forgers.ANIMALS,
)


def by_name(name: str) -> Animal:
    """Raises `KeyError` for a name that no animal has."""
    return {animal.name: animal for animal in ANIMALS}[name]
