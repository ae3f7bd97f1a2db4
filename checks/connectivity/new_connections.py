"""New connections to one port fare alike.

## What it does
Looks at the connections that the run opens anyway. Where one was lost, late, or reset while no
asked port of the address is open, opens eight more to the port. Where these do not fare alike, it
opens another twelve, and twelve to another port of the host that answers. Where those are lost too,
it follows eight flows over UDP, each with a source port of its own, and asks those that end early a
third time.

## Why is this bad?
A service that takes some connections and not others seems to work whenever somebody looks. Each try
is a new draw, so customers call it slow or unstable.

## How it decides
For each asked port; "each" is a connection with a source port of its own.

| the connections                   | another port    | the flows       | judgement            |
|-----------------------------------|-----------------|-----------------|----------------------|
| all accepted                      | not asked       | not followed    | connections-alike    |
| all lost                          | not asked       | not followed    | connections-alike    |
| all reset                         | not asked       | not followed    | connections-alike    |
| some lost for good                | fares no better | end at a router | ecmp-member-dead     |
| some lost for good                | fares no better | end at the host | backend-intermittent |
| some lost for good                | fares no better | all go as far   | connections-not-told |
| some lost for good                | answers each    | not followed    | backend-intermittent |
| some reset                        | not needed      | not followed    | backend-intermittent |
| the first accepted, the rest lost | answers each    | not followed    | backlog-full         |
| the first served, the rest lost   | answers each    | not followed    | rate-blocked         |
| the first served, the rest lost   | none answers    | all go as far   | connections-not-told |
| the first accepted, the rest reset | answers each   | not followed    | connections-not-told |
| the first accepted, the rest refused | answers each | not followed    | rate-blocked         |
| some late                         | answers each    | not followed    | backlog-full         |
| some late                         | fares no better | all go as far   | connections-not-told |
| some lost for good                | none answers    | end at a router | ecmp-member-dead     |
| some lost for good                | none answers    | all go as far   | connections-not-told |
| none was really tried             | not asked       | not followed    | connections-not-told |
| some lost for good                | not seen to end | all go as far   | connections-not-told |

A connection is lost when the SYN and its three retransmissions stay unanswered, late when a
retransmission was answered. Linux gives those of IPv6 another flow label, so that routers which
look at it may send them by another link: there a dead member makes connections late.

A flow ends at a router when its last answer comes from there, the hops behind it stayed silent
three times, and other flows go on. Behind a dead member nothing of a flow is ever answered. That
these flows did get to the next hop, and all answers were lost at random, has a chance of p to the
power of the probes to it, with p the highest rate of loss that the other flows' probes to the same
hops allow (95 %, Clopper and Pearson). A member is called dead where that chance is below 1 %.
Flows that end right before the host are parted among machines and no links.

A port that served a visit or a handshake has a program that takes connections. Where it served one
of the first, and from some moment on none is accepted, no full queue is the reason: it would have
been emptied meanwhile. Then somebody lets this machine in no more, and so does who refuses with an
ICMP error what was let in before. Where other ports answer no more either, the host may have gone
down meanwhile, unless the same port goes on accepting over the other address family.

That the other port answers each time by luck, with the same share lost, must have a chance below
5 %, and so must the order of accepted and lost connections where nothing but order tells.

## What to do
A dead member: tell its network at which router flows are parted, and source ports that fail. A full
queue: look on the host whether it overflows (ss -ltn shows more in Recv-Q than Send-Q allows;
nstat -az TcpExtListenOverflows). An intermittent service: look which machine behind the address, or
which of its processes, is dead. A machine that is let in no more: look for what limits or bans
addresses there (fail2ban, limits of a packet filter), and wait before asking again.

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
from typing import ClassVar

from checks.facts.flows import Fares, Fate, Flows, Parting, Series, flows, parting
from checks.facts.folding import Foldable, OfAddresses, OfEndpoints, folded, listed
from checks.facts.ownership import Place, place_of
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker

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


@dataclass(frozen=True, slots=True)
class Probes:
    """How many of the flows followed end, and how many probes behind their end were lost; with
    `refused` a router said that it has no way for them."""

    ended: int
    traced: int
    lost: int
    refused: bool

    def __str__(self) -> str:
        fate = "refused there" if self.refused else f"each of {self.lost} probes further on lost"
        return f"{self.ended} of {self.traced} followed, {fate},"


@finding_kind
class ConnectionsAlike(OfEndpoints):
    code: ClassVar[str] = "connections-alike"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return f"new connections to {self.subject} fare alike"


@finding_kind
class EcmpMemberDead(OfAddresses):
    """`routers` are the last that all flows meet, at the hops `ttls`; `last` the last that answer
    the flows which end; `members` are the next routers of those that go on."""

    code: ClassVar[str] = "ecmp-member-dead"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    usual_severity: ClassVar[Severity] = Severity.WARNING
    pooled: ClassVar[frozenset[str]] = frozenset(
        {"addresses", "tolls", "routers", "ttls", "last", "members", "probes"}
    )
    tolls: tuple[Toll, ...]
    routers: tuple[Place, ...]
    ttls: tuple[int, ...]
    last: tuple[Place, ...]
    members: tuple[str, ...]
    probes: tuple[Probes, ...]
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
            f"some flows to {self.subject} always fail and others never: {spell(self.tolls)}; "
            f"flows part behind hop {hops}, {spell(self.routers)}, and {spell(self.probes)} end at "
            f"{spell(self.last)}{members}, so loss at random is ruled out with "
            f"{self.confidence} confidence"
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


@finding_kind
class _Unsteady(OfEndpoints):
    """A service that takes some connections only."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "tolls"})
    tolls: tuple[Toll, ...]
    control: str


