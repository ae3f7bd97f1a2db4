"""Visits animals from the lab's desk: reads names, one a line, and writes one JSON line for each.

    python -m tests.zoo.visitor FOLDER
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.zoo.animals import by_name

PATIENCE = 60.0
"""Seconds after which a run that does not end is killed, to be told of instead of waited for."""

_writing = threading.Lock()


def visit(name: str, folder: Path) -> None:
    """One run of netdiag, measured. Writes what it printed, its record, seconds and octets."""
    animal = by_name(name)
    file = folder / f"{name}.json"
    command = ["netdiag", "check", *animal.arguments, "--output", str(file), animal.aim]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        _, status, usage = os.wait4(process.pid, 0)
        killer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        texts = [_read(one.fileno()) for one in (out, err)]
    told = {
        "name": name,
        "status": process.returncode,
        "seconds": round(seconds, 3),
        "busy": round(usage.ru_utime + usage.ru_stime, 3),
        "octets": usage.ru_maxrss * 1024,
        "printed": texts[0],
        "complained": texts[1],
        "record": file.read_text() if file.exists() else "",
    }
    with _writing:
        print(json.dumps(told), flush=True)


def _read(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read().decode("utf-8", "backslashreplace")


def main(folder: str) -> None:
    for line in sys.stdin:
        threading.Thread(target=visit, args=(line.strip(), Path(folder))).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
