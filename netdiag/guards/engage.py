"""All guards at once: for a process that is about to meet what others wrote."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netdiag.guards import audit
from netdiag.guards.guard import Allowances, Guard

if TYPE_CHECKING:
    from collections.abc import Callable

KERNEL = ("no-new-privileges", "capabilities", "landlock", "seccomp")
"""The guards that the kernel keeps, which take Linux."""


def engage(allowances: Allowances) -> tuple[Guard, ...]:
    """Lock this process for good, as far as the machine lets it, and say how far that is.

    What one guard cannot do does not stop the others. It has to be done before other threads
    start: a lock holds for the thread that took it and those that it starts.
    """
    held = _by_kernel(allowances)
    sys.dont_write_bytecode = True
    return (*held, audit.install(allowances))


def decline(_: Allowances) -> tuple[Guard, ...]:
    """Lock nothing: this is another program's process, and not netdiag's to lock."""
    why = "netdiag runs inside another program, which it must not lock."
    return tuple(_missing(name, why) for name in (*KERNEL, "audit-hook"))


def _by_kernel(allowances: Allowances) -> tuple[Guard, ...]:
    if sys.platform != "linux":
        return tuple(_missing(name, "Only Linux has it.") for name in KERNEL)
    if _threads() != 1:
        why = "Other threads of this process run already, and would not be held by it."
        return tuple(_missing(name, why) for name in KERNEL)
    return _locked(allowances)


def _locked(allowances: Allowances) -> tuple[Guard, ...]:
    from netdiag.guards import kernel, landlock, needs, privileges, seccomp

    reads = (*needs.readable(), *allowances.reads)
    local = allowances.network and needs.local_services()
    found = [_tried("no-new-privileges", privileges.no_new_privileges)]
    if kernel.machine() in kernel.MACHINES:
        dropped = _tried("capabilities", lambda: privileges.capabilities(allowances, reads))
    else:
        dropped = _missing("capabilities", f"Not known for {kernel.machine()}.")
    found.append(dropped)
    try:
        files = landlock.restrict(allowances, reads)
    except OSError as error:
        files = landlock.absent(error)
    found.append(files)
    held = files.state != "unavailable"
    filtered = _tried("seccomp", lambda: seccomp.restrict(allowances, local=local, landlock=held))
    return (*found, filtered)


def _tried(name: str, take: Callable[[], Guard]) -> Guard:
    try:
        return take()
    except OSError as error:
        return _missing(name, f"The kernel refused it: {error.strerror}.")


def _missing(name: str, why: str) -> Guard:
    return Guard(name=name, state="unavailable", why=why)


def _threads() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        import threading

        return threading.active_count()
