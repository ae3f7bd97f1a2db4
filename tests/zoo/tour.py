"""Visits from outside the lab: the zoo is opened once, and then asked for animals by name."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import outside
from tests.lab.outside import Wish
from tests.lab.scenarios import ZOO

TIMEOUT = 20.0
"""What --timeout is unless it is given."""

MOST_SECONDS = TIMEOUT + 10.0
"""A run ends at its deadline; to start and to conclude takes a busy machine seconds besides."""

MOST_OCTETS = 200 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a run of netdiag took: seconds on the clock and of processor time, and the most memory
    that it held, in octets; and what it printed and wrote, which is in `folder`."""

    folder: Path
    name: str
    status: int
    seconds: float
    busy: float
    octets: int

    @property
    def printed(self) -> str:
        return self._text("out")

    @property
    def complained(self) -> str:
        return self._text("err")

    @property
    def record(self) -> str:
        """Empty where there is none."""
        return self._text("json")

    def _text(self, kind: str) -> str:
        file = self.folder / f"{self.name}.{kind}"
        return file.read_bytes().decode("utf-8", "backslashreplace") if file.exists() else ""


class Zoo:
    """An open zoo."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def visits(self, names: Iterable[str], at_once: int = 1) -> Iterator[Visit]:
        """Visit these animals, so many at a time; each as it is done."""
        left = list(names)
        running = 0
        while left or running:
            while left and running < at_once:
                self._ask(left.pop(0))
                running += 1
            yield self._told()
            running -= 1

    def visit(self, name: str) -> Visit:
        return next(self.visits([name]))

    def _ask(self, name: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()

    def _told(self) -> Visit:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the zoo has closed: exit status {self._process.wait()}")
        return Visit(folder=self._folder, **json.loads(line))


@contextmanager
def opened(folder: Path, *, as_user: bool = False) -> Iterator[Zoo]:
    """The zoo, until the block ends; netdiag writes its records to `folder`."""
    command = (sys.executable, "-m", "tests.zoo.visitor", str(folder))
    wish = Wish(scenario=ZOO.name, as_user=as_user, command=command)
    with subprocess.Popen(
        outside.command_line(wish),
        env=dict(outside.environment()),
        cwd=outside.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Zoo(process, folder)
        finally:
            process.kill()
