"""Windows' own ICMP (iphlpapi): echo requests that may cross so many routers, for any user.

One call sends one request and waits for its answer, so each takes a thread. What the system writes
into the reply buffer is read by pure functions, which are tested everywhere; the call itself is in
`_call` alone and has never been run where this project's tests run.
"""

from __future__ import annotations

import asyncio
import ipaddress
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from netdiag.lazy import dataclass
from netdiag.network import Attempt, Sent
from netdiag.outcomes import EchoReply, Failed, FailureKind, IcmpError, Unreachable
from netdiag.requests import HopProbe
from netdiag.wire import sockets
from netdiag.wire.sockets import Clock

WAIT = 1.0
"""Seconds for an answer."""

PAYLOAD = 32
MOST_THREADS = 32
_ICMP_HEADER = 8
_ROOM = 256
"""Octets of the reply buffer: the structure, an ICMP error and the payload."""

_SUCCESS, _TIMED_OUT = 0, 11010
_STATUS = {
    11002: (Unreachable.NET, (3, 0), (1, 0)),
    11003: (Unreachable.HOST, (3, 1), (1, 3)),
    11005: (Unreachable.PORT, (3, 3), (1, 4)),
    11009: (Unreachable.TOO_BIG, (3, 4), (2, 0)),
    11013: (Unreachable.TTL_EXCEEDED, (11, 0), (3, 0)),
    11041: (Unreachable.TTL_EXCEEDED, (11, 0), (3, 0)),
}
"""IP_STATUS codes (ipexport.h): what they mean, and the ICMP type and code of each family."""

_PROTOCOL_OR_PROHIBITED = 11004
"""One number, two meanings: IP_DEST_PROT_UNREACHABLE, and for IPv6 IP_DEST_PROHIBITED."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the system says of one request: a status, and who sent the answer. `ttl` is known for
    IPv4 only."""

    status: int
    sender: str
    ttl: int | None = None


def read4(buffer: bytes, pointer: int = 8) -> Reply | None:
    """An ICMP_ECHO_REPLY (ipexport.h) of a system whose pointers have so many octets."""
    options = 16 + pointer
    if len(buffer) < options + 1:
        return None
    sender = str(ipaddress.IPv4Address(buffer[:4]))
    (status,) = struct.unpack_from("<I", buffer, 4)
    return Reply(status, sender, buffer[options] or None)


def read6(buffer: bytes) -> Reply | None:
    """An ICMPV6_ECHO_REPLY: an IPV6_ADDRESS_EX of 26 octets, two of padding, the status."""
    if len(buffer) < 32:
        return None
    sender = str(ipaddress.IPv6Address(buffer[6:22]))
    (status,) = struct.unpack_from("<I", buffer, 28)
    return Reply(status, sender)


def outcome(reply: Reply | None, family: int, rtt: float) -> EchoReply | IcmpError | Failed:
    """What came of the request; no reply is silence."""
    if reply is None or reply.status == _TIMED_OUT:
        return Failed(kind=FailureKind.TIMEOUT)
    if reply.status == _SUCCESS:
        return EchoReply(rtt=rtt, ttl=reply.ttl)
    kind, types = _meaning(reply.status, family)
    if kind is None:
        return Failed(kind=FailureKind.OTHER, detail=f"IP_STATUS {reply.status}")
    return IcmpError(
        kind=kind,
        icmp_type=types[0],
        icmp_code=types[1],
        sender=reply.sender,
        rtt=rtt,
        return_ttl=reply.ttl,
    )


def _meaning(status: int, family: int) -> tuple[Unreachable | None, tuple[int, int]]:
    if status == _PROTOCOL_OR_PROHIBITED:
        prohibited = (Unreachable.ADMIN_PROHIBITED, (1, 1))
        return prohibited if family == 6 else (Unreachable.PROTOCOL, (3, 2))
    kind, four, six = _STATUS.get(status, (None, (0, 0), (0, 0)))
    return kind, four if family == 4 else six


async def send(probe: HopProbe, clock: Clock) -> Sent:
    """One echo request, and what came of it."""
    family = sockets.family(probe.address)
    started = clock()
    try:
        loop = asyncio.get_running_loop()
        buffer = await loop.run_in_executor(_threads(), _call, probe.address, probe.ttl)
    except OSError as error:
        return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=str(error)))
    taken = clock() - started
    reply = read4(buffer, struct.calcsize("P")) if family == 4 else read6(buffer)
    said = outcome(reply if buffer else None, family, round(taken, 6))
    attempt = Attempt(
        how="icmp-windows",
        result=said.kind.value if isinstance(said, IcmpError | Failed) else said.type,
        elapsed=round(taken, 6),
        packets=1,
        octets=sockets.HEADERS[family] + _ICMP_HEADER + PAYLOAD,
    )
    return Sent(said, (attempt,))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=MOST_THREADS, thread_name_prefix="icmp")


def available() -> bool:
    """Whether this system has these calls."""
    return sys.platform == "win32"


if sys.platform == "win32":
    import ctypes

    class _Options(ctypes.Structure):
        """IP_OPTION_INFORMATION."""

        _fields_ = (
            ("ttl", ctypes.c_ubyte),
            ("tos", ctypes.c_ubyte),
            ("flags", ctypes.c_ubyte),
            ("size", ctypes.c_ubyte),
            ("data", ctypes.c_void_p),
        )

    def _call(address: str, ttl: int) -> bytes:
        """The reply buffer that IcmpSendEcho2 or Icmp6SendEcho2 fills; empty where nothing came.
        Raises OSError."""
        library = ctypes.WinDLL("iphlpapi", use_last_error=True)
        packed = ipaddress.ip_address(address.partition("%")[0]).packed
        create = library.IcmpCreateFile if len(packed) == 4 else library.Icmp6CreateFile
        create.restype = ctypes.c_void_p
        handle = create()
        if handle in {None, ctypes.c_void_p(-1).value}:
            raise ctypes.WinError(ctypes.get_last_error())
        opened = ctypes.c_void_p(handle)
        buffer = ctypes.create_string_buffer(_ROOM)
        rest = (bytes(PAYLOAD), PAYLOAD, ctypes.byref(_Options(ttl=ttl)), buffer, _ROOM)
        wait = int(WAIT * 1000)
        try:
            if len(packed) == 4:
                to = ctypes.c_uint32(int.from_bytes(packed, "little"))
                count = library.IcmpSendEcho2(opened, None, None, None, to, *rest, wait)
            else:
                ends = (_sockaddr6(bytes(16)), _sockaddr6(packed))
                count = library.Icmp6SendEcho2(opened, None, None, None, *ends, *rest, wait)
        finally:
            library.IcmpCloseHandle(opened)
        return buffer.raw if count else b""

else:

    def _call(address: str, ttl: int) -> bytes:
        """Not here."""
        raise OSError("this system has no IcmpSendEcho2")


def _sockaddr6(packed: bytes) -> bytes:
    """A sockaddr_in6 as Windows has it: family 23, then port, flow, address and scope."""
    return struct.pack("<HHI", 23, 0, 0) + packed + struct.pack("<I", 0)
