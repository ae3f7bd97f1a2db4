"""Which files this process may touch (landlock(7)): it reads what it needs, and alters nothing but
the files that the user named.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from netdiag.guards import kernel
from netdiag.guards.guard import Allowances, Guard

# linux/landlock.h, LANDLOCK_ACCESS_FS_*
_WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_FILE, _MAKE_REG = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8
_FIRST = (1 << 13) - 1
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FILES = {1: _FIRST, 2: _REFER, 3: _TRUNCATE, 5: _IOCTL_DEV}
"""What each version of the interface adds."""

_BIND_TCP, _CONNECT_TCP = 1, 2
_SCOPES = 3  # abstract UNIX sockets and signals
_VERSION = 1
_PATH, _PORT = 1, 2
_NEWEST = 7
"""The newest version that is used. What later ones add is left alone."""


def version() -> int:
    """The version of Landlock's interface. Raises OSError where there is none."""
    return kernel.call(kernel.LANDLOCK_CREATE, None, 0, _VERSION)


def rights(version: int) -> int:
    """All rights over files that a version knows."""
    return sum(mask for since, mask in _FILES.items() if since <= version)


def restrict(allowances: Allowances, reads: Iterable[Path]) -> Guard:
    """Close the file system but for what is allowed. Raises OSError."""
    known = min(version(), _NEWEST)
    ruleset = _create(known, network=allowances.network)
    try:
        for path in reads:
            _allow(ruleset, known, path, _READ_FILE | _READ_DIR)
        _allow(ruleset, known, Path(os.devnull), _READ_FILE | _WRITE_FILE | _TRUNCATE)
        for place in allowances.places:
            _allow(ruleset, known, place.final.parent, _MAKE_REG | _REMOVE_FILE)
        if allowances.network and known >= 4:
            # Port 0 is the kernel's choice; what must not be is a port of one's own.
            kernel.call(kernel.LANDLOCK_ADD, ruleset, _PORT, struct.pack("=QQ", _BIND_TCP, 0), 0)
        kernel.call(kernel.LANDLOCK_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
    return _said(known, allowances)


def _create(known: int, *, network: bool) -> int:
    ports = (_BIND_TCP if network else _BIND_TCP | _CONNECT_TCP) if known >= 4 else 0
    attributes = struct.pack("=QQQ", rights(known), ports, _SCOPES if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    return kernel.call(kernel.LANDLOCK_CREATE, attributes[:size], size, 0)


def _allow(ruleset: int, known: int, path: Path, access: int) -> None:
    """Allow `access` below `path`, where it exists and this version knows the right."""
    access &= rights(known)
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            access &= ~_READ_DIR
        if access:
            rule = struct.pack("=Qi", access, handle)
            kernel.call(kernel.LANDLOCK_ADD, ruleset, _PATH, rule, 0)
    finally:
        os.close(handle)


def _said(known: int, allowances: Allowances) -> Guard:
    why = "It can alter no file"
    if allowances.places:
        why += " but the output, and move or remove files in that folder alone"
    missing = [
        what
        for since, what in (
            (4, "binding a TCP port"),
            (6, "signals and abstract sockets"),
        )
        if known < since
    ]
    if not missing:
        return Guard(name="landlock", state="active", why=f"{why}; it cannot serve a TCP port.")
    lacking = f"version {known} of the kernel's Landlock does not cover {', '.join(missing)}"
    return Guard(name="landlock", state="partial", why=f"{why}; {lacking}.")


def absent(error: OSError) -> Guard:
    """Why there is none."""
    reasons = {
        errno.ENOSYS: "This kernel has no Landlock (Linux has it since 5.13).",
        errno.EOPNOTSUPP: "Landlock was not switched on when this kernel started.",
    }
    why = reasons.get(error.errno or 0, f"The kernel refused it: {error.strerror}.")
    return Guard(name="landlock", state="unavailable", why=why)
