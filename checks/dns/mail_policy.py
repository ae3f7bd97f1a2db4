"""The domain says who may send mail in its name, so that receivers can follow it.

## What it does
Reads the domain's SPF record with all that it includes, counts the look-ups that a receiver needs,
and reads its DMARC record; whether foreign addresses for reports agreed to get them.

## Why is this bad?
Large mail providers refuse or hide mail whose sender policy they cannot evaluate. A record with one
look-up too many counts as none, for every mail.

## How it decides
SPF and DMARC each get their findings.

| the domain has                         | judgement                   |
|----------------------------------------|-----------------------------|
| one SPF record in order                | spf-fine                    |
| no SPF record, and mail hosts          | spf-missing                 |
| no SPF record, and no mail hosts       | spf-fine                    |
| two SPF records                        | spf-multiple-records        |
| an SPF record with a word that is none | spf-invalid                 |
| an include without an SPF record       | spf-invalid                 |
| SPF that takes 11 look-ups             | spf-too-many-lookups        |
| SPF with 3 look-ups that find nothing  | spf-too-many-lookups        |
| SPF that ends in +all                  | spf-allows-everybody        |
| SPF that could not be looked up        | mail-policy-not-seen        |
| a DMARC record in order                | dmarc-fine                  |
| no DMARC record, and mail hosts        | dmarc-missing               |
| two DMARC records                      | dmarc-invalid               |
| a DMARC record without a policy        | dmarc-invalid               |
| reports to a domain that did not agree | dmarc-report-not-authorised |
| DMARC that could not be looked up      | mail-policy-not-seen        |

The limits of SPF are RFC 7208's: ten look-ups, two of them void. A missing record is a notice: the
domain works, and its mail is trusted less.

## What to do
SPF: leave out includes of services that are no longer used, or replace them by the addresses.
DMARC: start with `v=DMARC1; p=none` and an address for reports.

## References
- RFC 7208, section 3.2 (one record), section 4.6.4 (limits)
- RFC 7489, section 6.3 (DMARC records), section 7.1 (reports to other domains)
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from checks.facts.iterate import below, descend, resolve, shown
from checks.facts.policies import policies_of
from checks.facts.registration import registered
from checks.facts.spf import CERTAIN, MOST_LOOKUPS, MOST_VOID, Spf, joined, parsed, spf_of
from checks.facts.tags import tags
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

POLICIES = frozenset({"none", "quarantine", "reject"})
_REPORT_TO = re.compile(r"mailto:[^@,;!\s]+@([^,;!\s]+)", re.IGNORECASE)


@finding_kind
class SpfFine(Finding):
    code: ClassVar[str] = "spf-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    record: str
    lookups: int

    @property
    def message(self) -> str:
        if not self.record:
            return f"{self.subject} takes no mail and has no SPF record"
        return f"the SPF record of {self.subject} takes {self.lookups} of {MOST_LOOKUPS} look-ups"


@finding_kind
class _Policy(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR

    @property
    def for_customer(self) -> str:
        return (
            "The entry that tells who may send mail for your domain needs a correction, or your "
            "mail may be refused. Whoever manages your domain's settings can make it."
        )


@finding_kind
class SpfMissing(_Policy):
    code: ClassVar[str] = "spf-missing"
    usual_severity: ClassVar[Severity] = Severity.NOTICE

    @property
    def message(self) -> str:
        return f"{self.subject} has mail hosts and no SPF record: receivers trust its mail less"

    @property
    def for_agent(self) -> str:
        return "Add a record that names the hosts which send mail for the domain."


@finding_kind
class SpfMultipleRecords(_Policy):
    """`alike` where all servers of the zone give the same records."""

    code: ClassVar[str] = "spf-multiple-records"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:Z11_SPF_MULTIPLE_RECORDS",)
    count: int
    alike: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.alike else ()

    @property
    def message(self) -> str:
        return f"{self.subject} has {self.count} SPF records, which receivers take for an error"

    @property
    def for_agent(self) -> str:
        return "Merge the records into one."


@finding_kind
class SpfInvalid(_Policy):
    """`own` where a broken term is the domain's own, and all its servers give the same record."""

    code: ClassVar[str] = "spf-invalid"
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:Z11_SPF_SYNTAX_ERROR",)
    broken: tuple[str, ...]
    missing: tuple[str, ...]
    own: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.own else ()

    @property
    def message(self) -> str:
        parts = [f"{word!r} is no term of it" for word in self.broken]
        parts += [f"{name}, which it includes, has no record" for name in self.missing]
        return f"the SPF record of {self.subject} cannot be evaluated: {'; '.join(parts)}"

    @property
    def for_agent(self) -> str:
        return "Correct the term, or leave out the include."


