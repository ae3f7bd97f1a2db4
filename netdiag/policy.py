"""What may be sent, and to whom: the destination guard, and the budget that bounds how much.

The guard (`destinations`): a target's own names must not lead netdiag to what is not public.

A question that asks for more than records of one type is refused: a whole zone is asked for only
where its owner asks, everything there is about a name never.
"""

from __future__ import annotations

from dataclasses import field

from netdiag.budget import Budget, Ledger
from netdiag.destinations import Destinations, proxy_endpoint
from netdiag.lazy import dataclass
from netdiag.outcomes import (
    Failed,
    FailureKind,
    Outcome,
    Proxies,
    Resolvers,
    Routes,
    SystemAddresses,
)
from netdiag.requests import (
    COOKIE,
    EXPIRE,
    NSID,
    UNKNOWN_OPTION,
    DnsQuery,
    Request,
    SystemLookup,
)

MOST_EDNS = 1232
"""Octets of a UDP answer that may be asked for: what fits into every path without fragments
(DNS flag day 2020), so that no server can be made to send much for little."""

TRANSFER = "AXFR"
"""The one type of question that asks for a whole zone (RFC 5936)."""

VERSION_NAMES = ("version.bind.", "version.server.")
"""What class CH is asked for: the software of a server (RFC 4892)."""

_OPTIONS = frozenset({NSID, EXPIRE, COOKIE, UNKNOWN_OPTION})
"""EDNS options that neither tell of a user nor keep anything at a server."""

_META_NAMES = frozenset(
    {"ANY", "*", TRANSFER, "IXFR", "MAILA", "MAILB", "TKEY", "TSIG", "OPT", "NXNAME", "NONE"}
)
_META_NUMBERS = frozenset({0, 41, *range(128, 256)})
"""Types that no record has but which mean something as a question (RFC 6895, section 3.1)."""


def is_meta(rtype: str) -> bool:
    """Whether a question of this type asks for anything but the records of one type."""
    name = rtype.strip().upper()
    number = name.removeprefix("TYPE")
    if number != name and number.isascii() and number.isdigit():
        return int(number) in _META_NUMBERS
    return name in _META_NAMES


@dataclass(slots=True)
class Policy:
    """The policy of one run; its `ledger` remembers what was spent.

    `own` is the name that the user vouches for: the zones that it may be in may be transferred.
    """

    own: str | None = None
    budget: Budget = field(default_factory=Budget)
    destinations: Destinations = field(default_factory=Destinations)
    ledger: Ledger = field(init=False)
    _proxies: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.budget)

    def refusal(self, request: Request) -> Failed | None:
        """Why `request` must not be sent whatever was spent; None where it may."""
        destination = request.destination
        if destination is None:
            return None
        if why := self.destinations.refusal(request):
            return Failed(kind=FailureKind.POLICY, detail=why)
        if isinstance(request, DnsQuery) and self._asks_too_much(request):
            detail = f"a question of type {request.rtype} about {request.name} asks for too much"
            return Failed(kind=FailureKind.POLICY, detail=detail)
        return None

    async def admit(self, request: Request) -> Failed | None:
        """Wait until the budget lets `request` go; or the refusal where it does not."""
        if request.destination is None:
            return None
        why = await self.ledger.enter(request.destination, request.cost)
        return Failed(kind=FailureKind.BUDGET, detail=why) if why else None

    def settle(self, request: Request, packets: int, octets: int) -> None:
        """An admitted request has ended, and took so much."""
        if request.destination is not None:
            self.ledger.leave(request.destination, request.cost, packets, octets)

    def learn(self, request: Request, outcome: Outcome) -> None:
        """This machine's own resolvers, gateways and proxies serve it whatever their address."""
        if isinstance(outcome, Resolvers):
            self.destinations.serve(outcome.addresses)
        elif isinstance(outcome, Routes):
            self.destinations.serve(r.gateway for r in outcome.routes if r.gateway)
        elif isinstance(outcome, Proxies):
            urls = (url for kind, url in outcome.proxies if kind != "no")
            for host, port in filter(None, map(proxy_endpoint, urls)):
                self._proxies[host] = port
                self.destinations.relay([host], port)
        elif isinstance(outcome, SystemAddresses) and isinstance(request, SystemLookup):
            known = self._proxies.get(request.name)
            self.destinations.relay(outcome.addresses if known else (), known or 0)

    def _asks_too_much(self, query: DnsQuery) -> bool:
        if query.udp_payload is not None and query.udp_payload > MOST_EDNS:
            return True
        if not _OPTIONS.issuperset(query.edns_options):
            return True
        if query.rclass != "IN" and (query.name not in VERSION_NAMES or query.rtype != "TXT"):
            return True
        return is_meta(query.rtype) and not self._owned(query)

    def _owned(self, query: DnsQuery) -> bool:
        """Whether this is the transfer of a zone that the user's own name may be in."""
        if self.own is None or query.name == "." or query.rtype != TRANSFER:
            return False
        inside = self.own == query.name or self.own.endswith(f".{query.name}")
        return inside and query.transport == "tcp"
