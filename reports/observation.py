"""One line for what was asked and one for what came of it, much as dig and traceroute would say.

Every line is clean text, whatever a record file claims, and of bounded length.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from netdiag.network import Observation
from netdiag.outcomes import (
    Abilities,
    ArrivalTtl,
    Banner,
    Connected,
    DataEnded,
    DnsReply,
    EchoReply,
    Failed,
    FailureKind,
    HostsEntries,
    HttpReply,
    IcmpError,
    Interface,
    Interfaces,
    Neighbours,
    NetworkEntry,
    Outcome,
    Proxies,
    RdapReply,
    Reset,
    Resolvers,
    Route,
    Routes,
    RoutingReply,
    SourceAddress,
    SystemAddresses,
    TlsSession,
    Unreachable,
)
from netdiag.requests import (
    FULL_TTL,
    DataProbe,
    DnsQuery,
    Echo,
    HopProbe,
    HttpRequest,
    RdapQuery,
    ReadAbilities,
    ReadBanner,
    ReadHostsFile,
    ReadInterfaces,
    ReadNeighbours,
    ReadNetworkTable,
    ReadProxies,
    ReadResolvers,
    ReadRoutes,
    Request,
    RoutingQuery,
    SelectSource,
    SizeProbe,
    SystemLookup,
    TcpArrivalTtl,
    TcpConnect,
    TlsHandshake,
)
from netdiag.text import clean

LONGEST = 400
"""Longest line, in characters."""

SHOWN = 4
"""Items of a collection named in a line; the rest is counted."""

FAILURES: dict[FailureKind, str] = {
    FailureKind.TIMEOUT: "no answer",
    FailureKind.REFUSED: "connection refused",
    FailureKind.RESET: "connection reset",
    FailureKind.CLOSED_EARLY: "closed before it answered",
    FailureKind.NETWORK_UNREACHABLE: "network unreachable",
    FailureKind.HOST_UNREACHABLE: "host unreachable",
    FailureKind.NO_PERMISSION: "not permitted on this machine",
    FailureKind.ADDRESS_UNAVAILABLE: "this machine has no suitable address",
    FailureKind.MALFORMED: "malformed answer",
    FailureKind.MISMATCHED: "the answer is to another question",
    FailureKind.TOO_LARGE: "the answer is too large",
    FailureKind.TLS_ALERT: "TLS alert",
    FailureKind.TLS_VERSION: "no TLS version in common",
    FailureKind.NOT_TLS: "answered, but not with TLS",
    FailureKind.NAME_UNKNOWN: "name unknown",
    FailureKind.LOOKUP_FAILED: "lookup failed",
    FailureKind.DEADLINE: "cut off: the run's time was up",
    FailureKind.INTERRUPTED: "cut off: the run was interrupted",
    FailureKind.NOT_NEEDED: "not waited for: no longer needed",
    FailureKind.POLICY: "not sent: refused by the policy",
    FailureKind.BUDGET: "not sent: the budget is used up",
    FailureKind.NOT_OBSERVABLE: "not observable here",
    FailureKind.NOT_RECORDED: "not in the record",
    FailureKind.OTHER: "failed",
}

ICMP: dict[Unreachable, str] = {
    Unreachable.TTL_EXCEEDED: "TTL exceeded",
    Unreachable.NET: "network unreachable",
    Unreachable.HOST: "host unreachable",
    Unreachable.PROTOCOL: "protocol unreachable",
    Unreachable.PORT: "port unreachable",
    Unreachable.TOO_BIG: "packet too big",
    Unreachable.NET_PROHIBITED: "network prohibited",
    Unreachable.HOST_PROHIBITED: "host prohibited",
    Unreachable.ADMIN_PROHIBITED: "administratively prohibited",
    Unreachable.SOURCE_POLICY: "source address failed a policy",
    Unreachable.REJECT_ROUTE: "reject route",
    Unreachable.OTHER: "ICMP error",
}


def line(observation: Observation) -> str:
    """`request -> outcome, time`, without the observation's number."""
    taken = seconds(observation)
    took = f", {duration(taken)}" if taken else ""
    asked, came = request_line(observation.request), outcome_line(observation.outcome)
    return f"{asked} -> {came}{took}"


