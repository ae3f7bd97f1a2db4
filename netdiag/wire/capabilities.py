"""What this platform and user let netdiag see: a missing fact then reads "not observable here"."""

from __future__ import annotations

import socket
import sys

from netdiag.network import Sent
from netdiag.outcomes import Abilities
from netdiag.wire import errqueue, icmp_windows, netlink


def read_abilities() -> Sent:
    """The abilities that are present."""
    return Sent(Abilities(present=tuple(name for name, able in capabilities().items() if able)))


def capabilities() -> dict[str, bool]:
    """Each ability, tried out without sending a packet."""
    linux = sys.platform == "linux"
    return {
        "error_queue": linux and _option(errqueue.SOL_IP, errqueue.IP_RECVERR),
        "datagram_icmp": _opens(socket.SOCK_DGRAM, socket.IPPROTO_ICMP),
        "icmp_hops": _hears_of_hops(linux=linux),
        "raw_sockets": _opens(socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "kernel_timestamps": linux and _option(socket.SOL_SOCKET, errqueue.SO_TIMESTAMPNS),
        "arrival_ttl": linux and _option(errqueue.SOL_IP, errqueue.IP_MINTTL),
        "ipv6": _opens(socket.SOCK_DGRAM, 0, socket.AF_INET6),
        "routes": _dumps(netlink.GET_ROUTE),
        "neighbours": _dumps(netlink.GET_NEIGHBOUR),
    }


def _hears_of_hops(*, linux: bool) -> bool:
    """Whether echo requests that end on the way tell by whom."""
    datagram = _opens(socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    if linux:
        return datagram or _opens(socket.SOCK_RAW, socket.IPPROTO_ICMP)
    return icmp_windows.available() or (sys.platform == "darwin" and datagram)


def _opens(kind: int, protocol: int, family: int = socket.AF_INET) -> bool:
    try:
        socket.socket(family, kind, protocol).close()
    except OSError:
        return False
    return True


def _option(level: int, option: int) -> bool:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            sock.setsockopt(level, option, 1)
    except OSError:
        return False
    return True


def _dumps(what: int) -> bool:
    if sys.platform != "linux":
        return False
    try:
        netlink.dump(what)
    except OSError:
        return False
    return True
