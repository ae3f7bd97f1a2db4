"""The zone allows the authority that issued the served certificate.

## What it does
Looks for the CAA records that apply to the target's name, from the name upwards, and compares them
with the issuer of the certificate that the target serves.

## Why is this bad?
Authorities must refuse to issue where CAA excludes them. The present certificate goes on working,
and its renewal fails: the site breaks on the day when it runs out.

## How it decides
The closest name that has CAA records decides; `issuewild` counts for a wildcard certificate.

| CAA                                    | the issuer | judgement          |
|----------------------------------------|------------|--------------------|
| no records anywhere                    | any        | caa-allows-issuer  |
| records without an issue property      | any        | caa-allows-issuer  |
| names the issuer's authority           | known      | caa-allows-issuer  |
| names other authorities only           | known      | caa-forbids-issuer |
| names none: nobody may issue           | any        | caa-forbids-issuer |
| names authorities known to be others   | unknown    | caa-forbids-issuer |
| names an authority that is not known   | unknown    | caa-not-judged     |
| could not be looked up                 | any        | caa-not-judged     |

The issuer's name in its certificate and its name in CAA are tied by what the authorities publish.

## What to do
Add the authority's name to the CAA records, or order the next certificate from one that is named.

## References
- RFC 8659, section 3 (which records apply), section 4.2 (issue)
- RFC 8657 (parameters)
- CA/Browser Forum Baseline Requirements, section 3.2.2.8
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.authorities import KNOWN, identifiers_of
from checks.facts.folding import Foldable, OfEndpoints, folded, listed
from checks.facts.handshakes import Handshake, handshakes
from checks.facts.iterate import Resolution, resolve, shown
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
from netdiag.outcomes import Certificate, TlsSession

CERTAIN = frozenset({"found", "nodata", "nxdomain"})
MOST_LEVELS = 8
_PROPERTY = re.compile(r'(\d{1,3})\s+([A-Za-z0-9]{1,15})\s+"?([^"]*)"?')


@finding_kind
class CaaAllowsIssuer(OfEndpoints):
    """`at` is the name whose records apply, empty where there are none."""

    code: ClassVar[str] = "caa-allows-issuer"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.DNS
    at: str

    @property
    def message(self) -> str:
        if not self.at:
            return f"no CAA record keeps any authority from issuing what {self.subject} serves"
        return f"the CAA records of {self.at} allow the issuer of what {self.subject} serves"


@finding_kind
class CaaForbidsIssuer(OfEndpoints):
    code: ClassVar[str] = "caa-forbids-issuer"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    at: str
    allowed: tuple[str, ...]
    issuer: str

    @property
    def message(self) -> str:
        who = f"{listed(self.allowed)} alone" if self.allowed else "nobody"
        return (
            f"the CAA records of {self.at} let {who} issue certificates, and the one on "
            f"{self.subject} is from {self.issuer}: it works, and renewing it there will fail"
        )

    @property
    def for_agent(self) -> str:
        return "Add the issuer's CAA name to the zone, or have the next certificate from one named."

    @property
    def for_customer(self) -> str:
        return (
            "Your domain's settings forbid the company from which your certificate comes to issue "
            "another one. Have the settings changed before the certificate runs out."
        )


@finding_kind
class CaaNotJudged(OfEndpoints):
    code: ClassVar[str] = "caa-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.DNS
    why: str

    @property
    def message(self) -> str:
        return f"whether CAA allows the issuer of what {self.subject} serves is open: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The CAA properties that apply. `at` is the name that has them, empty where none has.

    `issue` and `wild` are the authorities named, None where the property does not occur.
    """

    at: str
    issue: tuple[str, ...] | None
    wild: tuple[str, ...] | None
    certain: bool
    evidence: tuple[ObservationId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`host` is the target's name without the final dot."""

    host: str
    handshakes: tuple[Handshake, ...]
    policy: Policy | None
    missing: str


async def gather(net: Asker, brief: Brief) -> Facts:
    """The handshakes, and the CAA records of the name and of those above it."""
    name = brief.target.name
    if name is None:
        return Facts(host="", handshakes=(), policy=None, missing="the target is an address")
    known, policy = await asyncio.gather(handshakes(net, brief), _policy(net, brief, name))
    return Facts(host=shown(name), handshakes=known.all, policy=policy, missing=known.missing)


async def _policy(net: Asker, brief: Brief, name: str) -> Policy:
    labels = name.rstrip(".").split(".")
    climb = [".".join(labels[start:]) + "." for start in range(len(labels))][:MOST_LEVELS]
    found = await asyncio.gather(*(resolve(net, brief, one, "CAA") for one in climb))
    return applying(found)


def applying(found: Iterable[Resolution]) -> Policy:
    """The policy of the closest name that has one; `found` goes upwards from the name.

    An unknown answer below the records that were found would hide closer ones.
    """
    evidence: tuple[ObservationId, ...] = ()
    certain = True
    for one in found:
        evidence = tuple(dict.fromkeys((*evidence, *one.evidence)))
        certain = certain and one.status in CERTAIN
        properties = [p for data in one.data if (p := _PROPERTY.fullmatch(data))]
        if properties:
            return Policy(
                at=shown(one.chain[-1]),
                issue=_named(properties, "issue"),
                wild=_named(properties, "issuewild"),
                certain=certain,
                evidence=evidence,
            )
    return Policy(at="", issue=None, wild=None, certain=certain, evidence=evidence)


def _named(properties: Iterable[re.Match[str]], tag: str) -> tuple[str, ...] | None:
    values = [p[3].partition(";")[0].strip().lower() for p in properties if p[2].lower() == tag]
    return tuple(sorted({value for value in values if value})) if values else None


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every certificate that is served."""
    sessions = [
        (one, one.seen.outcome)
        for one in facts.handshakes
        if isinstance(one.seen.outcome, TlsSession) and one.seen.outcome.chain
    ]
    if facts.policy is None or not sessions:
        missing = facts.missing or "no certificate was seen"
        yield Skipped(subject="CAA", missing=missing)
        return
    policy = facts.policy
    yield from folded(judge_session(facts.host, policy, one, s.chain[0]) for one, s in sessions)


def judge_session(host: str, policy: Policy, one: Handshake, leaf: Certificate) -> Foldable:
    """The verdict on one served certificate."""
    about = (one.endpoint,)
    evidence = (one.seen.id, *policy.evidence)
    if not policy.certain:
        why = "the CAA records could not be looked up to the end"
        return CaaNotJudged(endpoints=about, evidence=evidence, why=why)
    exact = host in {name.lower() for name in leaf.names}
    allowed = policy.issue if exact or policy.wild is None else policy.wild
    if allowed is None or leaf.self_issued:
        return CaaAllowsIssuer(endpoints=about, evidence=evidence, at=policy.at)
    own = identifiers_of(leaf.issuer)
    if set(own) & set(allowed):
        return CaaAllowsIssuer(endpoints=about, evidence=evidence, at=policy.at)
    if own or set(allowed) <= KNOWN:
        return CaaForbidsIssuer(
            endpoints=about, evidence=evidence, at=policy.at, allowed=allowed, issuer=leaf.issuer
        )
    why = f"by which CAA name {leaf.issuer} goes is not known here"
    return CaaNotJudged(endpoints=about, evidence=evidence, why=why)


CHECK = Check(
    id="caa",
    title="The zone allows the certificate's issuer",
    area=Area.SERVICE,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(CaaAllowsIssuer, CaaForbidsIssuer, CaaNotJudged, Skipped),
    doc=__doc__ or "",
)
