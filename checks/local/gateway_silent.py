"""This machine's gateway answers.

## What it does
Nothing where the target or any control elsewhere answers: then the gateway forwards. Otherwise it
reads the neighbour table after packets were sent to the gateway, and asks the first hops.

## Why is this bad?
Whatever leaves the local network goes through the gateway.

## How it decides
For each address family in use, with the gateway's entry in the neighbour table:

| elsewhere | entry of the gateway | other sign                         | judgement        |
|-----------|----------------------|------------------------------------|------------------|
| answers   | not asked            | none                               | gateway-forwards |
| silent    | failed               | none                               | gateway-silent   |
| silent    | incomplete           | none                               | gateway-silent   |
| silent    | none                 | own error: next hop not found      | gateway-silent   |
| silent    | reachable            | none                               | gateway-answers  |
| silent    | stale                | hop 1 answers                      | gateway-answers  |
| silent    | none                 | a router sends an error            | gateway-answers  |
| silent    | stale                | none                               | gateway-not-seen |
| silent    | none                 | none                               | gateway-not-seen |

Stale, delay and probe are no sign of life: they tell that the gateway answered some time ago.

## What to do
Look at the local network's router: power, cable, Wi-Fi; restart it.

## References
- RFC 826 (ARP); RFC 1122, section 2.3.2
- RFC 4861, section 7.3 (neighbour unreachability detection)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import Foldable, folded, listed
from checks.facts.near import Gateway, Near, near_sides
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


@finding_kind
class GatewayForwards(Finding):
    code: ClassVar[str] = "gateway-forwards"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    family: int

    @property
    def message(self) -> str:
        return f"the gateway forwards IPv{self.family}: answers come from beyond it"


@finding_kind
class GatewayAnswers(Finding):
    code: ClassVar[str] = "gateway-answers"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    family: int

    @property
    def message(self) -> str:
        return f"the IPv{self.family} gateway itself answers"


@finding_kind
class GatewaySilent(Foldable):
    """`hidden` is whether the other family works."""

    code: ClassVar[str] = "gateway-silent"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_NETWORK
    pooled: ClassVar[frozenset[str]] = frozenset({"families", "gateways"})
    families: tuple[int, ...]
    gateways: tuple[str, ...]
    hidden: bool

    @property
    def about(self) -> str:
        return f"gateway {listed(self.gateways)}"

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        names = listed(f"IPv{family}" for family in self.families)
        return (
            f"the local network's {self.subject} does not answer this machine over {names}: the "
            "search for it as a neighbour fails, and nothing beyond it answers, so neither the "
            "provider nor the target can be at fault yet"
        )

    @property
    def for_agent(self) -> str:
        return (
            "Have the local router checked (power, cable, Wi-Fi), and whether the machine's "
            f"gateway setting ({listed(self.gateways)}) is right."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The router in your own network does not answer. Please check that it is switched on "
            "and connected, and restart it."
        )


@finding_kind
class GatewayNotSeen(Finding):
    code: ClassVar[str] = "gateway-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    family: int

    @property
    def message(self) -> str:
        return (
            f"whether the IPv{self.family} gateway answers cannot be told: this system shows no "
            "current sign of it, and nothing beyond it answers"
        )


async def gather(net: Asker, brief: Brief) -> tuple[Near, ...]:
    """The near side of every family in question."""
    return await near_sides(net, brief)


def judge(nears: tuple[Near, ...]) -> Iterable[Finding]:
    """One verdict on the gateway of every family in use."""
    judged = [near for near in nears if near.judged]
    works = any(near.works for near in judged)
    findings = [judge_gateway(near, hidden=works) for near in judged]
    yield from (one for one in findings if not isinstance(one, GatewaySilent))
    yield from folded(one for one in findings if isinstance(one, GatewaySilent))
    if not judged:
        yield Skipped(subject="gateway", missing="no address family is in use that has a control")


def judge_gateway(near: Near, *, hidden: bool) -> Finding:
    """The verdict on one family's gateway; `hidden` where the other family works."""
    subject, evidence, family = f"IPv{near.family} gateway", near.evidence, near.family
    if near.works:
        return GatewayForwards(subject=subject, evidence=evidence, family=family)
    match near.state:
        case Gateway.ANSWERS:
            return GatewayAnswers(subject=subject, evidence=evidence, family=family)
        case Gateway.SILENT:
            return GatewaySilent(
                evidence=evidence,
                families=(family,),
                gateways=(near.gateway or "of the default route",),
                hidden=hidden,
            )
        case Gateway.UNTOLD:
            return GatewayNotSeen(subject=subject, evidence=evidence, family=family)


CHECK = Check(
    id="gateway-silent",
    title="The gateway does not answer",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(GatewayForwards, GatewayAnswers, GatewaySilent, GatewayNotSeen, Skipped),
    doc=__doc__ or "",
)
