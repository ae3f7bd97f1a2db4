"""Records made by hand, for tests of what is shown of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import category

from netdiag import boundary
from netdiag.boundary import Desk, Support, Wording
from netdiag.model import Area, Outcome, Owner, Severity
from netdiag.network import Attempt, Observation, ObservationId
from netdiag.outcomes import (
    Connected,
    DnsReply,
    Failed,
    FailureKind,
    HttpReply,
    Reset,
    ResourceRecord,
)
from netdiag.outcomes import Outcome as Came
from netdiag.record import (
    Advice,
    BoundaryWords,
    FindingRecord,
    Record,
    Sent,
    Settings,
    Tool,
    Vantage,
    sent_in,
)
from netdiag.requests import DnsQuery, HttpRequest, Request, TcpConnect
from netdiag.target import parse

WHEN = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)

DESK = Desk(
    name="Example Hosting support",
    mail="help@hosting.example",
    phone="+43 1 234 5678",
    url="https://hosting.example/help",
    cost_notice="An expert costs 120 EUR an hour; you get an offer first.",
)

HOSTILE = (
    "\x1b[2J\x1b]52;c;cm0gLXJm\x07\x9b31m\u202egnp.exe\u200b\r\nroot | ok=1;2 `id` ``` ~~~ "
    '[link=https://evil.example]x[/link][/nope] <script>alert(1)</script> <img src=x onerror="y"> '
    "![i](https://evil.example/i.png) [a](javascript:alert(1)) $(reboot) \" ' \\ {{7*7}} "
    "# Heading\n- [ ] item &amp; é 漢字"
)


_INVISIBLE = frozenset("\u00ad\u034f\u061c\u180e\u3164\ufeff")
_INVISIBLE |= frozenset(map(chr, [*range(0x200B, 0x2010), *range(0x202A, 0x202F)]))
_INVISIBLE |= frozenset(map(chr, range(0x2060, 0x2070)))


def active(text: str) -> set[str]:
    """The characters that a terminal, page or log could act on, or that hide."""
    return {c for c in text if c in _INVISIBLE or category(c) in {"Cc", "Zl", "Zp", "Cs", "Co"}}


def observation(number: int, request: Request, outcome: Came, elapsed: float) -> Observation:
    return Observation(
        id=ObservationId(number),
        request=request,
        outcome=outcome,
        started=0.01 * number,
        elapsed=elapsed,
        completed=number,
        attempts=(Attempt(how="udp", result="x", elapsed=elapsed, packets=2, octets=120),),
    )


ADDRESS = ResourceRecord(name="www.shop.example.", ttl=300, rtype="A", data="203.0.113.20")

TRANSCRIPT = (
    observation(
        1,
        DnsQuery(server="198.51.100.2", name="www.shop.example.", rtype="A"),
        DnsReply(rcode="REFUSED", rtt=0.0123),
        0.0131,
    ),
    observation(
        2,
        DnsQuery(server="198.51.100.3", name="www.shop.example.", rtype="A", transport="tcp"),
        DnsReply(authoritative=True, answer=(ADDRESS,), transport="tcp", rtt=0.0342),
        0.0351,
    ),
    observation(
        3,
        TcpConnect(address="203.0.113.20", port=443),
        Connected(rtt=0.0221, source="192.0.2.77"),
        0.0225,
    ),
    observation(4, TcpConnect(address="203.0.113.20", port=80), Reset(rtt=0.0219), 0.0222),
    observation(
        5,
        HttpRequest(address="203.0.113.20", port=443, tls=True, host="www.shop.example"),
        HttpReply(
            status=500,
            reason="Internal Server Error",
            headers=(("server", "nginx"),),
            body_start="",
            received=134,
            promised=134,
            complete=True,
            connected=0.022,
            tls_done=0.07,
            first_byte=0.11,
            total=0.112,
        ),
        0.112,
    ),
    observation(
        6,
        TcpConnect(address="2001:db8::20", port=443),
        Failed(kind=FailureKind.TIMEOUT, detail="4 s"),
        4.0,
    ),
)


def finding(number: int, code: str, **changes: Any) -> FindingRecord:
    """A finding; a problem, critical and the DNS operator's unless `changes` say otherwise."""
    fields: dict[str, Any] = {
        "id": f"F{number}",
        "check": code,
        "code": code,
        "outcome": Outcome.PROBLEM,
        "severity": Severity.CRITICAL,
        "subject": "www.shop.example",
        "message": f"the message of {code} number {number}",
        "area": Area.DNS,
        "owner": Owner.DNS_OPERATOR,
        "support": Support.FIX,
        "evidence": (1, 2),
        "explained_by": (),
        "explains": (),
        "advice": Advice(agent="", customer=""),
        "reproduce": (),
        "references": (),
    }
    return FindingRecord(**(fields | changes))


