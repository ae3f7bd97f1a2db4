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
_BEGINNING = 128
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
_ALERT_REASONS = ("SSLV3_ALERT_", "TLSV1_", "TLSV13_")
"""How OpenSSL's reasons begin where the peer sent an alert."""

_DER = 2
"""ENCODING_DER of OpenSSL's bindings before Python 3.13."""


class TlsStream:
    """A TLS client on a connected stream. The caller closes the stream itself.

    `sent` and `writes` count the octets of all records that went out, and in how many portions.
    """

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
        self.writes = 0

    @property
    def version(self) -> str:
        """Like `TLSv1.3`; known as soon as the peer has chosen."""
        return self._session.version() or self._chosen()[0]

    @property
    def cipher(self) -> str:
        chosen = self._session.cipher()
        return chosen[0] if chosen else self._chosen()[1]

    def _chosen(self) -> tuple[str, str]:
        """Version and cipher of the ServerHello (RFC 8446, section 4.1.3; RFC 5246).

        Of a handshake that our side broke off, OpenSSL does not tell them.
        """
        number = _chosen_cipher(self.beginning)
        if number is None:
            return "", ""
        names = {one["id"] & 0xFFFF: one["name"] for one in self._session.context.get_ciphers()}
        return "TLSv1.3" if number >> 8 == 0x13 else "TLSv1.2", names.get(number, "")

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
            self.writes += 1
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
    if reason.startswith(_ALERT_REASONS):
        return Failed(kind=FailureKind.TLS_ALERT, detail=reason)
    return Failed(kind=FailureKind.OTHER, detail=f"TLS: {reason}")


def _is_record(beginning: bytes) -> bool:
    return beginning[0] in _RECORD_TYPES and beginning[1:2] in {b"\x03", b""}


def _chosen_cipher(beginning: bytes) -> int | None:
    """The cipher's number in a ServerHello, the only ones of 0x13xx being those of TLS 1.3."""
    if beginning[:1] != b"\x16" or beginning[5:6] != b"\x02" or len(beginning) < 44:
        return None
    at = 44 + beginning[43]
    number = beginning[at : at + 2]
    return int.from_bytes(number) if len(number) == 2 else None
