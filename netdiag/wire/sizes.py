"""Datagrams of a given size that nobody on the way may fragment.

Linux sends such a packet whatever it has learnt of the path before (`IP_PMTUDISC_PROBE`), so each
probe sees the path as it is, and what the kernel has learnt is neither used nor healed.
"""

from __future__ import annotations

import asyncio
import errno
import socket

from netdiag.network import Attempt, Sent
from netdiag.outcomes import EchoReply, Failed, FailureKind, IcmpError, Outcome
from netdiag.requests import SizeProbe
from netdiag.wire import errqueue, failures, sockets, tcp
from netdiag.wire.errqueue import QueuedError
from netdiag.wire.sockets import Clock

WAIT = 1.0
"""Seconds for the answer."""

_UDP_HEADER = 8
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER = 10, 23
_PROBE = 3
"""IP_PMTUDISC_PROBE: don't fragment, and don't heed the known path MTU."""


async def send(request: SizeProbe, clock: Clock) -> Sent:
    """One datagram; what is said of it."""
    if not errqueue.AVAILABLE:
        detail = "this system does not tell of ICMP errors"
        return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=detail))
    started = clock()
    outcome = await _ask(request, clock)
    unsent = isinstance(outcome, Failed) and outcome.kind is not FailureKind.TIMEOUT
    attempt = Attempt(
        how="udp",
        result=_result(outcome),
        elapsed=round(clock() - started, 6),
        packets=0 if unsent else 1,
        octets=0 if unsent else request.size,
    )
    return Sent(outcome, (attempt,))


def _result(outcome: Outcome) -> str:
    match outcome:
        case IcmpError(kind=kind):
            return kind.value
        case Failed(kind=failure):
            return failure.value
        case _:
            return "answered"


async def _ask(request: SizeProbe, clock: Clock) -> Outcome:
    headers = sockets.HEADERS[sockets.family(request.address)] + _UDP_HEADER
    with sockets.datagram_socket(request.address, request.port) as sock:
        _forbid_fragments(sock)
        tcp.set_ttl(sock, request.ttl)
        started = clock()
        try:
            sock.send(bytes(request.size - headers))
            async with asyncio.timeout(WAIT):
                received = await sockets.receive(sock)
        except OSError as error:
            return _failure(error)
        rtt = errqueue.round_trip(clock() - started, received.age)
        if isinstance(received, QueuedError):
            return received.outcome(rtt)
        return EchoReply(rtt=round(rtt, 6), ttl=received.ttl)


def _forbid_fragments(sock: socket.socket) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, _PROBE)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _PROBE)


def _failure(error: OSError) -> Failed:
    if error.errno == errno.EMSGSIZE:
        return Failed(kind=FailureKind.TOO_LARGE, detail="larger than this machine's link takes")
    return failures.from_error(error)
