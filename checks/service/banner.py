"""Services that speak first greet their visitors, or say that they take none.

## What it does
Reads what the service says on every asked port that connects and whose protocol has the server
speak first (FTP, SSH, SMTP, POP3, IMAP), and on port 25 of the target's mail hosts.

## Why is this bad?
A service can accept connections and still turn every visitor away: it is overloaded, in
maintenance, or does not like where they come from.

## How it decides
| what it says first                    | control                 | judgement               |
|---------------------------------------|-------------------------|-------------------------|
| the greeting of its protocol          | not needed              | service-greets          |
| SMTP: 421, 554 or another 4xx or 5xx  | it speaks its protocol  | service-unavailable     |
| FTP: 120, 421 or another 4xx or 5xx   | it speaks its protocol  | service-unavailable     |
| POP3: -ERR                            | it speaks its protocol  | service-unavailable     |
| IMAP: BYE                             | it speaks its protocol  | service-unavailable     |
| SSH: too many logins, or not allowed  | it says so              | service-unavailable     |
| nothing, and closes                   | the port connects       | service-unavailable     |
| something else                        | not needed              | greeting-not-understood |
| nothing in time                       | another check asks that | greeting-not-heard      |
| nothing, the second connection failed | not needed              | greeting-not-heard      |

A service that turns visitors away is a warning where another asked port or address greets them,
else critical. A mail host that says nothing in time is a notice: many make strangers wait.

## What to do
Ask whoever runs the service for the reason; the text of the greeting often names it.

## References
- RFC 5321, sections 3.1 and 4.3.2 (SMTP greetings)
- RFC 959, section 5.4 (FTP); RFC 1939, section 4 (POP3); RFC 9051, section 7.1 (IMAP)
- RFC 4253, section 4.2 (SSH)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar, Literal

from checks.facts.folding import Foldable, OfEndpoints
from checks.facts.mail import MAIL_PORT, doors_of, mail_of
from checks.facts.pages import ServiceUnavailable, folded_pages
from checks.facts.reach import connects
from checks.facts.speech import first_line, protocol_of, speech_of
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Endpoint,
    Finding,
    Outcome,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Banner, Failed, FailureKind
from netdiag.requests import ReadBanner

GREETINGS: dict[int, tuple[str, ...]] = {
    21: ("220",),
    22: ("SSH-2.0-", "SSH-1.99-"),
    25: ("220",),
    110: ("+OK",),
    143: ("* OK", "* PREAUTH"),
    587: ("220",),
}
REFUSALS: dict[int, tuple[str, ...]] = {
    21: ("120", "4", "5"),
    22: ("Exceeded MaxStartups", "Not allowed at this time"),
    25: ("4", "5"),
    110: ("-ERR",),
    143: ("* BYE",),
    587: ("4", "5"),
}
"""Beginnings, by well-known port."""

Said = Literal["greeting", "refusal", "something else"]


@finding_kind
class ServiceGreets(OfEndpoints):
    code: ClassVar[str] = "service-greets"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.SERVICE
    text: str

    @property
    def message(self) -> str:
        return f"the service on {self.subject} greets its visitors: {self.text}"


@finding_kind
class GreetingNotUnderstood(OfEndpoints):
    code: ClassVar[str] = "greeting-not-understood"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.WARNING
    text: str

    @property
    def message(self) -> str:
        return (
            f"whether {self.subject} offers its service cannot be told: it begins with "
            f"“{self.text}”, which is not how the protocol of this port begins"
        )


@finding_kind
class GreetingNotHeard(OfEndpoints):
    """`listed` where the port is that of a mail host and was not asked for itself."""

    code: ClassVar[str] = "greeting-not-heard"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.SERVICE
    why: str
    listed: bool

    @property
    def severity(self) -> Severity:
        return Severity.NOTICE if self.listed else Severity.WARNING

    @property
    def message(self) -> str:
        return f"no greeting was heard on {self.subject}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A port that connects, the well-known port of its protocol, and what it said."""

    endpoint: Endpoint
    protocol: int
    listed: bool
    connected: Observation
    said: Observation

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return (self.connected.id, self.said.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    heard: tuple[Heard, ...]
    missing: str


async def gather(net: Asker, brief: Brief) -> Facts:
    """Listen at the asked ports and at the mail hosts'."""
    known, mail = await asyncio.gather(connects(net, brief), mail_of(net, brief))
    doors = await doors_of(net, brief, mail)
    ports = {
        Endpoint(reach.address, port.number): port.seen
        for reach in known.reaches
        for port in reach.asked
        if port.connected and speech_of(brief, port.number) == "greeting"
    }
    listed = {
        door.endpoint: door.seen for door in doors if door.open and door.endpoint not in ports
    }
    everything = [*ports.items(), *listed.items()]
    asking = (net.ask(ReadBanner(address=e.address, port=e.port)) for e, _ in everything)
    said = await asyncio.gather(*asking)
    wanted = MAIL_PORT in brief.target.ports
    heard = tuple(
        Heard(
            endpoint=endpoint,
            protocol=protocol_of(brief, endpoint.port) if endpoint in ports else MAIL_PORT,
            listed=endpoint in listed and not wanted,
            connected=connected,
            said=one,
        )
        for (endpoint, connected), one in zip(everything, said, strict=True)
    )
    return Facts(
        heard=heard, missing="no port that connects belongs to a service that speaks first"
    )


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every port."""
    greets = any(isinstance(judge_port(one, hidden=False), ServiceGreets) for one in facts.heard)
    found = [judge_port(heard, hidden=greets) for heard in facts.heard]
    yield from folded_pages(found, (heard.endpoint for heard in facts.heard))
    if not facts.heard:
        yield Skipped(subject="greetings", missing=facts.missing)


def judge_port(heard: Heard, *, hidden: bool) -> Foldable:
    """The verdict on one port; `hidden` where another one greets."""
    endpoints, evidence = (heard.endpoint,), heard.evidence
    outcome = heard.said.outcome
    if isinstance(outcome, Banner) and (outcome.text or outcome.closed):
        text = first_line(outcome.text)
        said = _kind(heard.protocol, text) if outcome.text else "refusal"
        if said == "greeting":
            return ServiceGreets(endpoints=endpoints, evidence=evidence, text=text)
        if said == "something else":
            return GreetingNotUnderstood(endpoints=endpoints, evidence=evidence, text=text)
        words = f"it says “{text}”" if text else "it closes the connection without a greeting"
        return ServiceUnavailable(endpoints=endpoints, evidence=evidence, hidden=hidden, said=words)
    why = _why(outcome)
    return GreetingNotHeard(endpoints=endpoints, evidence=evidence, why=why, listed=heard.listed)


def _kind(protocol: int, text: str) -> Said:
    if text.startswith(GREETINGS.get(protocol, ())):
        return "greeting"
    if text.startswith(REFUSALS.get(protocol, ())):
        return "refusal"
    return "something else"


def _why(outcome: object) -> str:
    match outcome:
        case Banner() | Failed(kind=FailureKind.TIMEOUT):
            return "nothing came in time"
        case Failed(kind=kind) if kind.ours:
            return f"not asked to the end ({kind.value})"
        case Failed(kind=kind):
            return f"the connection ended with {kind.value}"
        case _:
            return "the second connection did not come about"


CHECK = Check(
    id="banner",
    title="What services that speak first say",
    area=Area.SERVICE,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ServiceGreets,
        ServiceUnavailable,
        GreetingNotUnderstood,
        GreetingNotHeard,
        Skipped,
    ),
    doc=__doc__ or "",
)
