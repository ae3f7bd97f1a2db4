"""Hop probes: packets that may cross so many routers and no more.

The probes of one flow share a socket, so that routers which balance load keep them on one path
(Paris traceroute, IMC 2006). UDP needs no privileges, echo what the system asks for it, packets
crafted whole CAP_NET_RAW. A TCP probe without privileges is a connect of its own, with a port of
its own, since two connects cannot have the same ports: such a flow may take several paths.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field, replace
from typing import TypeAlias

from netdiag.lazy import dataclass
from netdiag.network import Attempt, Sent
from netdiag.outcomes import Failed, FailureKind, IcmpError
from netdiag.requests import HopProbe
from netdiag.tracer import plan
from netdiag.wire import crafting, errqueue, failures, hop_kinds, icmp_windows, sockets, tcp
from netdiag.wire.errqueue import QueuedError
from netdiag.wire.hop_kinds import Answer, Kind
from netdiag.wire.sockets import Clock

WAIT = plan.LONGEST
"""Seconds for an answer where nothing tells that less will do."""

MOST_FLOWS = 32
"""Sockets kept for flows that no probe is waiting in."""

_SEND_TRIES = 8
_MOST_READ = 256
_MOST_PAST = 512
_MOST_ANSWERS = 128

Stray: TypeAlias = Callable[[HopProbe, Answer, bool], None]
"""Told of an answer that no probe waits for: the probe, the answer, and whether it came late (else
it is a duplicate)."""


@dataclass(slots=True)
class _Waiting:
    """A probe under way, or a past one; `answered` once its answer has come."""

    probe: HopProbe
    started: float
    answer: asyncio.Future[Answer]
    answered: bool = False


@dataclass(slots=True)
class _Flow:
    """One socket and the probes under way on it, by number.

    `answers` are hop and round-trip time of the latest answers; `news` ends at the next one.
    """

    kind: Kind
    clock: Clock
    stray: Stray | None = None
    waiting: dict[int, _Waiting] = field(default_factory=dict)
    past: OrderedDict[int, _Waiting] = field(default_factory=OrderedDict)
    answers: list[tuple[int, float]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    last: int = field(default_factory=lambda: secrets.randbelow(1 << 16))
    unquoted: int = 0

    def launch(self, probe: HopProbe) -> tuple[int, _Waiting]:
        """Send one probe. Raises OSError."""
        # From 1 to 65535: where the identification is 0, the kernel chooses one.
        self.last = self.last % 0xFFFF + 1
        self.past.pop(self.last, None)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        launched = self.waiting[self.last] = _Waiting(probe, self.clock(), answer)
        try:
            self._transmit(self.last, probe.ttl)
        except OSError:
            del self.waiting[self.last]
            raise
        return self.last, launched

    def forget(self, number: int) -> None:
        """Wait no longer, and know the probe if an answer comes yet."""
        self.past[number] = self.waiting.pop(number)
        if len(self.past) > _MOST_PAST:
            self.past.popitem(last=False)

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
                data, ancillary, _, peer = sock.recvmsg(2048, 512)
                self._answered(data, errqueue.by_kind(ancillary), str(peer[0]) if peer else "")

    def _refused(self, queued: QueuedError) -> None:
        number = self.kind.number(queued)
        if number is None:
            self.unquoted += 1
        else:
            self._deliver(number, queued.age, self.kind.outcome(queued))

    def _answered(self, data: bytes, said: errqueue.Said, sender: str) -> None:
        answer = self.kind.answered(data, errqueue.arrival_ttl(said), sender)
        if answer:
            number, outcome = answer
            self._deliver(number, errqueue.age(said), outcome)

    def _deliver(self, number: int, age: float, outcome: Answer) -> None:
        probe = self.waiting.get(number) or self.past.get(number)
        if probe is None:
            return
        timed = replace(
            outcome, rtt=round(errqueue.round_trip(self.clock() - probe.started, age), 6)
        )
        if number in self.waiting and not probe.answered:
            probe.answer.set_result(timed)
            self.answers = [*self.answers[1 - _MOST_ANSWERS :], (probe.probe.ttl, timed.rtt)]
            self.news.set()
            self.news = asyncio.Event()
        elif self.stray:
            self.stray(probe.probe, timed, not probe.answered)
        probe.answered = True


class Flows:
    """The flows of one run."""

    def __init__(self, clock: Clock, stray: Stray | None = None) -> None:
        self._clock = clock
        self._stray = stray
        self._flows: dict[HopProbe, _Flow] = {}
        self._codec: asyncio.Future[None] | None = None

    async def send(self, probe: HopProbe) -> Sent:
        """One probe, and what came of it."""
        if probe.protocol == "icmp" and icmp_windows.available():
            return await icmp_windows.send(probe, self._clock)
        if not errqueue.AVAILABLE and not hop_kinds.hears_messages(probe):
            detail = (
                "this system does not tell programs without privileges who sent an ICMP error, or "
                "of echo requests alone (--protocol icmp)"
            )
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
        if probe.raw:
            await self._ready_to_craft()
        flow = self._flow(probe)
        started = self._clock()
        outcome = await _ask(flow, probe)
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

    async def _ready_to_craft(self) -> None:
        """Have the codec imported beside the loop: what else is under way must not wait for it, as
        on a busy machine its answers would be taken for late."""
        if self._codec is None:
            self._codec = asyncio.ensure_future(asyncio.to_thread(crafting.load))
        await asyncio.shield(self._codec)

    def _flow(self, probe: HopProbe) -> _Flow:
        key = replace(probe, ttl=0, attempt=0, pause=0.0)
        if key not in self._flows:
            self._forget_idle()
            flow = self._flows[key] = _Flow(hop_kinds.make(probe), self._clock, self._stray)
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


async def _ask(flow: _Flow, probe: HopProbe) -> Answer | Failed:
    try:
        number, launched = flow.launch(probe)
    except OSError as error:
        return failures.from_error(error)
    try:
        await _patiently(flow, launched)
        # A busy machine may be late in reading what came in time.
        flow.drain()
        if launched.answer.done():
            return launched.answer.result()
        return Failed(kind=FailureKind.TIMEOUT)
    finally:
        flow.forget(number)


async def _patiently(flow: _Flow, launched: _Waiting) -> None:
    """Wait for the answer, for as long as the answers of other hops say that it is worth."""
    while not launched.answer.done():
        probe = launched.probe
        wait = plan.patience(probe.ttl, probe.attempt, flow.answers)
        left = launched.started + wait - flow.clock()
        if left <= 0:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                await flow.news.wait()


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
                        return received.outcome(
                            errqueue.round_trip(clock() - started, received.age)
                        )
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
