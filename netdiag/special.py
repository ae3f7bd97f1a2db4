"""Addresses that are not the whole Internet's: what each is kept for, and what hides in others.

The blocks are those of IANA's registries of special-purpose addresses (RFC 6890), with multicast,
what IANA has not given out, and the well-known places of cloud metadata. An IPv6 address that
embeds an IPv4 address leads where that one leads.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache, lru_cache
from ipaddress import IPv4Address, IPv6Address

from netdiag.lazy import dataclass


class Kind(Enum):
    """What an address is kept for, as an adjective or noun before "address"."""

    PRIVATE = "private"
    SHARED = "carrier-internal"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    METADATA = "cloud metadata"
    DOCUMENTATION = "documentation"
    BENCHMARK = "benchmark"
    MULTICAST = "multicast"
    BROADCAST = "broadcast"
    UNSPECIFIED = "unspecified"
    RESERVED = "reserved"


NEVER = frozenset({Kind.MULTICAST, Kind.BROADCAST, Kind.UNSPECIFIED})
"""Nobody's address: whoever names it, a request to it has no one peer."""


@dataclass(frozen=True, slots=True)
class Special:
    """Why an address is not public. `inner` is the IPv4 address in it that decides."""

    kind: Kind
    block: str
    source: str
    inner: str = ""

    @property
    def words(self) -> str:
        """What it is, to stand after "is a"."""
        inside = f" ({self.inner} in it)" if self.inner else ""
        return f"{self.kind.value} address{inside}"


_P, _R = Kind.PRIVATE, Kind.RESERVED
_BLOCKS: tuple[tuple[str, Kind | None, str], ...] = (
    ("0.0.0.0/8", Kind.UNSPECIFIED, "RFC 791, section 3.2"),
    ("10.0.0.0/8", _P, "RFC 1918"),
    ("100.64.0.0/10", Kind.SHARED, "RFC 6598"),
    ("127.0.0.0/8", Kind.LOOPBACK, "RFC 1122, section 3.2.1.3"),
    ("169.254.0.0/16", Kind.LINK_LOCAL, "RFC 3927"),
    ("172.16.0.0/12", _P, "RFC 1918"),
    ("192.0.0.0/24", _R, "RFC 6890, section 2.1"),
    ("192.0.0.9/32", None, "RFC 7723"),
    ("192.0.0.10/32", None, "RFC 8155"),
    ("192.0.2.0/24", Kind.DOCUMENTATION, "RFC 5737"),
    ("192.88.99.0/24", _R, "RFC 7526"),
    ("192.168.0.0/16", _P, "RFC 1918"),
    ("198.18.0.0/15", Kind.BENCHMARK, "RFC 2544"),
    ("198.51.100.0/24", Kind.DOCUMENTATION, "RFC 5737"),
    ("203.0.113.0/24", Kind.DOCUMENTATION, "RFC 5737"),
    ("224.0.0.0/4", Kind.MULTICAST, "RFC 5771"),
    ("240.0.0.0/4", _R, "RFC 1112, section 4"),
    ("255.255.255.255/32", Kind.BROADCAST, "RFC 919, section 7"),
    ("::/0", _R, "IANA: outside of global unicast space"),
    ("2000::/3", None, "RFC 4291, section 2.4"),
    ("::/128", Kind.UNSPECIFIED, "RFC 4291, section 2.5.2"),
    ("::1/128", Kind.LOOPBACK, "RFC 4291, section 2.5.3"),
    ("64:ff9b::/96", None, "RFC 6052"),
    ("64:ff9b:1::/48", _P, "RFC 8215"),
    ("100::/64", _R, "RFC 6666"),
    ("100:0:0:1::/64", _R, "RFC 9780"),
    ("2001::/23", _R, "RFC 2928"),
    ("2001::/32", None, "RFC 4380"),
    ("2001:1::1/128", None, "RFC 7723"),
    ("2001:1::2/128", None, "RFC 8155"),
    ("2001:1::3/128", None, "RFC 9665"),
    ("2001:2::/48", Kind.BENCHMARK, "RFC 5180"),
    ("2001:3::/32", None, "RFC 7450"),
    ("2001:4:112::/48", None, "RFC 7535"),
    ("2001:20::/28", None, "RFC 7343"),
    ("2001:30::/28", None, "RFC 9374"),
    ("2001:db8::/32", Kind.DOCUMENTATION, "RFC 3849"),
    ("2002::/16", None, "RFC 3056"),
    ("3fff::/20", Kind.DOCUMENTATION, "RFC 9637"),
    ("5f00::/16", _R, "RFC 9602"),
    ("fc00::/7", _P, "RFC 4193"),
    ("fe80::/10", Kind.LINK_LOCAL, "RFC 4291, section 2.5.6"),
    ("fec0::/10", _P, "RFC 3879"),
    ("ff00::/8", Kind.MULTICAST, "RFC 4291, section 2.7"),
    # Where clouds let a machine read its own credentials, in blocks of any kind.
    ("169.254.169.254/32", Kind.METADATA, "all large clouds' documentation"),
    ("169.254.170.2/32", Kind.METADATA, "Amazon ECS's documentation"),
    ("169.254.170.23/32", Kind.METADATA, "Amazon EKS's documentation"),
    ("fd00:ec2::254/128", Kind.METADATA, "Amazon EC2's documentation"),
    ("fd00:ec2::23/128", Kind.METADATA, "Amazon EKS's documentation"),
    ("fd20:ce::254/128", Kind.METADATA, "Google Cloud's documentation"),
    ("fd00:42::42/128", Kind.METADATA, "Scaleway's documentation"),
    ("100.100.100.200/32", Kind.METADATA, "Alibaba Cloud's documentation"),
    ("192.0.0.192/32", Kind.METADATA, "Oracle Cloud's documentation"),
    ("168.63.129.16/32", Kind.METADATA, "Microsoft Azure's documentation"),
)
"""Prefix, kind (None: reachable from everywhere) and source; the longest prefix that fits counts.

What IANA's IPv6 registry calls neither reachable nor not (Teredo, 6to4) is judged by the addresses
that are embedded."""

