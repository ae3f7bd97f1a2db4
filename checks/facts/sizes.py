"""How large a packet gets to an address, and where larger ones end.

A packet as large as this machine's link takes is sent along with a small one that every path takes:
without an answer to the small one nothing is known of the large one. A router that cannot forward
a packet says how large one may be (RFC 1191, RFC 8201), and that size is tried next. Where a size
vanishes in silence, the sizes that common links take are searched for the largest that passes, and
the smallest that vanishes is sent as far as each hop.
"""

from __future__ import annotations

import asyncio

from checks.facts.path import Path, is_address, path_to
from netdiag.lazy import dataclass
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import EchoReply, Failed, FailureKind, IcmpError, Interfaces, Unreachable
from netdiag.requests import FULL_TTL, ReadInterfaces, SizeProbe

LEAST = {4: 576, 6: 1280}
"""Octets that every path takes, in practice (RFC 791, section 3.2; RFC 8200, section 5)."""

USUAL = 1500
"""Of Ethernet, and so of nearly every path."""

LINKS = (
    *(1500, 1496, 1492, 1488, 1480, 1476, 1472, 1468, 1460, 1454, 1450, 1442, 1438, 1430, 1428),
    *(1420, 1412, 1400, 1390, 1380, 1370, 1360, 1350, 1340, 1320, 1300, 1280, 1240, 1200, 1100),
    *(1000, 800, 576),
)
"""What common links and tunnels take: PPPoE 1492, GRE 1476, 6in4 1480, WireGuard 1420 and so on."""

MOST_ADVICE = 4
"""Routers that in turn say of a smaller size: a path has few narrow links."""

TRIES = 2


@dataclass(frozen=True, slots=True)
class Advice:
    """A router's word that a packet of `size` octets is too big, and what it says would pass."""

    router: str
    size: int
    mtu: int | None
    seen: Observation

    @property
    def useful(self) -> bool:
        """It names a smaller size, and one that a path may have."""
        least = 68 if ":" not in self.router else LEAST[6]
        return self.mtu is not None and least <= self.mtu < self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """`passes` is the largest size that was answered, None where not even the small one was;
    `vanishes` the smallest that vanished in silence, with `end`, the last hop that it got to."""

    address: str
    full: int
    probes: tuple[Observation, ...]
    passes: int | None = None
    vanishes: int | None = None
    advice: tuple[Advice, ...] = ()
    path: Path | None = None
    end: int | None = None

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(dict.fromkeys(seen.id for seen in self.probes))

    @property
    def wrong(self) -> Advice | None:
        """The first advice that nobody can follow."""
        return next((one for one in self.advice if not one.useful), None)


class _Prober:
    """Asks sizes of one address and keeps what came."""

    def __init__(self, net: Asker, address: str) -> None:
        self._net, self.address = net, address
        self.probes: list[Observation] = []

    async def ask(self, size: int, ttl: int = FULL_TTL, before: int = 0) -> Observation:
        """One size; a second time where nothing came. `before` were tried already."""
        for attempt in range(before, before + TRIES):
            request = SizeProbe(address=self.address, size=size, ttl=ttl, attempt=attempt)
            seen = await self._net.ask(request)
            self.probes.append(seen)
            if not _silent(seen):
                break
        return seen

    async def passes(self, size: int) -> bool:
        return _arrived(await self.ask(size), self.address)


async def sizes_to(net: Asker, address: str, source: str) -> Sizes:
    """What gets to `address` from `source`, an address of this machine."""
    prober = _Prober(net, address)
    full = await _link_size(net, source)
    least = LEAST[6 if ":" in address else 4]
    small, large = await asyncio.gather(prober.ask(least), prober.ask(full))
    if not _arrived(small, address):
        return _sizes(prober, full)
    advice, size, large = await _follow(prober, full, large)
    if _arrived(large, address):
        path = await path_to(net, address) if advice else None
        return _sizes(prober, full, passes=size, advice=advice, path=path)
    if not _silent(large) and not advice:
        return _sizes(prober, full, passes=least)
    passes, vanishes = await _search(prober, least, size)
    if _arrived(await prober.ask(vanishes, before=TRIES), address):
        return _sizes(prober, full, passes=vanishes, advice=advice)
    path = await path_to(net, address)
    end = await _end(prober, path, vanishes)
    return _sizes(prober, full, passes=passes, vanishes=vanishes, advice=advice, path=path, end=end)


def _sizes(
    prober: _Prober,
    full: int,
    *,
    passes: int | None = None,
    vanishes: int | None = None,
    advice: tuple[Advice, ...] = (),
    path: Path | None = None,
    end: int | None = None,
) -> Sizes:
    return Sizes(
        address=prober.address,
        full=full,
        probes=tuple(sorted(prober.probes, key=lambda seen: seen.id)),
        passes=passes,
        vanishes=vanishes,
        advice=advice,
        path=path,
        end=end,
    )


async def _follow(
    prober: _Prober, size: int, seen: Observation
) -> tuple[tuple[Advice, ...], int, Observation]:
    """Try what routers say would pass; the last size tried and what came of it."""
    advice: list[Advice] = []
    while (said := _advice(seen, size)) and len(advice) < MOST_ADVICE:
        advice.append(said)
        if not said.useful or said.mtu is None:
            break
        size = said.mtu
        seen = await prober.ask(size)
    return tuple(advice), size, seen


async def _search(prober: _Prober, low: int, high: int) -> tuple[int, int]:
    """The largest common size that passes, and the smallest that does not, by halving."""
    between = [size for size in reversed(LINKS) if low < size < high]
    while between:
        middle = len(between) // 2
        if await prober.passes(between[middle]):
            low, between = between[middle], between[middle + 1 :]
        else:
            high, between = between[middle], between[:middle]
    return low, high


async def _end(prober: _Prober, path: Path, size: int) -> int | None:
    """The TTL of the last router that packets of `size` get to."""
    before = [hop.ttl for hop in path.routers]
    seen = await asyncio.gather(*(prober.ask(size, ttl) for ttl in before))
    return max((t for t, one in zip(before, seen, strict=True) if _expired(one)), default=None)


async def _link_size(net: Asker, source: str) -> int:
    """The largest packet of the device that has the address `source`."""
    seen = (await net.ask(ReadInterfaces())).outcome
    devices = seen.interfaces if isinstance(seen, Interfaces) else ()
    for device in devices:
        if source in {address.partition("/")[0] for address in device.addresses}:
            return min(max(device.mtu, LEAST[6]), USUAL)
    return USUAL


def _arrived(seen: Observation, address: str) -> bool:
    """The address itself answered: its port is closed, or something listens there."""
    match seen.outcome:
        case IcmpError(sender=sender, kind=kind):
            return sender == address and kind is Unreachable.PORT
        case EchoReply():
            return True
        case _:
            return False


def _expired(seen: Observation) -> bool:
    outcome = seen.outcome
    return isinstance(outcome, IcmpError) and outcome.kind is Unreachable.TTL_EXCEEDED


def _silent(seen: Observation) -> bool:
    outcome = seen.outcome
    return isinstance(outcome, Failed) and outcome.kind is FailureKind.TIMEOUT


def _advice(seen: Observation, size: int) -> Advice | None:
    match seen.outcome:
        case IcmpError(kind=Unreachable.TOO_BIG, sender=sender, mtu=mtu) if is_address(sender):
            return Advice(sender, size, mtu, seen)
        case _:
            return None
