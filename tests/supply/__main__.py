"""`python -m tests.supply FOLDER`: the wheel and its bill of materials."""

from __future__ import annotations

import sys
from pathlib import Path

from tests import supply

if __name__ == "__main__":
    where = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    where.mkdir(parents=True, exist_ok=True)
    print(supply.wheel(where))
    print(supply.bill_of_materials(where))
