"""Each simulated tree gets the tags that Zonemaster's specifications prescribe, and no other."""

import pytest

from reports.crosswalk import zonemaster_tags
from tests.world.zonemaster import (
    address,
    basic,
    connectivity,
    consistency,
    delegation,
    denial,
    nameserver,
    syntax,
    zone,
)
from tests.world.zonemaster.scenario import LEVELS, Scenario, said

MODULES = (
    address,
    basic,
    connectivity,
    consistency,
    delegation,
    denial,
    nameserver,
    syntax,
    zone,
)
CASES = {case: tags for module in MODULES for case, tags in module.CASES.items()}
SCENARIOS = [one for module in MODULES for one in module.SCENARIOS]
UNSTAGEABLE = {("zone09", "Z09_ROOT_EMAIL_DOMAIN")}
"""The root is no target."""

WHOLE = ("address", "basic", "consistency", "delegation", "nameserver", "syntax", "zone")
"""The modules of Zonemaster of which all test cases are here."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_the_tags_are_the_prescribed_ones(scenario: Scenario) -> None:
    assert said(scenario, CASES) == scenario.says


def test_no_scenario_expects_what_its_case_never_says() -> None:
    strange = {s.title: t for s in SCENARIOS for c, t in s.says.items() if not t <= CASES[c]}

    assert strange == {}


def test_every_tag_that_matters_has_its_scenario() -> None:
    levels = {tag.name: tag.level for tag in zonemaster_tags()}
    staged = {(case, tag) for s in SCENARIOS for case, tags in s.says.items() for tag in tags}
    listed = {(case, tag) for case, tags in CASES.items() for tag in tags}

    assert {(c, t) for c, t in listed - staged if levels[t] in LEVELS} == UNSTAGEABLE


def test_the_cases_of_a_whole_module_have_all_of_its_tags() -> None:
    known = {t.name for t in zonemaster_tags() if t.module in WHOLE and "8.1.0" in t.versions}
    listed = {tag for tags in CASES.values() for tag in tags}

    assert known <= listed
    assert {t for t in listed if not any(t == tag.name for tag in zonemaster_tags())} == set()
