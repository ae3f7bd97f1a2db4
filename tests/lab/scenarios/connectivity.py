"""Faults between the client and the service: machines, ports, filters."""

from __future__ import annotations

from tests.lab import topology
from tests.lab.faults import (
    WEB,
    mute,
    off,
    relayed,
    rule,
    silent,
    site,
    spread,
    stopped,
    sysctl,
    table,
    without_address,
)
from tests.lab.scenario import Cause, Scenario

ANSWERING = ("--only", "answering,port-state", "--thorough")
SYN_PROXY = f"""
table inet proxy {{
chain raw {{ type filter hook prerouting priority -300;
{WEB} tcp flags syn / fin,syn,rst,ack notrack; }}
chain f {{ type filter hook forward priority 0;
{WEB} ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm; }}
}}
"""
TWO_A_MINUTE = f"""
table inet limits {{
set v4 {{ type ipv4_addr; flags dynamic; }}
set v6 {{ type ipv6_addr; flags dynamic; }}
chain limited {{
add @v4 {{ ip saddr limit rate over 2/minute burst 2 packets }} drop;
add @v6 {{ ip6 saddr limit rate over 2/minute burst 2 packets }} drop;
}}
chain in {{ type filter hook input priority 0;
{WEB} tcp flags & (syn | ack) == syn jump limited;
}}
}}
"""
HALF_OF_THE_CONNECTIONS = f"{WEB} jhash tcp sport mod 2 0"
"""As a balancer shares connections out: each has one place for good."""

SCENARIOS = (
    Scenario(
        name="host-down",
        truth="The host is switched off: its router finds nobody at its address.",
        faults=(off("host"),),
        causes=(Cause(code="host-down", owner="host", support="fix"),),
        status=2,
        lasting=True,
    ),
    Scenario(
        name="host-down-ipv6",
        truth="The host is switched off, and asked for by its IPv6 address.",
        target=topology.address("host").v6,
        faults=(off("host"),),
        causes=(Cause(code="host-down", owner="host", support="fix"),),
        status=2,
        lasting=True,
    ),
    Scenario(
        name="host-down-silent",
        truth="The host hangs: it has a link address and answers nothing.",
        faults=(silent("host"),),
        causes=(Cause(code="host-down", owner="host", support="fix"),),
        status=2,
    ),
    Scenario(
        name="port-closed",
        truth="The web server does not run.",
        faults=(stopped("host"),),
        causes=(Cause(code="port-closed", owner="service"),),
        status=2,
    ),
    Scenario(
        name="https-closed",
        truth="The web server serves plain HTTP and does not listen for HTTPS.",
        target="https://www.customer.example/",
        faults=(site(https=""),),
        causes=(Cause(code="port-closed", owner="service"),),
        status=2,
    ),
    Scenario(
        name="port-filtered",
        truth="The host's own firewall drops the web ports.",
        faults=(rule("host", "input", f"{WEB} drop"),),
        causes=(Cause(code="port-filtered", support="fix"),),
        status=2,
    ),
    Scenario(
        name="port-filtered-ipv6",
        truth="The host's own firewall drops the web ports over IPv6 alone.",
        faults=(rule("host", "input", f"meta nfproto ipv6 {WEB} drop"),),
        causes=(Cause(code="port-filtered", support="fix"),),
        status=1,
    ),
    Scenario(
        name="rejected-by-firewall",
        truth="The hosting firewall prohibits the web ports and says so.",
        faults=(rule("fw", "forward", f"{WEB} reject with icmpx type admin-prohibited"),),
        causes=(Cause(code="rejected-by-firewall", owner="hosting-network", support="fix"),),
        status=2,
    ),
    Scenario(
        name="reset-by-middlebox",
        truth="The hosting firewall resets connections to the web ports in the host's name.",
        faults=(rule("fw", "forward", f"{WEB} reject with tcp reset"),),
        causes=(Cause(code="reset-by-middlebox", owner="hosting-network", support="fix"),),
        status=2,
    ),
    Scenario(
        name="service-silent",
        truth="The web server hangs: connections are accepted and nothing is said.",
        faults=(mute("host", 80, 443),),
        causes=(Cause(code="service-silent", owner="service"),),
        status=2,
    ),
    Scenario(
        name="ipv6-unreachable",
        truth="The host has lost its IPv6 address, which is still published.",
        faults=(without_address("host", 6), site(families=(4,))),
        causes=(Cause(code="ipv6-unreachable", support="fix"),),
        status=1,
        lasting=True,
    ),
    Scenario(
        name="ipv4-unreachable",
        truth="The host has lost its IPv4 address, which is still published.",
        faults=(without_address("host", 4),),
        causes=(Cause(code="ipv4-unreachable", support="fix"),),
        status=1,
        lasting=True,
    ),
    Scenario(
        name="aaaa-without-service",
        truth="The host answers over IPv6, and the web server listens on IPv4 only.",
        faults=(site(families=(4,)),),
        causes=(Cause(code="aaaa-without-service", owner="service"),),
        status=1,
    ),
    Scenario(
        name="smtp-port-blocked",
        truth="The desk's own provider drops mail on port 25, as it does to everybody.",
        target="mail.customer.example",
        arguments=("--port", "25"),
        faults=(rule("dr", "forward", "tcp dport 25 drop"),),
        causes=(Cause(code="smtp-port-blocked", owner="access-isp", support="fix"),),
        status=2,
    ),
    Scenario(
        name="backlog-full",
        truth="The web server hangs, and its queue takes one connection on each port.",
        faults=(mute("host", 80, 443, backlog=0),),
        causes=(Cause(code="backlog-full", owner="service"),),
        status=1,
        lasting=True,
    ),
    Scenario(
        name="backend-intermittent",
        truth="Every second new connection is handed to a web server that is dead.",
        faults=(rule("host", "input", f"{HALF_OF_THE_CONNECTIONS} drop"),),
        causes=(Cause(code="backend-intermittent", owner="service"),),
        status=1,
    ),
    Scenario(
        name="backend-intermittent-reset",
        truth="Every second new connection is handed to a machine where no web server runs.",
        faults=(rule("host", "input", f"{HALF_OF_THE_CONNECTIONS} reject with tcp reset"),),
        causes=(Cause(code="backend-intermittent", owner="service"),),
        status=1,
    ),
    Scenario(
        name="rate-blocked",
        truth="The host's firewall lets two connections a minute in from one address.",
        target="https://www.customer.example/",
        faults=(table("host", TWO_A_MINUTE),),
        causes=(Cause(code="rate-blocked", owner="host", support="fix"),),
        status=1,
        lasting=True,
    ),
    Scenario(
        name="transparent-proxy",
        truth="A router of the office's provider answers for all web servers and relays.",
        arguments=ANSWERING,
        faults=(relayed("dr", 80),),
        causes=(Cause(code="transparent-proxy", owner="access-isp"),),
    ),
    Scenario(
        name="syn-proxy",
        truth="The hosting firewall answers SYNs itself and passes on who completes the handshake.",
        arguments=ANSWERING,
        faults=(table("fw", SYN_PROXY), sysctl("fw", netfilter__nf_conntrack_tcp_loose="0")),
        causes=(Cause(code="syn-proxy", owner="hosting-network"),),
        lasting=True,
    ),
    Scenario(
        name="answering-itself",
        truth="The host answers itself, and its provider's routers spread the traffic.",
        arguments=ANSWERING,
        faults=(spread("dr", "ta1", "tb1"),),
    ),
)
