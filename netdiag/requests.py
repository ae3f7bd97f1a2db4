"""Everything netdiag can ask of the network or of this machine.

A request says exactly what will be sent; equality of all its fields is the key under which its
observation is kept. There is no request that writes: read-only is a property of this union. To
sample the same thing on purpose (loss, drift), a request carries `attempt`; a series that must not
come in a burst is spread over time by their `pause`.

`destination` is the address that will receive packets, None for a look at this machine. `cost`
is the largest number of packets that the request may send, retransmissions included.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from netdiag.lazy import dataclass

NSID, EXPIRE, COOKIE = 3, 9, 10
"""EDNS options that a question may carry (RFC 5001, RFC 7314, RFC 7873)."""

UNKNOWN_OPTION = 100
"""An EDNS option that nobody has defined (RFC 8906, section 8.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuery:
    """One question to one server. `name` is absolute, lower case, in presentation format.

    `udp_payload` is the EDNS buffer size in octets; None sends no EDNS. Over UDP a lost query is
    sent once more, and a truncated answer is asked for again over TCP: both are attempts of this
    one observation. Without `whole` a truncated answer is the outcome. With `any_source` an answer
    over UDP counts whoever sends it.

    `case` is how the letters of the name are spelled on the wire. The OPT record is of
    `edns_version`, with `edns_flags` besides DO, and with `edns_options`: empty ones, but for
    `COOKIE`, which holds a client cookie.
    """

    type: ClassVar[str] = "dns-query"
    cost: ClassVar[int] = 10
    server: str
    name: str
    rtype: str
    transport: Literal["udp", "tcp"] = "udp"
    port: int = 53
    recursion_desired: bool = False
    checking_disabled: bool = False
    dnssec: bool = False
    udp_payload: int | None = 1232
    attempt: int = 0
    rclass: Literal["IN", "CH"] = "IN"
    case: Literal["lower", "upper", "mixed"] = "lower"
    edns_version: int = 0
    edns_flags: int = 0
    edns_options: tuple[int, ...] = ()
    whole: bool = True
    any_source: bool = False

    @property
    def destination(self) -> str | None:
        return self.server

    @property
    def spelling(self) -> str:
        """The name as it stands in the message; every other letter of a mixed one is large."""
        match self.case:
            case "lower":
                return self.name
            case "upper":
                return self.name.upper()
            case "mixed":
                letters = enumerate(self.name)
                return "".join(c.upper() if n % 2 == 0 else c for n, c in letters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """ICMP echo with `size` octets of data, sent after `pause` seconds."""

    type: ClassVar[str] = "echo"
    cost: ClassVar[int] = 2
    address: str
    size: int = 56
    attempt: int = 0
    pause: float = 0.0

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpConnect:
    """A TCP handshake, begun after `pause` seconds and closed at once."""

    type: ClassVar[str] = "tcp-connect"
    cost: ClassVar[int] = 14
    address: str
    port: int
    attempt: int = 0
    pause: float = 0.0

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpArrivalTtl:
    """With which TTL the answer to a SYN arrives: it tells who really sent a reset."""

    type: ClassVar[str] = "tcp-arrival-ttl"
    cost: ClassVar[int] = 40
    address: str
    port: int

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsHandshake:
    """A TLS handshake with `server_name` as SNI (None: no SNI), closed politely.

    With `starttls="smtp"` the handshake follows EHLO and STARTTLS. `segment` is the largest TCP
    segment that either side may send, in octets of data; None leaves it to the systems. `filler`
    is how many octets of application protocols that nobody speaks the ClientHello offers besides
    HTTP/1.1 (RFC 7301), which makes it as long as one with post-quantum keys.
    """

    type: ClassVar[str] = "tls-handshake"
    cost: ClassVar[int] = 20
    address: str
    port: int
    server_name: str | None
    starttls: Literal["smtp"] | None = None
    segment: int | None = None
    filler: int | None = None

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One GET or HEAD without body, cookie or credential, to a pinned address.

    `host` goes into the Host header and, with `tls`, into SNI. The certificate is not judged
    here (that is `TlsHandshake`'s), so that a bad one does not hide the service behind it.
    `segment` is as in `TlsHandshake`.
    """

    type: ClassVar[str] = "http-request"
    cost: ClassVar[int] = 80
    address: str
    port: int
    tls: bool
    host: str
    path: str = "/"
    method: Literal["GET", "HEAD"] = "GET"
    attempt: int = 0
    segment: int | None = None

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class RdapQuery:
    """What a registry says of the domain `about`, or where the registry of its zone is asked.

    One GET at a pinned address with `host` as SNI and Host, its certificate verified. `path` is
    that of the domain (RFC 9082, section 3.1.3) or of IANA's list of servers (RFC 9224).
    """

    type: ClassVar[str] = "rdap-query"
    cost: ClassVar[int] = 400
    address: str
    host: str
    path: str
    about: str
    port: int = 443
    tls: bool = True

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingQuery:
    """What a routing registry says of a route, by one `call` of RIPEstat's data API.

    One GET at a pinned address with `host` as SNI and Host, its certificate verified. `path` asks
    for `about`: an address (network-info) or a prefix (routing-status, rpki-validation).
    """

    type: ClassVar[str] = "routing-query"
    cost: ClassVar[int] = 120
    address: str
    host: str
    path: str
    about: str
    call: Literal["network-info", "routing-status", "rpki-validation"] = "network-info"
    port: int = 443
    tls: bool = True

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBanner:
    """Read what a service that speaks first says; write nothing but its polite close."""

    type: ClassVar[str] = "read-banner"
    cost: ClassVar[int] = 12
    address: str
    port: int

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class HopProbe:
    """One packet that may cross `ttl` routers at most. Equal `flow`s share what routers that
    balance load look at: addresses, ports, and the checksum of an echo (Paris traceroute).

    UDP probes go to `port`, TCP ones (SYN) too; ICMP ones are echo requests and have no port.
    A `raw` probe (UDP, TCP) is crafted whole: a TCP flow then keeps its ports, and an ICMP error
    tells how the packet looked where it ended. It needs CAP_NET_RAW on Linux. A SYN of the system
    that gets to an open port makes a connection, which is closed again.
    """

    type: ClassVar[str] = "hop-probe"
    address: str
    ttl: int
    protocol: Literal["udp", "tcp", "icmp"] = "udp"
    port: int = 33434
    flow: int = 0
    attempt: int = 0
    raw: bool = False
    pause: float = 0.0

    @property
    def cost(self) -> int:
        """Of a connection two SYNs fewer than usual: it is waited for a second at most."""
        return TcpConnect.cost - 2 if self.protocol == "tcp" and not self.raw else 2

    @property
    def destination(self) -> str | None:
        return self.address


FULL_TTL = 64
"""Enough to cross any path (RFC 1700), and what most systems set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeProbe:
    """One UDP datagram to a closed port that nobody may fragment. `size` is the octets of the whole
    IP packet, 64 at least; `ttl` how many routers it may cross."""

    type: ClassVar[str] = "size-probe"
    cost: ClassVar[int] = 1
    address: str
    size: int
    ttl: int = FULL_TTL
    port: int = 33434
    attempt: int = 0

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class DataProbe:
    """A TCP connection whose first words may cross `ttl` routers at most: a TLS hello for the
    server name `host`, or without `tls` a HEAD request for it. It tells how far the words of a
    connection get, where the connection itself is accepted."""

    type: ClassVar[str] = "data-probe"
    cost: ClassVar[int] = 16
    address: str
    port: int
    ttl: int
    host: str
    tls: bool

    @property
    def destination(self) -> str | None:
        return self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A look at this machine: no packet leaves it."""

    type: ClassVar[str] = "look"
    cost: ClassVar[int] = 0

    @property
    def destination(self) -> str | None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemLookup(_Look):
    """The addresses of `name` as programs on this machine get them (hosts file, resolver, caches).

    The operating system sends what it needs to its own resolvers.
    """

    type: ClassVar[str] = "system-lookup"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectSource(_Look):
    """Which of this machine's addresses would speak to `address`, if there is a route at all."""

    type: ClassVar[str] = "select-source"
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRoutes(_Look):
    """The kernel's routes of one family (4 or 6)."""

    type: ClassVar[str] = "read-routes"
    family: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadInterfaces(_Look):
    """The network interfaces of this machine with their state and addresses."""

    type: ClassVar[str] = "read-interfaces"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNeighbours(_Look):
    """The kernel's neighbour table (ARP and ND). `attempt` looks again, after `pause` seconds."""

    type: ClassVar[str] = "read-neighbours"
    attempt: int = 0
    pause: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResolvers(_Look):
    """The recursive resolvers that this machine is configured to use."""

    type: ClassVar[str] = "read-resolvers"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHostsFile(_Look):
    """What the machine's hosts file says of `name`, and of nothing else."""

    type: ClassVar[str] = "read-hosts-file"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNetworkTable(_Look):
    """Which network `address` is in, by the file that the configuration names."""

    type: ClassVar[str] = "read-network-table"
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProxies(_Look):
    """The proxies that the environment or the system prescribes, credentials removed."""

    type: ClassVar[str] = "read-proxies"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAbilities(_Look):
    """What this platform lets this user send and see."""

    type: ClassVar[str] = "read-abilities"


Request = (
    DnsQuery
    | Echo
    | TcpConnect
    | TcpArrivalTtl
    | TlsHandshake
    | HttpRequest
    | RdapQuery
    | RoutingQuery
    | ReadBanner
    | HopProbe
    | SizeProbe
    | DataProbe
    | SystemLookup
    | SelectSource
    | ReadRoutes
    | ReadInterfaces
    | ReadNeighbours
    | ReadResolvers
    | ReadHostsFile
    | ReadNetworkTable
    | ReadProxies
    | ReadAbilities
)
