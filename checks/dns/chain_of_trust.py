"""The chain of trust holds from the trust anchor to the name's addresses.

## What it does
Starts from the trust anchor (the root's own keys, built in, or those of `--trust-anchor FILE`),
and asks on the way down each zone for its keys and its parent for the DS records, with signatures.
Verifies them link by link, and the addresses of the name at the end, or the proof that there are
none.

## Why is this bad?
Validating resolvers do the same. Where a link is broken they take all below it for forged: names
there fail for most visitors, however healthy their own zone is.

## How it decides
For each zone on the way, from above; the first that is not secure settles all below.

| the zone above         | the zone                          | judgement            |
|------------------------|-----------------------------------|----------------------|
| is the trust anchor    | a key fits it and signs all keys  | trust-secure         |
| is the trust anchor    | no key fits it                    | trust-not-determined |
| has a signed DS        | a key fits it and signs all keys  | trust-secure         |
| has a signed DS        | no key fits it                    | trust-broken         |
| has a signed DS        | the keys' signatures have ended   | trust-broken         |
| has a signed DS        | an address without a signature    | trust-broken         |
| has a signed DS        | a denial without its proof        | trust-broken         |
| has a signed DS        | no answer                         | trust-not-determined |
| has a DS of others     | not asked                         | trust-broken         |
| unknown kinds          | a key fits it and signs all keys  | trust-insecure       |
| proves there is no DS  | not asked                         | trust-insecure       |
| no DS and no proof     | not asked                         | trust-broken         |
| gives no answer        | not asked                         | trust-not-determined |

What is broken at one server is asked of others, as validators do; the best counts.
The time is the run's start; a clock may be off by five minutes. A root that does not have the keys
of the anchor is another root than the anchor's, which is nobody's fault. A usual run looks where
the zone has DS records; `netdiag dns` and `--thorough` always.

## What to do
Whoever runs the zone at the broken link has it signed anew, or the DS records replaced.

## References
- RFC 4033, section 5; RFC 4035, sections 4.3 and 5 (secure, insecure, bogus, indeterminate)
- RFC 5011; RFC 9718 (the root's trust anchors)
- RFC 9364 (DNSSEC)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from checks.facts.dnssec_names import DENIALS, REFERRALS
from checks.facts.iterate import shown
from checks.facts.remarks import dnsviz
from checks.facts.trust import MOST_ASKED, Step, anchors_of, ds_above, has, steps_of, widened
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
    TrustAnchor,
    finding_kind,
)
from netdiag.network import Asker, Observation
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.chain import Stand


@finding_kind
class TrustSecure(Finding):
    code: ClassVar[str] = "trust-secure"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    why: str

    @property
    def message(self) -> str:
        return f"{self.subject} is secure: {self.why}"


@finding_kind
class TrustInsecure(Finding):
    code: ClassVar[str] = "trust-insecure"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    why: str

    @property
    def message(self) -> str:
        return f"{self.subject} is insecure, and so is all below: {self.why}"


@finding_kind
class TrustBroken(Finding):
    """`zone` is the one that the broken link leads to; `names` are other tools' for the flaw."""

    code: ClassVar[str] = "trust-broken"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.CRITICAL
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    known_as: ClassVar[tuple[str, ...]] = (*DENIALS, *REFERRALS, *dnsviz("NO_SEP"))
    zone: str
    anchor: str
    why: str
    names: tuple[str, ...] = ()

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.names

    @property
    def message(self) -> str:
        return (
            f"validators take {self.subject} for forged, and all below it: {self.why}; the links "
            f"above hold, from the trust anchor of {self.anchor} on"
        )

    @property
    def for_agent(self) -> str:
        return f"Tell whoever runs {self.zone}, with the question and answer that show it."

    @property
    def for_customer(self) -> str:
        return (
            "A protection against forgery is out of order at or above your domain, so that many "
            "visitors cannot find it. Whoever runs the name servers there has to renew it."
        )


