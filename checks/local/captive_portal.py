"""Nobody answers in everybody's place until one has logged in to this network.

## What it does
Nothing of its own where the target shows a certificate that is trusted, or nothing about it is odd.
Otherwise it asks addresses elsewhere, unrelated to the target, for a page over plain HTTP and for
their certificate, looks up two names whose addresses are known (those of root servers), and asks
the configured `portal_probe`.

## Why is this bad?
Networks of hotels, trains and guests answer every connection themselves until one has agreed to
their terms in a browser. Until then every site seems broken, each in another way.

## How it decides
A *sign* needs two addresses that have nothing to do with one another, or the probe whose right
answer is known, or a status that is a portal's alone.

| what is answered                              | a trusted certificate | judgement         |
|-----------------------------------------------|-----------------------|-------------------|
| nothing else asked                            | the target's          | no-captive-portal |
| the target and others send on to one host     | none                  | captive-portal    |
| the target and others send on to one host     | one elsewhere         | no-captive-portal |
| others send on to one host                    | none                  | captive-portal    |
| others give one and the same page             | none                  | captive-portal    |
| one says that a log-in is needed (511)        | none                  | captive-portal    |
| the probe sends on to another host            | none                  | captive-portal    |
| the probe answers a page instead of 204       | none                  | captive-portal    |
| the probe answers 204                         | none                  | no-captive-portal |
| the probe answers 503                         | none                  | portal-not-seen   |
| unrelated names have one address, a wrong one | none                  | captive-portal    |
| the target alone sends on to another host     | none                  | no-captive-portal |
| others each in their own way                  | none                  | no-captive-portal |
| others nothing, the target its page           | none                  | no-captive-portal |
| others nothing, the target nothing            | none                  | portal-not-seen   |

A portal answers web requests: where the target's page comes in its own way, there is none. It
cannot show a certificate that is trusted and of the right name, so one such handshake rules it out;
sites that redirect alike (two addresses of one operator) are told apart by it.
What a network announces by DHCP or router advertisements (RFC 8910) is not visible from here.

## What to do
Open any page in a browser, one without https, and log in where the network asks for it.

## References
- RFC 8952 (captive portal architecture); RFC 8910
- RFC 6585, section 6 (511 Network Authentication Required)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import ClassVar

from checks.facts.addresses import in_order
from checks.facts.folding import listed
from checks.facts.strangers import Company, asks_for_login, company, sent_to
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
from netdiag.outcomes import HttpReply, SystemAddresses
from netdiag.requests import HttpRequest, SystemLookup
from netdiag.target import BadTargetError, parse

SUBJECT = "this network"
MOST_LOOKED_UP = 2


@finding_kind
class NoCaptivePortal(Finding):
    code: ClassVar[str] = "no-captive-portal"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "no log-in page of this network answers in the place of others"


@finding_kind
class CaptivePortal(Finding):
    """`sign` completes "this network answers itself until one logs in: …"; `page` is where it
    sends visitors, empty where that was not seen."""

    code: ClassVar[str] = "captive-portal"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_NETWORK
    sign: str
    page: str

    @property
    def message(self) -> str:
        return (
            f"this network answers in everybody's place until one has logged in to it: {self.sign},"
            " and nobody shows a certificate that is trusted; nothing is known of the target yet"
        )

    @property
    def for_agent(self) -> str:
        at = f" ({self.page})" if self.page else ""
        return (
            f"Have the customer log in to the network's own page{at} with a browser, then look "
            "again: nothing that this run says of the target is the target's word."
        )

    @property
    def for_customer(self) -> str:
        at = f" (it is at {self.page})" if self.page else ""
        return (
            f"The network you are in wants you to log in first{at}. Please open a page without "
            "“https” in your browser, agree or log in there, and try again."
        )


@finding_kind
class PortalNotSeen(Finding):
    code: ClassVar[str] = "portal-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return (
            "whether this network wants a log-in first cannot be told: nobody else answered "
            "anything that shows it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A name whose addresses are known, and what this machine is told of it."""

    name: str
    known: frozenset[str]
    seen: Observation

    @property
    def wrong(self) -> frozenset[str]:
        """The addresses told, where none of them is one of the known ones."""
        outcome = self.seen.outcome
        told = frozenset(outcome.addresses) if isinstance(outcome, SystemAddresses) else frozenset()
        return frozenset() if told & self.known else told


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`probe` is the answer to the configured probe, whose right status is `right`."""

    company: Company
    named: tuple[Named, ...] = ()
    probe: Observation | None = None
    right: int = 0


async def gather(net: Asker, brief: Brief) -> Facts:
    """The target's services and others', where something calls for it."""
    known = await company(net, brief)
    if known.trusted or not known.looked:
        return Facts(company=known)
    named, probe = await asyncio.gather(_named(net, brief), _probe(net, brief))
    right = brief.portal_probe.status if brief.portal_probe else 0
    return Facts(company=known, named=named, probe=probe, right=right)


async def _named(net: Asker, brief: Brief) -> tuple[Named, ...]:
    names = list(dict.fromkeys(server.name for server in brief.root_servers))[:MOST_LOOKED_UP]
    seen = await asyncio.gather(*(net.ask(SystemLookup(name=n.rstrip("."))) for n in names))
    return tuple(
        Named(
            name=name,
            known=frozenset(s.address for s in brief.root_servers if s.name == name),
            seen=one,
        )
        for name, one in zip(names, seen, strict=True)
    )


async def _probe(net: Asker, brief: Brief) -> Observation | None:
    """The probe, at the first address that this machine finds for it."""
    try:
        url = parse(brief.portal_probe.url) if brief.portal_probe else None
    except BadTargetError:
        return None
    if url is None or url.scheme != "http":
        return None
    addresses = (url.address,) if url.address else await _look_up(net, brief, url.host)
    if not addresses:
        return None
    return await net.ask(
        HttpRequest(
            address=addresses[0], port=url.ports[0], tls=False, host=url.host, path=url.path
        )
    )


async def _look_up(net: Asker, brief: Brief, host: str) -> tuple[str, ...]:
    seen = await net.ask(SystemLookup(name=host))
    found = seen.outcome.addresses if isinstance(seen.outcome, SystemAddresses) else ()
    return in_order(found, brief)


@dataclass(frozen=True, slots=True)
class Sign:
    words: str
    page: str
    evidence: tuple[ObservationId, ...]


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on this network."""
    trusted = facts.company.trusted
    if trusted:
        yield NoCaptivePortal(subject=SUBJECT, evidence=(trusted.id,))
    elif not facts.company.looked:
        yield Skipped(subject="captive portal", missing="nothing about the target calls for it")
    else:
        yield judge_network(facts)


