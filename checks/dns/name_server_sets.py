"""The parent and the zone name the same name servers, and enough of them.

## What it does
Compares the NS set of the delegation with the NS set that each of the zone's own servers gives, and
counts the names.

## Why is this bad?
Resolvers use both sets. A server that only one of them names is not used by all, or is asked
although it should not be. What one server alone serves fails with it.

## How it decides
| names                                   | judgement                                      |
|-----------------------------------------|------------------------------------------------|
| the zone names what the parent names    | name-server-set-fine                           |
| the zone names others                   | delegation-mismatch                            |
| the zone's servers name different ones  | name-server-set-fine, name-server-lists-differ |
| one name in both                        | name-server-set-fine, single-name-server       |
| no server of the zone gives its set     | name-server-set-not-seen                       |
| the parent's servers serve the zone too | name-server-set-not-seen                       |

What the zone names is what any of its servers names; whether these agree among themselves is told
besides, as `name-server-lists-agree` or `name-server-lists-differ`.

The parent's list is the registrar's to change where the parent is a registry, else its operator's.

## What to do
Have the registrar, or the operator of the parent zone, enter the servers that the zone names, or
correct the NS records in the zone. Bring a server that gives an older list up to date. Add a second
server in another network.

## References
- RFC 1034, section 4.2.2 (both sets should agree)
- Zonemaster Consistency04 (one NS set at all servers)
- RFC 2182, section 5 (two servers at least)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import below, shown
from checks.facts.parents import OfDelegation, parent_of
from checks.facts.zone import Zone, own_lists, own_names, target_zone
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


@finding_kind
class NameServerSetFine(OfDelegation):
    code: ClassVar[str] = "name-server-set-fine"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:NAMES_MATCH",)
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    names: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{self.keeper} and {self.subject} itself agree on its name servers"


@finding_kind
class NameServerListsAgree(Finding):
    code: ClassVar[str] = "name-server-lists-agree"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:ONE_NS_SET",)
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    names: tuple[str, ...]
    count: int

    @property
    def message(self) -> str:
        return (
            f"{self.count} servers of {self.subject} list the same name servers: "
            f"{', '.join(self.names)}"
        )


@finding_kind
class _SetProblem(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR


@finding_kind
class DelegationMismatch(OfDelegation, _SetProblem):
    """`without_glue` where the parent therefore lacks addresses of servers within the zone."""

    code: ClassVar[str] = "delegation-mismatch"
    known_as: ClassVar[tuple[str, ...]] = (
        "zonemaster:EXTRA_NAME_PARENT",
        "zonemaster:EXTRA_NAME_CHILD",
        "zonemaster:TOTAL_NAME_MISMATCH",
        "zonemaster:EXTRA_ADDRESS_CHILD",
        "dnsviz:NS_NAME_NOT_IN_CHILD",
        "dnsviz:NS_NAME_NOT_IN_PARENT",
    )
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    only_parent: tuple[str, ...]
    only_zone: tuple[str, ...]
    in_both: bool
    without_glue: bool = False

    @property
    def equivalents(self) -> tuple[str, ...]:
        said = {
            "zonemaster:EXTRA_NAME_PARENT": bool(self.only_parent),
            "zonemaster:EXTRA_NAME_CHILD": bool(self.only_zone),
            "zonemaster:TOTAL_NAME_MISMATCH": not self.in_both,
            "zonemaster:EXTRA_ADDRESS_CHILD": self.without_glue,
            "dnsviz:NS_NAME_NOT_IN_CHILD": bool(self.only_parent),
            "dnsviz:NS_NAME_NOT_IN_PARENT": bool(self.only_zone),
        }
        return tuple(name for name, holds in said.items() if holds)

    @property
    def message(self) -> str:
        parts = []
        if self.only_parent:
            parts.append(f"only {self.keeper} names {', '.join(self.only_parent)}")
        if self.only_zone:
            parts.append(f"only the zone names {', '.join(self.only_zone)}")
        return (
            f"{self.keeper} and {self.subject} itself name different servers for it: "
            f"{'; '.join(parts)}"
        )

    @property
    def for_agent(self) -> str:
        return f"Have {self.changer} enter the set that the zone names, or correct the zone's."

    @property
    def for_customer(self) -> str:
        return (
            "The list of your domain's name servers where it is registered is not the one in the "
            f"domain itself. Ask {self.changer} or your DNS provider to bring them in line."
        )


@finding_kind
class NameServerListsDiffer(_SetProblem):
    """`lists` has for each list its names and the servers that give it."""

    code: ClassVar[str] = "name-server-lists-differ"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:MULTIPLE_NS_SET", "zonemaster:NS_SET")
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    lists: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    @property
    def message(self) -> str:
        said = (f"{', '.join(names)} (says {', '.join(by)})" for names, by in self.lists)
        return f"the servers of {self.subject} list different name servers: {'; '.join(said)}"

    @property
    def for_agent(self) -> str:
        return "Have the server with the outdated list load the zone from its primary."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers do not agree on which servers there are. Your DNS "
            "provider can bring them in line."
        )


@finding_kind
class SingleNameServer(_SetProblem):
    code: ClassVar[str] = "single-name-server"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:NOT_ENOUGH_NS_DEL",)
    server: str

    @property
    def message(self) -> str:
        return f"{self.subject} has one name server only, {self.server}: nothing takes its place"

    @property
    def for_agent(self) -> str:
        return "Set up a second name server in another network and have it delegated."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain depends on one single name server. When it fails, site and mail fail "
            "with it. A second one should be added."
        )


@finding_kind
class NameServerSetNotSeen(Finding):
    code: ClassVar[str] = "name-server-set-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    hidden: bool = False

    @property
    def message(self) -> str:
        if self.hidden:
            return (
                f"which name servers the parent names for {self.subject} cannot be seen: the "
                "parent's servers serve the zone itself, and answer for it"
            )
        return f"no server of {self.subject} told which name servers the zone itself names"


async def gather(net: Asker, brief: Brief) -> Zone:
    """The zone with every server's NS reply."""
    return await target_zone(net, brief)


