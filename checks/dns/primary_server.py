"""The primary server that the SOA record names can be found, and has the present zone.

## What it does
Looks up the addresses of each primary server (MNAME) in the SOA records of the zone's servers, and
asks them for the zone's SOA record.

## Why is this bad?
Visitors never ask it. Dynamic updates go to it, and so do some secondary servers' notices; those
fail where the name leads nowhere. A primary with an older zone than its secondaries is none.

## How it decides
| the primary server      | its addresses   | its SOA record       | judgement               |
|-------------------------|-----------------|----------------------|-------------------------|
| one of the name servers | some            | the newest serial    | primary-server-found    |
| another                 | some            | the newest serial    | primary-server-found    |
| another                 | some            | an older serial      | primary-server-outdated |
| another                 | some            | none: silent         | primary-server-hidden   |
| another                 | some            | none: an error       | primary-server-hidden   |
| another                 | some            | without authority    | primary-server-hidden   |
| another                 | some            | none: no such record | primary-server-hidden   |
| another                 | none            | not asked            | primary-server-unusable |
| another                 | of this machine | not asked            | primary-server-unusable |
| another                 | by an alias     | the newest serial    | primary-server-unusable |
| localhost               | not looked up   | not asked            | primary-server-unusable |
| the root                | not looked up   | not asked            | primary-server-unusable |
| another                 | nobody answers  | not asked            | primary-server-not-seen |

All are notices, since resolution does not use the name. A primary that is hidden from the public,
behind a firewall or by refusing its questions, is in order.

## What to do
Name the primary server in the SOA record, if updates or notices are to reach it. Where it has an
older zone, look at which server changes are made.

## References
- RFC 1035, section 3.3.13 (MNAME)
- RFC 1996, section 2.1; RFC 2136, section 1 (what it is used for)
- RFC 2181, section 7.3 (it is a host's name)
- RFC 1982 (which serial is newer)
- Zonemaster Zone01, Zone07
"""

from __future__ import annotations

import asyncio
import enum
import ipaddress
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import addresses_of, resolve, shown, version
from checks.facts.ns_names import CERTAIN
from checks.facts.soa import given, newer, read
from checks.facts.zone import Zone, own_names, target_zone
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Skipped, finding_kind
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed
from netdiag.requests import DnsQuery

LOCALHOST, ROOT = "localhost.", "."
MOST_PRIMARIES, MOST_ADDRESSES = 4, 4
NOT_LISTED = "zonemaster:Z01_MNAME_NOT_IN_NS_LIST"
NO_ALIAS = "zonemaster:MNAME_IS_NOT_CNAME"
NOWHERE = "zonemaster:MNAME_HAS_NO_ADDRESS"


class Flaw(enum.Enum):
    """Why the name is of no use: the tags of Zonemaster, and in words."""

    NO_ADDRESS = ((NOWHERE, "zonemaster:Z01_MNAME_NOT_RESOLVE", NO_ALIAS), "has no address")
    LOCAL = (
        ("zonemaster:Z01_MNAME_HAS_LOCALHOST_ADDR", NO_ALIAS),
        "leads to the asking machine itself",
    )
    ALIAS = (("zonemaster:MNAME_IS_CNAME",), "is an alias")
    LOCALHOST = (("zonemaster:Z01_MNAME_IS_LOCALHOST", NOWHERE, NO_ALIAS), "is localhost")
    ROOT = (("zonemaster:Z01_MNAME_IS_DOT", NOWHERE, NO_ALIAS), "is left empty")

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(map(str, self.value[0]))

    @property
    def words(self) -> str:
        return str(self.value[1])


class Silence(enum.Enum):
    """How a primary server does not serve the zone: the tag of Zonemaster, and in words."""

    NO_RESPONSE = ("Z01_MNAME_NO_RESPONSE", "do not answer")
    ERROR = ("Z01_MNAME_UNEXPECTED_RCODE", "answer with an error")
    NO_AUTHORITY = ("Z01_MNAME_NOT_AUTHORITATIVE", "answer without authority")
    NO_RECORD = ("Z01_MNAME_MISSING_SOA_RECORD", "answer that there is none")

    @property
    def tag(self) -> str:
        return f"zonemaster:{self.value[0]}"

    @property
    def words(self) -> str:
        return self.value[1]


