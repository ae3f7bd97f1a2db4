"""Everything that must hold before a change lands: `./run test`.

Arguments go to pytest; with any given, only pytest runs.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

STEPS: Sequence[tuple[str, Sequence[str]]] = (
    ("lint", [str(BIN / "ruff"), "check", "--quiet"]),
    ("format", [str(BIN / "ruff"), "format", "--check", "--quiet"]),
    ("types", [str(BIN / "mypy")]),
    ("import contracts", [str(BIN / "lint-imports"), "--no-cache"]),
    ("generated files", [sys.executable, "-m", "tests.generate", "--check"]),
    ("advisories", [sys.executable, "-m", "tests.supply.advisories"]),
)
TESTS: Sequence[Sequence[str]] = (
    ("-m", "not alone", "-n", "6", "--dist", "worksteal", "-q"),
    ("-m", "alone", "-q"),
)


def main(arguments: Sequence[str]) -> int:
    """Run every step, the tests last; nonzero when any of them failed."""
    failed = [] if arguments else failing_steps()
    for chosen in [arguments] if arguments else TESTS:
        print("== tests", flush=True)
        if subprocess.run(
            [sys.executable, "-m", "pytest", *chosen], cwd=ROOT, check=False
        ).returncode:
            failed.append(f"tests {shlex.join(chosen)}")
    for name in failed:
        print(f"FAILED: {name}")
    return 1 if failed else 0


def failing_steps() -> list[str]:
    """The names of the steps that fail; two run at a time, and what they say comes in order."""
    with ThreadPoolExecutor(2) as pool:
        commands = (command for _, command in STEPS)
        return [
            name
            for (name, _), (status, said) in zip(STEPS, pool.map(ended, commands), strict=True)
            if told(name, status, said)
        ]


def ended(command: Sequence[str]) -> tuple[int, str]:
    """Exit status and all that was said."""
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


def told(name: str, status: int, said: str) -> bool:
    """Print what a step said; whether it failed."""
    print(f"== {name}\n{said}", end="", flush=True)
    return status != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
