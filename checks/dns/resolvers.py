"""The resolvers that this machine uses answer, and answer what the name's own servers say.

## What it does
Asks every configured resolver (or the one given) for the target's addresses, public resolvers for
the same where one of them fails or differs, and compares with the authoritative answer.

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
| the authoritative addresses    | nobody answers  | resolver-answers       |
| an answer made by DNS64        | the same        | resolver-answers       |
| other addresses, TTL running   | answers         | stale-answer           |
| other addresses, TTL running   | differs too     | resolver-not-judged    |
| a private address              | a public one    | resolvers-disagree     |
| addresses for a missing name   | no such name    | nxdomain-rewritten     |
| no such name, with the zone's SOA | answers      | stale-answer           |
| no such name, without an SOA   | answers         | resolvers-disagree     |
| no such name, with authority   | answers         | resolvers-disagree     |

An answer that differs is taken for a former one until its TTL ends where a public resolver gives
what the name's own servers give here. Where none does, the name may answer by the visitor's place
or in turn, which is no fault. A denial that was true once carries the SOA of the zone that made
it; one that a filter makes does not, and an inside view claims authority.

## What to do
Use another resolver; have the one that fails repaired by whoever runs it. Stale: wait for the TTL.

## References
- RFC 1034, section 5.3 (resolvers)
- RFC 8020; RFC 2308, sections 3 and 5 (what a missing name looks like, and for how long)
- RFC 6147 (DNS64: IPv6 addresses made of IPv4 ones)
- RFC 9520 (resolution failures)
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, TypedDict

from checks.facts.configured import configured_resolvers
from checks.facts.iterate import Resolution, below, is_address, resolve, shown, version
from checks.facts.machine import own_namespace
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
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import (
    DnsReply,
    Failed,
    FailureKind,
    IcmpError,
    ResourceRecord,
    Unreachable,
)
from netdiag.outcomes import (
    Outcome as Reply,
)
from netdiag.requests import DnsQuery, ReadResolvers
from netdiag.special import special

CERTAIN = frozenset({"found", "nodata", "nxdomain"})
"""Resolvers asked: what resolv.conf allows (MAXNS)."""


@finding_kind
class ResolverAnswers(Finding):
    """`compared` is whether the name's own servers were heard, too."""

    code: ClassVar[str] = "resolver-answers"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    name: str
    compared: bool

    @property
    def message(self) -> str:
        if self.compared:
            return f"resolver {self.subject} gives what the servers of {self.name} say"
        return (
            f"resolver {self.subject} answers for {self.name}; whether that is true could not be "
            "compared with the name's own servers, which were not heard from here"
        )


class _About(TypedDict):
    """What every failure of a resolver says."""

    subject: str
    evidence: tuple[ObservationId, ...]
    private: bool
    control: str
    alone: bool


@finding_kind
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


@finding_kind
class ResolverSilent(_ResolverFails):
    code: ClassVar[str] = "resolver-silent"

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} of this machine does not answer, while {self.control} "
            "answers the same question, so neither the name nor the way out is at fault"
        )


@finding_kind
class ResolverRefuses(_ResolverFails):
    code: ClassVar[str] = "resolver-refuses"
    how: str

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} of this machine refuses to answer ({self.how}), while "
            f"{self.control} answers the same question"
        )


@finding_kind
class ResolverFailing(_ResolverFails):
    code: ClassVar[str] = "resolver-failing"
    rcode: str

    @property
    def message(self) -> str:
        return (
            f"resolver {self.subject} of this machine fails ({self.rcode}), while {self.control} "
            "answers the same question, so the servers of the name do answer"
        )


