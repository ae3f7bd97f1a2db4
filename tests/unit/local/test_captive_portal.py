from __future__ import annotations

from typing import Any

import pytest

from checks.local import captive_portal as check
from checks.local.captive_portal import CaptivePortal
from netdiag.model import PortalProbe, RootServer
from netdiag.outcomes import HttpReply, Outcome, SystemAddresses
from netdiag.requests import SystemLookup
from tests.doctable import rows
from tests.unit.service.site import (
    ANCHORS,
    HOST,
    INTERMEDIATE,
    SILENT,
    V4,
    Site,
    certificate,
    found,
    redirect,
    reply,
    session,
)

PROBE = PortalProbe("http://probe.example/204", 204)
ROOTS = (
    RootServer("a.root.example.", "198.41.0.4"),
    RootServer("b.root.example.", "170.247.170.2"),
)
UNTRUSTED = session(certificate(), INTERMEDIATE, code=20)
LOGIN = redirect("http://login.hotel.example/?from=here")
OWN_WAY = redirect("https://www.customer.example/")

Answers = tuple[Outcome, Outcome, Outcome, Outcome]
"""Of the target, of both strangers, of the probe."""

WEB: dict[str, Answers] = {
    "nothing else asked": (reply(), LOGIN, LOGIN, LOGIN),
    "the target and others send on to one host": (LOGIN, LOGIN, SILENT, SILENT),
    "others send on to one host": (SILENT, LOGIN, LOGIN, SILENT),
    "others give one and the same page": (SILENT, reply(body="Hi"), reply(body="Hi"), SILENT),
    "one says that a log-in is needed (511)": (SILENT, reply(511), SILENT, SILENT),
    "the probe sends on to another host": (SILENT, SILENT, SILENT, LOGIN),
    "the probe answers a page instead of 204": (SILENT, SILENT, SILENT, reply()),
    "the probe answers 204": (SILENT, SILENT, SILENT, reply(204)),
    "the probe answers 503": (SILENT, SILENT, SILENT, reply(503)),
    "unrelated names have one address, a wrong one": (SILENT, SILENT, SILENT, SILENT),
    "the target alone sends on to another host": (LOGIN, SILENT, reply(404), SILENT),
    "others each in their own way": (SILENT, OWN_WAY, reply(body="x"), SILENT),
    "others nothing, the target its page": (reply(), SILENT, SILENT, SILENT),
    "others nothing, the target nothing": (SILENT, SILENT, SILENT, SILENT),
}


def world(
    answers: Answers, trusted: str, *, names: Outcome = SILENT
) -> tuple[Site, dict[str, Any]]:
    target, *others, probe = answers
    handshakes: dict[object, Outcome] = {443: session() if trusted == "the target's" else UNTRUSTED}
    handshakes |= {(a, 443): SILENT for a in ANCHORS}
    if trusted == "one elsewhere":
        handshakes[ANCHORS[0], 443] = session()
    pages = {f"http://{HOST}/": target, f"https://{HOST}/": target, PROBE.url: probe}
    pages |= {f"http://{a}/": page for a, page in zip(ANCHORS, others, strict=True)}
    site = Site(
        handshakes=handshakes,
        pages=pages,
        extra={SystemLookup(name=one.name.rstrip(".")): names for one in ROOTS},
    )
    return site, {"portal_probe": PROBE if probe != SILENT else None, "root_servers": ()}


@pytest.mark.parametrize(("answered", "trusted", "judgement"), rows(check))
def test_the_documented_table_is_what_the_check_decides(
    answered: str, trusted: str, judgement: str
) -> None:
    alike = answered.startswith("unrelated names")
    names = SystemAddresses(addresses=("192.168.1.1",)) if alike else SILENT
    site, settings = world(WEB[answered], trusted, names=names)

    (finding,), sent = found(check.CHECK, site, HOST, **(settings | {"root_servers": ROOTS}))

    assert finding.code == judgement
    elsewhere = {request.destination for request in sent.sent} & set(ANCHORS)
    assert elsewhere == (set() if answered == "nothing else asked" else set(ANCHORS))


def test_the_portal_is_named_with_those_in_whose_place_it_answers() -> None:
    site, settings = world(WEB["the target and others send on to one host"], "none")

    (finding,), _ = found(check.CHECK, site, HOST, **settings)

    assert isinstance(finding, CaptivePortal)
    assert f"{HOST} and 9.9.9.9 all send on to login.hotel.example" in finding.message
    assert "login.hotel.example" in finding.for_customer


@pytest.mark.parametrize(
    "told", [("198.41.0.4",), ("192.168.1.1", "198.41.0.4"), ()], ids=["right", "besides", "none"]
)
def test_a_name_with_its_own_address_shows_no_portal(told: tuple[str, ...]) -> None:
    site, settings = world(WEB["others nothing, the target nothing"], "none")
    wrong = SystemAddresses(addresses=("192.168.1.1",))
    first, second = (SystemLookup(name=one.name.rstrip(".")) for one in ROOTS)
    site.extra = {first: SystemAddresses(addresses=told), second: wrong}

    (finding,), _ = found(check.CHECK, site, HOST, **(settings | {"root_servers": ROOTS}))

    assert finding.code == "portal-not-seen"


@pytest.mark.parametrize(
    "page", [redirect(f"https://{HOST}/"), redirect("https://customer.example/")]
)
def test_a_redirect_within_the_site_is_nothing_odd(page: HttpReply) -> None:
    site = Site(pages={f"http://{HOST}/": page}, handshakes={443: session()})

    (finding,), sent = found(check.CHECK, site)

    assert finding.code == "no-captive-portal"
    assert {request.destination for request in sent.sent} & set(ANCHORS) == set()


def test_a_service_that_is_no_web_site_gives_no_reason_to_ask() -> None:
    (finding,), sent = found(check.CHECK, Site(ports={22: Site().ports[80]}), f"{V4}:22")

    assert finding.code == "not-checked"
    assert {request.destination for request in sent.sent} & set(ANCHORS) == set()
