"""No outcome of any request makes a check of a service or of mail crash."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from checks.connectivity import mail_port
from checks.dns import mail_exchangers
from checks.service import banner, certificate, http_answer, tls
from netdiag.model import Brief, Check, Endpoint, Finding, RootServer
from netdiag.outcomes import (
    Banner,
    Connected,
    DnsReply,
    Failed,
    FailureKind,
    IcmpError,
    Outcome,
    Reset,
    SourceAddress,
    SystemAddresses,
    Unreachable,
)
from netdiag.requests import DnsQuery, Request, SelectSource, SystemLookup, TcpConnect
from netdiag.target import parse
from tests.unit.mail.post import records
from tests.unit.service.site import V4, V6, redirect, reply, session
from tests.unit.service.site import certificate as issued
from tests.world.world import World

CHECKS = [
    module.CHECK for module in (banner, certificate, http_answer, tls, mail_exchangers, mail_port)
]
OUTCOMES: list[Outcome] = [
    *(Failed(kind=kind) for kind in FailureKind),
    *(
        IcmpError(kind=kind, icmp_type=3, icmp_code=0, sender="not an address", rtt=0.0)
        for kind in Unreachable
    ),
    Reset(rtt=0.0),
    Connected(rtt=0.0),
    Banner(text="", closed=True, rtt=0.0),
    Banner(text="\\x1b[2J", closed=False, rtt=0.0),
    session(code=-1),
    session(issued(begin=60, end=-60)),
    session(issued(names=("", "*", "*.")), code=20),
    *(reply(status) for status in range(-1, 1000, 37)),
    reply(headers=(("date", "Mon, 99 Nov 99999 99:99:99 +9999"),)),
    reply(200, connected=-1.0, first_byte=float("inf")),
    *(redirect(to) for to in ("", "/", "http://[", "//", "javascript:x", "http://1.2.3.4:0/", "ü")),
]
TARGETS = ["www.example", "www.example:25", "22.40.1.10", "22.40.1.10:25", "imaps://www.example"]


def answer(request: Request, outcome: Outcome, *, connects: bool) -> Outcome:
    match request:
        case SelectSource():
            return SourceAddress(address="22.10.0.10")
        case SystemLookup():
            return SystemAddresses(addresses=(V4, V6))
        case TcpConnect() if connects:
            return Connected(rtt=0.0)
        case DnsQuery(name=name, rtype=rtype):
            data = {"A": (V4,), "AAAA": (V6,), "MX": ("10 www.example.",)}.get(rtype, ())
            return DnsReply(authoritative=True, answer=records(name, rtype, data))
        case _:
            return outcome


@pytest.mark.parametrize("connects", [True, False])
@pytest.mark.parametrize("outcome", OUTCOMES, ids=range(len(OUTCOMES)))
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_has_a_verdict_on_every_outcome(
    check: Check[Any], outcome: Outcome, connects: bool
) -> None:
    for target in TARGETS:
        brief = Brief(
            target=parse(target),
            root_servers=(RootServer("a.", "198.41.0.4"),),
            mail_anchors=(Endpoint("22.70.0.25", 25),),
        )

        findings = asyncio.run(_judged(check, brief, outcome, connects=connects))

        assert findings
        assert {type(finding) for finding in findings} <= set(check.finds)
        assert all(f.message and f.subject and f.severity and f.owner for f in findings)


async def _judged(
    check: Check[Any], brief: Brief, outcome: Outcome, *, connects: bool
) -> list[Finding]:
    net = World(lambda request: answer(request, outcome, connects=connects)).network()
    findings = list(check.judge(await check.gather(net, brief)))
    await net.close()
    return findings
