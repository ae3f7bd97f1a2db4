from __future__ import annotations

import pytest

from checks.connectivity import service_silent
from checks.connectivity.service_silent import ServiceSilent
from netdiag.model import Severity
from netdiag.network import Sent
from netdiag.outcomes import Banner, Failed, FailureKind, Outcome
from netdiag.requests import HttpRequest, ReadBanner, Request, TlsHandshake
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    NOT_ACCEPTED,
    POLICY,
    SILENT,
    V4,
    Internet,
    Site,
    found,
)

GREETING = ReadBanner(address=V4, port=22)
THEN: dict[str, Outcome | Sent] = {
    "the next connection is lost": NOT_ACCEPTED,
    "answers": Banner(text="SSH-2.0", closed=False, rtt=0.1),
    "fails in another way than by silence": Failed(kind=FailureKind.CLOSED_EARLY),
    "silence": Banner(text="", closed=False, rtt=3.0),
    "ICMP error or an end of this run's": POLICY,
}


@pytest.mark.parametrize(("then", "_", "judgement"), rows(service_silent))
def test_the_documented_table_is_what_the_check_decides(then: str, _: str, judgement: str) -> None:
    target = f"{V4}:22" if then in THEN else f"{V4}:4444"
    internet = Internet({V4: Site(other_ports=CONNECTED)})
    internet.extra = {GREETING: THEN[then]} if then in THEN else {}

    (finding,) = found(service_silent.CHECK, internet, target)[0]

    assert finding.code == judgement


def web(tls: Outcome, http: Outcome) -> Internet:
    tls_request = TlsHandshake(address=V4, port=443, server_name="www.example")
    http_request = HttpRequest(address=V4, port=80, tls=False, host="www.example")
    extra: dict[Request, Outcome | Sent] = {tls_request: tls, http_request: http}
    return Internet({V4: Site(other_ports=CONNECTED)}, extra=extra)


def test_both_web_ports_silent_is_one_critical_cause() -> None:
    (finding,), _ = found(service_silent.CHECK, web(SILENT, SILENT), "www.example")

    assert isinstance(finding, ServiceSilent)
    assert finding.severity is Severity.CRITICAL
    assert "a TLS handshake and an HTTP request" in finding.message
    assert "large packets" not in finding.message


def test_one_port_that_speaks_makes_the_other_a_warning() -> None:
    alert = Failed(kind=FailureKind.TLS_ALERT)

    findings, _ = found(service_silent.CHECK, web(alert, SILENT), "www.example")

    (silent,) = [f for f in findings if isinstance(f, ServiceSilent)]
    assert silent.ports == (80,)
    assert silent.severity is Severity.WARNING


def test_only_ports_that_connect_are_spoken_to() -> None:
    internet = Internet({V4: Site(ports={443: CONNECTED})})

    _, world = found(service_silent.CHECK, internet, "www.example")

    assert not [r for r in world.sent if isinstance(r, HttpRequest)]
    assert [r for r in world.sent if isinstance(r, TlsHandshake)]


def test_a_target_without_open_ports_is_skipped() -> None:
    (finding,) = found(service_silent.CHECK, Internet({V4: Site()}))[0]

    assert finding.code == "not-checked"
