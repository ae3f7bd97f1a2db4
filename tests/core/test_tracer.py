"""The tracer over simulated paths."""

import contextlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.outcomes import Failed, FailureKind, IcmpError, MplsLabel, Outcome, Unreachable
from netdiag.requests import HopProbe
from netdiag.tracer import atlas, plan, verdict
from netdiag.tracer.statistics import MOST_SENDERS, Statistics
from netdiag.tracer.trace import Aim, Trace

TARGET = "192.0.2.200"


@dataclass
class Way:
    """A simulated path of `length` routers and the target.

    `silent` hops answer nothing; `limits` gives the share of answers that a hop keeps back; behind
    hop `lossy[0]`, the share `lossy[1]` of packets is lost; `loop` sends packets from the second
    hop back to the first; `wide` hops have a router for each flow.
    """

    length: int = 6
    silent: frozenset[int] = frozenset()
    limits: dict[int, float] = field(default_factory=dict)
    lossy: tuple[int, float] = (0, 0.0)
    loop: tuple[int, int] | None = None
    wide: frozenset[int] = frozenset()
    refuses: int | None = None
    dark: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def answer(self, probe: HopProbe) -> Outcome:
        ttl = probe.ttl
        if self.loop and ttl > self.loop[1]:
            first, second = self.loop
            ttl = first + (ttl - first) % (second - first + 1)
        elif self.refuses and ttl >= self.refuses:
            return error(f"192.0.2.{self.refuses}", ttl, Unreachable.ADMIN_PROHIBITED)
        behind, share = self.lossy
        if ttl > behind and self.chance.random() < share:
            return Failed(kind=FailureKind.TIMEOUT)
        if ttl > self.length:
            return (
                Failed(kind=FailureKind.TIMEOUT)
                if self.dark
                else error(TARGET, ttl, Unreachable.PORT)
            )
        if ttl in self.silent or self.chance.random() < self.limits.get(ttl, 0.0):
            return Failed(kind=FailureKind.TIMEOUT)
        router = ttl + 100 * (probe.flow % 2) if ttl in self.wide else ttl
        return error(f"192.0.2.{router}", ttl)


def error(sender: str, ttl: int, kind: Unreachable = Unreachable.TTL_EXCEEDED) -> IcmpError:
    return IcmpError(kind=kind, icmp_type=11, icmp_code=0, sender=sender, rtt=ttl / 1000)


def traced(way: Way, rounds: int = 1, flows: int = 1, longest: int = 30) -> Trace:
    trace = Trace(Aim(address=TARGET, flows=flows, longest=longest))
    for _ in range(rounds):
        before: range | None = None
        for wave in trace.waves():
            if before and not trace.needs(before):
                break
            for probe in trace.probes(wave):
                trace.heard_of(probe, way.answer(probe))
            before = wave
        trace.rounds += 1
    return trace


def test_a_trace_ends_at_the_target_and_later_rounds_ask_no_farther() -> None:
    trace = traced(Way(length=6), rounds=3)

    assert trace.reached == trace.end == 7
    assert [trace.sender(ttl) for ttl in (1, 6, 7)] == ["192.0.2.1", "192.0.2.6", TARGET]
    assert trace.hops[7].sent == 3
    assert trace.hops[8].sent == 1
    assert verdict.judge(trace).code == "reached"


def test_a_long_path_gets_the_second_wave_and_a_short_one_does_not() -> None:
    assert traced(Way(length=20)).reached == 21
    assert max(traced(Way(length=6)).hops) == 16
    assert max(traced(Way(length=50), longest=64).hops) == 64
    assert max(traced(Way(length=50), longest=9).hops) == 9


def test_silence_behind_the_last_hop_is_asked_a_little_beyond_and_no_more() -> None:
    trace = traced(Way(length=5, dark=True), rounds=2)

    assert trace.hops[5 + plan.BEYOND].sent == 2
    assert trace.hops[5 + plan.BEYOND + 1].sent == 1
    judged = verdict.judge(trace)
    assert (judged.code, judged.hop, judged.status) == ("unanswered", 5, "unknown")


def test_a_loop_names_its_routers() -> None:
    judged = verdict.judge(traced(Way(length=9, loop=(3, 4))))

    assert (judged.code, judged.hop) == ("loop", 3)
    assert "192.0.2.3 and 192.0.2.4" in judged.text


def test_a_router_that_refuses_is_named_with_its_word() -> None:
    judged = verdict.judge(traced(Way(refuses=4)))

    assert (judged.code, judged.hop) == ("refused", 4)
    assert "admin-prohibited" in judged.text


def test_a_path_without_any_answer_names_no_hop() -> None:
    judged = verdict.judge(traced(Way(length=0, dark=True)))

    assert (judged.code, judged.hop) == ("silent", None)


