"""From an ordinary process into the lab: namespaces of its own, whoever calls."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab import needs, topology

ROOT = Path(__file__).parent.parent.parent
HOME_NAMESPACE = "LAB_HOME_NAMESPACE"
"""Tells the inside which network namespace is the machine's own."""

SHELL = ("sh", "+m")
"""Without job control: the terminal's process group lies outside, where a shell cannot see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to run, where in which scenario."""

    scenario: str = "healthy"
    vantage: str = "desk"
    as_user: bool = False
    delay_ms: float = 0.0
    capture: str = ""
    command: Sequence[str] = SHELL

    @property
    def words(self) -> list[str]:
        """The command line that `parse` reads."""
        words = ["--scenario", self.scenario, "--vantage", self.vantage]
        words += ["--user"] if self.as_user else []
        words += ["--capture", self.capture] if self.capture else []
        return [*words, "--delay", str(self.delay_ms), "--", *self.command]

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Wish:
        before, _, command = _split(arguments)
        found = wish_parser("lab run").parse_args(before)
        return cls(
            scenario=found.scenario,
            vantage=found.vantage,
            as_user=found.user,
            delay_ms=found.delay,
            capture=str(Path(found.capture).absolute()) if found.capture else "",
            command=command or SHELL,
        )


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], str, Sequence[str]]:
    if "--" not in arguments:
        return arguments, "", ()
    at = list(arguments).index("--")
    return arguments[:at], "--", arguments[at + 1 :]


def wish_parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, usage=f"{program} [OPTIONS] [-- COMMAND...]")
    parser.add_argument("--scenario", default="healthy", help="what is broken (see: list)")
    parser.add_argument("--vantage", default="desk", choices=topology.NODES, help="where from")
    parser.add_argument("--user", action="store_true", help="without any privilege")
    parser.add_argument("--delay", type=float, default=0.0, metavar="MS", help="one-way delay")
    parser.add_argument("--capture", default="", metavar="FILE", help="of the vantage's packets")
    return parser


def command_line(wish: Wish) -> list[str]:
    """The command that runs `wish`: it ends with its parent, and the lab with it."""
    unshare = [needs.find("setpriv") or "setpriv", "--pdeathsig", "KILL"]
    unshare.append(needs.find("unshare") or "unshare")
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    namespaces = ["--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc"]
    inside = [sys.executable, "-m", "tests.lab.inside", *wish.words]
    return [*unshare, *user, *namespaces, *inside]


def environment() -> Mapping[str, str]:
    return {
        **os.environ,
        HOME_NAMESPACE: str(Path("/proc/self/ns/net").readlink()),
        "PATH": needs.SEARCH,
        "PYTHONPATH": os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH")) if p),
    }


def become(wish: Wish) -> None:
    """Replace this process by the lab."""
    os.execve(command_line(wish)[0], command_line(wish), dict(environment()))
