"""Visits animals from the lab's desk: reads names, one a line, and writes one JSON line for each.

python -m tests.zoo.visitor FOLDER
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.zoo.animals import by_name

PATIENCE = 60.0
"""Seconds after which a run that does not end is killed, to be told of instead of waited for."""

_writing = threading.Lock()


def visit(name: str, folder: Path) -> None:
    """One run of netdiag, measured; what it prints goes to files.

    Nothing is kept here: what Linux says of a process's memory is never less than what the process
    that started it had.
    """
    animal = by_name(name)
    record, out, err = (folder / f"{name}.{kind}" for kind in ("json", "out", "err"))
    command = ["netdiag", "check", *animal.arguments, "--output", str(record), animal.aim]
    if animal.config:
        config = folder / f"{name}.toml"
        config.write_text(animal.config)
        command += ["--config", str(config)]
    with out.open("wb") as printed, err.open("wb") as complained:
        started = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=printed, stderr=complained
        )
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        killer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    told = {
        "name": name,
        "status": process.returncode,
        "seconds": round(seconds, 3),
        "busy": round(usage.ru_utime + usage.ru_stime, 3),
        "octets": usage.ru_maxrss * 1024,
    }
    with _writing:
        print(json.dumps(told), flush=True)


def main(folder: str) -> None:
    for line in sys.stdin:
        threading.Thread(target=visit, args=(line.strip(), Path(folder))).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
