"""A table of figures, one line a visit: `python -m tests.zoo [--user] [NAME...]`.

With --findings also what each visit found.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.zoo.animal import BYSTANDERS
from tests.zoo.animals import ANIMALS, by_name
from tests.zoo.tour import Visit, opened

AT_ONCE = 4


def main(arguments: Sequence[str]) -> None:
    names = [word for word in arguments if not word.startswith("--")]
    names = names or [animal.name for animal in ANIMALS]
    print(f"{'animal':24} {'seconds':>8} {'busy':>6} {'MiB':>6} {'packets':>8}  causes")
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(Path(folder), as_user="--user" in arguments) as zoo,
    ):
        done = [_row(visit) for visit in zoo.visits(names, AT_ONCE)]
    seconds, busy, octets = (max(column) for column in zip(*done, strict=True))
    print(f"{'the most':24} {seconds:8.2f} {busy:6.2f} {octets / 2**20:6.1f}")


def _row(visit: Visit) -> tuple[float, float, int]:
    record = json.loads(visit.record) if visit.record else {}
    found = {cause["code"] for cause in record.get("causes", [])}
    crashed = any(f["outcome"] == "crashed" for f in record.get("findings", []))
    expected = by_name(visit.name).causes
    complaint = "" if record else visit.complained.strip()[-300:]
    mark = "" if found - BYSTANDERS == expected else f"  NOT {' '.join(sorted(expected)) or 'none'}"
    print(
        f"{visit.name:24} {visit.seconds:8.2f} {visit.busy:6.2f} {visit.octets / 2**20:6.1f}"
        f" {record.get('sent', {}).get('packets', 0):8}  {' '.join(sorted(found)) or 'none'}"
        f"{'  CRASHED' if crashed else ''}{mark}{complaint}",
        flush=True,
    )
    if "--findings" in sys.argv:
        for finding in record.get("findings", []):
            if finding["outcome"] != "ok":
                print(f"    {finding['outcome']:12} {finding['code']}: {finding['message']}")
    return visit.seconds, visit.busy, visit.octets


if __name__ == "__main__":
    main(sys.argv[1:])