@finding_kind
class TrustNotDetermined(Finding):
    """`names` are other tools' for it, where they have one."""

    code: ClassVar[str] = "trust-not-determined"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    known_as: ClassVar[tuple[str, ...]] = dnsviz("NO_TRUST_ANCHOR_SIGNING")
    why: str
    names: tuple[str, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return self.names

    @property
    def message(self) -> str:
        return f"whether {self.subject} is secure cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`answers` are the replies of some of the zone's servers for the name's addresses."""

    now: datetime
    missing: str = ""
    anchors: tuple[TrustAnchor, ...] = ()
    steps: tuple[Step, ...] = ()
    answers: tuple[Observation, ...] = ()


async def gather(net: Asker, brief: Brief) -> Facts:
    """The chain, and where the zone has DS records, its signed answers."""
    zone = await target_zone(net, brief)
    facts = Facts(now=brief.started, missing=_missing(brief, zone))
    if facts.missing:
        return facts
    if brief.depth == "usual" and not await _signed(net, zone):
        return replace(facts, missing="the zone has no DS records, so there is nothing to verify")
    anchors = anchors_of(brief, zone.way.name)
    facts = replace(facts, anchors=anchors)
    steps = await steps_of(net, brief, zone, anchors[0].zone)
    facts = replace(facts, steps=await _settled(net, facts, steps))
    signed = bool(steps) and steps[-1].links[0].keys is not None
    return replace(facts, answers=await _answers(net, zone) if signed else ())


async def _settled(net: Asker, facts: Facts, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps, those that are broken at one server as further servers show them."""
    from checks.facts.dnssec.chain import State, walk

    looked = -1
    while steps:
        stands = walk(facts.anchors, steps, facts.now)
        last = len(stands) - 1
        if stands[last].state is not State.BOGUS or last <= looked:
            break
        looked = last
        steps = (*steps[:last], await widened(net, steps[last]), *steps[last + 1 :])
    return steps


def _missing(brief: Brief, zone: Zone) -> str:
    """Why no chain is followed; empty where one is."""
    if zone.missing:
        return zone.missing
    if zone.cut is None or zone.cut.planned:
        return "the delegation is only planned"
    if not anchors_of(brief, zone.way.name):
        return "no trust anchor is given for these root servers (--trust-anchor)"
    return ""


async def _signed(net: Asker, zone: Zone) -> bool:
    seen = await ds_above(net, zone)
    return seen is not None and has(seen, zone.apex, "DS")


async def _answers(net: Asker, zone: Zone) -> tuple[Observation, ...]:
    servers = [server.server.address for server in zone.serving[:MOST_ASKED]]
    queries = [
        DnsQuery(server=server, name=zone.way.name, rtype=rtype, dnssec=True)
        for server in servers
        for rtype in ("A", "AAAA")
    ]
    return tuple(await asyncio.gather(*map(net.ask, queries)))


def judge(facts: Facts) -> Iterable[Finding]:
    """A finding for each zone down to the first that is not secure, and for each set of records."""
    from checks.facts.dnssec.chain import State, stands_of, walk

    if facts.missing or not facts.steps:
        why = facts.missing or "the trust anchor is of no zone on the way"
        yield Skipped(subject="the chain of trust", missing=why)
        return
    stands = walk(facts.anchors, facts.steps, facts.now)
    for stand in stands:
        yield _finding(stand, stand.subject, facts)
    if len(stands) < len(facts.steps) or stands[-1].state is not State.SECURE:
        return
    for one in stands_of(facts.answers, stands[-1], facts.now):
        yield _finding(one, stands[-1].subject, facts)


def _finding(stand: Stand, zone: str, facts: Facts) -> Finding:
    from checks.facts.dnssec.chain import State

    subject = shown(stand.subject)
    match stand.state:
        case State.SECURE:
            return TrustSecure(subject=subject, evidence=stand.evidence, why=stand.why)
        case State.INSECURE:
            return TrustInsecure(subject=subject, evidence=stand.evidence, why=stand.why)
        case State.INDETERMINATE:
            return TrustNotDetermined(
                subject=subject, evidence=stand.evidence, why=stand.why, names=stand.names
            )
        case State.BOGUS:
            return TrustBroken(
                subject=subject,
                evidence=stand.evidence,
                zone=shown(zone),
                anchor=shown(facts.anchors[0].zone),
                why=stand.why,
                names=stand.names,
            )


CHECK = Check(
    id="chain-of-trust",
    title="The chain of trust holds",
    area=Area.DNS,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(TrustSecure, TrustInsecure, TrustBroken, TrustNotDetermined, Skipped),
    doc=__doc__ or "",
)
