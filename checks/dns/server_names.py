"""Every delegated name server has an address, and the parent's glue is right.

## What it does
Takes the name servers of the delegation with the addresses that came with it (glue), and looks each
name up from the root.

## Why is this bad?
A server without an address cannot be asked. A server whose name lies in the zone that it serves is
found through glue alone; wrong glue leads to a former or a foreign machine.

## How it decides
For each name in the delegation; glue counts where the parent's servers, not serving the zone too,
tell the delegation. A name outside the zone needs none; what is given must be right.

| the name          | glue              | looked up              | judgement                  |
|-------------------|-------------------|------------------------|----------------------------|
| outside the zone  | not needed        | addresses              | server-name-resolves       |
| outside the zone  | the same          | addresses              | server-name-resolves       |
| outside the zone  | other addresses   | addresses              | glue-mismatch              |
| outside the zone  | not needed        | no such name           | name-server-unresolvable   |
| outside the zone  | not needed        | no address             | name-server-unresolvable   |
| outside the zone  | not needed        | nothing answers        | server-name-not-determined |
| in the zone       | the same          | addresses              | server-name-resolves       |
| in the zone       | none              | addresses              | missing-glue               |
| in the zone       | none              | no such name           | name-server-unresolvable   |
| in the zone       | other addresses   | addresses              | glue-mismatch              |
| in the zone       | some              | nothing answers        | server-name-not-determined |
| in the zone       | some              | no address             | glue-mismatch              |
| in the zone       | more than these   | one family only        | server-name-not-determined |

Only the address families that this machine can use are compared.

## What to do
Unresolvable: correct the name, or give it an address. Glue: have the registrar, or the operator of
the parent zone, set the addresses that the zone itself gives.

## References
- RFC 1034, section 4.2.1 (glue)
- RFC 9471 (glue in referrals)
- RFC 1912, section 2.3
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts.iterate import below, shown, version
from checks.facts.parents import OfDelegation, parent_of
from checks.facts.zone import NameServerName, Zone, target_zone
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

UNSERVED = ("zonemaster:B02_NO_WORKING_NS", "zonemaster:B02_NS_NO_IP_ADDR")
"""What a server without address means to a zone that no other server serves."""


@finding_kind
class ServerNameResolves(Finding):
    """`matching` where no server of the zone has another address at the parent than in its zone."""

    code: ClassVar[str] = "server-name-resolves"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:ADDRESSES_MATCH",)
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    addresses: tuple[str, ...]
    matching: bool = False

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.matching else ()

    @property
    def message(self) -> str:
        return f"{self.subject} leads to {', '.join(self.addresses)}"


@finding_kind
class _ServerName(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    zone: str


@finding_kind
class NameServerUnresolvable(_ServerName):
    """`alone` where the zone has no other server with an address, `served` where it is served."""

    code: ClassVar[str] = "name-server-unresolvable"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:CAN_NOT_BE_RESOLVED",
        "zonemaster:NO_RESOLUTION",
        "zonemaster:A01_NO_NAME_SERVERS_FOUND",
        *UNSERVED,
        "dnsviz:NO_ADDRESS_FOR_NS_NAME",
    )
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    alone: bool
    served: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        alone = ("zonemaster:NO_RESOLUTION", "zonemaster:A01_NO_NAME_SERVERS_FOUND")
        return (
            *(alone if self.alone else ("zonemaster:CAN_NOT_BE_RESOLVED",)),
            *(() if self.served else UNSERVED),
            "dnsviz:NO_ADDRESS_FOR_NS_NAME",
        )

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.alone else Severity.WARNING

    @property
    def message(self) -> str:
        return (
            f"{self.subject}, a name server of {self.zone}, has no address: the zone of that name "
            "says so with authority, so this is no silence of a server"
        )

    @property
    def for_agent(self) -> str:
        return "Give the name an address, or take it out of the delegation."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain lists a name server that does not exist. It has to be taken off the list "
            "at your registrar, or set up again."
        )


@finding_kind
class MissingGlue(OfDelegation, _ServerName):
    code: ClassVar[str] = "missing-glue"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:EXTRA_ADDRESS_CHILD",
        "dnsviz:MISSING_GLUE_FOR_NS_NAME",
    )
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR

    @property
    def message(self) -> str:
        return (
            f"{self.keeper} gives no address for {self.subject}, a name server whose name lies in "
            f"{self.zone} itself, so resolvers find it only through another server of the zone"
        )

    @property
    def for_agent(self) -> str:
        return f"Have {self.changer} add the addresses of the host."

    @property
    def for_customer(self) -> str:
        return (
            "The place where your domain is registered lacks the address of one of your name "
            f"servers. Ask {self.changer} to add it."
        )


@finding_kind
class GlueMismatch(OfDelegation, _ServerName):
    code: ClassVar[str] = "glue-mismatch"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:IN_BAILIWICK_ADDR_MISMATCH",
        "zonemaster:EXTRA_ADDRESS_CHILD",
        "zonemaster:OUT_OF_BAILIWICK_ADDR_MISMATCH",
        "dnsviz:GLUE_MISMATCH",
    )
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    glue: tuple[str, ...]
    own: tuple[str, ...]
    inside: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        gone, new = set(self.glue) - set(self.own), set(self.own) - set(self.glue)
        said = {
            "zonemaster:IN_BAILIWICK_ADDR_MISMATCH": self.inside and gone,
            "zonemaster:EXTRA_ADDRESS_CHILD": self.inside and new,
            "zonemaster:OUT_OF_BAILIWICK_ADDR_MISMATCH": not self.inside,
            "dnsviz:GLUE_MISMATCH": self.glue,
        }
        return tuple(name for name, holds in said.items() if holds)

    @property
    def message(self) -> str:
        own = ", ".join(self.own) or "no address"
        zone = f"{self.zone} itself" if self.inside else "the zone of that name"
        return (
            f"{self.keeper} gives {', '.join(self.glue)} for {self.subject}, a name server of "
            f"{self.zone}, and {zone} gives {own}"
        )

    @property
    def for_agent(self) -> str:
        return f"Have {self.changer} change the host's addresses to those that the zone gives."

    @property
    def for_customer(self) -> str:
        return (
            "The place where your domain is registered has an old address of one of your name "
            f"servers. Ask {self.changer} to correct it."
        )


@finding_kind
class ServerNameNotDetermined(Finding):
    """`lame` where the zone's own servers are to tell and none does, `served` where any serves it;
    `found` where some address is known."""

    code: ClassVar[str] = "server-name-not-determined"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:CHILD_ZONE_LAME", *UNSERVED)
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    zone: str
    lame: bool
    served: bool
    found: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        lame = self.known_as[:1] if self.lame else ()
        return (*lame, *(() if self.served or self.found else UNSERVED))

    @property
    def message(self) -> str:
        return f"the addresses of {self.subject} could not be looked up to the end"


async def gather(net: Asker, brief: Brief) -> Zone:
    """The zone with its servers' names."""
    return await target_zone(net, brief)


