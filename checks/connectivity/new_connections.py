"""New connections to one port fare alike.

## What it does
Looks at the connections that the run opens anyway. Where one was lost, late, or reset while another
was accepted, opens 16 more to the port, in groups of eight, and as many to another port of the host
that answers. Where those are lost too, it follows eight flows over UDP, each with a source port of
its own, and asks those that end early a third time.

## Why is this bad?
A service that takes some connections and not others seems to work whenever somebody looks. Each try
is a new draw, so customers call it slow or unstable.

## How it decides
For each asked port; "each" is a connection with a source port of its own.

| the connections                   | another port    | the flows            | judgement            |
|-----------------------------------|-----------------|----------------------|----------------------|
| all accepted                      | not asked       | not followed         | connections-alike    |
| all lost                          | not asked       | not followed         | connections-alike    |
| all reset                         | not asked       | not followed         | connections-alike    |
| some lost for good                | fares no better | some end at a router | ecmp-member-dead     |
| some lost for good                | fares no better | some end at the host | backend-intermittent |
| some lost for good                | fares no better | all go as far        | connections-not-told |
| some lost for good                | answers each    | not followed         | backend-intermittent |
| some reset                        | not needed      | not followed         | backend-intermittent |
| the first accepted, the rest lost | answers each    | not followed         | backlog-full         |
| some late                         | answers each    | not followed         | backlog-full         |
| some late                         | fares no better | all go as far        | connections-not-told |
| some lost for good                | none answers    | some end at a router | ecmp-member-dead     |
| some lost for good                | none answers    | all go as far        | connections-not-told |
| none was really tried             | not asked       | not followed         | connections-not-told |

A connection is lost for good when the SYN and its three retransmissions, all of one flow, stay
unanswered; it is late when a retransmission was answered. Single packets lost at random make
connections late. That they make lost ones and no late one has a chance of p to the power of
the retransmissions lost, with p the highest rate of loss that the first SYNs allow (95 %,
Clopper and Pearson). A member is called dead where that chance is below 1 %.

That the other port answers each time by luck, with the same share lost, must have a chance below
5 %, and so must the order of accepted and lost connections where nothing but order tells.

A flow ends at a router when its last answer comes from there, the hops behind it stayed silent
three times, and other flows go on. Flows that end right before the host are parted among machines
and no links.

## What to do
A dead member: tell its network at which router flows are parted, and source ports that fail. A full
queue: look on the host whether it overflows (ss -ltn shows more in Recv-Q than Send-Q allows;
nstat -az TcpExtListenOverflows). An intermittent service: look which machine behind the address, or
which of its processes, is dead.

## References
- RFC 2992 (analysis of an equal-cost multi-path algorithm)
- RFC 6298, section 5.7 (retransmission of a SYN)
- Augustin et al., Avoiding traceroute anomalies with Paris traceroute, IMC 2006
- Clopper and Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934)
- listen(2) (what the kernel does when the queue is full)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from checks.facts.flows import TRIES, Fares, Fate, Flows, Parting, Series, flows, parting
from checks.facts.folding import Foldable, OfAddresses, OfEndpoints, folded, listed
from checks.facts.ownership import Place, place_of
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, Skipped
from netdiag.network import Asker, ObservationId

BY_CHANCE = 0.01
"""Above this chance of random loss looking the same, no member is called dead."""

BY_LUCK = 0.05
"""Above this chance of the comparison or the order being luck, neither tells anything."""


@dataclass(frozen=True, slots=True)
class Toll:
    """How many of the `opened` connections to a port were not accepted at once, and how."""

    opened: int
    lost: int
    late: int
    reset: int

    def __str__(self) -> str:
        counts = {"lost": self.lost, "late": self.late, "reset": self.reset}
        failed = listed(f"{number} {word}" for word, number in counts.items() if number)
        return f"of {self.opened} connections {failed or 'none failed'}"


@dataclass(frozen=True, kw_only=True)
class ConnectionsAlike(OfEndpoints):
    code: ClassVar[str] = "connections-alike"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return f"new connections to {self.subject} fare alike"


@dataclass(frozen=True, kw_only=True)
class EcmpMemberDead(OfAddresses):
    """`routers` are the last that all flows meet, at the hops `ttls`; `last` the last that answer
    the flows which end; `members` are the next routers of those that go on."""

    code: ClassVar[str] = "ecmp-member-dead"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    usual_severity: ClassVar[Severity] = Severity.WARNING
    pooled: ClassVar[frozenset[str]] = frozenset(
        {"addresses", "tolls", "routers", "ttls", "last", "members", "ended"}
    )
    tolls: tuple[Toll, ...]
    routers: tuple[Place, ...]
    ttls: tuple[int, ...]
    last: tuple[Place, ...]
    members: tuple[str, ...]
    ended: tuple[str, ...]
    confidence: str

    @property
    def kin(self) -> tuple[object, ...]:
        return self.last[0].network, self.owner

    @property
    def owner(self) -> Owner:
        return self.last[0].owner

    @property
    def message(self) -> str:
        hops = listed(str(ttl) for ttl in sorted(set(self.ttls)))
        members = f", where others go on by {listed(self.members)}" if self.members else ""
        return (
            f"some flows to {self.subject} always fail and others never "
            f"({spell(self.tolls)}, no retransmission answered; loss "
            f"at random is ruled out with {self.confidence} confidence): flows part behind hop "
            f"{hops}, {spell(self.routers)}, and {listed(self.ended)} followed end at "
            f"{spell(self.last)}{members}"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Tell the network of {spell(self.last)} that one of the links or routers over which "
            "it spreads traffic drops everything: the member is alive for its routing and dead "
            "for packets. Failing and working flows are in the evidence."
        )

    @property
    def for_customer(self) -> str:
        return (
            "One of several parallel links on the way to your server is broken, so some "
            "connections fail and others work. There is nothing for you to change; trying again "
            "helps until it is repaired."
        )


@dataclass(frozen=True, kw_only=True)
class _Unsteady(OfEndpoints):
    """A service that takes some connections only."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "tolls"})
    tolls: tuple[Toll, ...]
    control: str


