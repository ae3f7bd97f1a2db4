"""The times in the SOA record keep secondary servers and caches working.

## What it does
Looks at refresh, retry, expire and minimum of the newest SOA record of the zone's servers.

## Why is this bad?
Secondary servers look for changes after *refresh*, again after *retry*, and give the zone up after
*expire*. Resolvers keep a denial for *minimum*. A short *expire* takes the zone away when the
primary is down over a weekend; a long *minimum* hides a new name for that long.

## How it decides
One verdict on each rule (seconds); here the tag of Zonemaster for a rule that is not kept.

| rule                       | not kept                             | judgement         |
|----------------------------|--------------------------------------|-------------------|
| refresh at least 14400     | REFRESH_MINIMUM_VALUE_LOWER          | soa-timer-unusual |
| retry shorter than refresh | REFRESH_LOWER_THAN_RETRY             | soa-timer-unusual |
| retry at least 3600        | RETRY_MINIMUM_VALUE_LOWER            | soa-timer-unusual |
| expire at least 604800     | EXPIRE_MINIMUM_VALUE_LOWER           | soa-timer-unusual |
| expire at least refresh    | EXPIRE_LOWER_THAN_REFRESH            | soa-timer-unusual |
| minimum at most 86400      | SOA_DEFAULT_TTL_MAXIMUM_VALUE_HIGHER | soa-timer-unusual |
| minimum at least 300       | SOA_DEFAULT_TTL_MAXIMUM_VALUE_LOWER  | soa-timer-unusual |

A rule that is kept belongs to `soa-timers-fine`, one that is not to `soa-timer-unusual`. Only a
zone that expires before it is refreshed loses answers; the others are notices, for operators that
notify their servers choose short times on purpose.

## What to do
Change the times in the zone's SOA record to the usual ones.

## References
- RFC 1912, section 2.2 (times in the SOA record)
- RFC 2308, section 5 (how long denials are kept)
- Zonemaster Zone02 to Zone06 (its default limits)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from checks.facts.iterate import shown
from checks.facts.soa import Soa, given, newest
from checks.facts.zone import Zone, target_zone
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

REFRESH, RETRY, EXPIRE = 14_400, 3_600, 604_800
SHORTEST_DENIAL, LONGEST_DENIAL = 300, 86_400


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, whether a record keeps it, what Zonemaster says then and otherwise."""

    words: str
    keeps: Callable[[Soa], bool]
    kept: str
    broken: str


RULES = (
    Rule(
        f"refresh at least {REFRESH}",
        lambda soa: soa.refresh >= REFRESH,
        "REFRESH_MINIMUM_VALUE_OK",
        "REFRESH_MINIMUM_VALUE_LOWER",
    ),
    Rule(
        "retry shorter than refresh",
        lambda soa: soa.retry < soa.refresh,
        "REFRESH_HIGHER_THAN_RETRY",
        "REFRESH_LOWER_THAN_RETRY",
    ),
    Rule(
        f"retry at least {RETRY}",
        lambda soa: soa.retry >= RETRY,
        "RETRY_MINIMUM_VALUE_OK",
        "RETRY_MINIMUM_VALUE_LOWER",
    ),
    Rule(
        f"expire at least {EXPIRE}",
        lambda soa: soa.expire >= EXPIRE,
        "EXPIRE_MINIMUM_VALUE_OK",
        "EXPIRE_MINIMUM_VALUE_LOWER",
    ),
    Rule(
        "expire at least refresh",
        lambda soa: soa.expire >= soa.refresh,
        "EXPIRE_MINIMUM_VALUE_OK",
        "EXPIRE_LOWER_THAN_REFRESH",
    ),
    Rule(
        f"minimum at most {LONGEST_DENIAL}",
        lambda soa: soa.minimum <= LONGEST_DENIAL,
        "SOA_DEFAULT_TTL_MAXIMUM_VALUE_OK",
        "SOA_DEFAULT_TTL_MAXIMUM_VALUE_HIGHER",
    ),
    Rule(
        f"minimum at least {SHORTEST_DENIAL}",
        lambda soa: soa.minimum >= SHORTEST_DENIAL,
        "SOA_DEFAULT_TTL_MAXIMUM_VALUE_OK",
        "SOA_DEFAULT_TTL_MAXIMUM_VALUE_LOWER",
    ),
)
LOSES_ANSWERS = "EXPIRE_LOWER_THAN_REFRESH"


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"zonemaster:{tag}" for tag in tags))


@finding_kind
class SoaTimersFine(Finding):
    """`kept` are the tags of the rules that are kept wholly."""

    code: ClassVar[str] = "soa-timers-fine"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = _tags(rule.kept for rule in RULES)
    kept: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return _tags(self.kept)

    @property
    def message(self) -> str:
        return f"the SOA record of {self.subject} keeps to the usual: {', '.join(self.rules)}"


@finding_kind
class SoaTimerUnusual(Finding):
    """`broken` is the tag of the rule that is not kept, `rule` its words."""

    code: ClassVar[str] = "soa-timer-unusual"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = _tags(rule.broken for rule in RULES)
    broken: str
    rule: str
    times: str

    @property
    def equivalents(self) -> tuple[str, ...]:
        return _tags((self.broken,))

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.broken == LOSES_ANSWERS else Severity.NOTICE

    @property
    def message(self) -> str:
        return (
            f"the SOA record of {self.subject} ({self.times}) does not keep to the usual "
            f"{self.rule}"
        )

    @property
    def for_agent(self) -> str:
        return "Have the time changed in the zone, unless its operator chose it on purpose."

    @property
    def for_customer(self) -> str:
        return (
            "A setting that tells other name servers how long to keep your domain's data is "
            "unusual. Your DNS provider can change it, if it is not meant so."
        )


async def gather(net: Asker, brief: Brief) -> Zone:
    """The zone with every server's SOA reply."""
    return await target_zone(net, brief)


def judge(zone: Zone) -> Iterable[Finding]:
    """The rules that the newest record keeps, and each that it does not."""
    told = given(zone)
    if not told:
        missing = zone.missing or "no server gives a readable SOA record"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    soa = newest(told)
    subject = shown(zone.apex)
    evidence = tuple(one.server.best.id for one in told if soa in one.soas)
    times = (
        f"refresh {soa.refresh}, retry {soa.retry}, expire {soa.expire}, minimum {soa.minimum} s"
    )
    broken = broken_rules(soa)
    unkept = {rule.kept for rule in broken}
    kept = tuple(dict.fromkeys(r.kept for r in RULES if r.kept not in unkept))
    rules = tuple(rule.words for rule in RULES if rule not in broken)
    if kept:
        yield SoaTimersFine(subject=subject, evidence=evidence, kept=kept, rules=rules)
    for rule in broken:
        yield SoaTimerUnusual(
            subject=subject, evidence=evidence, broken=rule.broken, rule=rule.words, times=times
        )


def broken_rules(soa: Soa) -> tuple[Rule, ...]:
    """The rules that a record does not keep."""
    return tuple(rule for rule in RULES if not rule.keeps(soa))


CHECK = Check(
    id="soa-timers",
    title="The times in the SOA record",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(SoaTimersFine, SoaTimerUnusual, Skipped),
    doc=__doc__ or "",
    thorough=True,
)
