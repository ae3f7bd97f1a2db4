"""Iteration stays bounded, whatever delegations it meets."""

import asyncio
import hashlib

from checks.facts.iterate import resolve
from netdiag.model import Brief, RootServer
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