def judge_network(facts: Facts) -> Finding:
    """The verdict where nobody showed a certificate that is trusted."""
    sessions = tuple(one.session.id for one in facts.company.strangers)
    for sign in _signs(facts):
        evidence = tuple(dict.fromkeys((*sign.evidence, *sessions)))
        return CaptivePortal(subject=SUBJECT, evidence=evidence, sign=sign.words, page=sign.page)
    answers = [*_first_pages(facts), *(one.page for one in facts.company.strangers)]
    answers = [seen for seen in answers if isinstance(seen.outcome, HttpReply)]
    if facts.probe and _status(facts.probe) == facts.right:
        answers.append(facts.probe)
    looked = [one.seen for one in facts.named if isinstance(one.seen.outcome, SystemAddresses)]
    evidence = tuple(seen.id for seen in (*answers, *looked))
    if answers:
        return NoCaptivePortal(subject=SUBJECT, evidence=evidence)
    asked = tuple(one.page.id for one in facts.company.strangers)
    return PortalNotSeen(subject=SUBJECT, evidence=(*asked, *sessions, *evidence))


def _signs(facts: Facts) -> Iterator[Sign]:
    """What shows a portal, the surest first."""
    pages = [*_first_pages(facts), *(one.page for one in facts.company.strangers)]
    pages += [facts.probe] if facts.probe else []
    yield from _wants_login(pages)
    yield from _probe_is_answered_for(facts)
    yield from _all_sent_to_one(pages)
    yield from _all_one_page([one.page for one in facts.company.strangers])
    yield from _all_names_alike(facts.named)


def _first_pages(facts: Facts) -> list[Observation]:
    """What the target's web ports answer before any redirect is followed."""
    return [visit.steps[0].seen for visit in facts.company.visits.all]


def _wants_login(pages: list[Observation]) -> Iterator[Sign]:
    for seen in pages:
        if asks_for_login(seen):
            words = f"{_host(seen)} answers that a log-in is needed (511)"
            yield Sign(words, sent_to(seen), (seen.id,))


def _probe_is_answered_for(facts: Facts) -> Iterator[Sign]:
    seen = facts.probe
    status = _status(seen) if seen else None
    if seen is None or status is None or status == facts.right:
        return
    towards = sent_to(seen)
    if towards or 200 <= status < 300:
        how = f"sends on to {towards}" if towards else f"answers {status}"
        yield Sign(f"{_host(seen)} {how} instead of answering {facts.right}", towards, (seen.id,))


def _all_sent_to_one(pages: list[Observation]) -> Iterator[Sign]:
    groups: dict[str, list[Observation]] = {}
    for seen in pages:
        if towards := sent_to(seen):
            groups.setdefault(towards, []).append(seen)
    for towards, members in groups.items():
        hosts = tuple(dict.fromkeys(_host(seen) for seen in members))
        if len(hosts) > 1:
            evidence = tuple(seen.id for seen in members)
            yield Sign(f"{listed(hosts)} all send on to {towards}", towards, evidence)


def _all_one_page(pages: list[Observation]) -> Iterator[Sign]:
    groups: dict[str, list[Observation]] = {}
    for seen in pages:
        reply = seen.outcome
        if isinstance(reply, HttpReply) and 200 <= reply.status < 300 and reply.body_start:
            groups.setdefault(reply.body_start, []).append(seen)
    for members in groups.values():
        if len(members) > 1:
            hosts = listed(_host(seen) for seen in members)
            evidence = tuple(seen.id for seen in members)
            yield Sign(f"{hosts} give one and the same page", "", evidence)


def _all_names_alike(named: tuple[Named, ...]) -> Iterator[Sign]:
    first, *others = (one.wrong for one in named) if named else (frozenset[str](),)
    shared = first.intersection(*others)
    if others and shared:
        names = listed(one.name.rstrip(".") for one in named)
        evidence = tuple(one.seen.id for one in named)
        yield Sign(f"{names} both seem to be at {min(shared)}, which is neither's", "", evidence)


def _status(seen: Observation) -> int | None:
    return seen.outcome.status if isinstance(seen.outcome, HttpReply) else None


def _host(seen: Observation) -> str:
    request = seen.request
    return request.host if isinstance(request, HttpRequest) else ""


CHECK = Check(
    id="captive-portal",
    title="This network wants a log-in first",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NoCaptivePortal, CaptivePortal, PortalNotSeen, Skipped),
    doc=__doc__ or "",
)
