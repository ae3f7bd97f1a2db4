"""Each server of the zone knows the name servers whose names lie in it.

## What it does
Asks every server that answers for the address of each name server whose name is in the zone itself.

## Why is this bad?
Resolvers start with the parent's glue and then ask the zone for the servers' addresses. A server
that fails such a question, or denies the name, leads them astray once the glue has run out.

## How it decides
For each server and name.

| the answer              | judgement                 |
|-------------------------|---------------------------|
| an address              | server-name-records-given |
| no address of this type | server-name-records-given |
| no such name            | server-name-record-error  |
| an error                | server-name-record-error  |
| none                    | server-name-records-not-seen |

What the names lead to is the matter of `server-names` and `server-count`.

## What to do
Load the present zone on the server; add the missing address to the zone.

## References
- RFC 1034, section 4.2.2 (the zone has the addresses of its servers)
- Zonemaster Delegation05
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.each import answering, of_each
from checks.facts.iterate import MOST_SERVERS, below, shown
from checks.facts.zone import Zone, own_names, target_zone
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
from netdiag.requests import DnsQuery


@finding_kind
class ServerNameRecordsGiven(Finding):
    code: ClassVar[str] = "server-name-records-given"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{', '.join(self.names)}, which are in {self.subject} itself, are known to "
            f"{', '.join(self.servers)}"
        )


@finding_kind
class ServerNameRecordError(Finding):
    """`servers` answer for `name` with `rcode`."""

    code: ClassVar[str] = "server-name-record-error"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:UNEXPECTED_RCODE",)
    name: str
    rcode: str
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"asked for the address of {self.name}, a name server of {self.subject} whose name is "
            f"in it, {', '.join(self.servers)} answer {self.rcode}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the present zone loaded on the server, and the missing address added to it."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers does not know another one. Their operator has to "
            "correct the domain's settings there."
        )


@finding_kind
class ServerNameRecordsNotSeen(Finding):
    code: ClassVar[str] = "server-name-records-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"whether {', '.join(self.servers)} know the name servers whose names are in "
            f"{self.subject} cannot be told: a question for one of them had no answer"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`replies` has each answering server's observations, in the order of `names`."""

    zone: Zone
    names: tuple[str, ...] = ()
    replies: tuple[tuple[Observation, ...], ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every server's replies for the names within the zone."""
    zone = await target_zone(net, brief)
    every = own_names(zone) | set(zone.cut.names if zone.cut else ())
    names = tuple(sorted(name for name in every if below(name, zone.apex))[:MOST_SERVERS])
    questions = [DnsQuery(server="", name=name, rtype="A") for name in names]
    return Facts(zone=zone, names=names, replies=await of_each(net, zone, *questions))


def judge(facts: Facts) -> Iterable[Finding]:
    """Each error with those who give it, and who knows all names."""
    zone, servers = facts.zone, answering(facts.zone)
    subject = shown(zone.apex)
    if zone.missing or not servers or not facts.names:
        missing = zone.missing or "no server answers, or none has a name in the zone"
        yield Skipped(subject=subject, missing=missing)
        return
    errors: dict[tuple[str, str], list[tuple[str, ObservationId]]] = {}
    fine: list[tuple[str, ObservationId]] = []
    unseen: list[tuple[str, ObservationId]] = []
    for server, replies in zip(servers, facts.replies, strict=True):
        who = str(server.server)
        codes = [rcode_of(seen) for seen in replies]
        for name, rcode, seen in zip(facts.names, codes, replies, strict=True):
            if rcode not in {"NOERROR", None}:
                errors.setdefault((name, rcode or ""), []).append((who, seen.id))
        if None in codes:
            unseen += [(who, seen.id) for seen in replies]
        elif set(codes) == {"NOERROR"}:
            fine += [(who, seen.id) for seen in replies]
    for (name, rcode), members in errors.items():
        yield ServerNameRecordError(
            subject=subject,
            evidence=tuple(number for _, number in members),
            name=shown(name),
            rcode=rcode,
            servers=_who(members),
        )
    names = tuple(map(shown, facts.names))
    if fine:
        evidence = tuple(number for _, number in fine)
        yield ServerNameRecordsGiven(
            subject=subject, evidence=evidence, servers=_who(fine), names=names
        )
    if unseen:
        evidence = tuple(number for _, number in unseen)
        yield ServerNameRecordsNotSeen(subject=subject, evidence=evidence, servers=_who(unseen))


def rcode_of(seen: Observation) -> str | None:
    """The reply's code; None where there is no reply."""
    return seen.outcome.rcode if isinstance(seen.outcome, DnsReply) else None


def _who(members: Iterable[tuple[str, ObservationId]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name, _ in members))


CHECK = Check(
    id="server-name-records",
    title="Each server of the zone knows the name servers whose names lie in it",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ServerNameRecordsGiven,
        ServerNameRecordError,
        ServerNameRecordsNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
