"""What an ICMP error quotes of a packet, compared with what was sent.

A router quotes the packet as it came to it, so that every field which differs was rewritten on the
way (Tracebox, IMC 2013). Fields that every router changes (TTL, IPv4 header checksum) are not
compared. A quote may be cut anywhere (RFC 792 asks for eight octets beyond the header only).
"""

from __future__ import annotations

import struct

from netdiag.lazy import dataclass
from netdiag.outcomes import Quote

_TCP, _UDP = 6, 17
_IPV6_HEADER = 40
_MSS_OPTION = 2
_SYN = 0x02


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a packet's headers that are compared, None where they are cut off."""

    ttl: int
    tos: int
    source: bytes
    fields: dict[str, int | None]


def compare(sent: bytes, quoted: bytes) -> Quote | None:
    """How `sent` looked where it ended; None where too little is quoted, or of another packet."""
    before, after = read(sent), read(quoted)
    if before is None or after is None:
        return None
    changed = ["source"] if before.source != after.source else []
    if before.tos != after.tos:
        changed.append("tos")
    for name, value in before.fields.items():
        seen = after.fields.get(name)
        if seen is not None and seen != value:
            changed.append(name)
    return Quote(ttl=after.ttl, tos=after.tos, changed=tuple(changed))


def number(quoted: bytes) -> int | None:
    """The number of the crafted probe that is quoted: the identification of an IPv4 packet, the
    upper half of a TCP sequence number, the third and fourth octet of a UDP payload."""
    header = read(quoted)
    if header is None:
        return None
    if quoted[0] >> 4 == 4:
        return header.fields["identification"]
    if quoted[6] == _TCP and len(quoted) >= _IPV6_HEADER + 8:
        return int.from_bytes(quoted[_IPV6_HEADER + 4 : _IPV6_HEADER + 6])
    if quoted[6] == _UDP and len(quoted) >= _IPV6_HEADER + 12:
        return int.from_bytes(quoted[_IPV6_HEADER + 10 : _IPV6_HEADER + 12])
    return None


def read(packet: bytes) -> Header | None:
    """The headers of an IP packet that may be cut off; None where its IP header is."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        size = 4 * (packet[0] & 0xF)
        fields: dict[str, int | None] = {
            "identification": int.from_bytes(packet[4:6]),
            "length": int.from_bytes(packet[2:4]),
        }
        transport = _transport(packet[9], packet[size:]) if 20 <= size <= len(packet) else {}
        return Header(packet[8], packet[1], packet[12:16], fields | transport)
    if len(packet) >= _IPV6_HEADER and packet[0] >> 4 == 6:
        tos = int.from_bytes(packet[:2]) >> 4 & 0xFF
        length: dict[str, int | None] = {"length": int.from_bytes(packet[4:6])}
        transport = _transport(packet[6], packet[_IPV6_HEADER:])
        return Header(packet[7], tos, packet[8:24], length | transport)
    return None


def _transport(protocol: int, data: bytes) -> dict[str, int | None]:
    if protocol not in {_TCP, _UDP} or len(data) < 8:
        return {}
    source, destination = struct.unpack_from("!HH", data)
    ports: dict[str, int | None] = {"source-port": source, "destination-port": destination}
    if protocol == _UDP:
        return ports | {"checksum": int.from_bytes(data[6:8])}
    # A clamped segment size changes the checksum too, and is told apart by itself.
    return ports | {"mss": _mss(data)}


def offered(segment: bytes) -> int | None:
    """The largest segment that the SYN at the start of a quoted TCP header offers."""
    return _mss(segment) if len(segment) > 13 and segment[13] & _SYN else None


def _mss(segment: bytes) -> int | None:
    """The MSS option of a quoted SYN (RFC 9293, section 3.7.1)."""
    end = 4 * (segment[12] >> 4) if len(segment) > 12 else 0
    options = segment[20:end]
    while options:
        if options[0] == 1:
            options = options[1:]
            continue
        size = options[1] if len(options) > 1 else 0
        if size < 2 or size > len(options):
            return None
        if options[0] == _MSS_OPTION and size == 4:
            return int.from_bytes(options[2:4])
        options = options[size:]
    return None