@finding_kind
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
    def severity(self) -> Severity:
        return Severity.WARNING if self.gives else Severity.CRITICAL

    @property
    def message(self) -> str:
        gives = f"gives {', '.join(self.gives)}" if self.gives else "knows no address"
        return (
            f"resolver {self.subject} {gives} for {self.name}, other than its own servers now do: "
            f"a former answer, for {self.ttl} seconds more at most"
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


@finding_kind
class ResolversDisagree(Finding):
    code: ClassVar[str] = "resolvers-disagree"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.ACCESS_ISP
    name: str
    gives: tuple[str, ...]

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.gives else Severity.CRITICAL

    @property
    def message(self) -> str:
        if self.gives:
            what, no_former = f"gives {', '.join(self.gives)} for", "that is a private address"
        else:
            what, no_former = "denies any address of", "it does not name the zone that denied it"
        return (
            f"resolver {self.subject} {what} {self.name} and differs from the name's own servers; "
            f"that is no former answer of theirs, since {no_former}: the resolver filters, or "
            "shows an inside view"
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


@finding_kind
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


@finding_kind
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
        """Addresses, or word on both families that there is none."""
        return bool(self.given) or all(_said(seen) for seen in self.replies)

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
    """Every resolver's replies; those of public ones only where an own one fails or differs.

    Resolvers follow the delegation in force, whatever is planned.
    """
    name = brief.target.name
    if name is None or (own_namespace(brief) and not brief.resolver):
        return Facts(name=None)
    brief = replace(brief, proposed=None)
    own, seen, zone, found = await asyncio.gather(
        _own_views(net, brief, name),
        net.ask(ReadResolvers()),
        target_zone(net, brief),
        asyncio.gather(*(resolve(net, brief, name, rtype) for rtype in ("A", "AAAA"))),
    )
    (asked, public), known = own, all(one.status in CERTAIN for one in found)
    true = _given_by_owner(found, zone) if known else None
    if true is not None and not public and any(foreign(one, true) for one in asked):
        public = await _public_views(net, brief, name, asked)
    return Facts(
        name=name,
        asked=asked,
        public=public,
        true=true,
        exists=not any(one.status == "nxdomain" for one in found),
        evidence=(seen.id, *dict.fromkeys(n for one in found for n in one.evidence)),
    )


async def _own_views(
    net: Asker, brief: Brief, name: str
) -> tuple[tuple[Asked, ...], tuple[Asked, ...]]:
    """What the configured resolvers say, and public ones where one of those fails."""
    own = await configured_resolvers(net, brief)
    asked = tuple(await asyncio.gather(*(_ask(net, address, name) for address in own)))
    if all(one.answered for one in asked):
        return asked, ()
    return asked, await _public_views(net, brief, name, asked)


async def _public_views(
    net: Asker, brief: Brief, name: str, asked: tuple[Asked, ...]
) -> tuple[Asked, ...]:
    own = {one.address for one in asked}
    wanted = (a for a in brief.public_resolvers if version(a) in brief.families)
    others = [address for address in wanted if address not in own]
    return tuple(await asyncio.gather(*(_ask(net, address, name) for address in others)))


def _given_by_owner(found: Iterable[Resolution], zone: Zone) -> tuple[str, ...]:
    """Every address that any of the zone's servers gives: they may differ among themselves."""
    data = [address for one in found for address in one.data]
    replies = (seen for server in zone.servers for seen in (server.a, server.aaaa))
    data += [record.data for seen in replies for record in _addresses(seen)]
    return tuple(dict.fromkeys(data))


async def _ask(net: Asker, address: str, name: str) -> Asked:
    queries = (
        DnsQuery(server=address, name=name, rtype=rtype, recursion_desired=True)
        for rtype in ("A", "AAAA")
    )
    return Asked(address=address, replies=tuple(await asyncio.gather(*map(net.ask, queries))))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every resolver."""
    if facts.name is None:
        missing = "no name is looked up, or only in a namespace that this machine does not use"
        yield Skipped(subject="resolvers", missing=missing)
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
    if any(map(_said, one.replies)) and not isinstance(_most_telling(one), DnsReply):
        why = "it answered one of two questions, with no address"
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
    about = _About(
        subject=one.address,
        evidence=(*one.evidence, *shown),
        private=special(one.address) is not None,
        control=control,
        alone=not any(other.answered for other in facts.asked),
    )
    match _most_telling(one):
        case DnsReply(rcode="REFUSED"):
            return ResolverRefuses(**about, how="REFUSED")
        case DnsReply(rcode=rcode):
            return ResolverFailing(**about, rcode=rcode)
        case Failed(kind=FailureKind.MALFORMED | FailureKind.MISMATCHED as bad):
            return ResolverFailing(**about, rcode=bad.value)
        case IcmpError(kind=kind) if kind is Unreachable.PORT or kind.prohibited:
            return ResolverRefuses(**about, how=kind.value)
        case _:
            return ResolverSilent(**about)


def _most_telling(one: Asked) -> Reply:
    """Of the failed replies the one that says most: a message, an ICMP error, anything else."""
    order = (DnsReply, IcmpError, Failed)
    return min(
        (seen.outcome for seen in one.replies if not _said(seen)),
        key=lambda reply: next((n for n, kind in enumerate(order) if isinstance(reply, kind)), 3),
    )


def foreign(one: Asked, true: tuple[str, ...] | None) -> tuple[str, ...]:
    """Addresses that a resolver gives and the name's own servers do not, those of DNS64 aside."""
    known = set(true or ())
    return tuple(sorted(a for a in one.given if a not in known and not _translated(a, known)))


def _translated(address: str, known: set[str]) -> bool:
    """Whether an IPv6 address ends in a known IPv4 one, as DNS64 makes them (RFC 6052, 2.2)."""
    ip = ipaddress.ip_address(address)
    return ip.version == 6 and str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)) in known


