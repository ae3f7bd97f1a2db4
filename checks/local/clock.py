"""This machine's clock tells the time that others tell.

## What it does
Reads the time that the target's web service writes into its answers. Where that is another than
this machine's, or the target shows none and something about it is odd, it asks web servers
elsewhere that have nothing to do with the target.

## Why is this bad?
With a wrong clock every certificate looks run out or not yet valid, so no secure page opens, and
log-ins that depend on the time fail, whatever state the servers are in.

## How it decides
Clocks agree that differ by five minutes at most.

| the target's clock | clocks elsewhere     | judgement          |
|--------------------|----------------------|--------------------|
| agrees with ours   | not asked            | clock-agrees       |
| is another         | agree with it        | clock-skew         |
| is another         | agree with ours      | server-clock-wrong |
| is another         | agree with neither   | clock-not-told     |
| is another         | some with it, some with ours | clock-not-told |
| is another         | none answers         | clock-not-told     |
| shows none         | agree with ours      | clock-agrees       |
| shows none         | two, alike, another  | clock-skew         |
| shows none         | one, another         | clock-not-told     |
| shows none         | none answers         | not-checked        |

Servers that send all visitors on to one host are one: somebody answers in their place, with one
clock. The age of an answer that a cache gives counts as passed.

## What to do
Let this machine set its clock by the network (NTP), and look at its time zone: a clock set by hand
to local time in a wrong zone is off by whole hours.

## References
- RFC 9110, section 6.6.1 (Date); RFC 9111, section 5.1 (Age)
- RFC 5905 (NTP)
- RFC 5280, section 4.1.2.5 (validity of certificates)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from checks.facts.clocks import Clock, clock_of, spelled
from checks.facts.folding import listed
from checks.facts.strangers import Company, company, sent_to
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

GRAVE = timedelta(days=1)
"""From here on certificates that were renewed in time look invalid."""

SUBJECT = "this machine's clock"


@finding_kind
class ClockAgrees(Finding):
    code: ClassVar[str] = "clock-agrees"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    whose: str

    @property
    def message(self) -> str:
        return f"this machine's clock and that of {self.whose} agree"


@finding_kind
class ClockSkew(Finding):
    """`ahead` is by how much, negative where this machine's clock is behind."""

    code: ClassVar[str] = "clock-skew"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_DEVICE
    ahead: timedelta
    others: tuple[str, ...]

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if abs(self.ahead) >= GRAVE else Severity.WARNING

    @property
    def message(self) -> str:
        return (
            f"this machine's clock is {spelled(self.ahead)}: {listed(self.others)}, which have "
            "nothing to do with one another, agree on the other time, so it is not theirs that is "
            "wrong"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have this machine's clock set (timedatectl set-ntp true; on Windows w32tm /resync), "
            "then look again: what was said of dates before is worth nothing."
        )

    @property
    def for_customer(self) -> str:
        return (
            f"Your computer's clock is {spelled(self.ahead)}. Please switch on “set time "
            "automatically” in its settings: until then secure pages may be refused."
        )


@finding_kind
class ServerClockWrong(Finding):
    code: ClassVar[str] = "server-clock-wrong"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.SERVICE
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    usual_owner: ClassVar[Owner] = Owner.SERVICE
    ahead: timedelta
    others: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"the clock of {self.subject} is {spelled(-self.ahead)}: this machine's and that of "
            f"{listed(self.others)} agree on another time{self._or_a_cache}"
        )

    @property
    def _or_a_cache(self) -> str:
        late = self.ahead > timedelta()
        return ", unless a cache gave an old answer and did not say so" if late else ""

    @property
    def for_agent(self) -> str:
        return (
            "Have the server's clock set by the network (NTP): log-ins, mail and automatic "
            "renewals of certificates depend on it."
        )

    @property
    def for_customer(self) -> str:
        return "The clock of your server is wrong. Please have it set automatically (NTP)."


@finding_kind
class ClockNotTold(Finding):
    """`ahead` is by how much this machine's clock is ahead of that of `whose`."""

    code: ClassVar[str] = "clock-not-told"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.WARNING
    whose: str
    ahead: timedelta
    why: str

    @property
    def message(self) -> str:
        return (
            f"whose clock is wrong cannot be told: this machine's is {spelled(self.ahead)} as "
            f"{self.whose} has it, and {self.why}"
        )

    @property
    def for_agent(self) -> str:
        return "Compare this machine's clock with another one before believing what dates tell."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    company: Company
    host: str
    started: datetime


async def gather(net: Asker, brief: Brief) -> Facts:
    """The target's pages, and those of others where they are asked."""
    return Facts(company=await company(net, brief), host=brief.target.host, started=brief.started)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on the clock."""
    own, others = _clocks(facts)
    if own is None and not others:
        yield Skipped(subject=SUBJECT, missing="no web server was seen that tells the time")
    else:
        yield judge_clock(own, others)


def _clocks(facts: Facts) -> tuple[Clock | None, list[Clock]]:
    """The target's clock, and one of each that has nothing to do with it."""
    visited = [step for visit in facts.company.visits.all for step in visit.steps]
    seen = [(sent_to(step.seen) or step.url.host, step.seen) for step in visited]
    seen += [(sent_to(one.page) or one.address, one.page) for one in facts.company.strangers]
    clocks: dict[str, Clock] = {}
    for whose, observation in seen:
        clock = clock_of(whose, observation, facts.started)
        if clock:
            clocks.setdefault(whose, clock)
    return clocks.pop(facts.host, None), list(clocks.values())


def judge_clock(own: Clock | None, others: list[Clock]) -> Finding:
    """The verdict by the target's clock and those elsewhere, at least one of which there is."""
    first = own or others[0]
    rest = others if own else others[1:]
    agreeing = next((clock for clock in (first, *rest) if clock.agrees), None)
    alike = [clock for clock in rest if clock.like(first)]
    evidence = _evidence([first, *rest])
    if first.agrees or (own is None and agreeing and not alike):
        whose = (agreeing or first).whose
        return ClockAgrees(subject=SUBJECT, evidence=_evidence([agreeing or first]), whose=whose)
    if alike and not agreeing:
        return ClockSkew(
            subject=SUBJECT,
            evidence=_evidence([first, *alike]),
            ahead=first.ahead,
            others=(first.whose, *(clock.whose for clock in alike)),
        )
    if own and agreeing and not alike:
        fellows = [clock for clock in rest if clock.agrees]
        return ServerClockWrong(
            subject=own.whose,
            evidence=_evidence([own, *fellows]),
            ahead=own.ahead,
            others=tuple(clock.whose for clock in fellows),
        )
    why = "other servers do not agree either" if rest else "no other server could be asked"
    return ClockNotTold(
        subject=SUBJECT, evidence=evidence, whose=first.whose, ahead=first.ahead, why=why
    )


def _evidence(clocks: Iterable[Clock]) -> tuple[ObservationId, ...]:
    return tuple(dict.fromkeys(clock.seen.id for clock in clocks))


CHECK = Check(
    id="clock",
    title="This machine's clock is right",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(ClockAgrees, ClockSkew, ServerClockWrong, ClockNotTold, Skipped),
    doc=__doc__ or "",
)
