"""The addresses of a zone's name servers are public, and have names that lead to them.

## What it does
Takes every address of every name server, of the delegation and of the zone, looks whether it is one
that is routed on the Internet. A full examination also asks the reverse zones for names.

## Why is this bad?
An address of a private network or of documentation is reached by nobody else, so resolvers wait for
it in vain. A missing reverse name hurts resolution not at all; some operators and filters want one.

## How it decides
For each address.

| the address    | its reverse name         | judgement                  |
|----------------|--------------------------|----------------------------|
| public         | the name server's        | server-reverse-fine        |
| public         | another                  | server-reverse-mismatch    |
| public         | none                     | server-reverse-missing     |
| public         | nobody answers           | server-reverse-not-seen    |
| local use      | not asked                | server-address-not-public  |
| documentation  | not asked                | server-address-not-public  |
| reserved       | not asked                | server-address-not-public  |

`server-addresses-public` says how many are. Where the user points into a private network by the
target's address or the root servers', addresses of that kind are meant and not judged.

## What to do
Give the name server a public address, and correct the delegation. For the reverse name ask whoever
the address is registered to.

## References
- RFC 6890; IANA's registries of special-purpose addresses
- RFC 1912, section 2.1 (reverse names)
- Zonemaster Address01, Address02, Address03
"""

from __future__ import annotations

import asyncio
import enum
import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts.iterate import Resolution, resolve, shown
from checks.facts.ns_names import CERTAIN, ServerNames, server_names_of
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
from netdiag.network import Asker, ObservationId
from netdiag.special import Kind, special

MOST_ADDRESSES = 26
ALL_NAMED = "zonemaster:NAMESERVERS_IP_WITH_REVERSE"
LOCAL = frozenset({Kind.PRIVATE, Kind.LOOPBACK, Kind.LINK_LOCAL, Kind.METADATA, Kind.UNSPECIFIED})


class Scope(enum.Enum):
    """Where an address is of use: what Zonemaster calls it where not everywhere, and words."""

    PUBLIC = ("", "public")
    DOCUMENTATION = ("A01_DOCUMENTATION_ADDR", "kept for documentation")
    LOCAL = ("A01_LOCAL_USE_ADDR", "of local use alone")
    RESERVED = ("A01_ADDR_NOT_GLOBALLY_REACHABLE", "not routed on the Internet")

    @property
    def tag(self) -> str:
        return f"zonemaster:{self.value[0]}"

    @property
    def words(self) -> str:
        return self.value[1]


def scope_of(address: str) -> Scope:
    """Where an address is of use."""
    found = special(address)
    if found is None:
        return Scope.PUBLIC
    if found.kind is Kind.DOCUMENTATION:
        return Scope.DOCUMENTATION
    return Scope.LOCAL if found.kind in LOCAL else Scope.RESERVED


@finding_kind
class ServerAddressesPublic(Finding):
    """`count` of the `total` addresses are."""

    code: ClassVar[str] = "server-addresses-public"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:A01_GLOBALLY_REACHABLE_ADDR",
        "zonemaster:NO_IP_PRIVATE_NETWORK",
    )
    count: int
    total: int

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as[:1]

    @property
    def message(self) -> str:
        return (
            f"{self.count} of {self.total} addresses of the name servers of {self.subject} are "
            "public"
        )


@finding_kind
class ServerReverseFine(Finding):
    """`complete` where all addresses have reverse names, `matching` where these are the servers'
    at all that the zone itself gives."""

    code: ClassVar[str] = "server-reverse-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (ALL_NAMED, "zonemaster:NAMESERVER_IP_PTR_MATCH")
    addresses: tuple[str, ...]
    complete: bool
    matching: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        said = zip(self.known_as, (self.complete, self.matching), strict=True)
        return tuple(tag for tag, holds in said if holds)

    @property
    def message(self) -> str:
        return f"reverse names lead to name servers of {self.subject}: {', '.join(self.addresses)}"


