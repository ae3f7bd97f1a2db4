"""The files that are generated: `python -m tests.generate` writes them, `--check` compares them.

- `docs/record.schema.json` from the record's types
- `docs/read-only.md` from the review of each kind of request
- `docs/guards.md` from the system calls that the guards refuse
- `docs/checks/*.md` from the checks' docstrings
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from checks.catalogue import CATALOGUE
from netdiag import readonly, record
from netdiag.guards import page as guards
from reports import catalogue

DOCS = Path(__file__).parent.parent / "docs"


def wanted() -> dict[Path, str]:
    """Every generated file with the text it should have."""
    files = {DOCS / "record.schema.json": json.dumps(record.schema(), indent=1) + "\n"}
    files[DOCS / "read-only.md"] = readonly.page()
    files[DOCS / "guards.md"] = guards.page()
    for check in CATALOGUE.checks:
        files[DOCS / "checks" / f"{check.id}.md"] = catalogue.page(check)
    return files


def stale(files: dict[Path, str]) -> list[Path]:
    """Files that differ from what they should be, or should not be there."""
    differing = [p for p, text in files.items() if not p.is_file() or p.read_text() != text]
    return differing + [p for p in (DOCS / "checks").glob("*.md") if p not in files]


def main() -> int:
    files = wanted()
    old = stale(files)
    if "--check" in sys.argv:
        for path in old:
            print(f"stale: {path.relative_to(DOCS.parent)} (run: python -m tests.generate)")
        return 1 if old else 0
    for path in old:
        if path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(files[path])
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
