"""The account: every packet that left, with the observation that explains it, or without."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import field
from typing import Literal

from netdiag.audit import claims as claiming
from netdiag.audit import flows as flowing
from netdiag.audit import speech
from netdiag.audit.claims import Claim
from netdiag.audit.flows import Flow, plain
from netdiag.audit.packets import Packet
from netdiag.audit.speech import Question, RefusedError, Words
from netdiag.lazy import dataclass
from netdiag.readonly import REVIEWS
from netdiag.record import Record

Verdict = Literal["explained", "system", "unexplained", "missing", "not-visible", "held"]

_DNS = 53
_UNSPECIFIED = {str(ipaddress.IPv4Address(0)), str(ipaddress.IPv6Address(0))}
_NEIGHBOURS = {133, 135, 136}
"""What hosts send of neighbour discovery; advertisements and redirects are routers'."""
_LISTENERS = {130, 131, 132, 143}
_ERRORS = {"icmp": {3, 11, 12}, "icmp6": {1, 2, 3, 4}}
_REPLIES = {("icmp", 0), ("icmp6", 129)}
_DHCP = {(68, 67), (546, 547)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A group of packets: when (seconds from the run's start), to whom, what, and by which
    observation of the record, or of which class of the operating system's own."""

    verdict: Verdict
    at: float
    to: str
    what: str
    packets: int = 0
    octets: int = 0
    frames: tuple[int, ...] = ()
    observation: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The whole proof; `packets` counts what left the vantage, `frames` all of the capture."""

    lines: tuple[Line, ...]
    vantage: tuple[str, ...]
    frames: int
    packets: int

    @property
    def faults(self) -> tuple[Line, ...]:
        return tuple(one for one in self.lines if one.verdict in {"unexplained", "missing"})

    @property
    def read_only(self) -> bool:
        """Everything is explained, and everything that was claimed was seen."""
        return not self.faults


@dataclass(slots=True)
class _Book:
    record: Record
    claims: list[Claim]
    suffixes: set[str]
    sources: set[str]
    lines: list[Line] = field(default_factory=list)
    fragments: dict[tuple[str, str, int], int | None] = field(default_factory=dict)

    @property
    def started(self) -> float:
        return self.record.started.timestamp()

    def enter(self, packets: list[Packet], what: str, claim: Claim | None, why: str = "") -> None:
        """Write down packets that a claim explains, or that nothing does."""
        number = None
        if claim is not None:
            claim.found += 1
            claim.packets += len(packets)
            request = claim.observation.request
            number = int(claim.observation.id)
            why = REVIEWS[type(request)].why
            if claim.unit == "tcp" and claim.packets > max(request.cost, claim.most):
                number, why = None, f"more packets than observation {number} may send"
            if self.sources and any(packet.source not in self.sources for packet in packets):
                number, why = None, f"its source {packets[0].source} is no address of the vantage"
        self.write(packets, what, "unexplained" if number is None else "explained", why, number)

    def write(
        self,
        packets: list[Packet],
        what: str,
        verdict: Verdict,
        why: str,
        number: int | None = None,
    ) -> None:
        first = packets[0]
        port = f" port {first.dport}" if first.kind in {"udp", "tcp"} else ""
        self.lines.append(
            Line(
                verdict=verdict,
                at=round(first.time - self.started, 6),
                to=f"{first.destination}{port}" if first.destination else "",
                what=what,
                packets=len(packets),
                octets=sum(packet.octets for packet in packets),
                frames=tuple(packet.number for packet in packets),
                observation=number,
                why=why,
            )
        )

    def best(self, fitting: Iterable[Claim], time: float) -> Claim | None:
        """The claim to take: a hop probe, which fits least, before others, then one of which
        nothing was found yet, then by time, then the one that ends first, so that one packet for
        each of many claims to the same finds its place."""
        open_ones = [claim for claim in fitting if claim.open]

        def rank(claim: Claim) -> tuple[bool, bool, bool, bool, float]:
            kind = claim.observation.request.type
            return (
                kind == "system-lookup",
                kind != "hop-probe",
                claim.found > 0,
                not claim.when(self.started, time),
                claim.end,
            )

        return min(open_ones, key=rank, default=None)


def account(record: Record, packets: Iterable[Packet], vantage: Iterable[str] = ()) -> Account:
    """Set the packets of a capture against a record. `vantage` are addresses of the machine that
    the run was made from, beside those that the record tells."""
    everything = list(packets)
    own = flowing.own_addresses(record.transcript) | {plain(one) for one in vantage}
    left = flowing.leaving(everything, own or _guessed(record, everything))
    own |= {packet.source for packet in left if packet.source}
    suffixes = claiming.suffixes_of(record.transcript)
    sources = flowing.interface_addresses(record.transcript)
    sources |= {plain(one) for one in vantage} if sources else set()
    book = _Book(record, claiming.claims_of(record.transcript), suffixes, sources)
    _connections(book, [packet for packet in left if packet.kind == "tcp"])
    for packet in left:
        match packet.kind:
            case "tcp":
                pass
            case "udp":
                _datagram(book, packet)
            case "icmp" | "icmp6":
                _message(book, packet)
            case _:
                _other(book, packet)
    _absent(book, own, everything)
    return Account(
        lines=tuple(sorted(book.lines, key=lambda line: line.at)),
        vantage=tuple(sorted(own - _UNSPECIFIED)),
        frames=len(everything),
        packets=len(left),
    )


def _guessed(record: Record, packets: list[Packet]) -> set[str]:
    """Who speaks to the record's destinations, where the record tells no address of its own."""
    asked = {plain(o.request.destination) for o in record.transcript if o.request.destination}
    return {packet.source for packet in packets if packet.destination in asked}


def _connections(book: _Book, packets: list[Packet]) -> None:
    """Flows with words first: they fit fewer claims than silent ones."""
    read: list[tuple[Flow, Words | None, str]] = []
    ports = {getattr(c.observation.request, "port", _DNS) for c in book.claims}
    for flow in flowing.tcp_flows(packets):
        try:
            dns = flow.first.dport in ports
            read.append((flow, speech.stream(flow.data(), dns=dns), ""))
        except RefusedError as error:
            read.append((flow, None, str(error)))
    for flow, words, why in sorted(read, key=lambda one: one[1] == speech.Silence()):
        _connection(book, flow, words, why)


def _connection(book: _Book, flow: Flow, words: Words | None, why: str) -> None:
    first = flow.first
    if words is None:
        book.enter(flow.packets, "TCP connection", None, f"not on the list: {why}")
    elif _is_transfer(words) and not book.record.settings.own_zone:
        why = "not on the list: a zone transfer, and the user did not say to own the zone"
        book.enter(flow.packets, f"TCP connection, {_told(words)}", None, why)
    elif not flow.opened and flow.only_resets:
        book.write(flow.packets, "TCP reset", "system", "refuses what nobody here asked for")
    elif not flow.opened:
        book.enter(flow.packets, "TCP segments", None, "its beginning is not in the capture")
    else:
        fitting = [c for c in book.claims if _connects(book, c, first, words)]
        claim = book.best(fitting, first.time)
        told = f"TCP connection, {_told(words)}"
        book.enter(flow.packets, told, claim, "no observation of the record asks for it")


def _is_transfer(words: Words) -> bool:
    return isinstance(words, Question) and words.rtype == speech.TRANSFER


def _connects(book: _Book, claim: Claim, first: Packet, words: Words) -> bool:
    if claim.unit == "tcp" and first.dport == _DNS and isinstance(words, Question):
        return claiming.looks_up(claim, words, book.suffixes) or claiming.connection(
            claim, first, words
        )
    return claiming.connection(claim, first, words)


def _told(words: Words) -> str:
    match words:
        case Question(name=name, rtype=rtype):
            return f"DNS question {name} type {rtype}"
        case speech.Hello(server_name=name, ciphertext=octets):
            return f"TLS for {name or 'no name'}, {octets} octets of ciphertext"
        case speech.Fetch(method=method, path=path, host=host):
            return f"HTTP {method} {path} at {host}"
        case speech.Farewell(word=word):
            return f"{word} and its close"
        case _:
            return "without data"


def _datagram(book: _Book, packet: Packet) -> None:
    if (packet.sport, packet.dport) in _DHCP:
        book.write([packet], "DHCP", "system", "this machine keeps its own address")
        return
    asked, why = _asked(packet)
    fitting = [
        claim
        for claim in book.claims
        if claiming.datagram(claim, packet, asked)
        or (
            asked is not None
            and claim.unit == "udp"
            and packet.dport == _DNS
            and claiming.looks_up(claim, asked, book.suffixes)
        )
    ]
    claim = book.best(fitting, packet.time)
    what = f"UDP, {_told(asked)}" if asked else f"UDP, {len(packet.payload)} octets"
    if claim is None and why and packet.dport == _DNS:
        book.enter([packet], what, None, f"not on the list: {why}")
    else:
        book.enter([packet], what, claim, "no observation of the record asks for it")
    _remember(book, packet, claim)


def _asked(packet: Packet) -> tuple[Question | None, str]:
    try:
        return speech.question(packet.payload), ""
    except RefusedError as error:
        return None, str(error)


def _message(book: _Book, packet: Packet) -> None:
    if packet.kind == "icmp6" and packet.sport in _NEIGHBOURS:
        book.write([packet], "neighbour discovery", "system", "finds link addresses (RFC 4861)")
    elif packet.kind == "icmp6" and packet.sport in _LISTENERS:
        book.write([packet], "multicast listener report", "system", "RFC 3810")
    elif packet.sport in _ERRORS[packet.kind]:
        book.write([packet], "ICMP error", "system", "answers a packet that arrived")
    elif (packet.kind, packet.sport) in _REPLIES:
        book.write([packet], "echo reply", "system", "answers somebody's echo request")
    else:
        fitting = [claim for claim in book.claims if claiming.message(claim, packet)]
        claim = book.best(fitting, packet.time)
        what = f"{packet.kind.upper()} type {packet.sport}, {len(packet.payload)} octets"
        book.enter([packet], what, claim, "no observation of the record asks for it")
        _remember(book, packet, claim)


def _remember(book: _Book, packet: Packet, claim: Claim | None) -> None:
    """Who explains the rest of a packet in fragments."""
    if packet.fragment is not None and claim is not None:
        key = (packet.source, packet.destination, packet.fragment)
        book.fragments[key] = int(claim.observation.id)


def _other(book: _Book, packet: Packet) -> None:
    match packet.kind:
        case "arp":
            book.write([packet], "ARP", "system", "finds link addresses (RFC 826)")
        case "igmp":
            book.write([packet], "IGMP", "system", "tells which groups are listened to")
        case "fragment":
            key = (packet.source, packet.destination, packet.fragment or 0)
            number = book.fragments.get(key)
            verdict: Verdict = "unexplained" if number is None else "explained"
            book.write([packet], "fragment", verdict, "part of the packet before it", number)
        case _:
            book.write([packet], "unknown", "unexplained", f"not on the list: {packet.why}")


def _absent(book: _Book, own: set[str], packets: list[Packet]) -> None:
    """What the record claims as sent and the capture does not hold."""
    seen = {packet.destination for packet in packets}
    transcript = book.record.transcript
    in_vain = flowing.unanswered(packets) | claiming.gateways_of(transcript, dead=True)
    gateways = claiming.gateways_of(transcript)
    barred = claiming.barred(transcript, own)
    for claim in book.claims:
        lacking = claim.least - claim.found
        if lacking <= 0:
            continue
        observation = claim.observation
        to = plain(observation.request.destination or "")
        inside = (to in own or to == "::1" or to.startswith("127.")) and to not in seen
        next_hops = {to, *(one for one in gateways if (":" in one) == (":" in to))}
        verdict, why = _absence(inside=inside, held=bool(next_hops & in_vain), barred=to in barred)
        book.lines.append(
            Line(
                verdict=verdict,
                at=observation.started,
                to=to,
                what=f"{observation.request.type}: {lacking} of {claim.least} ({claim.unit})",
                observation=int(observation.id),
                why=why,
            )
        )


def _absence(*, inside: bool, held: bool, barred: bool) -> tuple[Verdict, str]:
    if inside:
        return "not-visible", "stays within this machine"
    if barred:
        return "held", "handed to the kernel, which refuses to send to this address"
    if held:
        return "held", "handed to the kernel, which had no link or no neighbour to give it to"
    return "missing", "claimed as sent, not in the capture"
