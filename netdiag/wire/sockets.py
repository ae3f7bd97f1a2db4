"""What every kind of request needs of a socket: made non-blocking, waited for, always closed."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

from netdiag.lazy import dataclass
from netdiag.wire import errqueue

Clock: TypeAlias = Callable[[], float]
"""Monotonic seconds."""

SocketAddress: TypeAlias = tuple[str, int] | tuple[str, int, int, int]

HEADERS = {4: 20, 6: 40}
"""Octets of an IP header without options or extensions (RFC 791, RFC 8200)."""

POLLS = sys.platform != "win32"
"""Whether the loop can watch a socket for readiness; where not, it does the receiving itself."""


def family(address: str) -> int:
    """4 or 6."""
    return ipaddress.ip_address(address.partition("%")[0]).version


def same(address: str, other: str) -> bool:
    """Whether two spellings mean one address; zones are not compared."""
    literals = (text.partition("%")[0] for text in (address, other))
    return len({ipaddress.ip_address(text) for text in literals if text}) == 1


def socket_address(address: str, port: int) -> SocketAddress:
    """The socket address of a literal address, zone index included; nothing is looked up."""
    if family(address) == 4:
        return (address, port)
    literal, _, zone = address.partition("%")
    scope = 0
    if zone:
        scope = int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)
    return (literal, port, 0, scope)


def make(address: str, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
    """A non-blocking socket of the family of `address`. The caller closes it."""
    of = socket.AF_INET if family(address) == 4 else socket.AF_INET6
    sock = socket.socket(of, kind, protocol)
    sock.setblocking(False)
    return sock


@contextmanager
def datagram_socket(address: str, port: int) -> Iterator[socket.socket]:
    """A UDP socket on a fresh port that hears of this one peer only, ICMP errors included."""
    sock = make(address, socket.SOCK_DGRAM)
    try:
        errqueue.watch(sock)
        sock.connect(socket_address(address, port))
        yield sock
    finally:
        sock.close()


@contextmanager
def open_socket(address: str) -> Iterator[socket.socket]:
    """A UDP socket on a fresh port that hears of anybody, in the family of `address`."""
    sock = make(address, socket.SOCK_DGRAM)
    try:
        errqueue.watch(sock)
        yield sock
    finally:
        sock.close()


async def readable(sock: socket.socket) -> None:
    """Wait until something can be read from `sock` or from its error queue."""
    loop = asyncio.get_running_loop()
    woken = loop.create_future()
    loop.add_reader(sock.fileno(), _wake, woken)
    try:
        await woken
    finally:
        loop.remove_reader(sock.fileno())


async def writable(sock: socket.socket) -> None:
    """Wait until a connect ends or something can be written to `sock`."""
    loop = asyncio.get_running_loop()
    woken = loop.create_future()
    loop.add_writer(sock.fileno(), _wake, woken)
    try:
        await woken
    finally:
        loop.remove_writer(sock.fileno())


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came, from whom, and the seconds that it lay in the kernel before it was read."""

    data: bytes
    age: float = 0.0
    ttl: int | None = None
    sender: str = ""


async def receive(sock: socket.socket) -> Datagram | errqueue.QueuedError:
    """The next datagram or ICMP error of a datagram socket. Raises OSError."""
    if not POLLS:
        data, sender = await asyncio.get_running_loop().sock_recvfrom(sock, 65535)
        return Datagram(data, sender=sender[0])
    while True:
        await readable(sock)
        if queued := errqueue.read_icmp(sock):
            return queued
        with suppress(BlockingIOError):
            data, ancillary, _, sender = sock.recvmsg(65535, 512)
            said = errqueue.by_kind(ancillary)
            return Datagram(data, errqueue.age(said), errqueue.arrival_ttl(said), sender[0])


def transmit(
    sock: socket.socket, payload: bytes, tries: int = 3, to: SocketAddress | None = None
) -> None:
    """Send one datagram, on an open socket `to` somebody. An ICMP error that is pending makes a
    send fail instead: send again.

    The queue is left alone: its entries are read by whoever waits for them.
    """
    for left in reversed(range(tries)):
        try:
            sock.sendto(payload, to) if to else sock.send(payload)
        except OSError as error:
            if left == 0 or isinstance(error, BlockingIOError | PermissionError):
                raise
        else:
            return


async def receive_some(sock: socket.socket, size: int) -> bytes:
    """Up to `size` octets of a stream; none once the peer has closed. Raises OSError."""
    return await asyncio.get_running_loop().sock_recv(sock, size)


async def receive_exactly(sock: socket.socket, size: int) -> bytes:
    """`size` octets of a stream, fewer only where the peer closed before. Raises OSError."""
    data = bytearray()
    while len(data) < size:
        some = await receive_some(sock, size - len(data))
        if not some:
            break
        data += some
    return bytes(data)


async def send_all(sock: socket.socket, data: bytes) -> None:
    """Write all of `data` to a stream. Raises OSError."""
    await asyncio.get_running_loop().sock_sendall(sock, data)


def close_gently(sock: socket.socket, *, wants_rest: bool = True) -> None:
    """Close a stream with FIN. Unread data is answered with RST, so it is read first, unless no
    more than was read is wanted of a peer that has much to say."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        for _ in range(64 if wants_rest else 0):
            if not sock.recv(65536):
                break
    sock.close()
