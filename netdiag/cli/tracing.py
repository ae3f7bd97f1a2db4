"""Rounds of hop probes over the live transport, one at a time and paced."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from netdiag.lazy import dataclass
from netdiag.network import Attempt
from netdiag.outcomes import Abilities, Outcome
from netdiag.policy import Policy
from netdiag.requests import HopProbe, ReadAbilities, Request
from netdiag.tracer.trace import Aim, Trace
from netdiag.wire.hop_kinds import Answer
from netdiag.wire.live import LiveTransport


class Line:
    """The live transport behind the policy. Late and duplicate answers go to the traces."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._transport = LiveTransport(time.monotonic, self._stray)
        self._traces: dict[tuple[str, str], Trace] = {}

    async def ask(self, request: Request) -> Outcome:
        """What came of `request`, or why it must not be sent."""
        refused = self._policy.refusal(request)
        if refused:
            return refused
        refused = await self._policy.admit(request)
        if refused:
            return refused
        attempts: tuple[Attempt, ...] = ()
        try:
            sent = await self._transport.send(request)
            attempts = sent.attempts
        finally:
            octets = sum(one.octets for one in attempts)
            self._policy.settle(request, sum(one.packets for one in attempts), octets)
        self._policy.learn(request, sent.outcome)
        return sent.outcome

    async def may_craft(self) -> bool:
        """Whether packets can be crafted whole, so that a TCP flow keeps its ports."""
        abilities = await self.ask(ReadAbilities())
        return isinstance(abilities, Abilities) and {"raw_sockets", "error_queue"} <= set(
            abilities.present
        )

    async def round(self, trace: Trace) -> None:
        """Ask every hop of `trace` once on each flow, all at once."""
        self._traces[trace.aim.address, trace.aim.protocol] = trace
        before: range | None = None
        for wave in trace.waves():
            if before is not None and not trace.needs(before):
                break
            await asyncio.gather(*(self._probe(trace, probe) for probe in trace.probes(wave)))
            before = wave
        trace.rounds += 1

    async def close(self) -> None:
        await self._transport.close()

    async def _probe(self, trace: Trace, probe: HopProbe) -> None:
        trace.heard_of(probe, await self.ask(probe))

    def _stray(self, probe: HopProbe, answer: Answer, late: bool) -> None:
        trace = self._traces.get((probe.address, probe.protocol))
        if trace:
            trace.stray(probe, answer, late=late)


@dataclass(slots=True)
class Session:
    """The traces of one command, all asked in the same rounds, `interval` seconds apart."""

    line: Line
    traces: list[Trace]
    interval: float = 1.0
    paused: bool = False

    @classmethod
    def of(cls, line: Line, aims: list[Aim], interval: float) -> Session:
        return cls(line, [Trace(aim) for aim in aims], interval)

    def reset(self, aims: list[Aim] | None = None) -> None:
        """Forget what was seen, and aim anew."""
        self.traces = [Trace(aim) for aim in aims or [trace.aim for trace in self.traces]]

    async def rounds(self, most: int | None, after: Callable[[Session], None]) -> None:
        """Ask `most` rounds, without end where it is None, and call `after` behind each."""
        done = 0
        while most is None or done < most:
            began = time.monotonic()
            if not self.paused:
                await asyncio.gather(*(self.line.round(trace) for trace in self.traces))
                done += 1
                after(self)
            if most is None or done < most:
                await asyncio.sleep(max(began + self.interval - time.monotonic(), 0.02))
