"""The zone's servers answer from the address at which they are asked.

## What it does
Where a server leaves the question for the SOA unanswered over UDP, the next one, without EDNS, is
asked on a socket that hears answers of any address.

## Why is this bad?
Resolvers take an answer from another address than the one they asked for a forged one, and throw
it away. A machine with several addresses, or a translation before it, that answers from the wrong
one looks dead to everybody, and works where its operator looks.

## How it decides
For each server address. An answer counts only with the number and the question that was sent.

| first    | on an open socket            | judgement                  |
|----------|------------------------------|----------------------------|
| answered | not asked                    | answers-from-asked-address |
| silent   | answer of another address    | answers-from-elsewhere     |
| silent   | answer of the asked address  | answers-from-asked-address |
| silent   | nothing                      | not-checked                |

Silence is judged by `name-servers`. A firewall or an address translation at this side lets no
answer of another address through, and the server is silent then.

## What to do
Have the name server listen at each of its addresses by itself, or the translation repaired that
changes the source of its answers.

## References
- RFC 2181, section 4 (the source of an answer)
- Zonemaster Nameserver04
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.iterate import shown
from checks.facts.zone import Zone, ZoneServer, target_zone
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
from netdiag.outcomes import DnsReply


@finding_kind
class AnswersFromAskedAddress(Finding):
    """`every` where no server answers from elsewhere."""

    code: ClassVar[str] = "answers-from-asked-address"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:SAME_SOURCE_IP",)
    servers: tuple[str, ...]
    every: bool

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.known_as if self.every else ()

    @property
    def message(self) -> str:
        return f"{', '.join(self.servers)} answer from the address at which they are asked"


@finding_kind
class AnswersFromElsewhere(Finding):
    """`hidden` where another server answers from the right address."""

    code: ClassVar[str] = "answers-from-elsewhere"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = ("zonemaster:DIFFERENT_SOURCE_IP",)
    servers: tuple[str, ...]
    sources: tuple[str, ...]
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        pairs = zip(self.servers, self.sources, strict=True)
        told = ", ".join(f"{server} from {source}" for server, source in pairs)
        return (
            f"servers of {self.subject} answer over UDP from an address that was not asked, and "
            f"resolvers throw such answers away: {told}; they are up, only the source is wrong"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have the name server bound to each of its addresses, or the address translation "
            "before it repaired."
        )

    @property
    def for_customer(self) -> str:
        return (
            "One of your domain's name servers answers under a wrong address, so nobody believes "
            "it. The company that runs it has to change its network settings."
        )


async def gather(net: Asker, brief: Brief) -> Zone:
    """The zone with every server's replies."""
    return await target_zone(net, brief)


def judge(zone: Zone) -> Iterable[Finding]:
    """The verdicts on the servers that answer over UDP, from wherever."""
    right = [s for s in zone.servers if answered(s) == ""]
    wrong = [s for s in zone.servers if answered(s)]
    if zone.missing or not (right or wrong):
        missing = zone.missing or "no server answers over UDP"
        yield Skipped(subject=shown(zone.apex), missing=missing)
        return
    if right:
        yield AnswersFromAskedAddress(
            subject=shown(zone.apex),
            evidence=tuple(o.id for s in right for o in s.udp),
            servers=tuple(str(s.server) for s in right),
            every=not wrong,
        )
    if wrong:
        control = tuple(o.id for s in right[:1] for o in s.udp)
        asked = tuple(o.id for s in wrong for o in (*s.udp, *([s.stray] if s.stray else [])))
        yield AnswersFromElsewhere(
            subject=shown(zone.apex),
            evidence=(*asked, *control),
            servers=tuple(str(s.server) for s in wrong),
            sources=tuple(answered(s) or "" for s in wrong),
            hidden=bool(right),
        )


def answered(server: ZoneServer) -> str | None:
    """Where a server answers from over UDP: empty where from the asked address, None where
    nothing came."""
    if any(isinstance(seen.outcome, DnsReply) for seen in server.udp):
        return ""
    stray = server.stray.outcome if server.stray else None
    return stray.source if isinstance(stray, DnsReply) else None


CHECK = Check(
    id="answer-source",
    title="The zone's servers answer from the address at which they are asked",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(AnswersFromAskedAddress, AnswersFromElsewhere, Skipped),
    doc=__doc__ or "",
)
