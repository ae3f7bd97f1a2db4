"""TCP handshakes, and who answered them how.

While a socket is in SYN-SENT, Linux ends its connect with any ICMP error that quotes its SYN, and
keeps the error in the socket's error queue. So a reset, a firewall's refusal and a router's
unreachable stay apart, where the errno alone folds six causes into "no route to host".
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from netdiag.lazy import dataclass
from netdiag.network import Attempt, Sent
from netdiag.outcomes import Connected, Failed, FailureKind, IcmpError, Reset, Stall
from netdiag.requests import TcpConnect
from netdiag.wire import errqueue, failures, quotes, sockets
from netdiag.wire.sockets import Clock

WAIT = 4.0
"""Seconds for a handshake. The router of a dead host's network gives up its neighbour discovery
after 3 s (RFC 4861: MAX_MULTICAST_SOLICIT times RETRANS_TIMER; Linux does ARP alike) and then
says so: the wait must outlive that."""

_TCP_SYNCNT, _TCP_INFO = 7, 11
_INFO_LENGTH = 136
"""Octets of tcp_info up to `tcpi_bytes_received` (Linux 4.1 and later)."""

_SYN_RETRIES = 3
_SYN, _SEGMENT = 60, 52
"""Octets of an IPv4 SYN and of a segment without data, with Linux's usual options."""

_GOODBYE = 1500
"""Milliseconds in which a FIN goes out four times at most."""

_CLOSING = 2
"""Segments that an undisturbed close takes: a FIN and the ACK of the peer's."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """How a handshake ended, and the socket where it completed.

    The attempt's packets are those the kernel reports, or the retransmissions due in the time
    taken (RFC 6298: after 1 s, then doubling), with those of an undisturbed close.
    """

    outcome: Connected | Reset | IcmpError | Failed
    attempt: Attempt
    stream: socket.socket | None = None

    @property
    def failure(self) -> IcmpError | Failed | None:
        """What to say instead of the answer of a higher protocol; None where connected."""
        match self.outcome:
            case Connected():
                return None
            case Reset():
                return Failed(kind=FailureKind.REFUSED)
            case other:
                return other


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`ttl` limits the routers that the SYN crosses; what arrives with a TTL below `least_ttl`
    is not taken (Linux: IP_MINTTL), and about `receive_buffer` octets are taken before they are
    read, the rest being refused with a reset. `segment` is the largest segment, in octets of data,
    that this side sends and asks for. None leaves the system's choice."""

    wait: float = WAIT
    ttl: int | None = None
    least_ttl: int | None = None
    receive_buffer: int | None = None
    segment: int | None = None


DEFAULTS = Options()


async def send(request: TcpConnect, clock: Clock) -> Sent:
    """One handshake, closed at once."""
    async with handshake(request.address, request.port, clock) as done:
        return Sent(done.outcome, (done.attempt,))


@asynccontextmanager
async def handshake(
    address: str, port: int, clock: Clock, options: Options = DEFAULTS
) -> AsyncIterator[Handshake]:
    """Connect; the stream is closed with FIN when the block ends. Raises OSError for own trouble
    only, such as too many open files."""
    sock = sockets.make(address, socket.SOCK_STREAM)
    try:
        _prepare(sock, options)
        started = clock()
        failed = await _connect(sock, sockets.socket_address(address, port), options.wait)
        yield _ended(sock, failed, address, clock() - started)
    finally:
        if options.ttl is not None:
            # The FIN has to get to the end of the path.
            with suppress(OSError):
                set_ttl(sock, 64)
        _close_within_reason(sock)
        sockets.close_gently(sock, wants_rest=options.receive_buffer is None)


def _close_within_reason(sock: socket.socket) -> None:
    """A FIN that is lost is sent again for `_GOODBYE`, and not for a minute as usual."""
    if sys.platform == "linux":
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _GOODBYE)


