"""The first process of the lab's namespaces: builds the plan, runs the command, and ends with it.

Its end is the lab's end: the kernel kills every server with it, and the namespaces go with them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.lab import build, certificates, host, linux, recorder, services, vantage, wire
from tests.lab.outside import HOME_NAMESPACE, Wish
from tests.lab.plan import Plan
from tests.lab.scenarios import by_name
from tests.lab.services import FOLDER

FAILED = 70


class ChangedError(RuntimeError):
    """The command did not leave its machine as it was."""


class WayOutError(RuntimeError):
    """The lab is not cut off from the network outside, so it must not start."""


def begin(
    wishes: Sequence[Wish],
    start: vantage.Start = vantage.start,
    launch: services.Launch = services.launch,
) -> int:
    """Run the commands one after another where the first one's scenario is staged. The exit status
    of the last, 70 where the lab itself failed."""
    try:
        plan = _up(wishes[0], launch)
        return [_run(wish, plan, start) for wish in wishes][-1]
    except (build.BuildError, services.BrokenServiceError, ChangedError, WayOutError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return FAILED


def _up(wish: Wish, launch: services.Launch) -> Plan:
    """The plan, carried out."""
    linux.die_with_parent()
    assert_no_way_out()
    plan = Plan()
    by_name(wish.scenario).stage(plan)
    plan.delay_ms = wish.delay_ms or plan.delay_ms
    linux.mount("tmpfs", Path("/run"), "tmpfs")
    build.build(plan)
    certificates.issue(plan.certificates, FOLDER / "certificates")
    wire.start(plan)
    services.start(list(services.planned(plan)), launch)
    # Ctrl-C is the command's; a handler, unlike SIG_IGN, is not inherited by it.
    signal.signal(signal.SIGINT, lambda *_: None)
    return plan


def _run(wish: Wish, plan: Plan, start: vantage.Start) -> int:
    ready = vantage.prepare(wish.vantage, plan)
    move_in = vantage.moving_in(wish.vantage, ready)

    def run() -> int:
        return start(wish, move_in)

    return watched(wish, run) if wish.capture else run()


def watched(wish: Wish, run: Callable[[], int]) -> int:
    """Run the command with its packets captured. Raises where the machine is not left as it was."""
    before = host.state(wish.vantage, vantage.FOLDERS)
    with recorder.recording(wish.vantage, Path(wish.capture)):
        status = run()
    if changed := host.changes(before, host.state(wish.vantage, vantage.FOLDERS)):
        raise ChangedError("the command changed its machine:\n" + "\n".join(changed))
    return status


def assert_no_way_out() -> None:
    """Raise unless this network namespace is a new one: no route, and no device that is up."""
    if str(Path("/proc/self/ns/net").readlink()) == os.environ.get(HOME_NAMESPACE, ""):
        raise WayOutError("this is still the network namespace of the machine")
    routes = Path("/proc/net/route").read_text().splitlines()[1:]
    up = subprocess.run(["ip", "-o", "link", "show", "up"], capture_output=True, check=True)
    if routes or up.stdout:
        raise WayOutError("this network namespace has routes or devices that are up")


if __name__ == "__main__":
    sys.exit(begin([Wish.parse(sys.argv[1:])]))
