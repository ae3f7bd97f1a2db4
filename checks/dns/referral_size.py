"""A referral to the zone fits into a small datagram.

## What it does
Works out how long the parent's referral is for the longest name below the zone: the question, the
NS records of all servers, and one address of each family where all servers of that family have
names below the parent. It sends nothing of its own.

## Why is this bad?
A resolver that asks without EDNS gets no more than 512 octets. A longer referral is cut, and asked
for again over TCP, which takes time and which some networks do not let through.

## How it decides
| the referral                | judgement          |
|-----------------------------|--------------------|
| 512 octets at most          | referral-fits      |
| more than 512 octets        | referral-too-large |

A notice: nearly all resolvers ask with EDNS, for 1232 octets or more.

## What to do
Have fewer name servers, or give them names that end alike, which take less room.

## References
- RFC 1035, section 4.1.4 (compression of names), section 4.2.1 (512 octets)
- RFC 6891, section 6.2.3 (larger messages)
- RFC 9471 (glue that a referral must have)
- Zonemaster Delegation03
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import below, shown, version
from checks.facts.labels import labels, octets
from checks.facts.ns_names import ServerName, ServerNames, server_names_of
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Skipped, finding_kind
from netdiag.network import Asker

LIMIT = 512
LONGEST_NAME = 255
HEADER, QUESTION_FIELDS, RECORD_FIELDS, POINTER = 12, 4, 10, 2
ADDRESS_OCTETS = {4: 4, 6: 16}


@finding_kind
class ReferralFits(Finding):
    code: ClassVar[str] = "referral-fits"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:REFERRAL_SIZE_OK",)
    size: int

    @property
    def message(self) -> str:
        return f"a referral to {self.subject} takes {self.size} of {LIMIT} octets at most"


@finding_kind
class ReferralTooLarge(Finding):
    code: ClassVar[str] = "referral-too-large"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:REFERRAL_SIZE_TOO_LARGE",)
    size: int
    count: int

    @property
    def message(self) -> str:
        return (
            f"a referral to the {self.count} name servers of {self.subject} takes up to "
            f"{self.size} octets, and resolvers without EDNS get {LIMIT}"
        )

    @property
    def for_agent(self) -> str:
        return "Have fewer name servers, or give them names with the same ending."

    @property
    def for_customer(self) -> str:
        return (
            "The list of your domain's name servers is too long for some old systems. Your DNS "
            "provider can shorten it."
        )


class Message:
    """The length of a DNS message as names are added, each written once where it can be."""

    def __init__(self) -> None:
        self.size = HEADER
        self._known: set[tuple[str, ...]] = set()

    def add_name(self, name: str) -> None:
        """A name, up to the longest ending that is there already."""
        parts = tuple(part.lower() for part in labels(name))
        for place, part in enumerate(parts):
            if parts[place:] in self._known:
                self.size += POINTER
                return
            self._known.add(parts[place:])
            self.size += 1 + octets(part)
        self.size += 1


def size_of(zone: str, names: Iterable[str], hosts: Iterable[tuple[str, int]]) -> int:
    """The octets of a referral for the longest name below `zone`, with the servers' `names` and
    addresses: hosts with a family."""
    message = Message()
    message.add_name(zone)
    message.size = HEADER + LONGEST_NAME + QUESTION_FIELDS
    for name in names:
        message.add_name(zone)
        message.size += RECORD_FIELDS
        message.add_name(name)
    for host, family in hosts:
        message.add_name(host)
        message.size += RECORD_FIELDS + ADDRESS_OCTETS[family]
    return message.size


async def gather(net: Asker, brief: Brief) -> ServerNames:
    """The names of the delegation with their addresses."""
    return await server_names_of(net, brief)


def judge(facts: ServerNames) -> Iterable[Finding]:
    """The verdict on the size of a referral."""
    zone = facts.zone
    delegated = [one for one in facts.names if one.delegated]
    if zone.missing or zone.cut is None or not delegated:
        missing = zone.missing or "no name server is delegated"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    parent = zone.cut.parent
    hosts = [host for family in ADDRESS_OCTETS for host in _needed(delegated, parent, family)]
    size = size_of(zone.apex, [one.name for one in delegated], hosts)
    subject, evidence = shown(zone.apex), zone.cut.evidence
    if size > LIMIT:
        yield ReferralTooLarge(subject=subject, evidence=evidence, size=size, count=len(delegated))
    else:
        yield ReferralFits(subject=subject, evidence=evidence, size=size)


def _needed(names: list[ServerName], parent: str, family: int) -> list[tuple[str, int]]:
    """One host of the family, where resolvers depend on the parent for all of them."""
    having = [one.name for one in names if any(version(a) == family for a in one.at_parent)]
    if not all(below(name, parent) for name in having):
        return []
    return [(name, family) for name in having[:1]]


CHECK = Check(
    id="referral-size",
    title="A referral to the zone fits into a small datagram",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(ReferralFits, ReferralTooLarge, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
