"""Zonemaster's module Consistency: do all servers, and the parent's glue, say the same?"""

from __future__ import annotations

from netdiag.outcomes import DnsReply
from tests.world.tree import (
    APEX,
    HEALTHY,
    NS1,
    NS2,
    ONE4,
    ONE6,
    PARENT,
    SILENT,
    TWO4,
    TWO6,
    Tree,
)
from tests.world.zonemaster.scenario import Scenario, cases, scenario

CASES = cases(
    consistency01="MULTIPLE_SOA_SERIALS ONE_SOA_SERIAL SOA_SERIAL SOA_SERIAL_VARIATION",
    consistency02="MULTIPLE_SOA_RNAMES ONE_SOA_RNAME SOA_RNAME",
    consistency03="""MULTIPLE_SOA_TIME_PARAMETER_SET ONE_SOA_TIME_PARAMETER_SET
        SOA_TIME_PARAMETER_SET""",
    consistency04="MULTIPLE_NS_SET NS_SET ONE_NS_SET",
    consistency05="""ADDRESSES_MATCH CHILD_ZONE_LAME EXTRA_ADDRESS_CHILD
        IN_BAILIWICK_ADDR_MISMATCH OUT_OF_BAILIWICK_ADDR_MISMATCH""",
    consistency06="MULTIPLE_SOA_MNAMES ONE_SOA_MNAME",
)

SERVERS = (ONE4, ONE6, TWO4, TWO6)
SECOND = (TWO4, TWO6)
USUAL = {
    "consistency01": "ONE_SOA_SERIAL SOA_SERIAL",
    "consistency02": "ONE_SOA_RNAME",
    "consistency03": "ONE_SOA_TIME_PARAMETER_SET",
    "consistency04": "ONE_NS_SET",
    "consistency05": "ADDRESSES_MATCH",
    "consistency06": "ONE_SOA_MNAME",
}


def usual_but(title: str, tree: Tree = HEALTHY, **says: str) -> Scenario:
    """A scenario in which all cases but these say what they say of the healthy tree."""
    return Scenario(title=title, tree=tree, says=cases(**{**USUAL, **says}))


def second(soa: str) -> Tree:
    """The healthy tree whose second server has another SOA record."""
    return HEALTHY.put(APEX, f"{APEX} SOA {soa}", at=SECOND)


OUTSIDE = HEALTHY.put(PARENT, f"{APEX} NS {NS1}\n{APEX} NS ns5.xa.").put(
    APEX, f"{APEX} NS {NS1}\n{APEX} NS ns5.xa."
)
"""One server has a name of the parent's, outside the zone."""
EXTRA = f"ns3.{APEX}"

SCENARIOS = (
    usual_but("all agree"),
    usual_but(
        "one server has an older serial",
        second(f"{NS1} hostmaster.{APEX} 6 28800 3600 1209600 300"),
        consistency01="MULTIPLE_SOA_SERIALS SOA_SERIAL SOA_SERIAL_VARIATION",
    ),
    usual_but(
        "one server has another contact",
        second(f"{NS1} other.{APEX} 7 28800 3600 1209600 300"),
        consistency02="MULTIPLE_SOA_RNAMES SOA_RNAME",
    ),
    usual_but(
        "one server has other times",
        second(f"{NS1} hostmaster.{APEX} 7 28800 7200 1209600 300"),
        consistency03="MULTIPLE_SOA_TIME_PARAMETER_SET SOA_TIME_PARAMETER_SET",
    ),
    usual_but(
        "one server names another primary",
        second(f"{NS2} hostmaster.{APEX} 7 28800 3600 1209600 300"),
        consistency06="MULTIPLE_SOA_MNAMES",
    ),
    usual_but(
        "one server lists other servers",
        HEALTHY.put(APEX, f"{APEX} NS {NS1}", at=SECOND),
        consistency04="MULTIPLE_NS_SET NS_SET",
    ),
    usual_but(
        "the parent lists other servers, the zone's own agree",
        HEALTHY.put(APEX, f"{APEX} NS {NS1}"),
    ),
    usual_but(
        "one server is silent",
        HEALTHY.departs(SILENT, *SECOND),
    ),
    scenario(
        "a server that the zone alone names has an older serial",
        HEALTHY.add(APEX, f"{APEX} NS {EXTRA}", f"{EXTRA} A 22.52.0.53").served(
            APEX,
            ("22.52.0.53",),
            f"{APEX} SOA {NS1} hostmaster.{APEX} 6 28800 3600 1209600 300",
            f"{APEX} NS {NS1}\n{APEX} NS {NS2}\n{APEX} NS {EXTRA}",
            f"{NS1} A {ONE4}\n{NS1} AAAA {ONE6}\n{NS2} A {TWO4}\n{NS2} AAAA {TWO6}",
            f"{EXTRA} A 22.52.0.53",
        ),
        consistency01="MULTIPLE_SOA_SERIALS SOA_SERIAL SOA_SERIAL_VARIATION",
        consistency04="ONE_NS_SET",
        consistency05="EXTRA_ADDRESS_CHILD",
    ),
    scenario(
        "the glue is a former address",
        HEALTHY.put(PARENT, f"{NS1} A 22.99.0.53"),
        consistency05="EXTRA_ADDRESS_CHILD IN_BAILIWICK_ADDR_MISMATCH",
    ),
    scenario(
        "the glue has an address too many",
        HEALTHY.add(PARENT, f"{NS1} A 22.99.0.53"),
        consistency05="IN_BAILIWICK_ADDR_MISMATCH",
    ),
    scenario(
        "the glue lacks an address",
        HEALTHY.without(PARENT, NS2, "AAAA"),
        consistency05="EXTRA_ADDRESS_CHILD",
    ),
    scenario(
        "there is no glue for a server",
        HEALTHY.without(PARENT, NS2),
        consistency05="EXTRA_ADDRESS_CHILD",
    ),
    scenario(
        "an address that comes with a name outside the zone is right",
        OUTSIDE.add(PARENT, f"ns5.xa. A {TWO4}"),
        consistency05="ADDRESSES_MATCH",
    ),
    scenario(
        "an address that comes with a name outside the zone is another than its zone's",
        OUTSIDE.put(PARENT, f"{APEX} NS {NS1}\n{APEX} NS ns5.sub.xa.")
        .put(APEX, f"{APEX} NS {NS1}\n{APEX} NS ns5.sub.xa.")
        .add(PARENT, f"sub.xa. NS ns9.sub.xa.\nns9.sub.xa. A 22.74.0.53\nns5.sub.xa. A {TWO4}")
        .served(
            "sub.xa.",
            ("22.74.0.53",),
            "sub.xa. SOA ns9.sub.xa. hostmaster.xa. 7 28800 3600 1209600 300",
            "sub.xa. NS ns9.sub.xa.\nns9.sub.xa. A 22.74.0.53\nns5.sub.xa. A 22.99.0.53",
        ),
        consistency05="OUT_OF_BAILIWICK_ADDR_MISMATCH",
    ),
    scenario(
        "no server answers for the servers' names",
        HEALTHY.departs(DnsReply(rcode="SERVFAIL"), *SERVERS, name=NS1).departs(
            DnsReply(rcode="SERVFAIL"), *SERVERS, name=NS2
        ),
        consistency05="CHILD_ZONE_LAME",
    ),
    scenario(
        "all servers refuse",
        HEALTHY.departs(DnsReply(rcode="REFUSED"), *SERVERS),
        consistency01="",
        consistency02="",
        consistency03="",
        consistency04="",
        consistency05="CHILD_ZONE_LAME",
        consistency06="",
    ),
)
