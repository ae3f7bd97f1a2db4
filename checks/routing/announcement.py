"""The prefix of the target's address is announced to the Internet.

## What it does
Where the configuration names a routing registry (a service with RIPEstat's data API), asks it for
the announced prefix that holds the address, and by how many of its peers that is seen: for
addresses that do not answer, and for all public ones with `--thorough`.

## Why is this bad?
Networks that hear of no route to an address drop what is sent to it. Nothing at the host can cure
that, and it works for nobody but neighbours that have a route of their own.

## How it decides
| the prefix                                    | the registry          | judgement             |
|-----------------------------------------------|-----------------------|-----------------------|
| is seen by all peers                          | answers               | prefix-announced      |
| is seen by one peer, the one around it by all | answers               | prefix-announced      |
| is unknown, one around it is seen by all      | answers               | prefix-announced      |
| is unknown, as is any around it               | knows somebody else's | prefix-not-announced  |
| is seen by one peer                           | knows somebody else's | prefix-not-announced  |
| is unknown, but for a default route           | knows somebody else's | prefix-not-announced  |
| is unknown, as is any around it               | knows nobody else's   | announcement-not-told |
| is unknown, as is any around it               | has three peers       | announcement-not-told |
| is unknown, as is any around it               | is two days behind    | announcement-not-told |
| is unknown, as is any around it               | does not say from when | announcement-not-told |
| is seen by all peers                          | is two days behind    | announcement-not-told |
| is seen by a third of the peers               | answers               | announcement-not-told |
| is unknown, as is any around it               | tells no visibility   | announcement-not-told |
| is unknown, as is any around it               | does not answer       | announcement-not-told |

A peer is a router that gives the registry's collectors its routes. Fewer than ten see too little of
the Internet. What the registry says is some hours old, so the time of its data is in every message.

## What to do
The network that the address belongs to announces the prefix again: its router or its upstream has
stopped to, or filters it (a missing route object or ROA, an unpaid bill, an attack's null route).

## References
- RFC 4271, section 9.1 (routes of last resort are not announced)
- RIPEstat Data API: network-info, routing-status
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from checks.facts.folding import Foldable, OfAddresses, folded
from checks.facts.routing_registry import (
    SEEN_BY_FEW,
    SEEN_BY_MOST,
    Facts,
    Routed,
    doubt_of_time,
    gather,
    share,
    spoken,
    time_of,
)
from netdiag.model import Area, Check, Finding, Outcome, Owner, Severity, Skipped, finding_kind
from netdiag.outcomes import RoutingReply

ENOUGH_PEERS = 10


@finding_kind
class _Seen(OfAddresses):
    """`seeing` of the registry's `peers` see `prefix`, as of `time`."""

    area: ClassVar[Area] = Area.ROUTING
    registry: str
    prefix: str
    seeing: int
    peers: int
    time: str

    @property
    def seers(self) -> str:
        return f"{self.seeing} of {self.peers} peers of {self.registry}"


@finding_kind
class PrefixAnnounced(_Seen):
    code: ClassVar[str] = "prefix-announced"
    outcome: ClassVar[Outcome] = Outcome.OK

    @property
    def message(self) -> str:
        return f"{self.prefix}, which holds {self.subject}, is seen by {self.seers} ({self.time})"


@finding_kind
class PrefixNotAnnounced(_Seen):
    """`known` is the prefix that the registry gives for the unrelated address `other`; `last` tells
    when a route was seen last. `works` where the address answers here, `hidden` where another of
    the target's addresses does."""

    code: ClassVar[str] = "prefix-not-announced"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    usual_owner: ClassVar[Owner] = Owner.HOSTING_NETWORK
    known: str
    other: str
    last: str
    works: bool
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.works or self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        here = ", although it answers here" if self.works else ""
        last = f", and was last seen {self.last}" if self.last else ""
        return (
            f"no prefix that holds {self.subject} is announced to the Internet{here}: {self.seers} "
            f"see {self.prefix} ({self.time}){last}; the registry does know {self.known}, which "
            f"holds {self.other}, so its data are not empty"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Ask the network that {self.subject} belongs to why it no longer announces the "
            "prefix, or which of its upstreams filters it."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The network of your server is missing from the Internet's routing at present. Its "
            "operator has to announce it again; there is nothing for you to change."
        )


@finding_kind
class AnnouncementNotTold(OfAddresses):
    code: ClassVar[str] = "announcement-not-told"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return (
            f"whether the prefix of {self.subject} is announced cannot be told by the routing "
            f"registry: {self.why}"
        )


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every address."""
    if facts.missing:
        yield Skipped(subject="announcement", missing=facts.missing)
        return
    yield from folded(judge_address(facts, one) for one in facts.routed)


def judge_address(facts: Facts, one: Routed) -> Foldable:
    """The verdict on the prefix that holds one address."""
    if why := doubt(facts, one):
        return AnnouncementNotTold(addresses=(one.address,), evidence=one.evidence, why=why)
    best = max(one.seen, key=share)
    time = time_of(best)
    told: dict[str, Any] = {
        "addresses": (one.address,),
        "evidence": one.evidence,
        "registry": facts.registry,
        "prefix": best.prefix,
        "seeing": best.seeing or 0,
        "peers": best.peers or 0,
        "time": f"as of {spoken(time)}" if time else "",
    }
    if share(best) >= SEEN_BY_MOST:
        return PrefixAnnounced(**told)
    return PrefixNotAnnounced(
        **told,
        known=one.control.reply.prefix if one.control.reply else "",
        other=one.other,
        last=_last(one.seen),
        works=one.works,
        hidden=facts.works,
    )


def doubt(facts: Facts, one: Routed) -> str:
    """Why nothing can be said; empty where something can."""
    failed = [told.why for told in (one.origin, *one.looks) if told.reply is None]
    if failed:
        return failed[0]
    if len(one.seen) < len(one.looks):
        return "it does not tell how many of its peers see the prefix"
    best = max(one.seen, key=share)
    if late := doubt_of_time(best, facts.started):
        return late
    if (best.peers or 0) < ENOUGH_PEERS:
        return f"it has {best.peers} peers of this address family, too few to speak for the rest"
    if share(best) >= SEEN_BY_MOST:
        return ""
    if share(best) >= SEEN_BY_FEW:
        return (
            f"{best.seeing} of its {best.peers} peers see {best.prefix}, too few for a prefix that "
            "is announced everywhere and too many for one that is gone"
        )
    if not one.other:
        return "no unrelated address is known to ask it for"
    known = one.control.reply
    if known is None or not known.prefix:
        return one.control.why or f"it does not know the prefix of {one.other} either"
    return ""


def _last(looks: Iterable[RoutingReply]) -> str:
    known = [look.last for look in looks if look.last and not look.seeing]
    if not known:
        return ""
    newest = max(known, key=lambda route: route.time)
    return f"{newest.time or 'earlier'} as {newest.prefix} from AS{newest.asn}"


CHECK = Check(
    id="announcement",
    title="The prefix of the target is announced",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(PrefixAnnounced, PrefixNotAnnounced, AnnouncementNotTold, Skipped),
    doc=__doc__ or "",
)
