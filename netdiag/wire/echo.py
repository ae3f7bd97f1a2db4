"""ICMP echo where this user may send it, else the UDP echo of a closed port.

A host that gets UDP on a port where nothing listens says so itself with an ICMP port unreachable
(RFC 1122, section 4.1.3.1), which proves as much as an echo reply does.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import sys
from typing import TYPE_CHECKING

from netdiag.network import Attempt, Sent
from netdiag.outcomes import EchoReply, Failed, FailureKind, IcmpError, Outcome, Unreachable
from netdiag.requests import Echo
from netdiag.text import clean
from netdiag.wire import errqueue, failures, sockets
from netdiag.wire.errqueue import QueuedError
from netdiag.wire.sockets import Clock

if TYPE_CHECKING:
    from icmplib.sockets import ICMPSocket

WAIT = 1.5
"""Seconds for the answer."""

CLOSED_PORT = 33529
"""Of traceroute's range, where firewalls expect probes and services do not listen."""

_ICMP_HEADER = 8
_ECHO_REPLY = {4: 0, 6: 129}
_UDP_HOW = "udp-port-unreachable"


async def send(request: Echo, clock: Clock) -> Sent:
    """One echo of the kind that is permitted."""
    opened = _open(request.address)
    started = clock()
    if opened is not None:
        with opened:
            outcome = await _icmp(opened, request, clock)
        return Sent(outcome, (_attempt("icmp", outcome, clock() - started, request),))
    if not errqueue.AVAILABLE:
        detail = "this user may not send ICMP echo, and this system does not tell of ICMP errors"
        return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=detail))
    outcome = await _udp(request, clock)
    return Sent(outcome, (_attempt(_UDP_HOW, outcome, clock() - started, request),))


def _open(address: str) -> ICMPSocket | None:
    """An ICMP socket, without privileges where that is possible; None where none is permitted."""
    import icmplib

    kind = icmplib.ICMPv4Socket if sockets.family(address) == 4 else icmplib.ICMPv6Socket
    for privileged in (False, True):
        try:
            return kind(privileged=privileged)
        except icmplib.ICMPSocketError:
            continue
    return None


async def _icmp(opened: ICMPSocket, request: Echo, clock: Clock) -> Outcome:
    import icmplib

    sock: socket.socket = opened.sock
    sock.setblocking(False)
    errqueue.watch(sock)
    asked = icmplib.ICMPRequest(
        destination=request.address,
        id=secrets.randbelow(1 << 16),
        sequence=1 + request.attempt % 0xFFFF,
        payload=bytes(request.size),
    )
    started = clock()
    try:
        if sys.platform == "linux":
            # Only what this one peer sends, and errors about what was sent to it.
            sock.connect(sockets.socket_address(request.address, 0))
        opened.send(asked)
    except icmplib.ICMPLibError as error:
        cause = error.__context__
        if isinstance(cause, OSError):
            return failures.from_error(cause)
        return Failed(kind=FailureKind.OTHER, detail=clean(str(error), 200))
    try:
        async with asyncio.timeout(WAIT):
            return await _reply(sock, request, (asked.id, asked.sequence), clock, started)
    except OSError as error:
        return failures.from_error(error)


async def _reply(
    sock: socket.socket, request: Echo, marks: tuple[int, int], clock: Clock, started: float
) -> Outcome:
    family = sockets.family(request.address)
    while True:
        received = await sockets.receive(sock)
        if isinstance(received, QueuedError):
            if _marks(received.payload) in {marks, None}:
                return received.outcome(errqueue.round_trip(clock() - started, received.age))
            continue
        data, ttl = _without_ip_header(sock, received)
        if data[:1] == bytes([_ECHO_REPLY[family]]) and _marks(data) == marks:
            rtt = errqueue.round_trip(clock() - started, received.age)
            return EchoReply(rtt=round(rtt, 6), ttl=ttl)


def _marks(icmp: bytes) -> tuple[int, int] | None:
    """Identifier and sequence number of an echo; None where too little is there."""
    if len(icmp) < _ICMP_HEADER:
        return None
    return int.from_bytes(icmp[4:6]), int.from_bytes(icmp[6:8])


def _without_ip_header(sock: socket.socket, received: sockets.Datagram) -> tuple[bytes, int | None]:
    """The ICMP message and its TTL: raw sockets, and macOS always, put the IPv4 header before."""
    data = received.data
    headed = sock.type == socket.SOCK_RAW or sys.platform != "linux"
    if sock.family == socket.AF_INET and headed and len(data) >= sockets.HEADERS[4]:
        return data[4 * (data[0] & 0xF) :], data[8]
    return data, received.ttl


async def _udp(request: Echo, clock: Clock) -> Outcome:
    with sockets.datagram_socket(request.address, CLOSED_PORT) as sock:
        started = clock()
        try:
            sockets.transmit(sock, bytes(request.size))
            async with asyncio.timeout(WAIT):
                received = await sockets.receive(sock)
        except OSError as error:
            return failures.from_error(error)
        rtt = errqueue.round_trip(clock() - started, received.age)
        if not isinstance(received, QueuedError):
            return EchoReply(rtt=round(rtt, 6), ttl=received.ttl)
        said = received.outcome(rtt)
        if said.kind is Unreachable.PORT and sockets.same(said.sender, request.address):
            return EchoReply(rtt=said.rtt, ttl=said.return_ttl)
        return said


def _attempt(how: str, outcome: Outcome, elapsed: float, request: Echo) -> Attempt:
    match outcome:
        case IcmpError(kind=kind):
            result = kind.value
        case Failed(kind=failure):
            result = failure.value
        case _:
            result = "answered"
    unsent = isinstance(outcome, Failed) and outcome.kind is not FailureKind.TIMEOUT
    # Echo and UDP have headers of eight octets both.
    octets = sockets.HEADERS[sockets.family(request.address)] + _ICMP_HEADER + request.size
    return Attempt(
        how=how,
        result=result,
        elapsed=round(elapsed, 6),
        packets=0 if unsent else 1,
        octets=0 if unsent else octets,
    )
