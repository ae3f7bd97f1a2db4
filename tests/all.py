"""Everything that must hold before a change lands: `./run test`.

Arguments go to pytest; with any given, only pytest runs.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
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
    failed = [] if arguments else [name for name, command in STEPS if not passes(name, command)]
    failed += [
        f"tests {shlex.join(chosen)}"
        for chosen in ([arguments] if arguments else TESTS)
        if not passes("tests", [sys.executable, "-m", "pytest", *chosen])
    ]
    for name in failed:
        print(f"FAILED: {name}")
    return 1 if failed else 0


def passes(name: str, command: Sequence[str]) -> bool:
    print(f"== {name}", flush=True)
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
