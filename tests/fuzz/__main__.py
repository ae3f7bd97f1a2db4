"""One target, fuzzed with coverage for some seconds: `python -m tests.fuzz TARGET [SECONDS]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 4096


def main(name: str, seconds: str = "10", seed: str = "0") -> None:
    """`seed` 0 is a new one each time; with another, a run takes the same course again."""
    with atheris.instrument_imports(include=["netdiag", "checks"]):
        from tests.fuzz.targets import TARGETS
    with tempfile.TemporaryDirectory() as scratch:
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-verbosity=0"]
        options.append(f"-seed={seed}")
        # What is new goes to the first folder; the committed one is only read.
        folders = [scratch, str(CORPUS / name)]
        atheris.Setup([sys.argv[0], *options, *folders], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