@dataclass(frozen=True, kw_only=True)
class BackendIntermittent(_Unsteady):
    code: ClassVar[str] = "backend-intermittent"

    @property
    def message(self) -> str:
        return (
            f"{self.subject} takes some connections and not others, in no order "
            f"({spell(self.tolls)}): it depends on the connection and not "
            f"on the way, since {self.control}"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Find out which machine or process behind the address is dead: look at the load "
            "balancer's list of backends and its health checks, and take the dead one out."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your service is offered by several machines or programs, and one of them does not "
            "work, so some visits fail. Please check each of them."
        )


@dataclass(frozen=True, kw_only=True)
class BacklogFull(_Unsteady):
    code: ClassVar[str] = "backlog-full"

    @property
    def message(self) -> str:
        return (
            f"{self.subject} takes connections more slowly than they come "
            f"({spell(self.tolls)}): its queue of connections is full, or "
            f"something limits how many are let in; it is not the way, since {self.control}"
        )

    @property
    def for_agent(self) -> str:
        return (
            "On the host, compare Recv-Q with Send-Q of the port (ss -ltn) and watch nstat -az "
            "TcpExtListenOverflows: where it grows, the program does not accept connections fast "
            "enough, or hangs. Where it does not, look for a filter that limits new connections."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The program on your server is too busy to take new connections, or it hangs. Please "
            "look at its load, and restart it where it hangs."
        )


@dataclass(frozen=True, kw_only=True)
class ConnectionsNotTold(OfEndpoints):
    code: ClassVar[str] = "connections-not-told"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY
    why: str

    @property
    def message(self) -> str:
        return f"whether new connections to {self.subject} fare alike is not told: {self.why}"


async def gather(net: Asker, brief: Brief) -> Flows:
    """How connections to every asked port fare, the deeper the more they differ."""
    return await flows(net, brief)


def judge(seen: Flows) -> Iterable[Finding]:
    """One verdict on every asked port."""
    if seen.known.missing:
        yield Skipped(subject="new connections", missing=seen.known.missing)
        return
    usual = [_alike(series) for series in seen.usual]
    yield from folded([*usual, *(judge_port(seen.brief, fares) for fares in seen.closer)])


def judge_port(brief: Brief, fares: Fares) -> Foldable:
    """The verdict on one port of one address."""
    asked = fares.asked
    if asked.alike:
        return _alike(asked)
    if asked.answered:
        return _intermittent(asked, "every connection is answered, some with a reset")
    if fares.compared and fares.compared.answered:
        return _service(asked, fares.compared)
    parted = parting(fares.traces)
    if parted is None:
        return _not_told(
            asked, fares, "connections to its other ports are lost too or none answers"
        )
    if parted.at_host:
        control = f"{parted.ended} of {parted.traced} flows end right before the host"
        return _intermittent(asked, control, parted.evidence)
    chance = random_chance(asked.sample)
    if chance > BY_CHANCE:
        return _not_told(asked, fares, "too few connections differ to rule out loss at random")
    return _dead_member(brief, asked, parted, chance)


