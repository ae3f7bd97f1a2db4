"""The kinds of hop probe: how each is sent, and how its answers tell which probe they answer.

Routers that balance load look at addresses, ports and, for ICMP, at the checksum. So all probes of
a flow keep those and carry their number elsewhere: in the payload (UDP), in the sequence number
(echo, whose payload compensates for it; TCP), in the identification (crafted IPv4 packets).
"""

from __future__ import annotations

import secrets
import socket
import struct
import sys
from abc import ABC, abstractmethod
from typing import TypeAlias

from netdiag.outcomes import Connected, EchoReply, Failed, IcmpError, Quote, Reset
from netdiag.requests import HopProbe
from netdiag.wire import crafting, errqueue, extensions, icmp_errors, quotes, sockets, tcp
from netdiag.wire.errqueue import QueuedError

PAYLOAD = 32
_MARK = b"nd"
_UDP_HEADER = _ICMP_HEADER = 8
_ECHO = {4: (8, 0), 6: (128, 129)}
_IPV6_HDRINCL = 36
_RST_OCTETS = 40
_SYN, _RST, _ACK = 0x02, 0x04, 0x10

Answer: TypeAlias = IcmpError | EchoReply | Connected | Reset
"""What can come back of a hop probe."""


class Kind(ABC):
    """One flow's way of sending and of recognising.

    `sock` is non-blocking, connected, and watched for ICMP errors; who makes a kind closes it.
    `octets` is the size of one packet, IP header included; `headers` what an ICMP error quotes
    before the part that the kernel gives.
    """

    how: str
    sock: socket.socket
    octets: int
    headers: int

    @abstractmethod
    def send(self, number: int, ttl: int) -> None:
        """Send probe `number`. Raises OSError."""

    @abstractmethod
    def number(self, queued: QueuedError) -> int | None:
        """Which probe an ICMP error quotes; None where it quotes too little to tell."""

    def answered(self, data: bytes, ttl: int | None, sender: str) -> tuple[int, Answer] | None:
        """Which probe `sender`, mostly the target itself, answers with `data`, and how, its
        round-trip time still to be told; None for no answer."""
        return None

    def quote(self, queued: QueuedError) -> Quote | None:
        """How the probe looked where it ended, where this kind can tell."""
        return None

    def outcome(self, queued: QueuedError) -> IcmpError:
        """What an ICMP error says, its round-trip time still to be told."""
        return queued.outcome(0.0, self.quote(queued), headers=self.headers)

    def caused(self, outcome: Answer | Failed) -> tuple[int, int]:
        """Packets and octets that this machine's kernel sends because of `outcome`."""
        return 0, 0

    def close(self) -> None:
        """Close the socket."""
        self.sock.close()


def make(probe: HopProbe) -> Kind:
    """The kind for the flow of `probe`. Raises OSError, PermissionError where it needs more
    privileges than this user has."""
    match (probe.protocol, probe.raw):
        case ("icmp", _):
            heard = hears_messages(probe)
            return MessageIcmp(probe.address) if heard else Icmp(probe.address)
        case ("tcp", _):
            return RawTcp(probe.address, probe.port)
        case (_, True):
            return RawUdp(probe.address, probe.port)
        case _:
            return Udp(probe.address, probe.port)


def hears_messages(probe: HopProbe) -> bool:
    """Whether this system hands ICMP errors to the socket of such a probe as they came."""
    return sys.platform == "darwin" and probe.protocol == "icmp"


class Udp(Kind):
    """Datagrams of one socket. Their answers come from a service, which says nothing of hops."""

    how = "udp"

    def __init__(self, address: str, port: int) -> None:
        self.headers = sockets.HEADERS[sockets.family(address)] + _UDP_HEADER
        self.octets = self.headers + PAYLOAD
        self.sock = _connected(address, port, socket.SOCK_DGRAM, 0)

    def send(self, number: int, ttl: int) -> None:
        tcp.set_ttl(self.sock, ttl)
        self.sock.send(_payload(number))

    def number(self, queued: QueuedError) -> int | None:
        if len(queued.payload) < 4 or queued.payload[:2] != _MARK:
            return None
        return int.from_bytes(queued.payload[2:4])


