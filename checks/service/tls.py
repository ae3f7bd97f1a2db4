"""Clients and the service agree on how to speak TLS.

## What it does
Shakes hands on every asked TLS port that connects. Where that fails it tries once more without the
target's name, and where something other than TLS answers, it asks for the page in plain HTTP.

## Why is this bad?
Without a handshake there is no encrypted connection: browsers show an error at once.

## How it decides
| the handshake                   | control                           | judgement            |
|---------------------------------|-----------------------------------|----------------------|
| completes, or shows a chain     | not needed                        | tls-fine             |
| no common version               | the TCP handshake                 | tls-version-mismatch |
| refused by an alert             | one without a name fails too      | tls-handshake-failed |
| refused by an alert             | one without a name completes      | tls-handshake-failed |
| answered by something else      | plain HTTP answers on this port   | tls-handshake-failed |
| answered by something else      | plain HTTP does not answer either | tls-handshake-failed |
| closed or reset after the hello | one without a name fails too      | tls-handshake-failed |
| closed or reset after the hello | one without a name completes      | tls-handshake-failed |
| breaks a rule of TLS            | OpenSSL says which                | tls-handshake-failed |
| silence                         | another check asks that           | tls-not-seen         |
| no second connection            | the port's own check asks that    | tls-not-seen         |
| this run's own failure          | not needed                        | tls-not-seen         |

netdiag offers TLS 1.2 and 1.3, as browsers do (RFC 8996 retires older versions). A failure is a
warning where another asked TLS port or address is well, else critical. Where a connection is closed
or reset after the hello and without a name it is not, somebody minds the name: the service, or a
device on the way; both are said. On port 587, where TLS is an offer (STARTTLS), its absence is told
by the certificate's check.

## What to do
Have the service offer TLS 1.2 or 1.3 with usual ciphers, and know this name.

## References
- RFC 8446, section 6 (alerts) and section 4.2.1 (versions)
- RFC 8996 (TLS 1.0 and 1.1 are retired)
- RFC 9325, section 3.1.1
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts.folding import Foldable, OfEndpoints, folded
from checks.facts.handshakes import Handshake, handshakes
from checks.facts.speech import first_line
from checks.facts.web import first_request
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
from netdiag.outcomes import Failed, FailureKind, HttpReply, TlsSession
from netdiag.requests import TlsHandshake

NAME_MAY_MATTER = frozenset({FailureKind.TLS_ALERT, FailureKind.CLOSED_EARLY, FailureKind.RESET})
RULE_BROKEN = "TLS: "
"""How the detail of an outcome of kind `OTHER` begins where OpenSSL refused to go on."""


@finding_kind
class TlsFine(OfEndpoints):
    code: ClassVar[str] = "tls-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.SERVICE
    version: str
    cipher: str

    @property
    def message(self) -> str:
        how = f" ({self.version}, {self.cipher})" if self.version else ""
        return f"a TLS handshake with {self.subject} comes about{how}"


@finding_kind
class _Failed(OfEndpoints):
    """`hidden` where another port or address shakes hands."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.SERVICE
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL


@finding_kind
class TlsVersionMismatch(_Failed):
    code: ClassVar[str] = "tls-version-mismatch"
    said: str

    @property
    def message(self) -> str:
        said = f" ({self.said})" if self.said else ""
        return (
            f"the service on {self.subject} and today's clients have no version of TLS in common: "
            f"it answers a hello for TLS 1.2 and 1.3, so the way to it is fine, and refuses{said}"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have TLS 1.2 and 1.3 switched on in the service's settings; where its software is too "
            "old for them, have it updated."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server only offers a kind of encryption that today's browsers no longer accept. "
            "Please have its software or its settings updated."
        )


@finding_kind
class TlsHandshakeFailed(_Failed):
    """`how` it failed and what the `control` showed, in words."""

    code: ClassVar[str] = "tls-handshake-failed"
    how: str
    control: str

    @property
    def message(self) -> str:
        return f"no TLS handshake with {self.subject} comes about: {self.how}; {self.control}"

    @property
    def for_agent(self) -> str:
        return (
            "Have the service's TLS settings for this name and port looked at: whether encryption "
            "is switched on there, a certificate is set for the name, and the key fits it."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server does not set up an encrypted connection, so browsers show an error. "
            "Please have the settings for HTTPS on the server looked at."
        )


