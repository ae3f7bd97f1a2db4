"""How far the first words of an accepted connection get.

An established socket learns of the ICMP error about its data by errno alone: Linux reports "no
route to host" for an ended TTL, without saying who sent it. That the words got to the hop is told
all the same, and who is there the probes of the path tell.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import sys
from contextlib import suppress

from netdiag.network import Attempt, Sent
from netdiag.outcomes import DataEnded, Failed, FailureKind, Outcome
from netdiag.requests import FULL_TTL, DataProbe
from netdiag.wire import errqueue, failures, sockets, tcp
from netdiag.wire.sockets import Clock

WAIT = 1.5
"""Seconds for a sign of the words, in which the kernel sends them three times or so."""

_STEP = 0.05
_EXPIRED = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH})


async def send(request: DataProbe, clock: Clock) -> Sent:
    """Connect, say the words with the limited TTL, and see what becomes of them."""
    if sys.platform != "linux":
        detail = "this system does not tell what becomes of data on a connection"
        return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=detail))
    async with tcp.handshake(request.address, request.port, clock) as done:
        if done.failure or not done.stream:
            return Sent(done.failure or done.outcome, (done.attempt,))
        said = words(request)
        started = clock()
        try:
            outcome = await _say(done.stream, said, request.ttl, clock)
        finally:
            tcp.set_ttl(done.stream, FULL_TTL)
        state = tcp.stalled(Failed(kind=FailureKind.TIMEOUT), done.stream).stall
        again = state.retransmitted if state else 0
        header = sockets.HEADERS[sockets.family(request.address)] + 32
        attempt = Attempt(
            how="data",
            result=outcome.kind.value if isinstance(outcome, Failed) else outcome.type,
            elapsed=round(clock() - started, 6),
            packets=1 + again,
            octets=(1 + again) * (len(said) + header),
        )
        return Sent(outcome, (done.attempt, attempt))


def words(request: DataProbe) -> bytes:
    """What a client says first."""
    if not request.tls:
        return f"HEAD / HTTP/1.1\r\nHost: {request.host}\r\nConnection: close\r\n\r\n".encode()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    session = context.wrap_bio(incoming, outgoing, server_hostname=request.host)
    with suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return outgoing.read()


async def _say(sock: socket.socket, said: bytes, ttl: int, clock: Clock) -> Outcome:
    errqueue.watch(sock)
    tcp.set_ttl(sock, ttl)
    started = clock()
    try:
        await sockets.send_all(sock, said)
        while clock() - started < WAIT:
            await asyncio.sleep(_STEP)
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                return _failed(number, clock() - started)
            state = tcp.stalled(Failed(kind=FailureKind.TIMEOUT), sock)
            if state.stall and not state.stall.unacknowledged:
                return DataEnded(expired=False, rtt=round(clock() - started, 6))
    except OSError as error:
        return _failed(error.errno or 0, clock() - started)
    return state


def _failed(number: int, elapsed: float) -> Outcome:
    if number in _EXPIRED:
        return DataEnded(expired=True, rtt=round(elapsed, 6))
    return failures.from_errno(number)
