"""What the Linux kernel says of its links, addresses, routes and neighbours (rtnetlink(7)).

Only dumps are asked for; the socket lives for one dump. Unlike /sys, netlink always speaks of the
network namespace that this process is in.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from netdiag.lazy import dataclass

NETLINK_ROUTE = 0
GET_LINK, GET_ADDRESS, GET_ROUTE, GET_NEIGHBOUR = 18, 22, 26, 30
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_SIZES = {GET_LINK: 16, GET_ADDRESS: 8, GET_ROUTE: 12, GET_NEIGHBOUR: 12}
_TYPE_MASK = 0x3FFF
_MOST_OCTETS = 16 << 20
_TIMEOUT = 1.0


@dataclass(frozen=True, slots=True)
class Message:
    """The fixed part of one message and its attributes by type; of a repeated one, the last."""

    fixed: bytes
    attributes: dict[int, bytes]

    def number(self, kind: int) -> int:
        """The 32-bit number of an attribute, 0 where it is missing."""
        data = self.attributes.get(kind, b"")
        return int(struct.unpack_from("=I", data)[0]) if len(data) >= 4 else 0

    def address(self, kind: int) -> str:
        """The IP address of an attribute, empty where it is missing."""
        return address_of(self.attributes.get(kind, b""))


def address_of(data: bytes) -> str:
    """The text of a binary IP address of either family; empty for anything else."""
    if len(data) == 4:
        return socket.inet_ntop(socket.AF_INET, data)
    return socket.inet_ntop(socket.AF_INET6, data) if len(data) == 16 else ""


def dump(what: int, family: int = 0) -> list[Message]:
    """All objects of one sort; `family` is 4, 6, or 0 for both. Raises OSError."""
    af = {0: 0, 4: socket.AF_INET, 6: socket.AF_INET6}[family]
    size = _SIZES[what]
    body = struct.pack("B", af).ljust(size, b"\0")
    request = _HEADER.pack(_HEADER.size + size, what, _NLM_F_REQUEST_DUMP, 1, 0) + body
    found: list[Message] = []
    octets = 0
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as sock:
        sock.settimeout(_TIMEOUT)
        sock.sendto(request, (0, 0))
        while octets < _MOST_OCTETS:
            data = sock.recv(1 << 16)
            octets += len(data)
            for kind, payload in _messages(data):
                if kind == _NLMSG_DONE:
                    return found
                if kind == _NLMSG_ERROR:
                    raise OSError(-struct.unpack_from("=i", payload)[0], "netlink")
                found.append(Message(payload[:size], attributes(payload[size:])))
    return found


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind, _, _, _ = _HEADER.unpack_from(data)
        if length < _HEADER.size:
            return
        yield kind, data[_HEADER.size : length]
        data = data[_aligned(length) :]


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes in `data`, by type."""
    found = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            break
        found[kind & _TYPE_MASK] = data[_ATTRIBUTE.size : length]
        data = data[_aligned(length) :]
    return found


def _aligned(length: int) -> int:
    return (length + 3) & ~3
