"""Machines, links, routes and packet filters of a plan, as namespaces of this process."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from tests.lab import linux, needs, routing, topology
from tests.lab.plan import Plan
from tests.lab.topology import LINKS, Link

COMMON = {
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    "net/ipv4/conf/all/accept_redirects": "0",
    "net/ipv4/conf/default/accept_redirects": "0",
    "net/ipv6/conf/all/accept_redirects": "0",
    "net/ipv6/conf/default/accept_redirects": "0",
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/default/accept_ra": "0",
    "net/ipv6/conf/all/disable_ipv6": "0",
    "net/ipv6/conf/default/disable_ipv6": "0",
    # Linux limits ICMP errors by default, which would make hops of a healthy path silent. A limit
    # of 0 would still spend what errors about missing routes are allowed; no kind limited does not.
    "net/ipv4/icmp_ratemask": "0",
    "net/ipv6/icmp/ratelimit": "0",
    # Without it a router answers from the address on its way back, not where the probe came in.
    "net/ipv4/icmp_errors_use_inbound_ifaddr": "1",
    # As distributions set it: everybody may ping.
    "net/ipv4/ping_group_range": "0 0",
}


class BuildError(RuntimeError):
    """A tool refused what the plan says; the message has its words."""


def build(plan: Plan) -> None:
    """Make every machine and connect them. Takes about a second."""
    linux.NAMESPACES.mkdir(parents=True, exist_ok=True)
    for node in topology.NODES:
        linux.add_namespace(node)
        with linux.within(node):
            _write_sysctls(node)
    _ip([line for link in LINKS for line in _connect(link, plan)])
    for node in topology.NODES:
        with linux.within(node):
            _configure(node, plan)


def _write_sysctls(node: str) -> None:
    forwarding = "1" if node in topology.ROUTERS else "0"
    values = {"net/ipv4/ip_forward": forwarding, "net/ipv6/conf/all/forwarding": forwarding}
    linux.set_sysctls(COMMON | values)
    linux.lift_icmp_limit()


def _connect(link: Link, plan: Plan) -> Iterator[str]:
    """The cables of one link; a router with several machines behind it has a bridge."""
    first, *others = (end.node for end in link.ends)
    if len(others) > 1:
        for other in others:
            yield _cable(first, f"p-{other}", other, "eth0")
    elif plan.delay_ms and (first, others[0]) in topology.UPLINKS:
        for node, peer in ((first, others[0]), (others[0], first)):
            yield f"link add d-{first}-{node} type veth peer name {device(node, peer)} netns {node}"
    else:
        yield _cable(first, device(first, others[0]), others[0], device(others[0], first))


def _cable(first: str, device1: str, second: str, device2: str) -> str:
    ends = f"{device1} netns {first} type veth peer name {device2} netns {second}"
    return f"link add name {ends}"


def device(node: str, neighbour: str) -> str:
    """The name of the device of `node` on its link with `neighbour`."""
    return f"to-{neighbour}" if node in topology.ROUTERS else "eth0"


def _configure(node: str, plan: Plan) -> None:
    """Addresses, routes, rules and whatever the faults add, inside the machine's namespace."""
    _ip([*_addresses(node), *(route.command for route in routing.routes(node))])
    linux.set_sysctls(plan.sysctls[node])
    if rules := plan.filters[node].text:
        _run([needs.find("nft") or "nft", "-f", "-"], rules + "\n")
    lines = ["link set eth0 down"] if node in plan.off else []
    _ip(lines + plan.commands[node])


def _addresses(node: str) -> Iterator[str]:
    yield "link set lo up"
    for one in topology.LOOPBACKS.get(node, ()):
        yield f"address add {one}/{128 if ':' in one else 32} dev lo"
    for link in LINKS:
        members = [end.node for end in link.ends]
        if node in members:
            yield from _addresses_on(link, node, members)


def _addresses_on(link: Link, node: str, members: list[str]) -> Iterator[str]:
    pair = link.address(node)
    name = device(node, members[0] if members[0] != node else members[1])
    if node == members[0] and len(members) > 2:
        name = "lan"
        yield f"link add {name} type bridge"
        for other in members[1:]:
            yield f"link set p-{other} master {name} up"
    yield f"link set {name} up"
    yield f"address add {pair.v4}/{link.length4} dev {name}"
    yield f"address add {pair.v6}/64 dev {name} nodad"


def _ip(lines: list[str]) -> None:
    if lines:
        _run([needs.find("ip") or "ip", "-batch", "-"], "\n".join(lines) + "\n")


def _run(command: list[str], text: str) -> None:
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)} says: {done.stderr.strip()}\n{text[:2000]}")
