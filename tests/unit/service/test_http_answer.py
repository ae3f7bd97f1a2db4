from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checks.facts.pages import OfPages
from checks.facts.web import MOST_REDIRECTS, Stop, Url, next_url
from checks.service import http_answer
from checks.service.http_answer import ApplicationError, HttpOk, PageNotSeen, RedirectBroken
from netdiag.model import Severity
from netdiag.outcomes import Failed, FailureKind, Outcome, Reset, SystemAddresses
from netdiag.requests import HttpRequest
from tests.doctable import rows
from tests.unit.service.site import (
    CONNECTED,
    ELSEWHERE,
    HOST,
    POLICY,
    SILENT,
    UNKNOWN,
    V4,
    V6,
    Site,
    codes,
    found,
    redirect,
    reply,
)

URL = f"http://{HOST}/"
TO_OTHER = redirect("https://shop.example/")
PHP = (("x-powered-by", "PHP/8.3"),)
COOKIE = (("set-cookie", "a=b"),)
OTHER = SystemAddresses(addresses=(ELSEWHERE,))
TLS_ALERT = Failed(kind=FailureKind.TLS_ALERT)
LOOKUP_FAILED = Failed(kind=FailureKind.LOOKUP_FAILED)
MALFORMED = Failed(kind=FailureKind.MALFORMED)


def endless(**more: Any) -> dict[str, Outcome]:
    steps = {f"{URL}{n}": redirect(f"/{n + 1}", **more) for n in range(20)}
    return {URL: redirect("/0", **more), **steps}


def elsewhere(outcome: Outcome) -> dict[str, Outcome]:
    return {URL: TO_OTHER, "https://shop.example/": outcome}


PAGES: dict[str, list[Mapping[str, Outcome]]] = {
    "200, whole": [{URL: reply()}, {URL: reply(204)}],
    "404 or 410": [{URL: reply(404)}, {URL: reply(410)}],
    "200, fewer octets than promised": [{URL: reply(complete=False, received=10, promised=99)}],
    "500": [{URL: reply(500)}, {URL: reply(500, headers=PHP)}],
    "503 with an application's marks": [
        {URL: reply(503, headers=PHP)},
        {URL: reply(503, body="x Traceback (most recent call last) y")},
    ],
    "501, 505 to 510 without such marks": [{URL: reply(501)}, {URL: reply(510)}],
    "503": [{URL: reply(503)}, {URL: reply(503, headers=(("x-powered-by", "PleskLin"),))}],
    "502 or 504": [{URL: reply(502)}, {URL: reply(504, headers=PHP)}],
    "520 to 530": [{URL: reply(522)}],
    "401, 403, 429 or 451": [{URL: reply(status)} for status in (401, 403, 429, 451)],
    "any with a bot challenge": [{URL: reply(503, headers=(("cf-mitigated", "challenge"),))}],
    "a redirect to a name that is unknown": [{URL: redirect("https://gone.example/")}],
    "a redirect to what is no URL": [{URL: redirect("https:///x")}, {URL: redirect("http://h:0/")}],
    "a redirect to nowhere": [{URL: reply(301)}, {URL: redirect(" ")}],
    "a redirect to another service's port": [
        {URL: redirect(f"http://shop.example:{port}/")} for port in (25, 6667)
    ],
    "a redirect to a closed port": [
        elsewhere(Reset(rtt=0.0)),
        elsewhere(Failed(kind=FailureKind.REFUSED)),
        {URL: redirect(f"https://{HOST}/"), f"https://{HOST}/": Reset(rtt=0.0)},
    ],
    "a redirect to a lookup that failed": [{URL: redirect("https://broken.example/")}],
    "a redirect to another protocol": [{URL: redirect("mailto:a@shop.example")}],
    "a redirect to where nothing is heard": [elsewhere(SILENT)],
    "a redirect to a private address": [
        {URL: redirect(f"http://{inside}/"), f"http://{inside}/": POLICY}
        for inside in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "[fd00::1]", "[::ffff:a00:1]")
    ],
    "another status": [{URL: reply(status)} for status in (-1, 0, 100, 304, 400, 421, 511, 999)],
    "no HTTP, or closed before an answer": [
        {URL: MALFORMED},
        {URL: Failed(kind=FailureKind.CLOSED_EARLY)},
        {URL: Failed(kind=FailureKind.RESET)},
    ],
    "silence, TLS failure, ICMP error": [{URL: SILENT}, {URL: TLS_ALERT}],
}
WITH_CONTROL: dict[tuple[str, str], list[Mapping[str, Outcome]]] = {
    ("200, the first after 3 s or more", "connected within 1 s"): [{URL: reply(first_byte=3.1)}],
    ("200, the first after 3 s or more", "connecting took as long"): [
        {URL: reply(connected=3.1, first_byte=6.2)}
    ],
    ("a redirect to a URL seen before", "nothing asks for a cookie"): [
        {URL: redirect("/a"), f"{URL}a": redirect("/")},
        {URL: redirect(URL)},
    ],
    ("the eleventh redirect", "nothing asks for a cookie"): [endless()],
    ("a redirect to a URL seen before", "a cookie is asked for"): [
        {URL: redirect("/", headers=COOKIE)},
        endless(headers=COOKIE),
    ],
    ("a redirect to where TLS fails", "none: that port was not asked"): [elsewhere(TLS_ALERT)],
    ("a redirect to where TLS fails", "that port was asked too"): [
        {URL: redirect(f"http://{HOST}/x"), f"http://{HOST}/x": TLS_ALERT}
    ],
}
CASES = [
    (pages, judgement)
    for last, control, judgement in rows(http_answer)
    for pages in WITH_CONTROL.get((last, control)) or PAGES[last]
]
NAMES: Mapping[str, Outcome] = {
    "shop.example": OTHER,
    "gone.example": UNKNOWN,
    "broken.example": LOOKUP_FAILED,
}


