"""Each simulated tree gets the tags that Zonemaster's specifications prescribe, and no other."""

import pytest

from reports.crosswalk import zonemaster_tags
from tests.world.zonemaster import denial, zone
from tests.world.zonemaster.scenario import LEVELS, Scenario, said

MODULES = {"denial": denial, "zone": zone}
CASES = {case: tags for module in MODULES.values() for case, tags in module.CASES.items()}
SCENARIOS = [one for module in MODULES.values() for one in module.SCENARIOS]
COMPLETE: tuple[str, ...] = ()
"""The modules of Zonemaster of which every tag that matters has its scenario."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_the_tags_are_the_prescribed_ones(scenario: Scenario) -> None:
    assert said(scenario, CASES) == scenario.says


def test_no_scenario_expects_what_its_case_never_says() -> None:
    strange = {s.title: t for s in SCENARIOS for c, t in s.says.items() if not t <= CASES[c]}

    assert strange == {}


def test_every_tag_that_matters_has_its_scenario() -> None:
    unstaged = {name: _matter(name) - _staged(name) for name in COMPLETE}

    assert unstaged == {name: set() for name in COMPLETE}
    assert {name: _known(name) for name in COMPLETE} == {name: _listed(name) for name in COMPLETE}


def _matter(module: str) -> set[str]:
    return {t.name for t in zonemaster_tags() if t.name in _known(module) and t.level in LEVELS}


def _known(module: str) -> set[str]:
    return {t.name for t in zonemaster_tags() if t.module == module and "8.1.0" in t.versions}


def _listed(module: str) -> set[str]:
    return {tag for tags in MODULES[module].CASES.values() for tag in tags}


def _staged(module: str) -> set[str]:
    return {t for s in MODULES[module].SCENARIOS for tags in s.says.values() for t in tags}
