"""The live transport: hands each request to the module of its kind.

Network trouble comes back as an outcome; an exception that leaves here is a bug, or the caller's
cancelling, after which every socket is closed.
"""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

from netdiag.network import Sent
from netdiag.outcomes import Failed, FailureKind, NetworkEntry
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
from netdiag.wire import failures
from netdiag.wire.sockets import Clock

if TYPE_CHECKING:
    import ssl

    from netdiag.networks import Lookup
    from netdiag.wire.hops import Flows, Stray

AT_ONCE = 192
"""Requests under way at one time, so that no system's usual limit of open files (256) is met."""


class LiveTransport:
    """Sends requests from this machine. `clock` gives monotonic seconds.

    `stray` is told of late and duplicate answers to hop probes, `networks` tells the networks of
    addresses.
    """

    def __init__(
        self, clock: Clock, stray: Stray | None = None, networks: Lookup | None = None
    ) -> None:
        self._clock = clock
        self._networks = networks
        self._places = asyncio.Semaphore(AT_ONCE)
        self._stray = stray

    @cached_property
    def _hops(self) -> Flows:
        from netdiag.wire.hops import Flows

        return Flows(self._clock, self._stray)

    @cached_property
    def _verifying(self) -> ssl.SSLContext:
        from netdiag.wire import tls

        return tls.verifying_context()

    @cached_property
    def _lenient(self) -> ssl.SSLContext:
        from netdiag.wire import http

        return http.lenient_context()

    async def send(self, request: Request) -> Sent:
        """Do what `request` says and nothing more. Never raises for network trouble."""
        async with self._places:
            try:
                return await self._dispatch(request)
            except OSError as error:
                return Sent(failures.from_error(error))

    async def close(self) -> None:
        """Close what requests share."""
        if "_hops" in vars(self):
            self._hops.close()

    def capabilities(self) -> dict[str, bool]:
        """What this platform and user let netdiag see, for the record."""
        from netdiag.wire.capabilities import capabilities

        return capabilities()

    async def _dispatch(self, request: Request) -> Sent:
        match request:
            case DnsQuery():
                from netdiag.wire import dns

                return await dns.send(request, self._clock)
            case TcpConnect():
                from netdiag.wire import tcp

                return await tcp.send(request, self._clock)
            case Echo():
                from netdiag.wire import echo

                return await echo.send(request, self._clock)
            case HopProbe():
                return await self._hops.send(request)
            case SizeProbe():
                from netdiag.wire import sizes

                return await sizes.send(request, self._clock)
            case DataProbe():
                from netdiag.wire import data

                return await data.send(request, self._clock)
            case TcpArrivalTtl():
                from netdiag.wire import arrival

                return await arrival.send(request, self._clock)
            case TlsHandshake():
                from netdiag.wire import tls

                return await tls.send(request, self._clock, self._verifying)
            case HttpRequest():
                from netdiag.wire import http

                return await http.send(request, self._clock, self._lenient)
            case RdapQuery():
                from netdiag.wire import rdap

                return await rdap.send(request, self._clock, self._verifying)
            case RoutingQuery():
                from netdiag.wire import routing_registry

                return await routing_registry.send(request, self._clock, self._verifying)
            case ReadBanner():
                from netdiag.wire import banner

                return await banner.send(request, self._clock)
            case SystemLookup():
                from netdiag.wire import machine

                return await machine.look_up(request)
            case ReadNetworkTable():
                return self._network(request)
            case _:
                return _look(request)

    def _network(self, request: ReadNetworkTable) -> Sent:
        if self._networks is None:
            detail = "the configuration names no file of networks"
            return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=detail))
        found = self._networks.find(request.address)
        if found is None:
            return Sent(NetworkEntry())
        return Sent(NetworkEntry(asn=found.asn, prefix=found.prefix, name=found.name))


def _look(
    request: SelectSource
    | ReadRoutes
    | ReadInterfaces
    | ReadNeighbours
    | ReadResolvers
    | ReadHostsFile
    | ReadProxies
    | ReadAbilities,
) -> Sent:
    """The looks at this machine that take no time."""
    from netdiag.wire import capabilities, machine, settings

    match request:
        case SelectSource():
            return machine.select_source(request)
        case ReadRoutes():
            return machine.read_routes(request)
        case ReadInterfaces():
            return machine.read_interfaces(request)
        case ReadNeighbours():
            return machine.read_neighbours(request)
        case ReadResolvers():
            return settings.read_resolvers(request)
        case ReadHostsFile():
            return settings.read_hosts_file(request)
        case ReadProxies():
            return settings.read_proxies(request)
        case ReadAbilities():
            return capabilities.read_abilities()
