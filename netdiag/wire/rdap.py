"""Registration data over RDAP (RFC 7480 to 7484, 9082, 9083, 9224), decoded strictly.

A registry's answer is somebody else's text: its size and every list in it are bounded, what has
not the form that the standard gives it is left out, and all words are cleaned.
"""

from __future__ import annotations

import ssl
from typing import Any

from netdiag.network import Sent
from netdiag.outcomes import Failed, FailureKind, HttpReply, Outcome, RdapReply
from netdiag.requests import RdapQuery
from netdiag.text import clean
from netdiag.wire.json_service import Fetched, fetch, tree_of
from netdiag.wire.sockets import Clock

MOST_OCTETS = 1 << 20
"""Of an answer: IANA's list has some 100 KiB, a domain's a few."""

ACCEPT = "application/rdap+json, application/json"
MOST_ITEMS = 64
_LONGEST = 300


async def send(request: RdapQuery, clock: Clock, context: ssl.SSLContext) -> Sent:
    """One GET, and what it says of the domain or its servers."""
    got = await fetch(request, clock, context, most=MOST_OCTETS, accept=ACCEPT)
    return Sent(_read(request, got), got.attempts)


def _read(request: RdapQuery, got: Fetched) -> Outcome:
    match got.reply:
        case HttpReply(status=200):
            return decode(got.body, request.about)
        case HttpReply(status=status) as page:
            location = clean(page.header("location") or "", _LONGEST)
            return RdapReply(status=status, location=location)
        case failure:
            return failure


def decode(body: bytes, about: str) -> RdapReply | Failed:
    """A domain's data, or the servers for `about` in IANA's list; Failed where it is neither."""
    tree = tree_of(body)
    if tree is None:
        return Failed(kind=FailureKind.MALFORMED, detail="the answer is no JSON object")
    if isinstance(tree.get("services"), list):
        return RdapReply(status=200, servers=_servers(tree["services"], about))
    if tree.get("objectClassName") != "domain":
        return Failed(kind=FailureKind.MALFORMED, detail="the answer is not about a domain")
    if not _is_about(tree.get("ldhName", about), about):
        return Failed(kind=FailureKind.MALFORMED, detail="the answer is about another domain")
    return RdapReply(
        status=200,
        states=tuple(text.lower() for text in _texts(tree.get("status"))),
        events=_events(tree.get("events")),
        registrar=_registrar(tree.get("entities")),
        name_servers=_name_servers(tree.get("nameservers")),
        signed=_signed(tree.get("secureDNS")),
    )


def _is_about(name: object, about: str) -> bool:
    return isinstance(name, str) and name.rstrip(".").lower() == about.rstrip(".").lower()


def _servers(services: list[Any], about: str) -> tuple[str, ...]:
    """The base URLs for the longest zone in the list that `about` is in (RFC 9224, section 4)."""
    labels = about.rstrip(".").lower().split(".")
    zones = {".".join(labels[start:]): len(labels) - start for start in range(len(labels))}
    best: tuple[int, tuple[str, ...]] = (0, ())
    for service in services:
        if not isinstance(service, list) or len(service) != 2:
            continue
        entries, urls = service
        if not isinstance(entries, list) or not isinstance(urls, list):
            continue
        known = [zones.get(entry.lower(), 0) for entry in entries if isinstance(entry, str)]
        length = max(known, default=0)
        if length > best[0]:
            best = length, _texts(urls)
    return best[1]


def _items(value: object) -> list[Any]:
    return value[:MOST_ITEMS] if isinstance(value, list) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(clean(text, _LONGEST) for text in _items(value) if isinstance(text, str))


def _events(value: object) -> tuple[tuple[str, str], ...]:
    pairs = (
        (one.get("eventAction"), one.get("eventDate"))
        for one in _items(value)
        if isinstance(one, dict)
    )
    return tuple(
        (clean(action.lower(), 100), clean(date, 100))
        for action, date in pairs
        if isinstance(action, str) and isinstance(date, str)
    )


def _registrar(value: object) -> str:
    """The formatted name in the registrar's jCard (RFC 7095)."""
    for one in _items(value):
        if isinstance(one, dict) and "registrar" in _texts(one.get("roles")):
            card = one.get("vcardArray")
            for line in _items(card[1] if isinstance(card, list) and len(card) > 1 else None):
                if isinstance(line, list) and len(line) > 3 and line[0] == "fn":
                    return clean(line[3], _LONGEST) if isinstance(line[3], str) else ""
    return ""


def _name_servers(value: object) -> tuple[str, ...]:
    names = (one.get("ldhName") for one in _items(value) if isinstance(one, dict))
    return tuple(clean(name.lower(), 255) for name in names if isinstance(name, str))


def _signed(value: object) -> bool | None:
    told = value.get("delegationSigned") if isinstance(value, dict) else None
    return told if isinstance(told, bool) else None
