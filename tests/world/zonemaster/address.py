"""Zonemaster's module Address: where the name servers' addresses are, and their reverse names."""

from __future__ import annotations

from ipaddress import ip_address

from tests.world.tree import (
    APEX,
    HEALTHY,
    NS1,
    NS2,
    ONE4,
    ONE6,
    PARENT,
    ROOT4,
    ROOT6,
    SILENT,
    TWO4,
    TWO6,
    Tree,
    pointer,
)
from tests.world.zonemaster.scenario import cases, scenario

CASES = cases(
    address01="""A01_ADDR_NOT_GLOBALLY_REACHABLE A01_DOCUMENTATION_ADDR
        A01_GLOBALLY_REACHABLE_ADDR A01_LOCAL_USE_ADDR A01_NO_GLOBALLY_REACHABLE_ADDR
        A01_NO_NAME_SERVERS_FOUND""",
    address02="""NAMESERVERS_IP_WITH_REVERSE NAMESERVER_IP_WITHOUT_REVERSE
        NO_RESPONSE_PTR_QUERY""",
    address03="""NAMESERVER_IP_PTR_MATCH NAMESERVER_IP_PTR_MISMATCH
        NAMESERVER_IP_WITHOUT_REVERSE NO_RESPONSE_PTR_QUERY""",
)


def at(first: str, second: str = "") -> Tree:
    """The healthy tree with servers at these addresses alone, at the parent and in the zone."""
    lines = f"{NS1} A {first}\n{NS2} A {second or TWO4}"
    tree = HEALTHY
    for zone in (PARENT, APEX):
        tree = tree.without(zone, NS1).without(zone, NS2).add(zone, lines)
    return tree


def reverse(address: str) -> str:
    return ip_address(address).reverse_pointer + "."


SCENARIOS = (
    scenario(
        "all addresses are public and have names",
        address01="A01_GLOBALLY_REACHABLE_ADDR",
        address02="NAMESERVERS_IP_WITH_REVERSE",
        address03="NAMESERVER_IP_PTR_MATCH",
    ),
    scenario(
        "one server is in a private network",
        at("10.0.0.53"),
        address01="A01_GLOBALLY_REACHABLE_ADDR A01_LOCAL_USE_ADDR",
    ),
    scenario(
        "one server has an address of documentation",
        at("192.0.2.53"),
        address01="A01_DOCUMENTATION_ADDR A01_GLOBALLY_REACHABLE_ADDR",
    ),
    scenario(
        "one server has a reserved address",
        at("240.0.0.53"),
        address01="A01_ADDR_NOT_GLOBALLY_REACHABLE A01_GLOBALLY_REACHABLE_ADDR",
    ),
    scenario(
        "no server has a public address",
        at("10.0.0.53", "192.0.2.53"),
        address01="A01_DOCUMENTATION_ADDR A01_LOCAL_USE_ADDR A01_NO_GLOBALLY_REACHABLE_ADDR",
    ),
    scenario(
        "the glue alone is private",
        HEALTHY.put(PARENT, f"{NS1} A 10.0.0.53"),
        address01="A01_GLOBALLY_REACHABLE_ADDR A01_LOCAL_USE_ADDR",
    ),
    scenario(
        "no server has an address",
        HEALTHY.put(PARENT, f"{APEX} NS ns8.xa.\n{APEX} NS ns9.xa."),
        address01="A01_NO_NAME_SERVERS_FOUND",
        address02="",
        address03="",
    ),
    scenario(
        "an address has no name",
        HEALTHY.without(".", reverse(ONE4)),
        address02="NAMESERVER_IP_WITHOUT_REVERSE",
        address03="NAMESERVER_IP_WITHOUT_REVERSE",
    ),
    scenario(
        "an address has another name",
        HEALTHY.put(".", pointer(ONE6, "host.xb.")),
        address02="NAMESERVERS_IP_WITH_REVERSE",
        address03="NAMESERVER_IP_PTR_MISMATCH",
    ),
    scenario(
        "a reverse name is led on by an alias",
        HEALTHY.without(".", reverse(ONE4)).add(
            ".", f"{reverse(ONE4)} CNAME one.53.arpa.", f"one.53.arpa. PTR {NS1}"
        ),
        address02="NAMESERVERS_IP_WITH_REVERSE",
        address03="NAMESERVER_IP_PTR_MATCH",
    ),
    scenario(
        "nobody answers for a reverse name",
        HEALTHY.departs(SILENT, ROOT4, ROOT6, name=reverse(TWO6)),
        address02="NO_RESPONSE_PTR_QUERY",
        address03="NO_RESPONSE_PTR_QUERY",
    ),
    scenario(
        "an address of the glue alone has no name",
        HEALTHY.put(PARENT, f"{NS1} A 22.99.0.53"),
        address02="NAMESERVER_IP_WITHOUT_REVERSE",
    ),
)
