"""Every scenario, as root and without any privilege: exactly its causes, and nothing else."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.lab import outside
from tests.lab.outside import Wish
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS

pytestmark = pytest.mark.lab

Record = dict[str, Any]


def diagnosed(scenario: Scenario, *, as_user: bool) -> tuple[Record, int]:
    """The record of `netdiag check` inside the scenario, and its exit status."""
    command = (sys.executable, "-m", "netdiag", "check", "--format", "json")
    done = outside.run(
        Wish(
            scenario=scenario.name,
            vantage=scenario.vantage,
            as_user=as_user,
            command=(*command, *scenario.arguments, scenario.target),
        )
    )
    assert done.stdout.startswith("{"), f"exit {done.returncode}\n{done.stderr}\n{done.stdout}"
    record: Record = json.loads(done.stdout)
    return record, done.returncode


@pytest.mark.parametrize("as_user", [False, True], ids=["root", "user"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario, as_user: bool) -> None:
    record, status = diagnosed(scenario, as_user=as_user)
    told = _told(record)
    crashed = [f["message"] for f in record["findings"] if f["outcome"] == "crashed"]
    assert crashed == []
    assert {c["code"] for c in record["causes"]} == {c.code for c in scenario.causes}, told
    for expected in scenario.causes:
        found = [c for c in record["causes"] if c["code"] == expected.code]
        if expected.owner:
            assert {c["owner"] for c in found} == {expected.owner}, told
        if expected.support:
            assert {c["support"] for c in found} == {expected.support}, told
    assert status == scenario.status, told


def _told(record: Record) -> str:
    """What a failed comparison shows of the record."""
    lines = [f"{c['code']} ({c['owner']}) {c['subject']}: {c['message']}" for c in record["causes"]]
    return "\n".join([f"{record['status']}: {record['summary']}", *lines])
