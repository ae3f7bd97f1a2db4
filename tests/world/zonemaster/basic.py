"""Zonemaster's module Basic: is there a zone, and does any server serve it?"""

from __future__ import annotations

from netdiag.model import Proposed, ProposedServer
from netdiag.outcomes import DnsReply
from tests.world.tree import (
    APEX,
    HEALTHY,
    NS1,
    NS2,
    ONE4,
    ONE6,
    OTHER4,
    PARENT,
    PARENT4,
    PARENT4B,
    PARENT6,
    PARENT6B,
    SILENT,
    TWO4,
    TWO6,
    Tree,
    altered,
)
from tests.world.zonemaster.scenario import brief, cases, scenario

CASES = cases(
    basic01="""B01_CHILD_FOUND B01_CHILD_IS_ALIAS B01_INCONSISTENT_ALIAS
        B01_INCONSISTENT_DELEGATION B01_NO_CHILD B01_PARENT_DISREGARDED B01_PARENT_FOUND
        B01_PARENT_NOT_FOUND B01_PARENT_UNDETERMINED B01_ROOT_HAS_NO_PARENT""",
    basic02="""B02_AUTH_RESPONSE_SOA B02_NO_DELEGATION B02_NO_WORKING_NS B02_NS_BROKEN
        B02_NS_NOT_AUTH B02_NS_NO_IP_ADDR B02_NS_NO_RESPONSE B02_UNEXPECTED_RCODE""",
    basic03="A_QUERY_NO_RESPONSES HAS_A_RECORDS",
)

SERVERS = (ONE4, ONE6, TWO4, TWO6)
PARENTS = (PARENT4, PARENT6, PARENT4B, PARENT6B)
SECOND_PARENT = (PARENT4B, PARENT6B)
UNDELEGATED = (
    HEALTHY.without(PARENT, APEX).without(PARENT, NS1).without(PARENT, NS2).unserved(APEX, SERVERS)
)
DEEP = "deep.child.xa."
HALF_DELEGATED = HEALTHY.without(PARENT, APEX, at=SECOND_PARENT)
SHARED = HEALTHY.served(
    "xb.",
    (OTHER4, "22.71.0.53"),
    "xb. SOA ns1.xb. hostmaster.xb. 1 28800 3600 1209600 300",
    "xb. NS ns1.xb.",
    "xb. NS ns2.xb.",
    f"ns1.xb. A {OTHER4}",
    "ns2.xb. A 22.71.0.53",
    "sub.xb. NS ns1.sub.xb.",
    "ns1.sub.xb. A 22.72.0.53",
).put(".", "xb. NS ns1.xb.\nxb. NS ns2.xb.", f"ns1.xb. A {OTHER4}", "ns2.xb. A 22.71.0.53")
"""With `sub.xb.`, whose servers delegate `low.sub.xb.`; of the servers of `xb.` the second one
delegates that itself."""
LOW = SHARED.served(
    "sub.xb.",
    ("22.72.0.53",),
    "sub.xb. SOA ns1.sub.xb. hostmaster.sub.xb. 1 28800 3600 1209600 300",
    "sub.xb. NS ns1.sub.xb.",
    "ns1.sub.xb. A 22.72.0.53",
    "low.sub.xb. NS ns1.low.sub.xb.",
    "ns1.low.sub.xb. A 22.73.0.53",
).served(
    "low.sub.xb.",
    ("22.73.0.53",),
    "low.sub.xb. SOA ns1.low.sub.xb. hostmaster.sub.xb. 1 28800 3600 1209600 300",
    "low.sub.xb. NS ns1.low.sub.xb.",
    "ns1.low.sub.xb. A 22.73.0.53",
)
LOW_BRIEF = brief("low.sub.xb.")
PLAN = Proposed(
    zone=APEX,
    servers=(
        ProposedServer(name=NS1, addresses=(ONE4,)),
        ProposedServer(name=NS2, addresses=(TWO4,)),
    ),
)


def lame(*says: str | DnsReply) -> Tree:
    """The healthy tree whose servers, the first and the second, answer so over both transports."""
    first, second = says if len(says) > 1 else (says[0], says[0])
    tree = HEALTHY
    for answer, at in ((first, (ONE4, ONE6)), (second, (TWO4, TWO6))):
        outcome = SILENT if answer == "silent" else answer
        tree = tree.departs(outcome, *at)  # type: ignore[arg-type]
    return tree


REFUSED = DnsReply(rcode="REFUSED")
UPWARD = DnsReply()
NO_RECORD = DnsReply(authoritative=True)

