from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from checks.facts.certificates import MOST_NAMES, Trust, names_match, trust_of
from checks.service import certificate as check
from checks.service.certificate import CertificateExpired, CertificateNameMismatch
from netdiag.model import Severity
from netdiag.outcomes import Failed, FailureKind, Outcome
from netdiag.requests import HttpRequest, TlsHandshake
from tests.doctable import rows
from tests.unit.service.site import (
    ANCHORS,
    HOST,
    INTERMEDIATE,
    NOW,
    ROOT,
    SILENT,
    V4,
    V6,
    Site,
    certificate,
    codes,
    found,
    http_date,
    reply,
    session,
)

STRANGERS = tuple(f"http://{address}/" for address in ANCHORS)
SHOWN: dict[tuple[str, str], Outcome] = {
    ("in date, for the name, trusted", "not needed"): session(),
    ("ended", "the server's clock agrees"): session(certificate(end=-2), code=10),
    ("ended", "none: no web port"): session(certificate(end=-2), code=10),
    ("ended", "still valid by its clock"): session(certificate(end=-2), code=10),
    ("ended", "another server's agrees"): session(certificate(end=-2), code=10),
    ("an intermediate above it ended", "the server's clock agrees"): session(
        certificate(), certificate(-400, -1, (), "CN=Root", "CN=Intermediate"), code=10
    ),
    ("not begun", "the server's clock agrees"): session(certificate(begin=7), code=9),
    ("ends in less than 14 days", "the server's clock agrees"): session(certificate(end=13.9)),
    ("of 6 days, ends in 5", "the server's clock agrees"): session(certificate(-1, 5)),
    ("for other names", "not needed"): session(certificate(names=("a.example",)), code=62),
    ("for other names, target an address", "not needed"): session(code=64),
    ("self-signed", "no issuer to look for"): session(certificate(issuer=f"CN={HOST}"), code=18),
    ("of an unknown authority", "its certificate is sent"): session(
        certificate(), INTERMEDIATE, ROOT, code=19
    ),
    ("of an unknown authority", "the chain is whole up to it"): session(code=20),
    ("refused for another reason", "OpenSSL says which"): session(code=66, why="key too small"),
    ("of an issuer that is not sent", "nothing above it is sent"): session(
        certificate(), ROOT, code=20
    ),
    ("not shown, no handshake", "not needed"): Failed(kind=FailureKind.TLS_ALERT),
    ("shown, its dates cannot be read", "not needed"): session(
        certificate(names=()).__class__(
            subject="",
            issuer="",
            names=(),
            not_before="",
            not_after="",
            self_issued=True,
            sha256="",
        ),
        code=18,
    ),
}


@pytest.mark.parametrize(("shown", "control", "judgement"), rows(check))
def test_the_documented_table_is_what_the_check_decides(
    shown: str, control: str, judgement: str
) -> None:
    target, port = f"https://{HOST}/", 443
    if control == "none: no web port":
        target, port = f"imaps://{HOST}", 993
    if "target an address" in shown:
        target = f"https://{V4}/"
    late = control in {"still valid by its clock", "another server's agrees"}
    theirs = NOW - timedelta(days=5) if late else NOW
    page = reply()
    page = reply(headers=(("date", http_date(theirs)),)) if theirs != NOW else page
    site = Site(
        ports={port: Site().ports[443]},
        handshakes={port: SHOWN[shown, control]},
        pages={f"https://{HOST}/": page} | dict.fromkeys(STRANGERS, SILENT),
    )
    if control == "another server's agrees":
        site = replace(site, pages={**site.pages, STRANGERS[0]: reply()})

    findings, _ = found(check.CHECK, site, target)

    assert codes(findings) == [judgement]


def test_what_is_the_same_at_every_address_is_said_once() -> None:
    site = Site(addresses=(V4, V6), handshakes={443: session(certificate(end=-2), code=10)})

    (finding,) = found(check.CHECK, site)[0]

    assert isinstance(finding, CertificateExpired)
    assert finding.addresses == (V4, V6)
    assert finding.severity is Severity.CRITICAL
    assert finding.witness


