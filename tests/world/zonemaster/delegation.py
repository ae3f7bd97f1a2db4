"""Zonemaster's module Delegation: the name servers at the parent and in the zone."""

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
    altered,
)
from tests.world.zonemaster.scenario import cases, scenario

SIDES, FAMILIES = ("DEL", "CHILD"), ("", "_IPV4", "_IPV6")
CASES = cases(
    delegation01=" ".join(
        f"{words}{family}_NS_{side}"
        for words in ("ENOUGH", "NOT_ENOUGH", "NO")
        for family in FAMILIES
        for side in SIDES
        if words != "NO" or family
    ),
    delegation02="""CHILD_DISTINCT_NS_IP CHILD_NS_SAME_IP DEL_DISTINCT_NS_IP DEL_NS_SAME_IP
        DISTINCT_IP_ADDRESS SAME_IP_ADDRESS""",
    delegation03="REFERRAL_SIZE_OK REFERRAL_SIZE_TOO_LARGE",
    delegation04="ARE_AUTHORITATIVE IS_NOT_AUTHORITATIVE",
    delegation05="NO_NS_CNAME NS_IS_CNAME UNEXPECTED_RCODE",
    delegation06="SOA_EXISTS SOA_NOT_EXISTS",
    delegation07="EXTRA_NAME_CHILD EXTRA_NAME_PARENT NAMES_MATCH TOTAL_NAME_MISMATCH",
)

SERVERS, SECOND = (ONE4, ONE6, TWO4, TWO6), (TWO4, TWO6)
REFUSED = DnsReply(rcode="REFUSED")
ENOUGH = " ".join(f"ENOUGH{family}_NS_{side}" for family in FAMILIES for side in SIDES)
DISTINCT = "CHILD_DISTINCT_NS_IP DEL_DISTINCT_NS_IP DISTINCT_IP_ADDRESS"


def without(*gone: tuple[str, str]) -> Tree:
    """The healthy tree without these types of address of these servers, on both sides."""
    tree = HEALTHY
    for name, rtype in gone:
        tree = tree.without(PARENT, name, rtype).without(APEX, name, rtype)
    return tree


def instead(words: str, family: str) -> str:
    """The counts of the healthy tree, but for one family, on both sides."""
    kept = [f"ENOUGH{f}_NS_{side}" for f in FAMILIES if f != family for side in SIDES]
    return " ".join((*kept, *(f"{words}{family}_NS_{side}" for side in SIDES)))


MANY = "\n".join(f"{APEX} NS server{n}.of-a-provider-with-a-long-name{n}.xa." for n in range(6))