def _alike(series: Series) -> ConnectionsAlike | ConnectionsNotTold:
    about = (series.endpoint,)
    if not series.known:
        why = "this run did not get to ask"
        return ConnectionsNotTold(endpoints=about, evidence=series.evidence, why=why)
    return ConnectionsAlike(endpoints=about, evidence=series.evidence)


def _service(asked: Series, compared: Series) -> Foldable:
    """The way is sound, as the other port shows: a queue or a dead backend, by order and time."""
    failed = sum(fate is not Fate.ACCEPTED for fate in asked.sample)
    share = failed / max(len(asked.sample), 1)
    control = (
        f"each of {len(compared.known)} connections to port {compared.endpoint.port} was answered"
    )
    if not failed or (1 - share) ** len(compared.known) > BY_LUCK:
        why = f"too few fail to tell from luck that {control}"
        return ConnectionsNotTold(
            endpoints=(asked.endpoint,), evidence=(*asked.evidence, *compared.evidence), why=why
        )
    if Fate.LATE in asked.known or _first_ones_only(asked.known):
        return BacklogFull(
            endpoints=(asked.endpoint,),
            evidence=(*asked.evidence, *compared.evidence),
            tolls=(_toll(asked),),
            control=control,
        )
    return _intermittent(asked, control, compared.evidence)


def _first_ones_only(fates: tuple[Fate, ...]) -> bool:
    """Whether connections were accepted up to a moment and never after it, and not by luck."""
    accepted = fates.count(Fate.ACCEPTED)
    ordered = Fate.ACCEPTED not in fates[accepted:]
    return ordered and 1 / math.comb(len(fates), accepted) <= BY_LUCK


def _intermittent(
    asked: Series, control: str, more: tuple[ObservationId, ...] = ()
) -> BackendIntermittent:
    return BackendIntermittent(
        endpoints=(asked.endpoint,),
        evidence=(*asked.evidence, *more),
        tolls=(_toll(asked),),
        control=control,
    )


def _dead_member(brief: Brief, asked: Series, parted: Parting, chance: float) -> EcmpMemberDead:
    address = asked.endpoint.address
    places = [
        place_of(brief, hop.sender or "", address, parted.path)
        for hop in (parted.router, parted.last)
    ]
    return EcmpMemberDead(
        addresses=(address,),
        evidence=(*asked.evidence, *parted.evidence),
        tolls=(_toll(asked),),
        routers=(places[0],),
        ttls=(parted.router.ttl,),
        last=(places[1],),
        members=parted.members,
        ended=(f"{parted.ended} of {parted.traced}",),
        confidence="99.9 %" if chance <= 0.001 else "99 %",
    )


def _not_told(asked: Series, fares: Fares, why: str) -> ConnectionsNotTold:
    compared = fares.compared.evidence if fares.compared else ()
    traced = tuple(number for path in fares.traces for number in path.evidence)
    why = f"{_toll(asked)}, but {why}, and no router is seen where flows part"
    return ConnectionsNotTold(
        endpoints=(asked.endpoint,), evidence=(*asked.evidence, *compared, *traced), why=why
    )


def spell(things: Iterable[object]) -> str:
    """Each in words, one after the other."""
    return listed(str(thing) for thing in things)


def _toll(series: Series) -> Toll:
    known = series.known
    return Toll(
        opened=len(known),
        lost=known.count(Fate.LOST),
        late=known.count(Fate.LATE),
        reset=known.count(Fate.RESET),
    )


def random_chance(fates: tuple[Fate, ...]) -> float:
    """The chance that packets lost at random look like this: every connection whose first SYN was
    lost also lost all retransmissions. 1 where one of them came through."""
    lost = fates.count(Fate.LOST)
    if not lost or Fate.LATE in fates:
        return 1.0
    return float(highest_rate(lost, len(fates)) ** (lost * (TRIES - 1)))


def highest_rate(hits: int, tries: int) -> float:
    """The upper end of the one-sided 95 % interval of a rate (Clopper and Pearson)."""
    if hits >= tries:
        return 1.0
    low, high = hits / tries, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        at_most = sum(
            math.comb(tries, n) * middle**n * (1 - middle) ** (tries - n) for n in range(hits + 1)
        )
        low, high = (middle, high) if at_most > 0.05 else (low, middle)
    return high


CHECK = Check(
    id="new-connections",
    title="New connections fare alike",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ConnectionsAlike,
        EcmpMemberDead,
        BackendIntermittent,
        BacklogFull,
        ConnectionsNotTold,
        Skipped,
    ),
    doc=__doc__ or "",
)
