import pytest

from checks.dns import delegation
from checks.facts.iterate import ServerAddress
from checks.facts.parent_servers import ParentReply, Parents, Says
from netdiag.model import Owner
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.dns.zones import seen, server, zone
from tests.world.tree import (
    APEX,
    HEALTHY,
    NS1,
    NS2,
    PARENT,
    PARENT4,
    PARENT4B,
    PARENT6,
    PARENT6B,
    SILENT,
    Tree,
)
from tests.world.zonemaster.basic import HALF_DELEGATED, SERVERS, UNDELEGATED
from tests.world.zonemaster.scenario import brief

FIRST, SECOND = (PARENT4, PARENT6), (PARENT4B, PARENT6B)
CHILD = (
    f"{APEX} SOA {NS1} hostmaster.{APEX} 7 28800 3600 1209600 300",
    f"{APEX} NS {NS1}\n{APEX} NS {NS2}",
    f"{NS1} A 22.50.0.53\n{NS2} A 22.51.0.53",
)
ALIAS = UNDELEGATED.add(PARENT, f"{APEX} CNAME ns1.xb.", at=FIRST)
TREES: dict[str, Tree] = {
    "delegate the zone, all of them": HEALTHY,
    "serve the zone itself": HEALTHY.served(APEX, (*FIRST, *SECOND), *CHILD),
    "delegate it, and one denies it": HALF_DELEGATED,
    "deny it, all of them": UNDELEGATED,
    "say that it is an alias": ALIAS.add(PARENT, f"{APEX} CNAME ns1.xb.", at=SECOND),
    "say that it is an alias of different names": ALIAS.add(
        PARENT, f"{APEX} CNAME ns2.xa.", at=SECOND
    ),
    "say that it is an alias, and one denies it": ALIAS,
    "give no usable answer": HEALTHY.departs(SILENT, *FIRST, *SECOND),
}


def codes(words: str) -> set[str]:
    if "between" in words:
        return {f.code for f in delegation.judge(between())}
    return {f.code for f in TREES[words].findings(delegation.CHECK, brief())}


def between() -> Parents:
    """Of two servers of the parent one delegates the zone, the other a zone in between."""
    replies = (
        ParentReply(
            zone="example.",
            server=ServerAddress(f"ns{n}.example.", f"22.60.0.{n}"),
            seen=seen(DnsReply()),
            says=says,
            other=other,
        )
        for n, says, other in (
            (1, Says.DELEGATES, ""),
            (2, Says.REFERS, "between.example."),
        )
    )
    return Parents(
        zone=zone(server()), child="a.between.example.", parent="example.", replies=tuple(replies)
    )


@pytest.mark.parametrize(("words", "judgements"), rows(delegation))
def test_the_documented_table_is_what_the_check_decides(words: str, judgements: str) -> None:
    found = codes(words)

    assert found - {"parent-zone-found"} == set(judgements.split(", ")) - {"parent-zone-found"}
    assert ("parent-zone-found" in found) == ("parent-zone-not-seen" not in found)


def test_who_does_not_delegate_is_named() -> None:
    (problem,) = (
        f
        for f in HALF_DELEGATED.findings(delegation.CHECK, brief())
        if f.code == "delegation-inconsistent"
    )

    assert f"ns2.xa [{PARENT4B}], ns2.xa [{PARENT6B}] deny that it is there" in problem.message
    assert problem.owner is Owner.DNS_OPERATOR


def test_silence_and_refusal_of_a_parent_s_server_are_no_denial() -> None:
    for says in (SILENT, DnsReply(rcode="REFUSED"), DnsReply(rcode="SERVFAIL")):
        found = HEALTHY.departs(says, *SECOND).findings(delegation.CHECK, brief())

        assert {f.code for f in found} == {"parent-zone-found", "zone-delegated"}
        assert "2 of 4 servers" in found[1].message


def test_the_target_s_servers_are_not_asked_for_its_delegation() -> None:
    found = HEALTHY.departs(SILENT, *SERVERS).findings(delegation.CHECK, brief())

    assert {f.code for f in found} == {"parent-zone-found", "zone-delegated"}
