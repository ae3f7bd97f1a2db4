"""Commands with well-known tools that repeat what an observation saw.

They are derived from the request itself, so they cannot drift from what was asked. Every text is
quoted for the shell, addresses too: a record file may claim any.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable

from netdiag.network import Observation
from netdiag.outcomes import Failed, FailureKind
from netdiag.requests import (
    COOKIE,
    EXPIRE,
    FULL_TTL,
    NSID,
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

MOST = 6
"""Commands shown for one finding; the evidence holds the rest."""

_DIG_OPTIONS = {NSID: "+nsid", EXPIRE: "+expire", COOKIE: "+cookie"}


def commands(observations: Iterable[Observation]) -> tuple[str, ...]:
    """Distinct commands for these observations, at most `MOST`.

    Each tool's first command comes before any tool's second, so that a long series of one kind
    does not hide the others. What the policy refused is not repeated by others either.
    """
    sent = (o.request for o in observations if not _refused(o))
    found = dict.fromkeys(text for request in sent if (text := command(request)))
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, str]] = []
    for text in found:
        tool = text.partition(" ")[0]
        ranked.append((seen[tool], text))
        seen[tool] += 1
    return tuple(text for _, text in sorted(ranked, key=lambda pair: pair[0]))[:MOST]


def _refused(seen: Observation) -> bool:
    return isinstance(seen.outcome, Failed) and seen.outcome.kind is FailureKind.POLICY


def command(request: Request) -> str | None:
    """The command that asks the same, None where no common tool does."""
    match request:
        case DnsQuery():
            return _dig(request)
        case Echo() | SizeProbe():
            return _ping(request)
        case TcpConnect(address=address, port=port) | TcpArrivalTtl(address=address, port=port):
            return f"nc -v -z -w 4 {shlex.quote(address)} {port}"
        case ReadBanner(address=address, port=port):
            return f"nc -v -w 4 {shlex.quote(address)} {port}"
        case TlsHandshake():
            return _openssl(request)
        case HttpRequest():
            return _curl(request)
        case RdapQuery() | RoutingQuery():
            return _curl_json(request)
        case HopProbe():
            return _traceroute(request)
        case DataProbe():
            return _speaking(request)
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
) -> str | None:
    match request:
        case SystemLookup(name=name):
            return f"getent ahosts {shlex.quote(name)}"
        case SelectSource(address=address):
            return f"ip route get {shlex.quote(address)}"
        case ReadRoutes(family=family):
            return f"ip -{family} route"
        case ReadInterfaces():
            return "ip address"
        case ReadNeighbours():
            return "ip neighbour"
        case ReadResolvers():
            return "cat /etc/resolv.conf"
        case ReadHostsFile(name=name):
            return f"grep -i {shlex.quote(name)} /etc/hosts"
        case _:
            return None


def _dig(query: DnsQuery) -> str:
    words = ["dig", f"@{shlex.quote(query.server)}"]
    if query.port != 53:
        words += ["-p", str(query.port)]
    words += [shlex.quote(query.spelling), shlex.quote(query.rtype)]
    words += [query.rclass] if query.rclass != "IN" else []
    words.append("+rec" if query.recursion_desired else "+norec")
    flags = {"+tcp": query.transport == "tcp", "+dnssec": query.dnssec}
    flags |= {"+cd": query.checking_disabled, "+ignore": not query.whole}
    words += ["+noedns"] if query.udp_payload is None else _edns(query)
    return " ".join(words + [flag for flag, on in flags.items() if on])


def _edns(query: DnsQuery) -> list[str]:
    """dig sends a cookie of its own accord."""
    flags = {
        f"+edns={query.edns_version}": query.edns_version,
        "+noednsnegotiation": query.edns_version,
        f"+ednsflags={query.edns_flags:#x}": query.edns_flags,
        "+nocookie": COOKIE not in query.edns_options and query.edns_options,
    }
    options = (_DIG_OPTIONS.get(code, f"+ednsopt={code}") for code in query.edns_options)
    return [f"+bufsize={query.udp_payload}", *(flag for flag, on in flags.items() if on), *options]


def _curl_json(request: RdapQuery | RoutingQuery) -> str:
    scheme, usual = ("https", 443) if request.tls else ("http", 80)
    port = "" if request.port == usual else f":{request.port}"
    return f"curl -sL {shlex.quote(f'{scheme}://{_bracketed(request.host)}{port}{request.path}')}"


def _traceroute(probe: HopProbe) -> str:
    ways = {"udp": "", "icmp": " -I", "tcp": f" -T -p {probe.port}"}
    return f"traceroute -n{ways[probe.protocol]} {shlex.quote(probe.address)}"


def _ping(request: Echo | SizeProbe) -> str:
    size = ttl = ""
    if isinstance(request, SizeProbe):
        headers = 48 if ":" in request.address else 28
        size = f" -M probe -s {request.size - headers}"
        ttl = f" -t {request.ttl}" if request.ttl != FULL_TTL else ""
    return f"ping -c 3{size}{ttl} {shlex.quote(request.address)}"


def _socat(request: TlsHandshake | HttpRequest) -> str:
    """curl and openssl cannot limit the segments of a connection."""
    peer = f"{_bracketed(request.address)}:{request.port},mss={request.segment}"
    if isinstance(request, HttpRequest):
        name = request.host if request.tls else None
        words = f"{request.method} {request.path} HTTP/1.1\\r\\nHost: {request.host}\\r\\n\\r\\n"
        asks = f"printf {shlex.quote(words.replace('%', '%%'))}"
    else:
        name, asks = request.server_name, "sleep 2"
    encrypts = isinstance(request, TlsHandshake) or request.tls
    if encrypts:
        sni = f"snihost={name}" if name else "no-sni=1"
        place = f"OPENSSL:{peer},verify=0,{sni}"
    else:
        place = f"TCP:{peer}"
    return f"{asks} | socat -d -d - {shlex.quote(place)}"


def _openssl(request: TlsHandshake) -> str:
    """With filler the segments stay as they are: no usual tool changes both."""
    if request.segment and not request.filler:
        return _socat(request)
    peer = f"{_bracketed(shlex.quote(request.address))}:{request.port}"
    name = request.server_name
    sni = f"-servername {shlex.quote(name)}" if name else "-noservername"
    starttls = f" -starttls {request.starttls}" if request.starttls else ""
    names = f"$(printf ',filler%0193d' $(seq {request.filler // 200}))" if request.filler else ""
    alpn = f" -alpn http/1.1{names}" if names else ""
    return f"openssl s_client -connect {peer} {sni}{starttls}{alpn} </dev/null"


def _speaking(probe: DataProbe) -> str:
    """The same words as far as they get: no usual tool limits the TTL of data alone."""
    address, port, host = probe.address, probe.port, probe.host
    if probe.tls:
        return _openssl(TlsHandshake(address=address, port=port, server_name=host))
    return _curl(HttpRequest(address=address, port=port, tls=False, host=host, method="HEAD"))


def _curl(request: HttpRequest) -> str:
    if request.segment:
        return _socat(request)
    scheme = "https" if request.tls else "http"
    usual = request.port == (443 if request.tls else 80)
    url = (
        f"{scheme}://{_bracketed(request.host)}{'' if usual else f':{request.port}'}{request.path}"
    )
    words = ["curl -sv -o /dev/null"]
    if request.tls:
        words.append("-k")
    if request.method == "HEAD":
        words.append("-I")
    if request.host != request.address:
        pin = f"{request.host}:{request.port}:{_bracketed(request.address)}"
        words.append(f"--resolve {shlex.quote(pin)}")
    return " ".join([*words, shlex.quote(url)])


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
