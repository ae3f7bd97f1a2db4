"""The domain's registration is in force, and stays so.

## What it does
Asks the registry's public data service (RDAP) for the domain: where it is not delegated, and in a
full examination.

## Why is this bad?
A domain that has expired or is on hold is taken out of the registry's zone: site and mail vanish at
once, whatever the servers do. The cure is at the registrar alone.

## How it decides
The dates count against the time of the run.

| delegation | the registry says               | judgement             |
|------------|---------------------------------|-----------------------|
| none       | client hold                     | domain-on-hold        |
| none       | server hold                     | domain-on-hold        |
| none       | redemption period               | domain-expired        |
| none       | pending delete                  | domain-expired        |
| none       | its time has ended              | domain-expired        |
| none       | hold, and its time has ended    | domain-expired        |
| none       | registered, nothing of these    | registration-in-force |
| none       | it does not know the domain     | domain-not-registered |
| none       | nothing                         | registration-not-seen |
| there      | its time has ended              | domain-expired        |
| there      | its time ends within 30 days    | domain-expires-soon   |
| there      | registered, nothing of these    | registration-in-force |

A domain that is still delegated works, so that its end is a warning there. Many registries renew by
themselves on the last day, and let a registrar cancel that for some weeks.

## What to do
Expired: renew it at the registrar; within the redemption period that costs more. On hold: the
registrar says why (an unverified address, an unpaid bill, a dispute).

## References
- RFC 9083, section 4.5 (events), section 10.2.2 (status values)
- RFC 8056 (hold and redemption as RDAP says them); RFC 3915 (redemption period)
- RFC 9224 (which server to ask)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar

from checks.facts.iterate import shown
from checks.facts.registration import Registration, target_registration
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
from netdiag.network import Asker
from netdiag.outcomes import RdapReply

HOLDS = frozenset({"client hold", "server hold"})
WITHDRAWN = frozenset({"redemption period", "pending delete"})
SOON = 30
"""Days: what ICANN has registrars remind of the end, about a month before."""


@finding_kind
class RegistrationInForce(Finding):
    code: ClassVar[str] = "registration-in-force"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    registrar: str
    until: str

    @property
    def message(self) -> str:
        where = f" at {self.registrar}" if self.registrar else ""
        until = f" until {self.until}" if self.until else ""
        return f"{self.subject} is registered{where}{until}"


@finding_kind
class _Registration(Finding):
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.REGISTRAR
    delegated: bool = False

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.delegated else Severity.CRITICAL


@finding_kind
class DomainExpired(_Registration):
    code: ClassVar[str] = "domain-expired"
    registrar: str
    until: str
    states: tuple[str, ...]

    @property
    def message(self) -> str:
        ended = f"ended on {self.until}" if self.until else "has ended"
        states = f" ({', '.join(self.states)})" if self.states else ""
        effect = "it still works" if self.delegated else "its delegation is withdrawn"
        return (
            f"the registration of {self.subject} {ended}{states}, says its registry, and {effect}"
        )

    @property
    def for_agent(self) -> str:
        where = self.registrar or "its registrar"
        return (
            f"Have the holder renew the domain at {where}; after the redemption period it is free."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's registration has run out. Please renew it with your registrar as soon "
            "as possible: after some weeks anybody may register it."
        )


@finding_kind
class DomainOnHold(_Registration):
    code: ClassVar[str] = "domain-on-hold"
    registrar: str
    states: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.subject} is registered and on hold ({', '.join(self.states)}), says its "
            "registry, which therefore does not delegate it"
        )

    @property
    def for_agent(self) -> str:
        where = self.registrar or "its registrar"
        return (
            f"Ask {where} why: an unverified contact, an unpaid bill or a dispute; a server hold "
            "is the registry's own."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your domain has been put on hold, so it cannot be found. Your registrar knows why, "
            "often a contact address that was not confirmed or a bill, and can lift it."
        )


@finding_kind
class DomainNotRegistered(_Registration):
    code: ClassVar[str] = "domain-not-registered"

    @property
    def message(self) -> str:
        return f"{self.subject} is not registered: its registry's data service does not know it"

    @property
    def for_agent(self) -> str:
        return "Check the spelling with the customer; if it is right, the domain is lost or free."

    @property
    def for_customer(self) -> str:
        return "Nobody has registered this domain. Please check how it is written."


@finding_kind
class DomainExpiresSoon(_Registration):
    """`days` until the end."""

    code: ClassVar[str] = "domain-expires-soon"
    registrar: str
    until: str
    days: int

    @property
    def severity(self) -> Severity:
        return Severity.WARNING

    @property
    def message(self) -> str:
        return f"the registration of {self.subject} ends on {self.until}, in {self.days} days"

    @property
    def for_agent(self) -> str:
        return "Ask the holder whether the domain renews by itself; if not, have it renewed."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's registration ends soon. Please make sure at your registrar that it is "
            "renewed."
        )


@finding_kind
class RegistrationNotSeen(Finding):
    code: ClassVar[str] = "registration-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    why: str

    @property
    def message(self) -> str:
        return f"whether {self.subject} is registered, and until when, is not seen: {self.why}"


@dataclass(frozen=True, slots=True)
class Facts:
    """`found` is None where nobody needs to know the registration."""

    found: Registration | None
    now: datetime


async def gather(net: Asker, brief: Brief) -> Facts:
    """The registration of the target's domain."""
    return Facts(await target_registration(net, brief), brief.started)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on the registration."""
    found = facts.found
    if found is None:
        missing = "the domain is delegated, or has no registry that could be asked"
        yield Skipped(subject="registration", missing=missing)
    else:
        yield judge_registration(found, facts.now)


def judge_registration(found: Registration, now: datetime) -> Finding:
    """The verdict on what the registry says."""
    subject, evidence = shown(found.domain), found.evidence
    reply = found.reply
    if found.state == "unknown-to-registry":
        return DomainNotRegistered(subject=subject, evidence=evidence, delegated=found.delegated)
    if reply is None:
        return RegistrationNotSeen(subject=subject, evidence=evidence, why=found.why)
    end = expiry(reply)
    until = end.date().isoformat() if end else ""
    withdrawn = tuple(state for state in reply.states if state in WITHDRAWN)
    if withdrawn or (end and end <= now):
        return DomainExpired(
            subject=subject,
            evidence=evidence,
            delegated=found.delegated,
            registrar=reply.registrar,
            until=until,
            states=withdrawn,
        )
    holds = tuple(state for state in reply.states if state in HOLDS)
    if holds:
        return DomainOnHold(
            subject=subject,
            evidence=evidence,
            delegated=found.delegated,
            registrar=reply.registrar,
            states=holds,
        )
    days = (end - now).days if end else None
    if found.delegated and days is not None and days < SOON:
        return DomainExpiresSoon(
            subject=subject,
            evidence=evidence,
            delegated=True,
            registrar=reply.registrar,
            until=until,
            days=days,
        )
    return RegistrationInForce(
        subject=subject, evidence=evidence, registrar=reply.registrar, until=until
    )


def expiry(reply: RdapReply) -> datetime | None:
    """The end of the registration, where the registry tells one that can be read."""
    dates = (date for action, date in reply.events if action == "expiration")
    for text in dates:
        try:
            end = datetime.fromisoformat(text)
        except ValueError:
            continue
        return end if end.tzinfo else end.replace(tzinfo=UTC)
    return None


CHECK = Check(
    id="registration",
    title="The domain's registration is in force",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        RegistrationInForce,
        DomainExpired,
        DomainOnHold,
        DomainNotRegistered,
        DomainExpiresSoon,
        RegistrationNotSeen,
        Skipped,
    ),
    doc=__doc__ or "",
)
