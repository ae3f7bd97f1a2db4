"""TLS handshakes: what a server shows to a client that checks certificates."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from netdiag.network import Attempt, Sent
from netdiag.outcomes import Failed, FailureKind, Outcome, TlsSession
from netdiag.requests import TlsHandshake
from netdiag.text import clean
from netdiag.wire import certificates, failures, smtp, sockets, tcp, tls_stream
from netdiag.wire.sockets import Clock
from netdiag.wire.tls_stream import TlsStream

WAIT = 5.0
"""Seconds for the TLS handshake once TCP is connected."""

AGAIN_WAIT = 3.0
"""The same where the handshake is repeated with small segments: what these cure is quick."""

STARTTLS_WAIT = 12.0
"""Seconds for the dialogue before it: mail servers make strangers wait 5 s or more on purpose."""

_NAME = 200
"""Octets of one protocol name with its length, which is at most 255 (RFC 7301, section 3.1)."""

_SEGMENTS = 6
"""Segments of a full handshake and its close beyond TCP's own, acknowledgements included."""


def verifying_context() -> ssl.SSLContext:
    """A client's context with the system's trusted roots; certifi's where the system has none.

    Below TLS 1.2 nothing is spoken, as in browsers (RFC 8996). Python keeps that floor by itself,
    but for distributions that leave it to the system's OpenSSL.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not context.cert_store_stats()["x509_ca"] and not _folder_of_roots():
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _offering(octets: int) -> ssl.SSLContext:
    """The same context, whose ClientHello offers `octets` of protocols that nobody speaks."""
    context = verifying_context()
    names = (f"filler{n:0{_NAME - 7}}" for n in range(1, octets // _NAME + 1))
    context.set_alpn_protocols(["http/1.1", *names])
    return context


def _folder_of_roots() -> bool:
    """Whether OpenSSL will find roots file by file; it counts those only once it has used them."""
    folder = ssl.get_default_verify_paths().capath
    return folder is not None and any(Path(folder).iterdir())


async def send(request: TlsHandshake, clock: Clock, context: ssl.SSLContext) -> Sent:
    """Connect, shake hands, say goodbye."""
    options = tcp.Options(segment=request.segment)
    async with tcp.handshake(request.address, request.port, clock, options) as done:
        if done.failure or not done.stream:
            return Sent(done.failure or done.outcome, (done.attempt,))
        if request.starttls:
            try:
                async with asyncio.timeout(STARTTLS_WAIT):
                    refused = await smtp.start_tls(done.stream)
            except OSError as error:
                refused = failures.from_error(error)
            if refused:
                return Sent(refused, (done.attempt, _attempt(refused, 0.0, 2, 200)))
        if request.filler:
            context = _offering(request.filler)
        try:
            stream = TlsStream(
                done.stream, context, request.server_name or _unzoned(request.address)
            )
        except ValueError as error:
            detail = clean(f"not usable as a server name: {error}", 300)
            return Sent(Failed(kind=FailureKind.OTHER, detail=detail), (done.attempt,))
        started = clock()
        wait = WAIT if request.segment is None else AGAIN_WAIT
        outcome = await _shake_hands(stream, clock, wait)
        if isinstance(outcome, Failed):
            outcome = tcp.stalled(outcome, done.stream)
        overhead = _SEGMENTS * (sockets.HEADERS[sockets.family(request.address)] + 32)
        attempt = _attempt(outcome, clock() - started, _SEGMENTS, stream.sent + overhead)
        return Sent(outcome, (done.attempt, attempt))


def _unzoned(address: str) -> str:
    """An address as certificates hold it."""
    return address.partition("%")[0]


async def _shake_hands(stream: TlsStream, clock: Clock, wait: float) -> Outcome:
    started = clock()
    code, why = 0, ""
    try:
        async with asyncio.timeout(wait):
            try:
                await stream.handshake()
            except ssl.SSLCertVerificationError as error:
                code, why = error.verify_code, clean(error.verify_message, 300)
            rtt = clock() - started
            await stream.say_goodbye()
    except ssl.SSLError as error:
        return tls_stream.failure(error, stream.beginning)
    except OSError as error:
        return failures.from_error(error)
    return TlsSession(
        version=stream.version,
        cipher=stream.cipher,
        verify_code=code,
        verify_error=why,
        chain=certificates.decode(stream.chain()),
        rtt=round(rtt, 6),
    )


def _attempt(outcome: Outcome, elapsed: float, packets: int, octets: int) -> Attempt:
    result = outcome.kind.value if isinstance(outcome, Failed) else outcome.type
    return Attempt(
        how="tls", result=result, elapsed=round(elapsed, 6), packets=packets, octets=octets
    )
