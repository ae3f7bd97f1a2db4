"""From what the operating system says to the closed list of failure kinds."""

from __future__ import annotations

import errno
import os

from netdiag.outcomes import Failed, FailureKind
from netdiag.text import clean

_KINDS = {
    "ETIMEDOUT": FailureKind.TIMEOUT,
    "ECONNREFUSED": FailureKind.REFUSED,
    "ECONNRESET": FailureKind.RESET,
    "ECONNABORTED": FailureKind.RESET,
    "EPIPE": FailureKind.RESET,
    "ENETUNREACH": FailureKind.NETWORK_UNREACHABLE,
    "ENETDOWN": FailureKind.NETWORK_UNREACHABLE,
    "EAFNOSUPPORT": FailureKind.NETWORK_UNREACHABLE,
    "EHOSTUNREACH": FailureKind.HOST_UNREACHABLE,
    "EHOSTDOWN": FailureKind.HOST_UNREACHABLE,
    "EACCES": FailureKind.NO_PERMISSION,
    "EPERM": FailureKind.NO_PERMISSION,
    "EADDRNOTAVAIL": FailureKind.ADDRESS_UNAVAILABLE,
}
_BY_NUMBER = {getattr(errno, name): kind for name, kind in _KINDS.items() if hasattr(errno, name)}


def from_errno(number: int) -> Failed:
    """The failure that the error number of a system call means; unknown ones are kept as OTHER."""
    kind = _BY_NUMBER.get(number, FailureKind.OTHER)
    name = errno.errorcode.get(number, str(number))
    return Failed(kind=kind, detail=f"{name}: {os.strerror(number)}")


def from_error(error: OSError) -> Failed:
    """The failure that an exception of a system call or of a wait means."""
    if error.errno is not None:
        return from_errno(error.errno)
    if isinstance(error, TimeoutError):
        return Failed(kind=FailureKind.TIMEOUT)
    return Failed(kind=FailureKind.OTHER, detail=clean(str(error), 200))