def test_a_router_that_limits_its_answers_loses_nothing() -> None:
    trace = traced(Way(limits={3: 0.7}), rounds=40)

    assert verdict.limited(trace, 3)
    assert not verdict.limited(trace, 2)
    assert verdict.judge(trace).code == "reached"


def test_loss_that_persists_is_named_where_it_begins() -> None:
    trace = Trace(Aim(address=TARGET, protocol="icmp"))
    trace.hops = {ttl: Statistics(sent=100, received=100 if ttl < 4 else 60) for ttl in range(1, 8)}
    for hop in trace.hops.values():
        hop.senders["192.0.2.9"] = hop.received
    trace._reached.add(7)

    judged = verdict.judge(trace)

    assert (judged.code, judged.hop, judged.status) == ("loss", 3, "critical")


def test_few_lost_probes_are_no_loss_yet() -> None:
    trace = Trace(Aim(address=TARGET, protocol="icmp"))
    trace.hops = {1: Statistics(sent=9, received=6)}
    trace._reached.add(1)

    assert verdict.judge(trace).code == "reached"


@given(
    seed=st.integers(0, 10_000),
    length=st.integers(2, 12),
    behind=st.integers(1, 11),
    share=st.floats(0, 0.9),
    limits=st.dictionaries(st.integers(1, 12), st.floats(0, 0.95), max_size=4),
    silent=st.frozensets(st.integers(1, 12), max_size=3),
)
def test_a_wrong_link_is_never_named(
    seed: int,
    length: int,
    behind: int,
    share: float,
    limits: dict[int, float],
    silent: frozenset[int],
) -> None:
    """Packets are lost behind hop `behind`, so that "behind hop N" is true of N up to `behind`."""
    behind = min(behind, length)
    way = Way(
        length=length,
        limits=limits,
        silent=silent,
        lossy=(behind, share),
        chance=random.Random(seed),
    )
    trace = traced(way, rounds=30)
    trace.aim = Aim(address=TARGET, protocol="icmp")

    judged = verdict.judge(trace)

    if judged.code == "loss" and judged.hop is not None:
        assert judged.hop <= behind
        assert share > 0


@pytest.mark.parametrize("behind", [1, 3, 6])
def test_the_link_that_loses_is_named_among_hops_that_answer_always(behind: int) -> None:
    trace = traced(Way(lossy=(behind, 0.4)), rounds=100)
    trace.aim = Aim(address=TARGET, protocol="icmp")

    judged = verdict.judge(trace)

    assert (judged.code, judged.hop) == ("loss", behind)


def test_flows_that_differ_are_all_kept() -> None:
    trace = traced(Way(wide=frozenset({3})), flows=4)

    assert set(trace.hops[3].senders) == {"192.0.2.3", "192.0.2.103"}
    assert trace.hops[3].by_flow[0] != trace.hops[3].by_flow[1]


def test_late_and_duplicate_answers_enter_no_statistics() -> None:
    trace = traced(Way(silent=frozenset({2})), rounds=2)
    before = (trace.hops[2].sent, trace.hops[2].received, trace.hops[3].total)
    probe = HopProbe(address=TARGET, ttl=3)
    for _ in range(100_000):
        trace.stray(probe, error("198.51.100.66", 3), late=False)
    trace.stray(HopProbe(address=TARGET, ttl=2), error("198.51.100.66", 2), late=True)

    assert (trace.hops[2].sent, trace.hops[2].received, trace.hops[3].total) == before
    assert trace.hops[3].duplicates == 100_000
    assert trace.hops[2].late == 1
    assert "198.51.100.66" not in trace.hops[3].senders
    assert len(trace.replies) <= 20_000


def test_a_flood_of_senders_is_bounded() -> None:
    hop = Statistics()
    for number in range(1000):
        hop.answer(f"192.0.2.{number}", 0.01, number)

    assert len(hop.senders) == MOST_SENDERS
    assert hop.received == 1000


def test_our_own_failures_count_as_not_sent() -> None:
    trace = Trace(Aim(address=TARGET))
    trace.heard_of(HopProbe(address=TARGET, ttl=1), Failed(kind=FailureKind.NOT_OBSERVABLE))

    assert trace.hops[1].sent == 0
    judged = verdict.judge(trace)
    assert (judged.code, judged.status) == ("not-sent", "unknown")


def test_times() -> None:
    hop = Statistics()
    for rtt in (0.010, 0.030, 0.020):
        hop.answer("192.0.2.1", rtt, 0)
    hop.silence()

    assert (hop.last, hop.best, hop.worst) == (0.020, 0.010, 0.030)
    assert hop.average == pytest.approx(0.020)
    assert hop.jitter == pytest.approx(0.015)
    assert hop.loss == 0.25
    assert list(hop.course) == [0.010, 0.030, 0.020, None]


