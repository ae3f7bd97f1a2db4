"""The name exists and leads to addresses.

## What it does
Follows the delegations from the root to the zone of the name, asks there for its addresses of both
families, and follows aliases, each from the root again.

## Why is this bad?
Without an address nobody gets to the host, whatever state it is in.

## How it decides
| the zone says                      | who says it             | judgement           |
|------------------------------------|-------------------------|---------------------|
| addresses                          | the zone                | name-has-addresses  |
| no such name                       | the domain's own zone   | name-does-not-exist |
| no such name                       | a registry              | not-delegated       |
| the name, and no address           | the zone                | no-address-records  |
| an alias to a name without address | the zone                | cname-dangling      |
| an alias to no such name           | the zone                | cname-dangling      |
| aliases in a circle                | the zone                | cname-loop          |
| more than 12 aliases in a row      | the zone                | cname-loop          |
| nothing                            | no server answers       | name-not-determined |
| refusal                            | servers without it      | name-not-determined |
| the name, and no address | its own zone is examined        | zone-without-address |
| mail hosts and no address, only mail is asked | the zone     | not-checked         |

A registry is the root, a zone of one label, or one like co.za. Silence is never taken for absence.

## What to do
Not delegated: have the registrar look at the domain's registration. Otherwise: add the missing
record in the zone, or correct the alias.

## References
- RFC 1034, sections 3.6.2 and 4.3.2
- RFC 8020 (NXDOMAIN)
- RFC 2308 (NODATA)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import Resolution, descend, is_registry, resolve, shown
from checks.facts.machine import usable_families
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

MAIL_PORT = 25


@finding_kind
class NameHasAddresses(Finding):
    code: ClassVar[str] = "name-has-addresses"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    addresses: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{self.subject} leads to {', '.join(self.addresses)} by its own name servers"


@finding_kind
class _NoAddress(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    zone: str


@finding_kind
class NameDoesNotExist(_NoAddress):
    code: ClassVar[str] = "name-does-not-exist"

    @property
    def message(self) -> str:
        return (
            f"{self.subject} does not exist: the name servers of {self.zone} say so with "
            "authority, so the zone itself is delegated and answers"
        )

    @property
    def for_agent(self) -> str:
        return f"Add the missing record in the zone {self.zone}, or correct the name asked for."

    @property
    def for_customer(self) -> str:
        return (
            "The address you use does not exist in your domain. Please check the spelling; if it "
            "is right, the entry has to be added in the domain's DNS settings."
        )


@finding_kind
class NotDelegated(_NoAddress):
    """`zone` is the registry's, which knows no domain on the way to the name."""

    code: ClassVar[str] = "not-delegated"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:B01_NO_CHILD",
        "zonemaster:B02_NO_DELEGATION",
    )
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR

    @property
    def message(self) -> str:
        return (
            f"the registry of {self.zone} knows no domain for {self.subject}: its servers say with "
            "authority that there is none, so no name server of the domain is even asked"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Look the registration up at the registrar: not registered, expired, on hold or "
            "without name servers. Which of these it is cannot be told from the DNS."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The domain is not known to its registry. It may have expired or been misspelt. Please "
            "check with the company where you registered it."
        )


@finding_kind
class NoAddressRecords(_NoAddress):
    code: ClassVar[str] = "no-address-records"

    @property
    def message(self) -> str:
        return (
            f"{self.subject} exists and has neither an IPv4 nor an IPv6 address, as the name "
            f"servers of {self.zone} say with authority"
        )

    @property
    def for_agent(self) -> str:
        return f"Add an A record, and an AAAA record where the host has IPv6, in {self.zone}."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's DNS settings have no server address for this name. The entry has to be "
            "added there."
        )


@finding_kind
class CnameDangling(_NoAddress):
    code: ClassVar[str] = "cname-dangling"
    chain: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.subject} is an alias that leads to {self.chain[-1]} "
            f"({' -> '.join(self.chain)}), and that name has no address"
        )

    @property
    def for_agent(self) -> str:
        return f"Correct the CNAME record, or have an address added to {self.chain[-1]}."

    @property
    def for_customer(self) -> str:
        return (
            "The entry for this name points to another name that does not exist (any more). It has "
            "to be corrected in the domain's DNS settings."
        )


@finding_kind
class CnameLoop(_NoAddress):
    code: ClassVar[str] = "cname-loop"
    known_as: ClassVar[tuple[str, ...]] = ("dnsviz:CNAME_LOOP",)
    chain: tuple[str, ...]

    @property
    def message(self) -> str:
        if self.chain[-1] in self.chain[:-1]:
            return f"{self.subject} is an alias in a circle: {' -> '.join(self.chain)}"
        way = f"{self.chain[0]} -> {self.chain[1]} -> … -> {self.chain[-1]}"
        return (
            f"{self.subject} begins a chain of aliases longer than resolvers follow: {way}, and no "
            f"end after {len(self.chain) - 1}"
        )

    @property
    def for_agent(self) -> str:
        return "Replace one of these CNAME records by the address records of the host."

    @property
    def for_customer(self) -> str:
        return (
            "The entries for this name point to one another without ever reaching an address. One "
            "of them has to be replaced by the server's address."
        )


