"""What holds for all tests: the lab's are left out where it cannot run, and that is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    left_out = config.stash.get(LEFT_OUT, None)
    if left_out is None and getattr(config, "workerinput", None) is None:
        left_out = _counted_by_controller(config)
    if left_out:
        number, obstacle = left_out
        terminalreporter.write_line(f"NOT RUN: {number} lab tests ({obstacle})")


def _counted_by_controller(config: pytest.Config) -> tuple[int, str] | None:
    """With xdist only the workers collect; the reason still has to be said once."""
    if not config.getoption("numprocesses", None):
        return None
    obstacle = lab_obstacle()
    return (_lab_tests(config), obstacle) if obstacle else None


def _lab_tests(config: pytest.Config) -> int:
    from tests.lab.scenarios import SCENARIOS

    return 2 * len(SCENARIOS)
