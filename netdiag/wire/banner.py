"""What a service that speaks first says, and its polite close."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from netdiag.network import Attempt, Sent
from netdiag.outcomes import Banner, Outcome
from netdiag.requests import ReadBanner
from netdiag.text import clean
from netdiag.wire import failures, sockets, tcp
from netdiag.wire.sockets import Clock

WAIT = 3.0
"""Seconds for the first octets."""

LINE_WAIT = 0.5
"""Seconds more for the end of a line that has begun."""

MOST_OCTETS = 4096

CLOSES = {
    21: b"QUIT\r\n",
    25: b"QUIT\r\n",
    110: b"QUIT\r\n",
    143: b"a LOGOUT\r\n",
    587: b"QUIT\r\n",
}
"""How FTP (RFC 959), SMTP (RFC 5321), POP3 (RFC 1939) and IMAP (RFC 9051) are left, by port."""


async def send(request: ReadBanner, clock: Clock) -> Sent:
    """Connect, listen, and leave as the protocol of a well-known port wants it."""
    async with tcp.handshake(request.address, request.port, clock) as done:
        if done.failure or not done.stream:
            return Sent(done.failure or done.outcome, (done.attempt,))
        started = clock()
        outcome = await _listen(done.stream, clock)
        close = CLOSES.get(request.port, b"")
        left = isinstance(outcome, Banner) and outcome.text and not outcome.closed and close
        if left:
            with suppress(OSError):
                await _leave(done.stream, close)
        said = bool(isinstance(outcome, Banner) and outcome.text)
        header = sockets.HEADERS[sockets.family(request.address)] + 32
        attempt = Attempt(
            how="banner",
            result=("said" if said else "silent") if isinstance(outcome, Banner) else "failed",
            elapsed=round(clock() - started, 6),
            packets=said + 2 * bool(left),
            octets=(said + 2 * bool(left)) * header + len(close) * bool(left),
        )
        return Sent(outcome, (done.attempt, attempt))


async def _listen(stream: socket.socket, clock: Clock) -> Outcome:
    started = clock()
    text, closed, rtt = b"", False, 0.0
    try:
        async with asyncio.timeout(WAIT) as limit:
            while len(text) < MOST_OCTETS and not text.endswith(b"\n"):
                some = await sockets.receive_some(stream, MOST_OCTETS - len(text))
                if not some:
                    closed = True
                    break
                if not text:
                    rtt = clock() - started
                    limit.reschedule(asyncio.get_running_loop().time() + LINE_WAIT)
                text += some
    except TimeoutError:
        pass
    except OSError as error:
        if not text:
            return failures.from_error(error)
        closed = True
    return Banner(text=clean(text), closed=closed, rtt=round(rtt or clock() - started, 6))


async def _leave(stream: socket.socket, close: bytes) -> None:
    async with asyncio.timeout(LINE_WAIT):
        await sockets.send_all(stream, close)
        await sockets.receive_some(stream, MOST_OCTETS)
