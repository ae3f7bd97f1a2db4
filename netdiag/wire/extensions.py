"""The extensions of ICMP errors: what a router tells of a packet beyond its header.

RFC 4884 gives the structure, RFC 4950 the MPLS label stack, RFC 5837 the interfaces. Everything
here is a router's word, or a forger's: what does not fit the formats is left out.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

from netdiag.lazy import dataclass
from netdiag.outcomes import MplsLabel, Role, RouterInterface
from netdiag.text import clean

MOST_OBJECTS = 16
MOST_LABELS = 16
"""Bounds on what one error may tell; real label stacks have fewer than ten entries."""

_VERSION = 2
_HEADER = 4
_MPLS, _INTERFACE = 1, 2
_NUMBER, _ADDRESS, _NAME, _MTU = 0x08, 0x04, 0x02, 0x01
_ROLES: tuple[Role, ...] = ("incoming", "incoming-sub-ip", "outgoing", "next-hop")
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Told:
    """What the extensions of one error tell."""

    labels: tuple[MplsLabel, ...] = ()
    interfaces: tuple[RouterInterface, ...] = ()


NOTHING = Told()


def read(data: bytes) -> Told:
    """The extension structure in `data`; nothing where it is damaged or not one."""
    if len(data) < _HEADER or data[0] >> 4 != _VERSION:
        return NOTHING
    # A checksum of zero says that the sender computed none (RFC 4884, section 7).
    if data[2:4] != b"\0\0" and checksum(data) != 0:
        return NOTHING
    labels: list[MplsLabel] = []
    interfaces: list[RouterInterface] = []
    for kind, form, body in _objects(data[_HEADER:]):
        if kind == _MPLS and form == 1:
            labels += _labels(body)
        elif kind == _INTERFACE and (told := _interface(form, body)):
            interfaces.append(told)
    return Told(tuple(labels[:MOST_LABELS]), tuple(interfaces))


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071); 0 over data that carries its own right checksum."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _objects(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Class, C-type and body of each object, up to the first that does not fit."""
    for _ in range(MOST_OBJECTS):
        if len(data) < _HEADER:
            return
        length, kind, form = struct.unpack_from("!HBB", data)
        if not _HEADER <= length <= len(data):
            return
        yield kind, form, data[_HEADER:length]
        data = data[length:]


def _labels(body: bytes) -> Iterator[MplsLabel]:
    for (entry,) in struct.iter_unpack("!I", body[: len(body) & ~3]):
        yield MplsLabel(
            label=entry >> 12,
            traffic_class=entry >> 9 & 7,
            bottom=bool(entry >> 8 & 1),
            ttl=entry & 0xFF,
        )


def _interface(form: int, body: bytes) -> RouterInterface | None:
    """The parts come in this order where their bit is set: number, address, name, MTU."""
    rest = body
    number = address = name = mtu = None
    try:
        if form & _NUMBER:
            (number,), rest = struct.unpack_from("!I", rest), rest[4:]
        if form & _ADDRESS:
            address, rest = _address(rest)
        if form & _NAME:
            name, rest = _name(rest)
        if form & _MTU:
            (mtu,) = struct.unpack_from("!I", rest)
    except (struct.error, ValueError, IndexError):
        return None
    return RouterInterface(
        role=_ROLES[form >> 6],
        number=number,
        address=address,
        name=name,
        mtu=mtu,
    )


def _address(data: bytes) -> tuple[str, bytes]:
    """An address sub-object (RFC 5837, section 4.2). Raises ValueError where it is none."""
    (kind,) = struct.unpack_from("!H", data)
    family, size = {1: (socket.AF_INET, 4), 2: (socket.AF_INET6, 16)}.get(kind, (None, 0))
    if family is None or len(data) < 4 + size:
        raise ValueError(kind)
    return socket.inet_ntop(family, data[4 : 4 + size]), data[4 + size :]


def _name(data: bytes) -> tuple[str, bytes]:
    """A name sub-object (RFC 5837, section 4.3): its length, itself included, then UTF-8."""
    size = data[0]
    if not 1 <= size <= len(data):
        raise ValueError(size)
    return clean(data[1:size].rstrip(b"\0"), _LONGEST_NAME), data[size:]
