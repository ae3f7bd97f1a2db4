"""What holds for every kind of request."""

from __future__ import annotations

import asyncio
import resource
import time
import typing

import pytest

from netdiag.network import Sent
from netdiag.outcomes import Failed
from netdiag.requests import (
    DataProbe,
    DnsQuery,
    Echo,
    HopProbe,
    HttpRequest,
    RdapQuery,
    ReadAbilities,
    ReadBanner,
    ReadHostsFile,
    ReadInterfaces,
    ReadNeighbours,
    ReadNetworkTable,
    ReadProxies,
    ReadResolvers,
    ReadRoutes,
    Request,
    RoutingQuery,
    SelectSource,
    SizeProbe,
    SystemLookup,
    TcpArrivalTtl,
    TcpConnect,
    TlsHandshake,
)
from netdiag.wire.live import LiveTransport
from tests.wire import peers

HOST = peers.HOST


def to(port: int) -> list[Request]:
    """Every kind of request that goes to a peer."""
    return [
        DnsQuery(server=HOST, name="x.example.", rtype="A", port=port),
        DnsQuery(server=HOST, name="x.example.", rtype="A", port=port, transport="tcp"),
        Echo(address=HOST),
        TcpConnect(address=HOST, port=port),
        TcpArrivalTtl(address=HOST, port=port),
        TlsHandshake(address=HOST, port=port, server_name="x.example"),
        TlsHandshake(address=HOST, port=port, server_name="x.example", starttls="smtp"),
        HttpRequest(address=HOST, port=port, tls=False, host="x.example"),
        HttpRequest(address=HOST, port=port, tls=True, host="x.example"),
        RdapQuery(address=HOST, host="x.example", path="/", about="x.example.", port=port),
        RoutingQuery(
            address=HOST, host="x.example", path="/", call="network-info", about=HOST, port=port
        ),
        ReadBanner(address=HOST, port=port),
        HopProbe(address=HOST, ttl=1, port=port),
        HopProbe(address=HOST, ttl=1, port=port, protocol="tcp"),
        HopProbe(address=HOST, ttl=1, protocol="icmp"),
        HopProbe(address=HOST, ttl=1, port=port, raw=True),
        HopProbe(address=HOST, ttl=1, port=port, protocol="tcp", raw=True),
        SizeProbe(address=HOST, size=1400, port=port),
        DataProbe(address=HOST, port=port, ttl=1, host="x.example", tls=True),
        DataProbe(address=HOST, port=port, ttl=1, host="x.example", tls=False),
    ]


HERE: list[Request] = [
    SelectSource(address=HOST),
    SystemLookup(name="localhost"),
    ReadRoutes(family=4),
    ReadRoutes(family=6),
    ReadInterfaces(),
    ReadNeighbours(),
    ReadResolvers(),
    ReadHostsFile(name="localhost"),
    ReadNetworkTable(address="192.0.2.1"),
    ReadProxies(),
    ReadAbilities(),
]

KINDS = range(len(to(0)))


def test_these_are_all_kinds() -> None:
    assert {type(request) for request in [*to(0), *HERE]} == set(typing.get_args(Request))


@pytest.mark.parametrize("number", KINDS)
def test_a_closed_port_is_an_outcome(number: int) -> None:
    sent = asyncio.run(peers.send(to(peers.closed_port())[number]))
    assert isinstance(sent, Sent)
    assert all(attempt.packets >= 0 for attempt in sent.attempts)
    assert sum(attempt.packets for attempt in sent.attempts) >= 1


@pytest.mark.parametrize("request_", HERE)
def test_a_look_sends_nothing(request_: Request) -> None:
    assert asyncio.run(peers.send(request_)).attempts == ()


@pytest.mark.parametrize("number", KINDS)
def test_cancelling_closes_every_socket(number: int) -> None:
    async def main() -> None:
        # A first one, so that what is loaded once does not count.
        await peers.send(to(peers.closed_port())[number])
        async with (
            peers.stream(peers.silence) as port,
            peers.datagrams(lambda query: [], port),
        ):
            before = peers.open_files()
            transport = LiveTransport(time.monotonic)
            task = asyncio.ensure_future(transport.send(to(port)[number]))
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await transport.close()
            await asyncio.sleep(0.05)
            # The silent server keeps its own ends, at most one for each connection.
            assert peers.open_files() <= before + 4

        await asyncio.sleep(0.05)

    before = peers.open_files()
    asyncio.run(main())
    assert peers.open_files() <= before


@pytest.mark.parametrize("number", KINDS)
def test_too_many_open_files_are_an_outcome(number: int) -> None:
    async def main() -> Sent:
        port = peers.closed_port()
        # What is loaded lazily is loaded before files run out.
        await peers.send(to(port)[number])
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            return await peers.send(to(port)[number])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert isinstance(asyncio.run(main()).outcome, Failed)
