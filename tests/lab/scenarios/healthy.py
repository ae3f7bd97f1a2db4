"""Nothing is wrong, also where it looks so to a careless eye."""

from __future__ import annotations

from tests.lab.faults import (
    alias,
    commands,
    delay,
    desk_route,
    no_icmp_errors,
    page,
    records,
    resolver,
    rule,
    silent,
    site,
    subdomain,
    sysctl,
    without,
    without_address,
)
from tests.lab.scenario import Fault, Scenario
from tests.lab.topology import ROUTERS, address, between, towards

HOST, HOST2 = address("host"), address("host2")
LIMITED = {"ipv4__icmp_ratemask": "6168", "ipv6__icmp__ratelimit": "1000"}
CLAMPED = rule("edge", "forward", "tcp flags & (syn | rst) == syn tcp option maxseg size set 1200")
OPEN = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"


def _two_paths() -> Fault:
    hops = "".join(f" nexthop via {towards('dr', name).v4}" for name in ("ta1", "tb1"))
    return commands("dr", f"route replace {between('fw', 'host').prefixes.v4}{hops}")


SCENARIOS = (
    Scenario(name="healthy", truth="Nothing is wrong."),
    Scenario(name="healthy-from-home", truth="Nothing is wrong, seen from home.", vantage="home"),
    Scenario(name="healthy-far-away", truth="Nothing is wrong 40 ms away.", faults=(delay(20),)),
    Scenario(
        name="healthy-domain",
        truth="Nothing is wrong with a domain that has a site and mail.",
        target="customer.example",
    ),
    Scenario(
        name="healthy-mail",
        truth="The mail server answers.",
        target="mail.customer.example",
        arguments=("--port", "25"),
    ),
    Scenario(
        name="rate-limited-router",
        truth="Routers send one ICMP error a second, which is how routers are.",
        faults=tuple(sysctl(router, **LIMITED) for router in ("dr", "ta1", "ta2", "edge", "fw")),
    ),
    Scenario(
        name="echo-ignored",
        truth="The host does not answer echo requests, and all else.",
        faults=(sysctl("host", ipv4__icmp_echo_ignore_all="1", ipv6__icmp__echo_ignore_all="1"),),
    ),
    Scenario(
        name="silent-router",
        truth="A transit router forwards and never sends ICMP errors.",
        faults=(no_icmp_errors("ta2"),),
    ),
    Scenario(
        name="silent-path",
        truth="No router on the way says anything; the site is well.",
        faults=tuple(no_icmp_errors(router) for router in ROUTERS),
    ),
    Scenario(
        name="stealth-host",
        truth="The host's firewall drops everything but the web ports.",
        faults=(rule("host", "input", OPEN, "tcp dport { 80, 443 } accept", "drop"),),
    ),
    Scenario(
        name="ipv4-only-host",
        truth="The host has no IPv6 and publishes none.",
        faults=(without("www", "AAAA"), without_address("host", 6), site(families=(4,))),
    ),
    Scenario(
        name="round-robin",
        truth="The name leads to two hosts, both well.",
        faults=(
            records("www", "A", HOST.v4, HOST2.v4),
            records("www", "AAAA", HOST.v6, HOST2.v6),
        ),
    ),
    Scenario(
        name="cname-chain",
        truth="The name is an alias of an alias at another DNS operator.",
        faults=(alias("www", "shop.delivery.net."),),
    ),
    Scenario(
        name="wildcard",
        truth="The name exists by a wildcard.",
        faults=(
            without("www"),
            records("*", "A", HOST.v4),
            records("*", "AAAA", HOST.v6),
        ),
    ),
    Scenario(
        name="asymmetric-path",
        truth="Answers come back through the other transit.",
        faults=(desk_route("edge", towards="tb2"),),
    ),
    Scenario(
        name="several-paths",
        truth="Flows are spread over both transits.",
        faults=(_two_paths(), sysctl("dr", ipv4__fib_multipath_hash_policy="1")),
    ),
    Scenario(
        name="mss-clamp",
        truth="The hosting edge lowers the segment size of TCP, as tunnels need it.",
        faults=(CLAMPED,),
    ),
    Scenario(
        name="way-with-oddities",
        truth="Answers come back another way, and the hosting edge lowers the segment size.",
        faults=(desk_route("edge", towards="tb2"), CLAMPED),
        arguments=("--thorough", "--only", "segment-size,way-back"),
        notes=("asymmetric-path", "mss-clamped"),
    ),
    Scenario(
        name="desk-without-ipv6",
        truth="The desk has no IPv6; the site has both.",
        faults=(sysctl("desk", ipv6__conf__all__disable_ipv6="1"),),
    ),
    Scenario(
        name="address-target",
        truth="An address whose name leads back to it.",
        target=HOST.v4,
    ),
    Scenario(
        name="url-target",
        truth="A URL of a healthy site.",
        target="https://www.customer.example/shop?item=1",
    ),
    Scenario(
        name="http-redirects-to-https",
        truth="The site sends plain HTTP to HTTPS.",
        faults=(site(http="return 301 https://$host$request_uri;"),),
    ),
    Scenario(
        name="www-redirect",
        truth="The domain sends visitors to its www name.",
        target="customer.example",
        faults=(
            page(
                "if ($host != www.customer.example) {"
                " return 301 https://www.customer.example$request_uri; }"
                ' return 200 "welcome\\n";'
            ),
        ),
    ),
    Scenario(
        name="delegated-subdomain",
        truth="A subdomain of the customer's is a zone of its own.",
        target="www.dev.customer.example",
        arguments=("--only", "dns"),
        faults=(subdomain("dev"),),
    ),
    Scenario(
        name="subdomain-at-the-parents-servers",
        truth="A subdomain is a zone of its own at the very servers of its parent.",
        target="www.dev.customer.example",
        arguments=("--only", "dns"),
        faults=(subdomain("dev", at=("op1", "op2")),),
    ),
    Scenario(
        name="answers-by-place",
        truth="The name's servers give resolvers elsewhere another of the site's addresses.",
        faults=tuple(
            resolver(
                node,
                f'local-data: "www.customer.example. 600 IN A {HOST2.v4}"',
                f'local-data: "www.customer.example. 600 IN AAAA {HOST2.v6}"',
            )
            for node in ("dres", "public")
        ),
    ),
    Scenario(
        name="dns64",
        truth="The desk's resolver makes IPv6 addresses for a site that has IPv4 only.",
        faults=(
            without("www", "AAAA"),
            resolver("dres", 'module-config: "dns64 iterator"', "dns64-prefix: 64:ff9b::/96"),
        ),
    ),
    Scenario(
        name="dns-over-tcp-blocked-here",
        truth="The desk's own firewall drops DNS over TCP to everybody.",
        faults=(rule("dgw", "forward", "tcp dport 53 drop"),),
    ),
    Scenario(
        name="unrelated-silent-server",
        truth="A DNS operator that has nothing to do with the name is down.",
        target="shop.delivery.net",
        faults=(silent("op1"), site(certificate="delivery")),
    ),
)
