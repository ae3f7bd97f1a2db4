"""Targets, fuzzed with coverage: `python -m tests.fuzz [--seconds S] [--seed N] TARGET...`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4096


def main(arguments: list[str]) -> int:
    """Fuzz one after the other, each in a process of its own: what is instrumented once serves all.
    Stops at the first that falls."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="for each target")
    parser.add_argument(
        "--seed", type=int, default=0, help="0: a new one each time; else the same course again"
    )
    parser.add_argument("names", nargs="+", metavar="TARGET")
    asked = parser.parse_args(arguments)
    with atheris.instrument_imports(include=["netdiag", "checks"]):
        from tests.fuzz.targets import TARGETS
    for name in asked.names:
        child = os.fork()
        if child == 0:
            fuzz(name, TARGETS[name], asked.seconds, asked.seed)
        if status := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            print(f"{name}: ended with {status}", file=sys.stderr)
            return 1
    return 0


def fuzz(name: str, target: Callable[[bytes], None], seconds: int, seed: int) -> None:
    """Never returns: the fuzzer ends the process."""
    with tempfile.TemporaryDirectory() as scratch:
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-verbosity=0"]
        options.append(f"-seed={seed}")
        # What is new goes to the first folder; the committed one is only read.
        folders = [scratch, str(CORPUS / name)]
        atheris.Setup([sys.argv[0], *options, *folders], target)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
