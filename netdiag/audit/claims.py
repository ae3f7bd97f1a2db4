"""What the record says was sent: each observation as a claim that packets may be set against."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import unquote

from netdiag.audit.flows import plain
from netdiag.audit.packets import Packet
from netdiag.audit.speech import Farewell, Fetch, Hello, Question, Silence, Words
from netdiag.lazy import dataclass
from netdiag.network import Observation
from netdiag.outcomes import (
    Failed,
    FailureKind,
    IcmpError,
    Interfaces,
    Resolvers,
    Routes,
    Unreachable,
)
from netdiag.requests import (
    DataProbe,
    DnsQuery,
    Echo,
    HopProbe,
    HttpRequest,
    RdapQuery,
    ReadBanner,
    RoutingQuery,
    SizeProbe,
    SystemLookup,
    TlsHandshake,
)

ECHO_PORT = 33529
"""Where a UDP echo goes: a port that nobody listens on."""

MOST_FOR_LOOKUP = 48
"""Packets of one look-up by the system: two types, a few servers, suffixes and tries."""

_CUT_OFF = "cut off"
_ECHO_REQUESTS = {("icmp", 8), ("icmp6", 128)}
_LONGEST_PROBE = 64
_CLASSES = {"IN": 1, "CH": 3}
_ADDRESS_TYPES = {1, 28}

# IANA's registry of DNS parameters: the types with names that a request may use.
_RTYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15, "TXT": 16, "RP": 17,
    "AFSDB": 18, "SIG": 24, "KEY": 25, "AAAA": 28, "LOC": 29, "SRV": 33, "NAPTR": 35, "KX": 36,
    "CERT": 37, "DNAME": 39, "APL": 42, "DS": 43, "SSHFP": 44, "IPSECKEY": 45, "RRSIG": 46,
    "NSEC": 47, "DNSKEY": 48, "DHCID": 49, "NSEC3": 50, "NSEC3PARAM": 51, "TLSA": 52,
    "SMIMEA": 53, "HIP": 55, "CDS": 59, "CDNSKEY": 60, "OPENPGPKEY": 61, "CSYNC": 62,
    "ZONEMD": 63, "SVCB": 64, "HTTPS": 65, "SPF": 99, "AXFR": 252, "URI": 256, "CAA": 257,
}  # fmt: skip


@dataclass(slots=True)
class Claim:
    """One observation, and how much of what it says was found so far.

    A unit is a datagram, an ICMP message, or a TCP connection. At most `most` units may be there,
    at least `least` must be.
    """

    observation: Observation
    unit: str
    most: int
    least: int
    found: int = 0
    packets: int = 0

    @property
    def open(self) -> bool:
        return self.found < self.most

    @property
    def end(self) -> float:
        """Seconds of the run."""
        return self.observation.started + self.observation.elapsed

    def when(self, started: float, time: float) -> bool:
        """Whether `time` falls into the exchange, all in seconds since 1970."""
        pause = getattr(self.observation.request, "pause", 0.0)
        begin = started + self.observation.started + pause
        return begin - 0.05 <= time <= started + self.end + 0.05


def claims_of(transcript: Iterable[Observation]) -> list[Claim]:
    return [claim for observation in transcript for claim in _claims(observation)]


def _claims(observation: Observation) -> list[Claim]:
    request, attempts = observation.request, observation.attempts
    if isinstance(request, SystemLookup):
        return [
            Claim(observation, "udp", MOST_FOR_LOOKUP, 0),
            Claim(observation, "tcp", MOST_FOR_LOOKUP, 0),
        ]
    if request.destination is None:
        return []
    cut = any(attempt.result == _CUT_OFF for attempt in attempts)
    counted: dict[str, list[int]] = {}
    for attempt in attempts:
        counted.setdefault(_unit(request, attempt.how), []).append(attempt.packets)
    counted.pop("above", None)
    if cut:
        return [Claim(observation, unit, request.cost, 0) for unit in ("udp", "tcp", "icmp")]
    return [
        Claim(observation, unit, len(packets), sum(1 for one in packets if one))
        if unit == "tcp"
        else Claim(observation, unit, sum(packets), sum(packets))
        for unit, packets in counted.items()
    ]


def _unit(request: object, how: str) -> str:
    """What an attempt opens: `above` for what goes on within a connection."""
    if how.startswith("tcp"):
        return "tcp"
    if how.startswith("icmp"):
        return "icmp"
    return "udp" if isinstance(request, DnsQuery | Echo | HopProbe | SizeProbe) else "above"


def gateways_of(transcript: Iterable[Observation], *, dead: bool = False) -> set[str]:
    """The next hops of the vantage's routes, as far as the record knows them; with `dead` those
    alone whose device is off or has no carrier."""
    seen = list(transcript)
    devices = {
        device.name
        for one in seen
        if isinstance(one.outcome, Interfaces)
        for device in one.outcome.interfaces
        if not (device.up and device.carrier)
    }
    return {
        plain(route.gateway)
        for one in seen
        if isinstance(one.outcome, Routes)
        for route in one.outcome.routes
        if route.gateway and (not dead or route.device in devices)
    }


def barred(transcript: Iterable[Observation], own: set[str]) -> set[str]:
    """Where this machine's own packet filter refused to send something, by the record: it may have
    dropped other packets to the same address without a word."""
    return {
        plain(one.request.destination)
        for one in transcript
        if one.request.destination and _refused_here(one, own)
    }


def _refused_here(one: Observation, own: set[str]) -> bool:
    match one.outcome:
        case Failed(kind=FailureKind.NO_PERMISSION):
            return True
        case IcmpError(kind=kind, sender=sender):
            said = kind.prohibited or kind in {Unreachable.PORT, Unreachable.PROTOCOL}
            return said and plain(sender) in own
    return False


def suffixes_of(transcript: Iterable[Observation]) -> set[str]:
    """The search suffixes of the system's resolver, as far as the record knows them."""
    return {
        suffix.rstrip(".").lower()
        for observation in transcript
        if isinstance(observation.outcome, Resolvers)
        for suffix in observation.outcome.search
    }


