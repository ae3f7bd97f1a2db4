"""To whom a request may go: the public Internet, and what the user or this machine names.

What a target's own names lead to (a redirect, a name server, a mail host, an alias, an address) is
somebody else's word. It must not make this machine speak to a private network, to itself, to its
router's web page or to a cloud's metadata.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import field
from urllib.parse import urlsplit

from netdiag.lazy import dataclass
from netdiag.requests import (
    DnsQuery,
    Echo,
    HopProbe,
    Request,
    SizeProbe,
    TcpConnect,
    TlsHandshake,
)
from netdiag.special import NEVER, Kind, special

PRIVATE_NETWORKS = frozenset({Kind.PRIVATE, Kind.SHARED})
"""What the configuration allows as `allow_private`."""


@dataclass(slots=True)
class Destinations:
    """Which destinations a run may have.

    Beside public addresses those of these `kinds` and `prefixes`, and the ones that are named.
    """

    kinds: frozenset[Kind] = frozenset()
    prefixes: tuple[str, ...] = ()
    _named: set[str] = field(default_factory=set)
    _own: set[str] = field(default_factory=set)
    _proxies: set[tuple[str, int]] = field(default_factory=set)

    def name(self, addresses: Iterable[str]) -> None:
        """The user names these: they may be asked anything."""
        self._named.update(map(_canonical, addresses))

    def serve(self, addresses: Iterable[str]) -> None:
        """This machine's own resolvers and routers: they may be asked what they serve it with.

        A target that publishes the address of a router is not led to the router's web page by it.
        """
        self._own.update(map(_canonical, addresses))

    def relay(self, addresses: Iterable[str], port: int) -> None:
        """This machine's settings name these as a proxy: whether it accepts may be tried."""
        self._proxies.update((_canonical(address), port) for address in addresses)

    def refusal(self, request: Request) -> str:
        """Why `request` must not go where it would; empty where it may."""
        destination = request.destination
        if destination is None:
            return ""
        try:
            found = special(destination)
        except ValueError:
            return "the destination is no address"
        if found is None:
            return ""
        if found.kind not in NEVER and self._permits(found.kind, destination, request):
            return ""
        return f"{destination} is a {found.words}, and was not given as the target"

    def _permits(self, kind: Kind, destination: str, request: Request) -> bool:
        if kind in self.kinds or _canonical(destination) in self._named:
            return True
        if _canonical(destination) in self._own and _is_service(request):
            return True
        if isinstance(request, TcpConnect) and self._is_proxy(request):
            return True
        ip = ipaddress.ip_address(destination.partition("%")[0])
        return any(ip in ipaddress.ip_network(prefix) for prefix in self.prefixes)

    def _is_proxy(self, request: TcpConnect) -> bool:
        return (_canonical(request.address), request.port) in self._proxies


def proxy_endpoint(url: str) -> tuple[str, int] | None:
    """Host and port of a proxy's URL; None where it does not give both, for what programs then
    take differs."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        return (parts.hostname, parts.port) if parts.hostname and parts.port else None
    except ValueError:
        return None


ENCRYPTED_DNS = 853
"""DNS over TLS (RFC 7858, section 3.1)."""


def _is_service(request: Request) -> bool:
    """What a resolver or a router does for every machine of its network."""
    if isinstance(request, DnsQuery):
        return request.recursion_desired
    if isinstance(request, TlsHandshake):
        return request.port == ENCRYPTED_DNS and request.starttls is None
    return isinstance(request, Echo | HopProbe | SizeProbe)


def _canonical(address: str) -> str:
    """One spelling for one address, its zone (RFC 4007) included; what is none stays as it is."""
    bare, percent, zone = address.partition("%")
    try:
        return str(ipaddress.ip_address(bare)) + percent + zone
    except ValueError:
        return address