def seconds(observation: Observation) -> float:
    """The peer's own time where the outcome knows it: the whole exchange includes waiting here."""
    outcome = observation.outcome
    if isinstance(outcome, HttpReply):
        return outcome.total
    measured: float | None = getattr(outcome, "rtt", None)
    return observation.elapsed if measured is None else measured


def duration(taken: float) -> str:
    """Seconds for a reader, with about three digits: `0.41 ms`, `12.3 ms`, `4.00 s`."""
    if taken >= 0.9995:
        return f"{taken:.2f} s"
    milliseconds = taken * 1000
    digits = 0 if milliseconds >= 99.95 else 1 if milliseconds >= 9.995 else 2
    return f"{milliseconds:.{digits}f} ms"


def request_line(request: Request) -> str:
    """What was asked of whom."""
    return _line(_asked(request) + _again(request))


def outcome_line(outcome: Outcome) -> str:
    """What came of it, without the time it took."""
    if isinstance(outcome, Failed):
        return _line(_noted(FAILURES[outcome.kind], outcome.detail))
    return _line(_came(outcome))


def _line(text: str) -> str:
    """Clean first, then cut: cleaning makes text longer."""
    known = clean(text).strip() or "nothing"
    return known if len(known) <= LONGEST else known[: LONGEST - 1] + "…"


def _asked(request: Request) -> str:
    match request:
        case DnsQuery():
            return _query(request)
        case Echo(address=address, size=size):
            return f"echo {address}" + (f" with {size} octets" if size != 56 else "")
        case TcpConnect(address=address, port=port):
            return f"TCP connect {_endpoint(address, port)}"
        case TcpArrivalTtl(address=address, port=port):
            return f"arrival TTL of TCP {_endpoint(address, port)}"
        case TlsHandshake():
            return _handshake(request)
        case HttpRequest():
            return _http_request(request)
        case RdapQuery(address=address, host=host, path=path, tls=tls):
            return f"registration data {'https' if tls else 'http'}://{host}{path} at {address}"
        case RoutingQuery(call=call, about=about, host=host, address=address):
            return f"{call} of {about} by {host} at {address}"
        case ReadBanner(address=address, port=port):
            return f"banner of {_endpoint(address, port)}"
        case HopProbe():
            return _hop_probe(request)
        case SizeProbe(size=size, ttl=ttl, address=address):
            until = f", to hop {ttl}" if ttl != FULL_TTL else ""
            return f"{size} octets unfragmented to {address}{until}"
        case DataProbe(address=address, port=port, ttl=ttl):
            return f"the first words to {_endpoint(address, port)}, to hop {ttl}"
        case _:
            return _look(request)


def _look(
    request: SystemLookup
    | SelectSource
    | ReadRoutes
    | ReadInterfaces
    | ReadNeighbours
    | ReadResolvers
    | ReadHostsFile
    | ReadNetworkTable
    | ReadProxies
    | ReadAbilities,
) -> str:
    match request:
        case SystemLookup(name=name):
            return f"this machine's lookup of {name}"
        case SelectSource(address=address):
            return f"this machine's source address towards {address}"
        case ReadRoutes(family=family):
            return f"this machine's IPv{family} routes"
        case ReadInterfaces():
            return "this machine's interfaces"
        case ReadNeighbours():
            return "this machine's neighbours"
        case ReadResolvers():
            return "this machine's resolvers"
        case ReadNetworkTable(address=address):
            return f"network of {address} by the file"
        case ReadHostsFile(name=name):
            return f"this machine's hosts file on {name}"
        case ReadProxies():
            return "this machine's proxies"
        case ReadAbilities():
            return "what this user may send and see"
        case _:
            assert_never(request)


def _query(query: DnsQuery) -> str:
    options = {
        f"port {query.port}": query.port != 53,
        "+tcp": query.transport == "tcp",
        "+rec": query.recursion_desired,
        "+cd": query.checking_disabled,
        "+dnssec": query.dnssec,
        "+noedns": query.udp_payload is None,
        f"+bufsize={query.udp_payload}": query.udp_payload not in (None, 1232),
        f"+edns={query.edns_version}": query.edns_version != 0,
        f"+ednsflags={query.edns_flags:#x}": query.edns_flags != 0,
        **{f"+ednsopt={code}": True for code in query.edns_options},
        "+ignore": not query.whole,
        "from any source": query.any_source,
    }
    said = "".join(f" {option}" for option, on in options.items() if on)
    rclass = f"{query.rclass} " if query.rclass != "IN" else ""
    return f"{rclass}{query.rtype} {query.spelling} @{query.server}{said}"


