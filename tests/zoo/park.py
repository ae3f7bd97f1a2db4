"""Where the animals live: addresses and names of the lab, as an edit of its healthy plan."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tests.lab.plan import Plan
from tests.lab.topology import Pair
from tests.zoo.animal import ZONE, Animal, server_names
from tests.zoo.animals import ANIMALS

FIRST = 100
"""The last octet of the first animal's address."""


@dataclass(frozen=True, slots=True)
class Cage:
    """An animal's addresses on one machine."""

    node: str
    pair: Pair


def cage_of(animal: Animal) -> tuple[Cage, ...]:
    """Hosts live at the hosting network; name servers have a second address elsewhere."""
    number = FIRST + ANIMALS.index(animal)
    host = Cage("host2", Pair(f"22.40.1.{number}", f"2e00:40:1::{number}"))
    second = Cage("other", Pair(f"22.70.0.{number}", f"2e00:70::{number}"))
    return (host, second) if animal.datagrams else (host,)


def open_zoo(plan: Plan) -> None:
    """Every animal in its cage, and a name for each in the customer's zone."""
    plan.stopped.add("host2")
    for animal in ANIMALS:
        cages = cage_of(animal)
        for cage in cages:
            four, six = cage.pair.both
            plan.commands[cage.node] += [
                f"address add {four}/24 dev eth0",
                f"address add {six}/64 dev eth0 nodad",
            ]
        for operator in ("op1", "op2"):
            zone = plan.zones[operator][ZONE]
            if animal.datagrams:
                servers = server_names(animal.name)
                zone.delegate(animal.name, *servers)
                zone.add(animal.name, "DS", *animal.ds)
                for server, cage in zip(servers, cages, strict=True):
                    zone.add_address(server.removesuffix(f".{ZONE}"), cage.pair)
            else:
                zone.add_address(animal.name, cages[0].pair)
        if animal.forges:
            plan.filters["host2"].input.append(f"ip daddr {cages[0].pair.v4} drop")
    plan.programs["host2"] = (sys.executable, "-m", "tests.zoo.keeper")
