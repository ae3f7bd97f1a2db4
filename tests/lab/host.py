"""What a command on one of the lab's machines must leave as it was."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.lab import linux, needs

LISTENING, UNCONNECTED = "0A", "07"
_LISTENS = {"tcp": LISTENING, "tcp6": LISTENING, "udp": UNCONNECTED, "udp6": UNCONNECTED}

State = Mapping[str, frozenset[str]]


def state(node: str, folders: tuple[Path, ...]) -> State:
    """Addresses, routes, rules, permanent neighbours, firewall, listening sockets, processes, and
    the files in `folders`."""
    ip, nft = needs.find("ip") or "ip", needs.find("nft") or "nft"
    with linux.within(node):
        return {
            "links": _told(ip, "-o", "link", "show"),
            "addresses": _told(ip, "-o", "address", "show"),
            "routes": _told(ip, "route", "show", "table", "all"),
            "IPv6 routes": _told(ip, "-6", "route", "show", "table", "all"),
            "rules": _told(ip, "rule", "show"),
            "permanent neighbours": _told(ip, "neighbour", "show", "nud", "permanent"),
            "firewall": _told(nft, "--stateless", "list", "ruleset"),
            "listening sockets": _listening(),
            "processes": _processes(),
            "files": _files(folders),
        }


def changes(before: State, after: State) -> list[str]:
    """What is new or gone, one line each."""
    return [
        f"{what}: {sign} {line}"
        for what in before
        for sign, lines in (("-", before[what] - after[what]), ("+", after[what] - before[what]))
        for line in sorted(lines)
    ]


def _told(*command: str) -> frozenset[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return frozenset(done.stdout.splitlines())


def _listening() -> frozenset[str]:
    """Protocol and local address of each; a process of this thread's network namespace reads."""
    found = set()
    for name, wanted in _LISTENS.items():
        for line in Path(f"/proc/thread-self/net/{name}").read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == wanted:
                found.add(f"{name} {local}")
    return frozenset(found)


def _processes() -> frozenset[str]:
    """Number and name of every process of the lab but those that this one has just started."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found.add(f"{folder.name} {(folder / 'comm').read_text().strip()}")
        except OSError:
            continue
    return frozenset(found)


def _files(folders: tuple[Path, ...]) -> frozenset[str]:
    found = set()
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            told = path.lstat()
            found.add(f"{path} {told.st_mode:o} {told.st_size} {told.st_mtime_ns}")
    return frozenset(found)
