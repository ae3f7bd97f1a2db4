"""Iteration stays bounded, whatever delegations it meets."""

import asyncio
import hashlib

from checks.facts.iterate import resolve
from checks.facts.once import once
from netdiag.model import Brief, RootServer
from netdiag.network import Asker
from netdiag.outcomes import DnsReply, Outcome, SourceAddress
from netdiag.requests import DnsQuery, Request, SelectSource
from netdiag.target import parse
from tests.unit.dns.zones import SILENT, record
from tests.world.world import World

ROOT = "198.41.0.4"
BRIEF = Brief(
    target=parse("www.trap.example"), families=(4,), root_servers=(RootServer("a.", ROOT),)
)


def fan(request: Request) -> Outcome:
    """Delegates every name, without glue, to thirteen names in as many other domains."""
    match request:
        case SelectSource():
            return SourceAddress(address="22.20.0.10")
        case DnsQuery(name=name):
            zone = ".".join(name.split(".")[-3:])
            mark = hashlib.sha256(zone.encode()).hexdigest()[:8]
            servers = (record(zone, "NS", f"ns.{mark}{n}.net.") for n in range(13))
            return DnsReply(authority=tuple(servers))
        case _:
            return SILENT


def test_delegations_that_lead_to_ever_more_names_end_soon() -> None:
    world = World(fan)
    found = asyncio.run(resolve(world.network(), BRIEF, "www.trap.example.", "A"))

    asked = [request for request in world.sent if isinstance(request, DnsQuery)]
    assert found.status == "not-seen"
    assert len(asked) < 40


def test_servers_that_are_named_in_each_other_s_zones_end() -> None:
    def circle(request: Request) -> Outcome:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(name=name):
                zone = ".".join(name.split(".")[-3:])
                other = "one.example." if zone == "two.example." else "two.example."
                return DnsReply(authority=(record(zone, "NS", f"ns.{other}"),))
            case _:
                return SILENT

    world = World(circle)
    found = asyncio.run(resolve(world.network(), BRIEF, "www.one.example.", "A"))

    assert found.status == "not-seen"
    assert len(world.sent) < 10


def test_what_many_ask_for_is_worked_out_once() -> None:
    world = World(fan)
    net = world.network()
    calls = []

    @once
    async def fact(net: Asker, name: str) -> int:
        calls.append(name)
        await asyncio.sleep(0)
        return len(calls)

    async def ask() -> list[int]:
        return list(await asyncio.gather(*(fact(net, name) for name in "aab")))

    assert asyncio.run(ask()) == [2, 2, 2]
    assert calls == ["a", "b"]


def test_a_network_of_its_own_is_worked_out_anew() -> None:
    async def twice() -> list[str]:
        found = [
            await resolve(World(fan).network(), BRIEF, "www.trap.example.", "A") for _ in range(2)
        ]
        return [one.status for one in found]

    assert asyncio.run(twice()) == ["not-seen", "not-seen"]


def test_aliases_without_end_are_a_loop() -> None:
    def alias(request: Request) -> Outcome:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(name=name):
                own = record(name, "CNAME", f"x{name}")
                return DnsReply(authoritative=True, answer=(own,))
            case _:
                return SILENT

    found = asyncio.run(resolve(World(alias).network(), BRIEF, "www.trap.example.", "A"))

    assert found.status == "alias-loop"
    assert len(found.chain) == 13
    assert len(set(found.chain)) == 13
