"""Examines one configuration in this namespace: `python -m tests.cross.inside SEED [FAULTS]`.

Prints one JSON object: what each examiner said, by name, and how long it took.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.cross import examiners, serve
from tests.cross.configuration import at_random
from tests.lab import linux
from tests.lab.inside import assert_no_way_out

HINTS_OF_DNSVIZ = Path("/usr/share/dnsviz/hints/named.root")


def main(seed: int, faults: str | None) -> None:
    linux.die_with_parent()
    assert_no_way_out()
    linux.mount("tmpfs", Path("/run"), "tmpfs")
    linux.mount("tmpfs", Path("/tmp"), "tmpfs")
    configuration = at_random(seed)
    if faults is not None:
        named = tuple(name for name in faults.split(",") if name)
        configuration = replace(configuration, faults=named)
    serve.start(configuration.stage())
    linux.bind(serve.FOLDER / "hints", HINTS_OF_DNSVIZ)
    resolver = serve.FOLDER / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\n")
    linux.bind(resolver, Path("/etc/resolv.conf").resolve())
    linux.enter(serve.CLIENT)
    runs = [examiners.netdiag()]
    with ThreadPoolExecutor(initializer=linux.enter, initargs=(serve.CLIENT,)) as pool:
        runs += pool.map(lambda examine: examine(), examiners.PEERS)
    said = {run.name: {"seconds": round(run.seconds, 2), "says": run.says} for run in runs}
    print(json.dumps({"configuration": configuration.text, "faults": configuration.faults} | said))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
    sys.stdout.flush()
    os._exit(0)
