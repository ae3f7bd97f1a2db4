"""Every decoder stands its corpus, and a second of new octets each."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parent.parent.parent
CORPUS = Path(__file__).parent / "corpus"
SECONDS = os.environ.get("FUZZ_SECONDS", "1")
SEED = os.environ.get("FUZZ_SEED", "1")
"""A change is judged by what it changes, not by luck. `FUZZ_SEED=0` looks elsewhere each time."""

SHARES = 4


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_is_stood(name: str) -> None:
    files = sorted((CORPUS / name).iterdir())

    assert files
    for file in files:
        TARGETS[name](file.read_bytes())


def test_every_corpus_has_a_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == TARGETS.keys()


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris is not made for this platform"
)
@pytest.mark.parametrize("share", range(SHARES))
def test_a_second_of_fuzzing_each_finds_nothing(share: int, tmp_path: Path) -> None:
    """To instrument the code takes longer than to fuzz one target, so that many share it."""
    names = list(TARGETS)[share::SHARES]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--seconds", SECONDS, "--seed", SEED, *names],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120 + len(names) * float(SECONDS),
        check=False,
    )

    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
