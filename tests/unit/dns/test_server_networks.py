"""Whether the zone's name servers are in several networks."""

from __future__ import annotations

from typing import Any

import pytest

from checks.dns import server_networks
from checks.dns.server_networks import Facts
from checks.facts.iterate import ServerAddress
from checks.facts.networks import Origin
from netdiag.model import Finding, Severity
from netdiag.network import ObservationId
from tests.doctable import rows
from tests.unit.dns.zones import NS1, NS2, SERVER1, SERVER2, server, zone

NEIGHBOUR = ServerAddress(NS2, "22.50.0.54")
SIX = (ServerAddress(NS1, "2e00:50::53"), ServerAddress(NS2, "2e00:51::53"))
Given = tuple[str, tuple[int, ...], str]
FIRST: Given = ("known", (64550,), "22.50.0.0/16")
SECOND: dict[str, Given] = {
    "gives one AS": ("known", (64550,), "22.50.0.0/16"),
    "gives one prefix": ("known", (64550,), "22.50.0.0/16"),
    "gives one AS and several prefixes": ("known", (64550,), "22.51.0.0/16"),
    "gives several ASes": ("known", (64551,), "22.51.0.0/16"),
    "does not know one of two": ("unknown", (), ""),
    "fails for one of two": ("not-seen", (), ""),
}


def origin(where: ServerAddress, given: Given) -> Origin:
    state, asns, prefix = given
    return Origin(
        address=where.address,
        state=state,  # type: ignore[arg-type]
        evidence=(ObservationId(9),),
        asns=asns,
        prefix=prefix,
        name="OPERATOR" if asns else "",
    )


def facts(*servers: ServerAddress, **given: Given) -> Facts:
    known = tuple(origin(one, given[one.address]) for one in servers if one.address in given)
    return Facts(zone=zone(*map(server, servers)), origins=known, sourced=bool(given))


def sourced(second: ServerAddress, given: Given, first: Given = FIRST) -> Facts:
    return facts(SERVER1, second, **{SERVER1.address: first, second.address: given})


def case(near: str, source: str) -> Facts:
    other = NEIGHBOUR if near == "all" else SERVER2
    if source == "is not configured":
        return facts(SERVER1, other)
    if source == "gives two ASes, and fails for one":
        third = ServerAddress("ns3.customer.example.", "22.52.0.53")
        given = {
            SERVER1.address: FIRST,
            SERVER2.address: SECOND["gives several ASes"],
            third.address: SECOND["fails for one of two"],
        }
        return facts(SERVER1, SERVER2, third, **given)
    if source == "gives the same two ASes for each":
        both = (64550, 64551)
        first, second = ("known", both, "22.50.0.0/16"), ("known", both[::-1], "22.51.0.0/16")
        return sourced(other, second, first)
    return sourced(other, SECOND[source])


def judged(found: Facts) -> Finding:
    (finding,) = server_networks.judge(found)
    return finding


@pytest.mark.parametrize(("near", "source", "judgement"), rows(server_networks))
def test_the_documented_table_is_what_the_check_decides(
    near: str, source: str, judgement: str
) -> None:
    assert judged(case(near, source)).code == judgement


@pytest.mark.parametrize(
    ("source", "severity", "tags"),
    [
        ("gives one prefix", Severity.WARNING, {"IPV4_ONE_ASN", "CN04_IPV4_SINGLE_PREFIX"}),
        ("gives one AS and several prefixes", Severity.NOTICE, {"IPV4_ONE_ASN"}),
        ("gives the same two ASes for each", Severity.NOTICE, {"IPV4_SAME_ASN"}),
        ("gives several ASes", None, {"IPV4_DIFFERENT_ASN"}),
        ("does not know one of two", None, {"EMPTY_ASN_SET"}),
        ("fails for one of two", None, {"ERROR_ASN_DATABASE"}),
        ("gives two ASes, and fails for one", None, {"IPV4_DIFFERENT_ASN"}),
        ("is not configured", None, set()),
    ],
)
def test_zonemasters_tags_are_those_that_the_source_allows(
    source: str, severity: Severity | None, tags: set[str]
) -> None:
    finding = judged(case("some", source))

    assert {tag.removeprefix("zonemaster:") for tag in finding.equivalents} == tags
    assert set(finding.equivalents) <= set(finding.known_as)
    if severity:
        assert finding.severity is severity


def test_what_is_shared_is_named() -> None:
    assert "are in one network (22.50.0.0/24)" in judged(case("all", "gives one AS")).message
    assert (
        "in one announced prefix (22.50.0.0/16)" in judged(case("some", "gives one prefix")).message
    )
    one = judged(case("some", "gives one AS and several prefixes"))
    assert "are announced by one AS alone (AS64550 OPERATOR)" in one.message


def test_one_family_with_several_networks_makes_the_other_a_notice() -> None:
    given = {
        SERVER1.address: FIRST,
        SERVER2.address: SECOND["gives several ASes"],
        SIX[0].address: ("known", (64550,), "2e00:50::/31"),
        SIX[1].address: ("known", (64550,), "2e00:50::/31"),
    }
    found = list(server_networks.judge(facts(SERVER1, SERVER2, *SIX, **given)))

    several, shared = found
    assert several.code == "name-servers-in-several-networks"
    assert shared.code == "name-servers-share-network"
    assert shared.severity is Severity.NOTICE
    assert "over IPv6" in shared.message
    assert set(shared.equivalents) == {
        "zonemaster:IPV6_ONE_ASN",
        "zonemaster:CN04_IPV6_SINGLE_PREFIX",
    }


@pytest.mark.parametrize("servers", [(SERVER1,), (SERVER1, SIX[1])])
def test_a_server_alone_in_its_family_shares_its_network_with_nobody(servers: Any) -> None:
    assert judged(facts(*servers)).code == "not-checked"
