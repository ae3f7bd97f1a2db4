"""ICMP as other systems hand it to programs: whole messages (macOS), reply buffers (Windows).

The systems' own calls cannot be made here; what they give is read from octets laid out as their
headers say.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator

import pytest

from netdiag.outcomes import EchoReply, Failed, FailureKind, IcmpError, Unreachable
from netdiag.wire import hop_kinds, icmp_windows, sockets
from netdiag.wire.hop_kinds import MessageIcmp
from netdiag.wire.icmp_windows import Reply

TARGET = {4: "198.51.100.1", 6: "2001:db8:1::1"}
ROUTER = {4: "192.0.2.7", 6: "2001:db8::7"}
OWN = {4: "192.0.2.1", 6: "2001:db8::1"}
FAMILIES = pytest.mark.parametrize("family", [4, 6])
EXCEEDED = {4: (11, 0), 6: (3, 0)}
TOO_BIG = {4: (3, 4), 6: (2, 0)}


def ip(family: int, source: str, target: str, payload: bytes, ttl: int = 1) -> bytes:
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    if family == 4:
        return (
            struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 7, 0, ttl, 1, 0) + ends + payload
        )
    return struct.pack("!IHBB", 6 << 28, len(payload), 58, ttl) + ends + payload


def arrived(family: int, message: bytes, sender: str, ttl: int = 60) -> bytes:
    """As a datagram socket of macOS gives it: with the IP header over IPv4 alone."""
    return ip(4, sender, OWN[4], message, ttl) if family == 4 else message


@pytest.fixture(params=[4, 6])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[MessageIcmp]:
    """The kind on a socket that is none for ICMP, which not every user may open."""
    of = {4: socket.AF_INET, 6: socket.AF_INET6}[request.param]
    monkeypatch.setattr(
        sockets, "make", lambda *_: socket.socket(of, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    )
    made = MessageIcmp(TARGET[request.param])
    yield made
    made.close()


def error(
    kind: MessageIcmp,
    types: tuple[int, int],
    number: int,
    target: str = "",
    field: bytes = bytes(4),
) -> bytes:
    family = kind._family
    quoted = ip(family, OWN[family], target or TARGET[family], kind._message(number))
    return arrived(family, bytes((*types, 0, 0)) + field + quoted, ROUTER[family])


def test_an_error_tells_the_router_and_the_probe(kind: MessageIcmp) -> None:
    family = kind._family
    answer = kind.answered(error(kind, EXCEEDED[family], 77), 60, ROUTER[family])

    assert answer
    number, said = answer
    assert number == 77
    assert isinstance(said, IcmpError)
    assert (said.kind, said.sender) == (Unreachable.TTL_EXCEEDED, ROUTER[family])
    assert said.return_ttl == 60
    assert said.size == {4: 20, 6: 40}[family] + 8 + hop_kinds.PAYLOAD


def test_a_size_is_advised(kind: MessageIcmp) -> None:
    family = kind._family
    field = (1280).to_bytes(4)
    answer = kind.answered(error(kind, TOO_BIG[family], 5, field=field), 60, ROUTER[family])

    assert answer
    assert isinstance(answer[1], IcmpError)
    assert (answer[1].kind, answer[1].mtu) == (Unreachable.TOO_BIG, 1280)


def test_errors_about_other_packets_are_not_taken(kind: MessageIcmp) -> None:
    family = kind._family
    whole = error(kind, EXCEEDED[family], 77)
    other = error(kind, EXCEEDED[family], 77, target=ROUTER[family])
    kind._id ^= 1
    of_another_program = error(kind, EXCEEDED[family], 77)
    kind._id ^= 1

    assert kind.answered(other, 60, ROUTER[family]) is None
    assert kind.answered(of_another_program, 60, ROUTER[family]) is None
    for cut in range(len(whole) - hop_kinds.PAYLOAD):
        assert kind.answered(whole[:cut], 60, ROUTER[family]) is None


def test_the_target_answers_and_nobody_else_in_its_name(kind: MessageIcmp) -> None:
    family = kind._family
    reply = bytearray(kind._message(9))
    reply[0] = {4: 0, 6: 129}[family]
    told = arrived(family, bytes(reply), TARGET[family])

    assert kind.answered(told, 60, TARGET[family]) == (9, EchoReply(rtt=0.0, ttl=60))
    assert kind.answered(told, 60, ROUTER[family]) is None


def echo_reply(sender: str, status: int, ttl: int, pointer: int) -> bytes:
    """An ICMP_ECHO_REPLY with one octet of data."""
    head = ipaddress.IPv4Address(sender).packed + struct.pack("<IIHH", status, 12, 1, 0)
    options = bytes((ttl, 0, 0, 0)).ljust(pointer, b"\0") + bytes(pointer)
    return head + bytes(pointer) + options + b"x"


def echo_reply6(sender: str, status: int) -> bytes:
    """An ICMPV6_ECHO_REPLY: port, flow, address and scope without padding, then the rest."""
    address = struct.pack("<HI", 0, 0) + ipaddress.IPv6Address(sender).packed + bytes(4)
    return address + bytes(2) + struct.pack("<II", status, 12)


@pytest.mark.parametrize("pointer", [4, 8])
def test_a_reply_buffer_of_windows_is_read(pointer: int) -> None:
    buffer = echo_reply(ROUTER[4], 11013, 61, pointer)

    assert icmp_windows.read4(buffer, pointer) == Reply(11013, ROUTER[4], 61)
    assert icmp_windows.read4(buffer[: 16 + pointer], pointer) is None
    assert icmp_windows.read6(echo_reply6(ROUTER[6], 11013)) == Reply(11013, ROUTER[6])
    assert icmp_windows.read6(bytes(31)) is None


@pytest.mark.parametrize(
    ("status", "family", "kind", "types"),
    [
        (11013, 4, Unreachable.TTL_EXCEEDED, (11, 0)),
        (11013, 6, Unreachable.TTL_EXCEEDED, (3, 0)),
        (11003, 4, Unreachable.HOST, (3, 1)),
        (11004, 4, Unreachable.PROTOCOL, (3, 2)),
        (11004, 6, Unreachable.ADMIN_PROHIBITED, (1, 1)),
        (11009, 6, Unreachable.TOO_BIG, (2, 0)),
    ],
)
def test_a_status_of_windows_is_an_icmp_error(
    status: int, family: int, kind: Unreachable, types: tuple[int, int]
) -> None:
    said = icmp_windows.outcome(Reply(status, ROUTER[family], 61), family, 0.02)

    assert isinstance(said, IcmpError)
    assert (said.kind, said.sender, said.rtt) == (kind, ROUTER[family], 0.02)
    assert (said.icmp_type, said.icmp_code) == types


def test_other_statuses_are_answers_silence_or_failures() -> None:
    assert icmp_windows.outcome(Reply(0, TARGET[4], 61), 4, 0.02) == EchoReply(rtt=0.02, ttl=61)
    for silence in (None, Reply(11010, "0.0.0.0")):
        assert icmp_windows.outcome(silence, 4, 1.0) == Failed(kind=FailureKind.TIMEOUT)
    failed = icmp_windows.outcome(Reply(11050, TARGET[4]), 4, 0.0)
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.OTHER
