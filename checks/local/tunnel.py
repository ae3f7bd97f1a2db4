"""No tunnel of this machine takes the way to the target and leads nowhere.

## What it does
Reads the interfaces, and asks the operating system with which address it would speak to each
address of the target and to the Internet, which sends nothing. Whether anything answers is known
from what other checks ask.

## Why is this bad?
A VPN decides which addresses go through it. One whose far end is gone, or does not know the
target's network, makes a server that works for everybody else seem dead.

## How it decides
A way leads through a tunnel where the source address that the operating system chooses is one of a
tunnel's, which heeds routing rules that the main table does not show.

| the way to the target | the target | the way elsewhere    | elsewhere | judgement              |
|-----------------------|------------|----------------------|-----------|------------------------|
| a network card        | any        | a network card       | not asked | no-tunnel              |
| a tunnel              | answers    | a tunnel             | not asked | tunnel-carries-traffic |
| a tunnel              | silent     | a network card       | answers   | vpn-takes-route        |
| a tunnel              | silent     | the same tunnel      | answers   | tunnel-carries-traffic |
| a tunnel              | silent     | the same tunnel      | silent    | tunnel-not-judged      |
| a tunnel              | silent     | a network card       | silent    | tunnel-not-judged      |
| a network card        | any        | a tunnel             | not asked | tunnel-carries-traffic |
| not observable        | any        | not observable       | not asked | tunnel-not-seen        |

A target that is silent where the tunnel carries others well is not the tunnel's fault by that: its
far end sees what this run sees. Where nothing at all answers through it, the line below the tunnel
may be what is down, which cannot be told without taking the tunnel away.

## What to do
Disconnect the VPN and look again; have its routes or its far end repaired.

## References
- RFC 4301, section 3.3 (security gateways)
- RFC 6724, section 5 (which source address goes with which way out)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from checks.facts.folding import Foldable, OfAddresses, folded, listed
from checks.facts.outside import Outside, both
from checks.facts.reach import Reach, Reaches, connects
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Finding, Outcome, Owner, Severity, finding_kind
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Interfaces, SourceAddress
from netdiag.requests import ReadInterfaces, SelectSource

SUBJECT = "this machine"


@finding_kind
class NoTunnel(Finding):
    code: ClassVar[str] = "no-tunnel"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "what this machine sends does not go through a tunnel"


@finding_kind
class TunnelCarriesTraffic(Finding):
    code: ClassVar[str] = "tunnel-carries-traffic"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    devices: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"this machine's traffic goes through the tunnel {listed(self.devices)} (a VPN), so "
            "the path seen is that of the tunnel's far end"
        )


@finding_kind
class VpnTakesRoute(OfAddresses):
    """`hidden` is whether the target works at another address."""

    code: ClassVar[str] = "vpn-takes-route"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.LOCAL
    usual_owner: ClassVar[Owner] = Owner.CUSTOMER_DEVICE
    device: str
    hidden: bool

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.hidden else Severity.CRITICAL

    @property
    def message(self) -> str:
        return (
            f"this machine sends what is for {self.subject} into the tunnel {self.device} (a VPN), "
            "and nothing comes back, while addresses that it reaches without the tunnel answer"
        )

    @property
    def for_agent(self) -> str:
        return (
            f"Have the VPN on {self.device} disconnected and look again. If that helps, have its "
            "routes or its far end repaired; of the server nothing is known from here."
        )

    @property
    def for_customer(self) -> str:
        return (
            "The VPN on your computer takes the connection and it gets lost there. Please "
            "disconnect the VPN and try again."
        )


@finding_kind
class TunnelNotJudged(OfAddresses):
    code: ClassVar[str] = "tunnel-not-judged"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.WARNING
    device: str

    @property
    def message(self) -> str:
        return (
            f"whether the tunnel {self.device} (a VPN), which takes what is for {self.subject}, or "
            "the line below it is what fails cannot be told: nothing elsewhere answers either"
        )

    @property
    def for_agent(self) -> str:
        return f"Have the VPN on {self.device} disconnected and look again."


@finding_kind
class TunnelNotSeen(Finding):
    code: ClassVar[str] = "tunnel-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "whether traffic goes through a tunnel cannot be seen on this system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`sources` are the looks at how each address of the target would be spoken to."""

    interfaces: Observation
    known: Reaches
    sources: tuple[Observation, ...]
    outside: tuple[Outside, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """Ways out and answers, all of which others ask for too."""
    interfaces, known, controls = await asyncio.gather(
        net.ask(ReadInterfaces()), connects(net, brief), both(net, brief)
    )
    sources = await asyncio.gather(
        *(net.ask(SelectSource(address=reach.address)) for reach in known.reaches)
    )
    return Facts(interfaces=interfaces, known=known, sources=tuple(sources), outside=controls)


def judge(facts: Facts) -> Iterable[Finding]:
    """A verdict on the addresses that a tunnel takes and that fail, else one on this machine."""
    tunnels = _tunnels(facts.interfaces)
    if tunnels is None:
        yield TunnelNotSeen(subject=SUBJECT, evidence=(facts.interfaces.id,))
        return
    failing = [judge_reach(facts, tunnels, reach) for reach in facts.known.reaches]
    lost = [finding for finding in failing if finding]
    yield from folded(lost)
    if lost:
        return
    sources = (*facts.sources, *(one.source for one in facts.outside))
    through = tuple(dict.fromkeys(d for seen in sources if (d := _device(tunnels, seen))))
    evidence = tuple(dict.fromkeys((facts.interfaces.id, *(seen.id for seen in sources))))
    if through:
        yield TunnelCarriesTraffic(subject=SUBJECT, evidence=evidence, devices=through)
    else:
        yield NoTunnel(subject=SUBJECT, evidence=evidence)


def judge_reach(facts: Facts, tunnels: dict[str, str], reach: Reach) -> Foldable | None:
    """The verdict on an address that a tunnel takes and from which nothing comes back."""
    device = tunnels.get(reach.source)
    if device is None or not all(port.silent for port in reach.asked):
        return None
    control = next((one for one in facts.outside if one.family == reach.family), None)
    other = _device(tunnels, control.source) if control else device
    answers = control is not None and control.answer is not None
    if answers and other:
        return None
    about, evidence = (reach.address,), _evidence(facts, reach, control)
    if answers:
        hidden = facts.known.works
        return VpnTakesRoute(addresses=about, evidence=evidence, device=device, hidden=hidden)
    return TunnelNotJudged(addresses=about, evidence=evidence, device=device)


def _evidence(facts: Facts, reach: Reach, control: Outside | None) -> tuple[ObservationId, ...]:
    own = tuple(seen.id for seen in facts.sources if _about(seen) == reach.address)
    return (facts.interfaces.id, *own, *reach.tried, *(control.evidence if control else ()))


def _about(seen: Observation) -> str:
    return seen.request.address if isinstance(seen.request, SelectSource) else ""


def _tunnels(seen: Observation) -> dict[str, str] | None:
    """This machine's addresses that belong to a tunnel, with its name; None where not visible."""
    if not isinstance(seen.outcome, Interfaces):
        return None
    return {
        text.partition("/")[0]: one.name
        for one in seen.outcome.interfaces
        if one.tunnel
        for text in one.addresses
    }


def _device(tunnels: dict[str, str], source: Observation) -> str:
    outcome = source.outcome
    return tunnels.get(outcome.address, "") if isinstance(outcome, SourceAddress) else ""


CHECK = Check(
    id="tunnel",
    title="A tunnel takes the way to the target",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NoTunnel, TunnelCarriesTraffic, VpnTakesRoute, TunnelNotJudged, TunnelNotSeen),
    doc=__doc__ or "",
)
