"""Whether new connections to a port fare alike, and where flows that do not are parted.

A connection is a flow of its own: its source port is new, and routers that balance load choose a
link by it. Where some connection of the run was not accepted, more of them are opened, in small
groups. What they show alone does not tell a path from a service, so as many are opened to another
port of the host, and where those fare no better, several flows are followed hop by hop.
"""

from __future__ import annotations

import asyncio
import enum
import math
from collections.abc import Iterable
from dataclasses import replace

from checks.facts import race
from checks.facts.handshakes import encrypted, request_for
from checks.facts.path import Hop, Path, path_to, read_hop
from checks.facts.reach import CONTROL_PORTS, MOST_CONTROLS, Reaches, connects
from checks.facts.web import first_requests
from netdiag.lazy import dataclass
from netdiag.model import Brief, Endpoint
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import (
    Connected,
    Failed,
    FailureKind,
    HttpReply,
    IcmpError,
    Reset,
    TlsSession,
)
from netdiag.requests import HopProbe, HttpRequest, TcpConnect, TlsHandshake

GROUP = 8
"""Connections opened at once to see whether they fare alike: fewer than services let wait."""

SERIES = 20
"""New connections to a port that does not treat all alike: where the first alone is accepted, that
is chance in one of 21 cases, below the usual 5 %."""

COMPARED = 12
"""Connections to the port that it is compared with, which is seen to answer at once."""

TRACED = 8
"""Flows that are followed. Where half of them part, all of eight go one way once in 128 times."""

MOST_PORTS = 2
"""Ports of one address that are looked at more closely."""

LONGEST = 30
"""Hops that a flow is followed for where none was seen to arrive."""

TOGETHER = 4
"""Flows followed at once: Linux sends six errors in a burst to one destination (RFC 1812, section
4.3.2.8 asks for a limit)."""

RETRANSMITTED = 0.9
"""Seconds from which a handshake took a second SYN, which goes out after one (RFC 6298)."""


class Fate(enum.Enum):
    """What became of a new connection."""

    ACCEPTED = "accepted at once"
    LATE = "accepted after a retransmission"
    LOST = "never accepted nor reset"
    RESET = "reset"
    OTHER = "not told"