@finding_kind
class _Address(Finding):
    """`servers` are names with the addresses in question."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.HOSTING_NETWORK
    servers: tuple[str, ...]

    @property
    def shown_servers(self) -> str:
        return ", ".join(self.servers)


@finding_kind
class ServerAddressNotPublic(_Address):
    """`alone` where the zone's name servers have no public address at all."""

    code: ClassVar[str] = "server-address-not-public"
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = (
        *(scope.tag for scope in Scope if scope is not Scope.PUBLIC),
        "zonemaster:A01_NO_GLOBALLY_REACHABLE_ADDR",
        "zonemaster:NAMESERVER_IP_PRIVATE_NETWORK",
        "dnsviz:NS_NAME_PRIVATE_IP",
    )
    scope: Scope
    alone: bool

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.alone else Severity.WARNING

    @property
    def equivalents(self) -> tuple[str, ...]:
        private = ("dnsviz:NS_NAME_PRIVATE_IP",) if self.scope is Scope.LOCAL else ()
        alone = ("zonemaster:A01_NO_GLOBALLY_REACHABLE_ADDR",) if self.alone else ()
        return (self.scope.tag, *alone, *private)

    @property
    def message(self) -> str:
        return (
            f"name servers of {self.subject} have addresses that are {self.scope.words}, where "
            f"nobody else reaches them: {self.shown_servers}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the name server's address replaced by a public one, in the delegation too."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers has an address that is of no use on the Internet. "
            "Its operator has to correct it."
        )


@finding_kind
class ServerReverseMissing(_Address):
    code: ClassVar[str] = "server-reverse-missing"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:NAMESERVER_IP_WITHOUT_REVERSE",)

    @property
    def message(self) -> str:
        return (
            f"addresses of name servers of {self.subject} have no name, as their reverse zones say "
            f"with authority: {self.shown_servers}"
        )

    @property
    def for_agent(self) -> str:
        return "Nothing fails by it. Have a PTR record set, where one is wanted."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers lack an entry that some operators like to see. Nothing "
            "fails by it."
        )


@finding_kind
class ServerReverseMismatch(_Address):
    """`complete` where all addresses have reverse names, `own` where the zone itself gives one of
    these addresses."""

    code: ClassVar[str] = "server-reverse-mismatch"
    known_as: ClassVar[tuple[str, ...]] = (ALL_NAMED, "zonemaster:NAMESERVER_IP_PTR_MISMATCH")
    complete: bool
    own: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        said = zip(self.known_as, (self.complete, self.own), strict=True)
        return tuple(tag for tag, holds in said if holds)

    @property
    def message(self) -> str:
        return (
            f"the reverse names of addresses of name servers of {self.subject} are others than the "
            f"servers': {self.shown_servers}"
        )

    @property
    def for_agent(self) -> str:
        return "Nothing fails by it: a server may have several names."

    @property
    def for_customer(self) -> str:
        return "Your domain's name servers have further names. Nothing fails by it."


