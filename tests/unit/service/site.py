"""A simulated site: its addresses, the ports that connect, and what its services say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from netdiag.model import Brief, Check, Endpoint, Finding
from netdiag.outcomes import (
    Certificate,
    Connected,
    Failed,
    FailureKind,
    HttpReply,
    Outcome,
    SourceAddress,
    SystemAddresses,
    TlsSession,
)
from netdiag.requests import (
    HttpRequest,
    ReadBanner,
    Request,
    SelectSource,
    SystemLookup,
    TcpConnect,
    TlsHandshake,
)
from netdiag.target import parse
from tests.world.world import World

V4, V6 = "22.40.1.10", "2e00:40:1::10"
ELSEWHERE = "22.60.1.20"
ANCHORS = ("9.9.9.9", "1.1.1.1")
HOST = "www.customer.example"
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

SILENT = Failed(kind=FailureKind.TIMEOUT)
POLICY = Failed(kind=FailureKind.POLICY)
UNKNOWN = Failed(kind=FailureKind.NAME_UNKNOWN)
CONNECTED = Connected(rtt=0.01)


def http_date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


def reply(status: int = 200, body: str = "", **more: Any) -> HttpReply:
    """A whole answer; `headers` in more are added to its Date."""
    headers = (*more.pop("headers", ()), ("date", http_date(NOW)))
    fields: dict[str, Any] = {
        "status": status,
        "reason": "",
        "headers": headers,
        "body_start": body,
        "received": len(body),
        "promised": len(body),
        "complete": True,
        "connected": 0.01,
        "tls_done": None,
        "first_byte": 0.05,
        "total": 0.06,
    }
    return HttpReply(**(fields | more))


def redirect(to: str, status: int = 301, **more: Any) -> HttpReply:
    return reply(status, headers=(("location", to), *more.pop("headers", ())), **more)


def certificate(
    begin: float = -30,
    end: float = 60,
    names: Iterable[str] = (HOST,),
    issuer: str = "CN=Intermediate",
    subject: str = f"CN={HOST}",
) -> Certificate:
    """Valid from `begin` to `end`, in days from now."""
    return Certificate(
        subject=subject,
        issuer=issuer,
        names=tuple(names),
        not_before=(NOW + timedelta(days=begin)).isoformat(),
        not_after=(NOW + timedelta(days=end)).isoformat(),
        self_issued=subject == issuer,
        sha256="",
    )


INTERMEDIATE = certificate(-400, 400, (), "CN=Root", "CN=Intermediate")
ROOT = certificate(-900, 900, (), "CN=Root", "CN=Root")


def session(
    leaf: Certificate | None = None,
    *above: Certificate,
    code: int = 0,
    why: str = "",
) -> TlsSession:
    return TlsSession(
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        verify_code=code,
        verify_error=why,
        chain=(leaf or certificate(), *(above or (INTERMEDIATE,))),
        rtt=0.02,
    )


@dataclass
class Site:
    """`pages` maps a URL to its answer, at one address only where `ADDRESS URL` is given.

    `handshakes` maps an endpoint or a port, `extra` whole requests.
    """

    addresses: tuple[str, ...] = (V4,)
    ports: Mapping[int, Outcome] = field(default_factory=lambda: {80: CONNECTED, 443: CONNECTED})
    handshakes: Mapping[object, Outcome] = field(default_factory=dict)
    pages: Mapping[str, Outcome] = field(default_factory=dict)
    banners: Mapping[int, Outcome] = field(default_factory=dict)
    names: Mapping[str, Outcome] = field(default_factory=dict)
    extra: Mapping[Request, Outcome] = field(default_factory=dict)

    def answer(self, request: Request) -> Outcome:
        if request in self.extra:
            return self.extra[request]
        match request:
            case SelectSource():
                return SourceAddress(address="22.10.0.10")
            case SystemLookup(name=name):
                return self.names.get(name, SystemAddresses(addresses=self.addresses))
            case TcpConnect(port=port):
                return self.ports.get(port, SILENT)
            case TlsHandshake(address=address, port=port):
                at = self.handshakes.get((address, port), self.handshakes.get(port))
                return at or session()
            case ReadBanner(port=port):
                return self.banners.get(port, SILENT)
            case HttpRequest():
                url = spelled(request)
                return self.pages.get(f"{request.address} {url}", self.pages.get(url, reply()))
            case _:
                return SILENT


def spelled(request: HttpRequest) -> str:
    scheme = "https" if request.tls else "http"
    usual = request.port == (443 if request.tls else 80)
    return f"{scheme}://{request.host}{'' if usual else f':{request.port}'}{request.path}"


def brief(target: str = HOST, **more: Any) -> Brief:
    anchors = tuple(Endpoint(address, 53) for address in ANCHORS)
    return Brief(target=parse(target), started=NOW, anchors=anchors, **more)


def found(
    check: Check[Any], site: Site, target: str = HOST, **more: Any
) -> tuple[list[Finding], World]:
    """The findings of one check, and what was asked."""
    world = World(site.answer)

    async def go() -> list[Finding]:
        net = world.network()
        findings = list(check.judge(await check.gather(net, brief(target, **more))))
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
