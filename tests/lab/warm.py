"""The lab out of a process that has imported netdiag and the lab once.

Whoever runs hundreds of labs so starts no interpreter for each: a fork server of the standard
library hands out copies of itself, and every lab, and every `python -m` in it, begins as one.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import BinaryIO, NoReturn

from tests.lab import inside, linux, outside, services, vantage
from tests.lab.outside import Wish

IMPORTED = (
    "tests.lab.warm",
    "aiosmtpd.smtp",
    "aiosmtpd.handlers",
    "netdiag.cli.main",
    "netdiag.cli.live",
)


def run(wish: Wish, timeout: float = 90.0) -> subprocess.CompletedProcess[str]:
    """Run the command in the lab and hand back what it said; `timeout` is in seconds."""
    return runs([wish], timeout)[0]


def runs(wishes: Sequence[Wish], timeout: float = 90.0) -> list[subprocess.CompletedProcess[str]]:
    """Run the commands one after another in one lab, that of the first; `timeout` is for each."""
    with tempfile.TemporaryDirectory() as folder:
        told = [Told(Path(folder, str(number))) for number, _ in enumerate(wishes)]
        lab = _server().Process(target=_lab, args=(wishes, told, dict(outside.environment())))
        lab.start()
        lab.join(timeout * len(wishes))
        if lab.exitcode is None:
            lab.kill()
            lab.join()
            raise subprocess.TimeoutExpired([str(wish.command) for wish in wishes], timeout)
        return [one.by(wish, lab.exitcode) for one, wish in zip(told, wishes, strict=True)]


@dataclass(frozen=True, slots=True)
class Told:
    """What a command says and how it ends, in files whose names begin as `place`."""

    place: Path

    def hear(self) -> None:
        """From now on this process and its children say it here."""
        for number, path in ((1, self._out), (2, self._err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)

    def end(self, status: int) -> None:
        self._status.write_text(str(status))

    def by(self, wish: Wish, lab: int) -> subprocess.CompletedProcess[str]:
        """All of it; a lab that failed, by its status, is a failure of each command."""
        out, err, ended = (
            one.read_text() if one.exists() else "" for one in (self._out, self._err, self._status)
        )
        status = lab if lab == inside.FAILED or not ended else int(ended)
        return subprocess.CompletedProcess(wish.command, status, out, err)

    @property
    def _out(self) -> Path:
        return self.place.with_suffix(".out")

    @property
    def _err(self) -> Path:
        return self.place.with_suffix(".err")

    @property
    def _status(self) -> Path:
        return self.place.with_suffix(".status")


def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))
    return context


def _lab(wishes: Sequence[Wish], told: Sequence[Told], environment: Mapping[str, str]) -> NoReturn:
    """Be the parent of the lab's first process, and end as it ends."""
    _take(environment)
    os.chdir(outside.ROOT)
    told[0].hear()
    linux.leave()
    first = os.fork()
    if first == 0:
        linux.mount("proc", Path("/proc"), "proc")
        _end_with(lambda: inside.begin(wishes, partial(_start, iter(told)), _launch))
    os._exit(_ended(first))


def _start(told: Iterator[Told], wish: Wish, move_in: vantage.MoveIn) -> int:
    """The exit status of a command: `python -m` in a copy of this process, others by themselves."""
    one = next(told)
    one.hear()
    status = _copied(wish, move_in) if _is_module(wish.command) else vantage.start(wish, move_in)
    one.end(status)
    return status


def _launch(service: services.Service, log: BinaryIO) -> services.Running:
    """The same for a server: the lab's own ones are modules."""
    if not _is_module(service.command):
        return services.launch(service, log)
    child = os.fork()
    if child == 0:
        os.setsid()
        for number, to in (
            (0, os.open(os.devnull, os.O_RDONLY)),
            (1, log.fileno()),
            (2, log.fileno()),
        ):
            os.dup2(to, number)
        _end_with(lambda: _module(service.command))
    return Copy(child)


@dataclass(slots=True)
class Copy:
    """A copy of this process that does something else."""

    number: int
    status: int | None = None

    def poll(self) -> int | None:
        if self.status is None and (told := os.waitpid(self.number, os.WNOHANG))[0]:
            self.status = os.waitstatus_to_exitcode(told[1])
        return self.status


def _is_module(command: Sequence[str]) -> bool:
    return tuple(command[:2]) == (sys.executable, "-m")


def _copied(wish: Wish, move_in: vantage.MoveIn) -> int:
    child = os.fork()
    if child == 0:
        _end_with(lambda: _moved(wish, move_in))
    return _ended(child)


def _moved(wish: Wish, move_in: vantage.MoveIn) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _take(move_in.environment)
    move_in()
    if wish.as_user:
        linux.become_user()
    return _module(wish.command)


def _module(command: Sequence[str]) -> int:
    """What `python -m` does with the rest of the words."""
    sys.argv[:] = command[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    return 0


def _take(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def _end_with(work: Callable[[], int]) -> NoReturn:
    """End this process, with what threads it has, with the status of `work`."""
    status = 1
    try:
        status = work()
    except SystemExit as exit_:
        status = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        if isinstance(exit_.code, str):
            print(exit_.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 (it is a copy of somebody else's process)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _ended(child: int) -> int:
    """The exit status of `child` as a shell tells it."""
    return vantage.as_told(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
