"""The resolvers that this machine uses answer, and answer what the name's own servers say.

## What it does
Asks every configured resolver (or the one given) for the target's addresses, public resolvers for
the same where one of them fails, and compares with the authoritative answer.

## Why is this bad?
A resolver that fails cuts this machine off from every name, however healthy the domain is.

## How it decides
For each resolver; "elsewhere" means a public resolver or the name's own servers.

| the resolver                   | elsewhere       | judgement              |
|--------------------------------|-----------------|------------------------|
| the authoritative addresses    | the same        | resolver-answers       |
| says the name does not exist   | the same        | resolver-answers       |
| silent                         | answers         | resolver-silent        |
| port unreachable               | answers         | resolver-refuses       |
| REFUSED                        | answers         | resolver-refuses       |
| SERVFAIL                       | answers         | resolver-failing       |
| SERVFAIL                       | fails too       | resolver-not-judged    |
| silent                         | silent too      | resolver-not-judged    |
| other addresses, TTL running   | answers         | stale-answer           |
| a private address              | a public one    | resolvers-disagree     |
| addresses for a missing name   | no such name    | nxdomain-rewritten     |

An answer that differs is taken for a former one until its TTL ends, unless it is a private address
or stands for a name that does not exist.

## What to do
Use another resolver; have the one that fails repaired by whoever runs it. Stale: wait for the TTL.

## References
- RFC 1034, section 5.3 (resolvers)
- RFC 8020; RFC 2308 (what a missing name looks like)
- RFC 9520 (resolution failures)
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from checks.facts.iterate import Resolution, is_address, resolve, shown, version
from checks.facts.zone import Zone, target_zone
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, Skipped
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, IcmpError, Resolvers, ResourceRecord
from netdiag.requests import DnsQuery, ReadResolvers

MOST = 3
"""Resolvers asked: what resolv.conf allows (MAXNS)."""


@dataclass(frozen=True, kw_only=True)
class ResolverAnswers(Finding):
    code: ClassVar[str] = "resolver-answers"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    name: str

    @property
    def message(self) -> str:
        return f"resolver {self.subject} gives what the servers of {self.name} say"


@dataclass(frozen=True, kw_only=True)
class _ResolverFails(Finding):
    """`control` is who gave an answer to the same question."""

    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.ACCESS_ISP
    private: bool
    control: str
    alone: bool

    @property
    def severity(self) -> Severity:
        return Severity.CRITICAL if self.alone else Severity.WARNING

    @property
    def owner(self) -> Owner:
        return Owner.CUSTOMER_NETWORK if self.private else Owner.ACCESS_ISP

    @property
    def for_agent(self) -> str:
        return (
            f"Use another resolver on this machine, or have {self.subject} repaired by whoever "
            "runs it."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The service that looks up names for your computer does not work. Restart your "
            "router; if that does not help, ask your Internet provider, or choose another name "
            "server in your computer's network settings."
        )


@dataclass(frozen=True, kw_only=True)
class ResolverSilent(_ResolverFails):
    code: ClassVar[str] = "resolver-silent"

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} of this machine does not answer, while {self.control} "
            "answers the same question, so neither the name nor the way out is at fault"
        )


@dataclass(frozen=True, kw_only=True)
class ResolverRefuses(_ResolverFails):
    code: ClassVar[str] = "resolver-refuses"
    how: str

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} of this machine refuses to answer ({self.how}), while "
            f"{self.control} answers the same question"
        )


@dataclass(frozen=True, kw_only=True)
class ResolverFailing(_ResolverFails):
    code: ClassVar[str] = "resolver-failing"
    rcode: str

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} of this machine fails ({self.rcode}), while {self.control} "
            "answers the same question, so the name itself is fine"
        )


@dataclass(frozen=True, kw_only=True)
class StaleAnswer(Finding):
    code: ClassVar[str] = "stale-answer"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    name: str
    gives: tuple[str, ...]
    ttl: int

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} gives {', '.join(self.gives)} for {self.name}, which its own "
            f"servers no longer do: a former answer, for {self.ttl} seconds more at most"
        )

    @property
    def for_agent(self) -> str:
        return f"Nothing to repair: wait {self.ttl} seconds, then look again."

    @property
    def for_customer(self) -> str:
        return (
            "A change of your domain's settings has not reached everybody yet. It will by itself; "
            "please wait."
        )


@dataclass(frozen=True, kw_only=True)
class ResolversDisagree(Finding):
    code: ClassVar[str] = "resolvers-disagree"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.ACCESS_ISP
    name: str
    gives: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} gives {', '.join(self.gives)} for {self.name}, which is no "
            "former answer of its servers: the resolver filters, or shows an inside view"
        )

    @property
    def for_agent(self) -> str:
        return "Ask whoever runs the resolver whether it filters, or serves an inside view."

    @property
    def for_customer(self) -> str:
        return (
            "The service that looks up names for your computer gives a different address for this "
            "name than its owner does. Ask your provider or network administrator why."
        )


@dataclass(frozen=True, kw_only=True)
class NxdomainRewritten(Finding):
    code: ClassVar[str] = "nxdomain-rewritten"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.ACCESS_ISP
    name: str
    gives: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} gives {', '.join(self.gives)} for {self.name}, a name that "
            "does not exist according to its own zone"
        )

    @property
    def for_agent(self) -> str:
        return "Use another resolver; this one invents addresses for names that do not exist."

    @property
    def for_customer(self) -> str:
        return (
            "Your Internet provider leads names that do not exist to a page of its own. That is "
            "often a setting that you can switch off there."
        )


@dataclass(frozen=True, kw_only=True)
class ResolverNotJudged(Finding):
    code: ClassVar[str] = "resolver-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    why: str

    @property
    def message(self) -> str:
        return f"resolver {self.subject} cannot be judged: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One resolver and its replies for A and AAAA."""

    address: str
    replies: tuple[Observation, ...]

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        return tuple(seen.id for seen in self.replies)

    @property
    def answered(self) -> bool:
        """At least one reply that says something of the name."""
        return any(_said(seen) for seen in self.replies)

    @property
    def given(self) -> dict[str, int]:
        """Each address given, with its TTL in seconds."""
        return {r.data: r.ttl for seen in self.replies for r in _addresses(seen)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`true` is what the name's own servers give, None where they were not heard."""

    name: str | None
    asked: tuple[Asked, ...] = ()
    public: tuple[Asked, ...] = ()
    true: tuple[str, ...] | None = None
    exists: bool = True
    evidence: tuple[ObservationId, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """Every resolver's replies; those of public ones only where one of the own ones fails."""
    name = brief.target.name
    if name is None:
        return Facts(name=None)
    (asked, public), seen, zone, found = await asyncio.gather(
        _views(net, brief, name),
        net.ask(ReadResolvers()),
        target_zone(net, brief),
        asyncio.gather(*(resolve(net, brief, name, rtype) for rtype in ("A", "AAAA"))),
    )
    known = all(one.status in {"found", "nodata", "nxdomain"} for one in found)
    return Facts(
        name=name,
        asked=asked,
        public=public,
        true=_given_by_owner(found, zone) if known else None,
        exists=not any(one.status == "nxdomain" for one in found),
        evidence=(seen.id, *dict.fromkeys(n for one in found for n in one.evidence)),
    )


async def _views(
    net: Asker, brief: Brief, name: str
) -> tuple[tuple[Asked, ...], tuple[Asked, ...]]:
    """What the configured resolvers say, and public ones where one of those fails."""
    own = await _configured(net, brief)
    asked = tuple(await asyncio.gather(*(_ask(net, address, name) for address in own)))
    if all(one.answered for one in asked):
        return asked, ()
    wanted = (a for a in brief.public_resolvers if version(a) in brief.families)
    others = [address for address in wanted if address not in own]
    return asked, tuple(await asyncio.gather(*(_ask(net, address, name) for address in others)))


def _given_by_owner(found: Iterable[Resolution], zone: Zone) -> tuple[str, ...]:
    """Every address that any of the zone's servers gives: they may differ among themselves."""
    data = [address for one in found for address in one.data]
    replies = (seen for server in zone.servers for seen in (server.a, server.aaaa))
    data += [record.data for seen in replies for record in _addresses(seen)]
    return tuple(dict.fromkeys(data))


async def _configured(net: Asker, brief: Brief) -> tuple[str, ...]:
    if brief.resolver:
        return (brief.resolver,)
    match (await net.ask(ReadResolvers())).outcome:
        case Resolvers(addresses=addresses):
            families = brief.families
            return tuple(a for a in addresses if is_address(a) and version(a) in families)[:MOST]
        case _:
            return ()


async def _ask(net: Asker, address: str, name: str) -> Asked:
    queries = (
        DnsQuery(server=address, name=name, rtype=rtype, recursion_desired=True)
        for rtype in ("A", "AAAA")
    )
    return Asked(address=address, replies=tuple(await asyncio.gather(*map(net.ask, queries))))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every resolver."""
    if facts.name is None:
        yield Skipped(subject="resolvers", missing="the target is an address, no name is looked up")
    elif not facts.asked:
        yield Skipped(
            subject="resolvers",
            missing="no resolver of this machine is known for the families asked",
        )
    else:
        for one in facts.asked:
            yield judge_resolver(facts, facts.name, one)


def judge_resolver(facts: Facts, name: str, one: Asked) -> Finding:
    """The verdict on one resolver."""
    control = _control(facts, one)
    if one.answered:
        return _compared(facts, name, one)
    if control is None:
        return ResolverNotJudged(
            subject=one.address, evidence=one.evidence, why="nobody else answers either"
        )
    if any(isinstance(o.outcome, Failed) and o.outcome.kind.ours for o in one.replies):
        why = "it was not asked to the end"
        return ResolverNotJudged(subject=one.address, evidence=one.evidence, why=why)
    return _failure(facts, one, *control)


def _control(facts: Facts, one: Asked) -> tuple[str, tuple[ObservationId, ...]] | None:
    """Who else answers the same question, with the evidence."""
    for other in (*facts.public, *facts.asked):
        if other.answered and other.address != one.address:
            return f"resolver {other.address}", other.evidence
    if facts.true is not None:
        return "the name's own server", facts.evidence
    return None


def _failure(
    facts: Facts, one: Asked, control: str, shown: tuple[ObservationId, ...]
) -> _ResolverFails:
    subject, evidence = one.address, (*one.evidence, *shown)
    private = not ipaddress.ip_address(one.address).is_global
    alone = not any(other.answered for other in facts.asked)
    match one.replies[0].outcome:
        case DnsReply(rcode="REFUSED"):
            how = "REFUSED"
        case DnsReply(rcode=rcode):
            return ResolverFailing(
                subject=subject,
                evidence=evidence,
                private=private,
                control=control,
                alone=alone,
                rcode=rcode,
            )
        case IcmpError(kind=kind):
            how = kind.value
        case _:
            return ResolverSilent(
                subject=subject, evidence=evidence, private=private, control=control, alone=alone
            )
    return ResolverRefuses(
        subject=subject,
        evidence=evidence,
        private=private,
        control=control,
        alone=alone,
        how=how,
    )


def _compared(facts: Facts, name: str, one: Asked) -> Finding:
    """What a resolver gives against what the name's own servers give."""
    evidence = (*one.evidence, *facts.evidence)
    given, true = one.given, facts.true
    other = tuple(sorted(set(given) - set(true or ())))
    if true is None or not other:
        return ResolverAnswers(subject=one.address, evidence=evidence, name=shown(name))
    if not facts.exists:
        return NxdomainRewritten(
            subject=one.address, evidence=evidence, name=shown(name), gives=other
        )
    if any(not ipaddress.ip_address(address).is_global for address in other):
        return ResolversDisagree(
            subject=one.address, evidence=evidence, name=shown(name), gives=other
        )
    ttl = max(given[address] for address in other)
    return StaleAnswer(
        subject=one.address, evidence=evidence, name=shown(name), gives=other, ttl=ttl
    )


def _said(seen: Observation) -> bool:
    match seen.outcome:
        case DnsReply(rcode="NOERROR" | "NXDOMAIN"):
            return True
        case _:
            return False


def _addresses(seen: Observation) -> tuple[ResourceRecord, ...]:
    match seen.outcome:
        case DnsReply(answer=answer):
            return tuple(r for r in answer if r.rtype in {"A", "AAAA"} and is_address(r.data))
        case _:
            return ()


CHECK = Check(
    id="resolvers",
    title="The resolvers of this machine answer, and answer what is true",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(
        ResolverAnswers,
        ResolverSilent,
        ResolverRefuses,
        ResolverFailing,
        StaleAnswer,
        ResolversDisagree,
        NxdomainRewritten,
        ResolverNotJudged,
        Skipped,
    ),
    doc=__doc__ or "",
)
