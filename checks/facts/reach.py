"""How far this machine gets towards each address of the target.

Every asked port is tried first. More is asked only where something did not connect, and what more
follows from the outcomes alone:

- nothing connected: echo, a few control ports, and the path over UDP and to the silent port;
- a reset and nothing connected: with which TTL resets and other answers arrive;
- nothing at all from the host: the path to its LAN's first address, the control that tells a dead
  host from a path that ends before its network;
- one port silent beside an open one: the path to the silent port.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from checks.facts.addresses import target_addresses
from checks.facts.ownership import lan_of, same_lan
from checks.facts.path import Path, is_address, named, path_to
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import (
    ArrivalTtl,
    Connected,
    EchoReply,
    Failed,
    FailureKind,
    IcmpError,
    Reset,
    SourceAddress,
    Unreachable,
)
from netdiag.requests import Echo, SelectSource, TcpArrivalTtl, TcpConnect

CONTROL_PORTS = (22, 80, 443, 25, 53, 587)
"""Ports that answer on many hosts, with a reset where nothing listens; used as controls only."""

MOST_CONTROLS = 4
MOST_ADDRESSES = 6
"""Of one family: enough for every usual round robin, few enough for the time and the budget."""

MAIL_PORT = 25
INITIAL_TTLS = (64, 128, 255)
"""What systems set; with fewer hops than 64 to cross, the arrival TTL tells which and how many."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port and what asking it gave."""

    number: int
    seen: Observation

    @property
    def connected(self) -> bool:
        return isinstance(self.seen.outcome, Connected)

    @property
    def reset(self) -> bool:
        return isinstance(self.seen.outcome, Reset)

    @property
    def silent(self) -> bool:
        """Nothing came back in all the time given."""
        outcome = self.seen.outcome
        return isinstance(outcome, Failed) and outcome.kind is FailureKind.TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What is known of one address. `source` is this machine's address towards it."""

    address: str
    source: str
    asked: tuple[Port, ...] = ()
    controls: tuple[Port, ...] = ()
    arrivals: tuple[Port, ...] = ()
    echo: Observation | None = None
    paths: tuple[Path, ...] = ()
    beside: Path | None = None

    @property
    def family(self) -> int:
        return family_of(self.address)

    @property
    def works(self) -> bool:
        """At least one asked port accepts connections."""
        return any(port.connected for port in self.asked)

    @property
    def observed(self) -> bool:
        """At least one asked port was really tried."""
        return any(not _ours(port.seen) for port in self.asked)

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        """Everything that was asked about this address, paths last."""
        seen = [port.seen.id for port in (*self.asked, *self.controls, *self.arrivals)]
        seen += [self.echo.id] if self.echo else []
        paths = [number for path in self.paths for number in path.evidence]
        return (*seen, *paths, *(self.beside.evidence if self.beside else ()))

    @property
    def followed(self) -> bool:
        """More was asked than the asked ports."""
        return bool(self.echo or self.controls or self.paths)

    @property
    def tried(self) -> tuple[ObservationId, ...]:
        """The asked ports alone."""
        return tuple(port.seen.id for port in self.asked)

    @property
    def answer(self) -> ObservationId | None:
        """An observation in which the host itself answered, the surest kind first."""
        ports = (*self.asked, *self.controls)
        said = [port.seen.id for port in ports if port.connected]
        said += [self.echo.id] if self.echo and isinstance(self.echo.outcome, EchoReply) else []
        said += [p.reached.evidence[-1] for p in self.paths if p.reached]
        said += [port.seen.id for port in ports if self._from_host(port.seen)]
        said += [port.seen.id for port in ports if port.reset]
        return said[0] if said else None

    @property
    def errors(self) -> tuple[tuple[IcmpError, Observation], ...]:
        """ICMP errors to the asked ports that a router sent: not this machine, not the host."""
        return self._errors(self.asked)

    @property
    def later_errors(self) -> tuple[tuple[IcmpError, Observation], ...]:
        """The same for the control ports, which are asked when the asked ones have failed."""
        return self._errors(self.controls)

    def _errors(self, ports: tuple[Port, ...]) -> tuple[tuple[IcmpError, Observation], ...]:
        found = ((port.seen.outcome, port.seen) for port in ports)
        return tuple(
            (error, seen)
            for error, seen in found
            if isinstance(error, IcmpError)
            and error.sender not in {self.source, self.address}
            and is_address(error.sender)
        )

    @property
    def stuck_here(self) -> ObservationId | None:
        """An error that this machine itself reported: its gateway does not answer."""
        for port in self.asked:
            error = port.seen.outcome
            own = isinstance(error, IcmpError) and error.sender == self.source
            if own and not self.refused_here(port):
                return port.seen.id
        return None

    def refused_here(self, port: Port) -> bool:
        """Whether a packet filter of this machine rejected the connection, by its ICMP error: what
        the kernel reports of a next hop that it does not find is host unreachable."""
        error = port.seen.outcome
        if not isinstance(error, IcmpError) or error.sender != self.source:
            return False
        return error.kind.prohibited or error.kind in {Unreachable.PORT, Unreachable.PROTOCOL}

    @property
    def path(self) -> Path | None:
        """The path that got farthest."""
        return max(self.paths, key=_length, default=None)

    def _from_host(self, seen: Observation) -> bool:
        return isinstance(seen.outcome, IcmpError) and seen.outcome.sender == self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaches:
    """All addresses of the target that this machine has a route to.

    `routeless` are the looks for a route that found none, `omitted` counts addresses beyond
    `MOST_ADDRESSES` of a family.
    """

    reaches: tuple[Reach, ...]
    ports: tuple[int, ...]
    found: tuple[ObservationId, ...] = ()
    routeless: tuple[Observation, ...] = ()
    omitted: int = 0

    @property
    def works(self) -> bool:
        return any(reach.works for reach in self.reaches)

    def of(self, family: int) -> tuple[Reach, ...]:
        return tuple(reach for reach in self.reaches if reach.family == family)

    @property
    def missing(self) -> str:
        """Why there is nothing to judge; empty where there is something."""
        if self.reaches:
            return ""
        if not self.ports:
            return "port 25 is a matter of the name's mail hosts, which are judged as such"
        if self.routeless:
            return "this machine has no route to any address that the target has"
        return "no address of the target is known"