@finding_kind
class ZoneWithoutAddress(Finding):
    code: ClassVar[str] = "zone-without-address"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"the zone {self.subject} exists; its own name has no address, and needs none"


@finding_kind
class NameNotDetermined(Finding):
    """`zone` is where the descent ended, `why` completes "because …"."""

    code: ClassVar[str] = "name-not-determined"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    zone: str
    why: str

    @property
    def message(self) -> str:
        return f"whether {self.subject} has addresses cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`found` has the resolution for A and AAAA. `mail`: only mail is asked for, and the name has
    no address and lists mail hosts, whose addresses count instead."""

    name: str | None
    usable: bool = True
    mail: bool = False
    found: tuple[Resolution, ...] = ()
    zone: str = "."
    apex: bool = False


async def gather(net: Asker, brief: Brief) -> Facts:
    """Resolve the target's name from the root for both families, whatever this machine has."""
    name = brief.target.name
    if name is None:
        return Facts(name=None)
    usable, way, found = await asyncio.gather(
        usable_families(net, brief),
        descend(net, brief, name),
        asyncio.gather(*(resolve(net, brief, name, rtype) for rtype in ("A", "AAAA"))),
    )
    last = found[0].chain[-1]
    end = await descend(net, brief, last)
    return Facts(
        name=shown(name),
        usable=bool(usable),
        mail=not any(one.data for one in found) and await _goes_elsewhere(net, brief, name),
        found=tuple(found),
        zone=end.zone if found[0].status == "nxdomain" else way.zone,
        apex=brief.purpose == "zone" and way.zone == name,
    )


async def _goes_elsewhere(net: Asker, brief: Brief, name: str) -> bool:
    """Whether only mail is asked for, and the name has mail exchangers (RFC 5321, section 5.1).

    A null exchanger (RFC 7505) is none.
    """
    if brief.target.ports != (MAIL_PORT,):
        return False
    exchangers = (await resolve(net, brief, name, "MX")).data
    return any(data.split()[-1:] not in ([], ["."]) for data in exchangers)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on the name."""
    if facts.name is None:
        yield Skipped(subject="name", missing="the target is an address")
    elif facts.mail:
        missing = "mail for this name goes to its mail hosts, which are judged as such"
        yield Skipped(subject=shown(facts.name), missing=missing)
    else:
        yield judge_name(facts, facts.name)


def judge_name(facts: Facts, name: str) -> Finding:
    """What the two resolutions together say."""
    statuses = {one.status for one in facts.found}
    evidence = tuple(dict.fromkeys(n for one in facts.found for n in one.evidence))
    data = tuple(address for one in facts.found for address in one.data)
    chain = max((one.chain for one in facts.found), key=len, default=(name,))
    if data:
        return NameHasAddresses(subject=shown(name), evidence=evidence, addresses=data)
    if "alias-loop" in statuses:
        return CnameLoop(
            subject=shown(name),
            evidence=evidence,
            zone=shown(facts.zone),
            chain=tuple(map(shown, chain)),
        )
    if not statuses <= {"nodata", "nxdomain", "found"}:
        why = _why(facts, chain[-1])
        return NameNotDetermined(
            subject=shown(name), evidence=evidence, zone=shown(facts.zone), why=why
        )
    if len(chain) > 1:
        return CnameDangling(
            subject=shown(name),
            evidence=evidence,
            zone=shown(facts.zone),
            chain=tuple(map(shown, chain)),
        )
    if facts.apex and "nxdomain" not in statuses:
        return ZoneWithoutAddress(subject=shown(name), evidence=evidence)
    if "nxdomain" not in statuses:
        return NoAddressRecords(subject=shown(name), evidence=evidence, zone=shown(facts.zone))
    if is_registry(facts.zone):
        return NotDelegated(subject=shown(name), evidence=evidence, zone=shown(facts.zone))
    return NameDoesNotExist(subject=shown(name), evidence=evidence, zone=shown(facts.zone))


def _why(facts: Facts, last: str) -> str:
    if not facts.usable:
        return "this machine has no route to any name server"
    return f"no server responsible for {last} gives an answer (asked down to {facts.zone})"


CHECK = Check(
    id="name-existence",
    title="The name exists and leads to addresses",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        NameHasAddresses,
        ZoneWithoutAddress,
        NameDoesNotExist,
        NotDelegated,
        NoAddressRecords,
        CnameDangling,
        CnameLoop,
        NameNotDetermined,
        Skipped,
    ),
    doc=__doc__ or "",
)
