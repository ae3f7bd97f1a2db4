"""`python -m tests.cross run` and `table`, as the package says."""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.cross import compare
from tests.cross.configuration import at_random
from tests.lab import outside

EXAMINERS = ("netdiag", "zonemaster", "dnsviz")
SECONDS = 600


def main(arguments: Sequence[str]) -> int:
    wish = _parser().parse_args(arguments)
    if wish.action == "table":
        _show([json.loads(path.read_text()) for folder in wish.folders for path in _saved(folder)])
        return 0
    if lacking := [name for name in ("zonemaster-cli", "dnsviz") if shutil.which(name) is None]:
        print(f"cross: not installed: {', '.join(lacking)}", file=sys.stderr)
        return 69
    wish.out.mkdir(parents=True, exist_ok=True)
    # As an installed netdiag has it, whatever the environment says of writing byte code.
    for folder in ("netdiag", "checks", "reports", "tests/cross", "tests/lab"):
        compileall.compile_dir(outside.ROOT / folder, quiet=1)
    with ThreadPoolExecutor(wish.lanes) as pool:
        seeds = range(wish.seed, wish.seed + wish.count)
        jobs = pool.map(lambda seed: _examine(seed, wish.faults, wish.out), seeds)
        _show([run for run in jobs if run])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.cross", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", help="examine configurations of consecutive seeds")
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--count", type=int, default=10)
    run.add_argument("--lanes", type=int, default=1, help="configurations at a time")
    run.add_argument("--faults", help="these instead of those of the seed, separated by commas")
    run.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "netdiag-cross")
    again = actions.add_parser("table", help="compare what was saved before")
    again.add_argument("folders", type=Path, nargs="+")
    return parser


def _saved(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _examine(seed: int, faults: str | None, out: Path) -> dict[str, Any] | None:
    names = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    names += ["--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"]
    inside = [sys.executable, "-m", "tests.cross.inside", str(seed)]
    words = ["setpriv", "--pdeathsig", "KILL", "unshare", *names, *inside]
    try:
        done = subprocess.run(
            words if faults is None else [*words, faults],
            env=dict(outside.environment()),
            cwd=outside.ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"{at_random(seed).text}: not done in {SECONDS} s", file=sys.stderr, flush=True)
        return None
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        print(f"{at_random(seed).text}: failed: {last}", file=sys.stderr, flush=True)
        return None
    run: dict[str, Any] = json.loads(done.stdout)
    (out / f"{seed:06}.json").write_text(done.stdout)
    print(run["configuration"], *(run[name]["seconds"] for name in EXAMINERS), flush=True)
    return run


def _show(runs: Sequence[Mapping[str, Any]]) -> None:
    print(compare.table(runs, compare.verdicts()))
    print("said of zones without a fault")
    print("\n".join(f"  {line}" for line in compare.blamed_without_fault(runs)))
    for name in EXAMINERS if runs else ():
        took = [run[name]["seconds"] for run in runs]
        print(f"{name:10} median {statistics.median(took):.1f} s, longest {max(took):.1f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
