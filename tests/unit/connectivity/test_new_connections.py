from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from checks.connectivity import new_connections
from checks.connectivity.new_connections import EcmpMemberDead
from checks.facts.flows import GROUP, SERIES, Fate, fate_of, highest_rate
from netdiag.model import Finding, Owner
from netdiag.network import Attempt, Observation, ObservationId, Sent
from netdiag.outcomes import Connected, Failed, FailureKind, HttpReply, Outcome, Unreachable
from netdiag.requests import HopProbe, HttpRequest, Request, TcpConnect
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    NOT_ACCEPTED,
    POLICY,
    RESET,
    ROUTERS,
    SILENT,
    V4,
    V6,
    Internet,
    Site,
    codes,
    found,
    icmp,
)
from tests.world.world import World

LATE = Connected(rtt=1.01)
REFUSED = icmp(V4, Unreachable.ADMIN_PROHIBITED)
DEAD_BEHIND = 2


@dataclass
class Flowing(Internet):
    """An internet in which the fate of a connection is told by port and number, and that of a flow
    followed by its number: `ends` after so many hops, where given."""

    connection: Callable[[int, int], Outcome] = lambda _port, _number: CONNECTED
    ends: Callable[[int], int | None] = lambda _flow: None
    sites: dict[str, Site] = field(default_factory=lambda: {V4: Site(reached=True)})

    def answer(self, request: Request) -> Outcome | Sent:
        match request:
            case TcpConnect(address=address, port=port, attempt=number) if address in self.sites:
                return self.connection(port, number)
            case HopProbe(address=address, ttl=ttl, flow=flow) if address in self.sites:
                end = self.ends(flow)
                return SILENT if end is not None and ttl > end else super().answer(request)
            case _:
                return super().answer(request)


ASKED: dict[str, Callable[[int], Outcome]] = {
    "all accepted": lambda _: CONNECTED,
    "all lost": lambda _: SILENT,
    "all reset": lambda _: RESET,
    "some lost for good": lambda n: SILENT if n % 3 == 0 else CONNECTED,
    "some reset": lambda n: RESET if n % 3 == 0 else CONNECTED,
    "the first accepted, the rest lost": lambda n: SILENT if n else CONNECTED,
    "the first served, the rest lost": lambda n: SILENT if n else CONNECTED,
    "the first accepted, the rest reset": lambda n: RESET if n else CONNECTED,
    "the first accepted, the rest refused": lambda n: REFUSED if n else CONNECTED,
    "some late": lambda n: LATE if n % 3 == 0 else CONNECTED,
    "none was really tried": lambda _: POLICY,
}
SERVED = HttpReply(
    status=200,
    reason="OK",
    headers=(),
    body_start="",
    received=0,
    promised=0,
    complete=True,
    connected=0.01,
    tls_done=None,
    first_byte=0.02,
    total=0.02,
)
RESET_AT_ONCE = Sent(
    Failed(kind=FailureKind.REFUSED),
    (Attempt(how="tcp", result="reset", elapsed=0.01, packets=1, octets=60),),
)
VISITS: dict[str, Outcome | Sent] = {
    "the first accepted, the rest lost": NOT_ACCEPTED,
    "the first served, the rest lost": SERVED,
    "the first accepted, the rest reset": RESET_AT_ONCE,
    "the first accepted, the rest refused": NOT_ACCEPTED,
}
"""What the run's own visit came to, which asks between the first connection and the rest."""

OTHER: dict[str, Callable[[int], Outcome]] = {
    "not asked": lambda _: SILENT,
    "not needed": lambda _: SILENT,
    "answers each": lambda _: RESET,
    "fares no better": lambda n: SILENT if n % 2 else RESET,
    "none answers": lambda _: SILENT,
    "not seen to end": lambda n: POLICY if n == 1 else RESET,
}
FLOWS: dict[str, Callable[[int], int | None]] = {
    "not followed": lambda _: None,
    "all go as far": lambda _: None,
    "end at a router": lambda flow: DEAD_BEHIND if flow % 2 else None,
    "end at the host": lambda flow: len(ROUTERS[4]) if flow % 2 else None,
    "some end at a router": lambda flow: DEAD_BEHIND if flow % 2 else None,
    "some end at the host": lambda flow: len(ROUTERS[4]) if flow % 2 else None,
}


def looked_at(internet: Internet, target: str = f"http://{V4}/") -> tuple[list[Finding], World]:
    return found(new_connections.CHECK, internet, target)


