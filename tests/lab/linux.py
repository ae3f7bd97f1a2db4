"""The few kernel calls that Python 3.11 has no name for."""

from __future__ import annotations

import array
import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
CAPABILITY_VERSION = 0x20080522
SIOCETHTOOL = 0x8946
OFFLOADS = {"tx checksum": 0x17, "tcp segmentation": 0x1F, "gso": 0x24, "gro": 0x2C}
"""Commands of linux/ethtool.h that switch an offload, each with one u32: on or off."""

NAMESPACES = Path("/run/netns")

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Give this thread namespaces of its own."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str, target: Path, kind: str = "", flags: int = 0, data: str = "") -> None:
    arguments = [text.encode() for text in (source, str(target), kind)]
    _check(_libc.mount(*arguments, ctypes.c_ulong(flags), data.encode()), f"mount {target}")


def bind(source: Path, target: Path) -> None:
    """Show `source` in the place of `target`."""
    mount(str(source), target, flags=MS_BIND)


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")


def leave() -> None:
    """Have this thread's next child be the first process of namespaces of its own; as ordinary
    user be root in them. The child's parent, this process, ends with its own."""
    if os.geteuid() != 0:
        _map_user(0)
    unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET)
    mount("none", Path("/"), flags=MS_REC | MS_PRIVATE)
    die_with_parent()


def become_user() -> None:
    """Be somebody else in a user namespace below: no capability, none to be had."""
    _map_user(1000)
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    header, none = struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24)
    _check(_libc.capset(header, none), "capset")
    # As a program that was started would be, and unlike one that gave something up.
    _check(_libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "prctl")


def _map_user(number: int) -> None:
    """Enter a user namespace in which whoever this is has `number`."""
    user, group = os.geteuid(), os.getegid()
    unshare(CLONE_NEWUSER)
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"{number} {user} 1")
    (own / "gid_map").write_text(f"{number} {group} 1")


def add_namespace(name: str) -> None:
    """Make a network namespace under the name that `ip -n` and `ip netns` know."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        unshare(CLONE_NEWNET)
        (NAMESPACES / name).touch()
        bind(Path("/proc/self/ns/net"), NAMESPACES / name)
    finally:
        set_namespace(home)
        os.close(home)


def set_namespace(fd: int) -> None:
    _check(_libc.setns(fd, CLONE_NEWNET), "setns")


def enter(name: str) -> None:
    """Move this thread into the network namespace `name`."""
    fd = os.open(NAMESPACES / name, os.O_RDONLY)
    try:
        set_namespace(fd)
    finally:
        os.close(fd)


@contextmanager
def within(name: str) -> Iterator[None]:
    """Run the block, and the processes that it starts, in the network namespace `name`."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        enter(name)
        yield
    finally:
        set_namespace(home)
        os.close(home)


def set_sysctls(values: Mapping[str, str]) -> None:
    """In the namespace entered; keys are paths below /proc/sys."""
    for key, value in values.items():
        (Path("/proc/sys") / key).write_text(value)


def lift_icmp_limit() -> None:
    """Let the namespace entered send a burst of ICMP errors, as when many probes end at a router.

    Linux has 50 at once and 1000 a second for all that it sends; before each namespace had a
    limit of its own, only the machine could change it.
    """
    for key in ("icmp_msgs_per_sec", "icmp_msgs_burst"):
        own = Path("/proc/sys/net/ipv4") / key
        if own.exists():
            own.write_text("100000")


def without_offloads(device: str) -> None:
    """Have `device` of this namespace carry packets as a wire would: whole, checksums filled in."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in OFFLOADS.values():
            value = array.array("B", struct.pack("II", command, 0))
            request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
            with suppress_unsupported():
                fcntl.ioctl(control.fileno(), SIOCETHTOOL, request)


@contextmanager
def suppress_unsupported() -> Iterator[None]:
    """An offload that a device does not have needs no switching off."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise


@contextmanager
def permitted() -> Iterator[None]:
    """What only the machine's own administrator may do is done where this is one."""
    with suppress(PermissionError):
        yield
