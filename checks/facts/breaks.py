"""Where the way to an address breaks off: one answer per address, which the checks share.

The questions are put in this order, and the first that is answered decides:

1. an asked port connects: the way does not break;
2. nothing could be asked, nothing more than the asked ports was, or nothing elsewhere answers
   either: not to be told from here;
3. the host itself answers something: its ports are in question, not the way;
4. routers repeat until the TTL ends: a loop;
5. a router says net or host unreachable: a dead host where it says host unreachable after it had
   looked for the host in vain, else an unreachable route;
6. a firewall refuses: its word on a port, no statement about the way;
7. silence: a dead host where the host's own LAN is reached, else a black hole.

Looking for a neighbour takes a router three seconds: three tries of one second (RFC 4861,
MAX_MULTICAST_SOLICIT and RETRANS_TIMER; the same for ARP in common systems). The time of the first
handshakes alone does not tell the two apart: a search may have been under way already, or the
errors were limited and came for a retransmission. The probes that follow start a search of their
own: a router without a route answers some of them at once, one that looks for the host answers
the control ports after three seconds and the probes of the path, which wait for one, not at all.
A router without a route that has used up its allowance of errors may answer those late too, but at
one moment here and another there, while one that looks refuses everything that waits at once, and
again three seconds later at the earliest.
"""

from __future__ import annotations

from collections.abc import Iterable

from checks.facts.outside import Outside
from checks.facts.ownership import Place, place_after, place_of
from checks.facts.path import Hop, Path
from checks.facts.reach import Reach, Reaches, reaches_lan
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import IcmpError, Unreachable

AT_ONCE = 1.5
"""Seconds below which an error cannot be the end of a search for a neighbour.

Half of what a search takes: a probe may be sent up to that much later than the one that started the
search, and a router that limits its errors answers a SYN's first retransmission, after one second.
"""

BETWEEN_SEARCHES = (0.5, 2.5)
"""Seconds between two refusals of one router that are too far apart for the end of one search for a
neighbour and too near for the ends of two, by half a second."""

ANSWERED_WITHIN = 0.05
"""Seconds by which two answers of one router may differ for reasons of its own."""

NO_CLOSER = "the run was to look once and no closer (--fast)"

