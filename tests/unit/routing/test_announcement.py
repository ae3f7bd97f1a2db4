"""Whether the target's prefix is announced, as a routing registry tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.explanations import EXPLANATIONS
from checks.routing import announcement, route_origin
from checks.routing.announcement import PrefixNotAnnounced
from checks.routing.unreachable_route import UnreachableRoute
from netdiag.model import Finding, Owner, Severity
from tests.doctable import rows
from tests.unit.connectivity.internet import CONNECTED, RESET, V4, Site, codes
from tests.unit.routing.registry import OLD, PART, PEERS, WHOLE, Registry, judged

ROUTES = {
    "is seen by all peers": {WHOLE: (64540, PEERS)},
    "is seen by one peer, the one around it by all": {PART: (64540, 1), WHOLE: (64540, PEERS)},
    "is unknown, one around it is seen by all": {WHOLE: (64540, PEERS)},
    "is unknown, as is any around it": {},
    "is seen by one peer": {WHOLE: (64540, 1)},
    "is unknown, but for a default route": {"0.0.0.0/0": (64540, PEERS)},
    "is seen by a third of the peers": {WHOLE: (64540, PEERS // 3)},
}
SAYS: dict[str, dict[str, Any]] = {
    "answers": {},
    "knows somebody else's": {},
    "knows nobody else's": {"knows_others": False},
    "has three peers": {"peers": 3},
    "is two days behind": {"time": OLD},
    "does not say from when": {"time": "lately"},
    "tells no visibility": {"peers": None},
    "does not answer": {"silent": True},
}


class Unknowing(Registry):
    """Gives no prefix for the address, though it knows routes around it."""

    def _origin(self, about: str) -> dict[str, Any]:
        return super()._origin(about) if about != V4 else {"asns": [], "prefix": ""}


@pytest.mark.parametrize(("prefix", "registry", "judgement"), rows(announcement))
def test_the_documented_table_is_what_the_check_decides(
    prefix: str, registry: str, judgement: str
) -> None:
    kind = Unknowing if "unknown" in prefix else Registry

    (finding,) = judged(announcement.CHECK, kind(routes=ROUTES[prefix], **SAYS[registry]))

    assert finding.code == judgement


def gone(**more: Any) -> Finding:
    (finding,) = judged(announcement.CHECK, Registry(), **more)
    return finding


def test_a_prefix_that_is_gone_is_said_with_its_control_and_its_past() -> None:
    finding = gone()

    assert finding.owner is Owner.HOSTING_NETWORK
    assert finding.severity is Severity.CRITICAL
    for words in (
        "0 of 320 peers of registry.example see 22.40.1.10/32",
        "as of 2026-05-04 08:00 UTC",
        "last seen 2026-05-03T16:00:00 as 22.40.0.0/16 from AS64540",
        "does know 9.0.0.0/8, which holds 9.9.9.9",
    ):
        assert words in finding.message


def test_nobody_is_asked_unless_configured_and_needed() -> None:
    answers, refuses = Site(ports={443: CONNECTED, 80: CONNECTED}), Site(other_ports=RESET)
    for site, more in [
        (Site(), {"routing_registry": ""}),
        (Site(), {"depth": "fast"}),
        (answers, {}),
        (refuses, {}),
    ]:
        registry = Registry()
        (finding,) = judged(announcement.CHECK, registry, site, **more)
        assert (finding.code, registry.asked) == ("not-checked", [])


def test_a_full_examination_asks_although_the_target_answers() -> None:
    site = Site(ports={443: CONNECTED, 80: CONNECTED})

    (finding,) = judged(announcement.CHECK, Registry(), site, depth="thorough")

    assert finding.code == "prefix-not-announced"
    assert finding.severity is Severity.WARNING
    assert "although it answers here" in finding.message


def test_private_addresses_are_no_registrys_business() -> None:
    registry = Registry()

    (finding,) = judged(announcement.CHECK, registry, target="10.1.2.3", depth="thorough")

    assert (finding.code, registry.asked) == ("not-checked", [])


def test_both_checks_share_their_questions() -> None:
    registry = Registry(routes={WHOLE: (64540, PEERS)})
    judged(announcement.CHECK, registry)
    first = [(q.call, q.about) for q in registry.asked]
    registry.asked.clear()
    judged(route_origin.CHECK, registry)

    assert [(q.call, q.about) for q in registry.asked] == first
    assert len(first) == len(set(first)) == 3


def explains(cause: Finding, symptom: Finding) -> bool:
    return any(
        type(cause) is rule.cause and type(symptom) is rule.symptom and rule.when(cause, symptom)
        for rule in EXPLANATIONS
    )


def test_it_explains_why_a_router_has_no_route_to_that_address_alone() -> None:
    cause = gone()
    assert isinstance(cause, PrefixNotAnnounced)
    symptom = UnreachableRoute(
        addresses=(V4,),
        evidence=(),
        routers=(),
        says=(),
        milliseconds=(),
        hidden=False,
    )

    assert explains(cause, symptom)
    assert not explains(cause, replace(symptom, addresses=("22.41.0.1",)))
    assert not explains(replace(cause, works=True), symptom)


def test_the_codes_of_an_unreachable_registry_blame_nobody() -> None:
    silent = Registry(silent=True)

    found = judged(announcement.CHECK, silent) + judged(route_origin.CHECK, silent)

    assert codes(found) == ["announcement-not-told", "origin-not-told"]
    assert all("registry.example gives no answer (timeout)" in one.message for one in found)


@pytest.mark.parametrize(
    "url", ["http://[", "https://:x/", "registry.example", "file:///etc/hosts"]
)
def test_what_is_no_url_leads_nowhere(url: str) -> None:
    registry = Registry()

    (finding,) = judged(announcement.CHECK, registry, routing_registry=url)

    assert finding.code == "announcement-not-told"
    assert "is no URL" in finding.message
    assert registry.asked == []
