"""Faults of the path."""

from __future__ import annotations

from tests.lab.faults import (
    commands,
    delay,
    host_route,
    hosting_route,
    records,
    routing_registry_says,
    spread,
    sysctl,
    wandering,
)
from tests.lab.scenario import Cause, Fault, Scenario
from tests.lab.topology import address, between

HOST, HOST2 = address("host"), address("host2")
HOSTING = between("fw", "host").prefixes


def _withdrawn(node: str) -> Fault:
    """`node` has no route at all to the customer's subnet."""
    return commands(node, f"route del {HOSTING.v4}", f"route del {HOSTING.v6}")


LIMITED = tuple(
    sysctl(router, ipv4__icmp_ratemask="6168", ipv6__icmp__ratelimit="1000")
    for router in ("ta1", "tb1", "edge")
)
"""Routers that send one error a second."""

UNHURRIED = ("--timeout", "40")
"""To tell flows apart takes 17 s here, and a busy machine longer than the usual deadline."""

SCENARIOS = (
    Scenario(
        name="routing-loop",
        truth="Two routers of Transit A send the host's traffic to each other.",
        faults=(hosting_route("ta2", towards="ta1"),),
        causes=(Cause(code="routing-loop", owner="transit", support="fix"),),
        status=2,
    ),
    Scenario(
        name="routing-loop-at-hosting",
        truth="The hosting firewall sends the host's traffic back to the edge.",
        faults=(host_route("fw", towards="edge"),),
        causes=(Cause(code="routing-loop", owner="hosting-network", support="fix"),),
        status=2,
    ),
    Scenario(
        name="routing-loop-ipv6",
        truth="Two routers of Transit A send the host's IPv6 traffic to each other.",
        faults=(hosting_route("ta2", towards="ta1", families="6"),),
        causes=(Cause(code="routing-loop", owner="transit", support="fix"),),
        status=1,
    ),
    Scenario(
        name="black-hole",
        truth="The second router of Transit A drops what is for the host's network.",
        faults=(hosting_route("ta2", "blackhole"),),
        causes=(Cause(code="black-hole", support="fix"),),
        status=2,
    ),
    Scenario(
        name="black-hole-at-edge",
        truth="The hosting edge drops what is for the host's network.",
        faults=(hosting_route("edge", "blackhole"),),
        causes=(Cause(code="black-hole", support="fix"),),
        status=2,
    ),
    Scenario(
        name="null-routed-host",
        truth="The hosting edge drops what is for the host alone, as against an attack.",
        faults=(host_route("edge", "blackhole"),),
        causes=(Cause(code="black-hole", owner="hosting-network", support="fix"),),
        status=2,
    ),
    Scenario(
        name="black-hole-ipv6",
        truth="The second router of Transit A drops IPv6 for the host's network.",
        faults=(hosting_route("ta2", "blackhole", families="6"),),
        causes=(Cause(code="black-hole", support="fix"),),
        status=1,
    ),
    Scenario(
        name="unreachable-route",
        truth="The second router of Transit A calls the host's network unreachable.",
        faults=(hosting_route("ta2", "unreachable"),),
        causes=(Cause(code="unreachable-route", owner="transit", support="fix"),),
        status=2,
    ),
    Scenario(
        name="route-withdrawn",
        truth="The first router of Transit A has no route to the host's network.",
        faults=(_withdrawn("ta1"),),
        causes=(Cause(code="unreachable-route", owner="transit", support="fix"),),
        status=2,
    ),
    Scenario(
        name="prefix-not-announced",
        truth="The hosting network announces its prefixes no more, so Transit A has no route.",
        faults=(_withdrawn("ta1"), routing_registry_says(announced=False)),
        causes=(Cause(code="prefix-not-announced", owner="hosting-network", support="fix"),),
        status=2,
    ),
    Scenario(
        name="prefix-announced-and-route-withdrawn",
        truth="Transit A has no route to prefixes that everybody else knows.",
        faults=(_withdrawn("ta1"), routing_registry_says(announced=True)),
        causes=(Cause(code="unreachable-route", owner="transit", support="fix"),),
        status=2,
    ),
    Scenario(
        name="rpki-invalid",
        truth="A full examination sees that another AS alone may announce the host's prefixes.",
        arguments=("--thorough", "--only", "announcement,route-origin"),
        faults=(routing_registry_says(announced=True, roa=64999),),
        causes=(Cause(code="rpki-invalid", owner="hosting-network", support="fix"),),
        status=1,
    ),
    Scenario(
        name="unreachable-route-at-hosting",
        truth="The hosting edge calls the host's network unreachable.",
        faults=(hosting_route("edge", "unreachable"),),
        causes=(Cause(code="unreachable-route", owner="hosting-network", support="fix"),),
        status=2,
    ),
    Scenario(
        name="unreachable-route-ipv6",
        truth="The second router of Transit A calls the host's IPv6 network unreachable.",
        faults=(hosting_route("ta2", "unreachable", families="6"),),
        causes=(Cause(code="unreachable-route", owner="transit", support="fix"),),
        status=1,
    ),
    Scenario(
        name="ecmp-member-dead",
        truth="The office's provider uses both transits at once, and one drops the host's.",
        faults=(spread("dr", "ta1", "tb1"), hosting_route("tb1", "blackhole")),
        arguments=UNHURRIED,
        causes=(Cause(code="ecmp-member-dead", owner="access-isp", support="fix"),),
        status=1,
    ),
    Scenario(
        name="ecmp-member-dead-farther-on",
        truth="The office's provider uses both transits; Transit B drops the host's inside.",
        faults=(spread("dr", "ta1", "tb1"), hosting_route("tb2", "blackhole")),
        arguments=UNHURRIED,
        causes=(Cause(code="ecmp-member-dead", owner="transit", support="fix"),),
        status=1,
    ),
    Scenario(
        name="ecmp-member-unreachable",
        truth="The office's provider uses both transits at once, and Transit B has no route.",
        faults=(spread("dr", "ta1", "tb1"), hosting_route("tb1", "unreachable")),
        arguments=UNHURRIED,
        causes=(Cause(code="ecmp-member-dead", owner="transit", support="fix"),),
        status=1,
    ),
    Scenario(
        name="ecmp-member-dead-ipv6",
        truth="The office's provider uses both transits at once, and one drops IPv6.",
        # Of two hosts, so that of a plain run's connections at least one takes the dead link,
        # but for one run in a thousand.
        faults=(
            spread("dr", "ta1", "tb1"),
            hosting_route("tb1", "blackhole", families="6"),
            records("www", "AAAA", HOST.v6, HOST2.v6),
        ),
        arguments=UNHURRIED,
        causes=(Cause(code="ecmp-member-dead", owner="access-isp", support="fix"),),
        status=1,
    ),
    Scenario(
        name="ecmp-sound",
        truth="The office's provider uses both transits at once, and both work.",
        faults=(spread("dr", "ta1", "tb1"),),
    ),
    Scenario(
        name="path-unstable",
        truth="The office's provider moves the host's traffic from transit to transit and back.",
        faults=(wandering("dr", "ta1", "tb1", 36),),
        arguments=("--thorough", "--only", "path-changes"),
        causes=(Cause(code="path-unstable", owner="access-isp", support="fix"),),
        status=1,
    ),
    Scenario(
        name="path-spread-by-flow",
        truth="The office's provider uses both transits at once, and each flow keeps to one.",
        faults=(spread("dr", "ta1", "tb1"), *LIMITED),
        arguments=("--thorough", "--only", "path-changes"),
        notes=("path-stable",),
    ),
    Scenario(
        name="latency-step",
        truth="The office's link to its provider takes 20 ms each way for IPv6, and none for IPv4.",
        faults=(delay(20, "6"),),
        arguments=("--thorough", "--only", "latency"),
        causes=(Cause(code="latency-step", owner="customer-network"),),
        notes=("latency-steady",),
    ),
    Scenario(
        name="black-hole-looked-at-once",
        truth="The second router of Transit A drops what is for the host's network.",
        arguments=("--fast",),
        faults=(hosting_route("ta2", "blackhole"),),
        status=3,
    ),
)
