"""The certificate that the service shows is one that visitors accept.

## What it does
Shakes hands on every asked TLS port that connects, the target's name given as visitors give it,
and reads the chain that the server sends. On web ports the server's own clock is read as well, and
where the certificate is not good the clocks of web servers elsewhere.

## Why is this bad?
Browsers and programs refuse a certificate that is out of date, for another name, or from an
authority that they do not know: visitors see a warning page or nothing at all.

## How it decides
Dates, names and trust are judged apart, so one certificate can have several of these faults.

| the certificate                    | control                     | judgement                    |
|------------------------------------|-----------------------------|------------------------------|
| in date, for the name, trusted     | not needed                  | certificate-fine             |
| ended                              | the server's clock agrees   | certificate-expired          |
| ended                              | none: no web port           | certificate-expired          |
| ended                              | still valid by its clock    | certificate-dates-doubtful   |
| ended                              | another server's agrees     | certificate-expired          |
| an intermediate above it ended     | the server's clock agrees   | certificate-expired          |
| not begun                          | the server's clock agrees   | certificate-not-yet-valid    |
| ends in less than 14 days          | the server's clock agrees   | certificate-expires-soon     |
| of 6 days, ends in 5               | the server's clock agrees   | certificate-fine             |
| for other names                    | not needed                  | certificate-name-mismatch    |
| for other names, target an address | not needed                  | certificate-fine             |
| self-signed                        | no issuer to look for       | certificate-untrusted        |
| of an unknown authority            | its certificate is sent     | certificate-untrusted        |
| of an unknown authority            | the chain is whole up to it | certificate-untrusted        |
| refused for another reason         | OpenSSL says which          | certificate-untrusted        |
| of an issuer that is not sent      | nothing above it is sent    | certificate-chain-incomplete |
| not shown, no handshake            | not needed                  | certificate-not-seen         |
| shown, its dates cannot be read    | not needed                  | certificate-not-seen         |

*Soon* is less than 14 days, or less than a third of a shorter life, when any automatic renewal
should have happened. A fault is a warning where another address or port shows a good certificate,
and a notice where the target is an address, since certificates are for names. Clocks that differ by
more than a day make dates doubtful.

Whether an issuer that is not sent is an intermediate of a known authority or a private one cannot
be seen from outside; the message names it.

## What to do
Renew or replace the certificate, or send the missing intermediate with it, then reload the service.

## References
- RFC 5280, sections 4.1.2.5 and 6.1 (validity, path validation)
- RFC 9525, section 6 (matching names)
- RFC 8446, section 4.4.2 (what chain a server sends)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import ClassVar

from checks.facts.certificates import (
    Period,
    Trust,
    names_match,
    out_of_date,
    period_of,
    top_of,
    trust_of,
)
from checks.facts.clocks import Clock, clock_of, moment_of
from checks.facts.folding import Foldable, OfEndpoints, folded, listed
from checks.facts.handshakes import Handshake, handshakes
from checks.facts.strangers import company
from checks.facts.web import WEB_TLS_PORTS, first_request
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
from netdiag.outcomes import Failed, TlsSession

SOON = timedelta(days=14)
CLOCKS_DIFFER = timedelta(days=1)


@finding_kind
class CertificateFine(OfEndpoints):
    """`unnamed` where the target is an address, for which no name was compared."""

    code: ClassVar[str] = "certificate-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.SERVICE
    days_left: int
    unnamed: bool

    @property
    def message(self) -> str:
        name = "" if self.unnamed else ", is for this name"
        return (
            f"the certificate on {self.subject} is trusted{name} and valid for "
            f"{_days(self.days_left)} more"
        )


@finding_kind
class _Bad(OfEndpoints):
    """A fault of a certificate.

    `hidden` where another endpoint shows a good one, `unnamed` where the target is an address.
    """

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    hidden: bool
    unnamed: bool

    @property
    def severity(self) -> Severity:
        if self.unnamed:
            return Severity.NOTICE
        return Severity.WARNING if self.hidden else self.usual_severity


@finding_kind
class _Dated(_Bad):
    """`whose` is the certificate's subject, `date` the end or beginning of its validity.

    `witness` is whose clock agrees with this machine's, empty where none could be compared.
    """

    whose: str
    intermediate: bool
    date: str
    days: int
    witness: str

    @property
    def what(self) -> str:
        if self.intermediate:
            return f"the intermediate certificate {self.whose} sent by {self.subject}"
        return f"the certificate on {self.subject}"

    @property
    def clock(self) -> str:
        if self.witness:
            return f"{self.witness} agrees, so it is not this machine's clock that is wrong"
        return "so says this machine's clock, with which no other could be compared"


@finding_kind
class CertificateExpired(_Dated):
    code: ClassVar[str] = "certificate-expired"

    @property
    def message(self) -> str:
        return f"{self.what} expired {_days(self.days)} ago, on {self.date}; {self.clock}"

    @property
    def for_agent(self) -> str:
        if self.intermediate:
            return "Have the service send its authority's current intermediate certificate."
        return (
            "Have the certificate renewed and the service reloaded. Where it should renew by "
            "itself, look at the renewal's log: often a port, a DNS record or a permission is why."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The certificate that proves your site's identity has run out, so browsers warn your "
            "visitors. Please renew it, or ask whoever looks after the site to do so."
        )


@finding_kind
class CertificateNotYetValid(_Dated):
    code: ClassVar[str] = "certificate-not-yet-valid"

    @property
    def message(self) -> str:
        return f"{self.what} is valid only from {self.date} on, in {_days(self.days)}; {self.clock}"

    @property
    def for_agent(self) -> str:
        return (
            "Have the former certificate put back until then, or a new one issued; look whether "
            "the clock of the machine that issued it is right."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The certificate that proves your site's identity is not valid yet, so browsers warn "
            "your visitors. Please use one that is already valid."
        )


@finding_kind
class CertificateExpiresSoon(_Bad):
    code: ClassVar[str] = "certificate-expires-soon"
    usual_severity: ClassVar[Severity] = Severity.WARNING
    date: str
    days_left: int

    @property
    def message(self) -> str:
        return (
            f"the certificate on {self.subject} is good and expires in {_days(self.days_left)}, "
            f"on {self.date}, when an automatic renewal would have replaced it already"
        )

    @property
    def for_agent(self) -> str:
        return "Have the renewal looked at before that day: its log, or who does it by hand."

    @property
    def for_customer(self) -> str:
        return (
            "The certificate that proves your site's identity soon runs out. Please renew it in "
            "time; after that day browsers will warn your visitors."
        )


@finding_kind
class CertificateNameMismatch(_Bad):
    """`host` is the name asked for, `names` those that the certificate is for."""

    code: ClassVar[str] = "certificate-name-mismatch"
    host: str
    names: tuple[str, ...]

    @property
    def message(self) -> str:
        names = listed(self.names) or "no name at all"
        return (
            f"the certificate on {self.subject} is for {names} and not for {self.host}, which was "
            "asked for by name, so the server has none for it or picks the wrong one"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Have {self.host} added to the certificate, or the web server's site for this name "
            "made to use the certificate that has it; the one shown may be the server's default."
        )

    @property
    def for_customer(self) -> str:
        return (
            f"The server shows a certificate for another name than {self.host}, so browsers warn "
            "your visitors. Please set up a certificate for this name."
        )


@finding_kind
class CertificateUntrusted(_Bad):
    """`issuer` signed it, `why` is the reason in words."""

    code: ClassVar[str] = "certificate-untrusted"
    issuer: str
    why: str

    @property
    def message(self) -> str:
        return f"the certificate on {self.subject} is not trusted: {self.why}"

    @property
    def for_agent(self) -> str:
        return (
            "Have a certificate of a public authority installed. A private authority is right only "
            "where all visitors' machines are set up to know it."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your site's certificate does not come from an authority that browsers know, so they "
            "warn your visitors. Please install one that does; there are free ones."
        )


@finding_kind
class CertificateChainIncomplete(_Bad):
    """`issuer` signed the server's certificate, and its own is not sent."""

    code: ClassVar[str] = "certificate-chain-incomplete"
    issuer: str

    @property
    def message(self) -> str:
        return (
            f"the service on {self.subject} sends its certificate without that of its issuer "
            f"{self.issuer}, which is no root known here, so clients that do not fetch it by "
            "themselves cannot verify it; were that issuer a private authority, sending it would "
            "not be enough"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have the web server send the full chain (the authority's intermediate certificate "
            "behind the server's own; often a file called fullchain)."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server leaves out a part of its certificate. Some browsers fill the gap, other "
            "visitors and programs get an error. Please install the complete certificate chain."
        )


@finding_kind
class CertificateDatesDoubtful(OfEndpoints):
    """The clocks of this machine and of the server differ by `days`; the dates depend on whose."""

    code: ClassVar[str] = "certificate-dates-doubtful"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.WARNING
    days: int

    @property
    def message(self) -> str:
        return (
            f"whether the certificate on {self.subject} is in date cannot be told: it is by the "
            f"server's clock and not by this machine's, and the two differ by {_days(self.days)}"
        )

    @property
    def for_agent(self) -> str:
        return "Set this machine's clock right and look again."


@finding_kind
class CertificateNotSeen(OfEndpoints):
    code: ClassVar[str] = "certificate-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.WARNING
    why: str

    @property
    def message(self) -> str:
        return f"the certificate on {self.subject} could not be judged: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A handshake, and the page asked for on the same port, whose Date is the server's clock."""

    handshake: Handshake
    page: Observation | None

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return (self.handshake.seen.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`host` is the name asked for, empty where the target is an address; `fellow` the clock of a
    server elsewhere that agrees with this machine's, where one was asked."""

    shown: tuple[Shown, ...]
    host: str
    now: datetime
    missing: str
    fellow: Clock | None


async def gather(net: Asker, brief: Brief) -> Facts:
    """Shake hands, and read the server's clock."""
    known, around = await asyncio.gather(handshakes(net, brief), company(net, brief))
    shown = await asyncio.gather(*(_look(net, brief, one) for one in known.all))
    clocks = [clock_of(one.address, one.page, brief.started) for one in around.strangers]
    return Facts(
        shown=tuple(shown),
        host="" if brief.target.address else brief.target.host,
        now=brief.started,
        missing=known.missing,
        fellow=next((clock for clock in clocks if clock and clock.agrees), None),
    )


async def _look(net: Asker, brief: Brief, handshake: Handshake) -> Shown:
    web = handshake.endpoint.port in WEB_TLS_PORTS or brief.target.scheme == "https"
    shows = isinstance(handshake.seen.outcome, TlsSession)
    page = (
        await net.ask(first_request(brief, handshake.endpoint, tls=True)) if web and shows else None
    )
    return Shown(handshake=handshake, page=page)


def judge(facts: Facts) -> Iterable[Finding]:
    """Every fault of every certificate; those that are the same everywhere once."""
    found = [finding for one in facts.shown for finding in _verdicts(facts, one, hidden=False)]
    if any(isinstance(finding, CertificateFine) for finding in found):
        found = [finding for one in facts.shown for finding in _verdicts(facts, one, hidden=True)]
    yield from folded(found)
    if not facts.shown:
        yield Skipped(subject="certificate", missing=facts.missing)


def _verdicts(facts: Facts, shown: Shown, *, hidden: bool) -> list[Foldable]:
    session = shown.handshake.seen.outcome
    endpoints = (shown.handshake.endpoint,)
    if not isinstance(session, TlsSession) or not session.chain:
        why = _why_not(shown.handshake)
        return [CertificateNotSeen(endpoints=endpoints, evidence=shown.evidence, why=why)]
    period = period_of(session.chain[0])
    if period is None:
        why = "its dates cannot be read"
        return [CertificateNotSeen(endpoints=endpoints, evidence=shown.evidence, why=why)]
    reading = _Reading(facts=facts, shown=shown, session=session, period=period, hidden=hidden)
    return list(reading.faults()) or [
        CertificateFine(
            endpoints=endpoints,
            evidence=shown.evidence,
            days_left=(period.end - facts.now).days,
            unnamed=not facts.host,
        )
    ]


def _why_not(handshake: Handshake) -> str:
    match handshake.seen.outcome:
        case Failed(kind=kind) if kind.ours:
            return f"not asked to the end ({kind.value})"
        case Failed() if handshake.starttls:
            return "the service did not turn to TLS"
        case TlsSession():
            return "the server showed none"
        case _:
            return "no TLS handshake came about"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One certificate with what it is judged by."""

    facts: Facts
    shown: Shown
    session: TlsSession
    period: Period
    hidden: bool

    def faults(self) -> Iterator[Foldable]:
        yield from self._of_dates()
        yield from self._of_name()
        yield from self._of_trust()

    def _of_dates(self) -> Iterator[Foldable]:
        now, theirs = self.facts.now, moment_of(self.shown.page)
        bad = out_of_date(self.session, now)
        period = period_of(bad) if bad else None
        if bad is None or period is None:
            yield from self._of_end(now)
        elif self._doubtful(theirs, period):
            days = abs(theirs - now).days if theirs else 0
            yield CertificateDatesDoubtful(
                endpoints=(self.shown.handshake.endpoint,), evidence=self._clocks, days=days
            )
        else:
            over = period.end < now
            kind = CertificateExpired if over else CertificateNotYetValid
            yield kind(
                endpoints=(self.shown.handshake.endpoint,),
                evidence=self._clocks,
                hidden=self.hidden,
                unnamed=not self.facts.host,
                whose=bad.subject,
                intermediate=bad is not self.session.chain[0],
                date=_day(period.end if over else period.begin),
                days=((now - period.end) if over else (period.begin - now)).days,
                witness=self._witness,
            )

    def _doubtful(self, theirs: datetime | None, period: Period) -> bool:
        """By the server's clock it is in date, and nobody says whose clock is right."""
        if theirs is None or self.facts.fellow:
            return False
        return abs(theirs - self.facts.now) > CLOCKS_DIFFER and period.holds(theirs)

    @property
    def _witness(self) -> str:
        if self.facts.fellow:
            return f"the clock of {self.facts.fellow.whose}"
        return "the server's own clock" if moment_of(self.shown.page) else ""

    def _of_end(self, now: datetime) -> Iterator[Foldable]:
        left = self.period.end - now
        if left < min(SOON, (self.period.end - self.period.begin) / 3):
            yield CertificateExpiresSoon(
                endpoints=(self.shown.handshake.endpoint,),
                evidence=self.shown.evidence,
                hidden=self.hidden,
                unnamed=not self.facts.host,
                date=_day(self.period.end),
                days_left=left.days,
            )

    def _of_name(self) -> Iterator[Foldable]:
        host = self.facts.host
        if host and not names_match(self.session, host):
            yield CertificateNameMismatch(
                endpoints=(self.shown.handshake.endpoint,),
                evidence=self.shown.evidence,
                hidden=self.hidden,
                unnamed=False,
                host=host,
                names=self.session.chain[0].names,
            )

    def _of_trust(self) -> Iterator[Foldable]:
        trust, issuer = trust_of(self.session, self.facts.now), self.session.chain[0].issuer
        if trust is Trust.TRUSTED:
            return
        if trust is Trust.INCOMPLETE:
            yield CertificateChainIncomplete(
                endpoints=(self.shown.handshake.endpoint,),
                evidence=self.shown.evidence,
                hidden=self.hidden,
                unnamed=not self.facts.host,
                issuer=issuer,
            )
            return
        yield CertificateUntrusted(
            endpoints=(self.shown.handshake.endpoint,),
            evidence=self.shown.evidence,
            hidden=self.hidden,
            unnamed=not self.facts.host,
            issuer=issuer,
            why=_why_untrusted(trust, self.session),
        )

    @property
    def _clocks(self) -> tuple[ObservationId, ...]:
        """The handshake, and the pages whose Date was compared."""
        fellow, page = self.facts.fellow, self.shown.page
        pages = [fellow.seen] if fellow else []
        pages += [page] if page and moment_of(page) else []
        return (*self.shown.evidence, *(seen.id for seen in pages))


def _why_untrusted(trust: Trust, session: TlsSession) -> str:
    top = top_of(session.chain)
    match trust:
        case Trust.SELF_SIGNED:
            return "the server signed it itself"
        case Trust.UNKNOWN_AUTHORITY:
            root = top.subject if top.self_issued else top.issuer
            return f"its chain is whole and leads to {root}, an authority that is not known here"
        case _:
            return session.verify_error or f"OpenSSL refuses it with code {session.verify_code}"


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def _days(number: int) -> str:
    if number < 1:
        return "less than a day"
    return "1 day" if number == 1 else f"{number} days"


CHECK = Check(
    id="certificate",
    title="The certificate that visitors are shown",
    area=Area.SERVICE,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        CertificateFine,
        CertificateExpired,
        CertificateNotYetValid,
        CertificateExpiresSoon,
        CertificateNameMismatch,
        CertificateUntrusted,
        CertificateChainIncomplete,
        CertificateDatesDoubtful,
        CertificateNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
)
