"""Figures, run by hand: `python -m tests.bench [RUNS]`.

Commands are timed as whole processes, in turn with their peer so that a drifting machine hurts both
alike; the medians and the ratio are printed. Nothing here passes or fails.
"""

from __future__ import annotations

import compileall
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PYTHON = sys.executable
TARGET = "www.customer.example"
ZONE = "customer.example"
ZONEMASTER = ("zonemaster-cli", "--no-progress", ZONE)
DNSVIZ = ("dnsviz", "probe", "-A", "-a", ".", ZONE)
ZONES = {
    "signed-from-the-root": ("a healthy signed zone", (ZONEMASTER, DNSVIZ)),
    "name-server-silent": ("a zone with a silent server", (ZONEMASTER, DNSVIZ)),
    "no-name-server-answers": ("a zone whose servers are all silent", (ZONEMASTER,)),
}
"""What is examined in which scenario, and against whom: not dnsviz where it takes minutes."""

BY_HAND = (
    f"dig +trace {TARGET}; dig {TARGET} AAAA; ping -c 1 {TARGET}; "
    f"curl -s -o /dev/null https://{TARGET}/; curl -s -o /dev/null http://{TARGET}/"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One run: wall-clock seconds, CPU seconds, peak resident MiB of the largest process."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str]) -> Figure:
    """Run `command` with its output thrown away and account for it."""
    started = time.perf_counter()
    child = os.posix_spawnp(
        command[0],
        list(command),
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    _, _, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    return Figure(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(title: str, ours: Sequence[str], peer: Sequence[str], runs: int) -> None:
    """Print both sides' medians and the median of the ratios, run by run."""
    run(ours), run(peer)
    pairs = [(run(ours), run(peer)) for _ in range(runs)]
    print(f"\n{title} ({runs} runs)")
    for name, side in (("netdiag", 0), ("peer", 1)):
        figures = [pair[side] for pair in pairs]
        wall = [figure.wall for figure in figures]
        cpu = statistics.median(figure.cpu for figure in figures)
        memory = statistics.median(figure.memory for figure in figures)
        print(
            f"  {name:8} wall {min(wall):.3f} {statistics.median(wall):.3f} {max(wall):.3f} s"
            f" (min median max), cpu {cpu:.3f} s, memory {memory:.0f} MiB"
        )
    ratio = statistics.median(ours.wall / peer.wall for ours, peer in pairs)
    print(f"  ratio    {ratio:.2f}")


def outside(runs: int) -> None:
    # As an installed netdiag has it, whatever the environment says of writing byte code.
    for package in ("netdiag", "checks", "reports"):
        compileall.compile_dir(ROOT / package, quiet=1)
    compare(
        "start: netdiag --version against python -c pass",
        [PYTHON, "-m", "netdiag", "--version"],
        [PYTHON, "-c", "pass"],
        3 * runs,
    )
    in_lab("healthy", "host", str(runs))
    for scenario in ZONES:
        in_lab(scenario, "zone", scenario, str(runs))


def in_lab(scenario: str, *words: str) -> None:
    lab = [PYTHON, "-m", "tests.lab", "run", "--user", "--scenario", scenario, "--delay", "20"]
    subprocess.run([*lab, "--", PYTHON, "-m", "tests.bench", *words], cwd=ROOT, check=True)


def host(runs: int) -> None:
    compare(
        "check of a healthy host, 20 ms one way, against the same by hand (dig, ping, curl)",
        [PYTHON, "-m", "netdiag", "check", TARGET],
        ["sh", "-c", BY_HAND],
        runs,
    )


def zone(scenario: str, runs: int) -> None:
    title, peers = ZONES[scenario]
    examine = [PYTHON, "-m", "netdiag", "dns", ZONE]
    for peer in peers:
        if shutil.which(peer[0]) is None:
            print(f"\nnot compared, since it is not installed: {peer[0]}")
            continue
        compare(f"{title} examined, 20 ms one way, against {peer[0]}", examine, peer, runs)


def main(arguments: Sequence[str]) -> None:
    os.chdir(ROOT)
    match arguments:
        case ["host", runs]:
            host(int(runs))
        case ["zone", scenario, runs]:
            zone(scenario, int(runs))
        case [runs]:
            outside(int(runs))
        case _:
            outside(5)


if __name__ == "__main__":
    main(sys.argv[1:])
