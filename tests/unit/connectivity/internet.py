"""A simulated internet for the checks of the way: a machine, routers, the target, controls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netdiag.model import Brief, Check, Endpoint, Finding, Owner, OwnNetwork, RootServer
from netdiag.network import Attempt, Sent
from netdiag.outcomes import (
    ArrivalTtl,
    Connected,
    DnsReply,
    Failed,
    FailureKind,
    IcmpError,
    Outcome,
    Reset,
    Route,
    Routes,
    SourceAddress,
    SystemAddresses,
    Unreachable,
)
from netdiag.requests import (
    DnsQuery,
    Echo,
    HopProbe,
    ReadRoutes,
    Request,
    SelectSource,
    SystemLookup,
    TcpArrivalTtl,
    TcpConnect,
)
from netdiag.target import parse
from tests.world.world import World

V4, V6 = "22.40.1.10", "2e00:40:1::10"
OWN = {4: "22.10.0.10", 6: "2e00:10::10"}
ROUTERS = {
    4: ("22.10.0.1", "22.11.1.1", "22.30.1.1", "22.30.2.2", "22.40.252.1", "22.40.254.2"),
    6: (
        "2e00:10::1",
        "2e00:11:1::1",
        "2e00:30:1::1",
        "2e00:30:2::2",
        "2e00:40:fc::1",
        "2e00:40:fe::2",
    ),
}
LAN_ROUTER = {4: "22.40.1.1", 6: "2e00:40:1::1"}
ANCHORS = {4: "9.9.9.9", 6: "2620:fe::fe"}
ROOTS = {4: "198.41.0.4", 6: "2001:503:ba3e::2:30"}

CONNECTED, RESET = Connected(rtt=0.01), Reset(rtt=0.01)
SILENT = Failed(kind=FailureKind.TIMEOUT)
POLICY = Failed(kind=FailureKind.POLICY)
NOT_ACCEPTED = Sent(
    SILENT, (Attempt(how="tcp", result="timeout", elapsed=4.0, packets=4, octets=240),)
)
"""A request whose connection was lost."""

NO_ROUTE = Failed(kind=FailureKind.NETWORK_UNREACHABLE)


def icmp(sender: str, kind: Unreachable, rtt: float = 0.01) -> IcmpError:
    return IcmpError(kind=kind, icmp_type=3, icmp_code=0, sender=sender, rtt=rtt)


def version(address: str) -> int:
    return 6 if ":" in address else 4


@dataclass
class Site:
    """One address of the target: what each of its probes gives, and how far packets get.

    `routers` answer the first TTLs; then comes the host, where `reached`, else silence. `hops`
    overrides single TTLs, `loop` are routers that go on answering in turn for ever.
    """

    ports: Mapping[int, Outcome] = field(default_factory=dict)
    other_ports: Outcome = SILENT
    echo: Outcome = SILENT
    arrivals: Mapping[int, int] = field(default_factory=dict)
    hops_before: int = 6
    reached: bool = False
    loop: tuple[str, ...] = ()
    hops: Mapping[int, Outcome] = field(default_factory=dict)

    def hop(self, probe: HopProbe) -> Outcome:
        if probe.ttl in self.hops:
            return self.hops[probe.ttl]
        routers = ROUTERS[version(probe.address)]
        if probe.ttl <= self.hops_before:
            return icmp(routers[probe.ttl - 1], Unreachable.TTL_EXCEEDED)
        if self.loop:
            router = self.loop[(probe.ttl - self.hops_before - 1) % len(self.loop)]
            return icmp(router, Unreachable.TTL_EXCEEDED)
        if self.reached and probe.protocol == "udp":
            return icmp(probe.address, Unreachable.PORT)
        return SILENT


@dataclass
class Internet:
    """Sites by address, and whether the controls of each family answer."""

    sites: dict[str, Site] = field(default_factory=dict)
    anchors: Mapping[int, bool] = field(default_factory=lambda: {4: True, 6: True})
    routes: Mapping[int, bool] = field(default_factory=lambda: {4: True, 6: True})
    lan_router: bool = True
    extra: dict[Request, Outcome | Sent] = field(default_factory=dict)

    def answer(self, request: Request) -> Outcome | Sent:
        if request in self.extra:
            return self.extra[request]
        match request:
            case SelectSource(address=address):
                family = version(address)
                return SourceAddress(address=OWN[family]) if self.routes[family] else NO_ROUTE
            case SystemLookup():
                return SystemAddresses(addresses=tuple(self.sites))
            case ReadRoutes(family=family):
                return self._routes(family)
            case DnsQuery(server=server, name="."):
                return DnsReply() if self.anchors[version(server)] else SILENT
            case TcpConnect(address=address) if address in ANCHORS.values():
                return CONNECTED if self.anchors[version(address)] else SILENT
            case TcpConnect(address=address, port=port) if address in self.sites:
                site = self.sites[address]
                return site.ports.get(port, site.other_ports)
            case Echo(address=address) if address in self.sites:
                return self.sites[address].echo
            case TcpArrivalTtl(address=address, port=port) if address in self.sites:
                return self._arrival(address, port)
            case HopProbe():
                return self._hop(request)
            case _:
                return SILENT

    def _routes(self, family: int) -> Routes:
        if not self.routes[family]:
            return Routes(routes=())
        default = Route(
            destination="0.0.0.0/0" if family == 4 else "::/0",
            gateway=ROUTERS[family][0],
            device="eth0",
        )
        return Routes(routes=(default,))

    def _arrival(self, address: str, port: int) -> Outcome:
        site = self.sites[address]
        if port not in site.arrivals:
            return SILENT
        connected = isinstance(site.ports.get(port, site.other_ports), Connected)
        return ArrivalTtl(answer="syn-ack" if connected else "rst", ttl=site.arrivals[port])

    def _hop(self, probe: HopProbe) -> Outcome:
        if probe.address in self.sites:
            return self.sites[probe.address].hop(probe)
        family = version(probe.address)
        if probe.address != LAN_ROUTER[family] or not self.lan_router:
            first = icmp(ROUTERS[family][0], Unreachable.TTL_EXCEEDED)
            return first if probe.ttl == 1 else SILENT
        if probe.ttl < len(ROUTERS[family]):
            return icmp(ROUTERS[family][probe.ttl - 1], Unreachable.TTL_EXCEEDED)
        return icmp(probe.address, Unreachable.PORT)


NETWORKS = (
    OwnNetwork(
        name="our network", owner=Owner.HOSTING_NETWORK, prefixes=("22.40.0.0/16", "2e00:40::/32")
    ),
    OwnNetwork(name="Transit A", owner=Owner.TRANSIT, prefixes=("22.30.0.0/16", "2e00:30::/32")),
)


def brief(target: str = V4, networks: Iterable[OwnNetwork] = NETWORKS, **more: Any) -> Brief:
    return Brief(
        target=parse(target),
        anchors=tuple(Endpoint(address, 53) for address in ANCHORS.values()),
        root_servers=tuple(RootServer("a.", address) for address in ROOTS.values()),
        networks=tuple(networks),
        **more,
    )


def found(
    check: Check[Any], internet: Internet, target: str = V4, **more: Any
) -> tuple[list[Finding], World]:
    """The findings of one check in this internet."""
    world = World(internet.answer)

    async def go() -> list[Finding]:
        net = world.network()
        findings = list(check.judge(await check.gather(net, brief(target, **more))))
        await net.close()
        known = {seen.id for seen in net.transcript}
        assert all(set(f.evidence) <= known and f.message for f in findings)
        assert all(f.for_agent and f.for_customer for f in findings if f.outcome.value == "problem")
        return findings

    return asyncio.run(go()), world


def codes(findings: Iterable[Finding]) -> list[str]:
    return sorted(finding.code for finding in findings)