@pytest.mark.parametrize(("pages", "judgement"), CASES)
def test_the_documented_table_is_what_the_check_decides(
    pages: Mapping[str, Outcome], judgement: str
) -> None:
    findings, _ = found(http_answer.CHECK, Site(pages=pages, names=NAMES), URL)

    assert codes(findings) == [judgement]


def test_one_error_on_both_ports_of_all_addresses_is_one_finding_with_all_evidence() -> None:
    pages = {URL: reply(500), f"https://{HOST}/": reply(500)}
    site = Site(addresses=(V4, V6), pages=pages)

    (finding,) = found(http_answer.CHECK, site)[0]

    assert isinstance(finding, ApplicationError)
    assert finding.subject == f"https://{HOST}/ and http://{HOST}/"
    assert len(finding.evidence) == 4
    assert finding.severity is Severity.CRITICAL


def test_a_page_that_differs_between_addresses_says_where() -> None:
    site = Site(addresses=(V4, V6), pages={f"{V6} {URL}": reply(502)})

    findings, _ = found(http_answer.CHECK, site, URL)

    bad, good = findings if findings[0].code == "proxy-error" else reversed(findings)
    assert isinstance(bad, OfPages)
    assert (bad.subject, bad.severity) == (f"{URL} at {V6}", Severity.WARNING)
    assert good.subject == f"{URL} at {V4}"


def test_http_leading_to_https_is_one_finding_that_says_so() -> None:
    findings, world = found(
        http_answer.CHECK, Site(pages={URL: redirect(f"https://{HOST}/")}), HOST
    )

    (finding,) = findings
    assert isinstance(finding, HttpOk)
    assert finding.ports == (443, 80)
    assert len([r for r in world.sent if isinstance(r, HttpRequest)]) == 2


def test_a_loop_between_http_and_https_is_one_finding() -> None:
    pages = {URL: redirect(f"https://{HOST}/"), f"https://{HOST}/": redirect(URL)}

    findings, _ = found(http_answer.CHECK, Site(addresses=(V4, V6), pages=pages))

    assert codes(findings) == ["redirect-loop"]


def test_another_host_is_asked_at_the_same_family_first_and_then_at_the_other() -> None:
    both = SystemAddresses(addresses=("22.60.1.20", "2e00:60::20"))
    pages: dict[str, Outcome] = {URL: TO_OTHER, "2e00:60::20 https://shop.example/": SILENT}
    site = Site(addresses=(V6,), pages=pages, names={"shop.example": both})

    findings, world = found(http_answer.CHECK, site, URL)

    assert codes(findings) == ["http-ok"]
    asked = [r.address for r in world.sent if isinstance(r, HttpRequest)]
    assert asked == [V6, "2e00:60::20", "22.60.1.20"]


def test_redirects_are_followed_ten_times_and_no_more() -> None:
    _, world = found(http_answer.CHECK, Site(pages=endless()), URL)

    assert len([r for r in world.sent if isinstance(r, HttpRequest)]) == MOST_REDIRECTS + 1


def test_a_redirect_that_cannot_work_names_its_sender_and_its_aim() -> None:
    site = Site(pages={URL: redirect("https://gone.example/")}, names=NAMES)

    (finding,) = found(http_answer.CHECK, site, URL)[0]

    assert isinstance(finding, RedirectBroken)
    assert (finding.subject, finding.to) == (URL, "https://gone.example/")


def test_the_failing_endpoint_of_a_redirect_is_among_the_endpoints() -> None:
    pages: dict[str, Outcome] = {URL: redirect(f"https://{HOST}/"), f"https://{HOST}/": SILENT}

    findings, _ = found(http_answer.CHECK, Site(pages=pages))

    (finding,) = (
        findings if len(findings) == 1 else [f for f in findings if "redirects" in f.message]
    )
    assert isinstance(finding, PageNotSeen)
    assert set(finding.ports) == {80, 443}


@pytest.mark.parametrize(
    ("status", "severity"),
    [(401, Severity.NOTICE), (403, Severity.CRITICAL), (429, Severity.WARNING)],
)
def test_how_bad_a_denial_is(status: int, severity: Severity) -> None:
    (finding,) = found(http_answer.CHECK, Site(pages={URL: reply(status)}), URL)[0]

    assert finding.severity is severity


def test_ports_that_speak_something_else_are_not_asked_for_pages() -> None:
    ports = {993: CONNECTED, 22: CONNECTED}

    (finding,) = found(http_answer.CHECK, Site(ports=ports), f"imaps://{HOST}")[0]

    assert finding.code == "not-checked"


BASE = Url(tls=False, host=HOST, port=80, path="/a/b?x")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x", f"http://{HOST}/x"),
        ("y", f"http://{HOST}/a/y"),
        ("?q", f"http://{HOST}/a/b?q"),
        ("//other.example/z#f", "http://other.example/z"),
        ("https://user:pw@h.example:8443/q?a=b#c", "https://h.example:8443/q?a=b"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("http://[2e00:60::20]/", "http://[2e00:60::20]/"),
        ("HTTPS://OTHER.example", "https://other.example/"),
        ("/\\x1b[2J", f"http://{HOST}/%5Cx1b[2J"),
    ],
)
def test_what_a_location_means(location: str, url: str) -> None:
    assert str(next_url(BASE, location)) == url


@pytest.mark.parametrize(
    "location",
    ["https:///x", "http://a b/", "http://h:99999/", "http://[::1", "x" * 5000, "http://-/"],
)
def test_what_is_no_url(location: str) -> None:
    assert next_url(BASE, location) is Stop.BAD_LOCATION
