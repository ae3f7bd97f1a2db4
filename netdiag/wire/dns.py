"""DNS queries over UDP and TCP, sent by hand so that times and failures are true.

Each query has a socket of its own: a fresh port and random ids make answers hard to forge, and a
connected socket hears the ICMP errors that its own packets cause, and nobody but the server. Only
to see whether a server answers from elsewhere one is left open; such an answer tells its source.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from contextlib import AbstractContextManager
from dataclasses import field, replace

from netdiag.lazy import dataclass
from netdiag.network import Attempt, Sent
from netdiag.outcomes import DnsReply, Failed, FailureKind, IcmpError, Outcome, Unreachable
from netdiag.policy import TRANSFER
from netdiag.requests import DnsQuery
from netdiag.wire import dns_message, errqueue, failures, sockets, tcp, transfer
from netdiag.wire.errqueue import QueuedError
from netdiag.wire.sockets import Clock

UDP_TRIES = 2
UDP_WAIT = 1.2
"""Seconds per try. Resolvers wait from 0.4 to 2 s; a round trip of 1 s is already no use."""

TCP_CONNECT_WAIT = 2.0
TCP_READ_WAIT = 3.0
TCP_MESSAGES = 8
"""Messages read from one connection while looking for the one that answers."""

_UDP_HEADER = 8
_TRUNCATED = Failed(kind=FailureKind.MALFORMED, detail="truncated over TCP, where all fits")
_IGNORED_KINDS = {Unreachable.TOO_BIG}
"""What says nothing of the server: the kernel has learnt the size for the next try."""


@dataclass(slots=True)
class _Exchange:
    """One query on one UDP socket: its ids with their times, and what did not fit."""

    query: DnsQuery
    clock: Clock
    sent: dict[int, float] = field(default_factory=dict)
    ignored: int = 0
    why: str = ""

    def read(self, datagram: sockets.Datagram) -> DnsReply | Failed | None:
        """The answer in `datagram`; None, and counted, where it answers something else."""
        number = dns_message.number_of(datagram.data)
        if number is None or number not in self.sent:
            self.ignored += 1
            self.why = "another message id"
            return None
        rtt = errqueue.round_trip(self.clock() - self.sent[number], datagram.age)
        try:
            reply = dns_message.read(datagram.data, self.query, "udp", rtt)
            stray = self.query.any_source and not sockets.same(datagram.sender, self.query.server)
            return replace(reply, source=datagram.sender) if stray else reply
        except dns_message.MismatchError as error:
            self.ignored += 1
            self.why = str(error)
            return None
        except dns_message.MalformedError as error:
            return Failed(kind=FailureKind.MALFORMED, detail=str(error))


async def send(query: DnsQuery, clock: Clock) -> Sent:
    """Ask over UDP, twice if need be, and again over TCP where the answer is truncated.

    Where the whole cannot be had over TCP, what came over UDP is the answer if it holds any
    record; a truncated answer without one says nothing, and where signatures are asked for one
    with records does not either: that they are missing may be the cut.
    """
    try:
        dns_message.build(query, 0)
    except ValueError as error:
        return Sent(Failed(kind=FailureKind.OTHER, detail=str(error)))
    if query.transport == "tcp":
        return await _over_tcp(query, clock)
    short = await _over_udp(query, clock)
    if not isinstance(short.outcome, DnsReply) or not (short.outcome.truncated and query.whole):
        return short
    whole = await _over_tcp(query, clock)
    part = short.outcome if short.outcome.answer and not query.dnssec else whole.outcome
    outcome = whole.outcome if isinstance(whole.outcome, DnsReply) else part
    return Sent(outcome, short.attempts + whole.attempts)


async def _over_udp(query: DnsQuery, clock: Clock) -> Sent:
    exchange = _Exchange(query, clock)
    attempts: list[Attempt] = []
    with _socket(query) as sock:
        for _ in range(UDP_TRIES):
            started = clock()
            outcome, octets = await _try(sock, exchange)
            result = _result(outcome)
            attempts.append(_attempt("udp", result, clock() - started, 1, octets))
            if result != FailureKind.TIMEOUT.value:
                return Sent(outcome, tuple(attempts))
    if exchange.ignored:
        detail = f"{exchange.ignored} ignored, the last: {exchange.why}"
        outcome = Failed(kind=FailureKind.MISMATCHED, detail=detail)
    return Sent(outcome, tuple(attempts))


def _socket(query: DnsQuery) -> AbstractContextManager[socket.socket]:
    if query.any_source:
        return sockets.open_socket(query.server)
    return sockets.datagram_socket(query.server, query.port)


async def _try(sock: socket.socket, exchange: _Exchange) -> tuple[Outcome, int]:
    """Send once and wait; an answer to an earlier try is welcome too. Also the octets sent."""
    number = secrets.randbelow(1 << 16)
    query = exchange.query
    message = dns_message.build(query, number)
    header = sockets.HEADERS[sockets.family(query.server)] + _UDP_HEADER
    exchange.sent[number] = exchange.clock()
    to = sockets.socket_address(query.server, query.port) if query.any_source else None
    try:
        sockets.transmit(sock, message, to=to)
        async with asyncio.timeout(UDP_WAIT):
            return await _answer(sock, exchange, exchange.sent[number]), len(message) + header
    except OSError as error:
        sent = len(message) + header if isinstance(error, TimeoutError) else 0
        return failures.from_error(error), sent


async def _answer(sock: socket.socket, exchange: _Exchange, started: float) -> Outcome:
    while True:
        received = await sockets.receive(sock)
        if isinstance(received, QueuedError):
            if received.kind not in _IGNORED_KINDS:
                return received.outcome(
                    errqueue.round_trip(exchange.clock() - started, received.age)
                )
        elif outcome := exchange.read(received):
            return outcome


async def _over_tcp(query: DnsQuery, clock: Clock) -> Sent:
    whole = query.rtype == TRANSFER
    options = transfer.OPTIONS if whole else tcp.Options(wait=TCP_CONNECT_WAIT)
    async with tcp.handshake(query.server, query.port, clock, options) as done:
        if done.failure or not done.stream:
            return Sent(done.failure or done.outcome, (done.attempt,))
        started = clock()
        number = secrets.randbelow(1 << 16)
        message = dns_message.build(query, number)
        try:
            async with asyncio.timeout(TCP_READ_WAIT):
                await sockets.send_all(done.stream, len(message).to_bytes(2) + message)
                read = transfer.begin if whole else _stream_answer
                outcome = await read(done.stream, query, number, clock)
        except OSError as error:
            outcome = failures.from_error(error)
        elapsed = done.attempt.elapsed + clock() - started
        header = sockets.HEADERS[sockets.family(query.server)] + 32
        octets = done.attempt.octets + len(message) + 2 + 2 * header
        # The query, and the acknowledgement of its answer.
        packets = done.attempt.packets + 2
        return Sent(outcome, (_attempt("tcp", _result(outcome), elapsed, packets, octets),))


async def _stream_answer(
    stream: socket.socket, query: DnsQuery, number: int, clock: Clock
) -> Outcome:
    started = clock()
    why = ""
    for _ in range(TCP_MESSAGES):
        length = await sockets.receive_exactly(stream, 2)
        if not length:
            break
        message = await sockets.receive_exactly(stream, int.from_bytes(length))
        if len(length) < 2 or len(message) < int.from_bytes(length):
            if why:
                break
            return Failed(kind=FailureKind.CLOSED_EARLY, detail="closed within the answer")
        if dns_message.number_of(message) != number:
            why = "another message id"
            continue
        try:
            reply = dns_message.read(message, query, "tcp", clock() - started)
            return reply if reply.answer or not reply.truncated else _TRUNCATED
        except dns_message.MismatchError as error:
            why = str(error)
        except dns_message.MalformedError as error:
            return Failed(kind=FailureKind.MALFORMED, detail=str(error))
    if why:
        return Failed(kind=FailureKind.MISMATCHED, detail=why)
    return Failed(kind=FailureKind.CLOSED_EARLY, detail="closed without an answer")


def _result(outcome: Outcome) -> str:
    match outcome:
        case DnsReply(truncated=True):
            return "truncated"
        case DnsReply():
            return "answered"
        case IcmpError(kind=kind):
            return kind.value
        case Failed(kind=failure):
            return failure.value
        case _:
            return outcome.type


def _attempt(how: str, result: str, elapsed: float, packets: int, octets: int) -> Attempt:
    return Attempt(
        how=how, result=result, elapsed=round(elapsed, 6), packets=packets, octets=octets
    )