@dataclass(frozen=True, slots=True)
class Series:
    """Connections to one port, in the order in which they were opened."""

    endpoint: Endpoint
    seen: tuple[Observation, ...]

    @property
    def fates(self) -> tuple[Fate, ...]:
        return tuple(fate_of(seen) for seen in self.seen)

    @property
    def sample(self) -> tuple[Fate, ...]:
        """The fates of the connections that were opened to find out, whatever gave rise to it."""
        return tuple(
            fate
            for one, fate in zip(self.seen, self.fates, strict=True)
            if isinstance(one.request, TcpConnect)
            and one.request.attempt
            and fate is not Fate.OTHER
        )

    @property
    def refusal(self) -> IcmpError | None:
        """A firewall's word that it refuses one of the connections."""
        errors = (one.outcome for one in self.seen if isinstance(one.outcome, IcmpError))
        return next((error for error in errors if error.kind.prohibited), None)

    @property
    def ended_by_luck(self) -> float:
        """The chance that luck alone has none accepted from some moment on; 1 where some are.

        Connections that the run begins anyway are opened side by side, those to find out after
        them: all that were accepted are the first, or are among those.
        """
        known, taken = self.known, {Fate.ACCEPTED, Fate.LATE}
        accepted = sum(fate in taken for fate in known)
        if taken.isdisjoint(known[accepted:]):
            first = accepted
        elif taken.isdisjoint(self.sample):
            first = len(known) - len(self.sample)
        else:
            return 1.0
        return math.comb(first, accepted) / math.comb(len(known), accepted)

    @property
    def known(self) -> tuple[Fate, ...]:
        """The fates that say something of the port."""
        return tuple(fate for fate in self.fates if fate is not Fate.OTHER)

    @property
    def alike(self) -> bool:
        return len(set(self.known)) < 2

    @property
    def answered(self) -> bool:
        """Every connection was answered at once."""
        told = bool(self.known) and not self.unfinished
        return told and set(self.known) <= {Fate.ACCEPTED, Fate.RESET}

    @property
    def accepted(self) -> tuple[ObservationId, ...]:
        """The connections that were accepted, at once or late."""
        taken = {Fate.ACCEPTED, Fate.LATE}
        both = zip(self.seen, self.fates, strict=True)
        return tuple(one.id for one, fate in both if fate in taken)

    @property
    def unfinished(self) -> bool:
        """Some that were opened to find out were not seen to their end. A run that ends early
        leaves off those that wait, so that the others do not show how all fare."""
        both = zip(self.seen, self.fates, strict=True)
        return any(
            fate is Fate.OTHER and isinstance(one.request, TcpConnect) and one.request.attempt
            for one, fate in both
        )

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(seen.id for seen in self.seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Some flows end early, each time they are asked, where others go on.

    `last` is the last router that answers the flows that end, `router` the last that all flows have
    in common; `ended` of `traced` flows end. `members` are the routers behind it on the flows that
    go on. Behind `last` the flows that end had no answer to any of `unanswered` probes, `next` of
    which were to the next hop at which others were answered; those, to the same hops, lost `missed`
    of `tried`. With `refused`, `last` said itself that it has no way for them.
    """

    last: Hop
    router: Hop
    members: tuple[str, ...]
    ended: int
    traced: int
    unanswered: int
    next: int
    missed: int
    tried: int
    path: Path
    at_host: bool
    refused: bool

    @property
    def chance(self) -> float:
        """The highest chance that the flows went on to the next hop, and its answers were lost."""
        if self.refused:
            return 0.0
        return highest_rate(self.missed, self.tried) ** self.next


@dataclass(frozen=True, slots=True, kw_only=True)
class Fares:
    """What new connections to one port of one address came to.

    `compared` are connections to another port of the host, where one answers; `traces` the flows
    followed, each as far as it went. `served` is a visit or handshake on the port that had an
    answer: some program there takes connections and deals with them.
    """

    asked: Series
    compared: Series | None = None
    traces: tuple[Path, ...] = ()
    served: Observation | None = None

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        compared = self.compared.evidence if self.compared else ()
        traced = (number for path in self.traces for number in path.evidence)
        served = (self.served.id,) if self.served else ()
        return (*self.asked.evidence, *compared, *traced, *served)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """What is known of every asked port: `usual` are the connections of the run itself, of ports
    that gave no reason to look closer."""

    brief: Brief
    known: Reaches
    usual: tuple[Series, ...]
    closer: tuple[Fares, ...]


def fate_of(seen: Observation) -> Fate:
    """The fate of the connection that an observation began with."""
    match seen.outcome:
        case Connected(rtt=rtt):
            return Fate.LATE if rtt >= RETRANSMITTED else Fate.ACCEPTED
        case Reset():
            return Fate.RESET
        case Failed(kind=FailureKind.TIMEOUT) if isinstance(seen.request, TcpConnect):
            return Fate.LOST
        case Failed(kind=kind) if kind.ours:
            return Fate.OTHER
        case IcmpError():
            return Fate.LOST
    began = next((attempt.result for attempt in seen.attempts if attempt.how == "tcp"), "")
    fates = {"connected": Fate.ACCEPTED, "timeout": Fate.LOST, "reset": Fate.RESET}
    return fates.get(began, Fate.OTHER)


async def flows(net: Asker, brief: Brief) -> Flows:
    """Look closer at every port of which a connection was lost, reset or late; in a full
    examination at every port that was asked."""
    known = await connects(net, brief)
    first = _first(known)
    if brief.depth == "fast":
        return Flows(brief=brief, known=known, usual=first, closer=())
    early = _early(brief, known, first)
    looks, visits = await asyncio.gather(_looks(net, known, early), _visits(net, brief, known))
    used = tuple(
        replace(one, seen=(*one.seen, *_of(one.endpoint, visits)))
        for one in first
        if one not in early
    )
    unlike = tuple(one for one in used if not one.alike)
    looked = {one.asked.endpoint.address: one for one in looks if one.compared or one.traces}
    late = tuple(one for one in unlike if one.endpoint.address not in looked)
    looks += await _looks(net, known, late)
    looks += tuple(
        replace(looked[one.endpoint.address], asked=one) for one in unlike if one not in late
    )
    usual = tuple(one for one in used if one.alike)
    closer = tuple(replace(one, served=_served(one.asked.endpoint, visits)) for one in looks)
    return Flows(brief=brief, known=known, usual=usual, closer=closer)


async def further(net: Asker, brief: Brief) -> tuple[Series, ...]:
    """Every port that `flows` looks closer at, with the first connections of that alone."""
    known = await connects(net, brief)
    odd = _by_address(_early(brief, known, _first(known)))
    found = await asyncio.gather(*(_some(net, ports) for ports in odd.values()))
    return tuple(series for some in found for series in some)


def _first(known: Reaches) -> tuple[Series, ...]:
    """The connection that every asked port has."""
    return tuple(
        Series(Endpoint(reach.address, port.number), (port.seen,))
        for reach in known.reaches
        for port in reach.asked
    )


def _early(brief: Brief, known: Reaches, first: tuple[Series, ...]) -> tuple[Series, ...]:
    """Those of which the first connection says that they are to be looked at closer."""
    if brief.depth == "fast":
        return ()
    return tuple(one for one in first if _odd(known, one) or brief.depth == "thorough")


def _by_address(some: Iterable[Series]) -> dict[str, list[Series]]:
    of: dict[str, list[Series]] = {}
    for one in some:
        of.setdefault(one.endpoint.address, []).append(one)
    return of


async def _looks(net: Asker, known: Reaches, odd: tuple[Series, ...]) -> tuple[Fares, ...]:
    """Each address of these is looked at once for all its ports."""
    ports = _by_address(odd).values()
    found = await asyncio.gather(*(_closer(net, known, some) for some in ports))
    return tuple(fares for some in found for fares in some)


def _odd(known: Reaches, series: Series) -> bool:
    """A closed port beside an open one is usual; what is lost or late is not."""
    (fate,) = series.fates
    works = any(one.works for one in known.reaches if one.address == series.endpoint.address)
    return fate in {Fate.LOST, Fate.LATE} or (fate is Fate.RESET and not works)


async def _visits(net: Asker, brief: Brief, known: Reaches) -> tuple[Observation, ...]:
    """The visits and handshakes that the run begins anyway."""
    pages = (net.ask(request) for request in first_requests(brief, known))
    shaken = (net.ask(request_for(brief, endpoint)) for endpoint, _ in encrypted(brief, known))
    return tuple(await asyncio.gather(*pages, *shaken))


def _served(endpoint: Endpoint, visits: Iterable[Observation]) -> Observation | None:
    """The first of these that had an answer there."""
    answered = (HttpReply, TlsSession)
    return next((one for one in _of(endpoint, visits) if isinstance(one.outcome, answered)), None)


def _of(endpoint: Endpoint, seen: Iterable[Observation]) -> list[Observation]:
    """The observations that connected there, in the order of asking."""
    mine = {
        one.id: one
        for one in seen
        if isinstance(one.request, HttpRequest | TlsHandshake)
        and (one.request.address, one.request.port) == (endpoint.address, endpoint.port)
    }
    return [mine[number] for number in sorted(mine)]


async def _closer(net: Asker, known: Reaches, ports: list[Series]) -> tuple[Fares, ...]:
    """More connections to the ports of one address; where they do not fare alike, to another port
    too, and then the flows."""
    address = ports[0].endpoint.address
    controls = [port for port in CONTROL_PORTS if port not in known.ports][:MOST_CONTROLS]
    some, control = await asyncio.gather(_some(net, ports), _control(net, address, controls))
    unlike = tuple(one for one in some if not one.alike)
    if not unlike:
        return tuple(Fares(asked=one) for one in some)
    if not control:
        odd = {one.endpoint.port for one in ports}
        control = await _control(net, address, [port for port in known.ports if port not in odd])
    more, compared = await asyncio.gather(
        _all(net, unlike, range(1 + GROUP, 1 + SERIES)),
        _all(net, control, range(1, 1 + COMPARED)),
    )
    told = all(one.answered for one in more) or any(one.answered for one in compared)
    followed = () if told else await traces(net, address)
    beside = next(iter(compared), None)
    alike = tuple(Fares(asked=one) for one in some if one.alike)
    return alike + tuple(Fares(asked=one, compared=beside, traces=followed) for one in more)


async def _some(net: Asker, ports: list[Series]) -> tuple[Series, ...]:
    """The ports of one address, the first of them with a group of connections."""
    asked = await _all(net, ports[:MOST_PORTS], range(1, 1 + GROUP))
    return (*asked, *ports[MOST_PORTS:])


async def _all(net: Asker, some: Iterable[Series], numbers: range) -> tuple[Series, ...]:
    """Each of these with further connections, opened at once."""
    return tuple(await asyncio.gather(*(_group(net, one, numbers) for one in some)))


async def _group(net: Asker, before: Series, numbers: range) -> Series:
    """`before` with further connections, opened at once."""
    address, port = before.endpoint.address, before.endpoint.port
    asking = (net.ask(TcpConnect(address=address, port=port, attempt=n)) for n in numbers)
    return replace(before, seen=(*before.seen, *await asyncio.gather(*asking)))


async def _control(net: Asker, address: str, ports: Iterable[int]) -> tuple[Series, ...]:
    """The port of these that answers first, if any does."""
    requests = (TcpConnect(address=address, port=port) for port in ports)
    found = await race.first(net, requests, _answered)
    if found is None or not isinstance(found.request, TcpConnect):
        return ()
    return (Series(Endpoint(address, found.request.port), (found,)),)


def _answered(seen: Observation) -> bool:
    return fate_of(seen) in {Fate.ACCEPTED, Fate.RESET}


async def traces(net: Asker, address: str) -> tuple[Path, ...]:
    """Several flows to an address; those that end early are followed once more."""
    found: tuple[Path, ...] = (await path_to(net, address),)
    for start in range(1, TRACED, TOGETHER):
        numbers = range(start, min(start + TOGETHER, TRACED))
        arrived = [path.reached.ttl for path in found if path.reached]
        longest = min(arrived, default=LONGEST - 1) + 1
        asking = (path_to(net, address, flow=n, longest=longest) for n in numbers)
        found += tuple(await asyncio.gather(*asking))
    farthest = max(map(end_of, found))
    again = (_again(net, path, farthest) for path in found)
    return tuple(await asyncio.gather(*again))


def end_of(path: Path) -> int:
    """The hop at which the target answered, else the last that did."""
    end = path.reached or path.last
    return end.ttl if end else 0


async def _again(net: Asker, path: Path, farthest: int) -> Path:
    """The path with what a further probe of every hop behind its end gave."""
    over = path.reached or path.refusal
    ttls = range(0) if over else range(end_of(path) + 1, farthest + 1)
    seen = await asyncio.gather(
        *(
            net.ask(HopProbe(address=path.address, ttl=ttl, flow=path.flow, attempt=2))
            for ttl in ttls
        )
    )
    hops = {hop.ttl: hop for hop in path.hops}
    for one, ttl in zip(seen, ttls, strict=True):
        hop, before = read_hop(one, path.address, ttl), hops.get(ttl)
        evidence = (*(before.evidence if before else ()), *hop.evidence)
        hops[ttl] = replace(hop, evidence=evidence)
    return replace(path, hops=tuple(hops[ttl] for ttl in sorted(hops)))


def parting(paths: tuple[Path, ...]) -> Parting | None:
    """Where flows part of which some end early; None where all go as far, or ends differ."""
    farthest = max(map(end_of, paths), default=0)
    through = tuple(path for path in paths if end_of(path) == farthest or path.reached)
    ended = tuple(path for path in paths if path not in through)
    # A router that limits its errors refuses some flows and is silent to the others.
    refusals: list[Hop | None] = [path.refusal for path in ended if path.refusal]
    ends = refusals or [path.last for path in ended]
    last = ends[0] if len({end and end.sender for end in ends}) == 1 else None
    router = _common(paths, last.ttl) if last else None
    if last is None or router is None or any(path.loop for path in ended):
        return None
    behind = (path.at(router.ttl + 1) for path in through)
    replies = [hop for path in through for hop in _behind(path, last.ttl, through)]
    lost = [hop for path in ended for hop in _behind(path, last.ttl, through)]
    following = min((hop.ttl for hop in replies if hop.sender), default=0)
    return Parting(
        last=last,
        router=router,
        members=tuple(sorted({hop.sender for hop in behind if hop and hop.sender})),
        ended=len(ended),
        traced=len(paths),
        unanswered=sum(len(hop.evidence) for hop in lost),
        next=sum(len(hop.evidence) for hop in lost if hop.ttl == following),
        missed=sum(len(hop.evidence) - bool(hop.sender) for hop in replies),
        tried=sum(len(hop.evidence) for hop in replies),
        path=ended[0],
        at_host={path.reached.ttl for path in through if path.reached} == {last.ttl + 1},
        refused=bool(refusals),
    )


def _behind(path: Path, ttl: int, through: tuple[Path, ...]) -> list[Hop]:
    """The hops of `path` behind `ttl` at which some flow that goes on was answered."""
    answered = {hop.ttl for one in through for hop in one.hops if hop.sender}
    return [hop for hop in path.hops if hop.ttl > ttl and hop.ttl in answered]


def _common(paths: tuple[Path, ...], ttl: int) -> Hop | None:
    """The last hop up to `ttl` at which every flow that was answered met the same router."""
    found = None
    for number in range(1, ttl + 1):
        hops = [hop for path in paths if (hop := path.at(number)) and hop.sender]
        senders = {hop.sender for hop in hops}
        if len(senders) > 1:
            break
        found = hops[0] if hops else found
    return found


def highest_rate(hits: int, tries: int) -> float:
    """The upper end of the one-sided 95 % interval of a rate (Clopper and Pearson)."""
    low, high = 0.0, 1.0
    for _ in range(40 if hits < tries else 0):
        middle = (low + high) / 2
        at_most = sum(
            math.comb(tries, n) * middle**n * (1 - middle) ** (tries - n) for n in range(hits + 1)
        )
        low, high = (middle, high) if at_most > 0.05 else (low, middle)
    return high
