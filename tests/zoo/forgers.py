"""Hosts whose port is silent, while somebody sends ICMP errors that are forged or damaged.

Each sees the packet that came and makes errors of it. What does not quote a packet of ours must
change nothing; what somebody on the way could have said is believed like any router's word.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable, Iterator

from netdiag.wire.extensions import checksum
from tests.zoo.animal import Animal, causes

Forgery = Callable[[bytes], Iterable[bytes]]
STRANGER = "22.30.2.66"
QUOTED = 28


def error(
    packet: bytes,
    quote: bytes,
    *,
    kind: tuple[int, int] = (3, 1),
    sender: str = "",
    damage: int = 0,
    second_word: int = 0,
) -> bytes:
    """An ICMP error to the sender of `packet`, from `sender` or from where the packet went."""
    head = struct.pack("!BBHI", *kind, 0, second_word)
    check = checksum(head + quote) ^ damage
    icmp = head[:2] + check.to_bytes(2) + head[4:] + quote
    source = socket.inet_aton(sender) if sender else packet[16:20]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0)
    return ip + source + packet[12:16] + icmp


def is_own(packet: bytes) -> bool:
    """An ICMP error itself is never answered (RFC 1122, section 3.2.2)."""
    return packet[9] != 1


def other_flow(packet: bytes) -> Iterator[bytes]:
    """Errors about connections to other hosts and ports."""
    for port in range(20):
        quote = bytearray(packet[:QUOTED])
        quote[20:22] = (port * 997 + 1).to_bytes(2)
        yield error(packet, bytes(quote))
        quote = bytearray(packet[:QUOTED])
        quote[16:20] = socket.inet_aton("22.40.1.10")
        yield error(packet, bytes(quote))


def wrong_checksum(packet: bytes) -> Iterator[bytes]:
    yield error(packet, packet[:QUOTED], damage=0x0101)


def cut_quotes(packet: bytes) -> Iterator[bytes]:
    """Quotes cut at every octet before the ports are whole."""
    for size in range(24):
        yield error(packet, packet[:size])


def wrong_sequence(packet: bytes) -> Iterator[bytes]:
    """The right ports, and a sequence number that was never sent (RFC 5927, section 4.1)."""
    if packet[9] == socket.IPPROTO_TCP:
        quote = bytearray(packet[:QUOTED])
        quote[24:28] = bytes(4)
        yield error(packet, bytes(quote))


def extension_rubbish(packet: bytes) -> Iterator[bytes]:
    """Right errors of a stranger, each with RFC 4884 extensions that are none."""
    quote = packet[:128].ljust(128, b"\0")
    rubbish = (
        b"\x20\0\0\0" + b"\0\4\1\1" * 300,
        b"\x20\0\0\0" + b"\xff\xff\2\xff" + b"\xff" * 200,
        b"\x20\0\0\0" + b"\0\x0c\2\x0e\0\3\0\0" + ESCAPING_NAME,
        b"\x20\0\xff\xff" + bytes(100),
        b"\xff" * 500,
    )
    for extension in rubbish:
        yield error(packet, quote + extension, kind=(11, 0), sender=STRANGER, second_word=32 << 16)


ESCAPING_NAME = b"\x14\x1b[2J\x1b]0;owned\x07\xe2\x80\xae"


def useless_sizes(packet: bytes) -> Iterator[bytes]:
    """Packet too big, with sizes that nothing fits into."""
    for size in (0, 1, 67, 68, 65535):
        yield error(packet, packet[:QUOTED], kind=(3, 4), sender=STRANGER, second_word=size)


def every_kind(packet: bytes) -> Iterator[bytes]:
    """All types and codes there are but those that mean an error of this flow."""
    for number in range(0, 256, 5):
        if number not in {3, 11, 12}:
            yield error(packet, packet[:QUOTED], kind=(number, number % 16), sender=STRANGER)


def endless_way(packet: bytes) -> Iterator[bytes]:
    """TTL exceeded in transit for each packet, whatever its TTL, from ever another router."""
    if packet[9] != socket.IPPROTO_TCP:
        ident = int.from_bytes(packet[4:6])
        sender = f"22.30.{ident >> 8 & 0xFF}.{ident & 0xFF}"
        yield error(packet, packet[:QUOTED], kind=(11, 0), sender=sender)


def forger(name: str, habit: str, forges: Forgery, *codes: str) -> Animal:
    def only_of_others(packet: bytes) -> Iterable[bytes]:
        return forges(packet) if is_own(packet) else ()

    return Animal(
        name=name,
        habit=habit,
        causes=causes(*codes),
        target="http://{}",
        arguments=("-4",),
        forges=only_of_others,
    )


ANIMALS = (
    forger("other-flows", "Errors about other connections.", other_flow, "port-filtered"),
    forger("wrong-checksum", "Errors with a wrong checksum.", wrong_checksum, "host-down"),
    forger("cut-quotes", "Errors with quotes cut short.", cut_quotes, "host-down"),
    forger(
        "wrong-sequence", "Errors quoting what was never sent.", wrong_sequence, "port-filtered"
    ),
    forger(
        "extension-rubbish",
        "Extensions that are none, from a stranger.",
        extension_rubbish,
        "routing-loop",
    ),
    forger(
        "useless-sizes", "Packet too big, for sizes that nothing fits.", useless_sizes, "host-down"
    ),
    forger("every-kind", "ICMP of every type and code.", every_kind, "host-down"),
    forger(
        "endless-way", "A new router for every packet, even at the end.", endless_way, "host-down"
    ),
)