def _handshake(request: TlsHandshake) -> str:
    name = f" for {request.server_name}" if request.server_name is not None else " without a name"
    starttls = f" after {request.starttls.upper()} STARTTLS" if request.starttls else ""
    filler = f", {request.filler} octets of filler in the hello" if request.filler else ""
    endpoint = _endpoint(request.address, request.port)
    return f"TLS {endpoint}{name}{starttls}{filler}{_in_segments(request)}"


def _in_segments(request: TlsHandshake | HttpRequest) -> str:
    return f", segments of {request.segment} octets" if request.segment else ""


def _http_request(request: HttpRequest) -> str:
    scheme = "https" if request.tls else "http"
    usual = request.port == (443 if request.tls else 80)
    port = "" if usual else f":{request.port}"
    url = f"{scheme}://{_bracketed(request.host)}{port}{request.path}"
    at = "" if request.host == request.address else f" at {request.address}"
    return f"{request.method} {url}{at}{_in_segments(request)}"


def _hop_probe(probe: HopProbe) -> str:
    port = f" port {probe.port}" if probe.protocol == "tcp" else ""
    flow = f", flow {probe.flow}" if probe.flow else ""
    how = "crafted " * probe.raw + probe.protocol.upper()
    return f"hop {probe.ttl} towards {probe.address}, {how}{port}{flow}"


def _again(request: Request) -> str:
    """Which sample this is, where the same was asked several times on purpose."""
    attempt = getattr(request, "attempt", 0)
    return f" (sample {attempt + 1})" if attempt else ""


def _came(
    outcome: IcmpError
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
    | Abilities,
) -> str:
    match outcome:
        case IcmpError():
            return _icmp_error(outcome)
        case DnsReply():
            return _reply(outcome)
        case EchoReply(ttl=ttl):
            return "echo reply" + ("" if ttl is None else f", TTL {ttl}")
        case Connected(source=source):
            return "connected" + (f" from {source}" if source else "")
        case Reset():
            return "reset"
        case ArrivalTtl(answer=answer, ttl=ttl):
            return f"{answer.upper().replace('-', '/')} arrives with TTL {ttl}"
        case DataEnded(expired=expired):
            return "they got there and ended" if expired else "acknowledged"
        case TlsSession():
            return _session(outcome)
        case HttpReply():
            return _http_reply(outcome)
        case RdapReply():
            return _registration(outcome)
        case RoutingReply():
            return _routing(outcome)
        case Banner(text=text, closed=closed):
            said = f'"{_short(text)}"' if text else "accepted, said nothing"
            return said + (", then closed" if closed else "")
        case _:
            return _machine(outcome)


def _machine(
    outcome: SystemAddresses
    | SourceAddress
    | Routes
    | Interfaces
    | Neighbours
    | Resolvers
    | HostsEntries
    | NetworkEntry
    | Proxies
    | Abilities,
) -> str:
    match outcome:
        case SystemAddresses(addresses=addresses):
            return _listed(addresses)
        case SourceAddress(address=address):
            return address
        case Routes(routes=routes):
            return _listed(_default_first(routes))
        case Interfaces(interfaces=interfaces):
            return _listed(_interface(i) for i in interfaces)
        case Neighbours(neighbours=neighbours):
            return _listed(f"{n.address} {n.state}" for n in neighbours)
        case Resolvers(addresses=addresses, search=search):
            return _listed(addresses) + (f"; search {_listed(search)}" if search else "")
        case NetworkEntry(asn=asn, prefix=prefix, name=name):
            return f"AS{asn} {name} {prefix}" if asn is not None else "not in it"
        case HostsEntries(addresses=addresses):
            return _listed(addresses)
        case Proxies(proxies=proxies):
            return _listed(f"{scheme} {value}" for scheme, value in proxies)
        case Abilities(present=present):
            return _listed(present)
        case _:
            assert_never(outcome)