SCENARIOS = (
    scenario(
        "all is well",
        basic01="B01_CHILD_FOUND B01_PARENT_FOUND",
        basic02="B02_AUTH_RESPONSE_SOA",
        basic03="",
    ),
    scenario(
        "the parent's servers serve the zone too",
        HEALTHY.served(
            APEX,
            PARENTS,
            f"{APEX} SOA {NS1} hostmaster.{APEX} 7 28800 3600 1209600 300",
            f"{APEX} NS {NS1}",
            f"{APEX} NS {NS2}",
            f"{NS1} A {ONE4}",
            f"{NS2} A {TWO4}",
        ),
        basic01="B01_CHILD_FOUND B01_PARENT_FOUND",
        basic02="B02_AUTH_RESPONSE_SOA",
    ),
    scenario(
        "the parent does not know the domain",
        UNDELEGATED,
        basic01="B01_NO_CHILD B01_PARENT_FOUND",
        basic02="B02_NO_DELEGATION",
        basic03="",
    ),
    scenario(
        "half of the parent's servers do not know the domain",
        HALF_DELEGATED.without(PARENT, NS1, at=SECOND_PARENT).without(
            PARENT, NS2, at=SECOND_PARENT
        ),
        basic01="B01_CHILD_FOUND B01_INCONSISTENT_DELEGATION B01_PARENT_FOUND",
        basic02="B02_AUTH_RESPONSE_SOA",
    ),
    scenario(
        "one of the parent's servers is silent",
        HEALTHY.departs(SILENT, PARENT4, PARENT6),
        basic01="B01_CHILD_FOUND B01_PARENT_FOUND",
    ),
    scenario(
        "the parent has an alias in the place of the zone",
        UNDELEGATED.add(PARENT, f"{APEX} CNAME ns1.xb."),
        basic01="B01_CHILD_IS_ALIAS B01_NO_CHILD B01_PARENT_FOUND",
    ),
    scenario(
        "the parent's servers have different aliases",
        UNDELEGATED.add(PARENT, f"{APEX} CNAME ns1.xb.", at=(PARENT4, PARENT6)).add(
            PARENT, f"{APEX} CNAME ns2.xa.", at=SECOND_PARENT
        ),
        basic01="B01_CHILD_IS_ALIAS B01_INCONSISTENT_ALIAS B01_NO_CHILD B01_PARENT_FOUND",
    ),
    scenario(
        "no server of the parent answers",
        HEALTHY.departs(SILENT, *PARENTS),
        basic01="B01_PARENT_NOT_FOUND",
    ),
    scenario("a zone below another", LOW, LOW_BRIEF, basic01="B01_CHILD_FOUND B01_PARENT_FOUND"),
    scenario(
        "a server above delegates past the zone between",
        LOW.without("xb.", "sub.xb.", at=("22.71.0.53",))
        .without("xb.", "ns1.sub.xb.", at=("22.71.0.53",))
        .add(
            "xb.",
            "low.sub.xb. NS ns1.low.sub.xb.",
            "ns1.low.sub.xb. A 22.73.0.53",
            at=("22.71.0.53",),
        )
        .departs(SILENT, "22.71.0.53", name="low.sub.xb.", rtype="A"),
        LOW_BRIEF,
        basic01="B01_CHILD_FOUND B01_PARENT_FOUND B01_PARENT_UNDETERMINED",
    ),
    scenario(
        "the delegation is planned",
        UNDELEGATED.served(
            APEX,
            SERVERS,
            f"{APEX} SOA {NS1} hostmaster.{APEX} 7 28800 3600 1209600 300",
            f"{APEX} NS {NS1}",
            f"{APEX} NS {NS2}",
            f"{NS1} A {ONE4}",
            f"{NS2} A {TWO4}",
        ),
        brief(proposed=PLAN),
        basic01="B01_CHILD_FOUND B01_PARENT_DISREGARDED",
        basic02="B02_AUTH_RESPONSE_SOA",
    ),
    scenario(
        "all servers are silent",
        lame("silent"),
        basic02="B02_NO_WORKING_NS B02_NS_NO_RESPONSE",
        basic03="A_QUERY_NO_RESPONSES",
    ),
    scenario(
        "all servers refuse",
        lame(REFUSED),
        basic02="B02_NO_WORKING_NS B02_UNEXPECTED_RCODE",
        basic03="",
    ),
    scenario(
        "one server is silent, the other refuses",
        lame("silent", REFUSED),
        basic02="B02_NO_WORKING_NS B02_NS_NO_RESPONSE B02_UNEXPECTED_RCODE",
        basic03="",
    ),
    scenario(
        "one server refers upwards, the other has no SOA record",
        lame(UPWARD, NO_RECORD),
        basic02="B02_NO_WORKING_NS B02_NS_BROKEN B02_NS_NOT_AUTH",
    ),
    scenario(
        "the servers answer without authority",
        HEALTHY.departs(altered(authoritative=False), *SERVERS),
        basic02="B02_NO_WORKING_NS B02_NS_NOT_AUTH",
        basic03="HAS_A_RECORDS",
    ),
    scenario(
        "one server refuses, the other one serves",
        HEALTHY.departs(REFUSED, ONE4, ONE6),
        basic02="B02_AUTH_RESPONSE_SOA",
        basic03="",
    ),
    scenario(
        "the servers' names do not exist",
        HEALTHY.put(PARENT, f"{APEX} NS ns8.xa.\n{APEX} NS ns9.xa."),
        basic02="B02_NO_WORKING_NS B02_NS_NO_IP_ADDR",
    ),
    scenario(
        "one server's name does not exist, the other one is silent",
        HEALTHY.put(PARENT, f"{APEX} NS ns9.xa.\n{APEX} NS {NS2}").departs(SILENT, TWO4, TWO6),
        basic02="B02_NO_WORKING_NS B02_NS_NO_IP_ADDR B02_NS_NO_RESPONSE",
    ),
    scenario(
        "the servers fail for the zone and answer for www",
        HEALTHY.departs(DnsReply(rcode="SERVFAIL"), *SERVERS, name=APEX),
        basic02="B02_NO_WORKING_NS B02_UNEXPECTED_RCODE",
        basic03="HAS_A_RECORDS",
    ),
)
