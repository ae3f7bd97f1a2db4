"""A simulated domain with mail: what one all-knowing name server says, and which ports connect."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from netdiag.model import Brief, Check, Endpoint, Finding, RootServer
from netdiag.outcomes import (
    Banner,
    Connected,
    DnsReply,
    Failed,
    FailureKind,
    Outcome,
    Resolvers,
    ResourceRecord,
    SourceAddress,
    SystemAddresses,
)
from netdiag.requests import (
    DnsQuery,
    ReadBanner,
    ReadResolvers,
    Request,
    SelectSource,
    SystemLookup,
    TcpConnect,
)
from netdiag.target import parse
from tests.world.world import World

DOMAIN, MX = "customer.example.", "mail.customer.example."
V4, V6 = "22.40.1.25", "2e00:40:1::25"
SECOND = "22.40.2.25"
ANCHOR4, ANCHOR6 = "22.70.0.25", "2e00:70::25"
ROOT, RESOLVER = "198.41.0.4", "22.11.0.53"

CONNECTED = Connected(rtt=0.01)
SILENT = Failed(kind=FailureKind.TIMEOUT)
POLICY = Failed(kind=FailureKind.POLICY)

Records = Mapping[tuple[str, str], tuple[str, ...]]
ADDRESSES: Records = {(MX, "A"): (V4,), (MX, "AAAA"): (V6,)}
LISTED: Records = {(DOMAIN, "MX"): (f"10 {MX}",), **ADDRESSES}


@dataclass
class Post:
    """`records` of the DNS; a name with none does not exist, unless it is in `empty`.

    `silent` are names that no server answers for; `ports` maps (address, port) or a port.
    """

    records: Records = field(default_factory=lambda: LISTED)
    empty: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    ports: Mapping[object, Outcome] = field(default_factory=lambda: {25: CONNECTED})
    recursive: Outcome = SILENT
    looked_up: Outcome = SILENT
    banner: Outcome = field(default_factory=lambda: Banner(text="220 x", closed=False, rtt=0.1))

    def answer(self, request: Request) -> Outcome:
        match request:
            case SelectSource(address=address):
                return SourceAddress(address="2e00:10::10" if ":" in address else "22.10.0.10")
            case ReadResolvers():
                return Resolvers(addresses=(RESOLVER,))
            case DnsQuery(recursion_desired=True):
                return self.recursive
            case DnsQuery(name=name, rtype=rtype):
                return SILENT if name in self.silent else self._reply(name, rtype)
            case SystemLookup():
                return self.looked_up
            case TcpConnect(address=address, port=port):
                return self.ports.get((address, port), self.ports.get(port, SILENT))
            case ReadBanner():
                return self.banner
            case _:
                return SILENT

    def _reply(self, name: str, rtype: str) -> DnsReply:
        kinds = {kind for owner, kind in self.records if owner == name}
        if not kinds and name not in self.empty:
            return DnsReply(rcode="NXDOMAIN", authoritative=True)
        kind = "CNAME" if "CNAME" in kinds else rtype
        data = self.records.get((name, kind), ())
        return DnsReply(authoritative=True, answer=records(name, kind, data))


def records(name: str, rtype: str, data: Iterable[str]) -> tuple[ResourceRecord, ...]:
    return tuple(ResourceRecord(name=name, ttl=300, rtype=rtype, data=one) for one in data)


def mx_reply(*data: str) -> DnsReply:
    return DnsReply(answer=records(DOMAIN, "MX", data))


def addresses(*found: str) -> SystemAddresses:
    return SystemAddresses(addresses=found)


def found(
    check: Check[Any],
    post: Post,
    target: str = DOMAIN,
    anchors: Iterable[str] = (ANCHOR4, ANCHOR6),
    families: tuple[int, ...] = (4, 6),
) -> tuple[list[Finding], World]:
    """The findings of one check, and what was asked."""
    world = World(post.answer)
    brief = Brief(
        target=parse(target),
        root_servers=(RootServer("a.", ROOT),),
        mail_anchors=tuple(Endpoint(address, 25) for address in anchors),
        families=families,
    )

    async def go() -> list[Finding]:
        net = world.network()
        findings = list(check.judge(await check.gather(net, brief)))
        await net.close()
        known = {seen.id for seen in net.transcript}
        assert all(set(f.evidence) <= known and f.message and f.subject for f in findings)
        assert all(f.evidence or f.code == "not-checked" for f in findings)
        assert all(f.for_agent and f.for_customer for f in findings if f.outcome.value == "problem")
        assert {type(f) for f in findings} <= set(check.finds)
        return findings

    return asyncio.run(go()), world


def codes(findings: Iterable[Finding]) -> list[str]:
    return sorted(finding.code for finding in findings)