def ok(number: int, check: str, code: str, area: Area, message: str) -> FindingRecord:
    return finding(
        number,
        code,
        check=check,
        outcome=Outcome.OK,
        severity=Severity.NOTICE,
        area=area,
        message=message,
        evidence=(2, 3),
    )


FINE = (
    ok(
        11,
        "name-servers",
        "server-serves",
        Area.DNS,
        "shop.example is delegated to ns1 and ns2.dns-op.example",
    ),
    ok(
        12,
        "addresses",
        "name-has-addresses",
        Area.DNS,
        "www.shop.example has the address 203.0.113.20",
    ),
    ok(
        13,
        "port-state",
        "port-open",
        Area.CONNECTIVITY,
        "203.0.113.20 port 443 accepts connections",
    ),
    ok(14, "routing-loop", "no-loop", Area.ROUTING, "no loop on the way to 203.0.113.20"),
    ok(
        15,
        "no-default-route",
        "default-route",
        Area.LOCAL,
        "this machine speaks IPv4 with 192.0.2.77",
    ),
    ok(
        16,
        "certificate",
        "certificate-valid",
        Area.SERVICE,
        "the certificate is valid until 2026-08-01",
    ),
)

LAME = finding(
    1,
    "lame-delegation",
    message="ns1.dns-op.example (198.51.100.2) is delegated shop.example and answers REFUSED, "
    "while ns2.dns-op.example (198.51.100.3) answers with authority",
    advice=Advice(
        agent="Ask the operator of ns1.dns-op.example to load the zone, or remove it from the NS "
        "set at the registrar.",
        customer="One of your domain's name servers does not know your domain. Please ask your "
        "DNS provider to set it up there.",
    ),
    explains=("F2", "F3"),
    reproduce=(
        "dig @198.51.100.2 www.shop.example. A +norec +bufsize=1232",
        "dig @198.51.100.3 www.shop.example. A +norec +bufsize=1232 +tcp",
    ),
    references=("RFC 1034, section 4.2.2", "RFC 9499, section 6 (lame delegation)"),
)
SYMPTOMS = (
    finding(2, "answers-differ", explained_by=("F1",), message="two servers answer differently"),
    finding(
        3,
        "lookup-slow",
        severity=Severity.WARNING,
        explained_by=("F1",),
        message="every second lookup takes 2 s",
    ),
)
SERVER_ERROR = finding(
    4,
    "application-error",
    message="https://www.shop.example/ answers 500 Internal Server Error, made by the application "
    "and not by the web server",
    area=Area.APPLICATION,
    owner=Owner.APPLICATION,
    support=Support.REFER,
    evidence=(5,),
    advice=Advice(
        agent="Offer an expert.", customer="Your site's own code fails. Its developer can help."
    ),
    reproduce=(
        "curl -sv -o /dev/null -k --resolve www.shop.example:443:203.0.113.20 "
        "https://www.shop.example/",
    ),
)
NOTICE = finding(
    5,
    "single-name-server",
    severity=Severity.NOTICE,
    message="shop.example has name servers in one network only",
)
OPEN = (
    finding(
        6,
        "port-not-reached",
        outcome=Outcome.INCONCLUSIVE,
        severity=Severity.WARNING,
        area=Area.CONNECTIVITY,
        message="whether 2001:db8::20 port 443 accepts connections cannot be told: no answer",
        evidence=(6,),
    ),
    finding(
        7,
        "family-not-observable",
        outcome=Outcome.INCONCLUSIVE,
        severity=Severity.NOTICE,
        area=Area.LOCAL,
        message="IPv6 cannot be seen from this machine",
    ),
)
SKIPPED = finding(
    8,
    "not-checked",
    check="mail-exchangers",
    outcome=Outcome.SKIPPED,
    severity=Severity.NOTICE,
    message="not checked: the target is an address",
    evidence=(),
)
CRASHED = finding(
    9,
    "netdiag-crashed",
    check="families",
    outcome=Outcome.CRASHED,
    severity=Severity.WARNING,
    area=Area.LOCAL,
    owner=Owner.NETDIAG,
    message="netdiag failed in families: ZeroDivisionError: division by zero (at families.py:3)",
    evidence=(),
)


