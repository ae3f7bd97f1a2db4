"""The routes of a healthy internet, computed from its links: shortest paths, symmetric."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab import topology
from tests.lab.topology import LINKS, Link


@dataclass(frozen=True, slots=True)
class Route:
    """`prefix` is reached through the neighbour's address `via`."""

    prefix: str
    via: str

    @property
    def command(self) -> str:
        return f"route replace {self.prefix} via {self.via}"


def routes(node: str) -> Iterator[Route]:
    """What `node` has to know beyond its own subnets."""
    if node in topology.STUBS or node in topology.DEFAULT_ONLY:
        neighbour = topology.DEFAULT_ONLY.get(node) or _router(node)
        gateway = topology.towards(node, neighbour)
        yield Route("default", gateway.v4)
        yield Route("default", gateway.v6)
    if node in topology.ROUTERS:
        yield from _to_others(node)


def _router(node: str) -> str:
    link = next(link for link in LINKS if any(e.node == node for e in link.ends))
    return link.ends[0].node


def _to_others(node: str) -> Iterator[Route]:
    hops = _next_hops(node)
    default = topology.DEFAULT_ONLY.get(node)
    for owner, prefix in _prefixes(node, hops):
        if hops[owner] != default:
            gateway = topology.towards(node, hops[owner])
            yield Route(prefix, gateway.v6 if ":" in prefix else gateway.v4)


def _prefixes(node: str, hops: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each prefix that is not `node`'s own, with the nearest machine that has it.

    A home network's private IPv4 prefix is its own affair.
    """
    nearest = list(hops)
    for link in LINKS:
        members = [end.node for end in link.ends]
        if node not in members:
            owner = min(members, key=nearest.index)
            if not link.v4.startswith("192.168."):
                yield owner, link.prefixes.v4
            yield owner, link.prefixes.v6
    for owner, addresses in topology.LOOPBACKS.items():
        yield from ((owner, address) for address in addresses)


def _next_hops(start: str) -> dict[str, str]:
    """For every other machine, nearest first, the neighbour of `start` on the way to it."""
    reached: dict[str, str] = {}
    queue = [(0, start, "")]
    while queue:
        cost, node, first = heapq.heappop(queue)
        if node in reached or (node == start and cost):
            continue
        if node != start:
            reached[node] = first
        if node == start or node in topology.ROUTERS:
            for link, other in _neighbours(node):
                if other != start and other not in reached:
                    heapq.heappush(queue, (cost + link.cost, other, first or other))
    return reached


def _neighbours(node: str) -> Iterator[tuple[Link, str]]:
    for link in LINKS:
        members = [end.node for end in link.ends]
        if node in members:
            yield from ((link, other) for other in members if other != node)
