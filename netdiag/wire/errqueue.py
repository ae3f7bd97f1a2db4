"""The socket error queue of Linux: ICMP errors with type, code and sender, without privileges.

A socket that asked for it (`watch`) keeps the ICMP errors that its packets caused, for UDP and, as
long as the handshake is not complete, for TCP. The numbers are those of linux/in.h, linux/in6.h
and linux/errqueue.h; Python 3.11 has no names for them.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

from netdiag.lazy import dataclass
from netdiag.outcomes import IcmpError, Quote, Unreachable
from netdiag.wire import extensions

AVAILABLE = sys.platform == "linux"

SOL_IP, SOL_IPV6 = 0, 41
IP_TTL, IP_RECVERR, IP_RECVTTL = 2, 11, 12
IPV6_RECVERR, IPV6_RECVHOPLIMIT, IPV6_HOPLIMIT = 25, 51, 52
IP_MINTTL, IPV6_MINHOPCOUNT = 21, 73
IP_RECVERR_RFC4884, IPV6_RECVERR_RFC4884 = 26, 31
SO_TIMESTAMPNS = 35
MSG_ERRQUEUE = 0x2000
ORIGIN_LOCAL, ORIGIN_ICMP, ORIGIN_ICMP6 = 1, 2, 3

_EXTENDED_ERROR = struct.Struct("@IBBBBII")
_INT = struct.Struct("@i")
_TIMESPEC = struct.Struct("@qq")
_ANCILLARY = 512

Said = Mapping[tuple[int, int], bytes]
"""Ancillary data by level and kind."""

_KINDS_V4 = {
    (3, 0): Unreachable.NET,
    (3, 1): Unreachable.HOST,
    (3, 2): Unreachable.PROTOCOL,
    (3, 3): Unreachable.PORT,
    (3, 4): Unreachable.TOO_BIG,
    (3, 6): Unreachable.NET,
    (3, 7): Unreachable.HOST,
    (3, 9): Unreachable.NET_PROHIBITED,
    (3, 10): Unreachable.HOST_PROHIBITED,
    (3, 11): Unreachable.NET,
    (3, 12): Unreachable.HOST,
    (3, 13): Unreachable.ADMIN_PROHIBITED,
    (3, 14): Unreachable.ADMIN_PROHIBITED,
    (3, 15): Unreachable.ADMIN_PROHIBITED,
    (11, 0): Unreachable.TTL_EXCEEDED,
}
_KINDS_V6 = {
    (1, 0): Unreachable.NET,
    (1, 1): Unreachable.ADMIN_PROHIBITED,
    (1, 3): Unreachable.HOST,
    (1, 4): Unreachable.PORT,
    (1, 5): Unreachable.SOURCE_POLICY,
    (1, 6): Unreachable.REJECT_ROUTE,
    (2, 0): Unreachable.TOO_BIG,
    (3, 0): Unreachable.TTL_EXCEEDED,
    (4, 1): Unreachable.PROTOCOL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedError:
    """One entry of an error queue.

    `payload` is what the error quotes of the packet's payload (it may be empty: RFC 792 asks for
    eight octets of the transport header only), `age` the seconds since the kernel received it.
    `extension_offset` tells where RFC 4884 extensions start in `payload`, 0 for none.
    """

    number: int
    origin: int
    icmp_type: int
    icmp_code: int
    sender: str
    info: int
    payload: bytes
    return_ttl: int | None
    age: float
    extension_offset: int

    @property
    def icmp(self) -> bool:
        return self.origin in {ORIGIN_ICMP, ORIGIN_ICMP6}

    @property
    def kind(self) -> Unreachable:
        """The meaning of type and code (RFC 792, 1122, 1812; RFC 4443 and its IANA registry)."""
        kinds = _KINDS_V6 if self.origin == ORIGIN_ICMP6 else _KINDS_V4
        return kinds.get((self.icmp_type, self.icmp_code), Unreachable.OTHER)

    def outcome(
        self,
        rtt: float,
        quote: Quote | None = None,
        segment: int | None = None,
        headers: int | None = None,
    ) -> IcmpError:
        """What the error says. `headers` are the octets of a quote that the kernel keeps to itself,
        where that is known."""
        too_big = self.kind is Unreachable.TOO_BIG
        start = self.extension_offset
        told = extensions.read(self.payload[start:]) if start else extensions.NOTHING
        return IcmpError(
            kind=self.kind,
            icmp_type=self.icmp_type,
            icmp_code=self.icmp_code,
            sender=self.sender,
            rtt=round(rtt, 6),
            return_ttl=self.return_ttl,
            mtu=self.info if too_big else None,
            labels=told.labels,
            interfaces=told.interfaces,
            quote=quote,
            segment=segment,
            size=None if headers is None else headers + len(self.payload),
        )


def watch(sock: socket.socket) -> None:
    """Have the kernel queue ICMP errors for `sock`, with arrival TTL and time, where it can."""
    if not AVAILABLE:
        return
    if sock.family == socket.AF_INET6:
        level, options = SOL_IPV6, (IPV6_RECVERR, IPV6_RECVHOPLIMIT, IPV6_RECVERR_RFC4884)
    else:
        level, options = SOL_IP, (IP_RECVERR, IP_RECVTTL, IP_RECVERR_RFC4884)
    wanted = [(level, option) for option in options]
    for level, option in (*wanted, (socket.SOL_SOCKET, SO_TIMESTAMPNS)):
        # Without the first the error still shows as an errno, only without its sender.
        with suppress(OSError):
            sock.setsockopt(level, option, 1)


def unwatch(sock: socket.socket) -> None:
    """Let go of the error queue: an unread entry keeps a socket ready for ever."""
    if AVAILABLE:
        level = SOL_IPV6 if sock.family == socket.AF_INET6 else SOL_IP
        option = IPV6_RECVERR if sock.family == socket.AF_INET6 else IP_RECVERR
        with suppress(OSError):
            sock.setsockopt(level, option, 0)


def read(sock: socket.socket) -> QueuedError | None:
    """The oldest queued error of a non-blocking `sock`; None where there is none."""
    if not AVAILABLE:
        return None
    try:
        payload, ancillary, _, _ = sock.recvmsg(2048, _ANCILLARY, MSG_ERRQUEUE)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR, errno.EOPNOTSUPP}:
            return None
        raise
    said = by_kind(ancillary)
    raw = said.get((SOL_IP, IP_RECVERR)) or said.get((SOL_IPV6, IPV6_RECVERR)) or b""
    if len(raw) < _EXTENDED_ERROR.size:
        return None
    number, origin, icmp_type, icmp_code, _, info, data = _EXTENDED_ERROR.unpack_from(raw)
    return QueuedError(
        number=number,
        origin=origin,
        icmp_type=icmp_type,
        icmp_code=icmp_code,
        sender=_offender(raw[_EXTENDED_ERROR.size :]),
        info=info,
        payload=payload,
        return_ttl=arrival_ttl(said),
        age=age(said),
        extension_offset=data & 0xFFFF,
    )


def read_icmp(sock: socket.socket) -> QueuedError | None:
    """The oldest queued ICMP error; errors of this machine's own stack are passed over."""
    while queued := read(sock):
        if queued.icmp:
            return queued
    return None


