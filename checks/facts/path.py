"""The path to an address: which routers answer, where the answers end, whether they repeat.

All TTLs of a wave are in flight at once on one flow, so load balancers keep them on one path. A
hop that stays silent is asked once more, since routers limit how many ICMP errors they send
(RFC 1812, section 4.3.2.8) and a silent hop in the middle of a path is no fault.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import replace
from typing import Literal

from checks.facts.networks import Origin, origins_of
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import (
    Abilities,
    Connected,
    EchoReply,
    Failed,
    FailureKind,
    IcmpError,
    Reset,
    Unreachable,
)
from netdiag.requests import HopProbe, ReadAbilities
from netdiag.tracer import plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """What one TTL led to. `sender` is None where nothing came back.

    `kind` is what the ICMP error said, None for silence and for a TCP answer of the target.
    `return_ttl` is the TTL with which the error arrived, `segment` what the SYN that it quotes
    offers as largest segment.
    `ours` marks a probe that says nothing of the path: refused or cut off by this run; `barred` one
    that this machine's kernel refused to send.
    """

    ttl: int
    evidence: tuple[ObservationId, ...]
    sender: str | None = None
    rtt: float | None = None
    kind: Unreachable | None = None
    return_ttl: int | None = None
    segment: int | None = None
    ours: bool = False
    barred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The hops by TTL, up to the first answer of the target itself.

    Paths of other `flow`s have other ports, by which routers that balance load may part them. Over
    TCP all hops are of one flow only where the probes are `raw`. `networks` are those of
    the routers and of the address, where a source of networks tells.
    """

    address: str
    protocol: Literal["udp", "tcp"]
    port: int
    hops: tuple[Hop, ...]
    raw: bool = False
    flow: int = 0
    networks: tuple[Origin, ...] = ()

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(number for hop in self.hops for number in hop.evidence)

    @property
    def barred(self) -> tuple[ObservationId, ...]:
        """The probes that this machine refused to send."""
        return tuple(number for hop in self.hops if hop.barred for number in hop.evidence)

    @property
    def reached(self) -> Hop | None:
        """The first hop at which the target itself answered."""
        return next((hop for hop in self.hops if hop.sender == self.address), None)

    @property
    def routers(self) -> tuple[Hop, ...]:
        """The hops that said that a TTL ended there."""
        return tuple(
            hop
            for hop in self.hops
            if hop.kind is Unreachable.TTL_EXCEEDED and hop.sender != self.address
        )

    @property
    def last(self) -> Hop | None:
        """The last router that answered."""
        return self.routers[-1] if self.routers else None

    @property
    def refusal(self) -> Hop | None:
        """The first router that sent an ICMP error other than time exceeded."""
        refusing = (
            hop
            for hop in self.hops
            if hop.kind not in {None, Unreachable.TTL_EXCEEDED} and hop.sender != self.address
        )
        return next(refusing, None)

    @property
    def loop(self) -> tuple[Hop, ...]:
        """The routers that packets go round, as first seen there; empty where there is no loop.

        A loop shows as addresses that come back at a distance of two hops or more and go on doing
        so until the answers end. One address on two successive hops is a router that forwards
        an ended TTL, or one with several links, and is none.
        """
        if self.reached:
            return ()
        first: dict[str | None, Hop] = {}
        repeated = [
            hop for hop in self.routers if hop.ttl - first.setdefault(hop.sender, hop).ttl >= 2
        ]
        if len(repeated) < 2 or self.routers[-1] not in repeated:
            return ()
        senders = {hop.sender for hop in repeated}
        return tuple(hop for sender, hop in first.items() if sender in senders)

    def network_of(self, address: str) -> Origin | None:
        """The network of a router or of the end, where it is known."""
        known = (one for one in self.networks if one.state == "known")
        return next((one for one in known if one.address == address), None)

    def at(self, ttl: int) -> Hop | None:
        """The hop of that TTL, where one was seen or looked for."""
        return next((hop for hop in self.hops if hop.ttl == ttl), None)