@lru_cache(1 << 12)
def family_of(address: str) -> int:
    return ipaddress.ip_address(address.partition("%")[0]).version


def address_in(seen: Observation) -> str:
    """The address that a request was about."""
    request = seen.request
    return request.address if isinstance(request, SelectSource) else request.destination or ""


def asked_ports(brief: Brief) -> tuple[int, ...]:
    """The ports in question. Mail for a name goes to its mail exchangers (RFC 5321, section 5.1),
    so port 25 is none of its own addresses' ports."""
    ports = brief.target.ports
    return tuple(p for p in ports if p != MAIL_PORT) if brief.target.name else ports


async def connects(net: Asker, brief: Brief) -> Reaches:
    """Every asked port at every address that has a route, and nothing more."""
    addresses = await target_addresses(net, brief)
    ports = asked_ports(brief)
    chosen = tuple(
        address
        for family in (4, 6)
        for address in [a for a in addresses.addresses if family_of(a) == family][:MOST_ADDRESSES]
    )
    sources = await asyncio.gather(*(net.ask(SelectSource(address=a)) for a in chosen))
    routed = [
        (address, seen.outcome.address)
        for address, seen in zip(chosen, sources, strict=True)
        if isinstance(seen.outcome, SourceAddress)
    ]
    asked = await asyncio.gather(*(_connect(net, address, ports) for address, _ in routed))
    return Reaches(
        reaches=tuple(
            Reach(address=address, source=source, asked=tried)
            for (address, source), tried in zip(routed, asked, strict=True)
            if ports
        ),
        ports=ports,
        found=addresses.evidence,
        routeless=tuple(s for s in sources if not isinstance(s.outcome, SourceAddress)),
        omitted=len(addresses.addresses) - len(chosen),
    )


async def reaches(net: Asker, brief: Brief) -> Reaches:
    """What `connects` sees, and the rest where something did not connect."""
    first = await connects(net, brief)
    if brief.depth == "fast":
        return first
    guide = _guide(first.reaches)
    full = await asyncio.gather(
        *(_examined(net, brief, reach, compare=reach is guide) for reach in first.reaches)
    )
    return replace(first, reaches=tuple(full))


def _guide(found: tuple[Reach, ...]) -> Reach | None:
    """A working address whose path shows how the way goes on where another address is silent."""
    lost = any(
        reach.observed and not any(p.connected or p.reset for p in reach.asked) for reach in found
    )
    return next((reach for reach in found if reach.works), None) if lost else None


async def _examined(net: Asker, brief: Brief, reach: Reach, *, compare: bool) -> Reach:
    """What a closer look sees, and in whose networks."""
    seen = await _look_closer(net, reach, compare=compare)
    paths = await asyncio.gather(*(named(net, brief, path) for path in seen.paths))
    beside = await named(net, brief, seen.beside) if seen.beside else None
    return replace(seen, paths=tuple(paths), beside=beside)


