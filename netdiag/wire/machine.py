"""Looks at this machine: name look-up, source address, interfaces, routes, neighbours.

No packet leaves for a destination of netdiag's: a look-up makes the operating system ask its own
resolvers, and a UDP connect only makes it choose a route.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator

from netdiag.network import Sent
from netdiag.outcomes import (
    Failed,
    FailureKind,
    Interface,
    Interfaces,
    Neighbour,
    Neighbours,
    Outcome,
    Route,
    Routes,
    SourceAddress,
    SystemAddresses,
)
from netdiag.requests import (
    ReadInterfaces,
    ReadNeighbours,
    ReadRoutes,
    SelectSource,
    SystemLookup,
)
from netdiag.text import clean
from netdiag.wire import failures, netlink, sockets

LOOKUP_TIMEOUT = 5.0
MOST = 2000
"""Routes, neighbours, interfaces or addresses kept; a router with a full table has a million."""

DISCARD = 9

_NAME_UNKNOWN = {socket.EAI_NONAME}
_NO_ADDRESS = {
    getattr(socket, name) for name in ("EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
}

# linux/if.h, linux/if_link.h, linux/if_arp.h
_IFF_UP, _IFF_LOOPBACK, _IFF_LOWER_UP = 0x1, 0x8, 0x10000
_IFLA_IFNAME, _IFLA_MTU, _IFLA_LINKINFO, _IFLA_INFO_KIND = 3, 4, 18, 1
_TUNNEL_TYPES = {768, 769, 776, 778, 823, 65534}  # ipip, ip6ip6, sit, gre, ip6gre, none
_TUNNEL_KINDS = {b"tun", b"wireguard", b"xfrm", b"vti", b"vti6", b"gretap", b"ip6gretap"}
_IFA_ADDRESS, _IFA_LOCAL, _IFA_FLAGS = 1, 2, 8
_IFA_F_DADFAILED = 0x08

# linux/rtnetlink.h
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_MULTIPATH, _RTA_VIA = 1, 4, 5, 6, 9, 18
_TABLE_MAIN = 254
_ROUTE_KINDS = {1: "unicast", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_EVERYTHING = {4: ipaddress.IPv4Address(0), 6: ipaddress.IPv6Address(0)}
_NEXT_HOP = struct.Struct("=HBBi")

# linux/neighbour.h
_NDA_DST, _NDA_LLADDR = 1, 2
_LONGEST_LINK = 20
"""Octets of the longest hardware address, InfiniBand's."""

_STATES = {
    0x01: "incomplete",
    0x02: "reachable",
    0x04: "stale",
    0x08: "delay",
    0x10: "probe",
    0x20: "failed",
    0x80: "permanent",
}


async def look_up(request: SystemLookup) -> Sent:
    """The addresses that getaddrinfo(3) gives, in its order."""
    try:
        async with asyncio.timeout(LOOKUP_TIMEOUT):
            found = await _in_thread(lambda: _addresses(request.name))
    except TimeoutError:
        detail = f"no answer within {LOOKUP_TIMEOUT:g} s"
        return Sent(Failed(kind=FailureKind.TIMEOUT, detail=detail))
    return Sent(found)


def _addresses(name: str) -> Outcome:
    try:
        # As octets, the name is not run through Python's own, outdated, IDNA.
        found = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return _lookup_failure(error)
    except (OSError, UnicodeError) as error:
        return Failed(kind=FailureKind.LOOKUP_FAILED, detail=clean(str(error), 200))
    addresses = dict.fromkeys(clean(str(entry[4][0]), 100) for entry in found[:MOST])
    return SystemAddresses(addresses=tuple(addresses))


def _lookup_failure(error: socket.gaierror) -> Outcome:
    if error.errno in _NO_ADDRESS:
        return SystemAddresses(addresses=())
    unknown = error.errno in _NAME_UNKNOWN
    kind = FailureKind.NAME_UNKNOWN if unknown else FailureKind.LOOKUP_FAILED
    return Failed(kind=kind, detail=clean(str(error.strerror), 200))


