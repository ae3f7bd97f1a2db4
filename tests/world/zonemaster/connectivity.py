"""Zonemaster's module Connectivity, cases 01 and 02: does each server answer over UDP and TCP?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

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
    Says,
    altered,
    records,
)
from tests.world.zonemaster.scenario import Scenario, brief, cases, scenario

PREFIX = {"udp": "CN01", "tcp": "CN02"}
DATA = {"SOA": f"{NS1} hostmaster.{APEX} 7 28800 3600 1209600 300", "NS": NS1}
MISSES: Mapping[str, Callable[[str], Says]] = {
    "NO_RESPONSE_{}_QUERY": lambda rtype: SILENT,
    "UNEXPECTED_RCODE_{}_QUERY": lambda rtype: DnsReply(rcode="SERVFAIL"),
    "{}_RECORD_NOT_AA": lambda rtype: altered(authoritative=False),
    "MISSING_{}_RECORD": lambda rtype: DnsReply(authoritative=True),
    "WRONG_{}_RECORD": lambda rtype: DnsReply(
        authoritative=True, answer=records(f"other.xa. {rtype} {DATA[rtype]}")
    ),
}


def tags(transport: str) -> str:
    """All tags of one case."""
    own = [miss.format(rtype) for miss, rtype in product(MISSES, DATA)]
    every = (f"{PREFIX[transport]}_{tag}_{transport.upper()}" for tag in (*own, "NO_RESPONSE"))
    return " ".join(every)


CASES = cases(
    connectivity01=f"{tags('udp')} CN01_IPV4_DISABLED CN01_IPV6_DISABLED",
    connectivity02=tags("tcp"),
)


def missed(miss: str, rtype: str, transport: str) -> Scenario:
    """One server that fails one question over one transport."""
    says: Says = MISSES[miss](rtype)
    tag = f"{PREFIX[transport]}_{miss.format(rtype)}_{transport.upper()}"
    told = {"udp": "", "tcp": "", transport: tag}
    return scenario(
        f"one server, {rtype} over {transport}: {miss.format('it')}",
        HEALTHY.departs(says, TWO4, name=APEX, rtype=rtype, transport=transport),
        connectivity01=told["udp"],
        connectivity02=told["tcp"],
    )


SCENARIOS = (
    scenario("all servers answer over both", connectivity01="", connectivity02=""),
    *(missed(*each) for each in product(MISSES, DATA, PREFIX)),
    scenario(
        "one server is silent",
        HEALTHY.departs(SILENT, TWO4),
        connectivity01="CN01_NO_RESPONSE_UDP",
        connectivity02="CN02_NO_RESPONSE_TCP",
    ),
    scenario(
        "all servers are silent",
        HEALTHY.departs(SILENT, ONE4, ONE6, TWO4, TWO6),
        connectivity01="CN01_NO_RESPONSE_UDP",
        connectivity02="CN02_NO_RESPONSE_TCP",
    ),
    scenario(
        "one server is silent over TCP",
        HEALTHY.departs(SILENT, TWO4, transport="tcp"),
        connectivity01="",
        connectivity02="CN02_NO_RESPONSE_TCP",
    ),
    scenario(
        "one server is silent over UDP",
        HEALTHY.departs(SILENT, TWO4, transport="udp"),
        connectivity01="CN01_NO_RESPONSE_UDP",
        connectivity02="",
    ),
    scenario(
        "one server refuses over UDP and is silent over TCP",
        HEALTHY.departs(DnsReply(rcode="REFUSED"), TWO4).departs(SILENT, TWO4, transport="tcp"),
        connectivity01="""CN01_UNEXPECTED_RCODE_NS_QUERY_UDP
            CN01_UNEXPECTED_RCODE_SOA_QUERY_UDP""",
        connectivity02="CN02_NO_RESPONSE_TCP",
    ),
    scenario(
        "a server that the zone alone names is silent",
        HEALTHY.add(APEX, f"{APEX} NS ns3.{APEX}", f"ns3.{APEX} A 22.52.0.53"),
        connectivity01="CN01_NO_RESPONSE_UDP",
        connectivity02="CN02_NO_RESPONSE_TCP",
    ),
    scenario(
        "this run does not use IPv6",
        about=brief(families=(4,)),
        connectivity01="CN01_IPV6_DISABLED",
        connectivity02="",
    ),
    scenario(
        "this run does not use IPv4",
        about=brief(families=(6,)),
        connectivity01="CN01_IPV4_DISABLED",
        connectivity02="",
    ),
    scenario(
        "this run does not use IPv6, and no server has it",
        HEALTHY.without(PARENT, NS1, "AAAA")
        .without(PARENT, NS2, "AAAA")
        .without(APEX, NS1, "AAAA")
        .without(APEX, NS2, "AAAA"),
        brief(families=(4,)),
        connectivity01="",
    ),
)
