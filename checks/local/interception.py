"""DNS questions get to the servers that they are sent to.

## What it does
Asks root servers for the root's own name servers, in each family that is asked for, and looks who
answers: a root server answers with authority and never offers recursion, a resolver the other way
round.

## Why is this bad?
A network that redirects all DNS to a resolver of its own decides what every program here gets to
see, whatever resolver is set, and hides what the name servers of a domain really say.

## How it decides
For each family; those that fare alike are told as one.

| the root servers' addresses answer  | judgement             |
|-------------------------------------|-----------------------|
| with authority                      | dns-not-intercepted   |
| without it, recursion on offer      | dns-intercepted       |
| one so, one so                      | dns-intercepted       |
| without it, no recursion on offer   | interception-not-seen |
| nothing                             | interception-not-seen |

That a root server offered recursion has no other explanation: they are configured not to, all of
them, and none but they have these addresses.

## What to do
Use a network that does not redirect DNS, or DNS over TLS or HTTPS; ask the provider or whoever runs
the network to stop it. What this run says of the domain's name servers was told by somebody else.

## References
- RFC 7720 (what root servers do), RFC 2870, section 2.5 (no recursion)
- RFC 1034, section 4.3.1 (recursion offered)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import version
from checks.facts.machine import own_namespace, usable_families
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
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

ASKED = 2
"""Root servers of each family: one may be down, two answering alike are no accident."""


@finding_kind
class DnsNotIntercepted(Finding):
    code: ClassVar[str] = "dns-not-intercepted"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return f"DNS questions over {self.subject} get to the servers that they are sent to"


@finding_kind
class DnsIntercepted(Finding):
    code: ClassVar[str] = "dns-intercepted"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.ACCESS_ISP
    families: tuple[int, ...]
    servers: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"DNS questions over {self.subject} are answered by somebody else: at "
            f"{', '.join(self.servers)}, addresses of root servers, a resolver answers (it offers "
            "recursion and has no authority), so what name servers really say is not seen from here"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Ask whoever runs this network to stop redirecting port 53, and look at the domain "
            "from another network: what this one shows of its name servers is not theirs."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your network answers name look-ups itself, whichever service you chose for them. Try "
            "another network, or ask your provider to stop that."
        )


@finding_kind
class InterceptionNotSeen(Finding):
    code: ClassVar[str] = "interception-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return f"whether DNS over {self.subject} is intercepted is not seen: no root server answers"


@dataclass(frozen=True, slots=True)
class Facts:
    """The replies by family; none where the roots are not the Internet's."""

    replies: tuple[tuple[int, tuple[Observation, ...]], ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """Ask some root servers of each family that this machine can use."""
    if own_namespace(brief):
        return Facts(())
    families = await usable_families(net, brief)
    seen = await asyncio.gather(*(_replies(net, brief, family) for family in families))
    return Facts(tuple(zip(families, seen, strict=True)))


async def _replies(net: Asker, brief: Brief, family: int) -> tuple[Observation, ...]:
    roots = [r.address for r in brief.root_servers if version(r.address) == family]
    queries = [DnsQuery(server=address, name=".", rtype="NS") for address in roots[:ASKED]]
    return tuple(await asyncio.gather(*(net.ask(query) for query in queries)))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on the families that fare alike."""
    if not facts.replies:
        missing = "no root server can be asked from here"
        yield Skipped(subject="interception", missing=missing)
    groups: dict[type[Finding], list[tuple[int, tuple[Observation, ...]]]] = {}
    for family, seen in facts.replies:
        groups.setdefault(kind_of(seen), []).append((family, seen))
    for kind, members in groups.items():
        yield _finding(kind, members)


def kind_of(seen: tuple[Observation, ...]) -> type[Finding]:
    """What the replies from the root servers' addresses of one family tell."""
    if any(_is_resolver(one) for one in seen):
        return DnsIntercepted
    if any(isinstance(one.outcome, DnsReply) and one.outcome.authoritative for one in seen):
        return DnsNotIntercepted
    return InterceptionNotSeen


def _finding(kind: type[Finding], members: list[tuple[int, tuple[Observation, ...]]]) -> Finding:
    subject = " and ".join(f"IPv{family}" for family, _ in members)
    replies = [one for _, seen in members for one in seen]
    evidence: tuple[ObservationId, ...] = tuple(one.id for one in replies)
    if kind is not DnsIntercepted:
        return kind(subject=subject, evidence=evidence)
    return DnsIntercepted(
        subject=subject,
        evidence=evidence,
        families=tuple(family for family, _ in members),
        servers=tuple(str(one.request.destination) for one in replies if _is_resolver(one)),
    )


def _is_resolver(seen: Observation) -> bool:
    reply = seen.outcome
    return isinstance(reply, DnsReply) and reply.recursion_available and not reply.authoritative


CHECK = Check(
    id="dns-interception",
    title="DNS questions get to the servers asked",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(DnsNotIntercepted, DnsIntercepted, InterceptionNotSeen, Skipped),
    doc=__doc__ or "",
)
