"""The three that examine a zone, and what each says of it as a set of names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.cross.internet import ZONE
from tests.cross.serve import FOLDER

PATIENCE = 150.0
"""Seconds until an examiner counts as stuck: dnsviz waits minutes where all servers are silent."""

NAME = ZONE.rstrip(".")
DONE = "done"
"""Among the names that an examiner says once it has come to its end."""

QUICK = {"resolver": {"defaults": {"retry": 1, "retrans": 1, "timeout": 2}}}
"""Everything is near: what is not answered within a second will not be."""


@dataclass(frozen=True, slots=True)
class Examination:
    """`says` has each name with its severity; empty where the examiner failed or took too long."""

    name: str
    seconds: float
    says: dict[str, str]


def _run(command: list[str]) -> tuple[float, str]:
    started = time.monotonic()
    environment = {**os.environ, "HOME": str(FOLDER), "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return time.monotonic() - started, ""
    return time.monotonic() - started, done.stdout


def netdiag() -> Examination:
    words = ["dns", NAME, "--format", "json", "--root-hints", str(FOLDER / "hints")]
    words += ["--trust-anchor", str(FOLDER / "anchor"), "--timeout", str(PATIENCE)]
    seconds, text = _run([sys.executable, "-m", "netdiag", *words])
    return Examination("netdiag", seconds, said_by_netdiag(json.loads(text)) if text else {})


def said_by_netdiag(record: dict[str, Any]) -> dict[str, str]:
    """The other names of all findings, `code:` before our own of each problem."""
    found = {}
    for finding in record["findings"]:
        for other in finding["equivalents"]:
            found[other] = finding["severity"]
        if finding["outcome"] in {"problem", "inconclusive", "crashed"}:
            found[f"code:{finding['code']}"] = finding["severity"]
    return found


def zonemaster() -> Examination:
    profile = FOLDER / "profile.json"
    profile.write_text(json.dumps(QUICK))
    words = ["--json", "--no-progress", "--level", "INFO", "--hints", str(FOLDER / "hints")]
    command = ["zonemaster-cli", *words, "--profile", str(profile), NAME]
    seconds, text = _run(command)
    says = {DONE: ""} | said_by_zonemaster(text) if text else {}
    return Examination("zonemaster", seconds, says)


def said_by_zonemaster(text: str) -> dict[str, str]:
    """The tags with their levels; the last line is the JSON array, whatever was told before."""
    lines = [line for line in text.splitlines() if line.startswith("[")]
    entries = json.loads(lines[-1]) if lines else []
    return {f"zonemaster:{entry['tag']}": entry["level"] for entry in entries}


def dnsviz() -> Examination:
    probed, graded = FOLDER / "probed.json", FOLDER / "graded.json"
    seconds, _ = _run(["dnsviz", "probe", "-A", "-a", ".", "-o", str(probed), NAME])
    if not probed.exists() or not probed.stat().st_size:
        return Examination("dnsviz", seconds, {})
    # Debian's takes no trust anchor with Debian's pygraphviz: it lacks the state of the chain then,
    # and no error.
    more, _ = _run(["dnsviz", "grok", "-l", "info", "-r", str(probed), "-o", str(graded)])
    text = graded.read_text() if graded.exists() else ""
    says = {DONE: ""} | said_by_dnsviz(json.loads(text)) if text else {}
    return Examination("dnsviz", seconds + more, says)


def said_by_dnsviz(graded: dict[str, Any]) -> dict[str, str]:
    """The codes of errors and warnings about the zone and the names in it."""
    mine = [value for key, value in graded.items() if key.rstrip(".").endswith(NAME)]
    return {f"dnsviz:{code}": kind for code, kind in _codes(mine)}


def _codes(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for one in value:
            yield from _codes(one)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in {"errors", "warnings"} and isinstance(inner, list):
                yield from ((str(one["code"]), key) for one in inner if "code" in one)
            yield from _codes(inner)


PEERS = (zonemaster, dnsviz)
"""Those that netdiag is compared with."""
