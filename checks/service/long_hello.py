"""The service answers a long ClientHello as well as a short one.

## What it does
Where a TLS handshake completes, begins another with a ClientHello that is longer than one packet.
Where that one fails, repeats both with small segments, which need several packets for either.

## Why is this bad?
Browsers send long hellos since they offer keys that withstand quantum computers. Some firewalls and
balancers read only the first packet of a hello and drop, reset or refuse what does not fit it. Then
browsers fail where older programs, and this machine's, get on.

## How it decides
| the handshake | with a long hello    | both again, in small segments | judgement                 |
|---------------|----------------------|-------------------------------|---------------------------|
| completes     | is answered          | not asked                     | long-hello-answered       |
| completes     | fails                | only the short is answered    | tls-hello-size-intolerant |
| completes     | fails                | both are answered             | long-hello-not-judged     |
| completes     | fails                | the short fails               | long-hello-not-judged     |
| completes     | not asked to the end | not asked                     | long-hello-not-judged     |

A hello is made long by filler: application protocols that nobody speaks, which a server has to pass
over (RFC 7301). An alert that none of the protocols suits is an answer as well. The short hello
that is asked again has one of them too, so that no more than the length differs.
That small segments make no difference shows that the size of packets is not to blame.

Where the long hello is never acknowledged, it is lost on the way to the host, most often in a
firewall before it; else whatever ends the connections of the service has read it.

## What to do
Update or reconfigure the firewall or balancer before the service, or the service's TLS library.

## References
- RFC 8446, section 5.1 (a handshake message may be fragmented); RFC 9325, section 3
- RFC 7301, section 3.1 (application protocols)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from checks.facts.folding import Foldable, OfEndpoints, folded
from checks.facts.handshakes import Handshake, handshakes
from checks.facts.stalls import SMALL
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
from netdiag.outcomes import Failed, FailureKind, TlsSession
from netdiag.requests import TlsHandshake

FILLER = 1600
"""Octets that make a hello as long as one with a key of ML-KEM-768 (1184 octets) and need a second
packet on every link of Ethernet's size."""

SHORT = 200
"""Octets of filler that leave a hello shorter than a small segment."""

NO_PROTOCOL = "no application protocol"
"""What OpenSSL calls the alert of a server that speaks none of the protocols."""


@finding_kind
class LongHelloAnswered(OfEndpoints):
    code: ClassVar[str] = "long-hello-answered"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.SERVICE

    @property
    def message(self) -> str:
        return f"{self.subject} answers a TLS hello that is longer than a packet"


@finding_kind
class TlsHelloSizeIntolerant(OfEndpoints):
    """`how` the long hello fails, in words; `lost` where it was never acknowledged."""

    code: ClassVar[str] = "tls-hello-size-intolerant"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.SERVICE
    how: str
    lost: bool
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def owner(self) -> Owner:
        return Owner.HOSTING_NETWORK if self.lost else Owner.SERVICE

    @property
    def message(self) -> str:
        return (
            f"{self.subject} completes TLS handshakes whose hello is short, and one that is longer "
            f"than a packet {self.how}, in segments of any size: somebody minds the length of the "
            "hello, not that of packets"
        )

    @property
    def for_agent(self) -> str:
        where = "firewalls and intrusion prevention before the host" if self.lost else "the service"
        return (
            f"Have {where} looked at, and any balancer: one reads only the first packet of a TLS "
            "hello. Browsers that offer post-quantum keys fail there; an update usually helps."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Newer browsers cannot open your site, while older ones and simple tools can: a device "
            "or program before it does not accept their longer greeting. It needs an update."
        )