@finding_kind
class SpfTooManyLookups(_Policy):
    code: ClassVar[str] = "spf-too-many-lookups"
    lookups: int
    voids: int

    @property
    def message(self) -> str:
        void = f", {self.voids} of them in vain ({MOST_VOID} may be)"
        return (
            f"the SPF record of {self.subject} takes {self.lookups} look-ups ({MOST_LOOKUPS} may "
            f"be){void if self.voids > MOST_VOID else ''}: receivers take it for an error"
        )

    @property
    def for_agent(self) -> str:
        return "Leave out includes that are no longer used, or put addresses in their place."


@finding_kind
class SpfAllowsEverybody(_Policy):
    code: ClassVar[str] = "spf-allows-everybody"

    @property
    def message(self) -> str:
        return f"the SPF record of {self.subject} ends in +all: anybody may send in its name"

    @property
    def for_agent(self) -> str:
        return "End the record in -all or ~all."


@finding_kind
class DmarcFine(Finding):
    code: ClassVar[str] = "dmarc-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    policy: str

    @property
    def message(self) -> str:
        if not self.policy:
            return f"{self.subject} takes no mail and has no DMARC record"
        return f"the DMARC policy of {self.subject} is {self.policy}"


@finding_kind
class DmarcMissing(_Policy):
    code: ClassVar[str] = "dmarc-missing"
    usual_severity: ClassVar[Severity] = Severity.NOTICE

    @property
    def message(self) -> str:
        return f"{self.subject} has mail hosts and no DMARC record"

    @property
    def for_agent(self) -> str:
        return "Add a record at _dmarc; v=DMARC1; p=none is a beginning that changes nothing."


@finding_kind
class DmarcInvalid(_Policy):
    code: ClassVar[str] = "dmarc-invalid"
    why: str

    @property
    def message(self) -> str:
        return f"the DMARC record of {self.subject} counts as none: {self.why}"

    @property
    def for_agent(self) -> str:
        return "Keep one record, which begins with v=DMARC1 and has p=none, quarantine or reject."


@finding_kind
class DmarcReportNotAuthorised(_Policy):
    code: ClassVar[str] = "dmarc-report-not-authorised"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    domains: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"DMARC reports on {self.subject} are to go to {', '.join(self.domains)}, which has "
            "not agreed to get them, so that receivers send none"
        )

    @property
    def for_agent(self) -> str:
        return "Have the receiving domain publish its consent, or name an address of the domain."


