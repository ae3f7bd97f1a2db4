"""The packets that left the vantage, and the TCP segments among them put together again."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Iterable
from dataclasses import field

from netdiag.audit.packets import SYN, Packet
from netdiag.audit.speech import MOST_OCTETS, RefusedError
from netdiag.lazy import dataclass
from netdiag.network import Observation
from netdiag.outcomes import Connected, Interfaces, SourceAddress

_WRAP = 1 << 32
_RST, _ACK = 4, 16
_SOLICITS, _ADVERTISES = 135, 136


@functools.lru_cache(4096)
def plain(address: str) -> str:
    """An address without its zone, in the one form that compares; as it is where it is none."""
    bare = address.partition("%")[0]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare


def interface_addresses(transcript: Iterable[Observation]) -> set[str]:
    """All addresses of the vantage; none where the record does not hold its interfaces."""
    return {
        plain(address.partition("/")[0])
        for observation in transcript
        if isinstance(observation.outcome, Interfaces)
        for one in observation.outcome.interfaces
        for address in one.addresses
    }


def own_addresses(transcript: Iterable[Observation]) -> set[str]:
    """The addresses that the record knows to be the vantage's."""
    transcript = tuple(transcript)
    own = interface_addresses(transcript)
    for observation in transcript:
        match observation.outcome:
            case SourceAddress(address=address) | Connected(source=address) if address:
                own.add(address)
            case _:
                pass
    return {plain(address) for address in own}


def leaving(packets: Iterable[Packet], own: set[str]) -> list[Packet]:
    """What left the vantage: the capture says so, or the source is the vantage's, or the link
    address is one that the vantage's packets have."""
    everything = list(packets)
    macs = {p.mac for p in everything if p.source in own and p.outgoing is not False}
    macs = {mac for mac in macs if any(mac)}
    return [packet for packet in everything if _left(packet, own, macs)]


def _left(packet: Packet, own: set[str], macs: set[bytes]) -> bool:
    """What has no sender that the decoder could read counts as the vantage's."""
    if packet.outgoing is not None:
        return packet.outgoing
    unknown = not packet.source and not packet.mac
    return unknown or packet.source in own or packet.mac in macs


def unanswered(packets: Iterable[Packet]) -> set[str]:
    """Neighbours whose link address was asked for (ARP, neighbour solicitation), in vain."""
    asked: set[str] = set()
    known: set[str] = set()
    for packet in packets:
        if packet.kind == "arp":
            asked.add(packet.destination)
            known.add(packet.source)
        elif packet.kind == "icmp6" and packet.sport in {_SOLICITS, _ADVERTISES}:
            target = packet.payload[4:20]
            if len(target) == 16:
                told = asked if packet.sport == _SOLICITS else known
                told.add(str(ipaddress.ip_address(target)))
    return asked - known


@dataclass(slots=True)
class Flow:
    """One side of a TCP connection: what this machine sent between a SYN and the next."""

    first: Packet
    packets: list[Packet] = field(default_factory=list)
    segments: list[tuple[int, bytes]] = field(default_factory=list)
    held: int = 0

    @property
    def opened(self) -> bool:
        return self.first.flags & (SYN | _ACK) == SYN

    @property
    def only_resets(self) -> bool:
        return all(p.flags & _RST and not p.payload for p in self.packets)

    def add(self, packet: Packet) -> None:
        self.packets.append(packet)
        if not packet.payload:
            return
        at = (packet.sequence - self.first.sequence - 1) % _WRAP
        self.held += len(packet.payload)
        if self.held <= MOST_OCTETS:
            self.segments.append((at, packet.payload))

    def data(self) -> bytes:
        """Everything said. Raises `RefusedError` where a part is not in the capture, or where two
        transmissions of the same octets differ."""
        if self.held > MOST_OCTETS:
            raise RefusedError(f"more than {MOST_OCTETS} octets sent")
        data = b""
        for at, part in sorted(self.segments):
            if at > len(data):
                raise RefusedError("a part of what was said is not in the capture")
            overlap = data[at : at + len(part)]
            if overlap != part[: len(overlap)]:
                raise RefusedError("octets sent twice, and differently")
            data += part[len(overlap) :]
        return data


def tcp_flows(packets: Iterable[Packet]) -> list[Flow]:
    """TCP packets by connection. Each new initial sequence number begins one, so that crafted
    SYNs with the same ports are told apart."""
    found: list[Flow] = []
    last: dict[tuple[str, int, str, int], Flow] = {}
    for packet in packets:
        ends = (packet.source, packet.sport, packet.destination, packet.dport)
        flow = last.get(ends)
        begins = packet.flags & (SYN | _ACK) == SYN
        if flow is None or (begins and packet.sequence != flow.first.sequence):
            flow = last[ends] = Flow(packet)
            found.append(flow)
        flow.add(packet)
    return found
