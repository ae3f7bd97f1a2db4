"""The servers of a zone give one and the same SOA record.

## What it does
Compares, field by field, the SOA records that the servers which serve the zone give. The serial
alone is compared by the check `zone-consistency`, which every examination has.

## Why is this bad?
Servers with different zones behind one name give different answers. A zone has exactly one SOA
record; with several, secondary servers and caches choose one at random.

## How it decides
| SOA records    | primary server | contact | timers | judgement                         |
|----------------|----------------|---------|--------|-----------------------------------|
| one a server   | equal          | equal   | equal  | soa-agrees                        |
| one a server   | differ         | equal   | equal  | soa-agrees, soa-fields-differ     |
| one a server   | equal          | differ  | equal  | soa-agrees, soa-fields-differ     |
| one a server   | equal          | equal   | differ | soa-agrees, soa-fields-differ     |
| several at one | equal          | equal   | equal  | soa-agrees, several-soa-records   |

What agrees is said of the fields that do; of several records the first is compared. Where servers
have different serials, differing fields are what a change on its way looks like; the finding is a
notice.

## What to do
Look why a server has not transferred the present zone; where several primaries are meant to be
equal, make them so. Delete all SOA records but one.

## References
- RFC 1035, section 3.3.13 (SOA)
- RFC 2181, section 6.1 (one SOA for a zone)
- Zonemaster Consistency01, Consistency02, Consistency03, Consistency06, Zone10
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from checks.facts.iterate import shown
from checks.facts.soa import Given, Soa, given
from checks.facts.zone import Zone, target_zone
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

SERIAL, PRIMARY, CONTACT, TIMERS = "serial", "primary server", "contact", "timers"

VALUES: Mapping[str, Callable[[Soa], str]] = {
    SERIAL: lambda soa: str(soa.serial),
    PRIMARY: lambda soa: shown(soa.mname),
    CONTACT: lambda soa: shown(soa.rname.lower()),
    TIMERS: lambda soa: f"{soa.refresh} {soa.retry} {soa.expire} {soa.minimum}",
}
EQUAL = {
    SERIAL: "zonemaster:ONE_SOA_SERIAL",
    PRIMARY: "zonemaster:ONE_SOA_MNAME",
    CONTACT: "zonemaster:ONE_SOA_RNAME",
    TIMERS: "zonemaster:ONE_SOA_TIME_PARAMETER_SET",
}
SERIAL_SEEN, ONE_RECORD = "zonemaster:SOA_SERIAL", "zonemaster:ONE_SOA"
DIFFERENT = {
    PRIMARY: ("zonemaster:MULTIPLE_SOA_MNAMES",),
    CONTACT: ("zonemaster:MULTIPLE_SOA_RNAMES", "zonemaster:SOA_RNAME"),
    TIMERS: (
        "zonemaster:MULTIPLE_SOA_TIME_PARAMETER_SET",
        "zonemaster:SOA_TIME_PARAMETER_SET",
    ),
}


@finding_kind
class SoaAgrees(Finding):
    """`fields` are those that are equal at all `count` servers; `single` where every server of the
    zone gives one record."""

    code: ClassVar[str] = "soa-agrees"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = (*EQUAL.values(), SERIAL_SEEN, ONE_RECORD)
    count: int
    fields: tuple[str, ...]
    single: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        single = (ONE_RECORD,) if self.single else ()
        return (*(EQUAL[f] for f in self.fields), SERIAL_SEEN, *single)

    @property
    def message(self) -> str:
        same = ", ".join(self.fields) or "number"
        return (
            f"the SOA record of {self.subject} has the same {same} at {self.count} of its servers"
        )


@finding_kind
class _Soa(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR


@finding_kind
class SoaFieldsDiffer(_Soa):
    """`groups` pairs each value of the field with the servers that give it."""

    code: ClassVar[str] = "soa-fields-differ"
    known_as: ClassVar[tuple[str, ...]] = tuple(
        name for names in DIFFERENT.values() for name in names
    )
    field: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return DIFFERENT[self.field]

    @property
    def message(self) -> str:
        groups = "; ".join(f"{value} at {', '.join(servers)}" for value, servers in self.groups)
        return (
            f"the servers of {self.subject} give SOA records with different {self.field}: {groups}"
        )

    @property
    def for_agent(self) -> str:
        return "Look which server has the present zone, and why the others differ from it."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's name servers do not all have the same settings. Their operator has to "
            "bring them in line."
        )


@finding_kind
class SeveralSoaRecords(_Soa):
    code: ClassVar[str] = "several-soa-records"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:MULTIPLE_SOA",)
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{', '.join(self.servers)} give more than one SOA record for {self.subject}"

    @property
    def for_agent(self) -> str:
        return "Have all SOA records of the zone but one deleted."

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers is set up wrongly: an entry that may exist once "
            "only exists several times. Its operator has to correct that."
        )


async def gather(net: Asker, brief: Brief) -> Zone:
    """The zone with every server's SOA reply."""
    return await target_zone(net, brief)


def judge(zone: Zone) -> Iterable[Finding]:
    """What is equal, and each field that is not."""
    told = given(zone)
    if not told:
        missing = zone.missing or "no server gives a readable SOA record"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    subject, evidence = shown(zone.apex), _cited(told)
    several = tuple(one for one in told if len(one.soas) > 1)
    values = {field: _groups(told, value) for field, value in VALUES.items()}
    equal = tuple(field for field, groups in values.items() if len(groups) == 1)
    yield SoaAgrees(
        subject=subject,
        evidence=evidence,
        count=len(told),
        fields=equal,
        single=not several and len(told) == len(zone.servers),
    )
    if several:
        servers = tuple(str(one.server.server) for one in several)
        yield SeveralSoaRecords(subject=subject, evidence=_cited(several), servers=servers)
    for field in DIFFERENT:
        if field not in equal:
            yield SoaFieldsDiffer(
                subject=subject, evidence=evidence, field=field, groups=values[field]
            )


def _groups(
    told: tuple[Given, ...], value: Callable[[Soa], str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for one in told:
        found.setdefault(value(one.soas[0]), []).append(str(one.server.server))
    return tuple((what, tuple(servers)) for what, servers in sorted(found.items()))


def _cited(told: tuple[Given, ...]) -> tuple[ObservationId, ...]:
    return tuple(one.server.best.id for one in told)


CHECK = Check(
    id="soa-agreement",
    title="The servers of a zone give one and the same SOA record",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(SoaAgrees, SoaFieldsDiffer, SeveralSoaRecords, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
