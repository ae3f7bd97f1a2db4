"""As much SMTP as it takes to see a certificate: greeting, EHLO, STARTTLS (RFC 3207)."""

from __future__ import annotations

import ipaddress
import socket

from netdiag.outcomes import NO_STARTTLS, Failed, FailureKind
from netdiag.text import clean
from netdiag.wire import sockets

MOST_OCTETS = 8192
"""Octets of one reply; RFC 5321 allows 512 a line."""


class _ClosedError(Exception):
    """The server closed instead of answering."""


async def start_tls(stream: socket.socket) -> Failed | None:
    """Bring the server to where the TLS handshake starts; what stood in the way if anything."""
    try:
        return await _dialogue(stream)
    except _ClosedError:
        return Failed(kind=FailureKind.CLOSED_EARLY, detail="closed before STARTTLS")


async def _dialogue(stream: socket.socket) -> Failed | None:
    greeting = await _reply(stream)
    if not greeting.startswith(b"220"):
        return _refused("answer to the greeting", greeting)
    await sockets.send_all(stream, b"EHLO " + _own_name(stream) + b"\r\n")
    offered = await _reply(stream)
    if not any(line[4:].strip().upper() == b"STARTTLS" for line in offered.splitlines()):
        return _refused(NO_STARTTLS, offered)
    await sockets.send_all(stream, b"STARTTLS\r\n")
    answer = await _reply(stream)
    return None if answer.startswith(b"220") else _refused("answer to STARTTLS", answer)


def _refused(what: str, reply: bytes) -> Failed:
    return Failed(kind=FailureKind.NOT_TLS, detail=f"{what}: {clean(reply, 300)}")


def _own_name(stream: socket.socket) -> bytes:
    """An address literal (RFC 5321, section 4.1.3): always true, whatever this machine's name."""
    address = str(stream.getsockname()[0]).partition("%")[0]
    v6 = ipaddress.ip_address(address).version == 6
    return f"[IPv6:{address}]".encode() if v6 else f"[{address}]".encode()


async def _reply(stream: socket.socket) -> bytes:
    """One reply, all its lines."""
    reply = b""
    while len(reply) < MOST_OCTETS:
        some = await sockets.receive_some(stream, 1024)
        if not some:
            raise _ClosedError
        reply += some
        if reply.endswith(b"\n") and _is_last(reply.splitlines()[-1]):
            break
    return reply


def _is_last(line: bytes) -> bool:
    """The last line of a reply has no hyphen after its code."""
    return line[:3].isdigit() and line[3:4] != b"-"