def judge(zone: Zone) -> Iterable[Finding]:
    """One verdict on every name in the delegation, and on those that the zone names besides."""
    if zone.missing:
        yield Skipped(subject=shown(zone.apex), missing=zone.missing)
        return
    found = [judge_name(zone, one) for one in zone.names]
    apart = (MissingGlue, GlueMismatch, ServerNameNotDetermined)
    more = any(
        one.addresses and below(one.name, zone.apex) for one in zone.names if not one.delegated
    )
    matching = not more and not any(isinstance(verdict, apart) for verdict in found)
    for verdict in found:
        if isinstance(verdict, ServerNameResolves):
            yield replace(verdict, matching=matching)
        else:
            yield verdict


def judge_name(zone: Zone, one: NameServerName) -> Finding:
    """The verdict on one server's name."""
    glue = tuple(
        sorted(
            server.address
            for server in (zone.cut.glue if zone.cut else ())
            if server.name == one.name and version(server.address) in zone.families
        )
    )
    told = bool(zone.cut and not zone.cut.hidden) and one.delegated
    inside = below(one.name, zone.apex)
    own = tuple(sorted(a for a in one.addresses if version(a) in zone.families))
    if not one.addresses and not one.certain:
        return _not_determined(zone, one, glue)
    if not one.addresses and not (told and inside and glue):
        return NameServerUnresolvable(
            subject=shown(one.name),
            evidence=one.evidence,
            zone=shown(zone.apex),
            alone=not any(other.addresses for other in zone.names),
            served=bool(zone.serving),
        )
    if told and inside and own and not glue:
        return MissingGlue(
            subject=shown(one.name),
            evidence=_with_cut(zone, one),
            zone=shown(zone.apex),
            parent=parent_of(zone),
        )
    if told and inside and not one.certain and set(own) < set(glue):
        return _not_determined(zone, one, glue)
    if told and _differs(zone, one, glue, own, inside=inside):
        return GlueMismatch(
            subject=shown(one.name),
            evidence=_with_cut(zone, one),
            zone=shown(zone.apex),
            parent=parent_of(zone),
            glue=glue,
            own=own,
            inside=inside,
        )
    return ServerNameResolves(
        subject=shown(one.name), evidence=one.evidence, addresses=one.addresses
    )


def _differs(
    zone: Zone,
    one: NameServerName,
    glue: tuple[str, ...],
    own: tuple[str, ...],
    *,
    inside: bool,
) -> bool:
    """Whether the parent's addresses are wrong; outside the zone they need not be complete."""
    if inside:
        return glue != own
    planned = bool(zone.cut and zone.cut.planned)
    return one.certain and not planned and not set(glue) <= set(own)


def _not_determined(zone: Zone, one: NameServerName, glue: tuple[str, ...]) -> Finding:
    return ServerNameNotDetermined(
        subject=shown(one.name),
        evidence=one.evidence,
        zone=shown(zone.apex),
        lame=not one.addresses and below(one.name, zone.apex),
        served=bool(zone.serving),
        found=bool(glue or one.addresses),
    )


def _with_cut(zone: Zone, one: NameServerName) -> tuple[ObservationId, ...]:
    cut = zone.cut.evidence if zone.cut else ()
    return tuple(dict.fromkeys((*cut, *one.evidence)))


CHECK = Check(
    id="server-names",
    title="Delegated name servers have addresses, and glue is right",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ServerNameResolves,
        NameServerUnresolvable,
        MissingGlue,
        GlueMismatch,
        ServerNameNotDetermined,
        Skipped,
    ),
    doc=__doc__ or "",
)
