"""Routing data over RIPEstat's data API, decoded strictly.

The answer is somebody else's text: its size and every list in it are bounded, what has not the form
that the API documents is left out, and all words are cleaned. Lists are of what is announced near a
prefix, so that the longest prefixes count where there are too many.
"""

from __future__ import annotations

import ipaddress
import ssl
from typing import Any, TypeAlias, TypeGuard

from netdiag.network import Sent
from netdiag.outcomes import (
    Failed,
    FailureKind,
    HttpReply,
    KnownRoute,
    Outcome,
    RouteAuthorisation,
    RoutingReply,
)
from netdiag.requests import RoutingQuery
from netdiag.text import clean
from netdiag.wire.json_service import Fetched, fetch, tree_of
from netdiag.wire.sockets import Clock

MOST_OCTETS = 1 << 18
"""Of an answer: 2 KiB for most prefixes, more where many parts of one are announced."""

MOST_ITEMS = 32
_MOST_READ = 1000
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


async def send(request: RoutingQuery, clock: Clock, context: ssl.SSLContext) -> Sent:
    """One GET, and what it says of the address or prefix."""
    got = await fetch(request, clock, context, most=MOST_OCTETS)
    return Sent(_read(request, got), got.attempts)


def _read(request: RoutingQuery, got: Fetched) -> Outcome:
    match got.reply:
        case HttpReply(status=200):
            return decode(got.body, request.call, request.about)
        case HttpReply(status=status):
            return RoutingReply(status=status)
        case failure:
            return failure


def decode(body: bytes, call: str, about: str) -> RoutingReply | Failed:
    """What the data call says of `about`; Failed where it is no answer to that."""
    tree = tree_of(body)
    data = tree.get("data") if tree else None
    if tree is None or not isinstance(data, dict):
        return _malformed("the answer is no JSON object with data in it")
    if tree.get("status", "ok") != "ok":
        return Failed(kind=FailureKind.OTHER, detail=f"it says {_text(tree['status'], 60)!r}")
    if tree.get("data_call_name", call) != call:
        return _malformed("the answer is to another question")
    asked = _network(about)
    time = _text(data.get("query_time") or tree.get("time"), 40)
    if call == "network-info":
        return _origin(data, time, asked)
    if _network(data.get("resource" if call == "routing-status" else "prefix", about)) != asked:
        return _malformed("the answer is about another prefix")
    if call == "routing-status":
        return _status(data, time, asked)
    return _validity(data, time)


def _origin(data: dict[str, Any], time: str, asked: _Network | None) -> RoutingReply | Failed:
    prefix = _network(data.get("prefix"))
    if not isinstance(data.get("asns"), list):
        return _malformed("the answer tells no origins")
    origins = tuple(asn for asn in map(_asn, data["asns"][:MOST_ITEMS]) if asn is not None)
    if origins and (prefix is None or not _within(asked, prefix)):
        return _malformed("the prefix is not around the address")
    return RoutingReply(
        status=200, time=time, prefix=str(prefix) if origins else "", origins=origins
    )


def _status(data: dict[str, Any], time: str, asked: _Network | None) -> RoutingReply | Failed:
    families = data.get("visibility")
    seen = families.get(f"v{asked.version}") if asked and isinstance(families, dict) else None
    seen = seen if isinstance(seen, dict) else {}
    seeing, peers = _count(seen.get("ris_peers_seeing")), _count(seen.get("total_ris_peers"))
    if seeing is None or peers is None or seeing > peers:
        return _malformed("the answer does not tell how many peers see the prefix")
    covering = [route for route in _routes(data.get("less_specifics")) if _around(route, asked)]
    last = _route(data.get("last_seen"))
    return RoutingReply(
        status=200,
        time=time,
        prefix=str(asked),
        seeing=seeing,
        peers=peers,
        covering=tuple(sorted(covering, key=_longest_first)[:MOST_ITEMS]),
        last=last if last and _around(last, asked) else None,
    )


def _validity(data: dict[str, Any], time: str) -> RoutingReply | Failed:
    validity, roas = data.get("status"), data.get("validating_roas")
    if not isinstance(validity, str) or not isinstance(roas, list):
        return _malformed("the answer tells no validity")
    known = (_roa(one) for one in roas[:MOST_ITEMS])
    return RoutingReply(
        status=200,
        time=time,
        prefix=_text(data.get("prefix"), 60),
        validity=_text(validity, 40),
        roas=tuple(roa for roa in known if roa),
    )


def _roa(value: object) -> RouteAuthorisation | None:
    if not isinstance(value, dict):
        return None
    prefix, asn = _network(value.get("prefix")), _asn(value.get("origin"))
    most = _count(value.get("max_length"))
    if prefix is None or asn is None or most is None:
        return None
    if not prefix.prefixlen <= most <= prefix.max_prefixlen:
        return None
    return RouteAuthorisation(prefix=str(prefix), asn=asn, max_length=most)


def _routes(value: object) -> list[KnownRoute]:
    items = value[:_MOST_READ] if isinstance(value, list) else []
    return [route for route in map(_route, items) if route]


def _route(value: object) -> KnownRoute | None:
    if not isinstance(value, dict):
        return None
    prefix, asn = _network(value.get("prefix")), _asn(value.get("origin"))
    if prefix is None or asn is None:
        return None
    return KnownRoute(prefix=str(prefix), asn=asn, time=_text(value.get("time"), 40))


def _around(route: KnownRoute, asked: _Network | None) -> bool:
    return _within(asked, ipaddress.ip_network(route.prefix))


def _within(asked: _Network | None, outer: _Network) -> bool:
    if isinstance(asked, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return asked.subnet_of(outer)
    if isinstance(asked, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return asked.subnet_of(outer)
    return False


def _longest_first(route: KnownRoute) -> tuple[int, int]:
    return -ipaddress.ip_network(route.prefix).prefixlen, route.asn


def _network(value: object) -> _Network | None:
    if not isinstance(value, str) or len(value) > 60:
        return None
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        return None


def _asn(value: object) -> int | None:
    """The API gives numbers of ASes as numbers in some places and as texts in others."""
    if isinstance(value, str) and len(value) <= 12:
        text = value.upper().removeprefix("AS")
        value = int(text) if text.isascii() and text.isdigit() else None
    return value if _is_number(value) and value <= 0xFFFFFFFF else None


def _count(value: object) -> int | None:
    return value if _is_number(value) and value < 1_000_000 else None


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(value: object, longest: int) -> str:
    return clean(value, longest) if isinstance(value, str) else ""


def _malformed(why: str) -> Failed:
    return Failed(kind=FailureKind.MALFORMED, detail=why)
