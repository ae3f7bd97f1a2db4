"""What the domain demands of those that send it mail can be kept: MTA-STS, and reports on it.

## What it does
Reads the domain's MTA-STS record and fetches its policy as a sending server does; sets the mail
hosts that the policy names against those of the DNS. Reads the record that asks for reports.

## Why is this bad?
A sender that knows the policy sends to no other host than it names. Where mail moved to a new host
and the policy stayed, mail from the large providers stops, and everything else works.

## How it decides
MTA-STS and reports each get their finding.

| the domain has                                  | judgement                |
|-------------------------------------------------|--------------------------|
| no MTA-STS record                               | no-mta-sts               |
| a policy that names every mail host             | mta-sts-fine             |
| a policy that names not every mail host         | mta-sts-host-missing     |
| a policy being tested that names not every host | mta-sts-host-missing     |
| two MTA-STS records                             | mta-sts-invalid          |
| an MTA-STS record without id                    | mta-sts-invalid          |
| a policy without mode                           | mta-sts-invalid          |
| a policy without mail hosts                     | mta-sts-invalid          |
| a record, and no host mta-sts                   | mta-sts-policy-missing   |
| a policy that is redirected                     | mta-sts-policy-missing   |
| a policy behind a certificate that fails        | mta-sts-policy-missing   |
| a policy server that refuses connections        | mta-sts-policy-missing   |
| a policy server that is silent                  | mail-encryption-not-seen |
| an MTA-STS record that could not be looked up   | mail-encryption-not-seen |
| a record for reports in order                   | tls-reports-fine         |
| no record for reports                           | tls-reports-fine         |
| a record for reports without an address         | tls-reports-invalid      |
| two records for reports                         | tls-reports-invalid      |
| a record for reports that could not be looked up | mail-encryption-not-seen |

Mail hosts are set against the policy where both are known whole. In mode *testing* mail still gets
through, which makes it a notice.

## What to do
Name every mail host in the policy, then change the record's `id`: senders fetch the policy again
when it changes. The policy is a page at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`.

## References
- RFC 8461, sections 3.1 (record), 3.2 (policy), 3.3 (fetching), 4.1 (matching)
- RFC 8460, section 3 (reports)
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from checks.facts.domain import CERTAIN, zone_of
from checks.facts.iterate import addresses_of, resolve, shown, version
from checks.facts.spf import joined
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
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Failed, FailureKind, HttpReply, SourceAddress, TlsSession
from netdiag.requests import HttpRequest, SelectSource, TlsHandshake

PATH = "/.well-known/mta-sts.txt"
HTTPS = 443
READ = 2048
"""Octets of a page that an observation keeps."""

MODES = frozenset({"enforce", "testing", "none"})
_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_LINE_END = re.compile(r"(?:\\x0d)?\\x0a")
"""As it stands in what was read of a page, where nothing invisible is kept."""

_LINE = re.compile(r"([A-Za-z0-9_]+)[ \t]*:[ \t]*(\S*)[ \t]*")


@finding_kind
class NoMtaSts(Finding):
    code: ClassVar[str] = "no-mta-sts"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS

    @property
    def message(self) -> str:
        return f"{self.subject} demands nothing of those that send it mail (it has no MTA-STS)"


@finding_kind
class MtaStsFine(Finding):
    code: ClassVar[str] = "mta-sts-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    mode: str

    @property
    def message(self) -> str:
        return f"the MTA-STS policy of {self.subject} (mode {self.mode}) names all its mail hosts"


@finding_kind
class _Wrong(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR

    @property
    def for_customer(self) -> str:
        return (
            "A setting that tells others how to send mail to your domain needs a correction. "
            "Whoever manages your domain's settings can make it."
        )


@finding_kind
class MtaStsHostMissing(_Wrong):
    code: ClassVar[str] = "mta-sts-host-missing"
    hosts: tuple[str, ...]
    named: tuple[str, ...]
    mode: str

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.mode == "enforce" else Severity.NOTICE

    @property
    def message(self) -> str:
        then = (
            "senders that keep to it do not deliver there"
            if self.mode == "enforce"
            else "mail gets through while it is only being tested"
        )
        return (
            f"the MTA-STS policy of {self.subject} names {', '.join(self.named)}, and not its mail "
            f"host {', '.join(self.hosts)}: {then}"
        )

    @property
    def for_agent(self) -> str:
        return "Add the mail hosts to the policy's page, then change the id of the _mta-sts record."


@finding_kind
class MtaStsInvalid(_Wrong):
    code: ClassVar[str] = "mta-sts-invalid"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    why: str

    @property
    def message(self) -> str:
        return f"MTA-STS of {self.subject} counts as none: {self.why}"

    @property
    def for_agent(self) -> str:
        return "Correct the _mta-sts record or the policy's page, or remove the record."


@finding_kind
class MtaStsPolicyMissing(_Wrong):
    code: ClassVar[str] = "mta-sts-policy-missing"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    why: str

    @property
    def message(self) -> str:
        return f"{self.subject} announces an MTA-STS policy that cannot be fetched: {self.why}"

    @property
    def for_agent(self) -> str:
        return "Publish the policy's page with a valid certificate, or remove the _mta-sts record."


@finding_kind
class TlsReportsFine(Finding):
    code: ClassVar[str] = "tls-reports-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    wanted: bool

    @property
    def message(self) -> str:
        what = "asks for" if self.wanted else "asks for no"
        return f"{self.subject} {what} reports on the encryption of its mail"


@finding_kind
class TlsReportsInvalid(_Wrong):
    code: ClassVar[str] = "tls-reports-invalid"
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    why: str

    @property
    def message(self) -> str:
        return f"nobody sends reports on the encryption of mail to {self.subject}: {self.why}"

    @property
    def for_agent(self) -> str:
        return "Keep one record at _smtp._tls, such as v=TLSRPTv1; rua=mailto:reports@DOMAIN."


@finding_kind
class MailEncryptionNotSeen(Finding):
    code: ClassVar[str] = "mail-encryption-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    what: str

    @property
    def message(self) -> str:
        return f"{self.what} of {self.subject} could not be looked up to the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The records of one kind."""

    records: tuple[str, ...]
    certain: bool
    evidence: tuple[ObservationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The policy's host and what it gave. `certain` whether no address means that it has none."""

    host: str
    addresses: tuple[str, ...]
    certain: bool
    page: Observation | None = None
    handshake: Observation | None = None
    evidence: tuple[ObservationId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`hosts` are the mail hosts without the final dot, None where they are not known."""

    domain: str
    hosts: tuple[str, ...] | None = None
    sts: Texts | None = None
    page: Page | None = None
    reports: Texts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a policy's page says; `whole` whether all of it was read."""

    mode: str
    patterns: tuple[str, ...]
    version: str
    whole: bool


async def gather(net: Asker, brief: Brief) -> Facts:
    """The records, and where MTA-STS is announced the policy."""
    domain = await zone_of(net, brief)
    if not domain:
        return Facts(domain="")
    sts, reports, mx = await asyncio.gather(
        _texts(net, brief, f"_mta-sts.{domain}", "v=stsv1"),
        _texts(net, brief, f"_smtp._tls.{domain}", "v=tlsrptv1"),
        resolve(net, brief, domain, "MX"),
    )
    hosts = tuple(shown(data.split()[-1].lower()) for data in mx.data if data.split())
    page = await _fetched(net, brief, domain) if len(sts.records) == 1 else None
    known = hosts if mx.status in CERTAIN else None
    return Facts(domain=domain, hosts=known, sts=sts, page=page, reports=reports)


async def _texts(net: Asker, brief: Brief, name: str, start: str) -> Texts:
    found = await resolve(net, brief, name, "TXT")
    texts = tuple(t for t in map(joined, found.data) if t.lower().startswith(start))
    return Texts(records=texts, certain=found.status in CERTAIN, evidence=found.evidence)


async def _fetched(net: Asker, brief: Brief, domain: str) -> Page:
    """The policy by the first of the host's addresses that this machine has a route to."""
    name = f"mta-sts.{domain}"
    addresses, evidence, states = await addresses_of(net, brief, name)
    usable = [a for family in brief.families for a in addresses if version(a) == family]
    known = Page(
        host=shown(name),
        addresses=addresses,
        certain=CERTAIN.issuperset(states),
        evidence=evidence,
    )
    for address in usable:
        source = await net.ask(SelectSource(address=address))
        if isinstance(source.outcome, SourceAddress):
            return await _from(net, known, address)
    return known


async def _from(net: Asker, known: Page, address: str) -> Page:
    get = HttpRequest(address=address, port=HTTPS, tls=True, host=known.host, path=PATH)
    shake = TlsHandshake(address=address, port=HTTPS, server_name=known.host)
    page, handshake = await asyncio.gather(net.ask(get), net.ask(shake))
    return Page(
        host=known.host,
        addresses=known.addresses,
        certain=known.certain,
        page=page,
        handshake=handshake,
        evidence=(*known.evidence, page.id, handshake.id),
    )


def judge(facts: Facts) -> Iterable[Finding]:
    """The verdict on MTA-STS and the one on reports."""
    if facts.sts is None or facts.reports is None:
        yield Skipped(subject="mail encryption", missing="there is no domain that could get mail")
        return
    subject = shown(facts.domain)
    yield judge_sts(subject, facts.sts, facts.page, facts.hosts)
    yield judge_reports(subject, facts.reports)


def judge_sts(
    subject: str, sts: Texts, page: Page | None, hosts: tuple[str, ...] | None
) -> Finding:
    """The verdict on the record and its policy."""
    evidence = (*sts.evidence, *(page.evidence if page else ()))
    if not sts.certain:
        return MailEncryptionNotSeen(subject=subject, evidence=evidence, what="the MTA-STS record")
    if not sts.records:
        return NoMtaSts(subject=subject, evidence=evidence)
    why = _record_fault(sts.records)
    if why or page is None:
        return MtaStsInvalid(subject=subject, evidence=evidence, why=why)
    why = _fetch_fault(page)
    if why:
        return MtaStsPolicyMissing(subject=subject, evidence=evidence, why=why)
    reply = page.page.outcome if page.page else None
    if not isinstance(reply, HttpReply) or hosts is None:
        return MailEncryptionNotSeen(subject=subject, evidence=evidence, what="the MTA-STS policy")
    return judge_policy(subject, policy_of(reply), hosts, evidence)


def _record_fault(records: tuple[str, ...]) -> str:
    """Why the record counts as none; empty where it does count."""
    if len(records) > 1:
        return f"there are {len(records)} records"
    if not _ID.fullmatch(tags(records[0]).get("id", "")):
        return "its record has no id of 1 to 32 letters and digits"
    return ""


def _fetch_fault(page: Page) -> str:
    """Why no sender can fetch the policy; empty where it can, or that is not known."""
    if not page.addresses:
        return f"{page.host} has no addresses" if page.certain else ""
    session = page.handshake.outcome if page.handshake else None
    if isinstance(session, TlsSession) and session.verify_code:
        return f"the certificate of {page.host} fails: {session.verify_error}"
    reply = page.page.outcome if page.page else None
    if isinstance(reply, HttpReply) and reply.status != 200:
        return f"{page.host} answers with status {reply.status}"
    if isinstance(reply, Failed) and reply.kind is FailureKind.REFUSED:
        return f"{page.host} refuses connections"
    return ""


def policy_of(reply: HttpReply) -> Policy:
    """The policy on the page; a line that may have been cut off is left out."""
    whole = reply.complete and reply.received <= READ
    lines = _LINE_END.split(reply.body_start)
    pairs = [
        (found[1].lower(), found[2])
        for line in (lines if whole else lines[:-1])
        if (found := _LINE.fullmatch(line))
    ]
    first = dict(reversed(pairs))
    patterns = tuple(dict.fromkeys(value.lower() for key, value in pairs if key == "mx"))
    return Policy(
        mode=first.get("mode", ""),
        version=first.get("version", ""),
        patterns=patterns,
        whole=whole,
    )


def judge_policy(
    subject: str, policy: Policy, hosts: tuple[str, ...], evidence: tuple[ObservationId, ...]
) -> Finding:
    """The verdict on a policy that was fetched."""
    why = ""
    if policy.version != "STSv1":
        why = "its page does not begin with version: STSv1"
    elif policy.mode not in MODES:
        why = "its page names no mode"
    elif policy.mode != "none" and not policy.patterns:
        why = "its page names no mail host (mx)"
    if why:
        return MtaStsInvalid(subject=subject, evidence=evidence, why=why)
    missing = tuple(host for host in hosts if not any(matches(p, host) for p in policy.patterns))
    if missing and policy.mode != "none":
        if not policy.whole:
            what = "the MTA-STS policy"
            return MailEncryptionNotSeen(subject=subject, evidence=evidence, what=what)
        return MtaStsHostMissing(
            subject=subject,
            evidence=evidence,
            hosts=missing,
            named=policy.patterns,
            mode=policy.mode,
        )
    return MtaStsFine(subject=subject, evidence=evidence, mode=policy.mode)


def matches(pattern: str, host: str) -> bool:
    """Whether a policy's pattern covers a host: a star stands for one label (section 4.1)."""
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:].rstrip(".")
    return host == pattern.rstrip(".")


def judge_reports(subject: str, reports: Texts) -> Finding:
    """The verdict on the record that asks for reports."""
    evidence = reports.evidence
    if not reports.certain:
        what = "the record for reports on encryption"
        return MailEncryptionNotSeen(subject=subject, evidence=evidence, what=what)
    why = next(_report_faults(reports.records), "")
    if why:
        return TlsReportsInvalid(subject=subject, evidence=evidence, why=why)
    return TlsReportsFine(subject=subject, evidence=evidence, wanted=bool(reports.records))


def _report_faults(records: tuple[str, ...]) -> Iterator[str]:
    if len(records) > 1:
        yield f"there are {len(records)} records"
    for record in records:
        targets = tags(record).get("rua", "").split(",")
        if not any(target.strip().startswith(("mailto:", "https:")) for target in targets):
            yield "its record names no address (rua=mailto: or https:)"


CHECK = Check(
    id="mail-encryption",
    title="What the domain demands of those that send it mail",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        NoMtaSts,
        MtaStsFine,
        MtaStsHostMissing,
        MtaStsInvalid,
        MtaStsPolicyMissing,
        TlsReportsFine,
        TlsReportsInvalid,
        MailEncryptionNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
    thorough=True,
)
