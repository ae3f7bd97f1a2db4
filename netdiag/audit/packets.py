"""Decoding frames down to what a UDP datagram, TCP segment or ICMP message says.

What this decoder does not know is not passed over: it becomes a packet that says so, which no
account explains. Checksums are not verified, since a sender's hardware fills them in after the
capture.
"""

from __future__ import annotations

import ipaddress
import struct

from netdiag.audit.capture import Frame
from netdiag.lazy import dataclass

_RAW_LINKS = {12, 14, 101, 228, 229}
"""Packets without a link layer, under all the numbers that they have had."""

_OUTGOING = 4
_VLANS = {0x8100, 0x88A8}
_MOST_HEADERS = 16

SYN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One packet. `kind` is udp, tcp, icmp, icmp6, arp, igmp, fragment or unknown (then `why`).

    Ports are those of UDP and TCP; for ICMP `sport` is the type and `dport` the code. `outgoing`
    is None where the capture does not tell, `mac` the sender's link address where it does.
    `fragment` is the identification that the parts of one packet share.
    """

    number: int
    time: float
    kind: str
    source: str = ""
    destination: str = ""
    sport: int = 0
    dport: int = 0
    flags: int = 0
    sequence: int = 0
    payload: bytes = b""
    octets: int = 0
    ttl: int = 0
    outgoing: bool | None = None
    mac: bytes = b""
    fragment: int | None = None
    why: str = ""


@dataclass(slots=True)
class _Link:
    """What the link layer says of a frame."""

    ethertype: int
    body: bytes
    outgoing: bool | None = None
    mac: bytes = b""


class _UndecodableError(ValueError):
    """What the decoder has no rule for."""


def decode(frame: Frame) -> Packet:
    """The packet in a frame; one of kind *unknown* where there is no rule for it."""
    link = _Link(0, b"")
    fields: dict[str, object] = {}
    try:
        link = _link(frame)
        if len(frame.data) < frame.length:
            raise _UndecodableError("captured in part only")
        _network(link, fields)
    except _UndecodableError as error:
        fields |= {"kind": "unknown", "why": str(error)}
    except (struct.error, IndexError, ValueError):
        fields |= {"kind": "unknown", "why": "shorter than its headers say"}
    known: dict[str, object] = {
        "number": frame.number,
        "time": frame.time,
        "octets": len(link.body),
    }
    known |= {"outgoing": link.outgoing, "mac": link.mac}
    return Packet(**(known | fields))  # type: ignore[arg-type]


def _link(frame: Frame) -> _Link:
    data = frame.data
    match frame.link:
        case 1:
            ethertype, at = struct.unpack_from("!H", data, 12)[0], 14
            while ethertype in _VLANS and at <= 22:
                ethertype, at = struct.unpack_from("!H", data, at + 2)[0], at + 4
            return _Link(ethertype, data[at:], None, data[6:12])
        case 113:
            way, _, length, mac, ethertype = struct.unpack_from("!HHH8sH", data)
            return _Link(ethertype, data[16:], way == _OUTGOING, mac[:length])
        case 276:
            ethertype, _, _, _, way, length, mac = struct.unpack_from("!HHIHBB8s", data)
            return _Link(ethertype, data[20:], way == _OUTGOING, mac[:length])
        case 0 | 108:
            return _Link(_of_version(data[4:]), data[4:])
        case link if link in _RAW_LINKS:
            return _Link(_of_version(data), data)
    raise _UndecodableError(f"link type {frame.link}")


def _of_version(body: bytes) -> int:
    version = body[0] >> 4
    if version not in {4, 6}:
        raise _UndecodableError(f"IP version {version}")
    return 0x0800 if version == 4 else 0x86DD


def _network(link: _Link, fields: dict[str, object]) -> None:
    """Fill in `fields` as far as they can be read: the sender is known before the trouble is."""
    match link.ethertype:
        case 0x0800:
            _ipv4(link.body, fields)
        case 0x86DD:
            _ipv6(link.body, fields)
        case 0x0806:
            _arp(link.body, fields)
        case other:
            raise _UndecodableError(f"Ethernet type {other:#06x}")


def _arp(body: bytes, fields: dict[str, object]) -> None:
    hardware, protocol, *_ = struct.unpack_from("!HHBBH", body)
    if (hardware, protocol) != (1, 0x0800):
        raise _UndecodableError("ARP of another kind")
    source, target = body[14:18], body[24:28]
    fields |= {"kind": "arp", "source": _text(source), "destination": _text(target)}


def _text(raw: bytes) -> str:
    return str(ipaddress.ip_address(raw))


def _ipv4(body: bytes, fields: dict[str, object]) -> None:
    first, _, total, identification, fragment = struct.unpack_from("!BBHHH", body)
    header = (first & 15) * 4
    fields |= {"source": _text(body[12:16]), "destination": _text(body[16:20]), "ttl": body[8]}
    if first >> 4 != 4 or header < 20 or total < header or total > len(body):
        raise _UndecodableError("an IPv4 header that contradicts itself")
    fields["octets"] = total
    if fragment & 0x3FFF:
        fields["fragment"] = identification
    if fragment & 0x1FFF:
        fields["kind"] = "fragment"
    else:
        whole = not fragment & 0x2000
        fields |= _transport(body[9], body[header:total], whole=whole)


def _ipv6(body: bytes, fields: dict[str, object]) -> None:
    first, length, following, hops = struct.unpack_from("!IHBB", body)
    fields |= {"source": _text(body[8:24]), "destination": _text(body[24:40]), "ttl": hops}
    if first >> 28 != 6 or 40 + length > len(body):
        raise _UndecodableError("an IPv6 header that contradicts itself")
    fields["octets"] = 40 + length
    rest, whole = body[40 : 40 + length], True
    for _ in range(_MOST_HEADERS):
        if following in {0, 60}:  # hop-by-hop and destination options
            following, rest = rest[0], rest[8 + 8 * rest[1] :]
        elif following == 44:
            following, offset, number = rest[0], *struct.unpack_from("!HI", rest, 2)
            fields["fragment"] = number
            if offset & 0xFFF8:
                fields["kind"] = "fragment"
                return
            rest, whole = rest[8:], not offset & 1
        else:
            fields |= _transport(following, rest, whole=whole)
            return
    raise _UndecodableError("more extension headers than anybody needs")


def _transport(protocol: int, body: bytes, *, whole: bool) -> dict[str, object]:
    """`whole` is False for the first fragment of a packet, whose length cannot be right."""
    match protocol:
        case 17:
            sport, dport, length, _ = struct.unpack_from("!HHHH", body)
            if whole and not 8 <= length <= len(body):
                raise _UndecodableError("a UDP length that contradicts the packet's")
            payload = body[8:length] if whole else body[8:]
            return {"kind": "udp", "sport": sport, "dport": dport, "payload": payload}
        case 6:
            return _tcp(body)
        case 1 | 58:
            kind, code = body[0], body[1]
            name = "icmp" if protocol == 1 else "icmp6"
            return {"kind": name, "sport": kind, "dport": code, "payload": body[4:]}
        case 2:
            return {"kind": "igmp"}
    raise _UndecodableError(f"IP protocol {protocol}")


def _tcp(body: bytes) -> dict[str, object]:
    sport, dport, sequence, _, offset, flags = struct.unpack_from("!HHIIBB", body)
    header = (offset >> 4) * 4
    if not 20 <= header <= len(body):
        raise _UndecodableError("a TCP header that contradicts itself")
    return {
        "kind": "tcp",
        "sport": sport,
        "dport": dport,
        "sequence": sequence,
        "flags": flags,
        "payload": body[header:],
    }