def test_patience_follows_what_answered_behind() -> None:
    assert plan.patience(5, 0, [(7, 0.01)]) == plan.SHORTEST
    assert plan.patience(5, 0, [(7, 0.06), (9, 0.2)]) == pytest.approx(0.06 * plan.NEAR)
    assert plan.patience(5, 1, [(7, 0.06)]) == pytest.approx(0.06 * plan.NEAR)
    assert plan.patience(5, 0, [(7, 5.0)]) == plan.LONGEST


def test_the_unknown_behind_the_last_answer_gets_the_longest_wait_at_the_second_attempt() -> None:
    assert plan.patience(5, 0, []) == plan.LONGEST
    assert plan.patience(5, 0, [(3, 0.01)]) == plan.FIRST
    assert plan.patience(5, 0, [(2, 0.15), (3, 0.01)]) == pytest.approx(0.15 * plan.NEAR)
    assert plan.patience(5, 1, [(3, 0.01)]) == plan.LONGEST


def test_what_is_written_reads_back_the_same() -> None:
    trace = traced(Way(silent=frozenset({2}), wide=frozenset({3})), rounds=3, flows=2)
    label = MplsLabel(label=24001, traffic_class=1, bottom=True, ttl=254)
    reply = IcmpError(
        kind=Unreachable.TTL_EXCEEDED,
        icmp_type=11,
        icmp_code=0,
        sender="192.0.2.4",
        rtt=0.004,
        return_ttl=250,
        size=76,
        labels=(label,),
    )
    trace.heard_of(HopProbe(address=TARGET, ttl=4, attempt=3), reply)
    trace.stray(HopProbe(address=TARGET, ttl=4, attempt=3), reply, late=False)

    (again,) = atlas.read(json.dumps(atlas.write(trace)).encode())

    assert atlas.write(again)["result"] == atlas.write(trace)["result"]
    assert again.hops[4].labels == (label,)
    assert again.hops[4].duplicates == 1
    assert verdict.judge(again) == verdict.judge(trace)


def test_a_result_of_the_platform_is_read() -> None:
    result = {
        "fw": 5080,
        "type": "traceroute",
        "af": 4,
        "dst_name": "www.example",
        "dst_addr": "192.0.2.9",
        "proto": "ICMP",
        "size": 48,
        "paris_id": 3,
        "result": [
            {"hop": 1, "result": [{"from": "10.0.0.1", "ttl": 64, "size": 76, "rtt": 1.5}] * 3},
            {"hop": 2, "result": [{"x": "*"}, {"x": "*"}, {"x": "*"}]},
            {"hop": 3, "error": "sendto failed"},
            {
                "hop": 4,
                "result": [
                    {"from": "192.0.2.1", "ttl": 62, "size": 28, "rtt": 9.1, "err": "A"},
                    {"late": 2, "from": "192.0.2.1"},
                    {"x": "*"},
                ],
            },
        ],
    }
    (trace,) = atlas.read(json.dumps([result]).encode())

    assert trace.aim.protocol == "icmp"
    assert trace.hops[1].average == pytest.approx(0.0015)
    judged = verdict.judge(trace)
    assert (judged.code, judged.hop) == ("refused", 4)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"dst_addr": 1, "result": []}',
        b'{"dst_addr": "host", "result": []}',
        b'{"dst_addr": "192.0.2.1", "result": [], "type": "ping"}',
        b'{"dst_addr": "192.0.2.1", "result": [{"hop": 1, "result": [{"from": "x", "rtt": 1}]}]}',
        b"[" * 100_000,
        b'{"traces": 7}',
    ],
)
def test_what_is_no_result_is_refused_with_a_sentence(text: bytes) -> None:
    with pytest.raises(atlas.BadResultError, match=r"\w"):
        atlas.read(text)


def _with(change: Callable[[dict[str, object]], object]) -> bytes:
    tree: dict[str, object] = {"dst_addr": "192.0.2.1", "result": []}
    change(tree)
    return json.dumps(tree).encode()


def test_bounds_on_a_file() -> None:
    with pytest.raises(atlas.BadResultError, match="256 results"):
        atlas.read(b'{"dst_addr": "192.0.2.1", "result": []}\n' * 257)
    many = [{"hop": 1, "result": [{"x": "*"}] * (atlas.MOST_REPLIES + 1)}]
    with pytest.raises(atlas.BadResultError, match="replies"):
        atlas.read(_with(lambda tree: tree.update(result=many)))


@given(st.binary(max_size=200))
def test_no_octets_crash_the_reader(text: bytes) -> None:
    with contextlib.suppress(atlas.BadResultError):
        atlas.read(text)
