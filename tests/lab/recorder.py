"""An independent capture: every frame that one machine of the lab sends or receives, as pcap.

A process of its own listens on all the machine's devices, below anything that the command there
can reach. A capture that lost a frame would prove nothing, so it fails.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import linux
from tests.lab.build import BuildError

ETH_P_ALL = 3
SOL_PACKET, PACKET_STATISTICS, SO_TIMESTAMPNS = 263, 6, 35
LONGEST = 262_144
BUFFER = 16 << 20
LINKTYPE_LINUX_SLL = 113


@contextmanager
def recording(node: str, file: Path) -> Iterator[None]:
    """Capture into `file` what passes `node` while the block runs, and what is still under way."""
    ready, tell_ready = os.pipe()
    stop, tell_stop = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ready)
        os.close(tell_stop)
        _exit_of_child(node, file, tell_ready, stop)
    os.close(tell_ready)
    os.close(stop)
    try:
        if os.read(ready, 1) != b"r":
            raise BuildError("the capture did not start")
        yield
    finally:
        os.close(ready)
        os.close(tell_stop)
        _, status = os.waitpid(child, 0)
    if status:
        raise BuildError("the capture is not whole")


def _exit_of_child(node: str, file: Path, tell_ready: int, stop: int) -> None:
    status = 1
    try:
        linux.die_with_parent()
        linux.enter(node)
        status = _record(file, tell_ready, stop)
    finally:
        os._exit(status)


def _record(file: Path, tell_ready: int, stop: int) -> int:
    """1 where frames were lost."""
    with _tap() as tap, file.open("wb") as out:
        out.write(struct.pack("=IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, LONGEST, LINKTYPE_LINUX_SLL))
        os.write(tell_ready, b"r")
        stopped = False
        while not stopped:
            stopped = stop in select.select([tap.fileno(), stop], [], [])[0]
            for frame in _frames(tap):
                out.write(frame)
        return int(_lost(tap) > 0)


def _tap() -> socket.socket:
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    for option in (socket.SO_RCVBUF, 33):  # 33: SO_RCVBUFFORCE, where that is permitted
        with linux.permitted():
            tap.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    tap.setblocking(False)
    return tap


def _frames(tap: socket.socket) -> Iterator[bytes]:
    """Every frame that waits, with the headers of pcap and of a cooked capture."""
    while True:
        try:
            data, ancillary, _, sender = tap.recvmsg(LONGEST, 64)
        except BlockingIOError:
            return
        seconds, nanoseconds = struct.unpack("=qq", ancillary[0][2][:16])
        _, ethertype, kind, hardware, address = sender
        cooked = struct.pack("!HHH8sH", kind, hardware, len(address), address[:8], ethertype)
        length = len(cooked) + len(data)
        yield struct.pack("=IIII", seconds, nanoseconds, length, length) + cooked + data


def _lost(tap: socket.socket) -> int:
    _, lost = struct.unpack("=II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
    return int(lost)
