"""Whether a zone transfer begins: its first records, and no more of the zone than that.

A transfer is one answer in many messages (RFC 5936, section 2.2). It begins with the zone's SOA
record; the next record tells that the zone follows, be it in the same message or in one of its own.
"""

from __future__ import annotations

import socket
from dataclasses import replace

from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.requests import DnsQuery
from netdiag.wire import dns_message, sockets, tcp
from netdiag.wire.sockets import Clock

OPTIONS = tcp.Options(wait=2.0, receive_buffer=4096)
"""The buffer bounds what a server sends of its zone before it sees the connection closed."""

MOST_READ = 4096
"""Octets read of a message: its question and an SOA record together have fewer than 1,200."""

ENOUGH = 2
"""Records that show a transfer, and messages that they may come in."""


async def begin(
    stream: socket.socket, query: DnsQuery, number: int, clock: Clock
) -> DnsReply | Failed:
    """The answer as far as its first `ENOUGH` records, and how long its beginning took. Raises
    OSError."""
    started = clock()
    reply: DnsReply | None = None
    for _ in range(ENOUGH):
        data = await _beginning(stream)
        some = _joined(reply, data, query, number, clock() - started)
        if isinstance(some, Failed):
            return reply or some
        reply = some
        if len(reply.answer) != 1:
            break
    return reply or Failed(kind=FailureKind.CLOSED_EARLY)


async def _beginning(stream: socket.socket) -> bytes:
    """The first octets of the next message; none where the server closed."""
    length = await sockets.receive_exactly(stream, 2)
    return await sockets.receive_exactly(stream, min(int.from_bytes(length), MOST_READ))


def _joined(
    before: DnsReply | None, data: bytes, query: DnsQuery, number: int, rtt: float
) -> DnsReply | Failed:
    """What is known so far, with the first records of one message more."""
    if not data:
        return Failed(kind=FailureKind.CLOSED_EARLY, detail="closed without an answer")
    if dns_message.number_of(data) != number:
        return Failed(kind=FailureKind.MISMATCHED, detail="another message id")
    try:
        some = dns_message.read_start(data, query, rtt, ENOUGH, later=before is not None)
    except dns_message.MismatchError as error:
        return Failed(kind=FailureKind.MISMATCHED, detail=str(error))
    except dns_message.MalformedError as error:
        return Failed(kind=FailureKind.MALFORMED, detail=str(error))
    if before is None:
        return some
    whole = (*before.answer, *some.answer)[:ENOUGH]
    return replace(before, answer=whole, size=before.size + some.size)
