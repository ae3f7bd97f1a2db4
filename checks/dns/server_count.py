"""The zone has enough name servers with addresses of their own, at the parent and in itself.

## What it does
Counts the name servers of the delegation, by the addresses that come with it, and those that the
zone itself names: names, names with an address of each family, and names that share an address or
are aliases.

## Why is this bad?
Two names that lead to one machine fail together, as one server does. A zone without servers over
IPv4 is out of reach of most resolvers; one without servers over IPv6 of those that have IPv6 only.
An alias as a name server is not followed by many resolvers.

## How it decides
For the delegation and for the zone's own list.

| what is counted             | counted                    | judgement                  |
|-----------------------------|----------------------------|----------------------------|
| names                       | two or more                | enough-name-servers        |
| names                       | one                        | too-few-name-servers       |
| names with an IPv4 address  | two or more                | enough-name-servers        |
| names with an IPv4 address  | one                        | too-few-name-servers       |
| names with an IPv4 address  | none                       | too-few-name-servers       |
| names with an IPv6 address  | two or more                | enough-name-servers        |
| names with an IPv6 address  | one                        | too-few-name-servers       |
| names with an IPv6 address  | none                       | too-few-name-servers       |
| names with an IPv4 address  | one, another not looked up | server-count-not-seen      |
| names with the same address | two                        | name-servers-share-address |
| names that are aliases      | one                        | name-server-is-alias       |

Few IPv6 servers are a notice, since IPv4 serves those resolvers that have both.

## What to do
Add a name server of another operator or in another network, give each its own address, and put the
name that an alias leads to in its place.

## References
- RFC 2182, section 5 (how many servers)
- RFC 3901 (servers over IPv4)
- RFC 2181, section 10.3 (a name server is no alias)
- Zonemaster Delegation01, Delegation02, Delegation05, Nameserver06
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import ClassVar, Literal

from checks.facts.iterate import shown, version
from checks.facts.ns_names import ServerName, ServerNames, server_names_of
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
from netdiag.network import Asker, ObservationId

Side = Literal["DEL", "CHILD"]
Family = Literal[0, 4, 6]
"""What is counted: names, or names with an address of this family."""

SIDES: dict[Side, str] = {"DEL": "the delegation of {}", "CHILD": "{} itself"}
Shared = dict[str, tuple[ServerName, ...]]
"""An address with the names that have it."""

ENOUGH = 2
FAMILIES: tuple[Family, ...] = (0, 4, 6)
EVERY = tuple(product(SIDES, FAMILIES))


def _tag(words: str, side: str, family: int) -> str:
    middle = f"_IPV{family}" if family else ""
    return f"zonemaster:{words}{middle}_NS_{side}"


@finding_kind
class EnoughNameServers(Finding):
    code: ClassVar[str] = "enough-name-servers"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = tuple(_tag("ENOUGH", *each) for each in EVERY)
    side: Side
    family: Family
    names: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (_tag("ENOUGH", self.side, self.family),)

    @property
    def message(self) -> str:
        return f"{_where(self.side, self.subject)} names {_what(self.family, self.names)}"


@finding_kind
class ServersApart(Finding):
    """`tags` are what holds: every name has an address, no two share one, none is an alias."""

    code: ClassVar[str] = "name-servers-apart"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:CAN_BE_RESOLVED",
        "zonemaster:NO_NS_CNAME",
        "zonemaster:DEL_DISTINCT_NS_IP",
        "zonemaster:CHILD_DISTINCT_NS_IP",
        "zonemaster:DISTINCT_IP_ADDRESS",
    )
    holds: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.holds

    @property
    def message(self) -> str:
        return f"the name servers of {self.subject} are told apart: {', '.join(self.names)}"


@finding_kind
class _Count(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR


@finding_kind
class TooFewNameServers(_Count):
    """`names` are those that count, at most one."""

    code: ClassVar[str] = "too-few-name-servers"
    known_as: ClassVar[tuple[str, ...]] = (
        *(_tag("NOT_ENOUGH", *each) for each in EVERY),
        *(_tag("NO", side, family) for side, family in EVERY if family),
    )
    side: Side
    family: Family
    names: tuple[str, ...]

    @property
    def severity(self) -> Severity:
        return Severity.NOTICE if self.family == 6 else Severity.WARNING

    @property
    def equivalents(self) -> tuple[str, ...]:
        words = "NOT_ENOUGH" if self.names or not self.family else "NO"
        return (_tag(words, self.side, self.family),)

    @property
    def message(self) -> str:
        return (
            f"{_where(self.side, self.subject)} names {_what(self.family, self.names)}: two at "
            "least are needed for one to take the other's place"
        )

    @property
    def for_agent(self) -> str:
        return "Add a name server with such an address, in the zone and at its parent."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain has too few name servers of one kind, so nothing takes the place of one "
            "that fails. Your DNS provider can add one."
        )


@finding_kind
class NameServersShareAddress(_Count):
    code: ClassVar[str] = "name-servers-share-address"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:DEL_NS_SAME_IP",
        "zonemaster:CHILD_NS_SAME_IP",
        "zonemaster:SAME_IP_ADDRESS",
    )
    address: str
    names: tuple[str, ...]
    sides: tuple[Side, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (
            *(f"zonemaster:{side}_NS_SAME_IP" for side in self.sides),
            "zonemaster:SAME_IP_ADDRESS",
        )

    @property
    def message(self) -> str:
        return (
            f"the name servers {', '.join(self.names)} of {self.subject} have the same address, "
            f"{self.address}, so they are one"
        )

    @property
    def for_agent(self) -> str:
        return "Give each name server a machine and an address of its own."

    @property
    def for_customer(self) -> str:
        return (
            "Two of your domain's name servers are the same machine, so both fail together. Your "
            "DNS provider can set up a second one."
        )


@finding_kind
class NameServerIsAlias(_Count):
    code: ClassVar[str] = "name-server-is-alias"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:NS_IS_CNAME",)
    server: str
    alias: str

    @property
    def message(self) -> str:
        return (
            f"the name server {self.server} of {self.subject} is an alias of {self.alias}, which "
            "many resolvers do not follow"
        )

    @property
    def for_agent(self) -> str:
        return f"Name {self.alias} itself, or give {self.server} its own addresses."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers is entered in a way that not everybody "
            "understands. Your DNS provider can correct the entry."
        )


@finding_kind
class ServerCountNotSeen(Finding):
    """`names` could not be looked up to the end, or are not known where there are none."""

    code: ClassVar[str] = "server-count-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    side: Side
    family: Family
    names: tuple[str, ...]

    @property
    def message(self) -> str:
        kind = f"name servers with an IPv{self.family} address" if self.family else "name servers"
        why = ", ".join(self.names) + " not looked up to the end" if self.names else "no list seen"
        return f"how many {kind} {_where(self.side, self.subject)} has cannot be told: {why}"


async def gather(net: Asker, brief: Brief) -> ServerNames:
    """The names of both lists with their addresses."""
    return await server_names_of(net, brief)


def judge(facts: ServerNames) -> Iterable[Finding]:
    """Six counts, and what the names share."""
    zone = facts.zone
    if zone.missing or not facts.names:
        missing = zone.missing or "no name server is named"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    for side, family in EVERY:
        yield _counted(facts, side, family)
    yield from _apart(facts)


def _counted(facts: ServerNames, side: Side, family: Family) -> Finding:
    members = _members(facts, side)
    subject, cited = shown(facts.zone.apex), _cited(facts, members)
    counting = [one for one in members if not family or _has(one, side, family)]
    names = tuple(shown(one.name) for one in counting)
    unsure = tuple(shown(one.name) for one in members if one not in counting and _open(one, side))
    seen = facts.told if side == "CHILD" else not facts.hidden
    if len(names) >= ENOUGH and seen:
        return EnoughNameServers(
            subject=subject, evidence=cited, side=side, family=family, names=names
        )
    if unsure or not seen:
        return ServerCountNotSeen(
            subject=subject, evidence=cited, side=side, family=family, names=unsure
        )
    return TooFewNameServers(subject=subject, evidence=cited, side=side, family=family, names=names)


def _apart(facts: ServerNames) -> Iterable[Finding]:
    subject = shown(facts.zone.apex)
    shared = _shared([(one, one.addresses) for one in facts.names])
    aliases = [one for one in facts.names if one.alias]
    for address, members in shared.items():
        yield NameServersShareAddress(
            subject=subject,
            evidence=_cited(facts, members),
            address=address,
            names=tuple(shown(one.name) for one in members),
            sides=tuple(side for side in SIDES if address in _shared_at(facts, side)),
        )
    for one in aliases:
        yield NameServerIsAlias(
            subject=subject, evidence=one.evidence, server=shown(one.name), alias=one.alias
        )
    holds = _holding(facts, aliased=bool(aliases))
    if holds:
        names = tuple(shown(one.name) for one in facts.names)
        yield ServersApart(
            subject=subject, evidence=_cited(facts, facts.names), holds=holds, names=names
        )


def _holding(facts: ServerNames, *, aliased: bool) -> tuple[str, ...]:
    """The tags of what holds for all names; nothing that an unfinished look-up might change."""
    if not all(one.certain for one in facts.names):
        return ()
    said = {
        "CAN_BE_RESOLVED": all(one.addresses for one in facts.names),
        "NO_NS_CNAME": not aliased,
        "DEL_DISTINCT_NS_IP": not facts.hidden and not _shared_at(facts, "DEL"),
        "CHILD_DISTINCT_NS_IP": facts.told and not _shared_at(facts, "CHILD"),
        "DISTINCT_IP_ADDRESS": not _shared([(one, one.addresses) for one in facts.names]),
    }
    return tuple(f"zonemaster:{tag}" for tag, holds in said.items() if holds)


def _members(facts: ServerNames, side: Side) -> tuple[ServerName, ...]:
    return tuple(one for one in facts.names if (one.delegated if side == "DEL" else one.own))


def _at(one: ServerName, side: Side) -> tuple[str, ...]:
    """The addresses to which a side leads."""
    return one.at_parent if side == "DEL" else one.found


def _open(one: ServerName, side: Side) -> bool:
    """Whether a look-up that did not end might give the side further addresses."""
    return not one.certain and (side == "CHILD" or not one.glue)


def _shared_at(facts: ServerNames, side: Side) -> Shared:
    return _shared([(one, _at(one, side)) for one in _members(facts, side)])


def _shared(names: Sequence[tuple[ServerName, tuple[str, ...]]]) -> Shared:
    """Addresses of more than one name, with these."""
    every = dict.fromkeys(address for _, addresses in names for address in addresses)
    users = {a: tuple(one for one, addresses in names if a in addresses) for a in every}
    return {address: members for address, members in users.items() if len(members) > 1}


def _has(one: ServerName, side: Side, family: int) -> bool:
    return any(version(address) == family for address in _at(one, side))


def _cited(facts: ServerNames, members: Sequence[ServerName]) -> tuple[ObservationId, ...]:
    cut = facts.zone.cut.evidence if facts.zone.cut else ()
    asked = [server.ns.id for server in facts.zone.serving]
    looked = [number for one in members for number in one.evidence]
    return tuple(dict.fromkeys((*cut, *asked, *looked)))


def _where(side: Side, subject: str) -> str:
    return SIDES[side].format(subject)


def _what(family: int, names: tuple[str, ...]) -> str:
    kind = f" with an IPv{family} address" if family else ""
    plural = "" if len(names) == 1 else "s"
    listed = f" ({', '.join(names)})" if names else ""
    return f"{len(names) or 'no'} name server{plural}{kind}{listed}"


CHECK = Check(
    id="server-count",
    title="Enough name servers, each with addresses of its own",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        EnoughNameServers,
        ServersApart,
        TooFewNameServers,
        NameServersShareAddress,
        NameServerIsAlias,
        ServerCountNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
