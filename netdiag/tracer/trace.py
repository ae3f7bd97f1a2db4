"""One trace to one address: what to send next, and what came back so far."""

from __future__ import annotations

from collections import deque
from dataclasses import field
from typing import Literal, TypeAlias

from netdiag.lazy import dataclass
from netdiag.outcomes import (
    Connected,
    EchoReply,
    Failed,
    FailureKind,
    IcmpError,
    Outcome,
    Reset,
    Unreachable,
)
from netdiag.requests import HopProbe
from netdiag.tracer import plan
from netdiag.tracer.statistics import Statistics

MOST_REPLIES = 20_000
"""Replies kept of one trace; what is older is in the statistics only."""

Protocol: TypeAlias = Literal["udp", "tcp", "icmp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer, or one probe without any (`sender` is None). Counted, `late` or `duplicate`."""

    ttl: int
    round: int
    flow: int = 0
    sender: str | None = None
    outcome: IcmpError | EchoReply | Connected | Reset | None = None
    late: bool = False
    duplicate: bool = False

    @property
    def rtt(self) -> float | None:
        return self.outcome.rtt if self.outcome else None

    @property
    def refusal(self) -> Unreachable | None:
        """What an ICMP error other than time exceeded says."""
        kind = self.outcome.kind if isinstance(self.outcome, IcmpError) else None
        return None if kind is Unreachable.TTL_EXCEEDED else kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is traced and how. `flows` are asked in every round, `longest` hops far."""

    address: str
    protocol: Protocol = "udp"
    port: int = 33434
    flows: int = 1
    longest: int = 30
    raw: bool = False


@dataclass(slots=True)
class Trace:
    """The state of a trace: rounds of waves of probes, and statistics by hop."""

    aim: Aim
    hops: dict[int, Statistics] = field(default_factory=dict)
    replies: deque[Reply] = field(default_factory=lambda: deque(maxlen=MOST_REPLIES))
    rounds: int = 0
    failure: Failed | None = None
    _reached: set[int] = field(default_factory=set)
    _refusals: dict[int, Reply] = field(default_factory=dict)

    @property
    def reached(self) -> int | None:
        """The hop at which the target itself answered first."""
        return min(self._reached, default=None)

    @property
    def end(self) -> int:
        """The last hop of the path: the target, else who refuses, else the last that answered."""
        return self.reached or min(self._refusals, default=0) or max(self.heard, default=0)

    @property
    def heard(self) -> list[int]:
        """The hops that answered, in order."""
        return sorted(ttl for ttl, hop in self.hops.items() if hop.received)

    @property
    def refusal(self) -> Reply | None:
        """The refusal of the first router that sent one."""
        return self._refusals[min(self._refusals)] if self._refusals else None

    def sender(self, ttl: int) -> str | None:
        """The address that answered most often at hop `ttl`."""
        hop = self.hops.get(ttl)
        most = hop.senders.most_common(1) if hop else []
        return most[0][0] if most else None

    def waves(self) -> tuple[range, ...]:
        """The TTLs of the next round. A later wave is asked where `needs` says so."""
        if not self.rounds:
            return plan.waves(self.aim.longest)
        limit = min(plan.end(self._reached or self._refusals, self.heard), self.aim.longest)
        return (range(1, limit + 1),)

    def needs(self, before: range) -> bool:
        """Whether the wave after `before` is worth asking."""
        return not self._reached and plan.goes_on(max(self.heard, default=0), before)

    def probes(self, wave: range) -> tuple[HopProbe, ...]:
        """The probes of `wave`, nearest hops first."""
        aim = self.aim
        return tuple(
            HopProbe(
                address=aim.address,
                ttl=ttl,
                protocol=aim.protocol,
                port=aim.port,
                flow=flow,
                attempt=self.rounds,
                raw=aim.raw,
            )
            for ttl in wave
            for flow in range(aim.flows)
        )

    def heard_of(self, probe: HopProbe, outcome: Outcome) -> None:
        """What came of `probe`. Our own failures count as not sent."""
        hop = self.hops.setdefault(probe.ttl, Statistics())
        match outcome:
            case IcmpError() | EchoReply() | Connected() | Reset():
                reply = _reply(probe, outcome)
                sender = reply.sender or self.aim.address
                hop.answer(sender, outcome.rtt, probe.flow)
                self._note(reply)
                self.replies.append(reply)
            case Failed(kind=FailureKind.TIMEOUT):
                hop.silence()
                self.replies.append(Reply(ttl=probe.ttl, round=probe.attempt, flow=probe.flow))
            case Failed():
                self.failure = outcome

    def stray(self, probe: HopProbe, outcome: Outcome, *, late: bool) -> None:
        """An answer to a probe that was given up (`late`) or had its answer (a duplicate)."""
        if not isinstance(outcome, IcmpError | EchoReply | Connected | Reset):
            return
        hop = self.hops.setdefault(probe.ttl, Statistics())
        if late:
            hop.late += 1
        else:
            hop.duplicates += 1
        self.replies.append(_reply(probe, outcome, late=late, duplicate=not late))

    def _note(self, reply: Reply) -> None:
        hop = self.hops[reply.ttl]
        if isinstance(reply.outcome, IcmpError):
            hop.labels = reply.outcome.labels or hop.labels
            hop.interfaces = reply.outcome.interfaces or hop.interfaces
        if reply.sender == self.aim.address:
            self._reached.add(reply.ttl)
        elif reply.refusal:
            self._refusals[reply.ttl] = reply


def _reply(
    probe: HopProbe,
    outcome: IcmpError | EchoReply | Connected | Reset,
    *,
    late: bool = False,
    duplicate: bool = False,
) -> Reply:
    sender = outcome.sender if isinstance(outcome, IcmpError) else probe.address
    return Reply(
        ttl=probe.ttl,
        round=probe.attempt,
        flow=probe.flow,
        sender=sender,
        outcome=outcome,
        late=late,
        duplicate=duplicate,
    )
