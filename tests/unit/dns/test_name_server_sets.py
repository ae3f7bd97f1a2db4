from dataclasses import replace

import pytest

from checks.dns import name_server_sets
from netdiag.model import Owner
from tests.doctable import rows
from tests.unit.dns.zones import NS1, NS2, SERVER2, SILENT, server, zone


@pytest.mark.parametrize(("names", "judgement"), rows(name_server_sets))
def test_the_documented_table_is_what_the_check_decides(names: str, judgement: str) -> None:
    own = {"the zone names others": (NS1, "ns3.customer.example."), "one name in both": (NS1,)}
    ns = own.get(names, (NS1, NS2))
    unheard = SILENT if names == "no server of the zone gives its set" else None
    less = (NS1,) if "different" in names else ns
    servers = [server(ns=ns, udp=unheard), server(SERVER2, ns=less, udp=unheard)]
    alone = names == "one name in both"

    seen = zone(*servers[: 1 if alone else 2], delegated=(NS1,) if alone else (NS1, NS2))
    if "serve the zone too" in names:
        (cut,) = seen.way.cuts
        seen = replace(seen, way=replace(seen.way, cuts=(replace(cut, hidden=True),)))

    found = {finding.code for finding in name_server_sets.judge(seen)}

    assert found - {"name-server-lists-agree"} == set(judgement.split(", "))


def test_both_sides_of_a_mismatch_are_named() -> None:
    finding, lists = name_server_sets.judge(
        zone(server(ns=(NS1, "ns3.customer.example.")), server(SERVER2, ns=(NS1,)))
    )

    assert "only the registry names ns2.customer.example" in finding.message
    assert "only the zone names ns3.customer.example" in finding.message
    assert lists.code == "name-server-lists-differ"


def test_lists_that_differ_are_told_with_those_who_give_them() -> None:
    first, second = server(), server(SERVER2, ns=(NS1,))
    _, finding = name_server_sets.judge(zone(first, second))

    assert f"ns1.customer.example (says {SERVER2})" in finding.message
    assert set(finding.evidence) == {first.ns.id, second.ns.id}


def test_a_silent_server_gives_no_other_list() -> None:
    silent = server(SERVER2, ns=(NS1,), udp=SILENT)
    found = list(name_server_sets.judge(zone(server(), silent)))

    assert [f.code for f in found] == ["name-server-set-fine", "name-server-lists-agree"]


def test_an_ordinary_parent_is_no_registry() -> None:
    below = zone(server(ns=(NS1, "ns3.customer.example.")), parent="customer.example.")
    finding, _ = name_server_sets.judge(below)

    assert finding.owner is Owner.DNS_OPERATOR
    assert "only the parent zone customer.example names" in finding.message
    assert "the operator of customer.example" in finding.for_agent
    assert "regist" not in finding.message + finding.for_agent


def test_the_equivalents_tell_which_side_names_more() -> None:
    only_more = zone(server(ns=(NS1,)), delegated=(NS1, NS2))
    disjoint = zone(server(ns=("ns9.other.example.",)), delegated=(NS1, NS2))

    (more,) = (f for f in name_server_sets.judge(only_more) if f.code == "delegation-mismatch")
    (apart,) = (f for f in name_server_sets.judge(disjoint) if f.code == "delegation-mismatch")

    assert set(more.equivalents) == {"zonemaster:EXTRA_NAME_PARENT", "dnsviz:NS_NAME_NOT_IN_CHILD"}
    assert "zonemaster:TOTAL_NAME_MISMATCH" in apart.equivalents
    assert set(apart.known_as) - set(apart.equivalents) == {"zonemaster:EXTRA_ADDRESS_CHILD"}