@finding_kind
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


@finding_kind
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


@finding_kind
class RateBlocked(_Unsteady):
    code: ClassVar[str] = "rate-blocked"
    area: ClassVar[Area] = Area.CONNECTIVITY
    usual_owner: ClassVar[Owner] = Owner.HOST

    @property
    def message(self) -> str:
        return (
            f"{self.subject} let this machine in and now does so no more ({spell(self.tolls)}, "
            f"none accepted after the first of them): the host is up, since {self.control}"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Look on the host, or in front of it, for what bans or limits addresses that connect "
            "often (fail2ban, connection limits of a packet filter), and whether this machine's "
            "address is in its list. Ask from another address, and here only after a while."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server, or a protection in front of it, takes frequent connections from one "
            "address for an attack and blocks it for a while. Please check whether that limit is "
            "meant to be so low."
        )


@finding_kind
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
    yield from folded([*usual, *(judge_port(seen, fares) for fares in seen.closer)])


def judge_port(seen: Flows, fares: Fares) -> Foldable:
    """The verdict on one port of one address."""
    if fares.asked.alike:
        return _alike(fares.asked)
    if fares.asked.answered:
        return _answered(fares)
    if fares.compared and fares.compared.answered:
        return _service(fares, fares.compared)
    elsewhere = _elsewhere(seen, fares)
    if elsewhere and _shut(fares):
        return _blocked(fares, elsewhere)
    parted = parting(fares.traces)
    if parted is None and any(one.unfinished for one in (fares.asked, fares.compared) if one):
        return _not_told(fares, "this run did not see all of them to their end")
    if parted is None:
        return _not_told(fares, "its other ports do no better, and no flow followed ends early")
    if parted.at_host:
        control = f"{parted.ended} of {parted.traced} flows followed end right before the host"
        return _intermittent(fares, control)
    if parted.chance > BY_CHANCE:
        return _not_told(fares, "probes of all flows are lost, so it may be at random")
    return _dead_member(seen.brief, fares, parted)


def _alike(series: Series) -> ConnectionsAlike | ConnectionsNotTold:
    if not series.known:
        return _not_told(Fares(asked=series), "this run did not get to ask")
    return ConnectionsAlike(endpoints=(series.endpoint,), evidence=series.evidence)


