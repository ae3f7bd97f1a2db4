"""Bounds on packets, octets, what is under way and the rate: for each destination and for a run."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from netdiag.budget import DESTINATION, RUN, Account, Budget, Ledger, Limits

ONE, OTHER = "9.9.9.9", "1.1.1.1"
COST, TOOK, OCTETS = 8, 3, 160
WIDE = Limits(packets=10**6, octets=10**9, concurrent=10**3, per_second=10**6)


@dataclass
class Told:
    """What became of requests that were all made at once."""

    refusals: list[str]
    most: int
    seconds: float


def spend(budget: Budget, places: Sequence[str], took: int = TOOK) -> Told:
    """Requests of 8 packets at most to `places`, each of which takes `took`, and one turn."""
    now = most = 0

    async def one(ledger: Ledger, place: str) -> str:
        nonlocal now, most
        why = await ledger.enter(place, COST)
        if why:
            return why
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        ledger.leave(place, COST, took, OCTETS)
        return ""

    async def run() -> Told:
        ledger = Ledger(budget)
        started = time.perf_counter()
        told = await asyncio.gather(*(one(ledger, place) for place in places))
        return Told([why for why in told if why], most, time.perf_counter() - started)

    return asyncio.run(run())


def one_bound(bound: Limits) -> Budget:
    return Budget(destination=bound, run=WIDE)


def all_bound(bound: Limits) -> Budget:
    return Budget(destination=WIDE, run=bound)


@pytest.mark.parametrize("budget", [one_bound, all_bound])
def test_what_was_booked_and_not_taken_is_free_again(budget: object) -> None:
    bound = replace(WIDE, packets=24)

    told = spend(budget(bound), [ONE] * 10)  # type: ignore[operator]

    # Three at a time fit; in the end six took 18, and a seventh might take 8 more.
    assert len(told.refusals) == 4
    assert told.most == 3
    assert all("24 packets" in why for why in told.refusals)


def test_a_bound_on_a_destination_leaves_the_others_alone() -> None:
    told = spend(one_bound(replace(WIDE, packets=8)), [ONE, OTHER], took=8)

    assert told.refusals == []


def test_a_bound_on_the_run_is_shared() -> None:
    told = spend(all_bound(replace(WIDE, packets=8)), [ONE, OTHER], took=8)

    assert told.refusals == ["8 packets of this run are used up"]


def test_octets_are_bounded() -> None:
    told = spend(one_bound(replace(WIDE, octets=3 * OCTETS, concurrent=1)), [ONE] * 5)

    assert told.refusals == [f"{3 * OCTETS} octets to {ONE} are used up"] * 2


@pytest.mark.parametrize("budget", [one_bound, all_bound])
def test_no_more_than_allowed_is_under_way(budget: object) -> None:
    told = spend(budget(replace(WIDE, concurrent=4)), [ONE] * 40)  # type: ignore[operator]

    assert told.refusals == []
    assert told.most == 4


def test_whoever_waits_longest_goes_first() -> None:
    order: list[int] = []

    async def one(ledger: Ledger, number: int) -> None:
        await ledger.enter(ONE, COST)
        order.append(number)
        await asyncio.sleep(0)
        ledger.leave(ONE, COST, TOOK, OCTETS)

    async def run() -> None:
        ledger = Ledger(one_bound(replace(WIDE, concurrent=1)))
        await asyncio.gather(*(one(ledger, number) for number in range(10)))

    asyncio.run(run())

    assert order == list(range(10))


def test_a_burst_passes_and_what_follows_keeps_the_rate() -> None:
    account = Account(replace(WIDE, per_second=10), filled=100.0)
    burst = 0
    while account.delay(100.0) == 0.0:
        account.enter(COST)
        account.leave(COST, 1, OCTETS)
        burst += 1

    assert burst == 10
    assert account.delay(100.0) == pytest.approx(0.1)
    assert account.delay(100.1) == pytest.approx(0.0)


def test_packets_beyond_the_first_count_towards_the_rate() -> None:
    account = Account(replace(WIDE, per_second=10), filled=100.0)
    account.enter(COST)
    account.leave(COST, 21, OCTETS)

    # 21 packets are two seconds' worth and one: the next may go when one is there again.
    assert account.delay(100.0) == pytest.approx(1.2)


def test_a_quiet_time_saves_no_more_than_one_burst() -> None:
    account = Account(replace(WIDE, per_second=10), filled=100.0)
    account.enter(COST)

    assert account.delay(1000.0) == 0.0
    assert account.tokens == 10


def test_waiting_for_the_rate_really_waits() -> None:
    told = spend(one_bound(replace(WIDE, per_second=20)), [ONE] * 24, took=1)

    # 20 at once, then one every twentieth of a second.
    assert told.seconds >= 3 / 20


def test_a_run_may_do_more_than_one_destination_may_get() -> None:
    for name in ("packets", "octets", "concurrent", "per_second"):
        assert getattr(RUN, name) > getattr(DESTINATION, name)