def _compared(facts: Facts, name: str, one: Asked) -> Finding:
    """What a resolver gives against what the name's own servers give."""
    subject, evidence, true = one.address, (*one.evidence, *facts.evidence), facts.true
    if true is None:
        return ResolverAnswers(subject=subject, evidence=evidence, name=shown(name), compared=False)
    if true and not one.given:
        return _denied(name, one, evidence)
    other = foreign(one, true)
    if not other:
        return ResolverAnswers(subject=subject, evidence=evidence, name=shown(name), compared=True)
    if not facts.exists:
        return NxdomainRewritten(subject=subject, evidence=evidence, name=shown(name), gives=other)
    if any(map(special, other)):
        return ResolversDisagree(subject=subject, evidence=evidence, name=shown(name), gives=other)
    agreeing = [p for p in facts.public if p.answered and not foreign(p, true) and p.given]
    if true and not agreeing:
        why = (
            f"it gives {', '.join(other)} for {shown(name)}, other than the name's own servers "
            "give here, and no public resolver gives what they give: the name may answer by the "
            "visitor's place or in turn"
        )
        return ResolverNotJudged(subject=subject, evidence=(*evidence, *_cited(facts)), why=why)
    ttl = max(one.given[address] for address in other)
    evidence = (*evidence, *(number for public in agreeing for number in public.evidence))
    return StaleAnswer(subject=subject, evidence=evidence, name=shown(name), gives=other, ttl=ttl)


def _cited(facts: Facts) -> tuple[ObservationId, ...]:
    return tuple(number for public in facts.public for number in public.evidence)


def _denied(name: str, one: Asked, evidence: tuple[ObservationId, ...]) -> Finding:
    """No address from a resolver for a name that has some: a former denial, or one made up."""
    ttl = next((ttl for seen in one.replies if (ttl := _denial_ttl(seen, name)) is not None), None)
    if ttl is None:
        return ResolversDisagree(subject=one.address, evidence=evidence, name=shown(name), gives=())
    return StaleAnswer(subject=one.address, evidence=evidence, name=shown(name), gives=(), ttl=ttl)


def _denial_ttl(seen: Observation, name: str) -> int | None:
    """Seconds left of a denial that a zone of the name, or of its alias, once made."""
    match seen.outcome:
        case DnsReply(authoritative=False, answer=answer, authority=authority):
            names = (name, *(r.data.lower() for r in answer if r.rtype == "CNAME"))
            zones = (r for r in authority if r.rtype == "SOA")
            return next((r.ttl for r in zones if any(below(n, r.name) for n in names)), None)
        case _:
            return None


def _said(seen: Observation) -> bool:
    match seen.outcome:
        case DnsReply(rcode="NOERROR" | "NXDOMAIN"):
            return True
        case _:
            return False


def _addresses(seen: Observation) -> tuple[ResourceRecord, ...]:
    """The addresses of the name asked about, through the reply's aliases; never of other names."""
    match seen:
        case Observation(request=DnsQuery(name=name), outcome=DnsReply(answer=answer)):
            names = _aliases(name, answer)
            return tuple(
                r
                for r in answer
                if r.name in names and r.rtype in {"A", "AAAA"} and is_address(r.data)
            )
        case _:
            return ()


def _aliases(name: str, answer: Iterable[ResourceRecord]) -> set[str]:
    """The name, and what its aliases lead to within one answer."""
    following = {r.name: r.data for r in answer if r.rtype == "CNAME"}
    names = {name}
    while (name := following.get(name, name)) not in names:
        names.add(name)
    return names


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
