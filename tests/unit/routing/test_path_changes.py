from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facts.changes import combined, few_runs
from checks.facts.loss import ROUNDS
from checks.routing import path_changes
from checks.routing.path_changes import PathUnstable
from netdiag.model import Finding, Owner, Severity
from tests.doctable import rows
from tests.unit.connectivity.internet import ROUTERS, V4, brief, found
from tests.unit.routing.samples import HOPS, Router, Sampled, drawn, usual

OTHER = "22.31.1.1"


def instead(ttl: int, when: Router) -> Router:
    """Another router answers at this hop in the rounds for which `when` names one."""
    return lambda hop, number: (hop == ttl and when(hop, number)) or usual(hop, number)


WAYS: dict[str, Router] = {
    "the same in every round": usual,
    "the same, some of them silent at times": lambda ttl, number: (
        None if ttl > 2 and number and (number + ttl) % 3 else usual(ttl, number)
    ),
    "others from some round on": instead(3, lambda _, number: OTHER if number > 9 else None),
    "others, and the first ones again": instead(
        3, lambda _, number: OTHER if 5 < number < 12 else None
    ),
    "change with every packet": instead(3, lambda _, number: OTHER if number % 2 else None),
    "differ in the last round alone": instead(
        3, lambda _, number: OTHER if number == ROUNDS else None
    ),
    "no router answers": lambda _ttl, _number: None,
}


def judged(router: Router) -> Finding:
    seen = Sampled(router=router)
    if router is WAYS["no router answers"]:
        seen.sites[V4].reached = False
    (finding,), _ = found(path_changes.CHECK, seen, f"http://{V4}/", depth="thorough")
    return finding


@pytest.mark.parametrize(("routers", "judgement"), rows(path_changes))
def test_the_documented_table_is_what_the_check_decides(routers: str, judgement: str) -> None:
    assert judged(WAYS[routers]).code == judgement


def test_the_last_router_that_stays_the_same_is_named() -> None:
    once = judged(WAYS["others from some round on"])
    flapping = judged(WAYS["others, and the first ones again"])

    assert isinstance(once, PathUnstable)
    assert isinstance(flapping, PathUnstable)
    assert (once.common[0].address, once.ttls) == (ROUTERS[4][1], (2,))
    assert once.ways == ((ROUTERS[4][2], OTHER),)
    assert (once.severity, flapping.severity) == (Severity.NOTICE, Severity.WARNING)


def test_its_network_is_the_one_to_tell() -> None:
    finding = judged(instead(6, lambda _, number: OTHER if number > 9 else None))

    assert finding.owner is Owner.HOSTING_NETWORK


@given(
    seed=st.integers(0, 10_000),
    share=st.sampled_from([0.0, 0.3, 0.7]),
    where=st.sets(st.integers(1, HOPS), max_size=3),
    change=st.one_of(st.none(), st.tuples(st.integers(1, ROUNDS), st.integers(1, HOPS))),
)
def test_a_wrong_hop_is_never_named(
    seed: int, share: float, where: set[int], change: tuple[int, int] | None
) -> None:
    """Answers are lost at random, and the way changes once or never."""
    luck = random.Random(seed)
    limited = {hop: luck.random() for hop in where}

    def router(ttl: int, number: int) -> str | None:
        if number and luck.random() < limited.get(ttl, share):
            return None
        moved = change and number > change[0] and ttl == change[1]
        return OTHER if moved else usual(ttl, number)

    (finding,) = path_changes.judge(path_changes.Facts(brief=brief(), lost=drawn(router)))

    if isinstance(finding, PathUnstable):
        assert change
        assert max(finding.ttls, default=0) < change[1]
    if change is None:
        assert finding.code == "path-stable"


def test_the_chance_of_few_runs_is_what_counting_gives() -> None:
    for one, other in itertools.product(range(1, 6), range(1, 6)):
        orders = set(itertools.permutations("a" * one + "b" * other)) if one + other < 8 else set()
        lengths = [sum(1 for _ in itertools.groupby(order)) for order in orders]
        for order in orders:
            runs = sum(1 for _ in itertools.groupby(order))
            share = sum(length <= runs for length in lengths) / len(orders)
            assert few_runs(order) == pytest.approx(share)


def test_chances_are_combined_by_fishers_method() -> None:
    assert combined([]) == 1.0
    assert combined([0.03]) == pytest.approx(0.03)
    assert combined([0.5, 0.5]) == pytest.approx(0.5966, abs=1e-4)
    assert combined([0.1] * 4) < 0.02


def test_packets_that_each_go_their_own_way_are_hardly_ever_called_a_change() -> None:
    wrong = 0
    for seed in range(400):
        luck = random.Random(seed)
        ways = [OTHER, None]
        spread = instead(3, lambda _ttl, _number, luck=luck, ways=ways: luck.choice(ways))  # type: ignore[misc]
        facts = path_changes.Facts(brief=brief(), lost=drawn(spread))
        wrong += any(isinstance(one, PathUnstable) for one in path_changes.judge(facts))

    assert wrong <= 8