async def path_to(
    net: Asker,
    address: str,
    *,
    protocol: Literal["udp", "tcp"] = "udp",
    port: int = 33434,
    flow: int = 0,
    longest: int = plan.WAVES[-1].stop - 1,
) -> Path:
    """Ask every hop towards `address`, up to the hop `longest`.

    TCP probes go to `port`, UDP ones to that (closed) port.
    """
    raw = protocol == "tcp" and await _may_craft(net)
    path = Path(address=address, protocol=protocol, port=port, hops=(), raw=raw, flow=flow)
    for ttls in plan.waves(longest):
        hops = path.hops + await _wave(net, path, ttls)
        path = replace(path, hops=_until(hops, address))
        if not _goes_on(path, ttls):
            break
    return path


async def named(net: Asker, brief: Brief, path: Path) -> Path:
    """`path` with the networks of its routers. The registry is not asked about each of them."""
    if brief.network_source == "none":
        return path
    senders = [hop.sender for hop in path.hops if hop.sender]
    return replace(path, networks=await origins_of(net, brief, (path.address, *senders)))


async def _may_craft(net: Asker) -> bool:
    abilities = (await net.ask(ReadAbilities())).outcome
    return isinstance(abilities, Abilities) and {"raw_sockets", "error_queue"} <= set(
        abilities.present
    )


async def _wave(net: Asker, path: Path, ttls: range) -> tuple[Hop, ...]:
    hops = await asyncio.gather(*(_hop(net, path, ttl, 0) for ttl in ttls))
    heard = [hop.ttl for hop in hops if hop.sender]
    reached = [hop.ttl for hop in hops if hop.sender == path.address]
    limit = plan.end(reached, heard, before=ttls[0] - 1)
    silent = [hop for hop in hops if not hop.sender and not hop.ours and hop.ttl <= limit]
    again = await asyncio.gather(*(_hop(net, path, hop.ttl, 1) for hop in silent))
    second = {hop.ttl: _joined(before, hop) for before, hop in zip(silent, again, strict=True)}
    return tuple(second.get(hop.ttl, hop) for hop in hops)


def _joined(before: Hop, hop: Hop) -> Hop:
    """The second try of a hop, citing the first one too."""
    return replace(hop, evidence=before.evidence + hop.evidence, ours=False, barred=False)


async def _hop(net: Asker, path: Path, ttl: int, attempt: int) -> Hop:
    probe = HopProbe(
        address=path.address,
        ttl=ttl,
        protocol=path.protocol,
        port=path.port,
        flow=path.flow,
        attempt=attempt,
        raw=path.raw,
    )
    return read_hop(await net.ask(probe), path.address, ttl)


def read_hop(seen: Observation, address: str, ttl: int) -> Hop:
    """What the outcome of a hop probe towards `address` says."""
    match seen.outcome:
        case IcmpError(sender=sender) as error if is_address(sender):
            return Hop(
                ttl=ttl,
                evidence=(seen.id,),
                sender=sender,
                rtt=error.rtt,
                kind=error.kind,
                return_ttl=error.return_ttl,
                segment=error.segment,
            )
        case Connected(rtt=rtt) | Reset(rtt=rtt) | EchoReply(rtt=rtt):
            return Hop(ttl=ttl, evidence=(seen.id,), sender=address, rtt=rtt)
        case Failed(kind=kind) if kind.ours:
            barred = kind is FailureKind.NO_PERMISSION
            return Hop(ttl=ttl, evidence=(seen.id,), ours=True, barred=barred)
        case _:
            return Hop(ttl=ttl, evidence=(seen.id,))


def is_address(text: str) -> bool:
    """Whether `text` is an IP address: a saved record may claim anything."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def _until(hops: tuple[Hop, ...], address: str) -> tuple[Hop, ...]:
    """`hops` up to the first answer of the target; what comes later repeats it."""
    end = next((i for i, hop in enumerate(hops) if hop.sender == address), len(hops) - 1)
    return hops[: end + 1]


def _goes_on(path: Path, ttls: range) -> bool:
    """Whether answers reach so near to the end of the wave that more routers may follow."""
    if path.reached or path.loop or path.refusal or not path.last:
        return False
    return plan.goes_on(path.last.ttl, ttls)
