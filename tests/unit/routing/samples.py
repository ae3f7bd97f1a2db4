"""Paths that are sampled over and over: in a simulated internet, and as samples that are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from checks.facts.loss import FIRST, ROUNDS, Losses, Lost, Tally
from checks.facts.path import Hop, Path
from checks.facts.reach import Reach, Reaches
from netdiag.network import ObservationId, Sent
from netdiag.outcomes import EchoReply, IcmpError, Outcome, Unreachable
from netdiag.requests import Echo, HopProbe, Request
from tests.unit.connectivity.internet import CONNECTED, ROUTERS, V4, Internet, Site, version

Router = Callable[[int, int], str | None]
"""Who answers at a hop in a round: another router than the usual one, None for silence."""

Time = Callable[[str, int, int], float]
"""Seconds of a round trip to a hop of the way to an address, in a round."""

HOPS = len(ROUTERS[4])


def usual(ttl: int, _: int) -> str | None:
    return ROUTERS[4][ttl - 1]


@dataclass
class Sampled(Internet):
    """Routers and times differ from round to round; round 0 is the path that is followed first."""

    router: Router = usual
    time: Time = lambda _address, _ttl, _number: 0.001
    returned: Mapping[int, int] = field(default_factory=dict)
    sites: dict[str, Site] = field(
        default_factory=lambda: {V4: Site(ports={80: CONNECTED}, reached=True)}
    )

    def answer(self, request: Request) -> Outcome | Sent:
        if isinstance(request, Echo):
            return EchoReply(rtt=0.001)
        answer = super().answer(request)
        if not isinstance(request, HopProbe) or not isinstance(answer, IcmpError):
            return answer
        number = request.attempt - FIRST + 1 if request.attempt >= FIRST else 0
        sender: str | None = answer.sender
        if request.ttl <= HOPS and version(request.address) == 4:
            sender = self.router(request.ttl, number)
        if sender is None:
            return self.sites[request.address].other_ports
        return replace(
            answer,
            sender=sender,
            rtt=self.time(request.address, request.ttl, number),
            return_ttl=self.returned.get(request.ttl),
        )


NOTHING = Tally(tried=0, lost=0, evidence=())


def drawn(router: Router = usual, time: Time = lambda _address, _ttl, _number: 0.001) -> Lost:
    """The samples of one address without asking for any."""
    first, *rounds = (_round(router, time, number) for number in range(1 + ROUNDS))
    one = Losses(
        reach=Reach(address=V4, source=""),
        port=80,
        handshakes=NOTHING,
        echoes=NOTHING,
        path=first,
        hops=(),
        rounds=tuple(rounds),
    )
    return Lost(known=Reaches(reaches=(one.reach,), ports=(80,)), all=(one,))


def _round(router: Router, time: Time, number: int) -> Path:
    hops = []
    for ttl in range(1, HOPS + 2):
        sender = router(ttl, number) if ttl <= HOPS else V4
        hops.append(
            Hop(
                ttl=ttl,
                evidence=(ObservationId(100 * number + ttl),),
                sender=sender,
                rtt=time(V4, ttl, number) if sender else None,
                kind=Unreachable.TTL_EXCEEDED if ttl <= HOPS else Unreachable.PORT,
            )
        )
    return Path(address=V4, protocol="udp", port=33434, hops=tuple(hops))