def set_ttl(sock: socket.socket, ttl: int) -> None:
    """How many routers the packets of `sock` may cross."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)


def _prepare(sock: socket.socket, options: Options) -> None:
    errqueue.watch(sock)
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, _TCP_SYNCNT, _SYN_RETRIES)
    if options.receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options.receive_buffer)
    if options.segment is not None and hasattr(socket, "TCP_MAXSEG"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, options.segment)
    if options.ttl is not None:
        set_ttl(sock, options.ttl)
    if options.least_ttl is not None:
        errqueue.refuse_below(sock, options.least_ttl)


async def _connect(sock: socket.socket, to: sockets.SocketAddress, wait: float) -> OSError | None:
    """Connect within `wait` seconds; what went wrong, None where nothing did."""
    try:
        async with asyncio.timeout(wait):
            if not sockets.POLLS:
                await asyncio.get_running_loop().sock_connect(sock, to)
                return None
            number = sock.connect_ex(to)
            if number in {errno.EINPROGRESS, errno.EAGAIN}:
                await sockets.writable(sock)
                number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    except OSError as error:
        return error
    return OSError(number, "connect") if number else None


def _ended(sock: socket.socket, failed: OSError | None, address: str, elapsed: float) -> Handshake:
    """What came of a connect. The error queue is asked first: it knows most."""
    queued = errqueue.read_icmp(sock)
    if queued:
        rtt = errqueue.round_trip(elapsed, queued.age)
        segment = quotes.offered(queued.payload)
        headers = sockets.HEADERS[sockets.family(address)]
        icmp = queued.outcome(rtt, segment=segment, headers=headers)
        return Handshake(icmp, _attempt(icmp.kind.value, elapsed, _syns(sock, elapsed), address))
    if failed is None:
        errqueue.unwatch(sock)
        rtt, retransmitted = _measured(sock, elapsed)
        source = str(sock.getsockname()[0])
        connected = Connected(rtt=round(rtt, 6), source=source)
        segments = 1 + _CLOSING
        attempt = _attempt("connected", elapsed, 1 + retransmitted, address, segments)
        return Handshake(connected, attempt, sock)
    failure = failures.from_error(failed)
    # On the loop, a refusal is a reset: an ICMP one would have been in the error queue.
    outcome = Reset(rtt=round(elapsed, 6)) if failure.kind is FailureKind.REFUSED else failure
    result = "reset" if isinstance(outcome, Reset) else failure.kind.value
    left = result in {"reset", FailureKind.TIMEOUT.value}
    return Handshake(
        outcome, _attempt(result, elapsed, _syns(sock, elapsed) if left else 0, address)
    )


def _attempt(result: str, elapsed: float, syns: int, address: str, segments: int = 0) -> Attempt:
    longer = sockets.HEADERS[sockets.family(address)] - sockets.HEADERS[4]
    return Attempt(
        how="tcp",
        result=result,
        elapsed=round(elapsed, 6),
        packets=syns + segments,
        octets=syns * (_SYN + longer) + segments * (_SEGMENT + longer),
    )


def _syns(sock: socket.socket, elapsed: float) -> int:
    """SYNs sent without success in `elapsed` seconds, as the kernel counts; else at 0, 1, 3, 7 s.

    Linux from 6.5 on retransmits each second at first (tcp_syn_linear_timeouts).
    """
    due = sum(elapsed >= moment for moment in (0, 1, 3, 7)[: 1 + _SYN_RETRIES])
    if sys.platform != "linux":
        return due
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 104)
        return 1 + min(int(struct.unpack_from("@I", info, 100)[0]), _SYN_RETRIES)
    except (OSError, struct.error):
        return due


def stalled(failed: Failed, sock: socket.socket | None) -> Failed:
    """`failed`, with the state of the connection where it is a time-out and the system tells."""
    if failed.kind is not FailureKind.TIMEOUT or sock is None or sys.platform != "linux":
        return failed
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _INFO_LENGTH)
        unacknowledged, retransmitted, received = (
            *struct.unpack_from("@I", info, 24),
            *struct.unpack_from("@I", info, 100),
            *struct.unpack_from("@Q", info, 128),
        )
    except (OSError, struct.error):
        return failed
    stall = Stall(
        unacknowledged=unacknowledged, retransmitted=retransmitted, received=min(received, 1 << 40)
    )
    return replace(failed, stall=stall)


def _measured(sock: socket.socket, elapsed: float) -> tuple[float, int]:
    """The kernel's round-trip time of the handshake, and how often it retransmitted (tcp_info).

    Where it sent more than one SYN, or does not say, the time is the one seen from outside.
    """
    if sys.platform != "linux":
        return elapsed, 0
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 104)
        microseconds = struct.unpack_from("@I", info, 68)[0]
        retransmitted = struct.unpack_from("@I", info, 100)[0]
    except (OSError, struct.error):
        return elapsed, 0
    sane = not retransmitted and 0 < microseconds / 1e6 <= elapsed
    return (microseconds / 1e6 if sane else elapsed), min(retransmitted, _SYN_RETRIES)
