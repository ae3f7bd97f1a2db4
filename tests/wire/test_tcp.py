"""TCP handshakes on loopback, and how they are closed."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import time

import pytest

from netdiag.network import Sent
from netdiag.outcomes import Connected, Failed, FailureKind, Reset
from netdiag.requests import TcpConnect
from tests.wire import peers


def connect(port: int) -> Sent:
    return asyncio.run(peers.send(TcpConnect(address=peers.HOST, port=port)))


def test_a_handshake_that_completes() -> None:
    async def main() -> Sent:
        async with peers.stream(peers.silence) as port:
            return await peers.send(TcpConnect(address=peers.HOST, port=port))

    sent = asyncio.run(main())
    assert isinstance(sent.outcome, Connected)
    assert sent.outcome.source == peers.HOST
    assert 0 < sent.outcome.rtt < 0.5
    assert [(a.how, a.result) for a in sent.attempts] == [("tcp", "connected")]


def test_a_closed_port_resets() -> None:
    sent = connect(peers.closed_port())
    assert isinstance(sent.outcome, Reset)
    assert [(a.result, a.packets) for a in sent.attempts] == [("reset", 1)]


def test_the_close_is_no_reset() -> None:
    ended: list[bytes | OSError] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            ended.append(await reader.read(10))
        except OSError as error:
            ended.append(error)

    async def main() -> Sent:
        async with peers.stream(talk) as port:
            sent = await peers.send(TcpConnect(address=peers.HOST, port=port))
            await asyncio.sleep(0.1)
            return sent

    assert isinstance(asyncio.run(main()).outcome, Connected)
    assert ended == [b""]


def test_a_full_backlog_is_silence() -> None:
    with socket.socket() as full:
        full.bind((peers.HOST, 0))
        full.listen(0)
        with socket.create_connection(full.getsockname()):
            started = time.monotonic()
            outcome = connect(full.getsockname()[1]).outcome
    assert outcome == Failed(kind=FailureKind.TIMEOUT)
    assert 3.5 < time.monotonic() - started < 5


def test_a_zone_that_is_no_interface_is_a_failure() -> None:
    """Nothing can be sent to a link-local address of no link."""
    outcome = asyncio.run(peers.send(TcpConnect(address="fe80::1%nosuch0", port=9))).outcome
    assert isinstance(outcome, Failed)


def test_too_many_open_files_are_our_own_trouble() -> None:
    async def main() -> Sent:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            return await peers.send(TcpConnect(address=peers.HOST, port=9))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    outcome = asyncio.run(main()).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.OTHER
    assert errno.errorcode[errno.EMFILE] in outcome.detail


@pytest.mark.parametrize("after", [0.0, 0.05])
def test_cancelling_closes_the_socket(after: float) -> None:
    async def main() -> None:
        with socket.socket() as full:
            full.bind((peers.HOST, 0))
            full.listen(0)
            with socket.create_connection(full.getsockname()):
                before = peers.open_files()
                request = TcpConnect(address=peers.HOST, port=full.getsockname()[1])
                task = asyncio.ensure_future(peers.send(request))
                await asyncio.sleep(after)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert peers.open_files() == before

    asyncio.run(main())
