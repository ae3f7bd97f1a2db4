"""Tries what a guarded process must not do: `python -m tests.guards.attempts MODE FOLDER`.

Each attempt is made in a process of its own, forked before any guard is engaged. Printed is one
JSON object: of each attempt whether it was `done`, `refused` (no permission) or `ended` the
process, or the name of another error. MODE is `none` (no guard, the control), `kernel` (what Linux
keeps), `files` (the same without Landlock) or `hook` (what Python keeps). FOLDER is empty and may
be written to. To be run in namespaces of its own, where some attempts are done.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from netdiag.guards import audit, kernel, needs, privileges, seccomp
from netdiag.guards.engage import engage
from netdiag.guards.guard import Allowances

ALLOWANCES = Allowances(network=True)
PERMISSION = {errno.EPERM: "refused", errno.EACCES: "refused"}
LOOPBACK = "127.0.0.1"


def lock_by_kernel() -> None:
    assert any(guard.name == "seccomp" and guard.state == "active" for guard in engage(ALLOWANCES))


def lock_without_landlock() -> None:
    privileges.no_new_privileges()
    privileges.capabilities(ALLOWANCES, needs.readable())
    seccomp.restrict(ALLOWANCES, local=False, landlock=False)


MODES: Mapping[str, Callable[[], object]] = {
    "none": lambda: None,
    "kernel": lock_by_kernel,
    "files": lock_without_landlock,
    "hook": lambda: audit.install(ALLOWANCES),
}


# What alters files


def files(folder: Path) -> Mapping[str, Callable[[], object]]:
    victim, other = folder / "victim", folder / "other"
    return {
        "create a file": lambda: other.open("w"),
        "append to a file": lambda: victim.open("a"),
        "open a file to read and write": lambda: victim.open("r+"),
        "truncate a file": lambda: os.truncate(victim, 0),
        "remove a file": victim.unlink,
        "rename a file": lambda: victim.rename(other),
        "make a folder": other.mkdir,
        "remove a folder": (folder / "empty").rmdir,
        "link a file": lambda: other.hardlink_to(victim),
        "make a symbolic link": lambda: other.symlink_to(victim),
        "make a pipe": lambda: os.mkfifo(other),
        "set a mode": lambda: victim.chmod(0o600),
        "set an owner": lambda: os.chown(victim, os.getuid(), os.getgid()),
        "set times": lambda: os.utime(victim),
        "write to the memory of this process": lambda: Path("/proc/self/mem").open("r+b"),
        "write to its own settings": lambda: Path("/proc/self/oom_score_adj").open("w"),
    }


def sysctl() -> object:
    return Path("/proc/sys/net/ipv4/ip_forward").open("w")


# What starts or touches processes


def signal_parent() -> None:
    os.kill(os.getppid(), 0)


def limit_parent() -> None:
    kernel.call(302 if kernel.machine() == "x86_64" else 261, os.getppid(), 7, None, None)


def processes() -> Mapping[str, Callable[[], object]]:
    return {
        "start a program": lambda: subprocess.run(["/bin/true"], check=True),
        "spawn a program": lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0),
        "become a program": lambda: os.execv("/bin/true", ["true"]),
        "copy itself": lambda: os.fork() or os._exit(0),
        "signal another process": signal_parent,
        "set limits of another process": limit_parent,
    }


# What serves, or speaks other than IP as a client


def bind(family: int, kind: int, port: int) -> None:
    with socket.socket(family, kind) as sock:
        sock.bind((LOOPBACK, port))


def listen() -> None:
    with socket.socket() as sock:
        sock.listen()


def join(level: int, option: int, value: bytes, family: int) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(level, option, value)


def fast_open() -> None:
    with socket.socket() as sock:
        sock.sendto(b"x", 0x20000000, (LOOPBACK, 9))


def control(request: int, value: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, request, value)


def route(family: int = socket.AF_INET) -> None:
    """RTM_NEWROUTE of 192.0.2.0/24 by loopback."""
    attributes = struct.pack("=HH4s", 8, 1, bytes((192, 0, 2, 0))) + struct.pack("=HHI", 8, 4, 1)
    body = struct.pack("=8BI", family, 24, 0, 0, 254, 4, 253, 1, 0) + attributes
    message = struct.pack("=IHHII", 16 + len(body), 24, 0x405, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as sock:
        sock.send(message)
        code = struct.unpack_from("=i", sock.recv(4096), 16)[0]
    if code:
        raise OSError(-code, os.strerror(-code))


def sockets() -> Mapping[str, Callable[[], object]]:
    group = bytes((224, 0, 0, 251)) + bytes(4)
    return {
        "bind a TCP port": partial(bind, socket.AF_INET, socket.SOCK_STREAM, 48_123),
        "serve": listen,
        "capture packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0),
        "speak to virtual machines": lambda: socket.socket(40, socket.SOCK_STREAM),
        "speak MPTCP": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262),
        "speak to the firewall's netlink": lambda: socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW, 12
        ),
        "join a group": partial(join, 0, 35, group, socket.AF_INET),
        "join a group (IPv6)": partial(join, 41, 20, bytes(20), socket.AF_INET6),
        "send in the opening packet": fast_open,
        "switch an interface": partial(control, 0x8914, struct.pack("16sh14x", b"lo", 1)),
        "add an address": partial(control, 0x8916, struct.pack("16sh14x", b"lo", 2)),
        "add a route": route,
        "type on the terminal": lambda: fcntl.ioctl(0, 0x5412, b"x"),
    }


def calls(*actions: str) -> Mapping[str, Callable[[], object]]:
    """The calls of the table that are treated so, with -1 for every argument: that is no address,
    no descriptor and nothing that could be set, so none does anything where it is let through.
    """
    column = kernel.MACHINES.index(kernel.machine())
    return {
        name: partial(kernel.call, number, *[-1] * 6)
        for rule in seccomp.RULES
        for name, numbers in rule.calls.items()
        if rule.action in actions and (number := numbers[column]) is not None
    }


HARMFUL = ("fork", "vfork")
"""They have no arguments, and the child would go on as if it were the parent."""


def attempts(mode: str, folder: Path) -> Mapping[str, Callable[[], object]]:
    tried = {**files(folder), **processes(), **sockets(), "set the kernel": sysctl}
    if mode == "kernel":
        tried |= calls("refused", "ends")
    if mode == "none":
        # What ends the process is told from any other end by the signal; it needs no control.
        tried |= {name: call for name, call in calls("refused").items() if name not in HARMFUL}
    return tried


def outcome(attempt: Callable[[], object], lock: Callable[[], object]) -> str:
    """What becomes of an attempt in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        lock()
        os.write(writer, _tried(attempt).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "ended" if os.WTERMSIG(status) == signal.SIGSYS else f"signal {os.WTERMSIG(status)}"
    return said or "done"


def _tried(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        number = error.errno or 0
        return PERMISSION.get(number, errno.errorcode.get(number, str(number)))
    return "done"


def main(mode: str, folder: str) -> None:
    found = {}
    for name in attempts(mode, Path(folder)):
        place = Path(folder, name.replace(" ", "-"))
        place.mkdir()
        (place / "victim").write_text("kept")
        (place / "empty").mkdir()
        found[name] = outcome(attempts(mode, place)[name], MODES[mode])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
