"""What holds for all tests: the lab's are left out where it cannot run, and that is said."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How long an example takes says something of the machine, not of what is tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

LEFT_OUT = pytest.StashKey[tuple[int, str]]()


def lab_obstacle() -> str:
    """Why the lab cannot run here, with what to do; empty where it can."""
    from tests.lab.needs import missing

    packages = missing()
    if packages:
        return f"to run them: apt-get install {' '.join(packages)}"
    if os.geteuid() == 0:
        return ""
    limit = Path("/proc/sys/user/max_user_namespaces")
    if not limit.exists() or limit.read_text().strip() == "0":
        return "to run them: allow user namespaces (sysctl user.max_user_namespaces) or be root"
    return ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lab = [item for item in items if item.get_closest_marker("lab")]
    obstacle = lab_obstacle() if lab else ""
    if not obstacle:
        return
    config.stash[LEFT_OUT] = (len(lab), obstacle)
    config.hook.pytest_deselected(items=lab)
    items[:] = [item for item in items if item not in set(lab)]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Only the workers of a parallel run collect; what one left out, all did."""
    told = getattr(node, "workeroutput", {}).get("left_out")
    if told:
        number, obstacle = told
        node.config.stash[LEFT_OUT] = (int(number), str(obstacle))


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None and LEFT_OUT in session.config.stash:
        number, obstacle = session.config.stash[LEFT_OUT]
        output["left_out"] = [number, obstacle]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if LEFT_OUT in config.stash:
        number, obstacle = config.stash[LEFT_OUT]
        terminalreporter.write_line(f"NOT RUN: {number} lab tests ({obstacle})")
