"""No address on this machine's link belongs to two machines.

## What it does
Reads this machine's own addresses, of which the kernel marks those that another machine has, and
the neighbour table several times: more often and for some seconds where something fails or all is
examined. Sends nothing.

## Why is this bad?
Two machines with one address take each other's packets: connections reset or freeze at random, and
everything works again as soon as the other one is switched off.

## How it decides
| own address | hardware address of a neighbour, in turn | judgement         |
|-------------|------------------------------------------|-------------------|
| in use      | the same at every look                   | address-unique    |
| in use      | one, another, the first again            | duplicate-address |
| in use      | one, then another for good               | neighbour-changed |
| in use      | to and fro, one of them shared on purpose | neighbour-changed |
| in use      | one, then none                           | address-unique    |
| marked      | the same at every look                   | duplicate-address |
| not observable | not observable                        | addresses-not-compared |

A neighbour that moves once has failed over or was replaced. The addresses that VRRP and its kin
share on purpose (00:00:5e:00:01 and 02) are not counted. Another machine with this one's own IPv4
address leaves no mark that an ordinary user may read.

## What to do
Find the second machine by its hardware address in the router's list, and give one of them another
address; let DHCP hand out all of them.

## References
- RFC 5227 (IPv4 address conflicts); RFC 4862, section 5.4 (duplicate address detection)
- RFC 9568, section 7.3 (VRRP's hardware addresses)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import pairwise
from typing import ClassVar

from checks.facts.folding import listed
from checks.facts.outside import both
from checks.facts.reach import connects
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, finding_kind
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Interfaces, Neighbours
from netdiag.requests import ReadInterfaces, ReadNeighbours

SUBJECT = "this machine's link"
FIRST_LOOK = 10
"""Numbers of the looks of this check, apart from those of others."""

MORE_LOOKS = 8
PAUSE = 0.5
SHARED = ("00:00:5e:00:01:", "00:00:5e:00:02:")


@finding_kind
class AddressUnique(Finding):
    code: ClassVar[str] = "address-unique"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "no address on this machine's link was seen with two machines"


@finding_kind
class DuplicateAddress(Finding):
    """`machines` are the hardware addresses seen, none for an address of this machine's own."""

    code: ClassVar[str] = "duplicate-address"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_NETWORK
    machines: tuple[str, ...]

    @property
    def message(self) -> str:
        if not self.machines:
            return (
                f"another machine on the local network has {self.subject}, which is this one's, so "
                "this machine's operating system does not use it"
            )
        return (
            f"two machines on the local network have {self.subject}: it was seen in turn with the "
            f"hardware addresses {listed(self.machines)}, to and fro, so it has not just moved"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Have the second machine with {self.subject} found in the local router's list of "
            "devices, and one of the two given another address."
        )

    @property
    def for_customer(self) -> str:
        return (
            f"Two devices in your network use the address {self.subject}. Please restart both, or "
            "set their network to “automatic (DHCP)”."
        )


@finding_kind
class NeighbourChanged(Finding):
    code: ClassVar[str] = "neighbour-changed"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    machines: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.subject} moved to another hardware address during this run "
            f"({listed(self.machines)}), as a router does that another one takes over from"
        )


@finding_kind
class AddressesNotCompared(Finding):
    code: ClassVar[str] = "addresses-not-compared"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "whether two machines share an address cannot be seen on this system"


@dataclass(frozen=True, slots=True)
class Facts:
    interfaces: Observation
    looks: tuple[Observation, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """The table at the beginning and once all was tried, and for a while where something fails."""
    interfaces, first = await asyncio.gather(
        net.ask(ReadInterfaces()), net.ask(ReadNeighbours(attempt=FIRST_LOOK))
    )
    known, controls = await asyncio.gather(connects(net, brief), both(net, brief))
    again = await net.ask(ReadNeighbours(attempt=FIRST_LOOK + 1))
    fails = not known.works or any(one.silent for one in controls)
    closely = brief.depth == "thorough" or (fails and brief.depth != "fast")
    more = [
        await net.ask(ReadNeighbours(attempt=number, pause=PAUSE))
        for number in range(FIRST_LOOK + 2, FIRST_LOOK + 2 + MORE_LOOKS * closely)
    ]
    return Facts(interfaces, (first, again, *more))


def judge(facts: Facts) -> Iterable[Finding]:
    """A verdict on every address that is not with one machine, else one on the link."""
    tables = [one.outcome for one in facts.looks if isinstance(one.outcome, Neighbours)]
    interfaces = facts.interfaces.outcome
    if not tables and not isinstance(interfaces, Interfaces):
        evidence = (facts.interfaces.id, *(one.id for one in facts.looks))
        yield AddressesNotCompared(subject=SUBJECT, evidence=evidence)
        return
    found = [*_own(facts), *_neighbours(facts, tables)]
    yield from found
    if not found:
        evidence = (facts.interfaces.id, *(one.id for one in facts.looks))
        yield AddressUnique(subject=SUBJECT, evidence=evidence)


def _own(facts: Facts) -> Iterable[Finding]:
    outcome = facts.interfaces.outcome
    for one in outcome.interfaces if isinstance(outcome, Interfaces) else ():
        for text in one.duplicates:
            address = text.partition("/")[0]
            yield DuplicateAddress(subject=address, evidence=(facts.interfaces.id,), machines=())


def _neighbours(facts: Facts, tables: list[Neighbours]) -> Iterable[Finding]:
    evidence: tuple[ObservationId, ...] = tuple(one.id for one in facts.looks)
    for (address, _), seen in _in_turn(tables).items():
        machines = tuple(dict.fromkeys(seen))
        if len(machines) < 2:
            continue
        own = [machine for machine in seen if not machine.startswith(SHARED)]
        changes = sum(one != other for one, other in pairwise(own))
        kind = DuplicateAddress if changes > 1 else NeighbourChanged
        yield kind(subject=address, evidence=evidence, machines=machines)


def _in_turn(tables: list[Neighbours]) -> dict[tuple[str, str], list[str]]:
    """By address and device, the hardware addresses that it was seen with, in turn."""
    found: dict[tuple[str, str], list[str]] = {}
    for table in tables:
        for entry in table.neighbours:
            if entry.link_address:
                found.setdefault((entry.address, entry.device), []).append(entry.link_address)
    return found


CHECK = Check(
    id="duplicate-address",
    title="An address belongs to two machines",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(AddressUnique, DuplicateAddress, NeighbourChanged, AddressesNotCompared),
    doc=__doc__ or "",
)
