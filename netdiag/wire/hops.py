"""Hop probes: packets that may cross so many routers and no more, without privileges.

UDP probes of one flow share a socket, so that routers which balance load by ports keep them on one
path (Paris traceroute); each carries its number in its payload, which routers quote back. A TCP
probe needs a port of its own, since two connects cannot have the same ports, so TCP probes of one
flow may take several paths.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass, field

from netdiag.network import Attempt, Sent
from netdiag.outcomes import Connected, Failed, FailureKind, IcmpError, Outcome, Reset
from netdiag.requests import HopProbe
from netdiag.wire import errqueue, failures, sockets, tcp
from netdiag.wire.errqueue import QueuedError
from netdiag.wire.sockets import Clock

WAIT = 1.0
"""Seconds for an answer."""

MOST_FLOWS = 32
"""Sockets kept for flows that no probe is waiting in."""

_MARK = b"nd"
_PAYLOAD = 32
_UDP_HEADER = 8
_SEND_TRIES = 8


@dataclass(slots=True)
class _Flow:
    """One socket and the probes under way on it, by number."""

    sock: socket.socket
    clock: Clock
    waiting: dict[int, tuple[float, asyncio.Future[IcmpError]]] = field(default_factory=dict)
    number: int = field(default_factory=lambda: secrets.randbelow(1 << 16))
    unquoted: int = 0

    def launch(self, ttl: int) -> tuple[int, asyncio.Future[IcmpError]]:
        """Send one probe. Raises OSError."""
        self.number = (self.number + 1) & 0xFFFF
        answer: asyncio.Future[IcmpError] = asyncio.get_running_loop().create_future()
        tcp.set_ttl(self.sock, ttl)
        payload = (_MARK + self.number.to_bytes(2)).ljust(_PAYLOAD, b"\0")
        self.waiting[self.number] = (self.clock(), answer)
        try:
            self._transmit(payload)
        except OSError:
            del self.waiting[self.number]
            raise
        return self.number, answer

    def _transmit(self, payload: bytes) -> None:
        """A pending ICMP error makes a send fail without sending: read it and send again."""
        for left in reversed(range(_SEND_TRIES)):
            self.drain()
            try:
                self.sock.send(payload)
            except OSError:
                if left == 0:
                    raise
            else:
                return

    def drain(self) -> None:
        """Give every queued error to the probe that it quotes. Answers of a service are no use."""
        while queued := errqueue.read(self.sock):
            if queued.icmp:
                self._deliver(queued)
        with suppress(OSError):
            while self.sock.recv(2048):
                pass

    def _deliver(self, queued: QueuedError) -> None:
        if len(queued.payload) < 4 or queued.payload[:2] != _MARK:
            self.unquoted += 1
            return
        started, answer = self.waiting.pop(int.from_bytes(queued.payload[2:4]), (0.0, None))
        if answer and not answer.done():
            answer.set_result(queued.outcome(max(self.clock() - started - queued.age, 0.0)))


class Flows:
    """The flows of one run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._flows: dict[tuple[str, int, int], _Flow] = {}

    async def send(self, probe: HopProbe) -> Sent:
        """One probe, and what came of it."""
        if not errqueue.AVAILABLE:
            detail = "this system does not tell programs without privileges who sent an ICMP error"
            return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=detail))
        if probe.protocol == "tcp":
            options = tcp.Options(wait=WAIT, ttl=probe.ttl)
            async with tcp.handshake(probe.address, probe.port, self._clock, options) as done:
                return Sent(done.outcome, (done.attempt,))
        return await self._send_udp(probe)

    def close(self) -> None:
        """Close every flow."""
        for key in list(self._flows):
            self._drop(key)

    async def _send_udp(self, probe: HopProbe) -> Sent:
        started = self._clock()
        flow = self._flow(probe)
        outcome = await _ask(flow, probe.ttl)
        attempts: tuple[Attempt, ...] = (_attempt("udp", outcome, self._clock() - started, probe),)
        silent = isinstance(outcome, Failed) and outcome.kind is FailureKind.TIMEOUT
        if silent and flow.unquoted:
            # Some router quotes too little to tell whose probe it ended: ask on a port apart.
            started = self._clock()
            outcome = await _ask_alone(probe, self._clock)
            again = _attempt("udp-own-port", outcome, self._clock() - started, probe)
            attempts = (*attempts, again)
        return Sent(outcome, attempts)

    def _flow(self, probe: HopProbe) -> _Flow:
        key = (probe.address, probe.port, probe.flow)
        if key not in self._flows:
            self._forget_idle()
            sock = sockets.make(probe.address, socket.SOCK_DGRAM)
            try:
                errqueue.watch(sock)
                sock.connect(sockets.socket_address(probe.address, probe.port))
            except OSError:
                sock.close()
                raise
            flow = self._flows[key] = _Flow(sock, self._clock)
            asyncio.get_running_loop().add_reader(sock.fileno(), flow.drain)
        return self._flows[key]

    def _forget_idle(self) -> None:
        idle = [key for key, flow in self._flows.items() if not flow.waiting]
        if len(idle) >= MOST_FLOWS:
            self._drop(idle[0])

    def _drop(self, key: tuple[str, int, int]) -> None:
        sock = self._flows.pop(key).sock
        asyncio.get_running_loop().remove_reader(sock.fileno())
        sock.close()


async def _ask(flow: _Flow, ttl: int) -> Outcome:
    try:
        number, answer = flow.launch(ttl)
    except OSError as error:
        return failures.from_error(error)
    try:
        async with asyncio.timeout(WAIT):
            return await answer
    except TimeoutError:
        return Failed(kind=FailureKind.TIMEOUT)
    finally:
        flow.waiting.pop(number, None)


async def _ask_alone(probe: HopProbe, clock: Clock) -> Outcome:
    """The one probe on its own socket: any error that comes is its."""
    with sockets.datagram_socket(probe.address, probe.port) as sock:
        tcp.set_ttl(sock, probe.ttl)
        started = clock()
        sockets.transmit(sock, bytes(_PAYLOAD))
        try:
            async with asyncio.timeout(WAIT):
                while True:
                    received = await sockets.receive(sock)
                    if isinstance(received, QueuedError):
                        return received.outcome(max(clock() - started - received.age, 0.0))
        except OSError as error:
            return failures.from_error(error)


def _attempt(how: str, outcome: Outcome, elapsed: float, probe: HopProbe) -> Attempt:
    match outcome:
        case IcmpError(kind=kind):
            result = kind.value
        case Failed(kind=failure):
            result = failure.value
        case Connected() | Reset():
            result = outcome.type
        case _:
            result = outcome.type
    unsent = isinstance(outcome, Failed) and outcome.kind is not FailureKind.TIMEOUT
    header = sockets.HEADERS[sockets.family(probe.address)] + _UDP_HEADER
    return Attempt(
        how=how,
        result=result,
        elapsed=round(elapsed, 6),
        packets=0 if unsent else 1,
        octets=0 if unsent else header + _PAYLOAD,
    )
