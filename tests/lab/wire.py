"""Delay on a link, without netem: frames copied between two devices, each held for a while.

Both devices are ends of cables in the lab's own first namespace, `d-A-A` towards A and `d-A-B`
towards B. Frames stay as they are, so TTLs do too; the machines' ends have their offloads off, so
that checksums and sizes are those of a real wire.
"""

from __future__ import annotations

import heapq
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field

from tests.lab import build, linux, needs, topology
from tests.lab.plan import Plan

ETH_P_ALL = 3
ETHER_TYPES = {"4": b"\x08\x00", "6": b"\x86\xdd"}
PACKET_OUTGOING = 4
LONGEST_FRAME = 65536
SO_RCVBUF_BYTES = 4 << 20


def start(plan: Plan) -> None:
    """Put the plan's delay on the uplinks of the vantages; nothing where there is none."""
    if not plan.delay_ms:
        return
    names = []
    for first, second in topology.UPLINKS:
        for node, peer in ((first, second), (second, first)):
            with linux.within(node):
                linux.without_offloads(build.device(node, peer))
            names.append(f"d-{first}-{node}")
    ip = needs.find("ip") or "ip"
    for name in names:
        linux.without_offloads(name)
        subprocess.run([ip, "link", "set", name, "addrgenmode", "none", "up"], check=True)
    words = [sys.executable, "-m", "tests.lab.wire", str(plan.delay_ms), plan.delayed, *names]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True)
    if process.stdout is None or process.stdout.readline() != b"ready\n":
        raise build.BuildError("the delayed links did not come up")
    for first, second in topology.UPLINKS:
        _introduce(first, second)


def _introduce(first: str, second: str) -> None:
    """Let neighbours learn their link addresses, which on a delayed link costs a round trip."""
    pings = []
    with linux.within(first):
        for peer in topology.towards(first, second).both:
            words = [needs.find("ping") or "ping", "-c1", "-W1", peer]
            pings.append(subprocess.Popen(words, stdout=subprocess.DEVNULL))
    if any(ping.wait() for ping in pings):
        raise build.BuildError(f"{first} and {second} do not see each other")


@dataclass(order=True, slots=True)
class Held:
    """A frame and when it leaves."""

    due: float
    number: int
    out: socket.socket = field(compare=False)
    frame: bytes = field(compare=False)


def forward(delay: float, families: str, pairs: list[tuple[socket.socket, socket.socket]]) -> None:
    """Copy frames both ways between each pair, those of `families` `delay` seconds late. Never
    returns."""
    kinds = {ETHER_TYPES[family] for family in families}
    other = {a.fileno(): (a, b) for a, b in pairs} | {b.fileno(): (b, a) for a, b in pairs}
    poll = select.epoll()
    for fd in other:
        poll.register(fd, select.EPOLLIN)
    held: list[Held] = []
    number = 0
    while True:
        until = max(0.0, held[0].due - time.monotonic()) if held else None
        for fd, _ in poll.poll(until):
            source, out = other[fd]
            for frame in arrived(source):
                number += 1
                wait = delay if frame[12:14] in kinds else 0.0
                heapq.heappush(held, Held(time.monotonic() + wait, number, out, frame))
        while held and held[0].due <= time.monotonic():
            ready = heapq.heappop(held)
            ready.out.send(ready.frame)


def arrived(source: socket.socket) -> list[bytes]:
    """Frames that came in; what this process sent itself shows up too and is left out."""
    frames: list[bytes] = []
    while True:
        try:
            frame, (_, _, kind, *_) = source.recvfrom(LONGEST_FRAME)
        except BlockingIOError:
            return frames
        if kind != PACKET_OUTGOING:
            frames.append(frame)


def tap(name: str) -> socket.socket:
    taken = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SO_RCVBUF_BYTES)
    taken.bind((name, 0))
    taken.setblocking(False)
    return taken


if __name__ == "__main__":
    taps = [tap(name) for name in sys.argv[3:]]
    print("ready", flush=True)
    forward(float(sys.argv[1]) / 1000, sys.argv[2], list(zip(taps[::2], taps[1::2], strict=True)))
