"""Serves every animal of the zoo from one process: `python -m tests.zoo.keeper`.

A socket stays in the network namespace in which it was made, so one process is on several machines.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress

from tests.lab import linux
from tests.zoo.animal import Animal, Answers, Talk
from tests.zoo.animals import ANIMALS
from tests.zoo.park import Cage, cage_of

DNS = 53
ETH_P_IP = 0x0800


def listener(cage: Cage, address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with linux.within(cage.node):
        return socket.create_server((address, port), family=family, backlog=128)


def guarded(talk: Talk) -> Talk:
    """`talk` until either side has enough, and the end of the connection."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ssl.SSLError, EOFError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.transport.abort() if writer.is_closing() else writer.close()

    return one


def answer_datagrams(cage: Cage, address: str, answers: Answers) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with linux.within(cage.node):
        sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((address, DNS))
    sock.setblocking(False)

    def react() -> None:
        data, peer = sock.recvfrom(65535)
        for reply in answers(data):
            with suppress(OSError):
                sock.sendto(reply, peer)

    asyncio.get_running_loop().add_reader(sock, react)


def forge(cages: Iterable[tuple[Animal, Cage]]) -> None:
    """Let forging animals see the packets that come to them, and answer as they like."""
    by_address = {socket.inet_aton(cage.pair.v4): animal for animal, cage in cages}
    if not by_address:
        return
    with linux.within("host2"):
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    tap.bind(("eth0", ETH_P_IP))
    tap.setblocking(False)

    def react() -> None:
        packet = tap.recv(65535)
        animal = by_address.get(packet[16:20])
        if animal and animal.forges:
            for forged in animal.forges(packet):
                with suppress(OSError):
                    out.sendto(forged, (socket.inet_ntoa(forged[16:20]), 0))

    asyncio.get_running_loop().add_reader(tap, react)


async def serve() -> None:
    for animal in ANIMALS:
        for cage in cage_of(animal):
            for address in cage.pair.both:
                if animal.datagrams:
                    answer_datagrams(cage, address, animal.datagrams)
                for port, talk in animal.talks.items():
                    context = animal.tls() if animal.tls and port == 443 else None
                    await asyncio.start_server(
                        guarded(talk), sock=listener(cage, address, port), ssl=context
                    )
    forge((animal, cage_of(animal)[0]) for animal in ANIMALS if animal.forges)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
