"""What the guards cost at start: `python -m tests.bench.guards [RUNS]`.

Each figure is of a fresh process: milliseconds from before their modules are imported until all are
engaged, for a command that uses the network and for one that only reads a file.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from tests.bench.__main__ import PYTHON, ROOT

ONE = """
import time, {known}
started = time.perf_counter()
from netdiag.guards.engage import engage
from netdiag.guards.guard import Allowances
engage(Allowances(network={network}))
print((time.perf_counter() - started) * 1e3)
"""
KNOWN = "click, pathlib, dataclasses, typing, tempfile, platform"
"""What every command has imported by then."""


def cost(*, network: bool) -> float:
    """Milliseconds, once."""
    run = subprocess.run(
        [PYTHON, "-c", ONE.format(known=KNOWN, network=network)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout)


def main(runs: int) -> None:
    for title, network in (("with the network", True), ("reading a file", False)):
        times = sorted(cost(network=network) for _ in range(runs))
        print(
            f"{title:20} median {statistics.median(times):5.1f} ms, "
            f"{times[0]:.1f} to {times[-1]:.1f} ms in {runs} runs"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
