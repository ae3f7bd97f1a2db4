"""A service that accepts connections also says something.

## What it does
On every asked port that connects, starts what the port is for: a TLS handshake, an HTTP request, or
reading the greeting of a service that speaks first.

## Why is this bad?
The operating system accepts connections for a program that hangs. Visitors then wait until they
give up, and monitors that only connect see nothing wrong.

## How it decides
| the port accepts, then                | control                  | judgement        |
|---------------------------------------|--------------------------|------------------|
| answers                               | not needed               | service-speaks   |
| fails in another way than by silence  | not needed               | service-speaks   |
| silence                               | the TCP handshake        | service-silent   |
| the next connection is lost           | not needed               | speech-not-heard |
| ICMP error or an end of this run's    | not needed               | speech-not-heard |
| nobody knows who speaks first there   | not needed               | speech-not-heard |

The handshake just before shows that the host and the way to it work. What a greeting or the first
bytes of a request fit in is one small packet, except for a TLS hello, which may need two: where
only TLS is silent, a path that loses large packets is not ruled out, and that is said.

A silence is a warning where another asked port or address of the target speaks, else critical.

## What to do
Look at the service: does the process run, is it out of workers, does it wait for something else?

## References
- RFC 9293, section 3.5 (the connection is the operating system's)
- RFC 8446, section 4.1.2; RFC 9112, section 9.5; RFC 5321, section 4.3.1
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from checks.facts.flows import Fate, fate_of
from checks.facts.folding import Foldable, OfEndpoints, folded, listed
from checks.facts.reach import Reaches, connects
from checks.facts.speech import Speech, speech_of
from netdiag.lazy import dataclass
from netdiag.model import (
    Area,
    Brief,
    Check,
    Endpoint,
    Finding,
    Outcome,
    Owner,
    Severity,
    Skipped,
    finding_kind,
)
from netdiag.network import Asker, Observation
from netdiag.outcomes import Banner, Failed, FailureKind, IcmpError
from netdiag.requests import HttpRequest, ReadBanner, Request, TlsHandshake

_TRIED: Mapping[Speech, str] = {
    "tls": "the start of a TLS handshake",
    "http": "an HTTP request",
    "greeting": "the wait for its greeting",
    "unknown": "a connection",
}


@finding_kind
class ServiceSpeaks(OfEndpoints):
    code: ClassVar[str] = "service-speaks"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return f"the service on {self.subject} answers"


@finding_kind
class ServiceSilent(OfEndpoints):
    """`tried` are the ways of speaking to it, `hidden` whether another port or address speaks."""

    code: ClassVar[str] = "service-silent"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.CONNECTIVITY
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "tried"})
    tried: tuple[Speech, ...]
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        tried = listed(_TRIED[speech] for speech in self.tried)
        rest = (
            "; that the path loses large packets is not ruled out, for nothing smaller was tried"
            if self.tried == ("tls",)
            else ""
        )
        return (
            f"the service on {self.subject} accepts connections and then says nothing to {tried}: "
            f"the handshake shows that the host and the way to it work{rest}"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have whoever runs the service look whether its process hangs, is out of workers, or "
            "waits for a database or another service. A restart often shows it."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your server accepts visitors but its service does not answer them: the program hangs "
            "or is overloaded. Please restart it, or ask whoever looks after it."
        )


@finding_kind
class SpeechNotHeard(OfEndpoints):
    code: ClassVar[str] = "speech-not-heard"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY
    why: str

    @property
    def message(self) -> str:
        return f"whether the service on {self.subject} answers cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A port that connects, and what came when it was spoken to."""

    endpoint: Endpoint
    speech: Speech
    connected: Observation
    answer: Observation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    known: Reaches
    heard: tuple[Heard, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """Speak to every asked port that connects."""
    known = await connects(net, brief)
    open_ports = [
        (Endpoint(reach.address, port.number), port.seen)
        for reach in known.reaches
        for port in reach.asked
        if port.connected
    ]
    heard = await asyncio.gather(*(_hear(net, brief, e, seen) for e, seen in open_ports))
    return Facts(known=known, heard=tuple(heard))


async def _hear(net: Asker, brief: Brief, endpoint: Endpoint, connected: Observation) -> Heard:
    speech = speech_of(brief, endpoint.port)
    request = _request(brief, endpoint, speech)
    answer = await net.ask(request) if request else None
    return Heard(endpoint=endpoint, speech=speech, connected=connected, answer=answer)


def _request(brief: Brief, endpoint: Endpoint, speech: Speech) -> Request | None:
    address, port = endpoint.address, endpoint.port
    match speech:
        case "tls":
            name = None if brief.target.address else brief.target.host
            return TlsHandshake(address=address, port=port, server_name=name)
        case "http":
            host, path = brief.target.host, brief.target.path
            return HttpRequest(address=address, port=port, tls=False, host=host, path=path)
        case "greeting":
            return ReadBanner(address=address, port=port)
        case "unknown":
            return None


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every port that connects."""
    if not facts.heard:
        missing = facts.known.missing or "no asked port accepts connections"
        yield Skipped(subject="service", missing=missing)
        return
    speaks = any(_said(heard) == "something" for heard in facts.heard)
    yield from folded(judge_port(heard, hidden=speaks) for heard in facts.heard)


def judge_port(heard: Heard, *, hidden: bool) -> Foldable:
    """The verdict on one port; `hidden` where another one speaks."""
    endpoints = (heard.endpoint,)
    if heard.answer is None:
        why = "which protocol is spoken there is not known"
        evidence = (heard.connected.id,)
        return SpeechNotHeard(endpoints=endpoints, evidence=evidence, why=why)
    both = (heard.connected.id, heard.answer.id)
    match _said(heard):
        case "something":
            return ServiceSpeaks(endpoints=endpoints, evidence=both)
        case "nothing":
            return ServiceSilent(
                endpoints=endpoints, evidence=both, tried=(heard.speech,), hidden=hidden
            )
        case "unheard":
            why = "the second connection did not get that far"
            return SpeechNotHeard(endpoints=endpoints, evidence=both, why=why)


def _said(heard: Heard) -> Literal["something", "nothing", "unheard"]:
    if heard.answer and fate_of(heard.answer) is Fate.LOST:
        return "unheard"
    outcome = heard.answer.outcome if heard.answer else None
    match outcome:
        case Banner(text="", closed=False) | Failed(kind=FailureKind.TIMEOUT):
            return "nothing"
        case None | IcmpError():
            return "unheard"
        case Failed(kind=kind) if kind.ours or kind in _NOT_SPEECH:
            return "unheard"
        case _:
            return "something"


_NOT_SPEECH = frozenset(
    {
        FailureKind.NETWORK_UNREACHABLE,
        FailureKind.HOST_UNREACHABLE,
        FailureKind.REFUSED,
        FailureKind.OTHER,
    }
)
"""Failures of the second connection itself."""


CHECK = Check(
    id="service-silent",
    title="The service accepts connections and says nothing",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(ServiceSpeaks, ServiceSilent, SpeechNotHeard, Skipped),
    doc=__doc__ or "",
)
