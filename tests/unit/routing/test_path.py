"""The path and whose its routers are."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from checks.facts.networks import Origin
from checks.facts.ownership import Place, place_after, place_of
from checks.facts.path import Hop, Path, path_to
from netdiag.model import Owner, OwnNetwork
from netdiag.network import ObservationId
from netdiag.outcomes import Outcome, Unreachable
from netdiag.requests import HopProbe, Request
from tests.unit.connectivity.internet import POLICY, SILENT, brief, icmp
from tests.world.world import World

TARGET = "22.40.1.10"


def path(*senders: str | None, reached: bool = False) -> Path:
    hops = [
        Hop(
            ttl=ttl,
            evidence=(ObservationId(ttl),),
            sender=sender,
            kind=Unreachable.TTL_EXCEEDED if sender else None,
        )
        for ttl, sender in enumerate(senders, 1)
    ]
    if reached:
        evidence = (ObservationId(99),)
        end = Hop(ttl=len(hops) + 1, evidence=evidence, sender=TARGET, kind=Unreachable.PORT)
        hops.append(end)
    return Path(address=TARGET, protocol="udp", port=33434, hops=tuple(hops))


@pytest.mark.parametrize(
    ("senders", "loops"),
    [
        (("1.0.0.1", "1.0.0.2", "1.0.0.3", "1.0.0.2", "1.0.0.3", "1.0.0.2"), True),
        (("1.0.0.1", "1.0.0.2", None, "1.0.0.2", None, "1.0.0.2"), True),
        (("1.0.0.1", "1.0.0.2", "1.0.0.2", None, None, None), False),
        (("1.0.0.1", "1.0.0.2", "1.0.0.3", "1.0.0.2", None, None), False),
        (("1.0.0.1", "1.0.0.2", "1.0.0.1", "1.0.0.2", "1.0.0.1", "1.0.0.4"), False),
        ((None, None, None), False),
    ],
)
def test_a_loop_repeats_at_a_distance_until_the_end(
    senders: tuple[str | None, ...], loops: bool
) -> None:
    assert bool(path(*senders).loop) is loops


def test_a_path_that_arrives_has_no_loop() -> None:
    assert not path("1.0.0.1", "1.0.0.2", "1.0.0.1", "1.0.0.2", "1.0.0.1", reached=True).loop


HOME = path("192.168.1.1", "10.9.8.7", "5.6.7.8", "8.8.4.4", "9.1.1.1", reached=True)


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("192.168.1.1", Owner.CUSTOMER_NETWORK),
        ("10.9.8.7", Owner.CUSTOMER_NETWORK),
        ("5.6.7.8", Owner.ACCESS_ISP),
        ("100.64.3.2", Owner.ACCESS_ISP),
        ("8.8.4.4", Owner.TRANSIT),
        ("9.1.1.1", Owner.HOSTING_NETWORK),
        ("22.40.1.2", Owner.HOSTING_NETWORK),
        (TARGET, Owner.HOST),
    ],
)
def test_whose_a_router_is_without_any_configuration(address: str, owner: Owner) -> None:
    assert place_of(brief(networks=()), address, TARGET, HOME).owner is owner


def test_the_configuration_comes_before_any_guess() -> None:
    assert place_of(brief(), "22.30.9.9", TARGET, HOME).network == "Transit A"


def origin(address: str, asn: int, name: str) -> Origin:
    return Origin(address=address, state="known", evidence=(), asns=(asn,), name=name)


TOLD = replace(
    path("192.168.1.1", "5.6.7.8", "8.8.4.4", "9.9.1.1", "9.1.1.1", reached=True),
    networks=(
        origin("5.6.7.8", 64500, "ISP"),
        origin("8.8.4.4", 64530, "TRANSIT"),
        origin("9.9.1.1", 64540, "HOSTING"),
        origin(TARGET, 64540, "HOSTING"),
        Origin(address="9.1.1.1", state="unknown", evidence=()),
    ),
)


@pytest.mark.parametrize(
    ("address", "network", "owner"),
    [
        ("5.6.7.8", "AS64500 ISP, the access provider's network", Owner.ACCESS_ISP),
        ("8.8.4.4", "AS64530 TRANSIT, a network between", Owner.TRANSIT),
        ("9.9.1.1", "AS64540 HOSTING, the network of the host", Owner.HOSTING_NETWORK),
        ("9.1.1.1", "the network of the host", Owner.HOSTING_NETWORK),
        ("192.168.1.1", "the local network", Owner.CUSTOMER_NETWORK),
        (TARGET, "the host itself", Owner.HOST),
    ],
)
def test_the_source_of_networks_names_routers(address: str, network: str, owner: Owner) -> None:
    place = place_of(brief(networks=()), address, TARGET, TOLD)

    assert (place.network, place.owner) == (network, owner)


def test_own_networks_come_before_the_source() -> None:
    edge = OwnNetwork(name="our edge", owner=Owner.HOSTING_NETWORK, prefixes=("8.8.4.0/24",))

    place = place_of(brief(networks=(edge,)), "8.8.4.4", TARGET, TOLD)

    assert str(place) == "8.8.4.4 (our edge)"
    assert place.owner is Owner.HOSTING_NETWORK


def test_the_same_as_on_another_path_tells_who_comes_next() -> None:
    ends, goes_on = path("192.168.1.1", "8.8.4.4"), path("192.168.1.1", "8.8.5.5", "9.9.1.1")
    known = (origin("8.8.4.4", 64530, "T"), origin("8.8.5.5", 64530, "T"))
    hop = ends.hops[-1]

    def after(networks: tuple[Origin, ...]) -> Place:
        told = replace(goes_on, networks=networks)
        return place_after(brief(networks=()), hop, replace(ends, networks=networks), (told,))

    assert "next 9.9.1.1" in after(known).network
    assert "next" not in after(()).network
    assert "next" not in after((known[0], origin("8.8.5.5", 64531, "U"))).network


def swept(answer: Outcome, upto: int) -> tuple[Path, list[HopProbe]]:
    def answers(request: Request) -> Outcome:
        assert isinstance(request, HopProbe)
        if request.ttl <= upto:
            return icmp(f"1.0.{request.ttl}.1", Unreachable.TTL_EXCEEDED)
        return answer

    world = World(answers)
    found = asyncio.run(path_to(world.network(), TARGET))
    return found, [probe for probe in world.sent if isinstance(probe, HopProbe)]


def test_a_long_path_is_followed_to_the_thirtieth_hop_and_no_farther() -> None:
    found, probes = swept(SILENT, 30)

    assert found.last is not None
    assert (found.last.ttl, max(probe.ttl for probe in probes)) == (30, 30)


def test_a_path_that_ends_early_costs_one_wave_and_three_more_looks() -> None:
    found, probes = swept(SILENT, 5)

    assert found.last is not None
    assert found.last.ttl == 5
    assert [probe.ttl for probe in probes if probe.attempt] == [6, 7, 8]
    assert max(probe.ttl for probe in probes) == 16


def test_what_this_run_refused_is_no_silence_and_is_not_asked_again() -> None:
    found, probes = swept(POLICY, 0)

    assert all(hop.ours for hop in found.hops)
    assert not [probe for probe in probes if probe.attempt]


def test_the_target_ends_the_path() -> None:
    found, _ = swept(icmp(TARGET, Unreachable.PORT), 5)

    assert found.reached is not None
    assert (found.reached.ttl, len(found.hops)) == (6, 6)
