"""What stands between httpx and the network: one pinned connection, timed and counted."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import field
from typing import Any

import httpcore
import httpx

from netdiag.lazy import dataclass
from netdiag.network import Attempt
from netdiag.outcomes import Failed, FailureKind, IcmpError
from netdiag.requests import HttpRequest
from netdiag.wire import sockets, tcp
from netdiag.wire.sockets import Clock
from netdiag.wire.tls_stream import TlsStream

TOTAL_WAIT = 8.0
"""Seconds for all of a request."""

AGAIN_WAIT = 4.0
"""The same for a request repeated with small segments: what these cure is quick."""

MOST_HEAD = 65536
"""Octets read before the headers are complete."""

MOST_BODY = 1 << 17
"""128 KiB: enough for a page, and a bound on the acknowledgements that reading it sends."""


class NotConnectedError(Exception):
    """The connection below HTTP was not to be had."""

    def __init__(self, outcome: Failed | IcmpError) -> None:
        super().__init__()
        self.outcome = outcome


@dataclass(slots=True)
class Exchange:
    """One request under way: its phases on the clock, its octets, what is to be closed.

    At most about `most_body` octets of the body are read; the first `keep` are kept in `body`.
    """

    request: HttpRequest
    clock: Clock
    started: float
    context: ssl.SSLContext
    closing: AsyncExitStack
    attempts: list[Attempt] = field(default_factory=list)
    connected: float = 0.0
    tls_done: float | None = None
    first_byte: float | None = None
    beginning: bytes = b""
    written: int = 0
    read: int = 0
    body: bytes = b""
    keep: int = 2048
    most_body: int = MOST_BODY
    accept: str = "*/*"
    stream: socket.socket | None = None
    tls: TlsStream | None = None
    head_complete: bool = False
    ended: bool = False

    def since_start(self) -> float:
        return round(self.clock() - self.started, 6)

    @property
    def left(self) -> float:
        total = TOTAL_WAIT if self.request.segment is None else AGAIN_WAIT
        return total - (self.clock() - self.started)


async def open_stream(exchange: Exchange) -> socket.socket:
    """Connect to the pinned address. Raises NotConnectedError."""
    request = exchange.request
    # What came before was loading and preparing: the request starts with its first packet.
    exchange.started = exchange.clock()
    options = tcp.Options(wait=min(tcp.WAIT, exchange.left), segment=request.segment)
    connecting = tcp.handshake(request.address, request.port, exchange.clock, options)
    done = await exchange.closing.enter_async_context(connecting)
    exchange.attempts.append(done.attempt)
    if done.failure or not done.stream:
        raise NotConnectedError(done.failure or Failed(kind=FailureKind.OTHER))
    exchange.connected = exchange.since_start()
    exchange.stream = done.stream
    return done.stream


class PinnedTransport(httpx.AsyncBaseTransport):
    """Sends whatever the URL's host to the address of the exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=exchange.context,
            max_keepalive_connections=0,
            network_backend=_Backend(exchange),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = await self._pool.handle_async_request(
            httpcore.Request(request.method, url, headers=request.headers.raw)
        )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's interface)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return _Stream(self._exchange, await open_stream(self._exchange))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    """The exchange's connection. Time-outs are the exchange's, the socket is closed with it."""

    def __init__(self, exchange: Exchange, sock: socket.socket) -> None:
        self._exchange = exchange
        self._sock = sock
        self._tls: TlsStream | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        exchange = self._exchange
        if not exchange.head_complete and exchange.read > MOST_HEAD:
            raise httpcore.RemoteProtocolError("too much before the body")
        if self._tls:
            data = await self._tls.read(max_bytes)
        else:
            data = await sockets.receive_some(self._sock, max_bytes)
        if not data:
            exchange.ended = True
        elif exchange.first_byte is None:
            exchange.first_byte = exchange.since_start()
            exchange.beginning = data[:100]
        exchange.read += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._exchange.written += len(buffer)
        if self._tls:
            await self._tls.write(buffer)
        else:
            await sockets.send_all(self._sock, buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        tls = self._exchange.tls = TlsStream(self._sock, ssl_context, server_hostname)
        try:
            await tls.handshake()
        except ssl.SSLError:
            self._exchange.beginning = tls.beginning
            raise
        self._exchange.tls_done = self._exchange.since_start()
        self._tls = tls
        return self

    async def aclose(self) -> None:
        if self._tls:
            await self._tls.say_goodbye()

    def get_extra_info(self, info: str) -> Any:
        return None
