"""TLS over a stream of ours: one handshake that keeps the peer's chain whatever becomes of it.

OpenSSL works on memory here and the octets travel by `sockets`, so that the peer's first octets,
its certificates and the moment of each phase stay in reach when the handshake fails.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from netdiag.outcomes import Failed, FailureKind
from netdiag.text import clean
from netdiag.wire import sockets

_T = TypeVar("_T")

_READ = 16384
_BEGINNING = 64
_RECORD_TYPES = range(20, 24)
"""Content types of TLS records (RFC 8446, section 5.1)."""

_VERSION_REASONS = {
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "WRONG_VERSION_NUMBER",
    "WRONG_SSL_VERSION",
    "NO_PROTOCOLS_AVAILABLE",
    "UNKNOWN_PROTOCOL",
}
_DER = 2
"""ENCODING_DER of OpenSSL's bindings before Python 3.13."""


class TlsStream:
    """A TLS client on a connected stream. The caller closes the stream itself."""

    def __init__(
        self, stream: socket.socket, context: ssl.SSLContext, server_name: str | None
    ) -> None:
        """Raises ValueError for a server name that TLS cannot carry."""
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_name
        )
        self.beginning = b""
        self.sent = 0

    @property
    def version(self) -> str:
        return self._session.version() or ""

    @property
    def cipher(self) -> str:
        chosen = self._session.cipher()
        return chosen[0] if chosen else ""

    def chain(self) -> list[bytes]:
        """The certificates as the peer sent them, DER. Kept even where verifying them failed."""
        session: Any = self._session
        if not hasattr(session, "get_unverified_chain"):
            session = session._sslobj  # noqa: SLF001 (public from Python 3.13 on)
        found = session.get_unverified_chain() or []
        return [c if isinstance(c, bytes) else c.public_bytes(_DER) for c in found]

    async def handshake(self) -> None:
        """Raises ssl.SSLError, or OSError for the stream below."""
        await self._run(self._session.do_handshake)

    async def read(self, size: int) -> bytes:
        """Up to `size` octets; none once the peer has closed, politely or not."""
        try:
            return await self._run(lambda: self._session.read(size))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    async def write(self, data: bytes) -> None:
        await self._run(lambda: self._session.write(data))

    async def say_goodbye(self) -> None:
        """Send the closing alert; its answer is not waited for."""
        with suppress(OSError):
            self._session.unwrap()
        with suppress(OSError):
            await self._flush()

    async def _run(self, step: Callable[[], _T]) -> _T:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except ssl.SSLError:
                # The alert that says why goes out, as it does from any client.
                with suppress(OSError):
                    await self._flush()
                raise
            else:
                await self._flush()
                return result

    async def _flush(self) -> None:
        if data := self._outgoing.read():
            self.sent += len(data)
            await sockets.send_all(self._stream, data)

    async def _fill(self) -> None:
        data = await sockets.receive_some(self._stream, _READ)
        if data:
            self._incoming.write(data)
            self.beginning += data[: _BEGINNING - len(self.beginning)]
        else:
            self._incoming.write_eof()


def failure(error: ssl.SSLError, beginning: bytes) -> Failed:
    """Why a handshake failed; `beginning` is what the peer sent first."""
    reason = clean(error.reason or str(error), 200)
    if beginning and not _is_record(beginning):
        detail = f"the peer answered: {clean(beginning, 100)}"
        return Failed(kind=FailureKind.NOT_TLS, detail=detail)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Failed(kind=FailureKind.CLOSED_EARLY, detail="closed within the TLS handshake")
    if reason in _VERSION_REASONS:
        return Failed(kind=FailureKind.TLS_VERSION, detail=reason)
    if "ALERT" in reason:
        return Failed(kind=FailureKind.TLS_ALERT, detail=reason)
    return Failed(kind=FailureKind.OTHER, detail=f"TLS: {reason}")


def _is_record(beginning: bytes) -> bool:
    return beginning[0] in _RECORD_TYPES and beginning[1:2] in {b"\x03", b""}