class Icmp(Kind):
    """Echo requests, from the datagram socket that Linux gives users where it is so configured,
    else from a raw one."""

    def __init__(self, address: str) -> None:
        self._family = sockets.family(address)
        self.headers = sockets.HEADERS[self._family]
        self.octets = self.headers + _ICMP_HEADER + PAYLOAD
        protocol = socket.IPPROTO_ICMP if self._family == 4 else socket.IPPROTO_ICMPV6
        self.how = "icmp"
        self._raw = False
        try:
            self.sock = _connected(address, 0, socket.SOCK_DGRAM, protocol)
            self._id: int = self.sock.getsockname()[1]
        except OSError:
            self.how = "icmp-raw"
            self._raw = True
            self.sock = _connected(address, 0, socket.SOCK_RAW, protocol)
            self._id = secrets.randbelow(1 << 16)

    def send(self, number: int, ttl: int) -> None:
        tcp.set_ttl(self.sock, ttl)
        self.sock.send(self._message(number))

    def _message(self, number: int) -> bytes:
        request, _ = _ECHO[self._family]
        # The sum of number and complement is constant, and with it the checksum.
        body = (0xFFFF - number).to_bytes(2).ljust(PAYLOAD, b"\0")
        ids = struct.pack("!HH", self._id, number)
        check = extensions.checksum(bytes((request, 0, 0, 0)) + ids + body)
        return struct.pack("!BBH", request, 0, check) + ids + body

    def number(self, queued: QueuedError) -> int | None:
        return self._numbered(queued.payload, _ECHO[self._family][0])

    def answered(self, data: bytes, ttl: int | None, sender: str) -> tuple[int, Answer] | None:
        if self._raw and self._family == 4:
            data = _without_ip_header(data)
        number = self._numbered(data, _ECHO[self._family][1])
        return None if number is None else (number, EchoReply(rtt=0.0, ttl=ttl))

    def _numbered(self, message: bytes, kind: int) -> int | None:
        if len(message) < _ICMP_HEADER or message[0] != kind:
            return None
        identifier, number = struct.unpack_from("!HH", message, 4)
        return number if identifier == self._id else None


class MessageIcmp(Icmp):
    """Echo requests of a datagram socket that gets ICMP errors as messages, as on macOS: it hears
    of all of them, so it is not connected, and IPv4 messages come with their IP header."""

    def __init__(self, address: str) -> None:
        self._family = sockets.family(address)
        self._address = address
        self._to = sockets.socket_address(address, 0)
        self.headers = sockets.HEADERS[self._family]
        self.octets = self.headers + _ICMP_HEADER + PAYLOAD
        self.how = "icmp-messages"
        self._raw = True
        self._id = secrets.randbelow(1 << 16)
        protocol = socket.IPPROTO_ICMP if self._family == 4 else socket.IPPROTO_ICMPV6
        self.sock = sockets.make(address, socket.SOCK_DGRAM, protocol)

    def send(self, number: int, ttl: int) -> None:
        tcp.set_ttl(self.sock, ttl)
        self.sock.sendto(self._message(number), self._to)

    def answered(self, data: bytes, ttl: int | None, sender: str) -> tuple[int, Answer] | None:
        message = _without_ip_header(data) if self._family == 4 else data
        arrived = data[8] if self._family == 4 and message else ttl
        origin = sender.partition("%")[0]
        error = icmp_errors.read(message, self._family, origin, arrived, self._address)
        if error:
            number = self.number(error)
            return None if number is None else (number, self.outcome(error))
        if not sockets.same(origin or "::", self._address):
            return None
        return super().answered(data, arrived, sender)