@finding_kind
class MailPolicyNotSeen(Finding):
    code: ClassVar[str] = "mail-policy-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    what: str

    @property
    def message(self) -> str:
        return f"the {self.what} record of {self.subject} could not be looked up to the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dmarc:
    """The records found, and the foreign report domains that did not agree."""

    records: tuple[str, ...]
    refused: tuple[str, ...]
    certain: bool
    evidence: tuple[ObservationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`domain` is absolute, empty where there is none; `alike` where all of its servers give the
    same SPF record."""

    domain: str
    mail: bool = False
    alike: bool = True
    spf: Spf | None = None
    dmarc: Dmarc | None = None


async def gather(net: Asker, brief: Brief) -> Facts:
    """SPF and DMARC of the zone that the target's name is in."""
    if brief.target.name is None:
        return Facts(domain="")
    way = await descend(net, brief, brief.target.name)
    if way.status not in CERTAIN or not way.cuts or registered(way) is None:
        return Facts(domain="")
    domain = way.zone
    spf, dmarc, mx, policies = await asyncio.gather(
        spf_of(net, brief, domain),
        _dmarc(net, brief, domain, registered(way) or domain),
        resolve(net, brief, domain, "MX"),
        policies_of(net, brief),
    )
    mail = any(data.split()[-1:] not in ([], ["."]) for data in mx.data)
    return Facts(domain=domain, mail=mail, spf=spf, dmarc=dmarc, alike=policies.alike)


async def _dmarc(net: Asker, brief: Brief, domain: str, organisation: str) -> Dmarc:
    """The record of the domain, else the one of the organisation's (RFC 7489, section 6.6.3)."""
    places = dict.fromkeys((domain, organisation))
    found = await asyncio.gather(
        *(resolve(net, brief, f"_dmarc.{place}", "TXT") for place in places)
    )
    evidence = tuple(dict.fromkeys(number for one in found for number in one.evidence))
    certain = all(one.status in CERTAIN for one in found)
    lists = (
        [t for t in map(joined, one.data) if t.lower().startswith("v=dmarc1")] for one in found
    )
    records = tuple(next((texts for texts in lists if texts), ()))
    if len(records) != 1:
        return Dmarc(records=records, refused=(), certain=certain, evidence=evidence)
    refused, cited = await _refused(net, brief, domain, records[0])
    return Dmarc(records=records, refused=refused, certain=certain, evidence=evidence + cited)


async def _refused(
    net: Asker, brief: Brief, domain: str, record: str
) -> tuple[tuple[str, ...], tuple[ObservationId, ...]]:
    """The foreign domains for reports that say with authority that they did not agree."""
    named = tags(record)
    targets = _REPORT_TO.findall(f"{named.get('rua', '')},{named.get('ruf', '')}")
    foreign = [
        name
        for name in dict.fromkeys(target.lower().strip(".") + "." for target in targets)
        if not below(name, domain) and not below(domain, name)
    ][:MOST_LOOKUPS]
    asked = [f"{domain}_report._dmarc.{name}" for name in foreign]
    seen = await asyncio.gather(*(resolve(net, brief, name, "TXT") for name in asked))
    refused = tuple(
        shown(name)
        for name, one in zip(foreign, seen, strict=True)
        if one.status in CERTAIN and not any("v=dmarc1" in data.lower() for data in one.data)
    )
    return refused, tuple(number for one in seen for number in one.evidence)


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdicts on SPF and on DMARC."""
    if facts.spf is None or facts.dmarc is None:
        yield Skipped(subject="mail policy", missing="there is no domain that could send mail")
        return
    yield from judge_spf(shown(facts.domain), facts.spf, mail=facts.mail, alike=facts.alike)
    yield from judge_dmarc(shown(facts.domain), facts.dmarc, mail=facts.mail)


def judge_spf(subject: str, spf: Spf, *, mail: bool, alike: bool = True) -> Iterator[Finding]:
    """The verdicts on the SPF record, one at least."""
    evidence = spf.evidence
    if not spf.certain:
        yield MailPolicyNotSeen(subject=subject, evidence=evidence, what="SPF")
    elif not spf.records and mail:
        yield SpfMissing(subject=subject, evidence=evidence)
    elif len(spf.records) > 1:
        count = len(spf.records)
        yield SpfMultipleRecords(subject=subject, evidence=evidence, count=count, alike=alike)
    else:
        faults = list(_faults(subject, spf, alike=alike))
        yield from faults
        if not faults:
            record = next(iter(spf.records), "")
            yield SpfFine(subject=subject, evidence=evidence, record=record, lookups=spf.lookups)


def _faults(subject: str, spf: Spf, *, alike: bool) -> Iterator[Finding]:
    evidence = spf.evidence
    own = alike and any(parsed(record)[1] for record in spf.records)
    if spf.broken or spf.missing:
        missing = tuple(map(shown, spf.missing))
        yield SpfInvalid(
            subject=subject, evidence=evidence, broken=spf.broken, missing=missing, own=own
        )
    if spf.lookups > MOST_LOOKUPS or spf.voids > MOST_VOID:
        yield SpfTooManyLookups(
            subject=subject, evidence=evidence, lookups=spf.lookups, voids=spf.voids
        )
    if spf.all == "+":
        yield SpfAllowsEverybody(subject=subject, evidence=evidence)


def judge_dmarc(subject: str, dmarc: Dmarc, *, mail: bool) -> Iterator[Finding]:
    """The verdicts on the DMARC record, one at least."""
    evidence = dmarc.evidence
    policy = tags(dmarc.records[0]).get("p", "").lower() if dmarc.records else ""
    if not dmarc.certain:
        yield MailPolicyNotSeen(subject=subject, evidence=evidence, what="DMARC")
    elif not dmarc.records and mail:
        yield DmarcMissing(subject=subject, evidence=evidence)
    elif len(dmarc.records) > 1:
        why = f"there are {len(dmarc.records)} of them"
        yield DmarcInvalid(subject=subject, evidence=evidence, why=why)
    elif dmarc.records and policy not in POLICIES:
        why = f"p={policy!r} is no policy" if policy else "it names no policy (p=)"
        yield DmarcInvalid(subject=subject, evidence=evidence, why=why)
    elif dmarc.refused:
        yield DmarcReportNotAuthorised(subject=subject, evidence=evidence, domains=dmarc.refused)
    else:
        yield DmarcFine(subject=subject, evidence=evidence, policy=policy)


CHECK = Check(
    id="mail-policy",
    title="Who may send mail in the domain's name",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        SpfFine,
        SpfMissing,
        SpfMultipleRecords,
        SpfInvalid,
        SpfTooManyLookups,
        SpfAllowsEverybody,
        DmarcFine,
        DmarcMissing,
        DmarcInvalid,
        DmarcReportNotAuthorised,
        MailPolicyNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
