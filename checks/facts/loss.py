"""How many packets to an address are lost, and from which hop on.

Where a connection of the run took a second SYN, or none got through beside others that did, the
address is asked again and again: TCP handshakes with a port that connects, echoes, and one probe to
each hop, in rounds that are spread over time, so that nobody's limit of a rate is taken for loss.
Handshakes, which wait longest, go on only as long as some echoes are lost and some are not.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import replace

from checks.facts.handshakes import encrypted, request_for
from checks.facts.path import Path, named, path_to, read_hop
from checks.facts.reach import Reach, Reaches, connects
from checks.facts.web import first_requests
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Connected, Failed, FailureKind
from netdiag.requests import Echo, HopProbe, Request, TcpConnect

ROUNDS = 18
"""Samples of each kind. Where one in a hundred is usual, two lost of them are no chance (1.4 %)."""

TOGETHER = 6
"""Rounds in flight at once."""

GAP = 0.2
"""Seconds between rounds."""

FIRST = 1000
"""The attempts of these samples begin here: other questions number theirs from 0."""

RETRANSMITTED = 0.9
"""Seconds from which a handshake took a second SYN, which goes out after one (RFC 6298)."""

USUAL = 0.01
"""Loss that the best of networks have at times."""

UNLIKELY = 0.01
"""Chance below which something is not taken for chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Samples of one kind, and how many of them were lost; those that say nothing left out."""

    tried: int
    lost: int
    evidence: tuple[ObservationId, ...]

    @property
    def unusual(self) -> bool:
        """More is lost than chance makes of usual loss."""
        return self.tried > 0 and at_least(self.lost, self.tried, USUAL) < 2 * UNLIKELY

    def more_than(self, other: Tally) -> bool:
        """It loses more than `other`, and not by chance (Fisher's exact test)."""
        return fisher(self.lost, self.tried, other.lost, other.tried) < UNLIKELY


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What an address loses: `handshakes` with `port`, `echoes`, and the probes of each hop.

    `path` is the one followed first, `rounds` what the probes of each round showed of it.
    """

    reach: Reach
    port: int
    handshakes: Tally
    echoes: Tally
    path: Path
    hops: tuple[tuple[int, Tally], ...]
    rounds: tuple[Path, ...] = ()

    @property
    def exchanges(self) -> Tally:
        """Handshakes and echoes together."""
        return Tally(
            tried=self.handshakes.tried + self.echoes.tried,
            lost=self.handshakes.lost + self.echoes.lost,
            evidence=(*self.handshakes.evidence, *self.echoes.evidence),
        )

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        hops = (number for _, tally in self.hops for number in tally.evidence)
        return (*self.exchanges.evidence, *hops)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    known: Reaches
    all: tuple[Losses, ...]


async def losses(net: Asker, brief: Brief) -> Lost:
    """Sample every address that works and of which a connection was late or lost."""
    known = await connects(net, brief)
    thorough = brief.depth == "thorough"
    late = asyncio.ensure_future(_late_later(net, brief, known))
    found = await asyncio.gather(
        *(_examined(net, reach, late, thorough) for reach in known.reaches if reach.works)
    )
    await late
    paths = await asyncio.gather(*(named(net, brief, one.path) for one in found if one))
    sampled = zip((one for one in found if one), paths, strict=True)
    return Lost(known=known, all=tuple(replace(one, path=path) for one, path in sampled))


async def _examined(
    net: Asker, reach: Reach, late: Awaitable[frozenset[str]], thorough: bool
) -> Losses | None:
    if thorough or any(_is_lost(port.seen) for port in reach.asked) or reach.address in await late:
        return await _sample(net, reach)
    return None


async def _late_later(net: Asker, brief: Brief, known: Reaches) -> frozenset[str]:
    """The addresses at which a connection of a visit or handshake took a second SYN."""
    pages = (net.ask(request) for request in first_requests(brief, known))
    shaken = (net.ask(request_for(brief, endpoint)) for endpoint, _ in encrypted(brief, known))
    return frozenset(
        seen.request.destination or ""
        for seen in await asyncio.gather(*pages, *shaken)
        if any(one.how == "tcp" and one.elapsed >= RETRANSMITTED for one in seen.attempts)
    )


async def _sample(net: Asker, reach: Reach) -> Losses:
    address = reach.address
    port = next(one.number for one in reach.asked if one.connected)
    path = await path_to(net, address)
    ttls = [hop.ttl for hop in path.hops if hop.sender]
    seen: dict[Request, Observation] = {}
    for start in range(0, ROUNDS, TOGETHER):
        connecting = port if _tells(_echoes(seen)) else None
        wave = [
            request
            for number in range(start, start + TOGETHER)
            for request in _round(address, connecting, ttls, number, (number - start) * GAP)
        ]
        answers = await asyncio.gather(*(net.ask(request) for request in wave))
        seen |= dict(zip(wave, answers, strict=True))
    return Losses(
        reach=reach,
        port=port,
        handshakes=_tally(seen[r] for r in seen if isinstance(r, TcpConnect)),
        echoes=_echoes(seen),
        path=path,
        hops=tuple(
            (ttl, _tally(seen[r] for r in seen if isinstance(r, HopProbe) and r.ttl == ttl))
            for ttl in ttls
        ),
        rounds=tuple(_seen_again(path, seen, number) for number in range(ROUNDS)),
    )


def _seen_again(path: Path, seen: Mapping[Request, Observation], number: int) -> Path:
    """What the probes of round `number` showed."""
    hops = tuple(
        read_hop(one, path.address, request.ttl)
        for request, one in seen.items()
        if isinstance(request, HopProbe) and request.attempt == FIRST + number
    )
    return replace(path, hops=hops)


def _echoes(seen: Mapping[Request, Observation]) -> Tally:
    return _tally(seen[request] for request in seen if isinstance(request, Echo))


def _tells(echoes: Tally) -> bool:
    """Whether handshakes are worth their time: not where all echoes so far fare alike."""
    return not echoes.tried or 0 < echoes.lost < echoes.tried


def _round(
    address: str, port: int | None, ttls: Iterable[int], number: int, pause: float
) -> Iterable[Request]:
    attempt = FIRST + number
    if port is not None:
        yield TcpConnect(address=address, port=port, attempt=attempt, pause=pause)
    yield Echo(address=address, attempt=attempt, pause=pause)
    for ttl in ttls:
        yield HopProbe(address=address, ttl=ttl, attempt=attempt, pause=pause)


def _tally(seen: Iterable[Observation]) -> Tally:
    told = [one for one in seen if not _ours(one)]
    return Tally(
        tried=len(told),
        lost=sum(_is_lost(one) for one in told),
        evidence=tuple(one.id for one in told),
    )


def _ours(seen: Observation) -> bool:
    return isinstance(seen.outcome, Failed) and seen.outcome.kind.ours


def _is_lost(seen: Observation) -> bool:
    """A packet of this exchange, there or back, did not arrive."""
    match seen.outcome:
        case Connected(rtt=rtt):
            return rtt >= RETRANSMITTED
        case Failed(kind=FailureKind.TIMEOUT):
            return True
        case _:
            return False


def behind(found: Losses) -> tuple[int, ...]:
    """The hops behind which the loss may begin, the likeliest first; 0 is this machine.

    Each is weighed by how likely it makes what the hops lost: usual loss up to it, the target's
    loss after it. Any router may besides limit its answers, one in `LIMITING`, and then lose
    anything more than that. Hops that are less likely than the best by `UNLIKELY` are left out.
    """
    target = found.exchanges
    rate = max(target.lost / target.tried, USUAL * 2) if target.tried else USUAL * 2
    end = found.path.reached
    routers = [ttl for ttl, _ in found.hops if end is None or ttl < end.ttl]
    weights = {
        start: sum(
            math.log(_chance(tally, USUAL if ttl <= start else rate)) for ttl, tally in found.hops
        )
        for start in (0, *routers)
    }
    best = max(weights.values())
    likely = [start for start, weight in weights.items() if weight >= best + math.log(UNLIKELY)]
    return tuple(sorted(likely, key=lambda start: -weights[start]))


LIMITING = 5
"""One router in so many is taken to limit its answers so far that it shows."""


def _chance(tally: Tally, rate: float) -> float:
    """Of a hop's loss, where the path up to it loses `rate`."""
    lost, tried = tally.lost, tally.tried
    by_loss = math.comb(tried, lost) * rate**lost * (1 - rate) ** (tried - lost)
    by_limit = 1 / (tried + 1) if lost >= rate * tried else 0.0
    return max(by_loss * (1 - 1 / LIMITING) + by_limit / LIMITING, 1e-300)


def at_least(hits: int, tries: int, rate: float) -> float:
    """The chance of `hits` or more in `tries`, each with the chance `rate`."""
    return sum(
        math.comb(tries, n) * rate**n * (1 - rate) ** (tries - n) for n in range(hits, tries + 1)
    )


def fisher(lost: int, tried: int, other_lost: int, other_tried: int) -> float:
    """The chance that so many or more of all that were lost are on this side (one-sided)."""
    total, both = tried + other_tried, lost + other_lost
    if not tried or not other_tried or not both:
        return 1.0
    most = min(tried, both)
    ways = sum(
        math.comb(tried, n) * math.comb(other_tried, both - n) for n in range(lost, most + 1)
    )
    return ways / math.comb(total, both)


def interval(lost: int, tried: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson, JASA 22 (1927))."""
    z, share = 1.96, lost / tried
    middle = share + z * z / (2 * tried)
    half = z * math.sqrt(share * (1 - share) / tried + z * z / (4 * tried * tried))
    scale = 1 + z * z / tried
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
