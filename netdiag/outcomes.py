"""Everything that can come back: one outcome per request, failures included.

Times are seconds. All text has passed `netdiag.text.clean`; every collection is bounded by the
wire that made it.
"""

from __future__ import annotations

import enum
from typing import ClassVar, Literal, TypeAlias

from netdiag.lazy import dataclass


class FailureKind(enum.Enum):
    """Why nothing usable came back. Closed; `OTHER` keeps what fits nowhere in `detail`."""

    TIMEOUT = "timeout"
    REFUSED = "connection-refused"
    RESET = "connection-reset"
    CLOSED_EARLY = "closed-early"
    NETWORK_UNREACHABLE = "network-unreachable"
    HOST_UNREACHABLE = "host-unreachable"
    NO_PERMISSION = "no-permission"
    ADDRESS_UNAVAILABLE = "address-unavailable"
    MALFORMED = "malformed-answer"
    MISMATCHED = "mismatched-answer"
    TOO_LARGE = "answer-too-large"
    TLS_ALERT = "tls-alert"
    TLS_VERSION = "tls-version"
    NOT_TLS = "not-tls"
    NAME_UNKNOWN = "name-unknown"
    LOOKUP_FAILED = "lookup-failed"
    DEADLINE = "deadline"
    INTERRUPTED = "interrupted"
    NOT_NEEDED = "not-needed"
    POLICY = "refused-by-policy"
    BUDGET = "budget-exhausted"
    NOT_OBSERVABLE = "not-observable-here"
    NOT_RECORDED = "not-recorded"
    OTHER = "other"

    @property
    def ours(self) -> bool:
        """True where the failure says something of this run or machine, nothing of the peer."""
        return self in _OURS


