"""The Internet answers behind this machine's gateway.

## What it does
Nothing where the target answers. Otherwise asks endpoints elsewhere, unrelated to the target, and
where none of them answers the first hops on the way to them.

## Why is this bad?
Without an uplink nothing works, whatever the state of the target.

## How it decides
For IPv4, for IPv6, and once for both where neither works; "elsewhere" are all the controls.

| IPv4 elsewhere | IPv6 elsewhere | gateway | proxy set | judgement                            |
|----------------|----------------|---------|-----------|--------------------------------------|
| answers        | answers        | any     | no        | uplink-works, uplink-works           |
| silent         | silent         | answers | no        | uplink-down                          |
| silent         | silent         | silent  | no        | uplink-not-seen, uplink-not-seen     |
| silent         | silent         | answers | yes       | uplink-not-seen, uplink-not-seen     |
| answers        | silent         | answers | no        | uplink-works, ipv6-half-broken       |
| answers        | silent         | silent  | no        | uplink-works, uplink-not-seen        |
| silent         | answers        | answers | no        | uplink-down, uplink-works            |
| silent         | silent         | and hop 3 | no      | uplink-not-seen, uplink-not-seen     |

A machine whose environment prescribes a proxy may be in a network that lets nothing else out; what
then fails directly is no sign of a broken uplink. A silent gateway is a cause of its own.
A public router at hop 3 or beyond that answers shows that the line carries packets.

## What to do
Ask the access provider about an outage; restart the modem. IPv6 that leads nowhere: repair it in
the local router, or switch it off there.

## References
- RFC 8305, section 1 (broken IPv6 delays users)
- RFC 1812, section 5.2.7.1
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import listed
from checks.facts.near import Gateway, Near, near_sides
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
from netdiag.outcomes import Proxies
from netdiag.requests import ReadProxies

SUBJECT = "this machine's uplink"


@finding_kind
class UplinkWorks(Finding):
    code: ClassVar[str] = "uplink-works"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    family: int

    @property
    def message(self) -> str:
        return f"the Internet answers over IPv{self.family}"


@finding_kind
class UplinkDown(Finding):
    """`last` is the last router that answered on the way out, empty where none did."""

    code: ClassVar[str] = "uplink-down"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.ACCESS_ISP
    families: tuple[int, ...]
    last: str
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        names = listed(f"IPv{family}" for family in self.families)
        behind = f" behind {self.last}" if self.last else ""
        return (
            f"nothing on the Internet answers this machine over {names}{behind}: the gateway does, "
            "and endpoints that have nothing to do with the target do not"
        )

    @property
    def for_agent(self) -> str:
        return (
            "The fault is between the local gateway and the access provider: have the modem "
            "restarted, then ask the provider about an outage or a blocked line."
        )

    @property
    def for_customer(self) -> str:
        return (
            "Your Internet connection is down: your router works, but nothing behind it answers. "
            "Please restart the modem and ask your Internet provider if that does not help."
        )


@finding_kind
class Ipv6HalfBroken(Finding):
    code: ClassVar[str] = "ipv6-half-broken"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.WARNING
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_NETWORK

    @property
    def message(self) -> str:
        return (
            "this machine has IPv6 that leads nowhere: endpoints that have nothing to do with the "
            "target do not answer over it, while the same machine reaches the Internet over IPv4"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have IPv6 repaired in the customer's router or at the access provider, or switched "
            "off there. The target's own IPv6 cannot be judged from here."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The newer Internet protocol IPv6 is switched on in your network and does not work. "
            "Restarting the router may help; otherwise ask your Internet provider."
        )


@finding_kind
class UplinkNotSeen(Finding):
    code: ClassVar[str] = "uplink-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    family: int
    why: str

    @property
    def message(self) -> str:
        return f"whether the uplink works over IPv{self.family} cannot be told: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    nears: tuple[Near, ...]
    proxies: Observation

    @property
    def proxied(self) -> bool:
        outcome = self.proxies.outcome
        return isinstance(outcome, Proxies) and any(kind != "no" for kind, _ in outcome.proxies)


async def gather(net: Asker, brief: Brief) -> Facts:
    """The near side of every family in question, and the proxies prescribed."""
    nears, proxies = await asyncio.gather(near_sides(net, brief), net.ask(ReadProxies()))
    return Facts(nears=nears, proxies=proxies)


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on each family, those that are down together in one."""
    judged = [near for near in facts.nears if near.judged]
    down = [near for near in judged if _is_down(facts, near)]
    works = any(near.works for near in judged)
    for near in judged:
        if near not in down:
            yield _judge_family(facts, near)
    if works and len(down) == 1 and down[0].family == 6:
        yield Ipv6HalfBroken(subject="this machine's IPv6", evidence=_against(judged))
    elif down:
        yield _down(down, hidden=works)
    if not judged:
        yield Skipped(subject=SUBJECT, missing="no address family is in use that has a control")


def _is_down(facts: Facts, near: Near) -> bool:
    gateway = near.state is Gateway.ANSWERS
    return near.outside.silent and gateway and not near.passes and not facts.proxied


def _judge_family(facts: Facts, near: Near) -> Finding:
    if near.works:
        return UplinkWorks(subject=SUBJECT, evidence=near.evidence, family=near.family)
    return UplinkNotSeen(
        subject=SUBJECT,
        evidence=(*near.evidence, facts.proxies.id),
        family=near.family,
        why=_why(facts, near),
    )


def _why(facts: Facts, near: Near) -> str:
    if not near.outside.silent:
        return "this run did not get to ask anything elsewhere"
    if near.state is Gateway.SILENT:
        return "the gateway does not answer"
    if near.state is Gateway.UNTOLD:
        return "nothing answers, and there is no sign of the gateway either"
    if facts.proxied:
        return "a proxy is prescribed here, so direct connections may be closed on purpose"
    return "routers beyond the provider's edge answer, though no endpoint asked elsewhere does"


def _down(down: list[Near], *, hidden: bool) -> UplinkDown:
    last = next((near.last for near in down if near.last), None)
    return UplinkDown(
        subject=SUBJECT,
        evidence=tuple(dict.fromkeys(number for near in down for number in near.evidence)),
        families=tuple(near.family for near in down),
        last=last.sender or "" if last else "",
        hidden=hidden,
    )


def _against(judged: list[Near]) -> tuple[ObservationId, ...]:
    return tuple(dict.fromkeys(number for near in judged for number in near.evidence))


CHECK = Check(
    id="uplink-down",
    title="Nothing answers behind the gateway",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(UplinkWorks, UplinkDown, Ipv6HalfBroken, UplinkNotSeen, Skipped),
    doc=__doc__ or "",
)
