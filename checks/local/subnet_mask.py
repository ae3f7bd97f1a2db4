"""This machine's subnet mask takes no address for a neighbour that is none.

## What it does
Reads this machine's addresses with their masks, and where an address of the target or a resolver
is inside one of them what the neighbour table says of it.

## Why is this bad?
What the mask takes for a neighbour is looked for on the local link and never sent to the gateway.
Everything else works, so the addresses that do not seem to be at fault themselves.

## How it decides
For each address that was tried, that the mask takes for a neighbour, and that nobody answers for:

| the address                    | the mask        | elsewhere   | judgement            |
|--------------------------------|-----------------|-------------|----------------------|
| is no neighbour by the mask    | any             | not asked   | subnet-mask-plausible |
| is a neighbour that answers    | any             | not asked   | subnet-mask-plausible |
| is in this machine's own /24   | wider           | answers     | subnet-mask-plausible |
| is in the gateway's own /24    | wider           | answers     | subnet-mask-plausible |
| is beyond these                | wider than /16  | answers     | wrong-subnet-mask    |
| is in a network known as another's | /16 to /23  | answers     | wrong-subnet-mask    |
| is beyond these                | /16 to /23      | answers     | subnet-mask-doubtful |
| is beyond these                | wider than /16  | silent      | subnet-mask-doubtful |
| the masks are not observable   | not seen        | not asked   | subnet-mask-not-seen |

For IPv6 a link has a /64; a wider one is as IPv4's below /16. A dead machine in the own or in the
gateway's /24 is just that. What mask the network would have handed out (DHCP, router
advertisements) is not visible from here; nor is a mask that is too narrow, which costs a detour
through the gateway only.

## What to do
Compare the mask with another machine's on the same network; renew the address by DHCP.

## References
- RFC 950; RFC 1122, section 3.3.1.1 (local or remote)
- RFC 4632 (a class says nothing of a network's size)
- RFC 4861, section 5.2 (what is on-link)
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.configured import configured_resolvers
from checks.facts.folding import Foldable, OfAddresses, folded
from checks.facts.iterate import is_address
from checks.facts.near import DEAD, default_route
from checks.facts.outside import Outside, outside
from checks.facts.ownership import same_lan
from checks.facts.reach import connects, family_of
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, finding_kind
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Interfaces, Neighbours
from netdiag.requests import ReadInterfaces, ReadNeighbours, ReadRoutes

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SUBJECT = "this machine's subnet mask"
LARGEST = {4: 16, 6: 64}
"""The shortest prefix that a link has: no link carries more machines than a /16 has addresses."""

HERE = frozenset({Owner.CUSTOMER_DEVICE, Owner.CUSTOMER_NETWORK})


@finding_kind
class SubnetMaskPlausible(Finding):
    code: ClassVar[str] = "subnet-mask-plausible"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "this machine's subnet mask takes nothing for a neighbour that cannot be one"


@finding_kind
class WrongSubnetMask(OfAddresses):
    """`own` is this machine's address with the mask, `hidden` whether the target works anyway."""

    code: ClassVar[str] = "wrong-subnet-mask"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_NETWORK
    own: str
    gateway: str
    hidden: bool

    def takes_in(self, address: str) -> bool:
        """Whether the mask takes this address for a neighbour."""
        network = _network(self.own)
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return network is not None and network.version == ip.version and ip in network

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        return (
            f"this machine's subnet mask is too wide: by {self.own} it takes {self.subject} for a "
            "neighbour on its own link, where nobody answers for it, while addresses that it "
            f"sends to {self.gateway or 'the gateway'} answer"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Have the mask of {self.own} compared with another machine's on the same network "
            "(ip address), and the address renewed by DHCP or set right by hand."
        )

    @property
    def for_customer(self) -> str:
        return (
            "A network setting of your computer, the subnet mask, is wrong. Please set its "
            "network to “automatic (DHCP)”, or ask whoever set it up."
        )


@finding_kind
class SubnetMaskDoubtful(OfAddresses):
    code: ClassVar[str] = "subnet-mask-doubtful"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.WARNING
    own: str
    why: str

    @property
    def message(self) -> str:
        return (
            f"whether {self.subject} is off or this machine's subnet mask ({self.own}) wrongly "
            f"takes it for a neighbour cannot be told: {self.why}"
        )

    @property
    def for_agent(self) -> str:
        return f"Compare the mask of {self.own} with another machine's on the same network."


