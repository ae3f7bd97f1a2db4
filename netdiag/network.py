"""The one door to the outside: nothing is asked twice, everything asked is kept.

`Network.ask` refuses what the policy refuses, sends each request once however many ask for it,
remembers failures like answers, and ends every wait at the run's deadline. What it remembers is
the transcript: the evidence findings cite, the proof of what was sent, and the file from which the
same run can be judged again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, NewType, Protocol, TypeVar

from netdiag.lazy import dataclass
from netdiag.outcomes import Failed, FailureKind, Outcome
from netdiag.policy import Policy
from netdiag.requests import Request

ObservationId = NewType("ObservationId", int)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try within an observation: how, what came of it, seconds taken, what was sent."""

    how: str
    result: str
    elapsed: float
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What a transport hands back: the outcome and the attempts that led to it."""

    outcome: Outcome
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A request and what came of it.

    `id` counts in the order of asking, `completed` in the order of ending; `started` and
    `elapsed` are seconds, from the run's start and for the whole exchange.
    """

    id: ObservationId
    request: Request
    outcome: Outcome
    started: float
    elapsed: float
    completed: int
    attempts: tuple[Attempt, ...] = ()


class Transport(Protocol):
    """The live network or a simulated world. Raises for bugs only, never for network trouble."""

    async def send(self, request: Request) -> Sent: ...


class Watcher(Protocol):
    """Told of every request as it is asked and as it is answered (progress, log)."""

    def asked(self, number: ObservationId, request: Request) -> None: ...

    def answered(self, observation: Observation) -> None: ...


LONGEST_PAUSE = 10.0
"""Seconds before a request, at most."""


class Network:
    """One run's view of the network.

    `clock` gives monotonic seconds, `sleep` waits for the pause of a request; None waits for none.
    `deadline` is the run's length in seconds, None for no limit.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Coroutine[Any, Any, None]] | None = None,
        policy: Policy | None = None,
        deadline: float | None = None,
        watchers: Sequence[Watcher] = (),
    ) -> None:
        self.policy = policy or Policy()
        self._transport = transport
        self._clock = clock
        self._sleep = sleep
        self._begin = clock()
        self._deadline = deadline
        self._watchers = watchers
        self._tasks: dict[Request, asyncio.Task[Observation]] = {}
        self._stopped: asyncio.Event = asyncio.Event()
        self._stop_kind = FailureKind.DEADLINE
        self._completed = 0

    async def ask(self, request: Request) -> Observation:
        """The one observation of `request` in this run, made now if nobody has asked yet."""
        task = self._tasks.get(request)
        if task is None:
            number = ObservationId(len(self._tasks) + 1)
            task = asyncio.ensure_future(self._observe(number, request))
            self._tasks[request] = task
        return await asyncio.shield(task)

    def stop(self, kind: FailureKind) -> None:
        """End every wait now: what is not answered yet is `Failed(kind)`."""
        if not self._stopped.is_set():
            self._stop_kind = kind
            self._stopped.set()

    async def close(self) -> None:
        """End what nobody waits for any more, so that the transcript accounts for all of it."""
        self.stop(FailureKind.NOT_NEEDED)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    @property
    def transcript(self) -> tuple[Observation, ...]:
        """Everything answered so far, in the order of asking."""
        done = (t for t in self._tasks.values() if t.done() and not t.cancelled())
        return tuple(task.result() for task in done if task.exception() is None)

    async def _observe(self, number: ObservationId, request: Request) -> Observation:
        for watcher in self._watchers:
            watcher.asked(number, request)
        started = self._clock() - self._begin
        refused = self.policy.refusal(request)
        sent = Sent(refused) if refused else await self._admit(request)
        self.policy.learn(request, sent.outcome)
        self._completed += 1
        observation = Observation(
            id=number,
            request=request,
            outcome=sent.outcome,
            started=round(started, 6),
            elapsed=round(self._clock() - self._begin - started, 6),
            completed=self._completed,
            attempts=sent.attempts,
        )
        for watcher in self._watchers:
            watcher.answered(observation)
        return observation

    async def _admit(self, request: Request) -> Sent:
        """Send `request` when the budget lets it go; nothing is sent once the run is over."""
        if not await self._paused(request):
            return Sent(self._over())
        admission = asyncio.ensure_future(self.policy.admit(request))
        if not await self._in_time(admission):
            return Sent(self._over())
        refused = admission.result()
        if refused:
            return Sent(refused)
        sent = Sent(self._over(), (_unfinished(request),))
        try:
            sent = await self._send(request)
        finally:
            packets = sum(attempt.packets for attempt in sent.attempts)
            octets = sum(attempt.octets for attempt in sent.attempts)
            self.policy.settle(request, packets, octets)
        return sent

    async def _paused(self, request: Request) -> bool:
        """Wait as the request wishes; whether the run goes on after that."""
        pause = getattr(request, "pause", 0.0)
        if not pause or self._sleep is None:
            return True
        return await self._in_time(asyncio.ensure_future(self._sleep(min(pause, LONGEST_PAUSE))))

    async def _send(self, request: Request) -> Sent:
        left = self._left()
        if self._stopped.is_set() or (left is not None and left <= 0):
            return Sent(self._over())
        sending = asyncio.ensure_future(self._transport.send(request))
        if await self._in_time(sending):
            return sending.result()
        return Sent(self._over(), (_unfinished(request),))

    def _over(self) -> Failed:
        """Why nothing more is sent or waited for."""
        return Failed(kind=self._stop_kind if self._stopped.is_set() else FailureKind.DEADLINE)

    def _left(self) -> float | None:
        """Seconds until the run's deadline."""
        if self._deadline is None:
            return None
        return self._deadline - (self._clock() - self._begin)

    async def _in_time(self, task: asyncio.Task[T]) -> bool:
        """Wait for `task` until the run is over; it is cancelled where it was not done by then."""
        stopping = asyncio.ensure_future(self._stopped.wait())
        try:
            both: set[asyncio.Task[Any]] = {task, stopping}
            await asyncio.wait(both, timeout=self._left(), return_when=asyncio.FIRST_COMPLETED)
            return task.done()
        finally:
            stopping.cancel()
            task.cancel()


def _unfinished(request: Request) -> Attempt:
    """A request cut off in flight counts as all that it may have sent."""
    return Attempt(how=request.type, result="cut off", elapsed=0.0, packets=request.cost, octets=0)


class Recorded:
    """A saved transcript in the place of the network: same requests, same observations.

    What the saved run did not ask is `Failed(NOT_RECORDED)`, numbered after all that it did.
    """

    def __init__(self, transcript: Iterable[Observation]) -> None:
        self._known = {seen.request: seen for seen in transcript}
        self._original = tuple(self._known.values())
        self.policy = Policy()

    async def ask(self, request: Request) -> Observation:
        if request not in self._known:
            number = max((o.id for o in self._known.values()), default=0) + 1
            last = max((o.completed for o in self._known.values()), default=0)
            self._known[request] = Observation(
                id=ObservationId(number),
                request=request,
                outcome=Failed(kind=FailureKind.NOT_RECORDED),
                started=0.0,
                elapsed=0.0,
                completed=last + 1,
            )
        return self._known[request]

    @property
    def transcript(self) -> tuple[Observation, ...]:
        """The saved observations, without what only today's checks asked for."""
        return self._original


class Asker(Protocol):
    """What facts and checks see of the network."""

    async def ask(self, request: Request) -> Observation: ...

    @property
    def transcript(self) -> tuple[Observation, ...]: ...