NO_WAY = frozenset({Unreachable.NET, Unreachable.HOST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """An asked port connects."""

    evidence: tuple[ObservationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Nothing can be said from here; `why` completes "because …"."""

    evidence: tuple[ObservationId, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAnswers:
    """The host itself answered, though no asked port connects."""

    evidence: tuple[ObservationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Packets go round between these routers until their TTL ends."""

    evidence: tuple[ObservationId, ...]
    routers: tuple[Place, ...]
    ttl: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRoute:
    """A router says at once that it has no way to the address."""

    evidence: tuple[ObservationId, ...]
    router: Place
    says: Unreachable
    rtt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A firewall on the way refuses, as its ICMP error says."""

    evidence: tuple[ObservationId, ...]
    router: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadHost:
    """The host's own network is reached, and the host says nothing at all.

    `says_so` is whether the last router reported in vain to have looked for it.
    """

    evidence: tuple[ObservationId, ...]
    router: Place
    says_so: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Everything sent vanishes behind `last`; `after` is where, as far as that can be known."""

    evidence: tuple[ObservationId, ...]
    last: Place
    ttl: int
    after: Place


Break = Works | Untold | HostAnswers | Loop | NoRoute | Rejected | DeadHost | Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What the checks of the way judge: addresses, the controls of their families, the brief."""

    brief: Brief
    known: Reaches
    outside: tuple[Outside, ...]

    def control(self, family: int) -> Outside | None:
        return next((one for one in self.outside if one.family == family), None)

    def other_paths(self, reach: Reach) -> tuple[Path, ...]:
        """Every path seen but the address's own: what they show of routers it did not get to."""
        own = (reach.beside,) if reach.beside else ()
        others = (path for one in self.known.reaches if one is not reach for path in one.paths)
        return (*own, *others)

    def works_elsewhere(self, reach: Reach) -> bool:
        """Another address of the target works, so that redundancy hides the fault."""
        return any(one.works for one in self.known.reaches if one is not reach)

    def family_fails(self, family: int) -> bool:
        """No address of `family` works while one of the other family does."""
        mine = any(reach.works for reach in self.known.of(family))
        return not mine and self.known.works


def break_of(ways: Ways, reach: Reach) -> Break:
    """Where the way to this address breaks off."""
    if reach.works:
        return Works(evidence=tuple(p.seen.id for p in reach.asked if p.connected))
    if not reach.observed:
        return Untold(evidence=reach.tried, why="this run did not get to ask it")
    if not reach.followed and reach.answer is None:
        return Untold(evidence=reach.tried, why=NO_CLOSER)
    if any(reach.refused_here(port) for port in reach.asked):
        return Untold(evidence=reach.tried, why="this machine itself rejects what is sent there")
    if reach.stuck_here is not None:
        return Untold(
            evidence=(reach.stuck_here,), why="this machine's next hop towards it does not answer"
        )
    if reach.answer is not None:
        return HostAnswers(evidence=(reach.answer, *reach.tried))
    control = ways.control(reach.family)
    if control is None or control.answer is None:
        evidence = (*reach.tried, *(control.evidence if control else ()))
        why = f"nothing else answers over IPv{reach.family} from here either"
        return Untold(evidence=evidence, why=why)
    proof = control.evidence
    return (
        _loop(ways, reach, proof)
        or _refusal(ways, reach, proof)
        or _rejection(ways, reach, proof)
        or _silence(ways, reach, proof)
    )


def _loop(ways: Ways, reach: Reach, proof: tuple[ObservationId, ...]) -> Loop | None:
    path = next((path for path in reach.paths if path.loop), None)
    if path:
        places = tuple(_place(ways, reach, hop) for hop in path.loop)
        evidence = (*path.evidence, *reach.tried, *proof)
        return Loop(evidence=evidence, routers=places, ttl=path.loop[0].ttl)
    for error, seen in reach.errors:
        if error.kind is Unreachable.TTL_EXCEEDED:
            place = place_of(ways.brief, error.sender, reach.address, reach.path)
            return Loop(evidence=(seen.id, *proof), routers=(place,), ttl=None)
    return None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One router's word that there is no way, `rtt` seconds after it was asked. `came` is when at
    the earliest and at the latest, in seconds from the run's start; None where that is not known.
    """

    sender: str
    says: Unreachable
    rtt: float
    came: tuple[float, float] | None
    evidence: tuple[ObservationId, ...]


def _refusal(
    ways: Ways, reach: Reach, proof: tuple[ObservationId, ...]
) -> NoRoute | DeadHost | None:
    """A router's word that there is no way, for an asked port or along the path."""
    asked = _refusals(reach.errors)
    later = _refusals(reach.later_errors)
    on_path = [
        (Refusal(hop.sender, hop.kind, hop.rtt or 0.0, None, hop.evidence), _at_once(path, hop))
        for path in reach.paths
        if (hop := path.refusal)
        if hop.sender and hop.kind in NO_WAY and hop.sender != reach.source
    ]
    prompt = [refusal for refusal, at_once in on_path if at_once]
    waited = [refusal for refusal, at_once in on_path if not at_once]
    if not asked and not on_path:
        return None
    first = min(prompt or later or asked or waited, key=lambda one: one.rtt)
    said = (*asked, *later, *prompt, *waited)
    evidence = (*(number for one in said for number in one.evidence), *proof)
    router = place_of(ways.brief, first.sender, reach.address, reach.path)
    looked = not prompt and (first in waited or first.rtt >= AT_ONCE)
    if first.says is Unreachable.HOST and looked and not _at_odd_moments((*asked, *later)):
        return DeadHost(evidence=evidence, router=router, says_so=True)
    first = min(said, key=lambda one: one.rtt)
    return NoRoute(evidence=evidence, router=router, says=first.says, rtt=first.rtt)


def _at_odd_moments(refusals: Iterable[Refusal]) -> bool:
    """Whether one router refused at moments at which no search for a neighbour can have ended."""
    least, most = BETWEEN_SEARCHES
    moments = [(one.sender, *one.came) for one in refusals if one.came]
    return any(
        sender == other and least < early - before and late - earliest < most
        for sender, earliest, before in moments
        for other, early, late in moments
    )


def _at_once(path: Path, hop: Hop) -> bool:
    """Whether a refusal on the path came as soon as the router answers other probes.

    A router that looks for a neighbour refuses all that came meanwhile at one moment, when it gives
    up. A probe sent shortly before that seems to be refused soon, but later than the router
    answers, or only when asked again. One without a route refuses the very first probe.
    """
    own = [r.rtt for r in path.routers if r.sender == hop.sender and r.rtt is not None]
    usual = max(own or [r.rtt or 0.0 for r in path.routers], default=AT_ONCE)
    return len(hop.evidence) == 1 and (hop.rtt or 0.0) <= usual + ANSWERED_WITHIN


def _refusals(ports: Iterable[tuple[IcmpError, Observation]]) -> list[Refusal]:
    return [
        Refusal(error.sender, error.kind, error.rtt, _came(error, seen), (seen.id,))
        for error, seen in ports
        if error.kind in NO_WAY
    ]


def _came(error: IcmpError, seen: Observation) -> tuple[float, float]:
    """A busy machine may send some time after it set out to, and notice the answer late."""
    return seen.started + error.rtt, seen.started + max(error.rtt, seen.elapsed)


def _rejection(ways: Ways, reach: Reach, proof: tuple[ObservationId, ...]) -> Rejected | None:
    if not reach.errors:
        return None
    error, seen = reach.errors[0]
    router = place_of(ways.brief, error.sender, reach.address, reach.path)
    return Rejected(evidence=(seen.id, *proof), router=router)


def _silence(
    ways: Ways, reach: Reach, proof: tuple[ObservationId, ...]
) -> DeadHost | Silence | Untold:
    path = reach.path
    last = path.last if path else None
    if path is None or last is None:
        why = "no router on the way answers, so it cannot be followed"
        return Untold(evidence=(*reach.evidence, *proof), why=why)
    evidence = (*reach.evidence, *proof)
    here = _place(ways, reach, last)
    if _gets_there(ways, reach, last):
        return DeadHost(evidence=evidence, router=here, says_so=False)
    after = place_after(ways.brief, last, path, ways.other_paths(reach))
    return Silence(evidence=evidence, last=here, ttl=last.ttl, after=after)


def _gets_there(ways: Ways, reach: Reach, last: Hop) -> bool:
    """Whether the host's network is reached: its LAN, or where that cannot be told, the network
    that the configuration names for it."""
    told = reaches_lan(reach)
    if told is not None:
        return told
    network = ways.brief.network_of(reach.address)
    return network is not None and network.holds(last.sender or "")


def _place(ways: Ways, reach: Reach, hop: Hop) -> Place:
    return place_of(ways.brief, hop.sender or "", reach.address, reach.path)
