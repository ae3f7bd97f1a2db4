"""What a guarded process must not do is tried, under each layer alone and under none."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from netdiag.guards import kernel, landlock, seccomp
from tests.guards import attempts
from tests.lab import needs
from tests.lab.outside import ROOT, environment

pytestmark = pytest.mark.lab

Found = Mapping[str, str]

NOT_SEEN_BY_PYTHON = {
    "make a pipe",
    "set limits of another process",
    "serve",
    "capture packets",
    "speak to virtual machines",
    "speak MPTCP",
    "speak to the firewall's netlink",
    "join a group",
    "join a group (IPv6)",
    "send in the opening packet",
    "switch an interface",
    "add an address",
    "add a route",
    "type on the terminal",
}
"""Python tells its hook nothing of these, or too little; docs/guards.md says so."""

OF_NO_USER = {"setgroups", "userfaultfd", "perf_event_open"}
"""Calls that a kernel may refuse to all but the superuser, so that a guard shows no difference."""


def found_under(mode: str, folder: Path) -> Found:
    """What became of each attempt, in namespaces of its own: a superuser's there."""
    unshare = [needs.find("unshare") or "unshare", "--user", "--map-root-user", "--net", "--ipc"]
    inside = [sys.executable, "-m", "tests.guards.attempts", mode, str(folder)]
    run = subprocess.run(
        [*unshare, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *inside],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(run.stdout))


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return found_under("none", tmp_path_factory.mktemp("none"))


def test_without_guards_nothing_is_refused(unguarded: Found) -> None:
    refused = {name for name, became in unguarded.items() if became in {"refused", "ended"}}

    assert refused <= OF_NO_USER
    assert unguarded["create a file"] == unguarded["add a route"] == "done"
    assert unguarded["start a program"] == unguarded["capture packets"] == "done"


def test_the_kernel_refuses_everything(tmp_path: Path) -> None:
    found = dict(found_under("kernel", tmp_path))
    if landlock.version() < 4:
        # Only Landlock sees which port is bound.
        assert found.pop("bind a TCP port") == "done"
    ending = set(attempts.calls("ends"))

    assert {name for name, became in found.items() if became == "ended"} == ending
    assert {name for name, became in found.items() if became != "refused"} == ending
    assert set(attempts.calls("refused")) <= set(found)


def test_without_landlock_the_filter_guards_files_too(tmp_path: Path) -> None:
    found = found_under("files", tmp_path)

    assert {name for name, became in found.items() if became != "refused"} == {"bind a TCP port"}


def test_the_hook_refuses_what_python_tells_of(tmp_path: Path) -> None:
    found = found_under("hook", tmp_path)

    assert {name for name, became in found.items() if became != "refused"} == NOT_SEEN_BY_PYTHON


def test_files_stay_as_they_were(tmp_path: Path) -> None:
    found_under("kernel", tmp_path)

    victims = list(tmp_path.glob("*/victim"))
    assert len(victims) > 100
    assert {victim.read_text() for victim in victims} == {"kept"}
    assert list(tmp_path.glob("*/other")) == []


def test_no_call_is_treated_in_two_ways() -> None:
    names = [name for rule in seccomp.RULES for name in rule.calls]

    assert len(names) == len(set(names))
    for column in range(len(kernel.MACHINES)):
        numbers = [n[column] for rule in seccomp.RULES for n in rule.calls.values()]
        known = [number for number in numbers if number is not None]
        assert len(known) == len(set(known))
