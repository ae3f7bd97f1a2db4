"""Silence costs its time once: a full examination ends in less than six seconds whoever is dead."""

import pytest

from checks.catalogue import CATALOGUE
from netdiag.model import Area
from tests.world.patience import waited
from tests.world.tree import APEX, HEALTHY, ONE4, ONE6, PARENT4, PARENT6, SILENT, TWO4, TWO6, Tree
from tests.world.zonemaster.scenario import brief
from tests.world.zonemaster.zone import primary

CHECKS = tuple(check for check in CATALOGUE.checks if check.area is Area.DNS)


@pytest.mark.parametrize(
    ("tree", "most"),
    [
        (HEALTHY, 0.5),
        (HEALTHY.departs(SILENT, TWO4, TWO6), 6),
        (HEALTHY.departs(SILENT, ONE4, ONE6, TWO4, TWO6), 6),
        (HEALTHY.departs(SILENT, PARENT4, PARENT6), 6),
        (HEALTHY.add(APEX, f"{APEX} NS ns3.{APEX}", f"ns3.{APEX} A 22.52.0.53"), 6),
        (primary("hidden.xb.").add("xb.", "hidden.xb. A 22.75.0.53"), 3),
    ],
    ids=[
        *("healthy", "one server dead", "all servers dead", "a server of the parent dead"),
        *("a server that the zone alone names dead", "a hidden primary silent"),
    ],
)
def test_a_full_examination_waits_no_longer(tree: Tree, most: float) -> None:
    assert waited(tree, brief(), CHECKS) < most