@finding_kind
class PrimaryServerFound(Finding):
    """`listed` where it is one of the zone's name servers."""

    code: ClassVar[str] = "primary-server-found"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (NO_ALIAS, NOT_LISTED)
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
class PrimaryServerHidden(Finding):
    """`how` the addresses of the primary server leave the zone's SOA question."""

    code: ClassVar[str] = "primary-server-hidden"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = tuple(how.tag for how in Silence)
    primary: str
    addresses: tuple[str, ...]
    how: Silence

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (self.how.tag,)

    @property
    def message(self) -> str:
        return (
            f"asked for the SOA record of {self.subject}, addresses of its primary server "
            f"{self.primary} {self.how.words} ({', '.join(self.addresses)}): no fault of a "
            "primary that is kept from the public on purpose"
        )


@finding_kind
class _Primary(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    primary: str


@finding_kind
class PrimaryServerUnusable(_Primary):
    """`listed` where it is one of the zone's name servers, or stands for no server at all."""

    code: ClassVar[str] = "primary-server-unusable"
    known_as: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys((*(tag for flaw in Flaw for tag in flaw.tags), NOT_LISTED))
    )
    flaw: Flaw
    listed: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return (*self.flaw.tags, *(() if self.listed else (NOT_LISTED,)))

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
class PrimaryServerOutdated(_Primary):
    """`serial` is the primary server's, `newest` that of another server of the zone."""

    code: ClassVar[str] = "primary-server-outdated"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:Z01_MNAME_NOT_MASTER",)
    addresses: tuple[str, ...]
    serial: int
    newest: int

    @property
    def message(self) -> str:
        return (
            f"the primary server of {self.subject}, {self.primary} ({', '.join(self.addresses)}), "
            f"has serial {self.serial}, and another server the newer {self.newest}: the zone is "
            "changed elsewhere"
        )

    @property
    def for_agent(self) -> str:
        return "Find out where the zone is changed, and have the SOA record name that server."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's technical settings name a main server that has an older version of "
            "them. Visitors do not notice; your DNS provider can correct it."
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
class Primary:
    """One primary server; `certain` where no address means that there is none. `replies` has an
    address with what it says to the question for the zone's SOA record."""

    name: str
    addresses: tuple[str, ...] = ()
    certain: bool = True
    alias: bool = False
    replies: tuple[tuple[str, Observation], ...] = ()
    evidence: tuple[ObservationId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`primaries` is empty where no server gives a readable SOA record."""

    zone: Zone
    primaries: tuple[Primary, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The primary servers' names, where they lead, and what is said there."""
    zone = await target_zone(net, brief)
    told = given(zone)
    names = sorted({soa.mname for one in told for soa in one.soas})[:MOST_PRIMARIES]
    seen = tuple(one.server.best.id for one in told)
    found = await asyncio.gather(*(_primary(net, brief, zone, name, seen) for name in names))
    return Facts(zone=zone, primaries=tuple(found))


async def _primary(
    net: Asker, brief: Brief, zone: Zone, name: str, seen: tuple[ObservationId, ...]
) -> Primary:
    if name in {LOCALHOST, ROOT}:
        return Primary(name=name, evidence=seen)
    addresses, evidence, statuses = await addresses_of(net, brief, name, 1)
    four = await resolve(net, brief, name, "A", 1)
    asked = [a for a in addresses if version(a) in zone.families and not _local(a)]
    replies = await asyncio.gather(
        *(_reply(net, zone, address) for address in asked[:MOST_ADDRESSES])
    )
    return Primary(
        name=name,
        addresses=addresses,
        certain=CERTAIN.issuperset(statuses),
        alias=len(four.chain) > 1,
        replies=tuple(zip(asked, replies, strict=False)),
        evidence=tuple(dict.fromkeys((*seen, *evidence))),
    )


async def _reply(net: Asker, zone: Zone, address: str) -> Observation:
    """What a name server said already, else the answer to the question in its plainest form: a
    hidden primary is often silent, and silence takes long."""
    known = next((one.best for one in zone.servers if one.server.address == address), None)
    plain = DnsQuery(server=address, name=zone.apex, rtype="SOA", udp_payload=None)
    return known or await net.ask(plain)


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdicts on every primary server that the zone's servers name."""
    zone = facts.zone
    if zone.missing or not facts.primaries:
        missing = zone.missing or "no server gives a readable SOA record"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    for primary in facts.primaries:
        yield _named(zone, primary)
        yield from _asked(zone, primary)


def _named(zone: Zone, primary: Primary) -> Finding:
    """The verdict on the name and where it leads."""
    subject, name, evidence = shown(zone.apex), shown(primary.name), primary.evidence
    listed = primary.name in own_names(zone) | {LOCALHOST, ROOT}
    flaw = flaw_of(primary)
    if flaw:
        return PrimaryServerUnusable(
            subject=subject, evidence=evidence, primary=name, flaw=flaw, listed=listed
        )
    if not primary.addresses:
        return PrimaryServerNotSeen(subject=subject, evidence=evidence, primary=name)
    return PrimaryServerFound(subject=subject, evidence=evidence, primary=name, listed=listed)


def _asked(zone: Zone, primary: Primary) -> Iterable[Finding]:
    """What its addresses leave to be said of the zone that they have."""
    serials = [soa.serial for one in given(zone) for soa in one.soas]
    groups: dict[Silence | int, list[tuple[str, ObservationId]]] = {}
    for address, seen in primary.replies:
        said = said_by(seen, zone.apex)
        if said is not None:
            groups.setdefault(said, []).append((address, seen.id))
    for said, members in groups.items():
        subject, addresses = shown(zone.apex), tuple(address for address, _ in members)
        evidence = (*primary.evidence, *(number for _, number in members))
        more = [] if isinstance(said, Silence) else [s for s in serials if newer(s, said)]
        if isinstance(said, Silence):
            yield PrimaryServerHidden(
                subject=subject,
                evidence=evidence,
                primary=shown(primary.name),
                addresses=addresses,
                how=said,
            )
        elif more:
            yield PrimaryServerOutdated(
                subject=subject,
                evidence=evidence,
                primary=shown(primary.name),
                addresses=addresses,
                serial=said,
                newest=more[0],
            )


def said_by(seen: Observation, apex: str) -> Silence | int | None:
    """The serial that the primary server gives, or how it gives none; None where that is ours."""
    match seen.outcome:
        case DnsReply(rcode=rcode) if rcode != "NOERROR":
            return Silence.ERROR
        case DnsReply(answer=answer) as reply:
            soas = [read(r.data) for r in answer if (r.name, r.rtype) == (apex, "SOA")]
            if not soas:
                return Silence.NO_RECORD
            if not reply.authoritative:
                return Silence.NO_AUTHORITY
            return soas[0].serial if soas[0] else None
        case Failed(kind=kind) if kind.ours:
            return None
        case _:
            return Silence.NO_RESPONSE


def flaw_of(primary: Primary) -> Flaw | None:
    """Why the primary server's name is of no use, where that is known."""
    if primary.name in {LOCALHOST, ROOT}:
        return Flaw.LOCALHOST if primary.name == LOCALHOST else Flaw.ROOT
    if not primary.addresses:
        return Flaw.NO_ADDRESS if primary.certain else None
    if primary.alias:
        return Flaw.ALIAS
    return Flaw.LOCAL if any(map(_local, primary.addresses)) else None


def _local(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


CHECK = Check(
    id="primary-server",
    title="The primary server that the SOA record names",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        PrimaryServerFound,
        PrimaryServerHidden,
        PrimaryServerUnusable,
        PrimaryServerOutdated,
        PrimaryServerNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
