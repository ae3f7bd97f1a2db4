"""Which network an address is in, by each source that the configuration may name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from checks.facts.networks import Origin, origins_of
from netdiag.outcomes import (
    DnsReply,
    Failed,
    FailureKind,
    NetworkEntry,
    Outcome,
    Resolvers,
    ResourceRecord,
)
from netdiag.requests import DnsQuery, ReadNetworkTable, ReadResolvers, Request, RoutingQuery
from tests.unit.connectivity.internet import Site, brief
from tests.unit.routing.registry import PEERS, URL, WHOLE, Registry
from tests.unit.routing.registry import world as with_registry
from tests.world.world import World

KNOWN, UNKNOWN, FAILING = "22.40.1.10", "22.41.0.1", "22.42.0.1"
PRIVATE = ("10.0.0.1", "fd00::1", "127.0.0.1", "fe80::1%eth0")
TXT = {
    "10.1.40.22.origin.asn.cymru.com.": '"64540 64541 | 22.40.0.0/16 | NL | ripencc | 2001"',
    "as64540.asn.cymru.com.": '"64540 | NL | ripencc | 2001 | HOSTING Example, NL"',
}
RESOLVER = "22.11.0.53"


def by_table(request: Request) -> Outcome:
    match request:
        case ReadNetworkTable(address="22.40.1.10"):
            return NetworkEntry(asn=64540, prefix=WHOLE, name="HOSTING")
        case ReadNetworkTable(address="22.41.0.1"):
            return NetworkEntry()
        case _:
            return Failed(kind=FailureKind.NOT_OBSERVABLE)


def by_dns(request: Request) -> Outcome:
    match request:
        case ReadResolvers():
            return Resolvers(addresses=(RESOLVER,), search=())
        case DnsQuery(server="22.11.0.53", name=name, rtype="TXT", recursion_desired=True):
            if name in TXT:
                record = ResourceRecord(name=name, ttl=60, rtype="TXT", data=TXT[name])
                return DnsReply(answer=(record,))
            absent = name.startswith("1.0.41.")
            return DnsReply(rcode="NXDOMAIN") if absent else DnsReply(rcode="SERVFAIL")
        case _:
            return Failed(kind=FailureKind.TIMEOUT)


def found(answers: Any, *addresses: str, **settings: Any) -> tuple[dict[str, Origin], World]:
    world = World(answers)

    async def go() -> tuple[Origin, ...]:
        net = world.network()
        origins = await origins_of(net, brief(**settings), addresses)
        await net.close()
        return origins

    return {one.address: one for one in asyncio.run(go())}, world


@pytest.mark.parametrize("source", ["table", "dns"])
def test_known_unknown_and_failed_are_told_apart(source: str) -> None:
    answers = by_table if source == "table" else by_dns

    origins, _ = found(answers, KNOWN, UNKNOWN, FAILING, KNOWN, network_source=source)

    assert {address: one.state for address, one in origins.items()} == {
        KNOWN: "known",
        UNKNOWN: "unknown",
        FAILING: "not-seen",
    }
    known = origins[KNOWN]
    assert (known.prefix, known.asns[0]) == (WHOLE, 64540)
    assert str(known).startswith("AS64540")
    assert "HOSTING" in str(known)
    assert all(one.evidence for one in origins.values())


def test_the_registry_is_a_source_where_none_is_named() -> None:
    registry = Registry(routes={WHOLE: (64540, PEERS)})
    internet = with_registry(registry, Site())

    origins, world = found(internet.answer, KNOWN, UNKNOWN, routing_registry=URL)

    assert (origins[KNOWN].asns, origins[KNOWN].prefix) == ((64540,), WHOLE)
    assert origins[UNKNOWN].state == "unknown"
    assert {r.call for r in world.sent if isinstance(r, RoutingQuery)} == {"network-info"}


@pytest.mark.parametrize("source", ["none", "table", "dns"])
def test_nobody_is_asked_about_private_addresses_nor_without_a_source(source: str) -> None:
    asked = PRIVATE if source != "none" else (KNOWN, UNKNOWN)

    origins, world = found(by_dns, *asked, network_source=source)

    assert (origins, world.sent) == ({}, [])
