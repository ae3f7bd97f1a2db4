"""Packets that are lost now and then, and what looks like it."""

from __future__ import annotations

from tests.lab import topology
from tests.lab.faults import rule
from tests.lab.scenario import Cause, Fault, Scenario

ADDRESS, ADDRESS6 = topology.address("host").both
EXAMINE = ("--thorough", "--only", "routing")


def loses(node: str, one_in: int) -> Fault:
    """`node` drops one packet in so many of those to the host, the first of each kind to begin
    with: SYNs, other segments, all else."""
    kinds = ("tcp flags & (syn | ack) == syn", "tcp flags & ack == ack", "meta l4proto != tcp")
    return rule(
        node,
        "forward",
        *(
            f"{family} daddr {address} {kind} numgen inc mod {one_in} 0 drop"
            for family, address in (("ip", ADDRESS), ("ip6", ADDRESS6))
            for kind in kinds
        ),
    )


def answers_slowly(node: str) -> Fault:
    """`node` answers one echo, and sends one error, a second."""
    echoes = "icmp type echo-request limit rate over 1/second burst 2 packets drop"
    return rule(
        node, "input", echoes, "udp dport 33434-33600 limit rate over 1/second burst 2 packets drop"
    )


SCENARIOS = (
    Scenario(
        name="packet-loss-in-transit",
        truth="A router of Transit A drops one packet in four on the way to the host.",
        faults=(loses("ta2", 4),),
        causes=(Cause(code="packet-loss", owner="transit", support="fix"),),
        status=1,
        lasting=True,
    ),
    Scenario(
        name="packet-loss-at-hosting",
        truth="The hosting firewall drops one packet in five on the way to the host.",
        faults=(loses("fw", 5),),
        causes=(Cause(code="packet-loss", owner="hosting-network", support="fix"),),
        status=1,
    ),
    Scenario(
        name="packet-loss-near-home",
        truth="The access provider drops one packet in five on the way to the host.",
        faults=(loses("isp", 5),),
        vantage="home",
        causes=(Cause(code="packet-loss"),),
        status=1,
    ),
    Scenario(
        name="icmp-rate-limited",
        truth="The host and its firewall answer few probes, and lose nothing.",
        faults=(answers_slowly("host"), answers_slowly("fw")),
        target=ADDRESS,
        arguments=EXAMINE,
    ),
)
