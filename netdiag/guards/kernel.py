"""Linux system calls that Python has no name for."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
"""These have the same numbers everywhere (asm-generic/unistd.h)."""

_CAPGET = {"x86_64": 125, "aarch64": 90}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_SECCOMP = {"x86_64": 317, "aarch64": 277}

MACHINES = tuple(_SECCOMP)
"""The architectures whose numbers are known here."""


def machine() -> str:
    """The architecture that system calls are made for: a 32-bit program has numbers of its own."""
    return platform.machine() if sys.maxsize > 1 << 32 else "32-bit"


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: object) -> int:
    """Make a system call. Raises OSError."""
    return _checked(_libc().syscall(ctypes.c_long(number), *map(_word, arguments)))


def prctl(option: int, *arguments: int) -> int:
    """prctl(2). Raises OSError."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_libc().prctl(option, *(ctypes.c_ulong(one) for one in padded)))


def _word(value: object) -> object:
    """A number as wide as a register; variadic arguments would be cut to an int."""
    return ctypes.c_long(value) if isinstance(value, int) else value


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def capabilities() -> tuple[int, int, int]:
    """The effective, permitted and inheritable sets of this thread, as masks. Raises OSError."""
    data = (ctypes.c_uint32 * 6)()
    call(_CAPGET[machine()], _header(), ctypes.byref(data))
    return data[0] | data[3] << 32, data[1] | data[4] << 32, data[2] | data[5] << 32


def set_capabilities(effective: int, permitted: int, inheritable: int) -> None:
    """Set them. Raises OSError."""
    sets = (effective, permitted, inheritable)
    words = [one & 0xFFFFFFFF for one in sets] + [one >> 32 for one in sets]
    call(_CAPSET[machine()], _header(), ctypes.byref((ctypes.c_uint32 * 6)(*words)))


def _header() -> object:
    """Version 3 of the interface, this thread (linux/capability.h)."""
    return ctypes.byref((ctypes.c_uint32 * 2)(0x20080522, 0))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def filter_calls(program: bytes) -> None:
    """Install a seccomp filter in every thread (seccomp(2), SECCOMP_FILTER_FLAG_TSYNC). Raises
    OSError."""
    octets = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.addressof(octets))
    thread = call(_SECCOMP[machine()], 1, 1, ctypes.byref(described))
    if thread:
        raise OSError(0, f"thread {thread} has filters of its own")
