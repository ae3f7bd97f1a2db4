"""HTTP requests to a pinned address, each phase timed, nothing followed and nothing verified.

httpx and httpcore speak HTTP; the octets travel through a network back-end of ours, so no name is
looked up, no proxy or credential of this machine is used, and no connection but the one asked for
is opened.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpcore
import httpx

from netdiag import __version__
from netdiag.network import Attempt, Sent
from netdiag.outcomes import Failed, FailureKind, HttpReply, Outcome
from netdiag.requests import HttpRequest
from netdiag.text import clean
from netdiag.wire import failures, sockets, tcp, tls_stream
from netdiag.wire.http_backend import (
    MOST_HEAD,
    Exchange,
    NotConnectedError,
    PinnedTransport,
)
from netdiag.wire.sockets import Clock

IDLE_WAIT = 4.0
"""Seconds without an octet after which a body that has begun counts as broken off."""

MOST_HEADERS = 200
BODY_START = 2048
_AGENT = f"netdiag/{__version__} (+read-only check)"
_TWO_SEGMENTS = 2896
"""Octets that one acknowledgement usually covers (RFC 9293: at least every second segment)."""


async def send(request: HttpRequest, clock: Clock, context: ssl.SSLContext) -> Sent:
    """One GET or HEAD."""
    async with AsyncExitStack() as closing:
        exchange = Exchange(request, clock, clock(), context, closing)
        return await exchanged(exchange)


async def exchanged(exchange: Exchange) -> Sent:
    """What came of the exchange, which keeps the body's start."""
    outcome = await _ask(exchange)
    if isinstance(outcome, Failed):
        outcome = tcp.stalled(outcome, exchange.stream)
    return Sent(outcome, (*exchange.attempts, _attempt(exchange, outcome)))


def lenient_context() -> ssl.SSLContext:
    """A client's context that takes any certificate, since only the service behind it matters."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # A small key is a matter of the certificate too.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


async def _ask(exchange: Exchange) -> Outcome:
    try:
        return await _exchange_all(exchange)
    except NotConnectedError as error:
        return error.outcome
    except ssl.SSLError as error:
        return tls_stream.failure(error, exchange.beginning)
    except OSError as error:
        return failures.from_error(error)
    except (httpcore.ProtocolError, httpx.ProtocolError) as error:
        return _protocol_failure(exchange, str(error))
    except (httpx.InvalidURL, ValueError) as error:
        detail = clean(f"no usable URL: {error}", 300)
        return Failed(kind=FailureKind.OTHER, detail=detail)


def _protocol_failure(exchange: Exchange, why: str) -> Failed:
    if not exchange.head_complete and exchange.read > MOST_HEAD:
        return Failed(kind=FailureKind.TOO_LARGE, detail=f"headers of more than {MOST_HEAD} octets")
    if exchange.ended and b"HTTP/".startswith(exchange.beginning[:5]):
        return Failed(kind=FailureKind.CLOSED_EARLY, detail="closed before the end of the headers")
    detail = f"{clean(why, 200)}; it began: {clean(exchange.beginning, 100)}"
    return Failed(kind=FailureKind.MALFORMED, detail=detail)


async def _exchange_all(exchange: Exchange) -> HttpReply:
    request = exchange.request
    if not request.host:
        raise ValueError("no host")
    target = request.path if request.path.startswith("/") else f"/{request.path}"
    url = httpx.URL(
        scheme="https" if request.tls else "http",
        host=request.host,
        port=request.port,
        raw_path=httpx.URL(f"http://path{target}").raw_path,
    )
    headers = {
        "User-Agent": _AGENT,
        "Accept": exchange.accept,
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    # Not httpx's client: it looks into a Location, and fails where that is no URL.
    async with PinnedTransport(exchange) as transport:
        asked = httpx.Request(request.method, url, headers=headers)
        async with asyncio.timeout(exchange.left):
            response = await transport.handle_async_request(asked)
        exchange.head_complete = True
        try:
            return await _read_reply(exchange, response)
        finally:
            await response.aclose()


async def _read_reply(exchange: Exchange, response: httpx.Response) -> HttpReply:
    headers = tuple(
        (clean(name.decode("latin-1").lower(), 200), clean(value))
        for name, value in response.headers.raw[:MOST_HEADERS]
    )
    received, complete = await _read_body(exchange, response.aiter_raw())
    return HttpReply(
        status=response.status_code,
        reason=clean(response.reason_phrase, 200),
        headers=headers,
        body_start=clean(exchange.body[:BODY_START]),
        received=received,
        promised=_content_length(headers),
        complete=complete,
        connected=exchange.connected,
        tls_done=exchange.tls_done,
        first_byte=exchange.first_byte or exchange.since_start(),
        total=exchange.since_start(),
    )


def _content_length(headers: tuple[tuple[str, str], ...]) -> int | None:
    value = next((value for name, value in headers if name == "content-length"), "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


async def _read_body(exchange: Exchange, chunks: AsyncIterator[bytes]) -> tuple[int, bool]:
    """The octets that came, and whether the body came whole as far as was waited.

    A body that still flows when the time is over is not broken off.
    """
    received = 0
    while received < exchange.most_body:
        left = max(exchange.left, 0.0)
        try:
            async with asyncio.timeout(min(IDLE_WAIT, left)):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            break
        except TimeoutError:
            return received, left < IDLE_WAIT
        except (httpcore.ProtocolError, OSError):
            return received, False
        received += len(chunk)
        exchange.body += chunk[: exchange.keep - len(exchange.body)]
    return received, True


def _attempt(exchange: Exchange, outcome: Outcome) -> Attempt:
    """The packets above the handshakes are an estimate: one a write, one for two segments read."""
    match outcome:
        case HttpReply(status=status):
            result = str(status)
        case Failed(kind=kind):
            result = kind.value
        case _:
            result = outcome.type
    tls = exchange.tls
    octets, writes = (tls.sent, tls.writes) if tls else (exchange.written, bool(exchange.written))
    packets = (1 + exchange.read // _TWO_SEGMENTS) * bool(exchange.read) + writes
    header = sockets.HEADERS[sockets.family(exchange.request.address)] + 32
    return Attempt(
        how="https" if exchange.request.tls else "http",
        result=result,
        elapsed=exchange.since_start(),
        packets=packets,
        octets=octets + packets * header,
    )