def internet(asked: str, other: str, followed: str) -> Flowing:
    def connection(port: int, number: int) -> Outcome:
        return (ASKED[asked] if port == 80 else OTHER[other])(number)

    visit = HttpRequest(address=V4, port=80, tls=False, host=V4)
    extra: dict[Request, Outcome | Sent] = {visit: VISITS[asked]} if asked in VISITS else {}
    return Flowing(connection=connection, ends=FLOWS[followed], extra=extra)


@pytest.mark.parametrize(("asked", "other", "followed", "judgement"), rows(new_connections))
def test_the_documented_table_is_what_the_check_decides(
    asked: str, other: str, followed: str, judgement: str
) -> None:
    # A visit that is served gives no reason to look closer.
    depth = "thorough" if "served" in asked else "usual"
    seen = internet(asked, other, followed)

    (finding,), _ = found(new_connections.CHECK, seen, f"http://{V4}/", depth=depth)

    assert finding.code == judgement


@pytest.mark.parametrize(
    ("ended", "fate"),
    [("connected", Fate.ACCEPTED), ("timeout", Fate.LOST), ("reset", Fate.RESET)],
)
def test_what_becomes_of_a_visits_connection_counts(ended: str, fate: Fate) -> None:
    began = Attempt(how="tcp", result=ended, elapsed=0.1, packets=1, octets=60)
    said = Attempt(how="http", result="timeout", elapsed=4.0, packets=1, octets=60)
    seen = Observation(
        id=ObservationId(1),
        request=HttpRequest(address=V4, port=80, tls=False, host=V4),
        outcome=SILENT,
        started=0.0,
        elapsed=4.1,
        completed=1,
        attempts=(began, said),
    )

    assert fate_of(seen) is fate


def dead_member(found_there: list[Finding]) -> EcmpMemberDead:
    (finding,) = [f for f in found_there if isinstance(f, EcmpMemberDead)]
    return finding


def test_a_dead_member_is_said_to_be_behind_the_last_router_that_answers() -> None:
    seen = internet("some lost for good", "fares no better", "end at a router")

    finding = dead_member(looked_at(seen)[0])

    assert finding.last[0].address == ROUTERS[4][DEAD_BEHIND - 1]
    assert finding.ttls == (DEAD_BEHIND,)
    assert finding.members == (ROUTERS[4][DEAD_BEHIND],)


def test_the_network_of_that_router_is_the_one_to_tell() -> None:
    for end, owner in ((3, Owner.TRANSIT), (5, Owner.HOSTING_NETWORK)):
        seen = internet("some lost for good", "fares no better", "end at a router")
        seen.ends = lambda flow, end=end: end if flow % 2 else None  # type: ignore[misc]

        assert dead_member(looked_at(seen)[0]).owner is owner


@pytest.mark.parametrize(("over_ipv6", "code"), [(CONNECTED, "rate-blocked"), (SILENT, "")])
def test_the_other_family_shows_that_the_host_is_up(over_ipv6: Outcome, code: str) -> None:
    """Nothing at all answers over IPv4 any more, not even another port."""
    visit = HttpRequest(address=V4, port=80, tls=False, host="www.example")
    seen = internet("the first served, the rest lost", "none answers", "all go as far")
    seen.extra = {visit: SERVED, replace(visit, address=V6): SERVED}
    seen.sites = {V4: Site(reached=True), V6: Site(reached=True)}
    over_ipv4 = seen.connection

    class TwoFamilies(Flowing):
        def answer(self, request: Request) -> Outcome | Sent:
            if isinstance(request, TcpConnect) and request.address == V6 and request.attempt:
                return over_ipv6
            return super().answer(request)

    both = TwoFamilies(connection=over_ipv4, sites=seen.sites, extra=seen.extra)
    findings, _ = found(new_connections.CHECK, both, "http://www.example/", depth="thorough")

    assert [f.code for f in findings if f.outcome.value == "problem"] == ([code] if code else [])


def test_both_families_are_one_cause() -> None:
    seen = internet("some lost for good", "fares no better", "end at a router")
    seen.sites = {V4: Site(reached=True), V6: Site(reached=True)}

    finding = dead_member(looked_at(seen, "http://www.example/")[0])

    assert finding.addresses == (V4, V6)


