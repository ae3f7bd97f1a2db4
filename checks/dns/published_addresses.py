"""What the zone publishes for the name can be used by everybody.

## What it does
Looks at the addresses that the zone's servers give for the target's name, or where it is an alias
at those that the alias leads to, and whether the zone's apex is an alias.

## Why is this bad?
A private, loopback or reserved address leads nowhere, or to a foreign machine, for everybody
outside. An alias at the apex hides the zone's own records, its mail exchangers first of all.

## How it decides
| published                                   | judgement                 |
|---------------------------------------------|---------------------------|
| a public address                            | published-addresses-fine  |
| a private address                           | private-address-published |
| a loopback address                          | private-address-published |
| a link-local address                        | private-address-published |
| an address of a cloud's metadata            | private-address-published |
| an address kept for documentation           | private-address-published |
| an IPv6 address with a private one in it    | private-address-published |
| a private beside a public address           | private-address-published |
| a private address, in a private network     | published-addresses-fine  |
| an alias of a public address                | published-addresses-fine  |
| an alias of a private address               | private-address-published |
| an alias at the zone's apex                 | cname-at-apex             |
| nothing                                     | not-checked               |

*In a private network* is a run whose target or root servers the user gives by addresses of the same
kind. netdiag itself sends nothing to an address that is not public and was not given.

## What to do
Publish the public address, or serve the private one in an inside view only. Replace the apex alias
by address records (or the operator's ALIAS feature).

## References
- RFC 1918; RFC 4193; RFC 6890 (special-purpose addresses)
- RFC 1034, section 3.6.2; RFC 1912, section 2.4 (no alias beside other data)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import Resolution, is_address, resolve, shown
from checks.facts.zone import Zone, target_zone
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
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply
from netdiag.special import Kind, described, special


@finding_kind
class PublishedAddressesFine(Finding):
    code: ClassVar[str] = "published-addresses-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    addresses: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{', '.join(self.addresses)}, published for {self.subject}, can be used by everybody"
        )


@finding_kind
class PrivateAddressPublished(Finding):
    """`alone` where the name has no public address beside it."""

    code: ClassVar[str] = "private-address-published"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    addresses: tuple[str, ...]
    alone: bool
    alias: str

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.alone else Severity.WARNING

    @property
    def message(self) -> str:
        return (
            f"{self.subject} is published with {', '.join(map(described, self.addresses))}"
            f"{f' (by its alias {self.alias})' if self.alias else ''}, not reachable on "
            "the Internet; authoritative servers give it, so no resolver on the way made it up"
        )

    @property
    def for_agent(self) -> str:
        return "Replace it by the host's public address, or keep it in an inside view."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain points to an address that exists inside a private network only. The "
            "server's public address has to be entered in the DNS settings."
        )


@finding_kind
class CnameAtApex(Finding):
    code: ClassVar[str] = "cname-at-apex"
    known_as: ClassVar[tuple[str, ...]] = ("dnsviz:CNAME_WITH_OTHER_DATA",)
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    alias: str

    @property
    def message(self) -> str:
        return (
            f"{self.subject}, the top of its zone, is an alias for {self.alias}: resolvers then "
            "take the zone's own records, mail exchangers included, from there"
        )

    @property
    def for_agent(self) -> str:
        return "Replace the CNAME by address records, or by the operator's ALIAS feature."

    @property
    def for_customer(self) -> str:
        return (
            "The domain itself is set up as an alias, which a domain must not be. Mail may get "
            "lost. The server's address has to be entered instead."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`found` has the name's resolution for A and AAAA, through its aliases; addresses of the
    kinds that are `meant` may be published."""

    zone: Zone
    found: tuple[Resolution, ...] = ()
    meant: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Addresses with the replies that give them; `alias` is the last alias on the way, if any."""

    addresses: tuple[str, ...]
    evidence: tuple[ObservationId, ...]
    alias: str = ""


async def gather(net: Asker, brief: Brief) -> Facts:
    """The zone with every server's address replies, and where the name's aliases lead."""
    name = brief.target.name
    if name is None:
        return Facts(zone=await target_zone(net, brief))
    zone, a, aaaa = await asyncio.gather(
        target_zone(net, brief),
        resolve(net, brief, name, "A"),
        resolve(net, brief, name, "AAAA"),
    )
    return Facts(zone=zone, found=(a, aaaa), meant=brief.inside)


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdicts on the name's addresses and on the apex."""
    zone = facts.zone
    if zone.missing:
        yield Skipped(subject=shown(zone.apex), missing=zone.missing)
        return
    alias = _alias(zone)
    if alias:
        yield CnameAtApex(subject=shown(zone.apex), evidence=(alias[1],), alias=shown(alias[0]))
    own = _published(zone, zone.way.name)
    published = own if own.addresses else _aliased(facts.found)
    if published.addresses:
        yield judge_addresses(zone.way.name, published, facts.meant)
    elif not alias:
        yield Skipped(subject=shown(zone.way.name), missing="no address is published for the name")


def judge_addresses(name: str, published: Published, meant: frozenset[Kind]) -> Finding:
    """The verdict on the addresses that a name leads to."""
    addresses = published.addresses
    inside = tuple(a for a in addresses if (why := special(a)) and why.kind not in meant)
    if not inside:
        return PublishedAddressesFine(
            subject=shown(name), evidence=published.evidence, addresses=addresses
        )
    return PrivateAddressPublished(
        subject=shown(name),
        evidence=published.evidence,
        addresses=inside,
        alone=len(inside) == len(addresses),
        alias=published.alias,
    )


def _aliased(found: tuple[Resolution, ...]) -> Published:
    """The addresses at the end of the name's aliases."""
    through = [one for one in found if len(one.chain) > 1 and one.data]
    data = dict.fromkeys(a for one in through for a in one.data if is_address(a))
    evidence = dict.fromkeys(number for one in through for number in one.evidence)
    alias = shown(through[0].chain[-1]) if through else ""
    return Published(addresses=tuple(data), evidence=tuple(evidence), alias=alias)


def _published(zone: Zone, name: str) -> Published:
    """The addresses that any server gives for the name itself, and the replies that do."""
    found: dict[str, None] = {}
    evidence: list[ObservationId] = []
    for server in zone.servers:
        for seen in (server.a, server.aaaa):
            data = [d for d in _data(seen, name, {"A", "AAAA"}) if is_address(d)]
            found |= dict.fromkeys(data)
            evidence += [seen.id] if data else []
    return Published(addresses=tuple(found), evidence=tuple(evidence))


def _alias(zone: Zone) -> tuple[str, ObservationId] | None:
    """What the apex is an alias for, as seen where the target is the apex itself."""
    if zone.way.name != zone.apex:
        return None
    for server in zone.servers:
        for seen in (server.a, server.aaaa):
            data = _data(seen, zone.apex, {"CNAME"})
            if data:
                return data[0], seen.id
    return None


def _data(seen: Observation, name: str, rtypes: set[str]) -> tuple[str, ...]:
    match seen.outcome:
        case DnsReply(answer=answer):
            return tuple(r.data for r in answer if r.name == name and r.rtype in rtypes)
        case _:
            return ()


CHECK = Check(
    id="published-addresses",
    title="What the zone publishes for the name can be used by everybody",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(PublishedAddressesFine, PrivateAddressPublished, CnameAtApex, Skipped),
    doc=__doc__ or "",
)