def datagram(claim: Claim, packet: Packet, asked: Question | None) -> bool:
    """Whether the claim's request is what this UDP datagram carries; `asked` is its question."""
    request = claim.observation.request
    if claim.unit != "udp" or not _addressed(request, packet.destination):
        return False
    match request:
        case DnsQuery():
            return packet.dport == request.port and asked is not None and _asks(request, asked)
        case HopProbe(protocol="udp"):
            harmless = len(packet.payload) <= _LONGEST_PROBE and not any(packet.payload[4:])
            return harmless and packet.dport == request.port and packet.ttl == request.ttl
        case SizeProbe():
            size = len(packet.payload) + _headers(request.address)
            harmless = size == request.size and not any(packet.payload)
            return harmless and packet.dport == request.port and packet.ttl == request.ttl
        case Echo():
            nothing = not any(packet.payload) and len(packet.payload) <= request.size
            return packet.dport == ECHO_PORT and nothing
    return False


def _headers(address: str) -> int:
    """Octets of the IP and UDP headers of a datagram to `address`."""
    return 48 if ":" in address else 28


def message(claim: Claim, packet: Packet) -> bool:
    """Whether the claim's request is this ICMP echo."""
    request = claim.observation.request
    if claim.unit != "icmp" or (packet.kind, packet.sport) not in _ECHO_REQUESTS:
        return False
    if not _addressed(request, packet.destination):
        return False
    match request:
        case Echo(size=size):
            length = len(packet.payload) - 4
            fits = length == size or (packet.fragment is not None and length < size)
            return fits and not any(packet.payload[4:])
        case HopProbe(protocol="icmp"):
            short = len(packet.payload) <= _LONGEST_PROBE and not any(packet.payload[6:])
            return short and packet.ttl == request.ttl
    return False