def record(*findings: FindingRecord, **changes: Any) -> Record:
    """A record of these findings; causes are its problems that nothing explains."""
    shipped = boundary.default()
    roots = [f for f in findings if f.outcome is Outcome.PROBLEM and not f.explained_by]
    fields: dict[str, Any] = {
        "format": "netdiag-record",
        "version": 1,
        "tool": Tool(name="netdiag", version="0.1.0", public_suffixes="2026-10-22"),
        "target": parse("https://www.shop.example/"),
        "vantage": Vantage(name="desk-vienna", platform="Linux 6.1", sees={"raw_sockets": False}),
        "settings": Settings(
            checks=(),
            families=(4, 6),
            timeout=20.0,
            resolver=None,
            root_servers=(),
            public_resolvers=(),
            anchors=(),
            mail_anchors=(),
            networks=(),
        ),
        "started": WHEN,
        "finished": WHEN + timedelta(seconds=0.812),
        "ended": "complete",
        "status": "critical" if roots else "ok",
        "summary": f"www.shop.example has a fault: {roots[0].message}."
        if roots
        else "www.shop.example is fine: nothing wrong was found on the way to it.",
        "causes": tuple(roots),
        "findings": tuple(findings),
        "boundary": BoundaryWords(desk=DESK, wording=shipped.wording, owners=shipped.owners),
        "sent": sent_in(TRANSCRIPT),
        "transcript": TRANSCRIPT,
    }
    return Record(**(fields | changes))


def healthy() -> Record:
    return record(*FINE)


def one_cause() -> Record:
    return record(LAME, *SYMPTOMS, *OPEN[1:], SKIPPED, *FINE)


def two_causes() -> Record:
    return record(LAME, *SYMPTOMS, SERVER_ERROR, NOTICE, *OPEN, *FINE)


def for_expert() -> Record:
    return record(SERVER_ERROR, *FINE)


def weak_point() -> Record:
    return record(
        dataclasses.replace(LAME, severity=Severity.WARNING),
        *FINE,
        status="warning",
        summary=f"www.shop.example works, but has a weak point: {LAME.message}.",
    )


def inconclusive() -> Record:
    return record(
        *OPEN,
        SKIPPED,
        status="unknown",
        ended="deadline",
        summary="Whether www.shop.example is fine could not be determined: the time for this run "
        "was up before everything was answered.",
    )


def crashed() -> Record:
    return record(
        CRASHED,
        *FINE,
        status="unknown",
        summary="Whether www.shop.example is fine could not be determined: what was seen does "
        "not decide it.",
    )


def interrupted() -> Record:
    return record(
        status="unknown",
        ended="interrupted",
        transcript=(),
        sent=Sent(packets=0, bytes=0, by_type={}),
        summary="Whether www.shop.example is fine could not be determined: the run was "
        "interrupted.",
    )


def hostile(text: str = HOSTILE) -> Record:
    """`text` in every string that a record file could hold."""
    sound = two_causes()
    spoilt = _spoilt(sound, text)
    assert isinstance(spoilt, Record)
    crash = dataclasses.replace(_spoilt(CRASHED, text), id="F9")
    return dataclasses.replace(
        spoilt,
        findings=(*spoilt.findings, crash),
        target=dataclasses.replace(
            spoilt.target, scheme=sound.target.scheme, address=sound.target.address
        ),
        settings=dataclasses.replace(
            sound.settings, checks=(text,), networks=_spoilt(sound.settings.networks, text)
        ),
    )


_LINKS = {"id", "explains", "explained_by"}
_CLOSED = {
    "format",
    "ended",
    "status",
    "transport",
    "protocol",
    "starttls",
    "method",
    "depth",
    "purpose",
    "rclass",
    "case",
    "cookie",
}
_KEPT = _LINKS | _CLOSED


def _spoilt(value: Any, text: str, name: str = "") -> Any:
    """The value with `text` for every string but closed words and what links findings."""
    if isinstance(value, str):
        return value if name in _KEPT else text
    if isinstance(value, tuple):
        return tuple(_spoilt(item, text, name) for item in value)
    if isinstance(value, dict):
        return {_spoilt(key, text, name): _spoilt(item, text, name) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name for f in dataclasses.fields(value)}
        return dataclasses.replace(
            value, **{f: _spoilt(getattr(value, f), text, f) for f in fields}
        )
    if isinstance(value, Wording):
        return Wording(label=text, text=text)
    if isinstance(value, Desk):
        return Desk(name=text, mail=text, phone=text, url=text, cost_notice=text)
    return value


SAMPLES: dict[str, Callable[[], Record]] = {
    "healthy": healthy,
    "one_cause": one_cause,
    "two_causes": two_causes,
    "for_expert": for_expert,
    "weak_point": weak_point,
    "inconclusive": inconclusive,
    "crashed": crashed,
    "interrupted": interrupted,
    "hostile": hostile,
}