def _registration(reply: RdapReply) -> str:
    """A domain's states and dates, or the servers of a list."""
    words = [*reply.servers, *reply.states]
    words += [f"{action} {date}" for action, date in reply.events]
    return f"HTTP {reply.status}" + (f", {_listed(words)}" if words else "")


def _routing(reply: RoutingReply) -> str:
    """A prefix with its origins, who sees it, or what its ROAs say of an origin."""
    words = [reply.prefix, *(f"AS{asn}" for asn in reply.origins)]
    words += [f"seen by {reply.seeing} of {reply.peers} peers"] if reply.peers is not None else []
    words += [f"within {route.prefix} of AS{route.asn}" for route in reply.covering]
    words += [f"last seen {reply.last.time} from AS{reply.last.asn}"] if reply.last else []
    words += [reply.validity]
    words += [f"ROA {roa.prefix}-{roa.max_length} AS{roa.asn}" for roa in reply.roas]
    said = [word for word in words if word]
    return f"HTTP {reply.status}" + (f", {_listed(said)}" if said else "")


def _icmp_error(error: IcmpError) -> str:
    mtu = f", MTU {error.mtu}" if error.mtu is not None else ""
    number = f" {error.icmp_type}/{error.icmp_code}" if error.kind is Unreachable.OTHER else ""
    return f"{ICMP[error.kind]}{number} from {error.sender}{mtu}"


def _reply(reply: DnsReply) -> str:
    """Status and flags, then the answer itself or what stands in its place."""
    flags = {
        "aa": reply.authoritative,
        "tc": reply.truncated,
        "ra": reply.recursion_available,
        "ad": reply.authentic_data,
    }
    words = [" ".join([reply.rcode, *(flag for flag, on in flags.items() if on)])]
    if reply.source:
        words.append(f"from {reply.source}")
    if reply.answer:
        words.append(_listed(f"{r.rtype} {_short(r.data)}" for r in reply.answer))
    elif delegations := [r.data for r in reply.authority if r.rtype == "NS"]:
        words.append(f"no answer, name servers {_listed(delegations)}")
    else:
        words.append("no answer records")
    words += [f"EDE {code} {_short(text)}".rstrip() for code, text in reply.extended_errors]
    if reply.transport == "tcp":
        words.append("over TCP")
    return ", ".join(words)


def _session(session: TlsSession) -> str:
    words = [session.version, session.cipher] if session.version else []
    if session.verify_error:
        words.append(f"does not verify: {session.verify_error}")
    else:
        words.append("verifies")
    if session.chain:
        leaf = session.chain[0]
        words.append(f"certificate of {_short(leaf.subject)} until {leaf.not_after}")
    return ", ".join(words)


def _http_reply(reply: HttpReply) -> str:
    words = [f"HTTP {reply.status} {reply.reason}".rstrip(), f"{reply.received} octets"]
    if not reply.complete:
        promised = "" if reply.promised is None else f" of {reply.promised} promised"
        words[-1] += f"{promised}, incomplete"
    if location := reply.header("location"):
        words.append(f"to {_short(location)}")
    return ", ".join(words)


def _interface(interface: Interface) -> str:
    state = "down" if not interface.up else "no carrier" if interface.carrier is False else "up"
    addresses = "".join(f" {address}" for address in interface.addresses[:SHOWN])
    return f"{interface.name} {state}{addresses}"


def _default_first(routes: tuple[Route, ...]) -> list[str]:
    """The default route is what a reader looks for first."""
    ordered = sorted(routes, key=lambda route: not route.destination.endswith("/0"))
    return [_route(route) for route in ordered]


def _route(route: Route) -> str:
    if route.kind != "unicast":
        return f"{route.kind} {route.destination}"
    via = f" via {route.gateway}" if route.gateway else ""
    return f"{route.destination}{via} dev {route.device}"


def _listed(items: Iterable[str]) -> str:
    """The first few items and the number of the others, `none` where there are none."""
    known = list(items)
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return ", ".join(known[:SHOWN]) + more if known else "none"


def _noted(words: str, detail: str) -> str:
    return f"{words} ({_short(detail)})" if detail else words


def _short(text: str) -> str:
    return clean(text, 80)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _endpoint(address: str, port: int) -> str:
    return f"{_bracketed(address)}:{port}"