@finding_kind
class ServerReverseNotSeen(Finding):
    code: ClassVar[str] = "server-reverse-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:NO_RESPONSE_PTR_QUERY",)
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"the reverse names of {', '.join(self.servers)}, name servers of {self.subject}, "
            "could not be looked up to the end"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """An address of a name server, and the look-up of its reverse name where it was made; the
    zone itself gives it, unless it is glue alone (not `own`)."""

    name: str
    address: str
    evidence: tuple[ObservationId, ...]
    found: Resolution | None = None
    own: bool = True

    def __str__(self) -> str:
        return f"{shown(self.name)} [{self.address}]"

    @property
    def cited(self) -> tuple[ObservationId, ...]:
        return (*self.evidence, *(self.found.evidence if self.found else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Addresses of the kinds that are `meant` need not be public; `full` where reverse names were
    looked up too."""

    names: ServerNames
    pointers: tuple[Pointer, ...] = ()
    meant: frozenset[Kind] = frozenset()
    full: bool = True


async def gather(net: Asker, brief: Brief) -> Facts:
    """The addresses of all name servers; in full the reverse names of the public ones too."""
    names = await server_names_of(net, brief)
    pairs = [
        Pointer(
            name=one.name,
            address=address,
            evidence=one.evidence,
            own=one.own and address in one.found,
        )
        for one in names.names
        for address in one.addresses
    ]
    pointers, full = pairs[:MOST_ADDRESSES], brief.depth == "thorough"
    if full:
        pointers = await asyncio.gather(*(_pointed(net, brief, one) for one in pointers))
    return Facts(names=names, pointers=tuple(pointers), meant=brief.inside, full=full)


async def _pointed(net: Asker, brief: Brief, one: Pointer) -> Pointer:
    if scope_of(one.address) is not Scope.PUBLIC:
        return one
    reverse = ipaddress.ip_address(one.address).reverse_pointer + "."
    return replace(one, found=await resolve(net, brief, reverse, "PTR"))


Verdict = tuple[type[Finding], Scope]


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdicts on all addresses, equal ones together."""
    zone, pointers = facts.names.zone, facts.pointers
    if zone.missing or not pointers:
        missing = zone.missing or "no name server has an address"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    groups: dict[Verdict, list[Pointer]] = {}
    for one in pointers:
        verdict = judged(one, facts)
        if verdict:
            groups.setdefault(verdict, []).append(one)
    public = [p for p in pointers if scope_of(p.address) is Scope.PUBLIC]
    if public:
        yield ServerAddressesPublic(
            subject=shown(zone.apex),
            evidence=tuple(dict.fromkeys(n for p in public for n in p.evidence)),
            count=len({p.address for p in public}),
            total=len({p.address for p in pointers}),
        )
    for verdict, members in groups.items():
        yield _finding(facts, verdict, members, alone=not public)


def judged(one: Pointer, facts: Facts) -> Verdict | None:
    """The verdict on one address; none where there is nothing to say but that it is public."""
    scope, why = scope_of(one.address), special(one.address)
    if why is not None:
        return None if why.kind in facts.meant else (ServerAddressNotPublic, scope)
    if not facts.full:
        return None
    if one.found is None or (not one.found.data and one.found.status not in CERTAIN):
        return ServerReverseNotSeen, scope
    if not one.found.data:
        return ServerReverseMissing, scope
    named = {data.lower() for data in one.found.data}
    return (ServerReverseFine if one.name in named else ServerReverseMismatch), scope


def _finding(facts: Facts, verdict: Verdict, members: list[Pointer], *, alone: bool) -> Finding:
    kind, scope = verdict
    subject = shown(facts.names.zone.apex)
    evidence = tuple(dict.fromkeys(number for one in members for number in one.cited))
    servers = tuple(dict.fromkeys(str(one) for one in members))
    complete = all(one.found is not None and one.found.data for one in facts.pointers)
    if kind is ServerReverseFine:
        own = [one for one in facts.pointers if one.own]
        return ServerReverseFine(
            subject=subject,
            evidence=evidence,
            addresses=servers,
            complete=complete,
            matching=all(judged(one, facts) == verdict for one in own),
        )
    if kind is ServerReverseMismatch:
        return ServerReverseMismatch(
            subject=subject,
            evidence=evidence,
            servers=servers,
            complete=complete,
            own=any(one.own for one in members),
        )
    if kind is ServerAddressNotPublic:
        return ServerAddressNotPublic(
            subject=subject, evidence=evidence, servers=servers, scope=scope, alone=alone
        )
    if kind is ServerReverseNotSeen:
        return ServerReverseNotSeen(subject=subject, evidence=evidence, servers=servers)
    return ServerReverseMissing(subject=subject, evidence=evidence, servers=servers)


CHECK = Check(
    id="server-addresses",
    title="The addresses of the zone's name servers are public, and have names",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ServerAddressesPublic,
        ServerReverseFine,
        ServerAddressNotPublic,
        ServerReverseMissing,
        ServerReverseMismatch,
        ServerReverseNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
)
