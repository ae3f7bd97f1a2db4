"""Servers that do not serve the zone may still give its web address.

## What it does
Where no delegated server serves the zone, asks each that answers at all for the address of the name
www in it.

## Why is this bad?
Some servers are set up as if the zone were a host: they answer questions for addresses and fail
those about the zone. The site then works for many visitors, which hides that the zone is broken.

## How it decides
| the zone                | the servers, asked for www | judgement                |
|-------------------------|----------------------------|--------------------------|
| served by nobody        | one gives an address       | addresses-without-zone   |
| served by nobody        | none gives an address      | no-addresses-either      |
| served by nobody        | none answers               | no-addresses-either      |
| served                  | not asked                  | not-checked              |

## What to do
Load the zone on the servers; an answer for addresses alone is no zone.

## References
- RFC 1034, section 4.2.1 (what a zone has)
- Zonemaster Basic03
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.each import answering, of_each
from checks.facts.iterate import shown
from checks.facts.zone import Zone, ZoneServer, target_zone
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
from netdiag.outcomes import DnsReply, Failed
from netdiag.requests import DnsQuery


@finding_kind
class AddressesWithoutZone(Finding):
    """`servers` give `name` an address."""

    code: ClassVar[str] = "addresses-without-zone"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:HAS_A_RECORDS",)
    name: str
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{', '.join(self.servers)} give an address for {self.name} and do not serve the zone "
            f"{self.subject} that it is in"
        )

    @property
    def for_agent(self) -> str:
        return "Have the zone itself set up on the server, with SOA and NS records."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers answer some questions about it and not those that others "
            "depend on. Their operator has to set the domain up properly."
        )


@finding_kind
class NoAddressesEither(Finding):
    """`silent` where no server answered."""

    code: ClassVar[str] = "no-addresses-either"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:A_QUERY_NO_RESPONSES",)
    name: str
    silent: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.silent else ()

    @property
    def message(self) -> str:
        how = "answers at all" if self.silent else "gives one"
        return (
            f"no server of {self.subject} serves it, and asked for an address of {self.name} none "
            f"{how}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`replies` has the observation of each server that answers, where none serves the zone."""

    zone: Zone
    name: str = ""
    replies: tuple[tuple[ZoneServer, Observation], ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The address of www, from each server of a zone that none serves."""
    zone = await target_zone(net, brief)
    if zone.missing or zone.serving:
        return Facts(zone=zone)
    name = f"www.{zone.apex}"
    seen = await of_each(net, zone, DnsQuery(server="", name=name, rtype="A"))
    pairs = zip(answering(zone), (one for (one,) in seen), strict=True)
    return Facts(zone=zone, name=name, replies=tuple(pairs))


def judge(facts: Facts) -> Iterable[Finding]:
    """Whether servers without the zone give addresses."""
    zone = facts.zone
    if zone.missing or zone.serving or not zone.servers:
        missing = zone.missing or "the zone is served, or no server has an address"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    subject, name = shown(zone.apex), shown(facts.name)
    giving = [(one, seen) for one, seen in facts.replies if _gives(seen, facts.name)]
    if giving:
        yield AddressesWithoutZone(
            subject=subject,
            evidence=tuple(seen.id for _, seen in giving),
            name=name,
            servers=tuple(str(one.server) for one, _ in giving),
        )
        return
    yield NoAddressesEither(
        subject=subject,
        evidence=_cited(facts),
        name=name,
        silent=_silent(facts),
    )


def _silent(facts: Facts) -> bool:
    """Whether nobody answers, for no reason of ours; who answers nothing else is not asked."""
    mute = not any(isinstance(seen.outcome, DnsReply) for _, seen in facts.replies)
    seen = [one for _, one in facts.replies] or [one.soa for one in facts.zone.servers]
    ours = (isinstance(o.outcome, Failed) and o.outcome.kind.ours for o in seen)
    return mute and not any(ours)


def _cited(facts: Facts) -> tuple[ObservationId, ...]:
    asked = tuple(seen.id for _, seen in facts.replies)
    return asked or tuple(number for one in facts.zone.servers for number in one.evidence)


def _gives(seen: Observation, name: str) -> bool:
    match seen.outcome:
        case DnsReply(answer=answer):
            return any((record.name, record.rtype) == (name, "A") for record in answer)
        case _:
            return False


CHECK = Check(
    id="unserved-zone",
    title="Addresses from servers that do not serve the zone",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(AddressesWithoutZone, NoAddressesEither, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