SCENARIOS = (
    scenario(
        "all is well",
        delegation01=ENOUGH,
        delegation02=DISTINCT,
        delegation03="REFERRAL_SIZE_OK",
        delegation04="ARE_AUTHORITATIVE",
        delegation05="NO_NS_CNAME",
        delegation06="SOA_EXISTS",
        delegation07="NAMES_MATCH",
    ),
    scenario(
        "one server alone",
        HEALTHY.put(PARENT, f"{APEX} NS {NS1}").put(APEX, f"{APEX} NS {NS1}"),
        delegation01=ENOUGH.replace("ENOUGH", "NOT_ENOUGH"),
        delegation02=DISTINCT,
        delegation07="NAMES_MATCH",
    ),
    scenario(
        "the zone alone names one server only",
        HEALTHY.put(APEX, f"{APEX} NS {NS1}"),
        delegation01="""ENOUGH_NS_DEL ENOUGH_IPV4_NS_DEL ENOUGH_IPV6_NS_DEL NOT_ENOUGH_NS_CHILD
            NOT_ENOUGH_IPV4_NS_CHILD NOT_ENOUGH_IPV6_NS_CHILD""",
        delegation07="EXTRA_NAME_PARENT",
    ),
    scenario(
        "one server has IPv4",
        without((NS2, "A")),
        delegation01=instead("NOT_ENOUGH", "_IPV4"),
    ),
    scenario(
        "no server has IPv4",
        without((NS1, "A"), (NS2, "A")),
        delegation01=instead("NO", "_IPV4"),
    ),
    scenario(
        "one server has IPv6",
        without((NS2, "AAAA")),
        delegation01=instead("NOT_ENOUGH", "_IPV6"),
    ),
    scenario(
        "no server has IPv6",
        without((NS1, "AAAA"), (NS2, "AAAA")),
        delegation01=instead("NO", "_IPV6"),
    ),
    scenario(
        "the glue alone lacks IPv6",
        HEALTHY.without(PARENT, NS1, "AAAA").without(PARENT, NS2, "AAAA"),
        delegation01="""ENOUGH_NS_DEL ENOUGH_IPV4_NS_DEL NO_IPV6_NS_DEL ENOUGH_NS_CHILD
            ENOUGH_IPV4_NS_CHILD ENOUGH_IPV6_NS_CHILD""",
    ),
    scenario(
        "both servers are one",
        HEALTHY.put(PARENT, f"{NS2} A {ONE4}").put(APEX, f"{NS2} A {ONE4}"),
        delegation02="CHILD_NS_SAME_IP DEL_NS_SAME_IP SAME_IP_ADDRESS",
    ),
    scenario(
        "both servers are one by the glue",
        HEALTHY.put(PARENT, f"{NS2} A {ONE4}"),
        delegation02="CHILD_DISTINCT_NS_IP DEL_NS_SAME_IP SAME_IP_ADDRESS",
    ),
    scenario(
        "both servers are one by the zone",
        HEALTHY.put(APEX, f"{NS2} A {ONE4}"),
        delegation02="CHILD_NS_SAME_IP DEL_DISTINCT_NS_IP SAME_IP_ADDRESS",
    ),
    scenario(
        "many servers have long names",
        HEALTHY.put(PARENT, MANY),
        delegation03="REFERRAL_SIZE_TOO_LARGE",
    ),
    scenario(
        "one server refuses",
        HEALTHY.departs(REFUSED, *SECOND),
        delegation04="IS_NOT_AUTHORITATIVE",
        delegation05="NO_NS_CNAME UNEXPECTED_RCODE",
        delegation06="SOA_EXISTS",
        delegation07="NAMES_MATCH",
    ),
    scenario(
        "one server is silent",
        HEALTHY.departs(SILENT, *SECOND),
        delegation04="ARE_AUTHORITATIVE",
        delegation05="NO_NS_CNAME",
        delegation06="SOA_EXISTS",
    ),
    scenario(
        "one server answers without authority",
        HEALTHY.departs(altered(authoritative=False), *SECOND),
        delegation04="IS_NOT_AUTHORITATIVE",
        delegation06="SOA_EXISTS",
    ),
    scenario(
        "one server answers without authority over TCP",
        HEALTHY.departs(altered(authoritative=False), *SECOND, transport="tcp"),
        delegation04="IS_NOT_AUTHORITATIVE",
    ),
    scenario(
        "one server has no SOA record",
        HEALTHY.departs(DnsReply(authoritative=True), *SECOND, rtype="SOA"),
        delegation04="ARE_AUTHORITATIVE",
        delegation06="SOA_NOT_EXISTS",
    ),
    scenario(
        "a server's name is an alias within the zone",
        HEALTHY.without(APEX, NS2).add(APEX, f"{NS2} CNAME two.{APEX}", f"two.{APEX} A {TWO4}"),
        delegation05="NS_IS_CNAME",
    ),
    scenario(
        "a server's name outside the zone is an alias",
        HEALTHY.put(PARENT, f"{APEX} NS {NS1}\n{APEX} NS alias.xb.")
        .put(APEX, f"{APEX} NS {NS1}\n{APEX} NS alias.xb.")
        .add("xb.", "alias.xb. CNAME real.xb.", f"real.xb. A {TWO4}"),
        delegation05="NS_IS_CNAME",
    ),
    scenario(
        "one server denies the other's name",
        HEALTHY.without(APEX, NS2, at=(ONE4, ONE6)),
        delegation05="NO_NS_CNAME UNEXPECTED_RCODE",
    ),
    scenario(
        "the zone names a server more",
        HEALTHY.add(APEX, f"{APEX} NS ns3.{APEX}", f"ns3.{APEX} A 22.52.0.53"),
        delegation07="EXTRA_NAME_CHILD",
    ),
    scenario(
        "the parent and the zone name different servers",
        HEALTHY.put(APEX, f"{APEX} NS ns3.{APEX}").add(APEX, f"ns3.{APEX} A 22.52.0.53"),
        delegation07="EXTRA_NAME_CHILD EXTRA_NAME_PARENT TOTAL_NAME_MISMATCH",
    ),
    scenario(
        "the names match, the zone's servers do not agree",
        HEALTHY.put(APEX, f"{APEX} NS {NS1}", at=SECOND),
        delegation07="NAMES_MATCH",
    ),
)
