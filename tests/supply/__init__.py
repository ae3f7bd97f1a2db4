"""What is shipped: the wheel and the list of what it is made of.

`python -m tests.supply FOLDER` writes both. The wheel is the same to the octet wherever it is built
from the same commit; the list (CycloneDX) has every locked package with its hashes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LOCK, TEST_LOCK = ROOT / "requirements.lock", ROOT / "requirements-test.lock"

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def locked(path: Path) -> dict[str, str]:
    """Name and version of every package of a lock file."""
    return dict(_PINNED.findall(path.read_text()))


def wheel(folder: Path, source: Path = ROOT) -> Path:
    """Build the wheel of the tree at `source` into `folder`."""
    stamp = _git(source, "log", "-1", "--format=%ct") or "315532800"
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder.absolute())],
        cwd=source,
        env={**os.environ, "SOURCE_DATE_EPOCH": stamp},
        capture_output=True,
        check=True,
    )
    return next(folder.glob("*.whl"))


def bill_of_materials(folder: Path) -> Path:
    """Write the CycloneDX list of what an installation consists of."""
    to = folder / "netdiag.cdx.json"
    command = ["requirements", str(LOCK), "--pyproject", str(ROOT / "pyproject.toml")]
    command += ["--of", "JSON", "--output-reproducible", "-o", str(to)]
    subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", *command], capture_output=True, check=True
    )
    return to


def _git(source: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(source), *words], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
