"""Laws of the door: once, kept, guarded, bounded in time."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

from netdiag.budget import DESTINATION, RUN, Budget
from netdiag.destinations import Destinations
from netdiag.network import Attempt, Network, Observation, ObservationId, Recorded, Sent
from netdiag.outcomes import Connected, Failed, FailureKind, Outcome
from netdiag.policy import Policy
from netdiag.requests import ReadProxies, Request, TcpConnect
from netdiag.special import Kind

PUBLIC = "9.9.9.9"
CONNECT = TcpConnect(address=PUBLIC, port=443)


TOOK = Attempt(how="tcp", result="connected", elapsed=0.0, packets=3, octets=160)


class Peer:
    """A transport that answers after `delay` seconds and counts what was sent."""

    def __init__(self, outcome: Outcome, delay: float = 0.0) -> None:
        self.outcome, self.delay = outcome, delay
        self.sent: Counter[Request] = Counter()

    async def send(self, request: Request) -> Sent:
        self.sent[request] += 1
        await asyncio.sleep(self.delay)
        return Sent(self.outcome, (TOOK,))


def within(
    peer: Peer,
    use: Callable[[Network], Awaitable[object]],
    policy: Policy | None = None,
    deadline: float | None = None,
) -> Network:
    async def go() -> Network:
        loop = asyncio.get_running_loop()
        net = Network(peer, clock=loop.time, policy=policy, deadline=deadline)
        await use(net)
        return net

    return asyncio.run(go())


def limited(**changes: int) -> Policy:
    """A policy that allows one destination no more than this."""
    return Policy(budget=Budget(destination=replace(DESTINATION, **changes), run=RUN))


def test_a_request_is_sent_once_however_many_ask() -> None:
    peer = Peer(Connected(rtt=0.01), delay=0.01)

    async def many(net: Network) -> None:
        seen = await asyncio.gather(*(net.ask(CONNECT) for _ in range(20)))
        again = await net.ask(CONNECT)
        assert {id(o) for o in seen} == {id(again)}

    net = within(peer, many)

    assert peer.sent == {CONNECT: 1}
    assert [o.id for o in net.transcript] == [1]


def test_a_failure_is_remembered_like_an_answer() -> None:
    peer = Peer(Failed(kind=FailureKind.TIMEOUT))

    async def twice(net: Network) -> None:
        await net.ask(CONNECT)
        await net.ask(CONNECT)

    within(peer, twice)

    assert peer.sent == {CONNECT: 1}


def test_the_deadline_ends_every_wait() -> None:
    peer = Peer(Connected(rtt=1.0), delay=60.0)
    later = TcpConnect(address=PUBLIC, port=80)

    async def both(net: Network) -> None:
        await net.ask(CONNECT)
        await net.ask(later)

    net = within(peer, both, deadline=0.05)

    outcomes = [o.outcome for o in net.transcript]
    assert outcomes == [Failed(kind=FailureKind.DEADLINE)] * 2
    assert peer.sent == {CONNECT: 1}


def test_waiting_for_a_turn_does_not_outlast_the_deadline() -> None:
    peer = Peer(Connected(rtt=1.0), delay=60.0)

    async def many(net: Network) -> None:
        asked = (net.ask(TcpConnect(address=PUBLIC, port=p)) for p in range(1, 6))
        await asyncio.gather(*asked)

    net = within(peer, many, limited(concurrent=1), deadline=0.05)

    assert {o.outcome for o in net.transcript} == {Failed(kind=FailureKind.DEADLINE)}
    assert sum(peer.sent.values()) == 1


def test_stopping_ends_what_is_under_way() -> None:
    peer = Peer(Connected(rtt=1.0), delay=60.0)

    async def stopped(net: Network) -> None:
        asking = asyncio.ensure_future(net.ask(CONNECT))
        await asyncio.sleep(0.01)
        net.stop(FailureKind.INTERRUPTED)
        await asking

    (seen,) = within(peer, stopped).transcript

    assert seen.outcome == Failed(kind=FailureKind.INTERRUPTED)
    assert [a.packets for a in seen.attempts] == [CONNECT.cost]


def test_what_nobody_waits_for_is_accounted_for_when_the_run_closes() -> None:
    peer = Peer(Connected(rtt=1.0), delay=60.0)

    async def abandoned(net: Network) -> None:
        task = asyncio.ensure_future(net.ask(CONNECT))
        await asyncio.sleep(0.01)
        task.cancel()
        await net.close()

    (seen,) = within(peer, abandoned).transcript

    assert seen.outcome == Failed(kind=FailureKind.NOT_NEEDED)


def test_addresses_that_are_not_public_are_refused_unless_allowed() -> None:
    peer = Peer(Connected(rtt=0.0))
    inside = TcpConnect(address="169.254.169.254", port=80)

    async def use(net: Network) -> None:
        await net.ask(inside)

    (refused,) = within(peer, use).transcript
    policy = Policy()
    policy.destinations.name(["169.254.169.254"])
    (allowed,) = within(Peer(Connected(rtt=0.0)), use, policy).transcript

    assert isinstance(refused.outcome, Failed)
    assert refused.outcome.kind is FailureKind.POLICY
    assert peer.sent == {}
    assert isinstance(allowed.outcome, Connected)


def test_multicast_is_never_asked() -> None:
    peer = Peer(Connected(rtt=0.0))

    async def use(net: Network) -> None:
        await net.ask(TcpConnect(address="224.0.0.1", port=80))

    within(peer, use, Policy(destinations=Destinations(kinds=frozenset(Kind))))

    assert peer.sent == {}


def test_a_budget_bounds_what_a_destination_receives() -> None:
    peer = Peer(Connected(rtt=0.0))

    async def use(net: Network) -> None:
        for port in range(1, 11):
            await net.ask(TcpConnect(address=PUBLIC, port=port))

    net = within(peer, use, limited(packets=31))

    # Six took 3 packets each; the seventh might take 14, and 31 are allowed.
    assert sum(peer.sent.values()) == 6
    kinds = [o.outcome.kind for o in net.transcript if isinstance(o.outcome, Failed)]
    assert kinds == [FailureKind.BUDGET] * 4


def test_no_more_than_the_allowed_number_is_under_way_to_one_destination() -> None:
    class Counting(Peer):
        now = most = 0

        async def send(self, request: Request) -> Sent:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.001)
            self.now -= 1
            return Sent(self.outcome)

    peer = Counting(Connected(rtt=0.0))

    async def use(net: Network) -> None:
        asked = (net.ask(TcpConnect(address=PUBLIC, port=p)) for p in range(1, 30))
        await asyncio.gather(*asked)

    within(peer, use, limited(concurrent=5))

    assert peer.most == 5


def test_looks_at_this_machine_cost_nothing() -> None:
    peer = Peer(Failed(kind=FailureKind.NOT_OBSERVABLE))

    async def use(net: Network) -> None:
        await net.ask(ReadProxies())

    net = within(peer, use, limited(packets=0))

    assert net.policy.ledger.destinations == {}
    assert peer.sent == {ReadProxies(): 1}


def test_a_recording_answers_what_it_holds_and_nothing_else() -> None:
    seen = Observation(
        id=ObservationId(7),
        request=CONNECT,
        outcome=Connected(rtt=0.1),
        started=0.0,
        elapsed=0.1,
        completed=1,
    )
    net = Recorded([seen])
    other = TcpConnect(address=PUBLIC, port=80)

    assert asyncio.run(net.ask(CONNECT)) is seen
    missing = asyncio.run(net.ask(other))
    assert missing.outcome == Failed(kind=FailureKind.NOT_RECORDED)
    assert missing.id == 8
    assert net.transcript == (seen,)


def test_a_pause_is_waited_for_before_anything_counts_as_sent() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(3600)

    async def go() -> Observation:
        loop = asyncio.get_running_loop()
        peer = Peer(Connected(rtt=0.01))
        net = Network(peer, clock=loop.time, sleep=sleep, deadline=0.05)
        return await net.ask(replace(CONNECT, pause=0.5))

    seen = asyncio.run(go())

    assert waited == [0.5]
    assert seen.outcome == Failed(kind=FailureKind.DEADLINE)
    assert seen.attempts == ()
