"""Reading packet captures: pcap (libpcap's savefile) and pcapng, strictly and within bounds."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from netdiag.lazy import dataclass

MOST_OCTETS = 512_000_000
MOST_FRAMES = 2_000_000
LONGEST_FRAME = 262_144
"""Octets; libpcap's own bound (MAXIMUM_SNAPLEN)."""

_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_SIMPLE = 3
_TIME_RESOLUTION, _TIME_OFFSET = 9, 14


class BadCaptureError(ValueError):
    """Not a capture that can be read whole; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One captured frame. `link` is libpcap's LINKTYPE number, `time` seconds since 1970;
    `length` what it had on the wire, of which `data` may be the beginning only."""

    number: int
    time: float
    link: int
    length: int
    data: bytes


@dataclass(slots=True)
class _Interface:
    link: int
    unit: float
    offset: int
    snap: int


def frames(data: bytes) -> Iterator[Frame]:
    """Every frame of a capture. Raises `BadCaptureError`, also on the way."""
    if len(data) > MOST_OCTETS:
        raise BadCaptureError(f"larger than {MOST_OCTETS} octets")
    if data[:4] in _MAGICS:
        found = _classic(data)
    elif data[:4] == _SECTION:
        found = _next_generation(data)
    else:
        raise BadCaptureError("neither pcap nor pcapng")
    for frame in found:
        if frame.number > MOST_FRAMES:
            raise BadCaptureError(f"more than {MOST_FRAMES} frames")
        yield frame


def _classic(data: bytes) -> Iterator[Frame]:
    order, unit = _MAGICS[data[:4]]
    if len(data) < 24:
        raise BadCaptureError("it ends within its header")
    major, _, _, _, _, link = struct.unpack_from(order + "HHiIII", data, 4)
    if major != 2:
        raise BadCaptureError(f"pcap version {major}, not 2")
    header = struct.Struct(order + "IIII")
    at, number = 24, 0
    while at < len(data):
        if len(data) - at < header.size:
            raise BadCaptureError(f"it ends within frame {number + 1}")
        seconds, fraction, held, length = header.unpack_from(data, at)
        at += header.size
        number += 1
        _check_frame(number, held, length, len(data) - at)
        yield Frame(
            number=number,
            time=seconds + fraction * unit,
            link=link & 0xFFFF,
            length=length,
            data=data[at : at + held],
        )
        at += held


def _check_frame(number: int, held: int, length: int, left: int) -> None:
    if held > left:
        raise BadCaptureError(f"it ends within frame {number}")
    if held > LONGEST_FRAME:
        raise BadCaptureError(f"frame {number} has more than {LONGEST_FRAME} octets")
    if held > length:
        raise BadCaptureError(f"frame {number} holds more than was on the wire")


def _next_generation(data: bytes) -> Iterator[Frame]:
    """The blocks of every section; kinds that hold no packet are passed over."""
    number = 0
    interfaces: list[_Interface] = []
    for kind, order, body in _blocks(data):
        match kind:
            case 0x0A0D0D0A:
                interfaces = []
            case 1:
                interfaces.append(_interface(body, order))
            case 2:
                raise BadCaptureError("it holds obsolete packet blocks")
            case 3 | 6:
                number += 1
                yield _packet(kind, body, order, interfaces, number)


def _blocks(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    at, order = 0, "<"
    while at < len(data):
        if len(data) - at < 12:
            raise BadCaptureError("it ends within a block")
        if data[at : at + 4] == _SECTION:
            order = _byte_order(data[at + 8 : at + 12])
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or length % 4 or length > len(data) - at:
            raise BadCaptureError("a block of impossible length")
        if struct.unpack_from(order + "I", data, at + length - 4)[0] != length:
            raise BadCaptureError("a block whose two lengths differ")
        yield kind, order, data[at + 8 : at + length - 4]
        at += length


def _byte_order(magic: bytes) -> str:
    if magic == b"\x4d\x3c\x2b\x1a":
        return "<"
    if magic == b"\x1a\x2b\x3c\x4d":
        return ">"
    raise BadCaptureError("a section without byte order")


def _interface(body: bytes, order: str) -> _Interface:
    if len(body) < 8:
        raise BadCaptureError("an interface block that is too short")
    link, _, snap = struct.unpack_from(order + "HHI", body)
    found = _Interface(link, 1e-6, 0, snap or LONGEST_FRAME)
    at = 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if len(value) < length:
            raise BadCaptureError("an interface option that is too long")
        if code == _TIME_RESOLUTION and length == 1:
            found.unit = _resolution(value[0])
        elif code == _TIME_OFFSET and length == 8:
            found.offset = struct.unpack(order + "q", value)[0]
        at += 4 + (length + 3) // 4 * 4
    return found


def _resolution(code: int) -> float:
    """Seconds of one unit: a negative power of ten, or of two with the highest bit set."""
    return 2.0 ** -(code & 0x7F) if code & 0x80 else 10.0**-code


def _packet(kind: int, body: bytes, order: str, interfaces: list[_Interface], number: int) -> Frame:
    if len(body) < (4 if kind == _SIMPLE else 20):
        raise BadCaptureError(f"it ends within frame {number}")
    if kind == _SIMPLE:
        (length,) = struct.unpack_from(order + "I", body)
        index, stamp, start = 0, 0, 4
        held = min(length, interfaces[0].snap if interfaces else 0)
    else:
        index, high, low, held, length = struct.unpack_from(order + "5I", body)
        stamp, start = high << 32 | low, 20
    if index >= len(interfaces):
        raise BadCaptureError(f"frame {number} is of no interface")
    _check_frame(number, held, length, len(body) - start)
    via = interfaces[index]
    return Frame(
        number=number,
        time=via.offset + stamp * via.unit,
        link=via.link,
        length=length,
        data=body[start : start + held],
    )
