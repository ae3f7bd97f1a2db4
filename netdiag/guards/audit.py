"""The guard that every platform has: Python tells a hook what it is about to do (PEP 578).

It stops mistakes of this program and its libraries. It does not stop machine code that is made to
run here: that makes system calls without Python's knowing.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from netdiag.guards.guard import Allowances, Guard

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NOWHERE = frozenset({os.devnull, "NUL", "nul", r"\\.\NUL"})

NEVER = (  # noqa: SIM905 (a word a line would hide the list)
    "subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork os.forkpty pty.spawn "
    "os.startfile os.startfile/2 os.killpg _winapi.CreateProcess _winapi.CreateJunction "
    "_winapi.OpenProcess _winapi.TerminateProcess winreg.CreateKey winreg.DeleteKey "
    "winreg.DeleteValue winreg.SetValue winreg.SaveKey winreg.LoadKey socket.sethostname "
    "os.mkdir os.rmdir os.chmod os.chown os.chflags os.lchmod os.truncate os.utime "
    "os.setxattr os.removexattr os.link os.symlink tempfile.mkstemp tempfile.mkdtemp "
    "sqlite3.connect smtplib.connect ftplib.connect syslog.openlog syslog.syslog "
    "webbrowser.open"
).split()
"""Events of which nothing that netdiag does makes any (docs.python.org, audit events table)."""

_NETWORK = ["socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"]

Rule = Callable[[tuple[Any, ...]], bool]
"""Whether the event with these arguments may go on."""


def install(allowances: Allowances) -> Guard:
    """Watch every event from now on, for good."""
    allowed = rules(allowances)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        rule = allowed.get(event)
        if rule is not None and not rule(arguments):
            raise PermissionError(errno.EPERM, f"netdiag never does this: {event}")

    sys.addaudithook(hook)
    why = "It refuses what Python code tries, and could not stop machine code or socket.listen."
    return Guard(name="audit-hook", state="active", why=why)


def rules(allowances: Allowances) -> Mapping[str, Rule]:
    """What decides about each event that is looked at."""
    found: dict[str, Rule] = dict.fromkeys(NEVER, _never)
    found["open"] = _opens
    found["os.remove"] = _Removes(allowances)
    found["os.rename"] = _Renames(allowances)
    found["os.kill"] = _signals_itself
    found["socket.bind"] = _binds
    if not allowances.network:
        found |= dict.fromkeys(_NETWORK, _never)
        found["socket.connect"] = _connects_to_itself
    return found


def _never(_: tuple[Any, ...]) -> bool:
    return False


def _opens(arguments: tuple[Any, ...]) -> bool:
    """Reading, a descriptor that is open already, and the device that swallows everything."""
    path, _, flags = arguments
    if isinstance(path, int) or not flags & _WRITES:
        return True
    return os.fsdecode(path) in _NOWHERE


def _signals_itself(arguments: tuple[Any, ...]) -> bool:
    return bool(arguments[0] == os.getpid())


def _binds(arguments: tuple[Any, ...]) -> bool:
    """A port that the system chooses; a netlink socket has numbers of its own."""
    address = arguments[1]
    if not isinstance(address, tuple):
        return False
    return len(address) < 2 or not address[1]


def _connects_to_itself(arguments: tuple[Any, ...]) -> bool:
    """Where there is no socketpair(2), asyncio makes its pair of sockets over loopback."""
    address = arguments[1]
    return isinstance(address, tuple) and address[0] in {"127.0.0.1", "::1"}


class _Removes:
    """Only the temporary file that could not be put in its place."""

    def __init__(self, allowances: Allowances) -> None:
        self._temporary = {place.temporary for place in allowances.places}

    def __call__(self, arguments: tuple[Any, ...]) -> bool:
        return Path(os.fsdecode(arguments[0])) in self._temporary


class _Renames:
    """Only a temporary file, and only into its own place."""

    def __init__(self, allowances: Allowances) -> None:
        self._ends = {(place.temporary, place.final) for place in allowances.places}

    def __call__(self, arguments: tuple[Any, ...]) -> bool:
        before, after = (Path(os.fsdecode(one)) for one in arguments[:2])
        return (before, after) in self._ends
