"""Packets crafted whole, for raw sockets: scapy as a codec, and nothing else of it.

On import scapy makes folders for its caches and asks the kernel for interfaces and routes. A
read-only tool does neither, so both are kept from it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from netdiag.lazy import dataclass
from netdiag.wire import sockets

MSS = 1460
"""The segment size that a crafted SYN offers: Ethernet's, which clamping routers lower."""

_FOLDERS = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")


def load() -> None:
    """Import the codec, which takes a while: best before any packet is waited for."""
    _layers()


def udp(
    ends: tuple[str, str], ports: tuple[int, int], *, ttl: int, number: int, payload: bytes
) -> bytes:
    """A UDP datagram with its IP header; `number` is the identification of an IPv4 one."""
    layers = _layers()
    return bytes(_ip(ends, ttl, number) / layers.UDP(sport=ports[0], dport=ports[1]) / payload)


def tcp_syn(ends: tuple[str, str], ports: tuple[int, int], *, ttl: int, number: int) -> bytes:
    """A SYN with its IP header. `number` is in the upper half of its sequence number, so that
    the answer, which acknowledges that, tells it too."""
    layers = _layers()
    segment = layers.TCP(
        sport=ports[0],
        dport=ports[1],
        seq=number << 16,
        flags="S",
        options=[("MSS", MSS)],
    )
    return bytes(_ip(ends, ttl, number) / segment)


def _ip(ends: tuple[str, str], ttl: int, number: int) -> Any:
    layers = _layers()
    source, destination = (end.partition("%")[0] for end in ends)
    if sockets.family(destination) == 6:
        return layers.IPv6(src=source, dst=destination, hlim=ttl)
    return layers.IP(src=source, dst=destination, ttl=ttl, id=number, flags="DF")


@dataclass(frozen=True, slots=True)
class _Layers:
    IP: Any
    IPv6: Any
    TCP: Any
    UDP: Any


@cache
def _layers() -> _Layers:
    with _quiet():
        from scapy.layers import inet, inet6

    return _Layers(inet.IP, inet6.IPv6, inet.TCP, inet.UDP)


@contextmanager
def _quiet() -> Iterator[None]:
    from unittest.mock import patch

    nowhere = dict.fromkeys(_FOLDERS, os.devnull)
    with patch.dict(os.environ, nowhere):
        from scapy import interfaces
        from scapy.config import conf

        conf.route_autoload = conf.route6_autoload = False
        with patch.object(interfaces.NetworkInterfaceDict, "reload", lambda _: None):
            yield
