"""The live screen of `netdiag trace`: tables on top, verdict and keys below, one key at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.segment import Segment, Segments
from rich.text import Text

from netdiag.cli.live import on_interrupt
from netdiag.cli.naming import Namer
from netdiag.cli.tracing import Session
from netdiag.tracer.trace import Aim, Protocol
from reports import trace_table as report

if TYPE_CHECKING:
    from rich.console import RenderableType

    from netdiag.cli.trace import Asked

PICTURES = 0.2
"""Seconds between two pictures."""

KEYS = "p pause  r reset  u UDP  t TCP  i ICMP  4 IPv4  6 IPv6  q quit"

MORE = "there is more than fits: 4 or 6 shows one family alone"

_PROTOCOLS: dict[str, Protocol] = {"u": "udp", "t": "tcp", "i": "icmp"}


class Screen:
    """Draws the session and obeys keys until `q`. `raw` lets TCP flows keep their ports."""

    def __init__(self, session: Session, namer: Namer, asked: Asked, *, raw: bool) -> None:
        self._session = session
        self._namer = namer
        self._asked = asked
        self._raw = raw
        self._protocol: Protocol = asked.protocol
        self._all = [trace.aim.address for trace in session.traces]
        self._family: int | None = None
        self._console = Console(highlight=False)
        self._quit = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None
        self._naming: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Show the screen until `q`, Ctrl-C or the end of the input."""
        loop = asyncio.get_running_loop()
        with (
            _one_key_at_a_time(),
            Live(self._picture(), console=self._console, screen=True, auto_refresh=False) as live,
        ):
            loop.add_reader(sys.stdin.fileno(), self._read)
            undo = on_interrupt(self._quit.set)
            self._ask()
            try:
                while not self._quit.is_set():
                    live.update(self._picture(), refresh=True)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(PICTURES):
                            await self._quit.wait()
            finally:
                undo()
                loop.remove_reader(sys.stdin.fileno())
                await self._stop()

    def _ask(self) -> None:
        """Begin the rounds anew; a round under way is given up."""
        if self._asking:
            self._asking.cancel()
        rounds = self._session.rounds(None, self._named)
        self._asking = asyncio.ensure_future(rounds)

    def _named(self, session: Session) -> None:
        if self._asked.numeric:
            return
        from netdiag.cli.trace import senders

        task = asyncio.ensure_future(self._namer.name(senders(session.traces)))
        self._naming.add(task)
        task.add_done_callback(self._naming.discard)

    async def _stop(self) -> None:
        tasks = [*self._naming, *([self._asking] if self._asking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _read(self) -> None:
        keys = os.read(sys.stdin.fileno(), 64)
        if not keys:
            self._quit.set()
        for key in keys.decode("ascii", "replace"):
            self._obey(key)

    def _obey(self, key: str) -> None:
        match key:
            case "q" | "\x03" | "\x04":
                self._quit.set()
            case "p":
                self._session.paused = not self._session.paused
            case "r":
                self._aim()
            case "u" | "t" | "i":
                self._protocol = _PROTOCOLS[key]
                self._aim()
            case "4" | "6" if any(_version(a) == int(key) for a in self._all):
                self._family = None if self._family == int(key) else int(key)
                self._aim()

    def _aim(self) -> None:
        """Forget what was seen, and ask anew in the way that is chosen now."""
        self._session.reset(self._aims())
        self._ask()

    def _aims(self) -> list[Aim]:
        chosen = [a for a in self._all if self._family in {None, _version(a)}]
        return [self._asked.aim(a, self._protocol, raw=self._raw) for a in chosen]

    def _picture(self) -> RenderableType:
        """The tables, shortened where there is little room: verdict and keys are always seen."""
        console, traces, names = self._console, self._session.traces, self._namer.names
        width, height = console.size
        options = console.options.update(width=width)
        ascii_only = "utf" not in console.encoding.lower()
        state = Text("PAUSED  ", style="bold reverse") if self._session.paused else Text("")
        below = Group(report.verdicts(traces, names), state + Text(KEYS, style="bold"))
        footer = console.render_lines(below, options, pad=False)
        room = max(height - len(footer), 1)
        body: list[list[Segment]] = []
        for shape in report.shapes(traces, width):
            table = report.tables(traces, names, width, ascii_only=ascii_only, shape=shape)
            body = console.render_lines(table, options, pad=False)
            if len(body) <= room:
                break
        if len(body) > room and len(traces) > 1:
            hint = Text(MORE, style="reverse", no_wrap=True)
            body[room - 1 :] = console.render_lines(hint, options, pad=False)
        shown = [*body[:room], *footer][-height:]
        return Segments([s for line in shown for s in (*line, Segment.line())][:-1])


def _version(address: str) -> int:
    return 6 if ":" in address else 4


@contextlib.contextmanager
def _one_key_at_a_time() -> Iterator[None]:
    """Keys come as they are pressed and are not shown; the terminal is restored in any case."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
