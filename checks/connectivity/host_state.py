"""The host answers at all, at each of its addresses.

## What it does
Takes the asked ports, and where none of them connects an echo, a few control ports and the path.
Where the host gives no sign at all it also follows the path to the first address of the host's
LAN, which is usually that of its router.

## Why is this bad?
A host that is down serves nothing, and no change on the way to it helps.

## How it decides
| the host         | the way                                              | judgement    |
|------------------|------------------------------------------------------|--------------|
| a port connects  | any                                                  | host-answers |
| a reset          | any                                                  | host-answers |
| echo             | any                                                  | host-answers |
| nothing          | host unreachable after 3 s                           | host-down    |
| nothing          | host unreachable at once, control ports after 3 s    | host-down    |
| nothing          | host unreachable at once                             | host-silent  |
| nothing          | host unreachable after 3 s, control ports at once    | host-silent  |
| nothing          | host unreachable after 3 s, path probes at once      | host-silent  |
| nothing          | host unreachable at once, control ports two seconds later | host-silent |
| nothing          | the last router replying is in its LAN               | host-down    |
| nothing          | as far as the first address of its LAN               | host-down    |
| nothing          | less far than the first address of its LAN           | host-silent  |
| nothing          | breaks off, its LAN silent too                       | host-silent  |
| nothing          | a loop                                               | host-silent  |
| nothing          | nothing else answers from here                       | host-silent  |
| nothing over one family, fine over the other | as far as its LAN        | host-silent  |

A router needs three seconds to find that a host does not answer ARP or neighbour solicitation; what
comes within 1.5 seconds is a route's error, not the host's. The control ports and the probes of the
path count before the asked ports, whose search may have been under way already. One search ends at
one moment, two end three seconds apart: refusals at other distances are late for another reason,
such as a limit on errors. A host that answers
over the other address family is not down: that family's own check judges it.

## What to do
Look at the host's console: is it running, is its network interface up, does it have this address?

## References
- RFC 792 (host unreachable); RFC 1122, section 2.3.2 (ARP)
- RFC 4861, sections 7.2.2 and 10 (three solicitations, one second apart)
- RFC 4443, section 3.1 (address unreachable)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.breaks import (
    Break,
    DeadHost,
    HostAnswers,
    Loop,
    NoRoute,
    Rejected,
    Silence,
    Untold,
    Ways,
    Works,
    break_of,
)
from checks.facts.folding import Foldable, OfAddresses, folded, listed
from checks.facts.ownership import Place
from checks.facts.reach import Reach
from checks.facts.ways import ways_of
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
class HostFound(OfAddresses):
    code: ClassVar[str] = "host-answers"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return f"the host answers at {self.subject}"


@finding_kind
class HostDown(OfAddresses):
    """`routers` are the last ones that answer; `says_so` whether they reported the host missing."""

    pooled: ClassVar[frozenset[str]] = frozenset({"addresses", "routers"})

    code: ClassVar[str] = "host-down"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.CONNECTIVITY
    usual_owner: ClassVar[Owner] = Owner.HOST
    routers: tuple[Place, ...]
    says_so: bool
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        last = listed(str(router) for router in self.routers)
        if self.says_so:
            return (
                f"the host at {self.subject} is down or off the network: {last} looked for it for "
                "three seconds and reports it unreachable, so the way up to there works"
            )
        return (
            f"the host at {self.subject} is down or drops everything: packets get as far as "
            f"{last} at its own network, and no port and no echo of it answers"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Look at the host's console or power state; then at its network interface, address "
            "and firewall. The network up to its LAN works."
        )

    @property
    def for_customer(self) -> str:
        return "Your server does not answer at all: it is switched off, has crashed or is cut off."


@finding_kind
class HostSilent(OfAddresses):
    """No sign of the host, and no proof that it is the host's fault."""

    code: ClassVar[str] = "host-silent"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY
    why: str
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.NOTICE if self.hidden else Severity.WARNING

    @property
    def message(self) -> str:
        return f"whether the host at {self.subject} is up cannot be told: {self.why}"


async def gather(net: Asker, brief: Brief) -> Ways:
    """Every address with what is known of the way to it."""
    return await ways_of(net, brief)


def judge(ways: Ways) -> Iterable[Finding]:
    """One verdict on every address."""
    if ways.known.missing:
        yield Skipped(subject="host", missing=ways.known.missing)
        return
    yield from folded(judge_host(ways, reach) for reach in ways.known.reaches)


def judge_host(ways: Ways, reach: Reach) -> Foldable:
    """The verdict on the host at one address."""
    about = (reach.address,)
    broken = break_of(ways, reach)
    match broken:
        case Works(evidence=evidence) | HostAnswers(evidence=evidence):
            return HostFound(addresses=about, evidence=evidence)
        case DeadHost(evidence=evidence, router=router, says_so=says_so) if not ways.family_fails(
            reach.family
        ):
            hidden = ways.works_elsewhere(reach)
            return HostDown(
                addresses=about,
                evidence=evidence,
                routers=(router,),
                says_so=says_so,
                hidden=hidden,
            )
        case _:
            return HostSilent(
                addresses=about,
                evidence=broken.evidence,
                why=_why(broken),
                hidden=ways.works_elsewhere(reach),
            )


def _why(broken: Break) -> str:
    match broken:
        case Untold(why=why):
            return why
        case Loop():
            return "packets to it go round in a loop"
        case NoRoute(router=router, says=says):
            return f"{router} reports {says.value} at once"
        case Rejected(router=router):
            return f"a firewall at {router} refuses before it"
        case Silence(last=last):
            return f"nothing sent to it gets beyond {last}"
        case _:
            return "it answers nothing at this address and works over the other address family"


CHECK = Check(
    id="host-state",
    title="The host answers",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(HostFound, HostDown, HostSilent, Skipped),
    doc=__doc__ or "",
)
