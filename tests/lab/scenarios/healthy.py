"""Nothing is wrong, also where it may look so."""

from __future__ import annotations

from tests.lab.scenario import Scenario

SCENARIOS = (Scenario(name="healthy", truth="Nothing is wrong."),)
