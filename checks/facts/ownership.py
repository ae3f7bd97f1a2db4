"""Whose a router on the path is.

The rule, in this order:
1. the target's own address: the host;
2. a network that the configuration names: its owner;
3. the first hop: the customer's network, and so are private addresses (RFC 1918, 4193, link-local)
   before the first public one;
4. shared address space (RFC 6598), and the first public address behind the customer's network:
   the access ISP;
5. an address in the target's own /24 or /64 or in the AS that announces the target, and the router
   right before the target where the path shows it: the hosting network;
6. else transit: a network between.

Where a source of networks is configured, the AS and its name go with the words.
"""

from __future__ import annotations

import ipaddress

from checks.facts.path import Hop, Path
from netdiag.lazy import dataclass
from netdiag.model import Brief, Owner

SHARED = ipaddress.ip_network("100.64.0.0/10")


@dataclass(frozen=True, slots=True)
class Place:
    """A router or host: its address, the name of its network and who runs it."""

    address: str
    network: str
    owner: Owner

    def __str__(self) -> str:
        return f"{self.address} ({self.network})"


def lan_of(address: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The /24 or /64 around `address`: the most likely size of one LAN."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ipaddress.ip_network((ip, 24 if ip.version == 4 else 64), strict=False)


def same_lan(one: str, other: str) -> bool:
    return lan_of(one) == lan_of(other)


def place_of(brief: Brief, address: str, target: str, path: Path | None = None) -> Place:
    """Whose `address`, met on the way to `target`, is. `path` tells how near it is."""
    if address == target:
        return Place(address, "the host itself", Owner.HOST)
    known = brief.network_of(address)
    if known:
        return Place(address, known.name, known.owner)
    words, owner = _near(address, path) or ("a network between", Owner.TRANSIT)
    if owner is Owner.TRANSIT and (
        same_lan(address, target) or _next_to_target(address, path) or _of_target(address, path)
    ):
        words, owner = "the network of the host", Owner.HOSTING_NETWORK
    told = path.network_of(address) if path else None
    return Place(address, f"{told}, {words}" if told else words, owner)


def _of_target(address: str, path: Path | None) -> bool:
    """Whether the AS that announces the target is the router's too."""
    here = path.network_of(address) if path else None
    end = path.network_of(path.address) if path else None
    return bool(here and end and set(here.asns) & set(end.asns))


def _next_to_target(address: str, path: Path | None) -> bool:
    end = path.reached if path else None
    before = path.at(end.ttl - 1) if path and end else None
    return before is not None and before.sender == address


def place_after(brief: Brief, hop: Hop, path: Path, others: tuple[Path, ...]) -> Place:
    """Whose the next router after `hop` of `path` would be: `hop` is the last that answered.

    The next router is known where another path runs through the same hop, or through the same
    network at the same TTL in the other address family, and goes on. Where none does, it is
    taken to be in the network of `hop`, which handed the packet on or should have done so.
    """
    sender = hop.sender or path.address
    here = place_of(brief, sender, path.address, path)
    for other in others:
        same = other.at(hop.ttl)
        beyond = other.at(hop.ttl + 1)
        if not (same and same.sender and beyond and beyond.sender):
            continue
        if same.sender == sender or _same_network(brief, (path, *others), same.sender, sender):
            after = place_of(brief, beyond.sender, other.address, other)
            return Place(here.address, f"{here.network}, next {after}", after.owner)
    return here


def _same_network(brief: Brief, paths: tuple[Path, ...], one: str, other: str) -> bool:
    known = brief.network_of(one)
    if known is not None:
        return known == brief.network_of(other)
    told = {path.network_of(address) for path in paths for address in (one, other)}
    asns = {origin.address: set(origin.asns) for origin in told if origin}
    return bool(asns.get(one, set()) & asns.get(other, set()))


def _near(address: str, path: Path | None) -> tuple[str, Owner] | None:
    """Owner of a hop on this side of the public Internet, as far as the path from here tells."""
    if _is_shared(address):
        return "the access provider's network", Owner.ACCESS_ISP
    hops = path.routers if path else ()
    inner = 0
    for hop in hops:
        if not _inside(hop):
            follows = inner and hop.sender == address and hop.ttl == inner + 1
            return ("the access provider's network", Owner.ACCESS_ISP) if follows else None
        if hop.sender == address:
            return "the local network", Owner.CUSTOMER_NETWORK
        inner = hop.ttl
    private = ipaddress.ip_address(address.partition("%")[0]).is_private
    return ("the local network", Owner.CUSTOMER_NETWORK) if private else None


def _inside(hop: Hop) -> bool:
    ip = ipaddress.ip_address((hop.sender or "").partition("%")[0])
    return hop.ttl == 1 or (ip.is_private and not _is_shared(str(ip)))


def _is_shared(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.version == 4 and ip in SHARED