@finding_kind
class TlsNotSeen(OfEndpoints):
    code: ClassVar[str] = "tls-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.WARNING
    why: str

    @property
    def message(self) -> str:
        return f"whether {self.subject} speaks TLS well cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A handshake, and where it failed the same without a name, or the page in plain HTTP."""

    handshake: Handshake
    nameless: Observation | None = None
    plain: Observation | None = None

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        controls = tuple(seen.id for seen in (self.nameless, self.plain) if seen)
        return (self.handshake.connected.id, self.handshake.seen.id, *controls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    tried: tuple[Tried, ...]
    missing: str


async def gather(net: Asker, brief: Brief) -> Facts:
    """Shake hands, and ask the control of what failed."""
    known = await handshakes(net, brief)
    own = [handshake for handshake in known.all if not handshake.starttls]
    tried = await asyncio.gather(*(_try(net, brief, handshake) for handshake in own))
    missing = known.missing or "TLS is only an offer on the asked ports"
    return Facts(tried=tuple(tried), missing=missing)


async def _try(net: Asker, brief: Brief, handshake: Handshake) -> Tried:
    request, outcome = handshake.seen.request, handshake.seen.outcome
    tried = Tried(handshake=handshake)
    if not isinstance(outcome, Failed) or not isinstance(request, TlsHandshake):
        return tried
    if outcome.kind is FailureKind.NOT_TLS:
        page = first_request(brief, handshake.endpoint, tls=False)
        return replace(tried, plain=await net.ask(page))
    if outcome.kind in NAME_MAY_MATTER and request.server_name is not None:
        return replace(tried, nameless=await net.ask(replace(request, server_name=None)))
    return tried


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every port."""
    fine = any(isinstance(one.handshake.seen.outcome, TlsSession) for one in facts.tried)
    yield from folded(judge_port(tried, hidden=fine) for tried in facts.tried)
    if not facts.tried:
        yield Skipped(subject="TLS", missing=facts.missing)


def judge_port(tried: Tried, *, hidden: bool) -> Foldable:
    """The verdict on one port; `hidden` where another one shakes hands."""
    endpoints, evidence = (tried.handshake.endpoint,), tried.evidence
    match tried.handshake.seen.outcome:
        case TlsSession(version=version, cipher=cipher):
            return TlsFine(endpoints=endpoints, evidence=evidence, version=version, cipher=cipher)
        case Failed(kind=FailureKind.TLS_VERSION, detail=said):
            return TlsVersionMismatch(
                endpoints=endpoints, evidence=evidence, hidden=hidden, said=said
            )
        case Failed() as failure if how := _how(failure):
            return TlsHandshakeFailed(
                endpoints=endpoints,
                evidence=evidence,
                hidden=hidden,
                how=how,
                control=_control(tried),
            )
        case Failed(kind=FailureKind.TIMEOUT):
            why = "the service says nothing to the start of a handshake"
        case Failed(kind=kind) if kind.ours:
            why = f"not asked to the end ({kind.value})"
        case _:
            why = "the second connection did not get that far"
    return TlsNotSeen(endpoints=endpoints, evidence=evidence, why=why)


def _how(failure: Failed) -> str:
    """How the handshake failed, in words; empty where it is another check's matter or ours."""
    match failure:
        case Failed(kind=FailureKind.TLS_ALERT, detail=detail):
            return f"the service refuses it with an alert ({detail or 'unnamed'})"
        case Failed(kind=FailureKind.NOT_TLS, detail=detail):
            return f"something other than TLS answers there ({first_line(detail) or 'not shown'})"
        case Failed(kind=FailureKind.CLOSED_EARLY):
            return "the connection is closed after the hello"
        case Failed(kind=FailureKind.RESET):
            return "the connection is reset after the hello"
        case Failed(kind=FailureKind.MALFORMED | FailureKind.TOO_LARGE, detail=detail):
            return f"the answer breaks the rules of TLS ({detail or 'not shown'})"
        case Failed(kind=FailureKind.OTHER, detail=detail) if detail.startswith(RULE_BROKEN):
            return f"the answer breaks the rules of TLS ({detail.removeprefix(RULE_BROKEN)})"
        case _:
            return ""


def _control(tried: Tried) -> str:
    """What the second try showed, in words."""
    if tried.plain:
        if isinstance(tried.plain.outcome, HttpReply):
            return "plain HTTP is answered on this port, so it is not set up for encryption"
        return "plain HTTP is not answered there either; the TCP handshake shows that the way works"
    if tried.nameless is None:
        return "the TCP handshake shows that the way works"
    if isinstance(tried.nameless.outcome, TlsSession):
        return (
            "a hello without the name is answered, so it is this name that the service does not "
            "know or that a device on the way forbids"
        )
    return "a hello without the name fares no better, so it is not about the name"


CHECK = Check(
    id="tls",
    title="TLS handshakes with the service",
    area=Area.SERVICE,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(TlsFine, TlsVersionMismatch, TlsHandshakeFailed, TlsNotSeen, Skipped),
    doc=__doc__ or "",
)