class _Raw(Kind):
    """Packets crafted whole. A second socket holds the source port, so that no other program of
    this machine gets it; what is quoted is compared with what was sent."""

    _MOST_KEPT = 256

    def __init__(self, address: str, port: int, kind: socket.SocketKind, protocol: int) -> None:
        self._sent: dict[int, bytes] = {}
        self.sock = _connected(address, 0, socket.SOCK_RAW, protocol)
        self._holder = sockets.make(address, kind)
        try:
            self._include_header()
            source = str(self.sock.getsockname()[0])
            self._ends = (source, address.partition("%")[0])
            self._holder.bind((source, 0))
            self._ports = (int(self._holder.getsockname()[1]), port)
        except OSError:
            self.close()
            raise
        self.headers = 0
        self.octets = len(self._packet(1, 1))

    def _include_header(self) -> None:
        if self.sock.family == socket.AF_INET6:
            self.sock.setsockopt(errqueue.SOL_IPV6, _IPV6_HDRINCL, 1)
        else:
            self.sock.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)

    @abstractmethod
    def _packet(self, number: int, ttl: int) -> bytes: ...

    def send(self, number: int, ttl: int) -> None:
        packet = self._packet(number, ttl)
        self.sock.send(packet)
        if len(self._sent) >= self._MOST_KEPT:
            self._sent.pop(next(iter(self._sent)))
        self._sent[number] = packet

    def number(self, queued: QueuedError) -> int | None:
        header = quotes.read(queued.payload)
        number = quotes.number(queued.payload)
        if header is None or number not in self._sent:
            return None
        # Another program's packet to the same address may be quoted to this socket as well.
        port = header.fields.get("destination-port")
        return number if port in {self._ports[1], None} else None

    def quote(self, queued: QueuedError) -> Quote | None:
        number = quotes.number(queued.payload)
        sent = self._sent.get(number) if number is not None else None
        return quotes.compare(sent, queued.payload) if sent else None

    def close(self) -> None:
        self.sock.close()
        self._holder.close()


class RawUdp(_Raw):
    how = "udp-raw"

    def __init__(self, address: str, port: int) -> None:
        super().__init__(address, port, socket.SOCK_DGRAM, socket.IPPROTO_UDP)

    def _packet(self, number: int, ttl: int) -> bytes:
        payload = _payload(number)
        return crafting.udp(self._ends, self._ports, ttl=ttl, number=number, payload=payload)


class RawTcp(_Raw):
    """SYNs of one flow. The kernel, which knows of no connection, resets the one that a SYN/ACK
    offers: that closes it (RFC 9293, section 3.10.7.1)."""

    how = "tcp-raw"

    def __init__(self, address: str, port: int) -> None:
        super().__init__(address, port, socket.SOCK_STREAM, socket.IPPROTO_TCP)

    def _packet(self, number: int, ttl: int) -> bytes:
        return crafting.tcp_syn(self._ends, self._ports, ttl=ttl, number=number)

    def outcome(self, queued: QueuedError) -> IcmpError:
        header = quotes.read(queued.payload)
        segment = header.fields.get("mss") if header else None
        return queued.outcome(0.0, self.quote(queued), segment, self.headers)

    def answered(self, data: bytes, ttl: int | None, sender: str) -> tuple[int, Answer] | None:
        segment = _without_ip_header(data) if self.sock.family == socket.AF_INET else data
        if len(segment) < 20 or struct.unpack_from("!HH", segment) != self._ports[::-1]:
            return None
        number = (int.from_bytes(segment[8:12]) - 1 >> 16) & 0xFFFF
        flags = segment[13]
        if flags & _RST:
            return number, Reset(rtt=0.0)
        if flags & (_SYN | _ACK) == _SYN | _ACK:
            return number, Connected(rtt=0.0, source=self._ends[0])
        return None

    def caused(self, outcome: Answer | Failed) -> tuple[int, int]:
        longer = sockets.HEADERS[sockets.family(self._ends[1])] - sockets.HEADERS[4]
        return (1, _RST_OCTETS + longer) if isinstance(outcome, Connected) else (0, 0)


def _connected(address: str, port: int, kind: socket.SocketKind, protocol: int) -> socket.socket:
    sock = sockets.make(address, kind, protocol)
    try:
        errqueue.watch(sock)
        sock.connect(sockets.socket_address(address, port))
    except OSError:
        sock.close()
        raise
    return sock


def _payload(number: int) -> bytes:
    return (_MARK + number.to_bytes(2)).ljust(PAYLOAD, b"\0")


def _without_ip_header(packet: bytes) -> bytes:
    """What an IPv4 packet carries: raw sockets give the header too."""
    return packet[4 * (packet[0] & 0xF) :] if len(packet) >= sockets.HEADERS[4] else b""
