"""A proxy or a tunnel does not stand between this machine and the target unnoticed.

## What it does
Reads the proxies that the environment or the system prescribes, the routes and the interfaces.
Sends nothing.

## Why is this bad?
It is no fault. But a browser that goes through a proxy, or a machine whose traffic takes a VPN,
sees the target from elsewhere, and may fail or work where this run does not.

## How it decides
| proxies        | default route    | judgement                          |
|----------------|------------------|------------------------------------|
| none           | a network card   | no-proxy, no-tunnel                |
| one            | a network card   | proxy-configured, no-tunnel        |
| none           | a tunnel         | no-proxy, tunnel-carries-traffic   |
| none           | halves, a tunnel | no-proxy, tunnel-carries-traffic   |
| not observable | not observable   | detour-not-seen                    |

netdiag itself connects directly and uses no proxy. Two routes for one half of all addresses each
are how VPN programs override a default route without removing it.

## What to do
Nothing, unless browser and report disagree: then try without the proxy or the VPN.

## References
- RFC 9110, section 3.7 (intermediaries)
- RFC 4301, section 3.3 (security gateways)
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from checks.facts.folding import listed
from checks.facts.near import DEFAULTS
from netdiag.model import Area, Brief, Check, Finding, Outcome, Severity, finding_kind
from netdiag.network import Asker, Observation
from netdiag.outcomes import Interfaces, Proxies, Route, Routes
from netdiag.requests import ReadInterfaces, ReadProxies, ReadRoutes

HALVES = frozenset({"0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"})
SUBJECT = "this machine"


@finding_kind
class NoProxy(Finding):
    code: ClassVar[str] = "no-proxy"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "no proxy is prescribed on this machine"


@finding_kind
class ProxyConfigured(Finding):
    code: ClassVar[str] = "proxy-configured"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL
    usual_severity: ClassVar[Severity] = Severity.NOTICE
    proxies: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"programs on this machine are told to use {listed(self.proxies)}; this report is of "
            "the direct way, so a browser may see something else"
        )


@finding_kind
class NoTunnel(Finding):
    code: ClassVar[str] = "no-tunnel"
    outcome: ClassVar[Outcome] = Outcome.OK
    area: ClassVar[Area] = Area.LOCAL

    @property
    def message(self) -> str:
        return "the default route of this machine does not go through a tunnel"


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
class DetourNotSeen(Finding):
    code: ClassVar[str] = "detour-not-seen"
    outcome: ClassVar[Outcome] = Outcome.INCONCLUSIVE
    area: ClassVar[Area] = Area.LOCAL
    what: str

    @property
    def message(self) -> str:
        return f"{self.what} cannot be seen on this system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    proxies: Observation
    interfaces: Observation
    routes: tuple[Observation, ...]


async def gather(net: Asker, brief: Brief) -> Facts:
    """Looks at this machine, all at once."""
    proxies, interfaces, *routes = await asyncio.gather(
        net.ask(ReadProxies()),
        net.ask(ReadInterfaces()),
        *(net.ask(ReadRoutes(family=family)) for family in brief.families),
    )
    return Facts(proxies=proxies, interfaces=interfaces, routes=tuple(routes))


def judge(facts: Facts) -> Iterable[Finding]:
    """One verdict on proxies, one on tunnels; one on both where neither can be seen."""
    proxy, tunnel = judge_proxies(facts.proxies), judge_tunnel(facts)
    unseen = [one for one in (proxy, tunnel) if isinstance(one, DetourNotSeen)]
    if len(unseen) == 2:
        evidence = (*unseen[0].evidence, *unseen[1].evidence)
        yield DetourNotSeen(subject=SUBJECT, evidence=evidence, what="a proxy or tunnel")
        return
    yield proxy
    yield tunnel


def judge_proxies(seen: Observation) -> Finding:
    """Whether a proxy is prescribed."""
    match seen.outcome:
        case Proxies(proxies=proxies):
            given = tuple(dict.fromkeys(url for kind, url in proxies if kind != "no"))
            if given:
                return ProxyConfigured(subject=SUBJECT, evidence=(seen.id,), proxies=given)
            return NoProxy(subject=SUBJECT, evidence=(seen.id,))
        case _:
            return DetourNotSeen(subject=SUBJECT, evidence=(seen.id,), what="a proxy")


def judge_tunnel(facts: Facts) -> Finding:
    """Whether the default route, or two halves in its place, lead into a tunnel."""
    evidence = (facts.interfaces.id, *(seen.id for seen in facts.routes))
    interfaces = facts.interfaces.outcome
    tables = [seen.outcome.routes for seen in facts.routes if isinstance(seen.outcome, Routes)]
    if not isinstance(interfaces, Interfaces) or not tables:
        return DetourNotSeen(subject=SUBJECT, evidence=evidence, what="a tunnel")
    tunnels = {one.name for one in interfaces.interfaces if one.tunnel}
    devices = tuple(dict.fromkeys(route.device for table in tables for route in _ways_out(table)))
    through = tuple(device for device in devices if device in tunnels)
    if through:
        return TunnelCarriesTraffic(subject=SUBJECT, evidence=evidence, devices=through)
    return NoTunnel(subject=SUBJECT, evidence=evidence)


def _ways_out(table: tuple[Route, ...]) -> tuple[Route, ...]:
    """The routes that decide about far away addresses: halves before the best default."""
    halves = tuple(route for route in table if route.destination in HALVES)
    if halves:
        return halves
    defaults = [r for r in table if r.destination in DEFAULTS and r.kind == "unicast"]
    return tuple(sorted(defaults, key=lambda route: route.metric)[:1])


CHECK = Check(
    id="detour",
    title="Traffic takes a detour through a proxy or tunnel",
    area=Area.LOCAL,
    since="0.1",
    gather=gather,
    judge=judge,
    finds=(NoProxy, ProxyConfigured, NoTunnel, TunnelCarriesTraffic, DetourNotSeen),
    doc=__doc__ or "",
)
