"""Packets to the target are not lost at random.

## What it does
Where a connection of the run was answered late or not at all beside others that were, asks the
address in eighteen rounds that are spread over time: echoes, a probe to each hop, and handshakes
with a port that connects, unless all echoes of the first rounds fare alike.

## Why is this bad?
Lost packets are sent again after a second at the start of a connection, and slow it down for good
later on. Pages come in jerks, calls break up, transfers crawl.

## How it decides
| handshakes | echoes    | judgement          |
|------------|-----------|--------------------|
| lost       | lost      | packet-loss        |
| lost       | not lost  | path-loses-nothing |
| not lost   | lost      | icmp-rate-limited  |
| not lost   | not lost  | path-loses-nothing |
| lost       | no answer | loss-not-told      |
| not lost   | no answer | path-loses-nothing |

Lost is what exceeds one in a hundred by more than chance (below 2 %), in each kind or, where they
do not differ by more than chance (Fisher's exact test, 1 %), in both together. Where only one kind
loses, it is not the path: the service is at its limit, or echoes are limited, which is no fault.

Only loss at the target counts. The hop behind which it begins is the one that makes what all hops
lost likeliest; others that make it at least a hundredth as likely are named with it. A router that
loses more than the target limits its answers (RFC 1812, section 4.3.2.8) and is left out.

## What to do
Tell the network of that hop. Look there for a full link, a bad cable or optic, a policer.

## References
- RFC 7680 (a one-way loss metric); RFC 6673 (round-trip packet loss)
- RFC 1812, section 4.3.2.8 (rate limiting of ICMP errors)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import Foldable, OfAddresses, folded, listed
from checks.facts.loss import Losses, Lost, behind, interval, losses
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


@finding_kind
class PathLosesNothing(OfAddresses):
    code: ClassVar[str] = "path-loses-nothing"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING

    @property
    def message(self) -> str:
        return f"packets to {self.subject} and back are not lost more than is usual"


@finding_kind
class IcmpRateLimited(OfAddresses):
    code: ClassVar[str] = "icmp-rate-limited"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.ROUTING
    lost: int
    tried: int
    handshakes: int

    @property
    def message(self) -> str:
        return (
            f"{self.lost} of {self.tried} echoes of {self.subject} stay unanswered and all "
            f"{self.handshakes} connections are accepted at once: it limits its answers, which is "
            "no fault and no loss"
        )


@finding_kind
class PacketLoss(OfAddresses):
    """`lost` of `tried` exchanges; the loss begins behind one of `places`, at the hops `ttls`, the
    likeliest first."""

    code: ClassVar[str] = "packet-loss"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.ROUTING
    pooled: ClassVar[frozenset[str]] = frozenset({"addresses", "tallies", "places", "ttls"})
    tallies: tuple[tuple[int, int], ...]
    places: tuple[Place, ...]
    ttls: tuple[int, ...]
    near: bool

    @property
    def kin(self) -> tuple[object, ...]:
        return (self.owner, self.near)

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.share >= SEVERE else Severity.WARNING

    @property
    def lost(self) -> int:
        return sum(lost for lost, _ in self.tallies)

    @property
    def tried(self) -> int:
        return sum(tried for _, tried in self.tallies)

    @property
    def share(self) -> float:
        return self.lost / self.tried

    @property
    def owner(self) -> Owner:
        return self.places[0].owner if self.places else Owner.TRANSIT

    @property
    def message(self) -> str:
        low, high = interval(self.lost, self.tried)
        return (
            f"{self.lost} of {self.tried} exchanges with {self.subject} lost a packet "
            f"({low:.0%} to {high:.0%} with 95 % confidence), handshakes and echoes alike, spread "
            f"over time; {self._where}"
        )

    @property
    def _where(self) -> str:
        if not self.places:
            return "the hops do not tell where"
        hops = listed(str(ttl) for ttl in sorted(set(self.ttls)))
        return (
            f"up to hop {hops}, {listed(map(str, self.places))}, nothing is lost that stays lost, "
            "and behind it the loss goes on to the end"
        )

    @property
    def for_agent(self) -> str:
        whom = listed(str(place) for place in self.places) or "the networks on the way"
        return (
            f"Tell the network of {whom} that packets are lost from there on, with the counts: it "
            "should look for a full link, errors on an interface, or a policer."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Part of the packets between here and your server is lost on the way, which makes "
            "everything slow and jerky. There is nothing for you to change."
        )


SEVERE = 0.5
"""Share of lost exchanges above which connections fail rather than slow down."""


@finding_kind
class LossNotTold(OfAddresses):
    code: ClassVar[str] = "loss-not-told"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return f"whether packets to {self.subject} are lost on the way cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    lost: Lost


async def gather(net: Asker, brief: Brief) -> Facts:
    """Samples of every address that showed a sign of loss."""
    return Facts(brief=brief, lost=await losses(net, brief))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every address that was sampled."""
    if not facts.lost.all:
        missing = facts.lost.known.missing or "no connection was late, or lost beside others"
        yield Skipped(subject="packet loss", missing=missing)
        return
    yield from folded(judge_address(facts.brief, one) for one in facts.lost.all)


def judge_address(brief: Brief, one: Losses) -> Foldable:
    """The verdict on one address."""
    about, evidence = (one.reach.address,), one.evidence
    tcp, echo = one.handshakes, one.echoes
    if not tcp.tried:
        why = "this run did not get to ask often enough"
        return LossNotTold(addresses=about, evidence=evidence, why=why)
    if echo.tried == echo.lost:
        if not tcp.unusual:
            return PathLosesNothing(addresses=about, evidence=evidence)
        why = "the host answers no echo, so that its service may be what loses connections"
        return LossNotTold(addresses=about, evidence=evidence, why=why)
    if echo.more_than(tcp) and not tcp.unusual:
        return IcmpRateLimited(
            addresses=about,
            evidence=evidence,
            lost=echo.lost,
            tried=echo.tried,
            handshakes=tcp.tried,
        )
    alike = tcp.lost and echo.lost and not tcp.more_than(echo) and one.exchanges.unusual
    if (tcp.unusual and echo.unusual) or alike:
        return _loss(brief, one)
    return PathLosesNothing(addresses=about, evidence=evidence)


def _loss(brief: Brief, one: Losses) -> PacketLoss:
    starts = behind(one)
    first = one.path.routers[0] if one.path.routers else None
    hops = [one.path.at(start) if start else first for start in starts]
    places = tuple(
        place_of(brief, hop.sender, one.reach.address, one.path)
        for hop in hops
        if hop and hop.sender
    )
    told = len({place.owner for place in places}) == 1
    return PacketLoss(
        addresses=(one.reach.address,),
        evidence=one.evidence,
        tallies=((one.exchanges.lost, one.exchanges.tried),),
        places=places if told else (),
        ttls=starts if told else (),
        near=0 in starts,
    )


CHECK = Check(
    id="packet-loss",
    title="Packets are lost at random",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(PathLosesNothing, IcmpRateLimited, PacketLoss, LossNotTold, Skipped),
    doc=__doc__ or "",
)
