"""Nobody on the way opens the encryption between this machine and the target.

## What it does
Nothing where the target's certificate is trusted. Otherwise compares the authority behind it with
the ones behind the certificates of addresses elsewhere, which have nothing to do with the target.

## Why is this bad?
A security box or a program on this machine that decrypts everything shows certificates of its own
authority. Where this machine does not know that authority every secure site seems broken, and
where it does, somebody else reads along.

## How it decides
| the target's certificate          | certificates elsewhere        | judgement                 |
|-----------------------------------|-------------------------------|---------------------------|
| trusted                           | not asked                     | tls-not-intercepted       |
| of an unknown authority           | of the same unknown authority | tls-intercepted           |
| of an unknown authority           | the very same certificate     | tls-intercepted           |
| of an unknown authority, not sent | of the same unknown authority | tls-intercepted           |
| of an unknown authority           | of another authority          | tls-not-intercepted       |
| of an unknown authority           | trusted                       | tls-not-intercepted       |
| of an unknown authority           | none is shown                 | tls-interception-not-seen |
| self-signed                       | the very same certificate     | tls-intercepted           |
| self-signed                       | none is shown                 | tls-interception-not-seen |
| none is shown                     | not asked                     | not-checked               |

That unrelated sites have one and the same private authority has no other explanation than somebody
between. A box whose authority this machine was made to trust is not told from the sites themselves
by this: look then at the issuer that `certificate-fine` and `caa` name.

## What to do
Ask whoever runs this network, or look for a security program on this machine that scans encrypted
traffic; compare with another network.

## References
- RFC 8446, appendix E.1 (what an authenticated peer means)
- RFC 6962, section 1 (certificates that the site's owner never asked for)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from checks.facts.certificates import Trust, top_of, trust_of
from checks.facts.folding import OfEndpoints, folded, listed
from checks.facts.handshakes import Handshake
from checks.facts.strangers import Company, Stranger, company, is_trusted
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
from netdiag.outcomes import TlsSession

UNKNOWN = frozenset({Trust.UNKNOWN_AUTHORITY, Trust.INCOMPLETE})


@finding_kind
class TlsNotIntercepted(OfEndpoints):
    code: ClassVar[str] = "tls-not-intercepted"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return f"nobody on the way shows a certificate in the place of {self.subject}"


@finding_kind
class TlsIntercepted(OfEndpoints):
    """`authority` is behind the certificates of the target and of `others`."""

    code: ClassVar[str] = "tls-intercepted"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_NETWORK
    authority: str
    others: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"somebody between this machine and {self.subject} opens the encryption: the "
            f"certificate there and those of others that have nothing to do with it "
            f"({listed(self.others)}) come from {self.authority}, an authority that is not known "
            "here, so they are not the servers' own"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Have whoever runs the customer's network asked about {self.authority} (a security "
            "appliance), or a security program on the machine that scans encrypted traffic. What "
            "this run says of the site's certificate is not the site's."
        )

    @property
    def for_customer(self) -> str:
        return (
            "A security device in your network, or a security program on your computer, opens "
            "your encrypted connections and shows certificates of its own. Please ask whoever "
            "looks after your network, or try from another one. Do not enter passwords meanwhile."
        )


@finding_kind
class TlsInterceptionNotSeen(OfEndpoints):
    code: ClassVar[str] = "tls-interception-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return (
            f"whether the certificate on {self.subject} is the server's own or that of somebody "
            "between cannot be told: no other server could be compared with it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    company: Company
    now: datetime


async def gather(net: Asker, brief: Brief) -> Facts:
    """The target's handshakes, and others' where its certificate is not trusted."""
    return Facts(company=await company(net, brief), now=brief.started)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every certificate shown; what is the same everywhere once."""
    shown = [one for one in facts.company.shown.all if _session(one)]
    yield from folded(judge_certificate(facts, one) for one in shown)
    if not shown:
        missing = facts.company.shown.missing or "the target shows no certificate"
        yield Skipped(subject="TLS interception", missing=missing)


def judge_certificate(facts: Facts, handshake: Handshake) -> OfEndpoints:
    """The verdict on what one port shows."""
    session, about = _session(handshake), (handshake.endpoint,)
    evidence: tuple[ObservationId, ...] = (handshake.seen.id,)
    trust = trust_of(session, facts.now) if session else Trust.OTHER
    if session is None or trust not in UNKNOWN | {Trust.SELF_SIGNED}:
        return TlsNotIntercepted(endpoints=about, evidence=evidence)
    compared = [one for one in facts.company.strangers if _shows(one)]
    alike = [one for one in compared if _alike(session, one, facts.now)]
    evidence = (*evidence, *(one.session.id for one in alike or compared))
    if alike:
        others = tuple(one.address for one in alike)
        return TlsIntercepted(
            endpoints=about, evidence=evidence, authority=authority_of(session), others=others
        )
    if compared:
        return TlsNotIntercepted(endpoints=about, evidence=evidence)
    asked = tuple(one.session.id for one in facts.company.strangers)
    return TlsInterceptionNotSeen(endpoints=about, evidence=(*evidence, *asked))


def _session(handshake: Handshake) -> TlsSession | None:
    outcome = handshake.seen.outcome
    return outcome if isinstance(outcome, TlsSession) and outcome.chain else None


def _shows(stranger: Stranger) -> bool:
    outcome = stranger.session.outcome
    return isinstance(outcome, TlsSession) and bool(outcome.chain)


def _alike(session: TlsSession, stranger: Stranger, now: datetime) -> bool:
    """The same certificate, or another one of the same authority that nobody knows."""
    other = stranger.session.outcome
    if not isinstance(other, TlsSession) or is_trusted(stranger.session):
        return False
    if session.chain[0].sha256 and session.chain[0].sha256 == other.chain[0].sha256:
        return True
    unknown = {trust_of(session, now), trust_of(other, now)} <= UNKNOWN
    return unknown and authority_of(session) == authority_of(other)


def authority_of(session: TlsSession) -> str:
    """The name at the top of the chain, whether its own certificate is sent or not."""
    top = top_of(session.chain)
    return top.subject if top.self_issued else top.issuer


CHECK = Check(
    id="tls-interception",
    title="Somebody between opens the encryption",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(TlsNotIntercepted, TlsIntercepted, TlsInterceptionNotSeen, Skipped),
    doc=__doc__ or "",
)
