from dataclasses import replace

import pytest

from checks.dns import primary_server
from checks.dns.primary_server import Facts
from netdiag.network import ObservationId
from tests.doctable import rows
from tests.unit.dns.zones import NS1, SILENT, server, zone

FOUND = Facts(
    zone=zone(server()),
    primary="hidden.example.org.",
    addresses=("22.60.0.1",),
    certain=True,
    evidence=(ObservationId(1),),
)
PRIMARIES = {"one of the name servers": NS1, "localhost": "localhost.", "the root": "."}
ADDRESSES = {
    "none": replace(FOUND, addresses=()),
    "of this machine": replace(FOUND, addresses=("127.0.0.1",)),
    "by an alias": replace(FOUND, alias=True),
    "not looked up": replace(FOUND, addresses=(), certain=False),
    "nobody answers": replace(FOUND, addresses=(), certain=False),
}


@pytest.mark.parametrize(("primary", "addresses", "judgement"), rows(primary_server))
def test_the_documented_table_is_what_the_check_decides(
    primary: str, addresses: str, judgement: str
) -> None:
    facts = ADDRESSES.get(addresses, FOUND)

    (found,) = primary_server.judge(replace(facts, primary=PRIMARIES.get(primary, facts.primary)))

    assert found.code == judgement


@pytest.mark.parametrize(
    ("facts", "tags"),
    [
        (replace(FOUND, primary=NS1), {"MNAME_IS_NOT_CNAME"}),
        (FOUND, {"MNAME_IS_NOT_CNAME", "Z01_MNAME_NOT_IN_NS_LIST"}),
        (ADDRESSES["none"], {"MNAME_HAS_NO_ADDRESS", "Z01_MNAME_NOT_RESOLVE"}),
        (ADDRESSES["of this machine"], {"Z01_MNAME_HAS_LOCALHOST_ADDR"}),
        (ADDRESSES["by an alias"], {"MNAME_IS_CNAME"}),
        (replace(FOUND, primary="localhost."), {"Z01_MNAME_IS_LOCALHOST"}),
        (replace(FOUND, primary="."), {"Z01_MNAME_IS_DOT"}),
        (ADDRESSES["nobody answers"], set()),
    ],
)
def test_exactly_these_tags_are_said(facts: Facts, tags: set[str]) -> None:
    (found,) = primary_server.judge(facts)

    assert set(found.equivalents) == {f"zonemaster:{tag}" for tag in tags}


def test_a_zone_that_nobody_serves_has_no_primary_server_to_judge() -> None:
    (found,) = primary_server.judge(Facts(zone=zone(server(udp=SILENT))))

    assert found.code == "not-checked"