async def _in_thread(work: Callable[[], Outcome]) -> Outcome:
    """Run `work` in a thread that nobody waits for at the end of the program.

    A look-up cannot be stopped, and the threads of an executor are joined at exit.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Outcome] = loop.create_future()

    def finish(outcome: Outcome) -> None:
        if not done.done():
            done.set_result(outcome)

    def run() -> None:
        outcome = work()
        if not loop.is_closed():
            loop.call_soon_threadsafe(finish, outcome)

    threading.Thread(target=run, daemon=True).start()
    return await done


def select_source(request: SelectSource) -> Sent:
    """The source address that the kernel chooses; connecting a UDP socket sends nothing."""
    with sockets.make(request.address, socket.SOCK_DGRAM) as sock:
        sock.connect(sockets.socket_address(request.address, DISCARD))
        return Sent(SourceAddress(address=str(sock.getsockname()[0])))


def read_interfaces(request: ReadInterfaces) -> Sent:
    """Every link with the addresses of both families."""
    return _observe("network interfaces", _interfaces)


def _interfaces() -> Outcome:
    links = netlink.dump(netlink.GET_LINK)[:MOST]
    addresses: dict[int, list[str]] = {}
    duplicates: dict[int, list[str]] = {}
    for message in netlink.dump(netlink.GET_ADDRESS)[:MOST]:
        _, prefix, _, _, index = struct.unpack_from("=BBBBI", message.fixed)
        # On a point-to-point link IFA_ADDRESS is the peer's and IFA_LOCAL one's own.
        own = message.address(_IFA_LOCAL) or message.address(_IFA_ADDRESS)
        if own:
            addresses.setdefault(index, []).append(f"{own}/{prefix}")
        if own and message.number(_IFA_FLAGS) & _IFA_F_DADFAILED:
            duplicates.setdefault(index, []).append(f"{own}/{prefix}")
    return Interfaces(interfaces=tuple(_interface(one, addresses, duplicates) for one in links))


def _interface(
    link: netlink.Message, addresses: dict[int, list[str]], duplicates: dict[int, list[str]]
) -> Interface:
    _, _, hardware, index, flags, _ = struct.unpack_from("=BBHiII", link.fixed)
    info = netlink.attributes(link.attributes.get(_IFLA_LINKINFO, b""))
    up = bool(flags & _IFF_UP)
    return Interface(
        name=_name(link.attributes.get(_IFLA_IFNAME, b"")),
        up=up,
        # The carrier of a link that is switched off is not looked at by its driver.
        carrier=bool(flags & _IFF_LOWER_UP) if up else None,
        loopback=bool(flags & _IFF_LOOPBACK),
        mtu=link.number(_IFLA_MTU),
        addresses=tuple(addresses.get(index, ())),
        tunnel=hardware in _TUNNEL_TYPES
        or info.get(_IFLA_INFO_KIND, b"").rstrip(b"\0") in _TUNNEL_KINDS,
        duplicates=tuple(duplicates.get(index, ())),
    )


def _name(raw: bytes) -> str:
    return clean(raw.rstrip(b"\0"), 64)


def read_routes(request: ReadRoutes) -> Sent:
    """The routes of the main table, default routes first; policy rules are not read."""
    return _observe("the routing table", lambda: _all_routes(request.family))


def _all_routes(family: int) -> Outcome:
    names = _device_names()
    routes = [
        route
        for message in netlink.dump(netlink.GET_ROUTE, family)
        for route in _routes(message, family, names)
    ]
    routes.sort(key=lambda route: (not route.destination.endswith("/0"), route.metric))
    return Routes(routes=tuple(routes[:MOST]))


def _device_names() -> dict[int, str]:
    return {
        struct.unpack_from("=i", link.fixed, 4)[0]: _name(link.attributes.get(_IFLA_IFNAME, b""))
        for link in netlink.dump(netlink.GET_LINK)
    }


def _routes(message: netlink.Message, family: int, names: dict[int, str]) -> Iterator[Route]:
    _, length, _, _, table, _, _, kind = struct.unpack_from("=8B", message.fixed)
    if table != _TABLE_MAIN or kind not in _ROUTE_KINDS:
        return
    address = message.address(_RTA_DST) or str(_EVERYTHING[family])
    try:
        destination = str(ipaddress.ip_network(f"{address}/{length}", strict=False))
    except ValueError:
        return
    hops = list(_next_hops(message.attributes.get(_RTA_MULTIPATH, b"")))
    for hop in hops or [message]:
        yield Route(
            destination=destination,
            gateway=hop.address(_RTA_GATEWAY) or _via(hop) or None,
            device=names.get(hop.number(_RTA_OIF), ""),
            metric=message.number(_RTA_PRIORITY),
            kind=_ROUTE_KINDS[kind],
        )


def _via(hop: netlink.Message) -> str:
    """The gateway of a route whose gateway is of the other family (RFC 5549)."""
    return netlink.address_of(hop.attributes.get(_RTA_VIA, b"")[2:])


def _next_hops(data: bytes) -> Iterator[netlink.Message]:
    """The members of a multipath route, each made to look like a route of its own."""
    while len(data) >= _NEXT_HOP.size:
        length, _, _, index = _NEXT_HOP.unpack_from(data)
        if length < _NEXT_HOP.size:
            return
        found = netlink.attributes(data[_NEXT_HOP.size : length])
        yield netlink.Message(b"", found | {_RTA_OIF: struct.pack("=i", index)})
        data = data[(length + 3) & ~3 :]


def read_neighbours(request: ReadNeighbours) -> Sent:
    """Both families' neighbours with the kernel's state of each."""
    return _observe("the neighbour table", _neighbours)


def _neighbours() -> Outcome:
    names = _device_names()
    found = []
    for message in netlink.dump(netlink.GET_NEIGHBOUR)[:MOST]:
        _, _, _, index, state, _, _ = struct.unpack_from("=BBHiHBB", message.fixed)
        address = message.address(_NDA_DST)
        if address and state in _STATES:
            device = names.get(index, "")
            found.append(
                Neighbour(
                    address=address,
                    device=device,
                    state=_STATES[state],
                    link_address=message.attributes.get(_NDA_LLADDR, b"")[:_LONGEST_LINK].hex(":"),
                )
            )
    return Neighbours(neighbours=tuple(found))


def _observe(what: str, read: Callable[[], Outcome]) -> Sent:
    """What the kernel lets `read` see; one that cannot be asked tells nothing of the network."""
    why = f"reading it is not implemented for {sys.platform}"
    if sys.platform == "linux":
        try:
            return Sent(read())
        except OSError as error:
            why = failures.from_error(error).detail
    return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=f"{what}: {why}"))
