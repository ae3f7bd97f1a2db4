"""Captures and records made by hand, octet by octet."""

from __future__ import annotations

import ipaddress
import struct
from datetime import UTC, datetime

from netdiag import boundary
from netdiag.audit.account import Account, account
from netdiag.audit.capture import frames
from netdiag.audit.packets import decode
from netdiag.conclude import Catalogue, Run, conclude
from netdiag.model import Brief
from netdiag.network import Attempt, Observation, ObservationId
from netdiag.outcomes import Failed, FailureKind, Interface, Interfaces, Outcome
from netdiag.record import Record, Vantage
from netdiag.requests import ReadInterfaces, Request
from netdiag.target import parse

WHEN = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
HERE, THERE, ELSEWHERE = "192.0.2.1", "198.51.100.53", "203.0.113.9"
HERE6, THERE6 = "2001:db8::1", "2001:db8:1::53"
SYN, ACK, FIN, RST = 2, 16, 1, 4
SPORT, ISN = 40000, 1000
SILENT = Failed(kind=FailureKind.TIMEOUT)


def attempt(how: str, packets: int = 1, result: str = "answered") -> Attempt:
    return Attempt(how=how, result=result, elapsed=0.1, packets=packets, octets=60)


def observed(
    request: Request, *attempts: Attempt, number: int = 2, outcome: Outcome = SILENT
) -> Observation:
    return Observation(
        id=ObservationId(number),
        request=request,
        outcome=outcome,
        started=0.0,
        elapsed=1.0,
        completed=number,
        attempts=attempts,
    )


def record_of(*transcript: Observation, own_zone: bool = False) -> Record:
    """A record that knows the vantage's addresses, and this transcript."""
    device = Interface(
        name="eth1",
        up=True,
        carrier=True,
        loopback=False,
        mtu=1500,
        addresses=(f"{HERE}/24", f"{HERE6}/64"),
    )
    looked = observed(ReadInterfaces(), number=1, outcome=Interfaces(interfaces=(device,)))
    run = Run(
        brief=Brief(target=parse("www.example.org"), started=WHEN, own_zone=own_zone),
        vantage=Vantage(name="here", platform="Linux"),
        timeout=20.0,
    )
    catalogue = Catalogue(checks=(), explanations=())
    return conclude(run, catalogue, (), (looked, *transcript), boundary.default(), WHEN)


def pcap(*packets: bytes, link: int = 101) -> bytes:
    start = int(WHEN.timestamp())
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)
    return head + b"".join(
        struct.pack("<IIII", start, number * 1000, len(packet), len(packet)) + packet
        for number, packet in enumerate(packets)
    )


def audited(record: Record, *packets: bytes, link: int = 101) -> Account:
    return account(record, [decode(frame) for frame in frames(pcap(*packets, link=link))])


def ip(body: bytes, protocol: int, *, to: str = THERE, ttl: int = 64, fragment: int = 0) -> bytes:
    """`body` in IPv4 or IPv6, from this machine. `fragment` is IPv4's field of flags and offset."""
    destination = ipaddress.ip_address(to)
    source = ipaddress.ip_address(HERE if destination.version == 4 else HERE6).packed
    if destination.version == 6:
        head = struct.pack("!IHBB", 6 << 28, len(body), protocol, ttl)
        return head + source + destination.packed + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 7, fragment, ttl, protocol, 0)
    return head + source + destination.packed + body


def udp(payload: bytes, *, port: int = 53, to: str = THERE, ttl: int = 64) -> bytes:
    return ip(struct.pack("!HHHH", SPORT, port, 8 + len(payload), 0) + payload, 17, to=to, ttl=ttl)


def echo(size: int = 56, *, to: str = THERE, kind: int = 8, ttl: int = 64) -> bytes:
    protocol = 1 if ipaddress.ip_address(to).version == 4 else 58
    return ip(struct.pack("!BBHHH", kind, 0, 0, 1, 1) + bytes(size), protocol, to=to, ttl=ttl)


def tcp(
    flags: int, *, sequence: int = ISN, payload: bytes = b"", port: int = 80, to: str = THERE
) -> bytes:
    head = struct.pack("!HHIIBBHHH", SPORT, port, sequence, 0, 0x50, flags, 1000, 0, 0)
    return ip(head + payload, 6, to=to)


def conversation(*said: bytes, port: int = 80, to: str = THERE) -> list[bytes]:
    """This machine's side of a connection in which it says these things, and closes."""
    packets = [tcp(SYN, port=port, to=to), tcp(ACK, sequence=ISN + 1, port=port, to=to)]
    at = ISN + 1
    for words in said:
        packets.append(tcp(ACK, sequence=at, payload=words, port=port, to=to))
        at += len(words)
    return [*packets, tcp(FIN | ACK, sequence=at, port=port, to=to)]


def question(
    name: str = "www.example.org",
    rtype: int = 1,
    *,
    opcode: int = 0,
    rd: bool = False,
    edns: int | None = 1232,
    counts: tuple[int, int, int] = (1, 0, 0),
    rclass: int = 1,
    version: int = 0,
    flags: int = 0,
    options: bytes = b"",
    after: bytes = b"",
) -> bytes:
    head = struct.pack("!6H", 7, opcode << 11 | rd << 8, *counts, edns is not None)
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    opt = b""
    if edns is not None:
        opt = struct.pack("!BHHBBHH", 0, 41, edns, 0, version, flags, len(options)) + options
    return head + labels + b"\0" + struct.pack("!HH", rtype, rclass) + opt + after


def client_hello(name: str) -> bytes:
    """A TLS record with a ClientHello, whose SNI is `name` unless that is empty."""
    listed = struct.pack("!BH", 0, len(name)) + name.encode()
    sni = struct.pack("!HHH", 0, len(listed) + 2, len(listed)) + listed if name else b""
    extensions = struct.pack("!HH", 16, 0) + sni
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += struct.pack("!H", len(extensions)) + extensions
    return tls(22, b"\x01" + len(body).to_bytes(3) + body)


def tls(kind: int, body: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(body)) + body
