"""What routers and hosts say of a packet, seen without privileges, for both families."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import pickle
from collections.abc import Mapping

import pytest

from netdiag.network import Sent
from netdiag.outcomes import (
    ArrivalTtl,
    Connected,
    DataEnded,
    EchoReply,
    Failed,
    FailureKind,
    IcmpError,
    MplsLabel,
    Neighbours,
    Quote,
    Reset,
    Route,
    RouterInterface,
    Routes,
    SourceAddress,
    Stall,
    Unreachable,
)
from tests.wire import chain
from tests.wire.chain import OWN, R1, R2, SERVER

pytestmark = pytest.mark.lab

FAMILIES = pytest.mark.parametrize("family", [4, 6])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Sent]:
    """What one run of the chain gave; test processes that work side by side share it."""
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if not session:
        return chain.run()
    kept = tmp_path_factory.getbasetemp().parent / f"chain-{session}"
    with kept.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = file.read()
        if not known:
            file.write(known := pickle.dumps(chain.run()))
    found: Mapping[str, Sent] = pickle.loads(known)
    return found


@FAMILIES
def test_words_end_at_their_hop_or_are_acknowledged(seen: Mapping[str, Sent], family: int) -> None:
    ended = [seen[f"words-{ttl}/{family}"].outcome for ttl in (1, 2, 3)]

    assert all(isinstance(outcome, DataEnded) for outcome in ended)
    assert [getattr(outcome, "expired", None) for outcome in ended] == [True, True, False]


@FAMILIES
def test_a_packet_of_a_size_goes_as_far_as_its_ttl(seen: Mapping[str, Sent], family: int) -> None:
    said = [seen[f"size-{ttl}/{family}"] for ttl in (1, 2, 3)]
    outcomes = [one.outcome for one in said]

    assert [o.kind for o in outcomes if isinstance(o, IcmpError)] == [
        Unreachable.TTL_EXCEEDED,
        Unreachable.TTL_EXCEEDED,
        Unreachable.PORT,
    ]
    assert [o.sender for o in outcomes if isinstance(o, IcmpError)] == [
        R1[family],
        R2[family],
        SERVER[family],
    ]
    assert {attempt.octets for one in said for attempt in one.attempts} == {1400}
    assert isinstance(seen[f"size-small/{family}"].outcome, IcmpError)


@FAMILIES
def test_what_this_machines_link_does_not_take_is_not_sent(
    seen: Mapping[str, Sent], family: int
) -> None:
    sent = seen[f"size-beyond-the-link/{family}"]

    assert isinstance(sent.outcome, Failed)
    assert sent.outcome.kind is FailureKind.TOO_LARGE
    assert [attempt.packets for attempt in sent.attempts] == [0]


@FAMILIES
@pytest.mark.parametrize("name", ["stalled", "stalled-small"])
def test_a_stall_tells_how_the_connection_stands(
    seen: Mapping[str, Sent], family: int, name: str
) -> None:
    outcome = seen[f"{name}/{family}"].outcome

    assert isinstance(outcome, Failed)
    assert outcome.stall == Stall(unacknowledged=0, retransmitted=0, received=0)


@FAMILIES
def test_an_open_port_connects(seen: Mapping[str, Sent], family: int) -> None:
    outcome = seen[f"open/{family}"].outcome
    assert isinstance(outcome, Connected)
    assert outcome.source == OWN[family]
    assert 0 < outcome.rtt < 0.1


@FAMILIES
@pytest.mark.parametrize("name", ["closed", "rejected-1007"])
def test_a_reset_is_a_reset_whoever_sent_it(
    seen: Mapping[str, Sent], family: int, name: str
) -> None:
    assert isinstance(seen[f"{name}/{family}"].outcome, Reset)


@FAMILIES
def test_silence_is_waited_for_longer_than_a_router_looks_for_a_neighbour(
    seen: Mapping[str, Sent], family: int
) -> None:
    sent = seen[f"dropped/{family}"]
    assert sent.outcome == Failed(kind=FailureKind.TIMEOUT)
    assert 3.9 < sent.attempts[0].elapsed < 5
    # At 0, 1 and 3 s, and since Linux 6.5 at 2 s too.
    assert sent.attempts[0].packets in {3, 4}


REJECTIONS = {
    4: {
        1001: Unreachable.ADMIN_PROHIBITED,
        1002: Unreachable.NET_PROHIBITED,
        1003: Unreachable.HOST_PROHIBITED,
        1004: Unreachable.PORT,
        1005: Unreachable.NET,
        1006: Unreachable.HOST,
    },
    6: {
        1001: Unreachable.ADMIN_PROHIBITED,
        1002: Unreachable.SOURCE_POLICY,
        1003: Unreachable.REJECT_ROUTE,
        1004: Unreachable.PORT,
        1005: Unreachable.NET,
        1006: Unreachable.HOST,
    },
}


@FAMILIES
@pytest.mark.parametrize("port", list(REJECTIONS[4]))
def test_a_rejection_names_its_kind_and_its_sender(
    seen: Mapping[str, Sent], family: int, port: int
) -> None:
    outcome = seen[f"rejected-{port}/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert (outcome.kind, outcome.sender) == (REJECTIONS[family][port], R2[family])
    assert outcome.return_ttl == 63


@FAMILIES
@pytest.mark.parametrize(("name", "sender"), [("dead", R2), ("dead-neighbour", OWN)])
def test_a_host_that_is_not_there_is_told_by_the_last_machine_before_it(
    seen: Mapping[str, Sent], family: int, name: str, sender: Mapping[int, str]
) -> None:
    outcome = seen[f"{name}/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert (outcome.kind, outcome.sender) == (Unreachable.HOST, sender[family])
    assert 2.5 < outcome.rtt < 4


@FAMILIES
@pytest.mark.parametrize(
    ("name", "kind"), [("nowhere", Unreachable.NET), ("looped", Unreachable.TTL_EXCEEDED)]
)
def test_a_router_without_a_way_says_so_at_once(
    seen: Mapping[str, Sent], family: int, name: str, kind: Unreachable
) -> None:
    outcome = seen[f"{name}/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert (outcome.kind, outcome.sender) == (kind, R2[family])
    assert outcome.rtt < 1


@FAMILIES
@pytest.mark.parametrize(
    ("name", "how"),
    [("echo", "icmp"), ("datagram-echo", "icmp"), ("user/echo", "udp-port-unreachable")],
)
def test_echo_of_every_kind_tells_rtt_and_ttl(
    seen: Mapping[str, Sent], family: int, name: str, how: str
) -> None:
    sent = seen[f"{name}/{family}"]
    assert isinstance(sent.outcome, EchoReply)
    assert sent.outcome.ttl == 62
    assert 0 < sent.outcome.rtt < 0.5
    assert [attempt.how for attempt in sent.attempts] == [how]


@FAMILIES
def test_an_echo_that_a_router_ends_names_the_router(seen: Mapping[str, Sent], family: int) -> None:
    outcome = seen[f"echo-dead/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert (outcome.kind, outcome.sender) == (Unreachable.NET, R2[family])


@FAMILIES
@pytest.mark.parametrize(
    ("name", "answer", "ttl"),
    [
        ("arrival-open", "syn-ack", 62),
        ("arrival-closed", "rst", 62),
        ("arrival-middle", "rst", 63),
        ("user/arrival-open", "syn-ack", 62),
    ],
)
def test_the_arrival_ttl_tells_a_middlebox_from_the_host(
    seen: Mapping[str, Sent], family: int, name: str, answer: str, ttl: int
) -> None:
    sent = seen[f"{name}/{family}"]
    assert isinstance(sent.outcome, ArrivalTtl)
    assert (sent.outcome.answer, sent.outcome.ttl) == (answer, ttl)
    assert sum(attempt.packets for attempt in sent.attempts) <= 40


@FAMILIES
def test_no_arrival_ttl_without_an_answer(seen: Mapping[str, Sent], family: int) -> None:
    outcome = seen[f"arrival-prohibited/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert outcome.kind is Unreachable.ADMIN_PROHIBITED


@FAMILIES
@pytest.mark.parametrize(
    "name",
    [
        "udp",
        "tcp",
        "closed",
        "icmp",
        "datagram-icmp",
        "raw-udp",
        "raw-tcp",
        "raw-closed",
        "user/udp",
    ],
)
@pytest.mark.parametrize("ttl", [1, 2])
def test_hops_answer_with_their_addresses(
    seen: Mapping[str, Sent], family: int, name: str, ttl: int
) -> None:
    outcome = seen[f"{name}-{ttl}/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert outcome.kind is Unreachable.TTL_EXCEEDED
    assert outcome.sender == {1: R1, 2: R2}[ttl][family]
    assert outcome.return_ttl == 65 - ttl
    assert 0 < outcome.rtt < 1


@FAMILIES
@pytest.mark.parametrize("ttl", [3, 4, 5, 6])
def test_the_target_answers_every_ttl_that_reaches_it(
    seen: Mapping[str, Sent], family: int, ttl: int
) -> None:
    udp = seen[f"udp-{ttl}/{family}"].outcome
    assert isinstance(udp, IcmpError)
    assert (udp.kind, udp.sender) == (Unreachable.PORT, SERVER[family])
    assert isinstance(seen[f"tcp-{ttl}/{family}"].outcome, Connected)
    assert isinstance(seen[f"closed-{ttl}/{family}"].outcome, Reset)
    assert isinstance(seen[f"raw-closed-{ttl}/{family}"].outcome, Reset)
    raw = seen[f"raw-udp-{ttl}/{family}"].outcome
    assert isinstance(raw, IcmpError)
    assert (raw.kind, raw.sender) == (Unreachable.PORT, SERVER[family])


@FAMILIES
@pytest.mark.parametrize(("name", "how"), [("icmp", "icmp-raw"), ("datagram-icmp", "icmp")])
@pytest.mark.parametrize("ttl", [3, 4, 5, 6])
def test_the_target_answers_echo_at_every_ttl_that_reaches_it(
    seen: Mapping[str, Sent], family: int, name: str, how: str, ttl: int
) -> None:
    sent = seen[f"{name}-{ttl}/{family}"]
    assert isinstance(sent.outcome, EchoReply)
    assert sent.outcome.ttl == 62
    assert 0 < sent.outcome.rtt < 0.5
    assert [attempt.how for attempt in sent.attempts] == [how]


@FAMILIES
def test_a_crafted_syn_that_is_accepted_is_reset_by_the_kernel(
    seen: Mapping[str, Sent], family: int
) -> None:
    sent = seen[f"raw-tcp-3/{family}"]
    assert isinstance(sent.outcome, Connected)
    assert sent.outcome.source == OWN[family]
    assert [(attempt.how, attempt.packets) for attempt in sent.attempts] == [("tcp-raw", 2)]


@FAMILIES
@pytest.mark.parametrize("name", ["icmp-1", "raw-udp-1", "raw-tcp-1"])
def test_what_needs_privileges_is_not_observable_without(
    seen: Mapping[str, Sent], family: int, name: str
) -> None:
    outcome = seen[f"user/{name}/{family}"].outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.NO_PERMISSION


@FAMILIES
@pytest.mark.parametrize(
    ("name", "changed"), [("raw-udp", ()), ("marked", ("tos",)), ("clamped", ("mss",))]
)
def test_a_quote_tells_which_router_rewrote_what(
    seen: Mapping[str, Sent], family: int, name: str, changed: tuple[str, ...]
) -> None:
    first, second = (seen[f"{name}-{ttl}/{family}"].outcome for ttl in (1, 2))
    assert isinstance(first, IcmpError)
    assert isinstance(second, IcmpError)
    assert first.quote == Quote(ttl=1, tos=0)
    assert second.quote == Quote(ttl=1, tos=32 if name == "marked" else 0, changed=changed)
    sizes = {"raw-udp": (None, None), "marked": (None, None), "clamped": (1460, 1200)}
    assert (first.segment, second.segment) == sizes[name]


@FAMILIES
@pytest.mark.parametrize("user", ["", "user/"])
def test_a_syn_of_the_system_is_quoted_with_its_segment_size(
    seen: Mapping[str, Sent], family: int, user: str
) -> None:
    outcome = seen[f"{user}tcp-2/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert outcome.segment == (1460 if family == 4 else 1440)


@FAMILIES
@pytest.mark.parametrize("name", ["udp-1", "user/udp-1", "icmp-1", "raw-udp-1"])
def test_how_much_a_router_quotes_is_told(seen: Mapping[str, Sent], family: int, name: str) -> None:
    outcome = seen[f"{name}/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert outcome.size == {4: 20, 6: 40}[family] + 8 + 32


@FAMILIES
@pytest.mark.parametrize("user", ["", "user/"])
def test_extensions_tell_labels_and_interface(
    seen: Mapping[str, Sent], family: int, user: str
) -> None:
    outcome = seen[f"{user}told/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert outcome.labels == (
        MplsLabel(label=299776, traffic_class=0, bottom=False, ttl=1),
        MplsLabel(label=16, traffic_class=5, bottom=True, ttl=1),
    )
    assert outcome.interfaces == (
        RouterInterface(role="incoming", number=517, name="xe-0/0/1.0", mtu=9192),
    )


@pytest.mark.parametrize("ttl", [5, 6])
def test_a_router_that_quotes_too_little_is_asked_on_a_port_apart(
    seen: Mapping[str, Sent], ttl: int
) -> None:
    sent = seen[f"short-quote-{ttl}"]
    assert isinstance(sent.outcome, IcmpError)
    assert (sent.outcome.kind, sent.outcome.sender) == (Unreachable.TTL_EXCEEDED, SERVER[4])
    assert [(a.how, a.result) for a in sent.attempts] == [
        ("udp", "timeout"),
        ("udp-own-port", "ttl-exceeded"),
    ]


@FAMILIES
def test_a_loop_shows_the_same_routers_again(seen: Mapping[str, Sent], family: int) -> None:
    outcomes = [seen[f"loop-{ttl}/{family}"].outcome for ttl in range(1, 7)]
    senders = [outcome.sender for outcome in outcomes if isinstance(outcome, IcmpError)]
    assert senders[1::2] == [R2[family]] * 3
    assert len(set(senders[2::2])) == 1


@FAMILIES
def test_hop_probes_of_an_ordinary_user_see_a_rejection(
    seen: Mapping[str, Sent], family: int
) -> None:
    outcome = seen[f"user/rejected-1001/{family}"].outcome
    assert isinstance(outcome, IcmpError)
    assert outcome.sender == R2[family]


@FAMILIES
def test_the_source_is_chosen_by_the_route(seen: Mapping[str, Sent], family: int) -> None:
    assert seen[f"source/{family}"].outcome == SourceAddress(address=OWN[family])


@FAMILIES
def test_routes_have_gateway_and_device(seen: Mapping[str, Sent], family: int) -> None:
    outcome = seen[f"routes/{family}"].outcome
    assert isinstance(outcome, Routes)
    through = [route for route in outcome.routes if route.gateway == R1[family]]
    assert {route.device for route in through} == {"up1"}
    inside = {4: "10.77.0.0/16", 6: "fd77::/16"}[family]
    assert inside in {route.destination for route in through}


def test_routes_that_refuse_are_told_by_their_kind(seen: Mapping[str, Sent]) -> None:
    outcome = seen["routes/4"].outcome
    assert isinstance(outcome, Routes)
    kinds = {route.kind: route.destination for route in outcome.routes if route.kind != "unicast"}
    assert kinds == {
        "unreachable": "192.0.2.1/32",
        "prohibit": "192.0.2.2/32",
        "blackhole": "192.0.2.3/32",
    }
    assert all(ipaddress.ip_network(route.destination) for route in outcome.routes)
    assert all(isinstance(route, Route) for route in outcome.routes)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("unreachable", FailureKind.HOST_UNREACHABLE),
        ("prohibited", FailureKind.NO_PERMISSION),
        ("blackhole", FailureKind.OTHER),
        ("no-route", FailureKind.NETWORK_UNREACHABLE),
    ],
)
def test_what_this_machine_itself_refuses_sends_nothing(
    seen: Mapping[str, Sent], name: str, kind: FailureKind
) -> None:
    sent = seen[name]
    assert isinstance(sent.outcome, Failed)
    assert sent.outcome.kind is kind
    assert [attempt.packets for attempt in sent.attempts] == [0]


def test_neighbours_show_who_does_not_answer(seen: Mapping[str, Sent]) -> None:
    outcome = seen["late-neighbours"].outcome
    assert isinstance(outcome, Neighbours)
    states = {neighbour.address: neighbour.state for neighbour in outcome.neighbours}
    for family in (4, 6):
        assert states[chain.DEAD_NEIGHBOUR[family]] == "failed"
        assert states[R1[family]] in {"reachable", "delay", "stale", "probe"}
