"""What is being asked, while it runs: a live display on the terminal, and the log of `-v`.

Neither may slow the run. The display is drawn by a thread of its own, which starts, and imports
what it needs, only when a run has lasted long enough for somebody to wonder; the run itself only
notes what is asked and answered.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from netdiag.network import Observation, ObservationId, Watcher
from netdiag.requests import Request
from reports.observation import duration, line, request_line

if TYPE_CHECKING:
    from rich.text import Text

PATIENCE = 0.4
"""Seconds after which a run is shown."""

INTERVAL = 0.12
"""Seconds between two pictures."""

LATEST = 4
"""Requests shown of those that wait for their answer."""


@contextlib.contextmanager
def watchers(*, verbose: bool, log_file: Path | None) -> Iterator[tuple[Watcher, ...]]:
    """The watchers of a run; they end with the block.

    Raises `click.ClickException` where the log file cannot be opened.
    """
    with contextlib.ExitStack() as ends:
        watching: list[Watcher] = []
        if log_file is not None:
            watching.append(Log(ends.enter_context(_opened(log_file))))
        if verbose:
            watching.append(Log(sys.stderr))
        elif sys.stderr.isatty():
            live = Live()
            ends.callback(live.stop)
            watching.append(live)
        yield tuple(watching)


@contextlib.contextmanager
def rounds(most: int) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how many of `most` rounds are done; it leaves no trace there."""
    told = most > 1 and sys.stderr.isatty()

    def done(number: int) -> None:
        if told:
            end = "Ctrl-C ends them and reports"
            sys.stderr.write(f"\rnetdiag: {number} of {most} rounds; {end}")
            sys.stderr.flush()

    done(0)
    try:
        yield done
    finally:
        if told:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", buffering=1)
    except OSError as error:
        raise click.ClickException(f"--log-file {path}: {error.strerror}") from None


class Log:
    """A line as each request is asked (`?`) and as it is answered (`=`), with seconds since the
    first one."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._begin: float | None = None
        self._broken = False

    def asked(self, number: ObservationId, request: Request) -> None:
        self._write(f"? #{number} {request_line(request)}")

    def answered(self, observation: Observation) -> None:
        self._write(f"= #{observation.id} {line(observation)}")

    def _write(self, text: str) -> None:
        """A full disk or a closed terminal ends the log, never the run."""
        if self._broken:
            return
        now = time.monotonic()
        self._begin = now if self._begin is None else self._begin
        try:
            self._file.write(f"{now - self._begin:8.3f} {text}\n")
        except (OSError, ValueError):
            self._broken = True
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write("netdiag: the log could not be written; the run goes on\n")


class Live:
    """How many were asked and answered, and the latest ones that are waited for."""

    def __init__(self) -> None:
        self._begin = time.monotonic()
        self._waiting: dict[int, Request] = {}
        self._answered = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def asked(self, number: ObservationId, request: Request) -> None:
        # Not before: a process is locked while it has one thread.
        if self._thread.ident is None:
            self._thread.start()
        self._waiting[number] = request

    def answered(self, observation: Observation) -> None:
        self._waiting.pop(observation.id, None)
        self._answered += 1

    def stop(self) -> None:
        """Take the display away. It leaves no trace on the terminal."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2)

    def _show(self) -> None:
        if self._ended.wait(PATIENCE):
            return
        from rich.console import Console
        from rich.live import Live as Display

        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        if console.is_dumb_terminal:
            return
        with Display(console=console, transient=True, auto_refresh=False) as display:
            while not self._ended.wait(INTERVAL):
                display.update(self.picture(), refresh=True)

    def picture(self) -> Text:
        """What is shown now; each line is cut to the terminal's width."""
        from rich.text import Text

        # the run goes on meanwhile; copying a dictionary is one step for the interpreter
        waiting = list(self._waiting.copy().values())
        taken = duration(time.monotonic() - self._begin)
        asked = self._answered + len(waiting)
        lines = [f"netdiag: {asked} asked, {self._answered} answered, {taken}"]
        lines += [f"  {request_line(request)}" for request in waiting[-LATEST:]]
        text = Text("\n".join(lines), no_wrap=True, overflow="ellipsis")
        text.stylize("dim", len(lines[0]))
        return text