async def _look_closer(net: Asker, reach: Reach, *, compare: bool) -> Reach:
    """`compare` asks for the path although the address works: others may break off on it."""
    silent = next((p.number for p in reach.asked if not p.connected and not p.reset), None)
    if reach.works and silent:
        return replace(reach, paths=await _paths(net, reach.address, silent))
    if reach.works:
        return replace(reach, paths=(await path_to(net, reach.address),)) if compare else reach
    if not reach.observed:
        return reach
    asked = {port.number for port in reach.asked}
    ports = [number for number in CONTROL_PORTS if number not in asked][:MOST_CONTROLS]
    echo, controls, paths = await asyncio.gather(
        net.ask(Echo(address=reach.address)),
        _connect(net, reach.address, ports),
        _paths(net, reach.address, silent),
    )
    seen = replace(reach, echo=echo, controls=controls, paths=paths)
    if any(port.reset for port in seen.asked):
        seen = await _with_arrivals(net, seen)
    if seen.answer is None and not seen.errors and not seen.stuck_here:
        seen = replace(seen, beside=await _beside(net, reach.address))
    return seen


async def _connect(net: Asker, address: str, ports: Sequence[int]) -> tuple[Port, ...]:
    seen = await asyncio.gather(*(net.ask(TcpConnect(address=address, port=p)) for p in ports))
    return tuple(Port(number, one) for number, one in zip(ports, seen, strict=True))


async def _paths(net: Asker, address: str, silent: int | None) -> tuple[Path, ...]:
    """Over UDP and to the silent port; none where every asked port was answered."""
    if silent is None:
        return ()
    over_udp, over_tcp = await asyncio.gather(
        path_to(net, address), path_to(net, address, protocol="tcp", port=silent)
    )
    return over_udp, over_tcp


async def _beside(net: Asker, address: str) -> Path | None:
    """The path to the first address of the host's LAN, usually that of its router."""
    first = str(lan_of(address)[1])
    return await path_to(net, first) if first != address else None


async def _with_arrivals(net: Asker, reach: Reach) -> Reach:
    """The TTL of each reset and of one other answer; the path where a reset comes from nearer."""
    resets = [port.number for port in reach.asked if port.reset]
    other = [p.number for p in reach.controls if p.connected]
    other += [p.number for p in reach.controls if p.reset]
    ports = resets + other[:1]
    asking = (net.ask(TcpArrivalTtl(address=reach.address, port=port)) for port in ports)
    seen = await asyncio.gather(*asking)
    arrived = tuple(Port(number, one) for number, one in zip(ports, seen, strict=True))
    known = replace(reach, arrivals=arrived)
    if not known.paths and any(nearer(known, port) for port in resets):
        return replace(known, paths=(await path_to(net, reach.address),))
    return known


@dataclass(frozen=True, slots=True)
class Nearer:
    """An answer came from `hops` hops before the host, as `control` shows."""

    hops: int
    evidence: tuple[ObservationId, ...]
    control: str


def nearer(reach: Reach, port: int, answer: Literal["rst", "syn-ack"] = "rst") -> Nearer | None:
    """Whether this answer of `port` was sent by somebody nearer than the host.

    Both are compared as distances, initial TTL less arrival TTL, so that a system with another
    initial TTL for resets is not mistaken for a middlebox.
    """
    mine = next((p for p in reach.arrivals if p.number == port), None)
    if mine is None or not isinstance(mine.seen.outcome, ArrivalTtl):
        return None
    if mine.seen.outcome.answer != answer:
        return None
    near = routers_crossed(mine.seen.outcome.ttl)
    controls = [
        (routers_crossed(p.seen.outcome.ttl), p.seen.id, f"port {p.number}")
        for p in reach.arrivals
        if p.number != port and isinstance(p.seen.outcome, ArrivalTtl)
    ]
    if reach.echo and isinstance(reach.echo.outcome, EchoReply) and reach.echo.outcome.ttl:
        controls.append((routers_crossed(reach.echo.outcome.ttl), reach.echo.id, "echo"))
    far = max(controls, default=(near, mine.seen.id, ""))
    if far[0] <= near:
        return None
    return Nearer(far[0] - near, (mine.seen.id, far[1]), far[2])


def routers_crossed(ttl: int) -> int:
    """Routers crossed, from the arrival TTL."""
    initial = next((value for value in INITIAL_TTLS if value >= ttl), ttl)
    return initial - ttl


def _length(path: Path) -> int:
    end = path.reached or path.last
    return end.ttl if end else 0


def _ours(seen: Observation) -> bool:
    return isinstance(seen.outcome, Failed) and seen.outcome.kind.ours


def reaches_lan(reach: Reach) -> bool | None:
    """Whether packets get as far as the host's own LAN; None where that cannot be told.

    They do where the last replying router has an address in it, or is as many hops away as the
    LAN's first address, which answered; they do not where that address is reached over more hops.
    """
    last = reach.path.last if reach.path else None
    if last is None or last.sender is None:
        return None
    if same_lan(last.sender, reach.address):
        return True
    if reach.beside is None:
        return None
    end = reach.beside.reached
    if end:
        return last.ttl >= end.ttl
    beyond = reach.beside.last
    return False if beyond and beyond.ttl > last.ttl else None