@finding_kind
class LongHelloNotJudged(OfEndpoints):
    code: ClassVar[str] = "long-hello-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.WARNING
    why: str

    @property
    def message(self) -> str:
        return f"whether {self.subject} answers long TLS hellos cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A handshake that completes, a `long` hello, and where that one fails a short and a long one
    in small segments."""

    handshake: Handshake
    long: Observation
    short_again: Observation | None = None
    long_again: Observation | None = None

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        again = (seen.id for seen in (self.short_again, self.long_again) if seen)
        return (self.handshake.seen.id, self.long.id, *again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    tried: tuple[Tried, ...]
    missing: str


async def gather(net: Asker, brief: Brief) -> Facts:
    """A long hello wherever a short one is answered."""
    known = await handshakes(net, brief)
    tried = await asyncio.gather(*(_try(net, one) for one in known.all if not one.starttls))
    missing = known.missing or "no TLS handshake completes"
    return Facts(tried=tuple(one for one in tried if one), missing=missing)


async def _try(net: Asker, handshake: Handshake) -> Tried | None:
    request = handshake.seen.request
    if not isinstance(request, TlsHandshake) or not _completes(handshake.seen):
        return None
    longer = replace(request, filler=FILLER)
    tried = Tried(handshake=handshake, long=await net.ask(longer))
    if not _how(tried.long):
        return tried
    short_again, long_again = await asyncio.gather(
        net.ask(replace(request, filler=SHORT, segment=SMALL)),
        net.ask(replace(longer, segment=SMALL)),
    )
    return replace(tried, short_again=short_again, long_again=long_again)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every port where a short hello is answered."""
    if not facts.tried:
        yield Skipped(subject="long hellos", missing=facts.missing)
        return
    fine = any(_answered(one.long) for one in facts.tried)
    yield from folded(judge_port(one, hidden=fine) for one in facts.tried)


def judge_port(tried: Tried, *, hidden: bool) -> Foldable:
    """The verdict on one port; `hidden` where another one answers a long hello."""
    endpoints, evidence = (tried.handshake.endpoint,), tried.evidence
    if _answered(tried.long):
        return LongHelloAnswered(endpoints=endpoints, evidence=evidence)
    if tried.long_again and tried.short_again and _answered(tried.short_again):
        how = _how(tried.long)
        if how and how == _how(tried.long_again):
            return TlsHelloSizeIntolerant(
                endpoints=endpoints,
                evidence=evidence,
                how=how,
                lost=_lost(tried.long),
                hidden=hidden,
            )
    return LongHelloNotJudged(endpoints=endpoints, evidence=evidence, why=_why(tried))


def _why(tried: Tried) -> str:
    match tried.long.outcome:
        case Failed(kind=kind) if kind.ours:
            return f"not asked to the end ({kind.value})"
    if tried.short_again is None or tried.long_again is None:
        return "the second connection did not get that far"
    if not _answered(tried.short_again):
        return "a short hello that offers an unknown protocol is not answered either"
    if _answered(tried.long_again):
        return "in small segments it is answered, so that the size of packets matters"
    return "it fails otherwise in small segments"


def _completes(seen: Observation) -> bool:
    return isinstance(seen.outcome, TlsSession)


def _answered(seen: Observation) -> bool:
    """The hello was read to its end."""
    match seen.outcome:
        case TlsSession():
            return True
        case Failed(detail=detail):
            return NO_PROTOCOL in detail.lower().replace("_", " ")
        case _:
            return False


def _how(seen: Observation) -> str:
    """How the hello fails, in words; empty where it is answered, or nobody got to hear it."""
    match seen.outcome:
        case Failed(kind=FailureKind.TIMEOUT, stall=stall) if stall is not None:
            return "is never acknowledged" if stall.unacknowledged else "gets no answer"
        case Failed(kind=FailureKind.RESET):
            return "has the connection reset"
        case Failed(kind=FailureKind.CLOSED_EARLY):
            return "has the connection closed"
        case Failed(kind=FailureKind.TLS_ALERT | FailureKind.TLS_VERSION) if not _answered(seen):
            return "is refused with an alert"
        case _:
            return ""


def _lost(seen: Observation) -> bool:
    outcome = seen.outcome
    return isinstance(outcome, Failed) and bool(outcome.stall and outcome.stall.unacknowledged)


CHECK = Check(
    id="long-hello",
    title="Long TLS hellos are answered",
    area=Area.SERVICE,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(LongHelloAnswered, TlsHelloSizeIntolerant, LongHelloNotJudged, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
