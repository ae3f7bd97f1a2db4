from __future__ import annotations

import pytest

from checks.service import tls
from checks.service.tls import TlsHandshakeFailed
from netdiag.model import Severity
from netdiag.outcomes import Failed, FailureKind, Outcome, Reset
from netdiag.requests import HttpRequest, Request, TlsHandshake
from tests.doctable import rows
from tests.unit.service.site import HOST, POLICY, SILENT, V4, V6, Site, codes, found, reply, session

NAMELESS = TlsHandshake(address=V4, port=443, server_name=None)
PLAIN = HttpRequest(address=V4, port=443, tls=False, host=HOST)


def failed(*kinds: FailureKind, detail: str = "") -> list[Outcome]:
    return [Failed(kind=kind, detail=detail) for kind in kinds]


HANDSHAKES: dict[str, list[Outcome]] = {
    "completes, or shows a chain": [session(), session(code=20)],
    "no common version": failed(FailureKind.TLS_VERSION),
    "refused by an alert": failed(FailureKind.TLS_ALERT),
    "answered by something else": failed(FailureKind.NOT_TLS),
    "closed or reset after the hello": failed(FailureKind.CLOSED_EARLY, FailureKind.RESET),
    "breaks a rule of TLS": failed(FailureKind.OTHER, detail="TLS: DH_KEY_TOO_SMALL"),
    "silence": [SILENT],
    "no second connection": [Reset(rtt=0.0), *failed(FailureKind.OTHER, FailureKind.REFUSED)],
    "this run's own failure": [POLICY],
}
CONTROLS: dict[str, dict[Request, Outcome]] = {
    "one without a name completes": {NAMELESS: session()},
    "plain HTTP answers on this port": {PLAIN: reply(400)},
    "plain HTTP does not answer either": {PLAIN: SILENT},
}
WORDS = {
    "one without a name fails too": "not about the name",
    "one without a name completes": "a hello without the name is answered",
    "plain HTTP answers on this port": "plain HTTP is answered",
    "plain HTTP does not answer either": "plain HTTP is not answered",
}


@pytest.mark.parametrize(("handshake", "control", "judgement"), rows(tls))
def test_the_documented_table_is_what_the_check_decides(
    handshake: str, control: str, judgement: str
) -> None:
    for outcome in HANDSHAKES[handshake]:
        extra = {NAMELESS: outcome, **CONTROLS.get(control, {})}
        site = Site(handshakes={443: outcome}, extra=extra)

        (finding,) = found(tls.CHECK, site)[0]

        assert finding.code == judgement
        assert WORDS.get(control, "") in finding.message


def test_an_address_that_shakes_hands_makes_the_other_a_warning() -> None:
    site = Site(addresses=(V4, V6), handshakes={(V6, 443): Failed(kind=FailureKind.TLS_VERSION)})

    findings, _ = found(tls.CHECK, site)

    assert codes(findings) == ["tls-fine", "tls-version-mismatch"]
    assert [f.severity for f in findings if f.code == "tls-version-mismatch"] == [Severity.WARNING]


def test_one_failure_of_all_addresses_is_one_finding() -> None:
    site = Site(addresses=(V4, V6), handshakes={443: Failed(kind=FailureKind.TLS_ALERT)})
    site.extra = {
        TlsHandshake(address=a, port=443, server_name=None): Failed(kind=FailureKind.TLS_ALERT)
        for a in (V4, V6)
    }

    (finding,) = found(tls.CHECK, site)[0]

    assert isinstance(finding, TlsHandshakeFailed)
    assert finding.addresses == (V4, V6)
    assert finding.severity is Severity.CRITICAL


def test_a_target_without_a_name_has_no_second_try() -> None:
    site = Site(handshakes={443: Failed(kind=FailureKind.TLS_ALERT)})

    (finding,), world = found(tls.CHECK, site, V4)

    assert finding.code == "tls-handshake-failed"
    assert len([r for r in world.sent if isinstance(r, TlsHandshake)]) == 1


@pytest.mark.parametrize("port", [22, 80, 587])
def test_ports_without_tls_from_the_start_are_not_judged(port: int) -> None:
    site = Site(ports={port: Site().ports[80]})

    (finding,) = found(tls.CHECK, site, f"{HOST}:{port}")[0]

    assert finding.code == "not-checked"
