"""Port 25 of the target's mail hosts, told apart from a network that blocks port 25 to everybody.

## What it does
Connects to port 25 of every mail host of the target. Where one does not answer, it asks the
configured mail anchors (unrelated mail hosts) on port 25, and other ports of all of them.

## Why is this bad?
Mail servers speak to each other on port 25 alone. Many access networks block it for their
customers, which from here looks like a dead mail server.

## How it decides
For each address of each mail host.

| port 25 of the mail host  | control                                | judgement             |
|---------------------------|----------------------------------------|-----------------------|
| connects                  | not needed                             | mail-host-reachable   |
| does not connect          | an unrelated mail host connects        | mail-host-unreachable |
| does not connect          | another host of the target connects    | mail-host-unreachable |
| as above, a given address | an unrelated mail host connects        | mail-port-free        |
| does not connect          | nor do the anchors, another port works | smtp-port-blocked     |
| does not connect          | nor do the anchors, nothing works      | mail-host-not-judged  |
| does not connect          | only the other address family connects | mail-host-not-judged  |
| does not connect          | no anchor is configured                | mail-host-not-judged  |
| this run's own failure    | not needed                             | mail-host-not-judged  |

Blocked mail is critical where a mail port was asked for and else a notice, since a user's mail
program sends through port 587 or 465. A mail host that is not reached is a warning where another
one is or no mail port was asked for, else critical. Port 25 of an address given as such is judged
with the other ports; here only whether port 25 is blocked from here.

## What to do
Blocked: ask the access provider to open port 25, or look from another network. Not reached: look at
the mail server and its firewall.

## References
- RFC 5321, section 4.5.4.2; RFC 8314, section 3 (which port is for whom)
- M3AAWG, Managing Port 25 for Residential or Dynamic IP Space
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import Foldable, OfEndpoints, folded, listed
from checks.facts.iterate import version
from checks.facts.mail import MAIL_PORT, Door, Mail, doors_of, mail_of
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
from netdiag.outcomes import Connected, Failed, Reset
from netdiag.requests import TcpConnect

OTHER_PORTS = (587, 443)
"""Ports that mail hosts usually offer besides, and that nobody blocks on the way."""

MOST_ANCHORS = 4


@finding_kind
class MailHostReachable(OfEndpoints):
    code: ClassVar[str] = "mail-host-reachable"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY
    host: str

    @property
    def message(self) -> str:
        return f"the mail host {self.host} accepts connections on {self.subject}"


@finding_kind
class MailPortFree(OfEndpoints):
    """Nothing blocks port 25 from here, whatever is the matter with this address."""

    code: ClassVar[str] = "mail-port-free"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.CONNECTIVITY

    @property
    def message(self) -> str:
        return (
            f"port 25 is not blocked from here: {self.subject} does not accept connections, an "
            "unrelated mail host does"
        )


@finding_kind
class SmtpPortBlocked(OfEndpoints):
    """`anchors` are unrelated and closed on 25 too; `working` are other ports that answer."""

    code: ClassVar[str] = "smtp-port-blocked"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.CONNECTIVITY
    usual_owner: ClassVar[Owner] = Owner.ACCESS_ISP
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "anchors", "working"})
    anchors: tuple[str, ...]
    working: tuple[int, ...]
    wanted: bool

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.wanted else Severity.NOTICE

    @property
    def message(self) -> str:
        return (
            f"port 25 is blocked from here: neither {self.subject} nor the unrelated mail host "
            f"{listed(self.anchors)} accepts connections on it, while among these hosts port "
            f"{listed(str(port) for port in self.working)} answers, so neither they nor the way to "
            "them is down"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Look at the mail host from another network before blaming it. To send from here use "
            "port 587 or 465; only this network's provider can open 25 (after this network's own "
            "firewall has been ruled out)."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your internet provider, or a firewall at your place, blocks the port that mail "
            "servers use among themselves. Set your mail program to port 587 or 465, or ask your "
            "provider to open port 25 if you run a mail server."
        )


@finding_kind
class MailHostUnreachable(OfEndpoints):
    """`control` connects on port 25, `alive` is what else of the host answers, if anything.

    `hidden` where the target has another mail host that is reached.
    """

    code: ClassVar[str] = "mail-host-unreachable"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.CONNECTIVITY
    usual_owner: ClassVar[Owner] = Owner.HOST
    pooled: ClassVar[frozenset[str]] = frozenset({"endpoints", "alive"})
    host: str
    how: str
    control: str
    alive: tuple[int, ...]
    hidden: bool
    wanted: bool

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.wanted and not self.hidden else Severity.WARNING

    @property
    def message(self) -> str:
        ports = listed(str(port) for port in self.alive)
        rest = (
            f"it answers on port {ports}, so the host is up"
            if self.alive
            else "nothing else of it was heard, so the host or the way to it may be down"
        )
        return (
            f"the mail host {self.host} does not accept mail on {self.subject} ({self.how}), while "
            f"{self.control} accepts connections on port 25 from here; {rest}"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Look at {self.host} itself (netdiag check on it shows the way): whether its mail "
            "server runs and its firewall lets port 25 in."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your mail server does not accept mail from other servers at the moment. Please have "
            "the server and its firewall looked at."
        )


@finding_kind
class MailHostNotJudged(OfEndpoints):
    """`hidden` where the target has another mail host that is reached."""

    code: ClassVar[str] = "mail-host-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.CONNECTIVITY
    host: str
    why: str
    hidden: bool
    wanted: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.wanted and not self.hidden else Severity.NOTICE

    @property
    def message(self) -> str:
        return (
            f"the mail host {self.host} was not reached on {self.subject}, and whether that is its "
            f"own fault cannot be told: {self.why}"
        )

    @property
    def for_agent(self) -> str:
        return "Name mail hosts of others as mail_anchors in the configuration, or look elsewhere."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`anchors` are the unrelated mail hosts on port 25; `others` other ports of all of them."""

    mail: Mail
    given: bool
    doors: tuple[Door, ...]
    anchors: tuple[Door, ...] = ()
    others: tuple[Observation, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """Try port 25 of the mail hosts; where one does not open, the controls."""
    mail = await mail_of(net, brief)
    doors = await doors_of(net, brief, mail)
    given = brief.target.address is not None
    closed = [door.endpoint.address for door in doors if not door.open]
    if not closed:
        return Facts(mail=mail, given=given, doors=doors)
    own = {address for host in mail.hosts for address in host.addresses}
    unrelated = [a for a in brief.mail_anchors if a.port == MAIL_PORT and a.address not in own]
    chosen = unrelated[:MOST_ANCHORS]
    asked = (TcpConnect(address=a.address, port=a.port) for a in chosen)
    addresses = dict.fromkeys((*closed, *(anchor.address for anchor in chosen)))
    beside = (TcpConnect(address=a, port=port) for a in addresses for port in OTHER_PORTS)
    seen = await asyncio.gather(*(net.ask(request) for request in (*asked, *beside)))
    return Facts(
        mail=mail,
        given=given,
        doors=doors,
        anchors=tuple(
            Door(host=anchor.address, endpoint=anchor, seen=one)
            for anchor, one in zip(chosen, seen, strict=False)
        ),
        others=tuple(seen[len(chosen) :]),
    )


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every address of every mail host."""
    yield from folded(judge_door(facts, door) for door in facts.doors)
    if not facts.doors:
        yield Skipped(subject="mail port", missing=_missing(facts.mail))


def _missing(mail: Mail) -> str:
    match mail.route:
        case "listed":
            return "no mail host has an address that this machine has a route to"
        case "not-seen":
            return "where mail for the target goes is not known"
        case _:
            return "the target lists no mail host and port 25 was not asked for"


def judge_door(facts: Facts, door: Door) -> Foldable:
    """The verdict on one address."""
    if door.open:
        return MailHostReachable(
            endpoints=(door.endpoint,), evidence=(door.seen.id,), host=door.host
        )
    outcome = door.seen.outcome
    if isinstance(outcome, Failed) and outcome.kind.ours:
        return _not_judged(facts, door, f"not asked to the end ({outcome.kind.value})")
    tried = (*facts.doors, *facts.anchors)
    open_ones = [other for other in tried if other.open]
    control = next((o for o in open_ones if _same_family(o, door)), None)
    if control:
        return _unreachable(facts, door, control)
    if open_ones:
        return _not_judged(facts, door, "only a mail host of the other address family answers")
    silent = [anchor for anchor in facts.anchors if not _ours(anchor.seen)]
    working = [seen for seen in facts.others if _answers(seen)]
    if not facts.anchors:
        why = "no unrelated mail host is configured to compare with (mail_anchors)"
        return _not_judged(facts, door, why)
    if not silent or not working:
        return _not_judged(facts, door, "nothing else that was asked answers either")
    return SmtpPortBlocked(
        endpoints=(door.endpoint,),
        evidence=(door.seen.id, *(a.seen.id for a in silent), *(seen.id for seen in working)),
        anchors=tuple(anchor.host for anchor in silent),
        working=tuple(dict.fromkeys(_port(seen) for seen in working)),
        wanted=facts.mail.wanted,
    )


def _unreachable(facts: Facts, door: Door, control: Door) -> Foldable:
    endpoints = (door.endpoint,)
    if facts.given:
        return MailPortFree(endpoints=endpoints, evidence=(door.seen.id, control.seen.id))
    alive = [
        seen
        for seen in facts.others
        if seen.request.destination == door.endpoint.address and _answers(seen)
    ]
    reset = isinstance(door.seen.outcome, Reset)
    return MailHostUnreachable(
        endpoints=endpoints,
        evidence=(door.seen.id, control.seen.id, *(seen.id for seen in alive)),
        host=door.host,
        how="it resets connections" if reset else "no connection comes about",
        control=control.host,
        alive=tuple(_port(seen) for seen in alive),
        hidden=any(other.open for other in facts.doors),
        wanted=facts.mail.wanted,
    )


def _not_judged(facts: Facts, door: Door, why: str) -> MailHostNotJudged:
    controls: tuple[ObservationId, ...] = tuple(anchor.seen.id for anchor in facts.anchors)
    return MailHostNotJudged(
        endpoints=(door.endpoint,),
        evidence=(door.seen.id, *controls),
        host=door.host,
        why=why,
        hidden=any(other.open for other in facts.doors),
        wanted=facts.mail.wanted,
    )


def _same_family(one: Door, other: Door) -> bool:
    return version(one.endpoint.address) == version(other.endpoint.address)


def _answers(seen: Observation) -> bool:
    """The host itself was heard: a reset counts, since somebody sent it."""
    return isinstance(seen.outcome, Connected | Reset)


def _ours(seen: Observation) -> bool:
    return isinstance(seen.outcome, Failed) and seen.outcome.kind.ours


def _port(seen: Observation) -> int:
    return seen.request.port if isinstance(seen.request, TcpConnect) else 0


CHECK = Check(
    id="mail-port",
    title="Port 25 of the mail hosts",
    area=Area.CONNECTIVITY,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        MailHostReachable,
        MailPortFree,
        SmtpPortBlocked,
        MailHostUnreachable,
        MailHostNotJudged,
        Skipped,
    ),
    doc=__doc__ or "",
)
