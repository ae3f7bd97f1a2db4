"""The network that announces the target's prefix is one that may.

## What it does
Where the configuration names a routing registry (a service with RIPEstat's data API), asks it for
the AS that announces the prefix of each address, and for the route origin authorisations (ROAs)
around the prefix: for addresses that do not answer, and for all public ones with `--thorough`.

## Why is this bad?
Networks that validate origins drop a route that contradicts the ROAs. Who sits behind them does not
reach the host, while others do.

## How it decides
The rule is RFC 6811's, applied anew to the ROAs that the registry shows.

| the ROAs around the prefix             | the registry          | judgement          |
|----------------------------------------|-----------------------|--------------------|
| one for this AS and this length        | says valid            | origin-valid       |
| one of two is for this AS              | says valid            | origin-valid       |
| none                                   | says unknown          | origin-without-roa |
| one for another AS                     | says invalid_asn      | rpki-invalid       |
| one for this AS, up to a shorter length | says invalid_length  | rpki-invalid       |
| one for AS 0, nobody                   | says invalid_asn      | rpki-invalid       |
| one for another AS                     | says valid            | origin-not-told    |
| one for this AS and this length        | says invalid_asn      | origin-not-told    |
| none                                   | says invalid_asn      | origin-not-told    |
| one for another AS                     | is two days behind    | origin-not-told    |
| not seen                               | does not answer       | origin-not-told    |

A prefix that nobody announces has no origin; that is another check's finding.

## What to do
The holder of the addresses has a ROA for the AS that announces the prefix, up to its length. Where
the AS is a stranger's, the route is a leak or a hijack: its neighbours have to filter it.

## References
- RFC 6811, section 2 (valid, invalid, not found); RFC 6483
- RFC 9582 (ROAs); RFC 8210 (how routers learn of them)
- RIPEstat Data API: network-info, rpki-validation
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, ClassVar

from checks.facts.folding import Foldable, OfAddresses, folded, listed
from checks.facts.routing_registry import Facts, Routed, Validity, doubt_of_time, gather
from netdiag.model import Area, Check, Finding, Outcome, Owner, Severity, Skipped, finding_kind
from netdiag.network import ObservationId
from netdiag.outcomes import RouteAuthorisation, RoutingReply


@finding_kind
class _Origin(OfAddresses):
    """AS `asn` announces `prefix`, which holds the addresses, as `registry` tells."""

    area: ClassVar[Area] = Area.ROUTING
    registry: str
    prefix: str
    asn: int


@finding_kind
class OriginValid(_Origin):
    code: ClassVar[str] = "origin-valid"
    outcome: ClassVar[Outcome] = Outcome.OK

    @property
    def message(self) -> str:
        return (
            f"AS{self.asn}, which announces {self.prefix} for {self.subject}, is authorised to, "
            f"says {self.registry}"
        )


@finding_kind
class OriginWithoutRoa(_Origin):
    code: ClassVar[str] = "origin-without-roa"
    outcome: ClassVar[Outcome] = Outcome.OK

    @property
    def message(self) -> str:
        return (
            f"AS{self.asn} announces {self.prefix} for {self.subject}, and no authorisation says "
            f"who may, says {self.registry}: nobody drops the route for that"
        )


@finding_kind
class RpkiInvalid(_Origin):
    """`roas` are those around the prefix; `too_long` where one is for this AS, but for shorter
    prefixes. `works` where the address answers here."""

    code: ClassVar[str] = "rpki-invalid"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    usual_owner: ClassVar[Owner] = Owner.HOSTING_NETWORK
    roas: tuple[RouteAuthorisation, ...]
    too_long: bool
    works: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.works else Severity.CRITICAL

    @property
    def message(self) -> str:
        why = "no prefix so long" if self.too_long else "that to others"
        return (
            f"AS{self.asn} announces {self.prefix} for {self.subject}, and the ROAs around it "
            f"allow {why}: {listed(map(_spelled, self.roas))}, says {self.registry}. Networks that "
            "validate origins drop the route, others do not"
        )

    @property
    def for_agent(self) -> str:
        if self.too_long:
            return (
                f"Ask the holder of {self.prefix} to raise the ROA's maximum length, or to "
                "announce the prefix that it allows."
            )
        return (
            f"Ask the holder of {self.prefix} whether AS{self.asn} is meant to announce it: if so "
            "it needs a ROA, if not the route is a leak or a hijack."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Some networks refuse the route to your server, because the entry that says who may "
            "announce it does not fit. Its operator has to correct that."
        )


@finding_kind
class OriginNotTold(OfAddresses):
    code: ClassVar[str] = "origin-not-told"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.ROUTING
    why: str

    @property
    def message(self) -> str:
        return (
            f"whether the prefix of {self.subject} is announced by whom it may be cannot be told "
            f"by the routing registry: {self.why}"
        )


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on every origin of every address's prefix."""
    if facts.missing:
        yield Skipped(subject="route origin", missing=facts.missing)
        return
    found = [finding for one in facts.routed for finding in judge_address(facts, one)]
    yield from folded(found)
    if not found:
        yield Skipped(subject="route origin", missing="nobody announces the target's prefixes")


