"""Privileges given up for good: no program gives new ones, and capabilities go."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from netdiag.guards import kernel
from netdiag.guards.guard import Allowances, Guard

CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_SETPCAP, CAP_NET_RAW = 1, 2, 3, 8, 13
_NAMES = {
    CAP_DAC_OVERRIDE: "CAP_DAC_OVERRIDE",
    CAP_DAC_READ_SEARCH: "CAP_DAC_READ_SEARCH",
    CAP_FOWNER: "CAP_FOWNER",
    CAP_NET_RAW: "CAP_NET_RAW",
}
_HIGHEST = 63

_PR_SET_SECUREBITS, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT = 28, 38, 24, 47
_AMBIENT_CLEAR_ALL = 4
_SECUREBITS = 0x2F
"""NOROOT and NO_SETUID_FIXUP with their locks, and the lock of KEEP_CAPS (capabilities(7))."""


def no_new_privileges() -> Guard:
    """No program that this process could start has more privileges than it. Raises OSError."""
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    return Guard(
        name="no-new-privileges",
        state="active",
        why="No set-user-ID program or file capability can give this process a privilege.",
    )


def capabilities(allowances: Allowances, reads: Iterable[Path]) -> Guard:
    """Keep what the run uses of what it has, and give up the rest in every set. Raises OSError."""
    effective, permitted, _ = kernel.capabilities()
    keep = permitted & (1 << CAP_NET_RAW if allowances.network else 0)
    keep |= permitted & _for_files(allowances, reads, effective, permitted, keep)
    if permitted >> CAP_SETPCAP & 1:
        kernel.set_capabilities(keep | 1 << CAP_SETPCAP, permitted, 0)
        kernel.prctl(_PR_SET_SECUREBITS, _SECUREBITS)
        _bound(keep)
    kernel.prctl(_PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL)
    kernel.set_capabilities(keep, keep, 0)
    kept = ", ".join(name for number, name in sorted(_NAMES.items()) if keep >> number & 1)
    why = f"Of the process's privileges it keeps {kept} alone." if kept else "It has none left."
    return Guard(name="capabilities", state="active", why=why)


def _bound(keep: int) -> None:
    """Take everything but `keep` out of the bounding set, up to the last that the kernel knows."""
    for number in range(_HIGHEST + 1):
        if keep >> number & 1:
            continue
        try:
            kernel.prctl(_PR_CAPBSET_DROP, number)
        except OSError as error:
            if error.errno == errno.EINVAL:
                return
            raise


def _for_files(
    allowances: Allowances, reads: Iterable[Path], effective: int, permitted: int, keep: int
) -> int:
    """Capabilities without which a file could not be read or put in its place.

    A superuser reaches files of others by them: a Python installed in a user's closed home, a
    report that goes there. It is tried out, with everything else switched off.
    """
    kernel.set_capabilities(keep, permitted, 0)
    try:
        needed = 0
        if not all(_allowed(_seen, path) for path in reads):
            needed |= 1 << CAP_DAC_READ_SEARCH
        for place in allowances.places:
            folder = place.final.parent
            if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
                needed |= 1 << CAP_DAC_OVERRIDE
            elif _held_by_another(folder, place.final):
                needed |= 1 << CAP_FOWNER
        return needed
    finally:
        kernel.set_capabilities(effective, permitted, 0)


def _allowed(look: Callable[[Path], object], path: Path) -> bool:
    try:
        look(path)
    except PermissionError:
        return False
    except OSError:
        pass
    return True


def _seen(path: Path) -> None:
    try:
        os.stat(f"{path}/.")  # noqa: PTH116 (a path object for each takes longer)
    except NotADirectoryError:
        path.stat()
        return
    with os.scandir(path):
        return


def _held_by_another(folder: Path, file: Path) -> bool:
    """Whether `file` is another user's in a folder where only owners may replace (S_ISVTX)."""
    try:
        found, there = file.lstat(), folder.stat()
    except OSError:
        return False
    return bool(there.st_mode & 0o1000) and os.geteuid() not in (found.st_uid, there.st_uid)