_OURS = frozenset(
    {
        FailureKind.DEADLINE,
        FailureKind.INTERRUPTED,
        FailureKind.NOT_NEEDED,
        FailureKind.POLICY,
        FailureKind.BUDGET,
        FailureKind.NOT_OBSERVABLE,
        FailureKind.NOT_RECORDED,
        FailureKind.ADDRESS_UNAVAILABLE,
        FailureKind.NO_PERMISSION,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """How a TCP connection stood when the wait for it was over, as this machine's kernel tells.

    `unacknowledged` counts segments sent without a word about their arrival, `retransmitted` those
    sent again, `received` octets that came in order.
    """

    unacknowledged: int
    retransmitted: int
    received: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Nothing usable came back. `stall` is there for a time-out of an established connection."""

    type: ClassVar[str] = "failed"
    kind: FailureKind
    detail: str = ""
    stall: Stall | None = None


class Unreachable(enum.Enum):
    """What an ICMP or ICMPv6 error says (RFC 792, 1122, 1812, 4443), both families in one list."""

    TTL_EXCEEDED = "ttl-exceeded"
    NET = "net-unreachable"
    HOST = "host-unreachable"
    PROTOCOL = "protocol-unreachable"
    PORT = "port-unreachable"
    TOO_BIG = "packet-too-big"
    NET_PROHIBITED = "net-prohibited"
    HOST_PROHIBITED = "host-prohibited"
    ADMIN_PROHIBITED = "admin-prohibited"
    SOURCE_POLICY = "source-policy"
    REJECT_ROUTE = "reject-route"
    OTHER = "other"

    @property
    def prohibited(self) -> bool:
        """A firewall's word: somebody decided to refuse this packet."""
        return self in _PROHIBITED


_PROHIBITED = frozenset(
    {
        Unreachable.NET_PROHIBITED,
        Unreachable.HOST_PROHIBITED,
        Unreachable.ADMIN_PROHIBITED,
        Unreachable.SOURCE_POLICY,
        Unreachable.REJECT_ROUTE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MplsLabel:
    """One entry of the label stack with which the packet came (RFC 4950, section 4)."""

    label: int
    traffic_class: int
    bottom: bool
    ttl: int


Role: TypeAlias = Literal["incoming", "incoming-sub-ip", "outgoing", "next-hop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterInterface:
    """An interface that the router tells of (RFC 5837, section 4). `role` is the way the packet
    took or would have taken through it; `number` its ifIndex, `mtu` octets."""

    role: Role
    number: int | None = None
    address: str | None = None
    name: str | None = None
    mtu: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """How a packet looked where it ended, from the header that the ICMP error quotes.

    `ttl` is what was left of its TTL, `tos` its type of service or traffic class. `changed` names
    the fields that somebody on the way rewrote: source, source-port, destination-port,
    identification, tos, length, checksum, mss.
    """

    ttl: int
    tos: int
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpError:
    """A router or host answered with an ICMP error. `sender` may be this machine itself.

    `return_ttl` is the TTL with which the error arrived; `mtu` what a packet-too-big advises.
    `labels` and `interfaces` are what its extensions tell (RFC 4884), outermost label first;
    `segment` is what a SYN that it quotes offers as largest segment, in octets of data, `size` how
    many octets of the packet it quotes, extensions included.
    """

    type: ClassVar[str] = "icmp-error"
    kind: Unreachable
    icmp_type: int
    icmp_code: int
    sender: str
    rtt: float
    return_ttl: int | None = None
    mtu: int | None = None
    labels: tuple[MplsLabel, ...] = ()
    interfaces: tuple[RouterInterface, ...] = ()
    quote: Quote | None = None
    segment: int | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRecord:
    """One resource record in presentation format; `name` is absolute and lower case."""

    name: str
    ttl: int
    rtype: str
    data: str


Cookie: TypeAlias = Literal["none", "client", "both", "foreign", "malformed"]
"""What of a DNS cookie came back (RFC 7873): nothing, the client's half as it was sent, the
server's half with it, another client's, or octets of a length that no cookie has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsReply:
    """A DNS message that answers the question asked. `rcode` is the mnemonic, OPT's included.

    `edns_version`, `edns_flags` (DO left out), `edns_options` (their codes) and `cookie` are what
    the OPT record says. `case_kept` tells that the question came back spelled as it was sent,
    `foreign_class` that a record is of another class than the question, and `source` who answered
    where that is another address than the one asked.
    """

    type: ClassVar[str] = "dns-reply"
    rcode: str = "NOERROR"
    authoritative: bool = False
    truncated: bool = False
    recursion_available: bool = False
    authentic_data: bool = False
    answer: tuple[ResourceRecord, ...] = ()
    authority: tuple[ResourceRecord, ...] = ()
    additional: tuple[ResourceRecord, ...] = ()
    edns: bool = False
    edns_version: int = 0
    edns_flags: int = 0
    edns_options: tuple[int, ...] = ()
    cookie: Cookie = "none"
    extended_errors: tuple[tuple[int, str], ...] = ()
    case_kept: bool = True
    foreign_class: bool = False
    source: str = ""
    transport: Literal["udp", "tcp"] = "udp"
    size: int = 0
    rtt: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoReply:
    type: ClassVar[str] = "echo-reply"
    rtt: float
    ttl: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The TCP handshake completed. `source` is this machine's address in it."""

    type: ClassVar[str] = "connected"
    rtt: float
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """A RST answered the SYN: nothing listens, or somebody answers in the host's name."""

    type: ClassVar[str] = "reset"
    rtt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalTtl:
    """The TTL with which the answer (SYN/ACK or RST) to a SYN arrives here."""

    type: ClassVar[str] = "arrival-ttl"
    answer: Literal["syn-ack", "rst"]
    ttl: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataEnded:
    """What became of the first words on a connection: `expired` where an ICMP error says that they
    ended on the way, else the host acknowledged them."""

    type: ClassVar[str] = "data-ended"
    expired: bool
    rtt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate as served. Times are RFC 3339, UTC; `names` are the subjectAltNames.

    `sha256` and `sha512` are the digests of the whole, `key_sha256` and `key_sha512` those of its
    SubjectPublicKeyInfo, as TLSA records hold them (RFC 6698, section 2.1); empty where not known.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: str
    not_after: str
    self_issued: bool
    sha256: str
    sha512: str = ""
    key_sha256: str = ""
    key_sha512: str = ""


NO_STARTTLS = "answer to EHLO (STARTTLS is not offered)"
"""How the detail of `Failed(NOT_TLS)` begins where a mail server does not offer to encrypt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSession:
    """The peer completed its side of the handshake, or showed a chain that does not verify.

    `verify_error` is empty where the chain is trusted and the name matches, else OpenSSL's
    reason; `verify_code` is OpenSSL's X509_V_ERR number (10 expired, 18/19 self-signed, 20/21
    issuer unknown, 62 name mismatch), 0 where all is well. `chain` is in the served order.
    """

    type: ClassVar[str] = "tls-session"
    version: str
    cipher: str
    verify_code: int
    verify_error: str
    chain: tuple[Certificate, ...]
    rtt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """An HTTP answer. `headers` have lower-case names; `body_start` is its first 2048 octets.

    `promised` is Content-Length where given, `received` the octets of the body that came (at
    most 128 KiB are read; then `complete` stays True). Phases are seconds from the request's start.
    """

    type: ClassVar[str] = "http-reply"
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body_start: str
    received: int
    promised: int | None
    complete: bool
    connected: float
    tls_done: float | None
    first_byte: float
    total: float

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RdapReply:
    """What a registration data server answers (RFC 9083), or IANA's list for one zone (RFC 9224).

    `status` is HTTP's, `location` where a redirect leads. `servers` are the base URLs of the list
    for the longest zone that it has of the name. Of a domain: `states` are its status words,
    `events` pairs of (action, RFC 3339 date), `registrar` its name, `name_servers` as registered.
    """

    type: ClassVar[str] = "rdap-reply"
    status: int
    location: str = ""
    servers: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    events: tuple[tuple[str, str], ...] = ()
    registrar: str = ""
    name_servers: tuple[str, ...] = ()
    signed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRoute:
    """A prefix that is or was announced, by which AS; `time` is when, where that is told."""

    prefix: str
    asn: int
    time: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAuthorisation:
    """A ROA: AS `asn` may announce `prefix` and its parts down to `max_length` (RFC 9582)."""

    prefix: str
    asn: int
    max_length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingReply:
    """What a routing registry says (RIPEstat's data API). `status` is HTTP's, `time` that of the
    data, or of the answer where that is not told.

    network-info: the announced `prefix` that holds an address, empty where there is none, and the
    ASes it is announced by. routing-status: how many of its `peers` of the family are `seeing`
    the prefix, the announced prefixes around it (`covering`), when it was seen `last`.
    rpki-validation: the `validity` of the AS as origin of the prefix, and the ROAs around it.
    """

    type: ClassVar[str] = "routing-reply"
    status: int
    time: str = ""
    prefix: str = ""
    origins: tuple[int, ...] = ()
    seeing: int | None = None
    peers: int | None = None
    covering: tuple[KnownRoute, ...] = ()
    last: KnownRoute | None = None
    validity: str = ""
    roas: tuple[RouteAuthorisation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """What a service said first; empty `text` means it accepted and said nothing in time."""

    type: ClassVar[str] = "banner"
    text: str
    closed: bool
    rtt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemAddresses:
    type: ClassVar[str] = "system-addresses"
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAddress:
    type: ClassVar[str] = "source-address"
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route to a prefix; `kind` is unicast, unreachable, blackhole or prohibit."""

    destination: str
    gateway: str | None
    device: str
    metric: int = 0
    kind: str = "unicast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    type: ClassVar[str] = "routes"
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """`addresses` are like `192.0.2.1/24`; `carrier` is None where it cannot be seen.

    `duplicates` are those that the kernel does not use since another machine has them (RFC 4862).
    """

    name: str
    up: bool
    carrier: bool | None
    loopback: bool
    mtu: int
    addresses: tuple[str, ...]
    tunnel: bool = False
    duplicates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interfaces:
    type: ClassVar[str] = "interfaces"
    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """`state` is the kernel's: reachable, stale, delay, probe, failed, incomplete, permanent.

    `link_address` is the hardware address, empty where there is none.
    """

    address: str
    device: str
    state: str
    link_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    type: ClassVar[str] = "neighbours"
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolvers:
    type: ClassVar[str] = "resolvers"
    addresses: tuple[str, ...]
    search: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkEntry:
    """The network of an address as a file has it; `asn` is None where it has none."""

    type: ClassVar[str] = "network-entry"
    asn: int | None = None
    prefix: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsEntries:
    """The hosts file's addresses for the one name asked about; none is an answer."""

    type: ClassVar[str] = "hosts-entries"
    addresses: tuple[str, ...]
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """Pairs of (scheme or `no`, URL or list) as the environment or system sets them."""

    type: ClassVar[str] = "proxies"
    proxies: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What this user may do here, by the names of the record's `vantage.sees`."""

    type: ClassVar[str] = "abilities"
    present: tuple[str, ...]


Outcome = (
    Failed
    | IcmpError
    | DnsReply
    | EchoReply
    | Connected
    | Reset
    | ArrivalTtl
    | DataEnded
    | TlsSession
    | HttpReply
    | RdapReply
    | RoutingReply
    | Banner
    | SystemAddresses
    | SourceAddress
    | Routes
    | Interfaces
    | Neighbours
    | Resolvers
    | HostsEntries
    | NetworkEntry
    | Proxies
    | Abilities
)