def test_independent_faults_are_separate_findings() -> None:
    bad = session(certificate(end=-2, names=("other.example",), issuer=f"CN={HOST}"), code=18)

    findings, _ = found(check.CHECK, Site(handshakes={443: bad}))

    assert codes(findings) == [
        "certificate-expired",
        "certificate-name-mismatch",
        "certificate-untrusted",
    ]


def test_a_fault_at_one_address_is_a_warning_where_another_is_well() -> None:
    expired = session(certificate(end=-2), code=10)
    site = Site(addresses=(V4, V6), handshakes={(V6, 443): expired})

    findings, _ = found(check.CHECK, site)

    assert codes(findings) == ["certificate-expired", "certificate-fine"]
    (bad,) = [f for f in findings if isinstance(f, CertificateExpired)]
    assert (bad.addresses, bad.severity) == ((V6,), Severity.WARNING)


def test_the_names_that_the_certificate_has_are_said() -> None:
    bad = session(certificate(names=("a.example", "b.example")), code=62)

    (finding,) = found(check.CHECK, Site(handshakes={443: bad}))[0]

    assert isinstance(finding, CertificateNameMismatch)
    assert "for a.example and b.example and not for" in finding.message


def test_an_address_as_target_makes_a_bad_default_certificate_a_notice() -> None:
    bad = session(certificate(end=-2, issuer=f"CN={HOST}"), code=18)

    findings, world = found(check.CHECK, Site(handshakes={443: bad}), V4)

    assert {f.severity for f in findings} == {Severity.NOTICE}
    assert TlsHandshake(address=V4, port=443, server_name=None) in world.sent


def test_submission_turns_to_tls_first() -> None:
    site = Site(ports={587: Site().ports[443]})

    findings, world = found(check.CHECK, site, f"{HOST}:587")

    assert codes(findings) == ["certificate-fine"]
    assert [r.starttls for r in world.sent if isinstance(r, TlsHandshake)] == ["smtp"]
    assert not [r for r in world.sent if isinstance(r, HttpRequest)]


@pytest.mark.parametrize("ports", [{}, {80: Site().ports[80]}, {80: SILENT, 443: SILENT}])
def test_without_an_open_tls_port_there_is_nothing_to_judge(ports: dict[int, Outcome]) -> None:
    (finding,) = found(check.CHECK, Site(ports=ports))[0]

    assert finding.code == "not-checked"


@pytest.mark.parametrize(
    ("pattern", "host", "match"),
    [
        ("www.a.example", "www.a.example", True),
        ("WWW.A.example", "www.a.example", True),
        ("*.a.example", "www.a.example", True),
        ("*.a.example", "a.example", False),
        ("*.a.example", "x.www.a.example", False),
        ("w*.a.example", "www.a.example", False),
        ("*", "localhost", False),
        ("*.", "localhost", False),
        ("a.example", "www.a.example", False),
        ("", "a.example", False),
    ],
)
def test_names_match_as_in_rfc_9525(pattern: str, host: str, match: bool) -> None:
    assert names_match(session(certificate(names=(pattern,)), code=20), host) is match


def test_a_list_of_names_that_was_cut_is_given_the_benefit_of_the_doubt() -> None:
    many = session(certificate(names=[f"{n}.example" for n in range(MOST_NAMES)]), code=20)

    assert names_match(many, "other.example")


def test_a_date_that_openssl_objects_to_and_nothing_sent_accounts_for_is_the_roots() -> None:
    assert trust_of(session(code=10), NOW) is Trust.OTHER


def test_issuers_that_go_round_in_circles_end() -> None:
    one = certificate(subject="CN=a", issuer="CN=b")
    two = certificate(subject="CN=b", issuer="CN=a")

    assert trust_of(session(one, two, code=20), NOW) is Trust.UNKNOWN_AUTHORITY