def judge_address(facts: Facts, one: Routed) -> Iterable[Foldable]:
    """The verdicts on the ASes that announce the prefix of one address."""
    about = (one.address,)
    if one.origin.reply is None:
        yield OriginNotTold(addresses=about, evidence=one.origin.evidence, why=one.origin.why)
    for validity in one.validities:
        yield judge_origin(facts, one, validity)


def judge_origin(facts: Facts, one: Routed, validity: Validity) -> Foldable:
    """The verdict on one AS as the origin of the prefix that holds an address."""
    reply = validity.told.reply
    evidence: tuple[ObservationId, ...] = (*one.origin.evidence, *validity.told.evidence)
    evidence = tuple(dict.fromkeys(evidence))
    prefix = one.origin.reply.prefix if one.origin.reply else ""
    why = validity.told.why if reply is None else doubt_of_time(reply, facts.started)
    state = validated(prefix, validity.asn, reply.roas) if reply else ""
    if reply and not why and not _agrees(reply, state):
        why = (
            f"it calls AS{validity.asn} as origin of {prefix} {reply.validity}, and by the ROAs "
            f"that it shows that is {state}"
        )
    if reply is None or why:
        return OriginNotTold(addresses=(one.address,), evidence=evidence, why=why)
    told: dict[str, Any] = {
        "addresses": (one.address,),
        "evidence": evidence,
        "registry": facts.registry,
        "prefix": prefix,
        "asn": validity.asn,
    }
    if state == "valid":
        return OriginValid(**told)
    if state == "not found":
        return OriginWithoutRoa(**told)
    too_long = any(roa.asn == validity.asn for roa in _around(prefix, reply.roas))
    return RpkiInvalid(**told, roas=_around(prefix, reply.roas), too_long=too_long, works=one.works)


def validated(prefix: str, asn: int, roas: Iterable[RouteAuthorisation]) -> str:
    """The state of a route by RFC 6811, section 2: valid, invalid or not found."""
    around = _around(prefix, roas)
    length = ipaddress.ip_network(prefix).prefixlen
    if any(roa.asn == asn != 0 and length <= roa.max_length for roa in around):
        return "valid"
    return "invalid" if around else "not found"


def _around(prefix: str, roas: Iterable[RouteAuthorisation]) -> tuple[RouteAuthorisation, ...]:
    """The ROAs whose prefix holds this one."""
    inner = ipaddress.ip_network(prefix)
    found = []
    for roa in roas:
        outer = ipaddress.ip_network(roa.prefix)
        held = inner.network_address in outer and inner.prefixlen >= outer.prefixlen
        found += [roa] if held else []
    return tuple(found)


def _agrees(reply: RoutingReply, state: str) -> bool:
    """Whether the registry says the same in its own words."""
    said = reply.validity.lower().replace("_", "-")
    if state == "not found":
        return said in {"unknown", "not-found", "notfound"}
    return said == state or (state == "invalid" and said.startswith("invalid-"))


def _spelled(roa: RouteAuthorisation) -> str:
    longest = f" to /{roa.max_length}" if not roa.prefix.endswith(f"/{roa.max_length}") else ""
    return f"{roa.prefix}{longest} by {f'AS{roa.asn}' if roa.asn else 'nobody (AS0)'}"


CHECK = Check(
    id="route-origin",
    title="The target's prefix is announced by whom it may be",
    area=Area.ROUTING,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(OriginValid, OriginWithoutRoa, RpkiInvalid, OriginNotTold, Skipped),
    doc=__doc__ or "",
)
