"""The zone's name servers are in several networks.

## What it does
Compares the addresses of the zone's name servers: whether they are side by side, and, where the
configuration names a source of networks (`asn`, or a routing registry), whether one prefix holds
them all or one AS announces them all.

## Why is this bad?
Servers side by side fail with one router; servers in one prefix or one AS with one mistake in the
routing. Nothing of the domain is found then, however many servers there are.

## How it decides
Of the addresses of at least two servers in one address family. Side by side are addresses in one
/24 of IPv4 or one /48 of IPv6; that counts where it holds for every family.

| side by side | the source of networks              | judgement                        |
|--------------|-------------------------------------|----------------------------------|
| all          | is not configured                   | name-servers-share-network       |
| all          | gives one AS                        | name-servers-share-network       |
| some         | is not configured                   | name-servers-in-several-networks |
| some         | gives one prefix                    | name-servers-share-network       |
| some         | gives one AS and several prefixes   | name-servers-share-network       |
| some         | gives the same two ASes for each    | name-servers-share-network       |
| some         | gives several ASes                  | name-servers-in-several-networks |
| some         | does not know one of two            | server-networks-not-seen         |
| some         | fails for one of two                | server-networks-not-seen         |
| some         | gives two ASes, and fails for one   | name-servers-in-several-networks |

One AS alone is a notice, since its parts seldom fail together; so is what holds for one family
while the other has several networks. Of one server alone nothing is said here.

## What to do
Move one of the name servers to another network, or add one there: another operator's, if it can be.

## References
- RFC 2182, section 3.1 (topologically and geographically dispersed)
- Zonemaster Connectivity03 (AS), Connectivity04 (prefix)
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from checks.facts.iterate import shown, version
from checks.facts.networks import Origin, has_source, origins_of
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
from netdiag.network import Asker, ObservationId

Shared = Literal["side by side", "prefix", "as"]
MOST_ADDRESSES = 26

WORDS: dict[Shared, str] = {
    "side by side": "are in one network",
    "prefix": "are in one announced prefix",
    "as": "are announced by one AS alone",
}


def _tags(*tags: str) -> tuple[str, ...]:
    return tuple(f"zonemaster:{tag}" for tag in tags)


def _both(*tags: str) -> tuple[str, ...]:
    return _tags(*(tag.format(family) for tag in tags for family in (4, 6)))


@finding_kind
class NameServersInSeveralNetworks(Finding):
    """`networks` of the servers over IPv`family`; `told` are the tags that the source allows."""

    code: ClassVar[str] = "name-servers-in-several-networks"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = _both("IPV{}_DIFFERENT_ASN")
    family: int
    networks: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.told

    @property
    def message(self) -> str:
        return (
            f"the name servers of {self.subject} are in several networks over IPv{self.family}: "
            f"{', '.join(self.networks)}"
        )


@finding_kind
class NameServersShareNetwork(Finding):
    """All servers over the `families` share `networks`; `elsewhere` where they do not over the
    other family."""

    code: ClassVar[str] = "name-servers-share-network"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = _both(
        "IPV{}_ONE_ASN", "IPV{}_SAME_ASN", "CN04_IPV{}_SINGLE_PREFIX"
    )
    shared: Shared
    families: tuple[int, ...]
    networks: tuple[str, ...]
    elsewhere: bool
    told: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.told

    @property
    def severity(self) -> Severity:
        mild = self.shared == "as" or self.elsewhere
        return Severity.NOTICE if mild else Severity.WARNING

    @property
    def message(self) -> str:
        over = f" over IPv{self.families[0]}" if self.elsewhere else ""
        return (
            f"all name servers of {self.subject} {WORDS[self.shared]}{over} "
            f"({', '.join(self.networks)}), so they fail together"
        )

    @property
    def for_agent(self) -> str:
        return "Move one of the name servers to another network, or add one there."

    @property
    def for_customer(self) -> str:
        return (
            "All name servers of your domain stand in the same network. If it fails, site and "
            "mail fail with it. One should stand elsewhere."
        )


@finding_kind
class ServerNetworksNotSeen(Finding):
    """The source does not know the networks of `unknown`, and failed for `failed`."""

    code: ClassVar[str] = "server-networks-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = _tags("EMPTY_ASN_SET", "ERROR_ASN_DATABASE")
    family: int
    unknown: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        said = {"EMPTY_ASN_SET": self.unknown, "ERROR_ASN_DATABASE": self.failed}
        return _tags(*(tag for tag, addresses in said.items() if addresses))

    @property
    def message(self) -> str:
        parts = [f"it does not know {', '.join(self.unknown)}"] if self.unknown else []
        parts += [f"it failed for {', '.join(self.failed)}"] if self.failed else []
        return (
            f"whether the name servers of {self.subject} are in several networks over "
            f"IPv{self.family} cannot be told by the source of networks: {' and '.join(parts)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`sourced` where a source of networks is configured."""

    zone: Zone
    origins: tuple[Origin, ...] = ()
    sourced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The addresses over one family, and what the source has of each."""

    family: int
    addresses: tuple[str, ...]
    origins: tuple[Origin, ...]

    @property
    def known(self) -> tuple[Origin, ...]:
        return tuple(origin for origin in self.origins if origin.state == "known")

    @property
    def whole(self) -> bool:
        return len(self.known) == len(self.addresses)

    @property
    def lans(self) -> tuple[str, ...]:
        length = 24 if self.family == 4 else 48
        nets = (ipaddress.ip_network((a, length), strict=False) for a in self.addresses)
        return tuple(dict.fromkeys(map(str, nets)))

    @property
    def prefixes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(origin.prefix for origin in self.known))

    @property
    def as_sets(self) -> tuple[tuple[int, ...], ...]:
        return tuple(dict.fromkeys(tuple(sorted(origin.asns)) for origin in self.known))

    @property
    def tags(self) -> tuple[str, ...]:
        """What Zonemaster calls it; nothing that an address which is not known might change."""
        found = []
        asns = {asn for numbers in self.as_sets for asn in numbers}
        if self.whole and len(asns) == 1:
            found.append(f"IPV{self.family}_ONE_ASN")
        elif self.whole and len(self.as_sets) == 1:
            found.append(f"IPV{self.family}_SAME_ASN")
        elif len(self.as_sets) > 1:
            found.append(f"IPV{self.family}_DIFFERENT_ASN")
        if self.whole and len(self.prefixes) == 1:
            found.append(f"CN04_IPV{self.family}_SINGLE_PREFIX")
        return _tags(*found)

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(number for origin in self.origins for number in origin.evidence)


async def gather(net: Asker, brief: Brief) -> Facts:
    """The zone's servers; by the DNS service only in a full examination, for it costs packets."""
    zone = await target_zone(net, brief)
    if zone.missing or not has_source(brief):
        return Facts(zone=zone)
    if brief.network_source != "table" and brief.depth != "thorough":
        return Facts(zone=zone)
    addresses = [server.server.address for server in zone.servers[:MOST_ADDRESSES]]
    return Facts(zone=zone, origins=await origins_of(net, brief, addresses), sourced=True)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on each family in which several servers are; what holds for all of them once."""
    zone = facts.zone
    groups = tuple(_groups(facts))
    if zone.missing or not groups:
        missing = zone.missing or "no two name servers have addresses of one family"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    if all(len(group.lans) == 1 for group in groups):
        yield _sharing(facts, "side by side", groups, elsewhere=False)
        return
    verdicts = {group: judged(facts, group) for group in groups}
    sharing = [group for group, verdict in verdicts.items() if verdict in WORDS]
    for group, verdict in verdicts.items():
        if verdict == "several":
            yield _several(facts, group)
        elif verdict == "not seen":
            yield _not_seen(facts, group)
    for shared in WORDS:
        alike = tuple(group for group in sharing if verdicts[group] == shared)
        if alike:
            yield _sharing(facts, shared, alike, elsewhere=len(alike) < len(groups))


def judged(facts: Facts, group: Group) -> Shared | Literal["several", "not seen"]:
    """The verdict on the servers over one family, which are not all side by side in both."""
    if not facts.sourced or len(group.as_sets) > 1:
        return "several"
    if len(group.lans) == 1:
        return "side by side"
    if not group.whole:
        return "not seen"
    return "prefix" if len(group.prefixes) == 1 else "as"


def _groups(facts: Facts) -> Iterable[Group]:
    servers = [s.server for s in facts.zone.servers[:MOST_ADDRESSES]]
    for family in (4, 6):
        here = [one for one in servers if version(one.address) == family]
        if len({one.name for one in here}) < 2:
            continue
        addresses = tuple(dict.fromkeys(one.address for one in here))
        origins = tuple(one for one in facts.origins if one.address in addresses)
        yield Group(family=family, addresses=addresses, origins=origins)


def _several(facts: Facts, group: Group) -> Finding:
    known = tuple(dict.fromkeys(f"{origin} {origin.prefix}".strip() for origin in group.known))
    return NameServersInSeveralNetworks(
        subject=shown(facts.zone.apex),
        evidence=_cited(facts.zone, (group,)),
        family=group.family,
        networks=known or group.lans,
        told=group.tags,
    )


def _not_seen(facts: Facts, group: Group) -> Finding:
    return ServerNetworksNotSeen(
        subject=shown(facts.zone.apex),
        evidence=_cited(facts.zone, (group,)),
        family=group.family,
        unknown=tuple(o.address for o in group.origins if o.state == "unknown"),
        failed=tuple(o.address for o in group.origins if o.state == "not-seen"),
    )


def _sharing(facts: Facts, shared: Shared, groups: Sequence[Group], *, elsewhere: bool) -> Finding:
    networks: list[str] = []
    for group in groups:
        by = {
            "side by side": group.lans,
            "prefix": group.prefixes,
            "as": tuple(dict.fromkeys(map(str, group.known))),
        }
        networks += by[shared]
    return NameServersShareNetwork(
        subject=shown(facts.zone.apex),
        evidence=_cited(facts.zone, groups),
        shared=shared,
        families=tuple(group.family for group in groups),
        networks=tuple(dict.fromkeys(networks)),
        elsewhere=elsewhere,
        told=tuple(tag for group in groups for tag in group.tags),
    )


def _cited(zone: Zone, groups: Sequence[Group]) -> tuple[ObservationId, ...]:
    cut = zone.cut.evidence if zone.cut else ()
    addresses = {address for group in groups for address in group.addresses}
    asked = [one.ns.id for one in zone.servers if one.server.address in addresses]
    sourced = [number for group in groups for number in group.evidence]
    return tuple(dict.fromkeys((*cut, *asked, *sourced)))


CHECK = Check(
    id="server-networks",
    title="The zone's name servers are in several networks",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        NameServersInSeveralNetworks,
        NameServersShareNetwork,
        ServerNetworksNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
)