def judge(zone: Zone) -> Iterable[Finding]:
    """The verdicts on both sets, on the zone's own lists and on redundancy."""
    if zone.missing or zone.cut is None:
        yield Skipped(subject=shown(zone.apex), missing=zone.missing)
        return
    yield _matched(zone)
    yield from _listed(zone)
    yield from _redundancy(zone)


def _matched(zone: Zone) -> Finding:
    child = own_names(zone)
    parent = set(zone.cut.names if zone.cut else ())
    hidden = bool(zone.cut and zone.cut.hidden)
    subject, evidence = shown(zone.apex), _cited(zone)
    if not child or hidden:
        return NameServerSetNotSeen(
            subject=subject, evidence=evidence, hidden=hidden and bool(child)
        )
    if child == parent:
        names = tuple(map(shown, sorted(parent)))
        return NameServerSetFine(
            subject=subject, evidence=evidence, parent=parent_of(zone), names=names
        )
    return DelegationMismatch(
        subject=subject,
        evidence=evidence,
        parent=parent_of(zone),
        only_parent=tuple(map(shown, sorted(parent - child))),
        only_zone=tuple(map(shown, sorted(child - parent))),
        in_both=bool(parent & child),
        without_glue=any(
            one.addresses and below(one.name, zone.apex) for one in zone.names if not one.delegated
        ),
    )


def _listed(zone: Zone) -> Iterable[Finding]:
    told = own_lists(zone)
    ways = sorted(set(told.values()), key=sorted)
    evidence = tuple(dict.fromkeys(server.ns.id for server in told))
    if len(ways) == 1:
        names = tuple(map(shown, sorted(ways[0])))
        yield NameServerListsAgree(
            subject=shown(zone.apex), evidence=evidence, names=names, count=len(told)
        )
    elif ways:
        yield NameServerListsDiffer(
            subject=shown(zone.apex),
            evidence=evidence,
            lists=tuple(
                (
                    tuple(map(shown, sorted(names))),
                    tuple(str(one.server) for one, given in told.items() if given == names),
                )
                for names in ways
            ),
        )


def _redundancy(zone: Zone) -> Iterable[Finding]:
    names = set(zone.cut.names if zone.cut else ()) | own_names(zone)
    if len(names) == 1:
        yield SingleNameServer(
            subject=shown(zone.apex), evidence=_cited(zone), server=shown(min(names))
        )


def _cited(zone: Zone) -> tuple[ObservationId, ...]:
    cut = zone.cut.evidence if zone.cut else ()
    return tuple(dict.fromkeys((*cut, *(server.ns.id for server in zone.servers))))


CHECK = Check(
    id="name-server-sets",
    title="Parent and zone name the same name servers, and enough of them",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        NameServerSetFine,
        NameServerListsAgree,
        DelegationMismatch,
        NameServerListsDiffer,
        SingleNameServer,
        NameServerSetNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
)
