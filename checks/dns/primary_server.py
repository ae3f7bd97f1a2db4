"""The primary server that the SOA record names can be found.

## What it does
Looks up the addresses of the primary server (MNAME) in the newest SOA record of the zone's servers.
It is not asked for anything: a primary that is hidden from the public is in order.

## Why is this bad?
Visitors never ask it. Dynamic updates go to it, and so do some secondary servers' notices; those
fail where the name leads nowhere.

## How it decides
| the primary server       | its addresses      | judgement               |
|--------------------------|--------------------|-------------------------|
| one of the name servers  | some               | primary-server-found    |
| another                  | some               | primary-server-found    |
| another                  | none               | primary-server-unusable |
| another                  | of this machine    | primary-server-unusable |
| another                  | by an alias        | primary-server-unusable |
| localhost                | not looked up      | primary-server-unusable |
| the root                 | not looked up      | primary-server-unusable |
| another                  | nobody answers     | primary-server-not-seen |

All are notices, since resolution does not use the name.

## What to do
Name the primary server in the SOA record, if updates or notices are to reach it.

## References
- RFC 1035, section 3.3.13 (MNAME)
- RFC 1996, section 2.1; RFC 2136, section 1 (what it is used for)
- RFC 2181, section 7.3 (it is a host's name)
- Zonemaster Zone01, Zone07
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from checks.facts.iterate import addresses_of, resolve, shown
from checks.facts.ns_names import CERTAIN
from checks.facts.soa import given, newest
from checks.facts.zone import Zone, own_names, target_zone
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Skipped, finding_kind
from netdiag.network import Asker, ObservationId

LOCALHOST, ROOT = "localhost.", "."


class Flaw(enum.Enum):
    """Why the name is of no use: the tags of Zonemaster, and in words."""

    NO_ADDRESS = (("MNAME_HAS_NO_ADDRESS", "Z01_MNAME_NOT_RESOLVE"), "has no address")
    LOCAL = (("Z01_MNAME_HAS_LOCALHOST_ADDR",), "leads to the asking machine itself")
    ALIAS = (("MNAME_IS_CNAME",), "is an alias")
    LOCALHOST = (("Z01_MNAME_IS_LOCALHOST",), "is localhost")
    ROOT = (("Z01_MNAME_IS_DOT",), "is left empty")

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(f"zonemaster:{tag}" for tag in self.value[0])

    @property
    def words(self) -> str:
        return str(self.value[1])


@finding_kind
class PrimaryServerFound(Finding):
    """`listed` where it is one of the zone's name servers."""

    code: ClassVar[str] = "primary-server-found"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:MNAME_IS_NOT_CNAME",
        "zonemaster:Z01_MNAME_NOT_IN_NS_LIST",
    )
    primary: str
    listed: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as[:1] if self.listed else self.known_as

    @property
    def message(self) -> str:
        hidden = "" if self.listed else ", which is none of its name servers,"
        return f"the primary server of {self.subject}, {self.primary},{hidden} has addresses"


@finding_kind
class PrimaryServerUnusable(Finding):
    code: ClassVar[str] = "primary-server-unusable"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = tuple(tag for flaw in Flaw for tag in flaw.tags)
    primary: str
    flaw: Flaw

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.flaw.tags

    @property
    def message(self) -> str:
        return (
            f"the primary server in the SOA record of {self.subject} {self.flaw.words}: "
            f"{self.primary}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the SOA record name the primary server, if anything is to be sent to it."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's technical settings name a main server that cannot be found. Visitors "
            "do not notice; your DNS provider can correct it."
        )


@finding_kind
class PrimaryServerNotSeen(Finding):
    code: ClassVar[str] = "primary-server-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    primary: str

    @property
    def message(self) -> str:
        return (
            f"the addresses of {self.primary}, the primary server of {self.subject}, could not be "
            "looked up to the end"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`primary` is empty where no server gives a readable SOA record; `certain` where no address
    means that there is none."""

    zone: Zone
    primary: str = ""
    addresses: tuple[str, ...] = ()
    certain: bool = False
    alias: bool = False
    evidence: tuple[ObservationId, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The primary server's name and where it leads."""
    zone = await target_zone(net, brief)
    told = given(zone)
    if not told:
        return Facts(zone=zone)
    primary, seen = newest(told).mname, tuple(one.server.best.id for one in told)
    if primary in {LOCALHOST, ROOT}:
        return Facts(zone=zone, primary=primary, evidence=seen)
    addresses, evidence, statuses = await addresses_of(net, brief, primary, 1)
    four = await resolve(net, brief, primary, "A", 1)
    return Facts(
        zone=zone,
        primary=primary,
        addresses=addresses,
        certain=CERTAIN.issuperset(statuses),
        alias=len(four.chain) > 1,
        evidence=tuple(dict.fromkeys((*seen, *evidence))),
    )


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdict on the primary server."""
    zone = facts.zone
    if zone.missing or not facts.primary:
        missing = zone.missing or "no server gives a readable SOA record"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    subject, primary = shown(zone.apex), shown(facts.primary)
    flaw = flaw_of(facts)
    if flaw:
        yield PrimaryServerUnusable(
            subject=subject, evidence=facts.evidence, primary=primary, flaw=flaw
        )
    elif not facts.addresses:
        yield PrimaryServerNotSeen(subject=subject, evidence=facts.evidence, primary=primary)
    else:
        listed = facts.primary in own_names(zone) | set(zone.cut.names if zone.cut else ())
        yield PrimaryServerFound(
            subject=subject, evidence=facts.evidence, primary=primary, listed=listed
        )


def flaw_of(facts: Facts) -> Flaw | None:
    """Why the primary server's name is of no use, where that is known."""
    if facts.primary in {LOCALHOST, ROOT}:
        return Flaw.LOCALHOST if facts.primary == LOCALHOST else Flaw.ROOT
    if not facts.addresses:
        return Flaw.NO_ADDRESS if facts.certain else None
    if facts.alias:
        return Flaw.ALIAS
    local = any(ipaddress.ip_address(address).is_loopback for address in facts.addresses)
    return Flaw.LOCAL if local else None


CHECK = Check(
    id="primary-server",
    title="The primary server that the SOA record names",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(PrimaryServerFound, PrimaryServerUnusable, PrimaryServerNotSeen, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
