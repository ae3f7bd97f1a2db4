"""Where iteration starts: the root servers' addresses, built in or from a hints file."""

from __future__ import annotations

import ipaddress

from netdiag.model import RootServer
from netdiag.text import clean

_ADDRESSES = {
    "a": ("198.41.0.4", "2001:503:ba3e::2:30"),
    "b": ("170.247.170.2", "2801:1b8:10::b"),
    "c": ("192.33.4.12", "2001:500:2::c"),
    "d": ("199.7.91.13", "2001:500:2d::d"),
    "e": ("192.203.230.10", "2001:500:a8::e"),
    "f": ("192.5.5.241", "2001:500:2f::f"),
    "g": ("192.112.36.4", "2001:500:12::d0d"),
    "h": ("198.97.190.53", "2001:500:1::53"),
    "i": ("192.36.148.17", "2001:7fe::53"),
    "j": ("192.58.128.30", "2001:503:c27::2:30"),
    "k": ("193.0.14.129", "2001:7fd::1"),
    "l": ("199.7.83.42", "2001:500:9f::42"),
    "m": ("202.12.27.33", "2001:dc3::35"),
}
"""The letters of root-servers.net, from IANA's named.root (version 2023112702 and later)."""

ROOT_SERVERS: tuple[RootServer, ...] = tuple(
    RootServer(f"{letter}.root-servers.net.", address)
    for letter, pair in _ADDRESSES.items()
    for address in pair
)


class BadHintsError(ValueError):
    """A hints file without a usable root server; the message names the line or what is missing."""


def parse_hints(text: str) -> tuple[RootServer, ...]:
    """The root servers of a file in named.root format (RFC 1035, section 5; IANA's own file).

    Raises `BadHintsError` with one sentence.
    """
    names: set[str] = set()
    found: list[RootServer] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition(";")[0].lower().split()
        if not words:
            continue
        owner, rtype, value = _fields(words, number)
        if rtype == "ns" and owner == ".":
            names.add(_absolute(value))
        elif rtype in {"a", "aaaa"}:
            found.append(RootServer(_absolute(owner), _address(value, rtype, number)))
    servers = tuple(server for server in found if server.name in names)
    if not servers:
        raise BadHintsError("root hints: no NS record of the root with an address in the file")
    return servers


def _fields(words: list[str], number: int) -> tuple[str, str, str]:
    """Owner, type and value; TTL and class are optional and in any order."""
    owner, *rest = words
    while rest and (rest[0].isdigit() or rest[0] == "in"):
        rest = rest[1:]
    if len(rest) != 2:
        raise BadHintsError(f"root hints, line {number}: not a record like `. 3600000 NS name`")
    return owner, rest[0], rest[1]


def _address(text: str, rtype: str, number: int) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise BadHintsError(f"root hints, line {number}: {text[:60]!r} is no address") from None
    if "%" in text:
        raise BadHintsError(f"root hints, line {number}: {text[:60]!r} is an address of one link")
    if address.version != (4 if rtype == "a" else 6):
        raise BadHintsError(f"root hints, line {number}: {text} does not fit {rtype.upper()}")
    return str(address)


def _absolute(name: str) -> str:
    return clean(name if name.endswith(".") else name + ".", 1100)