def by_kind(ancillary: Iterable[tuple[int, int, bytes]]) -> Said:
    """What `recvmsg` gave, by level and kind."""
    return {(level, kind): data for level, kind, data in ancillary}


def age(said: Said) -> float:
    """Seconds since the kernel received what came with `said`; 0.0 where it did not say.

    The stamp is on the system's clock, which may be stepped: `round_trip` believes no age that
    cannot be.
    """
    data = said.get((socket.SOL_SOCKET, SO_TIMESTAMPNS), b"")
    if len(data) < _TIMESPEC.size:
        return 0.0
    seconds, nanoseconds = _TIMESPEC.unpack_from(data)
    since: float = time.time() - seconds - nanoseconds / 1e9
    return max(since, 0.0)


def round_trip(waited: float, age: float) -> float:
    """Seconds from sending until an answer of this age arrived, `waited` seconds being over now.

    An answer cannot be older than its question: such an age comes from a clock that was stepped or
    drifted meanwhile, and does not count.
    """
    return waited - age if age < waited else waited


def arrival_ttl(said: Said) -> int | None:
    """The TTL or hop limit with which a packet arrived, where the kernel was asked to say it."""
    data = said.get((SOL_IP, IP_TTL)) or said.get((SOL_IPV6, IPV6_HOPLIMIT)) or b""
    if len(data) < _INT.size:
        return None
    value: int = _INT.unpack_from(data)[0]
    return value


def _offender(sockaddr: bytes) -> str:
    if len(sockaddr) < 16:
        return ""
    family = struct.unpack_from("@H", sockaddr)[0]
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, sockaddr[4:8])
    if family == socket.AF_INET6 and len(sockaddr) >= 24:
        return socket.inet_ntop(socket.AF_INET6, sockaddr[8:24])
    return ""


def refuse_below(sock: socket.socket, ttl: int) -> None:
    """Have the kernel drop TCP segments that arrive with a smaller TTL (RFC 5082). Linux only."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(SOL_IPV6, IPV6_MINHOPCOUNT, ttl)
    else:
        sock.setsockopt(SOL_IP, IP_MINTTL, ttl)
