"""Web servers that misbehave."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct

from tests.zoo.animal import Animal, Talk, causes

PORT = 80
PAGE = b"<!doctype html><title>Shop</title><p>Welcome.\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def request(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def says(*parts: bytes) -> Talk:
    """One answer, and the end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        for part in parts:
            writer.write(part)
            await writer.drain()

    return talk


def for_ever(start: bytes, again: bytes, pause: float = 0.0) -> Talk:
    """One beginning, and then the same without end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(start)
        while True:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)

    return talk


def to(location: bytes) -> Talk:
    return says(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")


async def never_the_same(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Redirects to a page that nobody has seen yet."""
    path = (await request(reader)).split(b" ")[1]
    answer = b"HTTP/1.1 302 Found\r\nLocation: " + path + b"x\r\nContent-Length: 0\r\n\r\n"
    writer.write(answer)
    await writer.drain()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Half an answer, then a reset."""
    await request(reader)
    writer.write(OK + b"Content-Length: 1000\r\n\r\n<p>")
    await writer.drain()
    await asyncio.sleep(0.3)
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def bomb() -> bytes:
    """A gigabyte of zeros in about a megabyte."""
    return gzip.compress(bytes(1 << 20), 9) * 1024


def h2(*frames: tuple[int, int, bytes]) -> bytes:
    """HTTP/2 frames: type, stream, payload (RFC 9113, section 4.1)."""
    return b"".join(
        len(body).to_bytes(3) + bytes([kind, 0]) + stream.to_bytes(4) + body
        for kind, stream, body in frames
    )


def site(name: str, habit: str, talk: Talk, *codes: str, target: str = "http://{}") -> Animal:
    return Animal(name=name, habit=habit, causes=causes(*codes), target=target, talks={PORT: talk})


async def only_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A reset for an answer."""
    await request(reader)
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


ESCAPES = b"\x1b[2J\x1b]0;owned\x07\xe2\x80\xae<script>alert(1)</script>`$(id)`"

ANIMALS = (
    site(
        "endless-headers",
        "One header after the other.",
        for_ever(OK, b"X-More: " + b"m" * 1000 + b"\r\n"),
        "http-answer-malformed",
    ),
    site(
        "endless-header",
        "One header line without end.",
        for_ever(OK + b"X-Long: ", b"m" * 65536),
        "http-answer-malformed",
    ),
    site(
        "endless-status",
        "A status line without end.",
        for_ever(b"HTTP/1.1 200 ", b"O" * 65536),
        "http-answer-malformed",
    ),
    site("endless-body", "A body without end.", for_ever(OK + b"\r\n", PAGE * 1000)),
    site(
        "gzip-bomb",
        "A megabyte that unpacks to a gigabyte.",
        says(OK + b"Content-Encoding: gzip\r\n\r\n", bomb()),
    ),
    site(
        "chunk-bomb",
        "A chunk that says it has 2^64 octets, and a size without end.",
        says(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"f" * 5000 + b"\r\n", bytes(100)),
        "answer-truncated",
    ),
    site(
        "endless-chunk-extension",
        "A chunk whose extension never ends.",
        for_ever(OK + b"Transfer-Encoding: chunked\r\n\r\n5;x=", b"e" * 65536),
        "answer-truncated",
    ),
    site("header-drip", "Headers, an octet a second.", for_ever(OK, b"X", 1.0), "service-silent"),
    site(
        "body-drip",
        "A body, an octet a second.",
        for_ever(OK + b"Content-Length: 100000\r\n\r\n", b"x", 1.0),
    ),
    site("redirect-chain", "Redirects that lead ever on.", never_the_same, "redirect-loop"),
    site("redirect-to-itself", "A redirect in a circle.", to(b"/"), "redirect-loop"),
    site("redirect-to-script", "A Location with a script.", to(b"javascript:alert(1)")),
    site("redirect-to-file", "A Location on the visitor's disk.", to(b"file:///etc/passwd")),
    site(
        "redirect-inside",
        "A Location at the visitor's cloud.",
        to(b"http://169.254.169.254/latest/meta-data/"),
        "redirect-to-private-address",
    ),
    site(
        "redirect-with-escapes",
        "A Location with control sequences.",
        to(b"/\x1b[2J" + ESCAPES),
        "redirect-loop",
    ),
    site(
        "redirect-with-name",
        "A Location with a user name, and a host made of escapes.",
        to(b"http://admin:secret@" + b"\xff\xfe\x1b" * 100 + b"/"),
        "redirect-broken",
    ),
    site(
        "endless-continue",
        "100 Continue without end.",
        for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        "http-answer-malformed",
    ),
    site(
        "http2-unasked",
        "HTTP/2 settings and resets without end, to a client that speaks HTTP/1.1.",
        for_ever(b"", h2((4, 0, bytes(6)), (3, 1, bytes(4)), (6, 0, bytes(8))) * 100),
        "http-answer-malformed",
    ),
    site(
        "odd-status",
        "A status line that is none.",
        says(b"HTTP/9.9 -1 \x1b[2J\r\n\r\n"),
        "http-answer-malformed",
    ),
    site(
        "huge-status",
        "A status of many digits.",
        says(b"HTTP/1.1 " + b"9" * 5000 + b" OK\r\n\r\n"),
        "http-answer-malformed",
    ),
    site(
        "two-lengths",
        "Two lengths that differ.",
        says(OK + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n", PAGE),
        "http-answer-malformed",
    ),
    site(
        "huge-length",
        "A length of a thousand digits.",
        says(OK + b"Content-Length: " + b"9" * 1000 + b"\r\n\r\n", PAGE),
        "http-answer-malformed",
    ),
    site(
        "nul-in-header",
        "NUL and control octets in headers.",
        says(OK + b"X-Nul: a\0b\r\nX-Esc: " + ESCAPES + b"\r\n\r\n", PAGE),
        "http-answer-malformed",
    ),
    site(
        "escapes-in-reason",
        "A reason, headers and a page with control sequences.",
        says(
            b"HTTP/1.1 500 \x9b31m\xff\xfe" + b"\r\nServer: \xe2\x80\xae\xff\r\n\r\n" + ESCAPES * 50
        ),
        "application-error",
    ),
    site("half-and-reset", "Half an answer, then a reset.", reset, "answer-truncated"),
    site("only-reset", "A reset for every request.", only_reset, "http-answer-malformed"),
    site("no-http", "A page without any headers.", says(PAGE), "http-answer-malformed"),
)
