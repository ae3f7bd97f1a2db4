"""Hop probes: packets that may cross so many routers and no more.

The probes of one flow share a socket, so that routers which balance load keep them on one path
(Paris traceroute, IMC 2006). UDP needs no privileges, echo what the system asks for it, packets
crafted whole CAP_NET_RAW. A TCP probe without privileges is a connect of its own, with a port of
its own, since two connects cannot have the same ports: such a flow may take several paths.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace

from netdiag.network import Attempt, Sent
from netdiag.outcomes import Failed, FailureKind, IcmpError
from netdiag.requests import HopProbe
from netdiag.wire import errqueue, failures, hop_kinds, sockets, tcp
from netdiag.wire.errqueue import QueuedError
from netdiag.wire.hop_kinds import Answer, Kind
from netdiag.wire.sockets import Clock

WAIT = 1.0
"""Seconds for an answer."""

MOST_FLOWS = 32
"""Sockets kept for flows that no probe is waiting in."""

_SEND_TRIES = 8
_MOST_READ = 256


@dataclass(slots=True)
class _Flow:
    """One socket and the probes under way on it, by number."""

    kind: Kind
    clock: Clock
    waiting: dict[int, tuple[float, asyncio.Future[Answer]]] = field(default_factory=dict)
    last: int = field(default_factory=lambda: secrets.randbelow(1 << 16))
    unquoted: int = 0

    def launch(self, ttl: int) -> tuple[int, asyncio.Future[Answer]]:
        """Send one probe. Raises OSError."""
        # From 1 to 65535: where the identification is 0, the kernel chooses one.
        self.last = self.last % 0xFFFF + 1
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.waiting[self.last] = (self.clock(), answer)
        try:
            self._transmit(self.last, ttl)
        except OSError:
            del self.waiting[self.last]
            raise
        return self.last, answer

    def _transmit(self, number: int, ttl: int) -> None:
        """A pending ICMP error makes a send fail without sending: read it and send again."""
        for left in reversed(range(_SEND_TRIES)):
            self.drain()
            try:
                self.kind.send(number, ttl)
            except OSError:
                if left == 0:
                    raise
            else:
                return

    def drain(self) -> None:
        """Give every queued error and every answer to the probe that it belongs to."""
        sock = self.kind.sock
        for _ in range(_MOST_READ):
            queued = errqueue.read(sock)
            if queued is None:
                break
            if queued.icmp:
                self._refused(queued)
        with suppress(OSError):
            for _ in range(_MOST_READ):
                data, ancillary, _, _ = sock.recvmsg(2048, 512)
                self._answered(data, errqueue.by_kind(ancillary))

    def _refused(self, queued: QueuedError) -> None:
        number = self.kind.number(queued)
        if number is None:
            self.unquoted += 1
        else:
            self._deliver(number, queued.age, queued.outcome(0.0, self.kind.quote(queued)))

    def _answered(self, data: bytes, said: errqueue.Said) -> None:
        answer = self.kind.answered(data, errqueue.arrival_ttl(said))
        if answer:
            number, outcome = answer
            self._deliver(number, errqueue.age(said), outcome)

    def _deliver(self, number: int, age: float, outcome: Answer) -> None:
        started, answer = self.waiting.pop(number, (0.0, None))
        if answer and not answer.done():
            rtt = round(max(self.clock() - started - age, 0.0), 6)
            answer.set_result(replace(outcome, rtt=rtt))


class Flows:
    """The flows of one run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._flows: dict[HopProbe, _Flow] = {}

    async def send(self, probe: HopProbe) -> Sent:
        """One probe, and what came of it."""
        if not errqueue.AVAILABLE:
            detail = "this system does not tell programs without privileges who sent an ICMP error"
            return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=detail))
        if probe.protocol == "tcp" and not probe.raw:
            options = tcp.Options(wait=WAIT, ttl=probe.ttl)
            async with tcp.handshake(probe.address, probe.port, self._clock, options) as done:
                return Sent(done.outcome, (done.attempt,))
        return await self._send(probe)

    def close(self) -> None:
        """Close every flow."""
        for key in list(self._flows):
            self._drop(key)

    async def _send(self, probe: HopProbe) -> Sent:
        flow = self._flow(probe)
        started = self._clock()
        outcome = await _ask(flow, probe.ttl)
        taken = self._clock() - started
        attempts: tuple[Attempt, ...] = (_attempt(flow.kind.how, flow.kind, outcome, taken),)
        silent = isinstance(outcome, Failed) and outcome.kind is FailureKind.TIMEOUT
        if silent and flow.unquoted and probe.protocol == "udp" and not probe.raw:
            # Some router quotes too little to tell whose probe it ended: ask on a port apart.
            started = self._clock()
            outcome = await _ask_alone(probe, self._clock)
            taken = self._clock() - started
            attempts = (*attempts, _attempt("udp-own-port", flow.kind, outcome, taken))
        return Sent(outcome, attempts)

    def _flow(self, probe: HopProbe) -> _Flow:
        key = replace(probe, ttl=0, attempt=0)
        if key not in self._flows:
            self._forget_idle()
            flow = self._flows[key] = _Flow(hop_kinds.make(probe), self._clock)
            asyncio.get_running_loop().add_reader(flow.kind.sock.fileno(), flow.drain)
        return self._flows[key]

    def _forget_idle(self) -> None:
        idle = [key for key, flow in self._flows.items() if not flow.waiting]
        if len(idle) >= MOST_FLOWS:
            self._drop(idle[0])

    def _drop(self, key: HopProbe) -> None:
        kind = self._flows.pop(key).kind
        asyncio.get_running_loop().remove_reader(kind.sock.fileno())
        kind.close()


async def _ask(flow: _Flow, ttl: int) -> Answer | Failed:
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


async def _ask_alone(probe: HopProbe, clock: Clock) -> Answer | Failed:
    """The one probe on its own socket: any error that comes is its."""
    with sockets.datagram_socket(probe.address, probe.port) as sock:
        tcp.set_ttl(sock, probe.ttl)
        started = clock()
        sockets.transmit(sock, bytes(hop_kinds.PAYLOAD))
        try:
            async with asyncio.timeout(WAIT):
                while True:
                    received = await sockets.receive(sock)
                    if isinstance(received, QueuedError):
                        return received.outcome(max(clock() - started - received.age, 0.0))
        except OSError as error:
            return failures.from_error(error)


def _attempt(how: str, kind: Kind, outcome: Answer | Failed, elapsed: float) -> Attempt:
    match outcome:
        case IcmpError(kind=said):
            result = said.value
        case Failed(kind=failure):
            result = failure.value
        case _:
            result = outcome.type
    unsent = isinstance(outcome, Failed) and outcome.kind is not FailureKind.TIMEOUT
    packets, octets = kind.caused(outcome)
    return Attempt(
        how=how,
        result=result,
        elapsed=round(elapsed, 6),
        packets=0 if unsent else 1 + packets,
        octets=0 if unsent else kind.octets + octets,
    )