def connection(claim: Claim, first: Packet, words: Words) -> bool:
    """Whether the claim's request may open this connection and say these words."""
    request = claim.observation.request
    if claim.unit != "tcp" or not _addressed(request, first.destination):
        return False
    if getattr(request, "port", None) != first.dport:
        return False
    if isinstance(request, HopProbe):
        return words == Silence() and request.protocol == "tcp" and first.ttl == request.ttl
    return words == Silence() or _says(request, words)


def _says(request: object, words: Words) -> bool:
    match request, words:
        case DnsQuery(), Question():
            return _asks(request, words)
        case TlsHandshake(), Hello():
            right = _same_name(request.server_name or "", words.server_name)
            mail = words.starttls == (request.starttls is not None)
            return right and mail and words.only_shakes_hands
        case TlsHandshake(starttls="smtp"), Farewell(greeted=True):
            return True
        case ((HttpRequest() | RdapQuery() | RoutingQuery()), Hello(starttls=False)):
            return request.tls and _same_name(request.host, words.server_name)
        case ((HttpRequest() | RdapQuery() | RoutingQuery()), Fetch()):
            method = request.method if isinstance(request, HttpRequest) else "GET"
            return not request.tls and words.method == method and _fetches(request, words)
        case DataProbe(tls=True), Hello(starttls=False):
            return _same_name(request.host, words.server_name) and words.only_shakes_hands
        case DataProbe(tls=False), Fetch(method="HEAD", path="/"):
            return _same_name(request.host, words.host.strip("[]"))
        case ReadBanner(), Farewell(greeted=False):
            return True
    return False


def _fetches(request: HttpRequest | RdapQuery | RoutingQuery, words: Fetch) -> bool:
    host, colon, port = words.host.rpartition(":")
    if not colon or not port.isdigit():
        host = words.host
    path = "/" + request.path.partition("#")[0].removeprefix("/")
    return _same_name(request.host, host.strip("[]")) and unquote(path) == unquote(words.path)


def _same_name(told: str, said: str) -> bool:
    """Whether the name of a request is what was said; an address is said to nobody in TLS."""
    told = told.strip("[]").rstrip(".").lower()
    said = said.rstrip(".").lower()
    try:
        ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return told == said
    return said in {"", told}


def _asks(request: DnsQuery, asked: Question) -> bool:
    edns = request.udp_payload is not None
    return asked == Question(
        name=request.name.lower(),
        rtype=rtype_number(request.rtype),
        recursion_desired=request.recursion_desired,
        checking_disabled=request.checking_disabled,
        dnssec=request.dnssec and edns,
        udp_payload=request.udp_payload,
        rclass=_CLASSES[request.rclass],
        version=request.edns_version if edns else 0,
        flags=request.edns_flags if edns else 0,
        options=request.edns_options if edns else (),
    )


def rtype_number(name: str) -> int:
    """The number of a record type, -1 for a name that is none."""
    number = name.removeprefix("TYPE")
    if name.startswith("TYPE") and number.isascii() and number.isdigit():
        return int(number)
    return _RTYPES.get(name.upper(), -1)


def looks_up(claim: Claim, asked: Question, suffixes: set[str]) -> bool:
    """Whether the system asks this for the sake of a look-up: the name, or it with a suffix."""
    request = claim.observation.request
    if not isinstance(request, SystemLookup) or asked.rtype not in _ADDRESS_TYPES:
        return False
    name = request.name.rstrip(".").lower()
    names = {name, *(f"{name}.{suffix}" for suffix in suffixes)}
    return asked.name.rstrip(".") in names


def _addressed(request: object, destination: str) -> bool:
    told = getattr(request, "destination", None)
    return told is not None and plain(told) == destination
