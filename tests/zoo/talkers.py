"""Services that speak first and do not stop: banners and mail."""

from __future__ import annotations

import asyncio

from tests.zoo.animal import Animal, Talk, causes
from tests.zoo.web import ESCAPES


def speaks(start: bytes, again: bytes = b"", pause: float = 0.0) -> Talk:
    """Speaks first; with `again`, for ever."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        await writer.drain()
        while again:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)
        await reader.read(512)

    return talk


def mail(
    greeting: bytes,
    to_hello: bytes,
    again: bytes = b"",
    pause: float = 0.0,
    to_starttls: bytes = b"",
) -> Talk:
    """SMTP as far as EHLO and STARTTLS."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.readuntil(b"\n")
        writer.write(to_hello)
        while again:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)
        await reader.readuntil(b"\n")
        writer.write(to_starttls)
        await reader.read(512)

    return talk


def talker(name: str, habit: str, talk: Talk, target: str, port: int, *codes: str) -> Animal:
    return Animal(
        name=name,
        habit=habit,
        causes=causes(*codes),
        target=target + "://{}",
        talks={port: talk},
    )


GREETING = b"220 mail.customer.example ESMTP\r\n"
OFFER = b"250-mail.customer.example\r\n250 STARTTLS\r\n"

ANIMALS = (
    talker("gigabyte-banner", "A banner without end.", speaks(b"SSH-", b"x" * 65536), "ssh", 22),
    talker(
        "banner-lines", "Banner lines without end.", speaks(b"", b"220-wait\r\n" * 1000), "ftp", 21
    ),
    talker("banner-drip", "A banner, an octet a second.", speaks(b"", b"2", 1.0), "ftp", 21),
    talker(
        "banner-with-escapes",
        "A banner with control sequences.",
        speaks(b"* OK " + ESCAPES + b"\0\x9b\r\n"),
        "imap",
        143,
    ),
    talker(
        "binary-banner",
        "A banner of all octets there are.",
        speaks(bytes(range(256)) * 100),
        "pop3",
        110,
    ),
    talker(
        "endless-greeting",
        "A mail greeting without a last line.",
        speaks(b"", b"220-and also\r\n" * 1000),
        "smtp",
        25,
    ),
    talker(
        "endless-hello",
        "An answer to EHLO without a last line.",
        mail(GREETING, b"", b"250-SIZE\r\n" * 1000),
        "submission",
        587,
    ),
    talker(
        "hello-drip",
        "An answer to EHLO, an octet a second.",
        mail(GREETING, b"", b"2", 1.0),
        "submission",
        587,
    ),
    talker(
        "mail-escapes",
        "Control sequences in every mail reply.",
        mail(b"220 " + ESCAPES + b"\r\n", b"550 " + ESCAPES + b"\r\n"),
        "submission",
        587,
    ),
    talker(
        "injected-starttls",
        "More mail replies in the same segment as the consent to TLS.",
        mail(GREETING, OFFER, to_starttls=b"220 go\r\n250 injected\r\n" * 100),
        "submission",
        587,
    ),
)
