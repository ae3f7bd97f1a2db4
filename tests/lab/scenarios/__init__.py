"""Every scenario of the lab."""

from __future__ import annotations

from tests.lab.plan import Plan
from tests.lab.scenario import Scenario
from tests.lab.scenarios import (
    connectivity,
    dns,
    extras,
    from_home,
    healthy,
    inward,
    local,
    loss,
    routing,
    service,
    several,
    sizes,
)

SCENARIOS: tuple[Scenario, ...] = (
    *healthy.SCENARIOS,
    *dns.SCENARIOS,
    *extras.SCENARIOS,
    *connectivity.SCENARIOS,
    *routing.SCENARIOS,
    *service.SCENARIOS,
    *local.SCENARIOS,
    *loss.SCENARIOS,
    *several.SCENARIOS,
    *sizes.SCENARIOS,
    *from_home.SCENARIOS,
    *inward.SCENARIOS,
)


def _open_zoo(plan: Plan) -> None:
    # To raise the animals takes seconds of computing, which other scenarios need not wait for.
    from tests.zoo import park

    park.open_zoo(plan)


ZOO = Scenario(name="zoo", truth="Many hosts misbehave, each in its own way.", faults=(_open_zoo,))


def by_name(name: str) -> Scenario:
    """A scenario, or the zoo. Raises `KeyError` for a name that neither has."""
    return {scenario.name: scenario for scenario in (*SCENARIOS, ZOO)}[name]
