"""Peers on loopback that behave as a test says, and the sending of one request to them."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import dns.message
import dns.rrset

from netdiag.network import Sent
from netdiag.requests import Request
from netdiag.wire.live import LiveTransport

HOST = "127.0.0.1"

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = Callable[[bytes], list[bytes]]


async def send(request: Request) -> Sent:
    """One request by a transport of its own."""
    transport = LiveTransport(time.monotonic)
    try:
        return await transport.send(request)
    finally:
        await transport.close()


def open_files() -> int:
    """How many file descriptors this process has; 0 where that cannot be seen."""
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0  # noqa: PTH208


@asynccontextmanager
async def stream(talk: Talk, **options: object) -> AsyncIterator[int]:
    """A TCP server that lets `talk` have every connection; its port."""
    talking: set[asyncio.Task[None]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            talking.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(guarded, HOST, 0, **options)  # type: ignore[arg-type]
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


@asynccontextmanager
async def datagrams(answer: Answer, port: int = 0) -> AsyncIterator[int]:
    """A UDP server that sends what `answer` makes of each datagram; its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, port))
        sock.setblocking(False)

        def react() -> None:
            data, peer = sock.recvfrom(65535)
            for reply in answer(data):
                sock.sendto(reply, peer)

        asyncio.get_running_loop().add_reader(sock, react)
        try:
            yield sock.getsockname()[1]
        finally:
            asyncio.get_running_loop().remove_reader(sock)


def closed_port() -> int:
    """A port where nothing listens."""
    with socket.create_server((HOST, 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, and say nothing for ever."""
    await asyncio.Event().wait()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the first octets with a reset."""
    await reader.read(1)
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the first octets and close."""
    await reader.read(65536)


def reply_to(query: bytes, *records: str) -> dns.message.Message:
    """An authoritative answer to `query` with these records in presentation format."""
    asked = dns.message.from_wire(query)
    reply = dns.message.make_response(asked)
    reply.flags |= 0x0400
    for record in records:
        name, ttl, rtype, data = record.split(maxsplit=3)
        reply.answer.append(dns.rrset.from_text(name, int(ttl), "IN", rtype, data))
    return reply