def _answered(fares: Fares) -> BackendIntermittent | ConnectionsNotTold:
    """Some are accepted and all others reset: in no order, or to the end."""
    if fares.asked.ended_by_luck <= BY_LUCK:
        why = "the first are accepted and all others reset, so that the service ended meanwhile"
        return _not_told(fares, f"{why}, or lets this machine in no more")
    return _intermittent(fares, "every connection is answered, some with a reset")


def _shut(fares: Fares) -> bool:
    """Whether this machine was let in and served, and from some moment on is not, by no luck."""
    shows = fares.served is not None or fares.asked.refusal is not None
    return shows and fares.asked.ended_by_luck <= BY_LUCK


def _elsewhere(seen: Flows, fares: Fares) -> str:
    """That the same port goes on accepting over the other family, in words; empty where not."""
    address, port = fares.asked.endpoint.address, fares.asked.endpoint.port
    for one in (*seen.usual, *(other.asked for other in seen.closer)):
        there = one.endpoint
        if there.port != port or (":" in there.address) == (":" in address):
            continue
        if len(one.known) > 1 and set(one.known) == {Fate.ACCEPTED}:
            return f"each of {len(one.known)} connections to {there.address} was accepted"
    return ""


def _blocked(fares: Fares, control: str) -> RateBlocked:
    refusal = fares.asked.refusal
    word = ", and served one of those that it let in, so that no queue is full"
    if refusal:
        word = f", and {refusal.sender} refuses with {refusal.kind.value}"
    return RateBlocked(
        endpoints=(fares.asked.endpoint,),
        evidence=fares.evidence,
        tolls=(_toll(fares.asked),),
        control=f"{control}{word}",
    )


def _service(fares: Fares, compared: Series) -> Foldable:
    """The way is sound, as the other port shows: a queue or a dead backend, by order and time."""
    sample, answered = fares.asked.sample, len(compared.sample)
    if not sample or not answered:
        return _not_told(fares, "this run did not get to ask more")
    control = f"each of {answered} connections to port {compared.endpoint.port} was answered"
    share = sum(fate is Fate.ACCEPTED for fate in sample) / len(sample)
    if share**answered > BY_LUCK:
        return _not_told(fares, f"too few fail to tell from luck that {control}")
    if _shut(fares):
        return _blocked(fares, control)
    known = fares.asked.known
    accepted = known.count(Fate.ACCEPTED)
    ordered = Fate.ACCEPTED not in known[accepted:]
    if ordered and 1 / math.comb(len(known), accepted) > BY_LUCK:
        return _not_told(fares, f"too few to tell an order from luck, and {control}")
    if Fate.LATE in known or (ordered and Fate.RESET not in known):
        return BacklogFull(
            endpoints=(fares.asked.endpoint,),
            evidence=fares.evidence,
            tolls=(_toll(fares.asked),),
            control=control,
        )
    return _intermittent(fares, control)


def _intermittent(fares: Fares, control: str) -> BackendIntermittent:
    return BackendIntermittent(
        endpoints=(fares.asked.endpoint,),
        evidence=fares.evidence,
        tolls=(_toll(fares.asked),),
        control=control,
    )


def _dead_member(brief: Brief, fares: Fares, parted: Parting) -> EcmpMemberDead:
    address = fares.asked.endpoint.address
    router, last = (
        place_of(brief, hop.sender or "", address, parted.path)
        for hop in (parted.router, parted.last)
    )
    return EcmpMemberDead(
        addresses=(address,),
        evidence=fares.evidence,
        tolls=(_toll(fares.asked),),
        routers=(router,),
        ttls=(parted.router.ttl,),
        last=(last,),
        members=parted.members,
        probes=(Probes(parted.ended, parted.traced, parted.unanswered, parted.refused),),
        confidence="99.9 %" if parted.chance <= 0.001 else "99 %",
    )


def _not_told(fares: Fares, why: str) -> ConnectionsNotTold:
    toll = _toll(fares.asked)
    return ConnectionsNotTold(
        endpoints=(fares.asked.endpoint,),
        evidence=fares.evidence,
        why=f"{toll}, but {why}" if toll.opened else why,
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
        RateBlocked,
        ConnectionsNotTold,
        Skipped,
    ),
    doc=__doc__ or "",
)
