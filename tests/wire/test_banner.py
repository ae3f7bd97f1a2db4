"""What services say first, and how they are left."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from netdiag.network import Sent
from netdiag.outcomes import Banner, Failed, FailureKind
from netdiag.requests import ReadBanner
from netdiag.wire import banner
from tests.wire import peers


def listen(talk: peers.Talk) -> Sent:
    """What comes of reading the banner of a server that talks so."""

    async def main() -> Sent:
        async with peers.stream(talk) as port:
            sent = await peers.send(ReadBanner(address=peers.HOST, port=port))
            await asyncio.sleep(0.05)
            return sent

    return asyncio.run(main())


def test_a_banner_is_read_and_nothing_written() -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-Open")
        await asyncio.sleep(0.05)
        writer.write(b"SSH\x1b[31m\r\n")
        heard.append(await reader.read(100))

    sent = listen(talk)
    assert isinstance(sent.outcome, Banner)
    assert sent.outcome.text == "SSH-2.0-OpenSSH\\x1b[31m\\x0d\\x0a"
    assert not sent.outcome.closed
    assert heard == [b""]


def test_a_well_known_service_is_left_politely(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        heard.append(await reader.read(100))
        writer.write(b"221 bye\r\n")

    async def main() -> Sent:
        async with peers.stream(talk) as port:
            monkeypatch.setattr(banner, "CLOSES", {port: banner.CLOSES[25]})
            return await peers.send(ReadBanner(address=peers.HOST, port=port))

    sent = asyncio.run(main())
    assert isinstance(sent.outcome, Banner)
    assert sent.outcome.text.startswith("220 mail.example")
    assert heard == [b"QUIT\r\n"]


def test_silence_is_an_answer() -> None:
    sent = listen(peers.silence)
    assert isinstance(sent.outcome, Banner)
    assert (sent.outcome.text, sent.outcome.closed) == ("", False)
    assert banner.WAIT <= sent.outcome.rtt < banner.WAIT + 1


def test_a_service_that_hangs_up() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    outcome = listen(talk).outcome
    assert isinstance(outcome, Banner)
    assert (outcome.text, outcome.closed) == ("", True)


def test_an_endless_banner_is_cut() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 10000)
            await writer.drain()

    outcome = listen(talk).outcome
    assert isinstance(outcome, Banner)
    assert len(outcome.text) == banner.MOST_OCTETS


def test_a_dripping_banner_is_waited_for_briefly() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.05)

    outcome = listen(talk).outcome
    assert isinstance(outcome, Banner)
    assert 0 < len(outcome.text) < 20


def test_a_closed_port_is_refused() -> None:
    request = ReadBanner(address=peers.HOST, port=0)
    request = dataclasses.replace(request, port=peers.closed_port())
    outcome = asyncio.run(peers.send(request)).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.REFUSED
