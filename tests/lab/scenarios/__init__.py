"""Every scenario of the lab."""

from __future__ import annotations

from tests.lab.scenario import Scenario
from tests.lab.scenarios import healthy

SCENARIOS: tuple[Scenario, ...] = (*healthy.SCENARIOS,)


def by_name(name: str) -> Scenario:
    """Raises `KeyError` for a name that no scenario has."""
    return {scenario.name: scenario for scenario in SCENARIOS}[name]
