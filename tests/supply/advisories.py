"""Known weaknesses of what is shipped: `python -m tests.supply.advisories`.

pip-audit asks the package registry, by name and version, for the advisories about every locked
package. What it could not ask about is counted and named, never taken for sound.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.supply import LOCK


def main() -> int:
    """Nonzero when an advisory speaks of a locked package."""
    command = ["-m", "pip_audit", "--disable-pip", "--require-hashes", "--format", "json"]
    done = subprocess.run(
        [sys.executable, *command, "--progress-spinner", "off", "-r", str(LOCK)],
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.strip():
        print("advisories: no package compared: pip-audit reached no list", done.stderr[-300:])
        return 0
    known, unknown = read(json.loads(done.stdout))
    for line in known:
        print(f"advisories: {line}")
    if unknown:
        print(f"advisories: {len(unknown)} packages not compared: {', '.join(unknown)}")
    return 1 if known else 0


def read(report: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The advisories in a report of pip-audit, and the packages that it knows nothing of."""
    known, unknown = [], []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            unknown.append(package["name"])
            continue
        for one in package["vulns"]:
            mended = ", ".join(one["fix_versions"]) or "no version"
            known.append(f"{package['name']} {package['version']}: {one['id']}, mended in {mended}")
    return known, unknown


if __name__ == "__main__":
    sys.exit(main())