@finding_kind
class SubnetMaskNotSeen(Finding):
    code: ClassVar[str] = "subnet-mask-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "this system does not show its subnet masks or its neighbours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbouring:
    """An address that was tried and `own`, this machine's address whose mask takes it in."""

    address: str
    own: str
    gateway: str
    control: Outside

    @property
    def plausible(self) -> bool:
        """A neighbour in the same part of the network as this machine or its gateway."""
        here = (self.own.partition("/")[0], self.gateway)
        return any(same_lan(self.address, one) for one in here if is_address(one))

    @property
    def too_wide(self) -> bool:
        network = _network(self.own)
        return network is not None and network.prefixlen < LARGEST[network.version]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    brief: Brief
    interfaces: Observation
    inside: tuple[Neighbouring, ...] = ()
    neighbours: Observation | None = None
    works: bool = False


async def gather(net: Asker, brief: Brief) -> Facts:
    """The masks, the addresses inside them, and once these were tried the neighbour table."""
    interfaces, known, resolvers = await asyncio.gather(
        net.ask(ReadInterfaces()), connects(net, brief), configured_resolvers(net, brief)
    )
    tried = [reach.address for reach in known.reaches if not reach.works]
    inside = [(a, own) for a in (*tried, *resolvers) if (own := _mask_around(a, interfaces))]
    if not inside:
        return Facts(brief=brief, interfaces=interfaces)
    near = await asyncio.gather(*(_neighbouring(net, brief, a, own) for a, own in inside))
    return Facts(
        brief=brief,
        interfaces=interfaces,
        inside=tuple(near),
        neighbours=await net.ask(ReadNeighbours(attempt=2)),
        works=known.works,
    )


async def _neighbouring(net: Asker, brief: Brief, address: str, own: str) -> Neighbouring:
    family = family_of(address)
    routes, control = await asyncio.gather(
        net.ask(ReadRoutes(family=family)), outside(net, brief, family)
    )
    default = default_route(routes)
    gateway = (default.gateway or "") if default else ""
    return Neighbouring(address=address, own=own, gateway=gateway, control=control)


def _mask_around(address: str, interfaces: Observation) -> str:
    """This machine's address whose mask takes `address` in, the longest mask first; or none."""
    found = interfaces.outcome.interfaces if isinstance(interfaces.outcome, Interfaces) else ()
    ip = ipaddress.ip_address(address.partition("%")[0])
    own = [(text, net) for one in found for text in one.addresses if (net := _network(text))]
    inside = [(net.prefixlen, text) for text, net in own if net.version == ip.version and ip in net]
    return max(inside, default=(0, ""))[1]


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_interface(text).network
    except ValueError:
        return None


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on the masks, or one on the addresses that they lead astray alike."""
    table = facts.neighbours.outcome if facts.neighbours else None
    unseen = facts.inside and not isinstance(table, Neighbours)
    if not isinstance(facts.interfaces.outcome, Interfaces) or unseen:
        yield SubnetMaskNotSeen(subject=SUBJECT, evidence=(facts.interfaces.id,))
        return
    judged = [judge_neighbour(facts, near) for near in facts.inside]
    astray = [finding for finding in judged if finding]
    yield from folded(astray)
    if not astray:
        evidence = (facts.interfaces.id, *((facts.neighbours.id,) if facts.neighbours else ()))
        yield SubnetMaskPlausible(subject=SUBJECT, evidence=evidence)


def judge_neighbour(facts: Facts, near: Neighbouring) -> Foldable | None:
    """The verdict on one address inside a mask; None where the mask is not to blame."""
    if near.plausible or _state(facts, near.address) not in DEAD:
        return None
    evidence = _evidence(facts, near)
    if near.control.answer is None:
        why = "nothing elsewhere answers either"
    elif near.too_wide or _is_anothers(facts.brief, near.address):
        return WrongSubnetMask(
            addresses=(near.address,),
            evidence=evidence,
            own=near.own,
            gateway=near.gateway,
            hidden=facts.works,
        )
    else:
        why = "it may be a large network, and nobody says whose the address is"
    return SubnetMaskDoubtful(addresses=(near.address,), evidence=evidence, own=near.own, why=why)


def _evidence(facts: Facts, near: Neighbouring) -> tuple[ObservationId, ...]:
    table = (facts.neighbours.id,) if facts.neighbours else ()
    return (facts.interfaces.id, *table, *near.control.evidence)


def _is_anothers(brief: Brief, address: str) -> bool:
    network = brief.network_of(address)
    return network is not None and network.owner not in HERE


def _state(facts: Facts, address: str) -> str:
    """The kernel's state of the neighbour, empty where it has no entry."""
    table = facts.neighbours.outcome if facts.neighbours else None
    entries = table.neighbours if isinstance(table, Neighbours) else ()
    return next((entry.state for entry in entries if entry.address == address), "")


CHECK = Check(
    id="subnet-mask",
    title="This machine's subnet mask",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(SubnetMaskPlausible, WrongSubnetMask, SubnetMaskDoubtful, SubnetMaskNotSeen),
    doc=__doc__ or "",
)