def test_a_host_that_is_sound_is_connected_to_no_further() -> None:
    findings, world = looked_at(internet("all accepted", "not asked", "not followed"))

    assert codes(findings) == ["connections-alike"]
    assert not [r for r in world.sent if isinstance(r, TcpConnect) and r.attempt]
    assert not [r for r in world.sent if isinstance(r, HopProbe)]


def test_in_a_full_examination_every_port_is_looked_at() -> None:
    seen = internet("all accepted", "not asked", "not followed")

    _, world = found(new_connections.CHECK, seen, f"http://{V4}/", depth="thorough")

    to_port = [r for r in world.sent if isinstance(r, TcpConnect) and r.port == 80]
    assert len(to_port) == 1 + GROUP


def test_a_fast_run_opens_no_more_connections() -> None:
    seen = internet("all lost", "not asked", "not followed")

    (finding,), world = found(new_connections.CHECK, seen, f"http://{V4}/", depth="fast")

    assert finding.code == "connections-alike"
    assert len([r for r in world.sent if isinstance(r, TcpConnect)]) == 1


def test_a_closed_port_beside_an_open_one_is_not_looked_at() -> None:
    seen = Flowing(connection=lambda port, _: RESET if port == 80 else CONNECTED)

    findings, world = looked_at(seen, V4)

    assert codes(findings) == ["connections-alike"]
    assert not [r for r in world.sent if isinstance(r, TcpConnect) and r.attempt]


def test_little_loss_beside_a_port_that_answers_is_not_called_the_services() -> None:
    seen = internet("all accepted", "answers each", "not followed")
    seen.connection = lambda port, n: (SILENT if n == 0 else CONNECTED) if port == 80 else RESET

    (finding,) = looked_at(seen)[0]

    assert finding.code == "connections-not-told"


def test_a_router_that_refuses_some_flows_is_named() -> None:
    seen = internet("some lost for good", "fares no better", "all go as far")
    other = "22.31.1.1"

    class Refusing(Site):
        def hop(self, probe: HopProbe) -> Outcome:
            if probe.flow % 2 and probe.ttl > DEAD_BEHIND:
                # It limits its errors, so some flows hear nothing.
                heard = probe.flow != 3 and probe.ttl == DEAD_BEHIND + 1
                return icmp(other, Unreachable.NET) if heard else SILENT
            return super().hop(probe)

    seen.sites = {V4: Refusing(reached=True)}

    finding = dead_member(looked_at(seen)[0])

    assert finding.last[0].address == other
    assert "refused there" in finding.message


def test_where_probes_of_all_flows_are_lost_no_member_is_called_dead() -> None:
    seen = internet("some lost for good", "fares no better", "all go as far")

    class Lossy(Site):
        def hop(self, probe: HopProbe) -> Outcome:
            lost = probe.ttl > DEAD_BEHIND and (probe.flow * 7 + probe.ttl * 3 + probe.attempt) % 5
            return SILENT if lost else super().hop(probe)

    seen.sites = {V4: Lossy(reached=True)}

    assert "ecmp-member-dead" not in codes(looked_at(seen)[0])


def test_a_wrong_router_is_hardly_ever_named() -> None:
    """Whatever is lost at random besides, the router named is the true one, as confidently as the
    finding says: in 99 cases of 100 at least."""
    right, wrong = 0, 0
    for seed in range(16):
        chance = random.Random(seed)
        cut = chance.randint(1, 5)
        for finding in named(chance, cut, chance.sample(range(8), chance.randint(1, 7))):
            true = finding.last[0].address == ROUTERS[4][cut - 1]
            right, wrong = right + true, wrong + (not true)

    assert right >= 8
    assert wrong == 0


def named(chance: random.Random, cut: int, dead: Sequence[int]) -> list[EcmpMemberDead]:
    rate = chance.uniform(0, 0.3)

    class Lossy(Site):
        def hop(self, probe: HopProbe) -> Outcome:
            return SILENT if chance.random() < rate else super().hop(probe)

    seen = internet("some lost for good", "fares no better", "all go as far")
    seen.ends = lambda flow: cut if flow in dead else None
    seen.sites = {V4: Lossy(reached=True)}
    return [f for f in looked_at(seen)[0] if isinstance(f, EcmpMemberDead)]


def test_the_rate_of_loss_that_is_still_likely() -> None:
    assert highest_rate(0, 1) == pytest.approx(0.95)
    assert highest_rate(0, 59) == pytest.approx(0.0495, abs=1e-3)
    assert highest_rate(5, 5) == highest_rate(0, 0) == 1.0
    assert SERIES > GROUP