_COMPATIBLE = ipaddress.IPv6Network("::/96")
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LAST_32_BITS = (_COMPATIBLE, _MAPPED, _TRANSLATED, _NAT64)
"""RFC 4291, section 2.5.5; RFC 2765, section 2.1; RFC 6052, section 2.1."""

_ISATAP = {0x00005EFE, 0x02005EFE}
"""The first half of the interface identifier (RFC 5214, section 6.1)."""


@lru_cache(1 << 12)
def special(address: str) -> Special | None:
    """Why `address` is not public; None where it is. Raises ValueError for what is no address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    own = _in_its_block(ip)
    if isinstance(ip, IPv6Address) and not (own and own.kind is not Kind.RESERVED):
        for inner in _embedded(ip):
            if found := _in_its_block(inner):
                return Special(found.kind, found.block, found.source, inner=str(inner))
    return own


def described(address: str) -> str:
    """The address, with what it is where it is not public."""
    found = special(address)
    return f"{address} (a {found.words})" if found else address


def kinds_of(addresses: Iterable[str]) -> frozenset[Kind]:
    """The kinds of network that somebody who names these addresses is in."""
    found = (special(address) for address in addresses)
    return frozenset(one.kind for one in found if one) - NEVER - {Kind.METADATA}


def _in_its_block(ip: IPv4Address | IPv6Address) -> Special | None:
    for network, kind, source in _longest_first():
        if network.version == ip.version and ip in network:
            return Special(kind, str(network), source) if kind else None
    return None


@cache
def _longest_first() -> tuple[
    tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, Kind | None, str], ...
]:
    blocks = [(ipaddress.ip_network(prefix), kind, source) for prefix, kind, source in _BLOCKS]
    return tuple(sorted(blocks, key=lambda block: -block[0].prefixlen))


def _embedded(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that a packet to `ip` may end up at."""
    number = int(ip)
    if any(ip in network for network in _LAST_32_BITS) and number > 1:
        yield IPv4Address(number & 0xFFFFFFFF)
    if ip.sixtofour:
        yield ip.sixtofour
    if ip.teredo:
        yield from ip.teredo
    if number >> 32 & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(number & 0xFFFFFFFF)
