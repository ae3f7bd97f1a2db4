"""Faults of the machine that looks, and of what it depends on at once."""

from __future__ import annotations

from tests.lab.faults import (
    WEB,
    certificate,
    commands,
    compares_addresses,
    deaf_to_neighbours,
    environment,
    hosts_file,
    login_page,
    odd_site,
    off,
    opens_tls,
    resolver,
    rule,
    silent,
    site,
    stopped,
    strangers,
    table,
    without,
    without_address,
)
from tests.lab.scenario import Cause, Scenario
from tests.lab.topology import address, between, towards

HOSTING = between("fw", "host").prefixes
DEVICE, NETWORK, ISP = "customer-device", "customer-network", "access-isp"


def _cause(code: str, owner: str = "") -> tuple[Cause, ...]:
    return (Cause(code=code, owner=owner, support="fix"),)


def _no_default(node: str, router: str) -> tuple[str, str]:
    gateway = towards(node, router)
    return f"route del default via {gateway.v4}", f"route del default via {gateway.v6}"


REDIRECTED_DNS = f"""
table ip redirected {{
chain c1 {{ type nat hook prerouting priority -100; udp dport 53 dnat to {address("dres").v4}; }}
}}
table ip6 redirected {{
chain c1 {{ type nat hook prerouting priority -100; udp dport 53 dnat to {address("dres").v6}; }}
}}
"""

DESK = address("desk")
TWICE = "2e00:20:100::99/64"
DRES_V4 = (address("dres").v4, address("ires").v4)
DRES_V6 = (address("dres").v6, address("ires").v6)

MACHINE = (
    Scenario(
        name="no-default-route",
        truth="The desk's machine has lost its default routes.",
        faults=(commands("desk", *_no_default("desk", "dgw")),),
        causes=_cause("no-default-route", DEVICE),
        status=2,
    ),
    Scenario(
        name="no-default-route-at-home",
        truth="The customer's machine has lost its default routes.",
        vantage="home",
        faults=(commands("home", *_no_default("home", "hgw")),),
        causes=_cause("no-default-route", DEVICE),
        status=2,
    ),
    Scenario(
        name="link-down",
        truth="The cable of the customer's machine is pulled out.",
        vantage="home",
        faults=(commands("hgw", "link set to-home down"),),
        causes=_cause("link-down", DEVICE),
        status=2,
    ),
    Scenario(
        name="link-disabled",
        truth="The network card of the customer's machine is switched off.",
        vantage="home",
        faults=(off("home"),),
        causes=_cause("link-down", DEVICE),
        status=2,
    ),
    Scenario(
        name="no-address",
        truth="The customer's machine has a link and got no address.",
        vantage="home",
        faults=(
            commands("home", *_no_default("home", "hgw")),
            without_address("home", 4, 6),
        ),
        causes=_cause("no-address", DEVICE),
        status=2,
    ),
    Scenario(
        name="hosts-file-override",
        truth="The machine's hosts file has a former address of the name.",
        faults=(hosts_file("desk", "22.40.1.77 www.customer.example"),),
        causes=_cause("hosts-file-override", DEVICE),
        status=2,
    ),
)

NEARBY = (
    Scenario(
        name="gateway-silent",
        truth="The desk's gateway does not answer on its own link.",
        faults=(deaf_to_neighbours("dgw", "to-desk"),),
        causes=_cause("gateway-silent", NETWORK),
        status=2,
    ),
    Scenario(
        name="gateway-silent-at-home",
        truth="The customer's router does not answer on its own link.",
        vantage="home",
        faults=(deaf_to_neighbours("hgw", "to-home"),),
        causes=_cause("gateway-silent", NETWORK),
        status=2,
    ),
    Scenario(
        name="uplink-down",
        truth="The customer's router has lost its line.",
        vantage="home",
        faults=(commands("hgw", "link set to-isp down"),),
        causes=_cause("uplink-down", ISP),
        status=2,
    ),
    Scenario(
        name="ipv6-half-broken",
        truth="The customer's router hands out IPv6 and forwards none of it.",
        vantage="home",
        faults=(rule("hgw", "forward", "meta nfproto ipv6 drop"),),
        causes=_cause("ipv6-half-broken", NETWORK),
        status=1,
    ),
    Scenario(
        name="uplink-silent",
        truth="The desk's provider drops everything from its line.",
        faults=(rule("dr", "forward", "drop"), silent("dr")),
        causes=_cause("uplink-down", ISP),
        status=2,
    ),
)

RESOLVER = (
    Scenario(
        name="resolver-silent",
        truth="The machine's resolver does not answer.",
        faults=(silent("dres"),),
        causes=_cause("resolver-silent"),
        status=2,
    ),
    Scenario(
        name="resolver-refuses",
        truth="No resolver runs at the address that the machine has.",
        faults=(stopped("dres"),),
        causes=_cause("resolver-refuses"),
        status=2,
    ),
    Scenario(
        name="resolver-refuses-client",
        truth="The machine's resolver refuses to answer it.",
        faults=(resolver("dres", "access-control: 22.10.0.0/24 refuse"),),
        causes=_cause("resolver-refuses"),
        status=2,
    ),
    Scenario(
        name="resolver-failing",
        truth="The machine's resolver fails every question: what it forwards to refuses it.",
        faults=(
            resolver("dres", "forward-zone:", 'name: "."', f"forward-addr: {address('ires').v4}"),
            resolver("ires", "access-control: 22.11.0.0/16 refuse"),
        ),
        causes=_cause("resolver-failing"),
        status=2,
    ),
    Scenario(
        name="stale-answer",
        truth="The machine's resolver still has the name's former address.",
        faults=(resolver("dres", 'local-data: "www.customer.example. 600 IN A 22.40.1.99"'),),
        causes=_cause("stale-answer", "dns-operator"),
        status=1,
    ),
    Scenario(
        name="resolvers-disagree",
        truth="The machine's resolver shows an inside view of the name.",
        faults=(resolver("dres", 'local-data: "www.customer.example. 600 IN A 10.9.9.9"'),),
        causes=_cause("resolvers-disagree", ISP),
        status=1,
    ),
    Scenario(
        name="dns-intercepted",
        truth="The office's router sends every DNS question to the provider's resolver.",
        faults=(table("dgw", REDIRECTED_DNS),),
        causes=_cause("dns-intercepted", ISP),
        status=2,
    ),
    Scenario(
        name="dns-intercepted-over-ipv4",
        truth="The office's router sends DNS over IPv4 alone to the provider's resolver.",
        faults=(table("dgw", REDIRECTED_DNS.partition("table ip6")[0]),),
        causes=_cause("dns-intercepted", ISP),
        status=2,
    ),
    Scenario(
        name="resolver-denies",
        truth="The machine's resolver filters: it denies a name that exists.",
        faults=(resolver("dres", 'local-zone: "www.customer.example." always_nxdomain'),),
        causes=_cause("resolvers-disagree", ISP),
        status=2,
    ),
    Scenario(
        name="nxdomain-rewritten",
        truth="The name does not exist, and the machine's resolver makes up an address for it.",
        faults=(
            without("www"),
            resolver("dres", 'local-data: "www.customer.example. 60 IN A 22.40.1.99"'),
        ),
        causes=(*_cause("name-does-not-exist", "dns-operator"), *_cause("nxdomain-rewritten", ISP)),
        status=2,
    ),
    Scenario(
        name="resolver-silent-at-home",
        truth="The provider's resolver, to which the customer's router forwards, does not answer.",
        vantage="home",
        faults=(silent("ires"),),
        causes=_cause("resolver-silent"),
        status=2,
    ),
)

OWN_FIREWALL = (
    Scenario(
        name="local-firewall",
        truth="A rule on the desk's own machine drops what is for the host.",
        faults=(
            rule("desk", "output", f"ip daddr {address('host').v4} drop"),
            rule("desk", "output", f"ip6 daddr {address('host').v6} drop"),
        ),
        causes=(Cause(code="local-firewall", owner=DEVICE),),
        status=2,
    ),
    Scenario(
        name="local-firewall-rejects",
        truth="A rule on the desk's own machine rejects connections to web ports and says so.",
        faults=(rule("desk", "output", f"{WEB} reject with icmpx type admin-prohibited"),),
        causes=(Cause(code="local-firewall", owner=DEVICE),),
        status=2,
    ),
    Scenario(
        name="local-firewall-prohibits-route",
        truth="A route on the desk's own machine prohibits the host's network.",
        faults=(
            commands(
                "desk", f"route add prohibit {HOSTING.v4}", f"route add prohibit {HOSTING.v6}"
            ),
        ),
        causes=(Cause(code="local-firewall", owner=DEVICE),),
        status=2,
    ),
    Scenario(
        name="port-filtered-at-gateway",
        truth="The router of the desk's network drops connections to web ports.",
        faults=(rule("dgw", "forward", f"{WEB} drop"),),
        causes=(Cause(code="port-filtered"),),
        status=2,
    ),
)

IN_EVERYBODYS_PLACE = (
    Scenario(
        name="captive-portal",
        truth="The hotel's router answers every page itself until one has logged in.",
        vantage="home",
        faults=(login_page("hgw", "login.hotel.example"),),
        causes=_cause("captive-portal", NETWORK),
        status=2,
    ),
    Scenario(
        name="captive-portal-by-dns",
        truth="The guest network's resolver answers every name with the log-in page's address.",
        vantage="home",
        faults=(
            table("hgw", REDIRECTED_DNS.replace(*DRES_V4).replace(*DRES_V6)),
            resolver("ires", 'local-zone: "." redirect', 'local-data: ". 60 IN A 192.168.1.1"'),
            rule("hgw", "forward", "udp dport 53 accept", "udp sport 53 accept", "drop"),
        ),
        causes=_cause("captive-portal", NETWORK),
        status=2,
    ),
    Scenario(
        name="tls-intercepted",
        truth="A security box in the office opens all encryption with an authority of its own.",
        vantage="home",
        faults=(opens_tls("hgw", "www.customer.example"),),
        causes=_cause("tls-intercepted", NETWORK),
        status=2,
    ),
    Scenario(
        name="private-authority",
        truth="The site sends its visitors elsewhere and has a certificate of a private authority;"
        " others have public ones.",
        vantage="home",
        faults=(
            site(http="return 302 https://shop.delivery.net/;"),
            certificate(trusted=False),
            strangers(),
        ),
        causes=(Cause(code="certificate-untrusted", owner="service"),),
        status=2,
    ),
)

CLOCK = (
    Scenario(
        name="clock-skew",
        truth="This machine's clock is 90 days ahead of everybody else's.",
        vantage="home",
        faults=(
            odd_site("host", "past"),
            strangers("past"),
            certificate(valid_from=-120, valid_until=-30),
        ),
        causes=_cause("clock-skew", DEVICE),
        status=2,
    ),
    Scenario(
        name="server-clock-wrong",
        truth="The server's clock is 90 days behind, and its certificate has run out.",
        faults=(
            odd_site("host", "past"),
            strangers(),
            certificate(valid_from=-120, valid_until=-30),
        ),
        causes=(
            Cause(code="server-clock-wrong", owner="service"),
            Cause(code="certificate-expired", owner="service"),
        ),
        status=2,
    ),
)

SETTINGS = (
    Scenario(
        name="wrong-subnet-mask",
        truth="By its mask the desk's machine takes the host and its resolver for neighbours.",
        faults=(
            commands(
                "desk",
                f"address del {DESK.v4}/24 dev eth0",
                f"address add {DESK.v4}/8 dev eth0",
                f"route add default via {towards('desk', 'dgw').v4}",
            ),
        ),
        causes=_cause("wrong-subnet-mask", NETWORK),
        status=1,
    ),
    Scenario(
        name="duplicate-address",
        truth="A second IPv6 address of the customer's machine is another machine's.",
        vantage="home",
        faults=(
            compares_addresses("home"),
            commands("hgw", f"address add {TWICE} dev to-home"),
            commands("home", f"address add {TWICE} dev eth0"),
        ),
        causes=_cause("duplicate-address", NETWORK),
        status=1,
    ),
    Scenario(
        name="neighbour-off",
        truth="The target is a neighbour on the desk's own link that is switched off.",
        target="22.10.0.77",
        causes=(Cause(code="reverse-missing"),),
        status=3,
    ),
    Scenario(
        name="proxy-in-the-way",
        truth="Programs are told to use a proxy that runs no longer.",
        vantage="home",
        faults=(environment("home", https_proxy=f"http://{address('ires').v4}:3128"),),
        causes=_cause("proxy-in-the-way", DEVICE),
        status=2,
    ),
    Scenario(
        name="proxy-configured",
        truth="Programs are told to use a proxy, which runs.",
        vantage="home",
        faults=(environment("home", https_proxy=f"http://{address('ires').v4}:53"),),
    ),
)

SCENARIOS = MACHINE + NEARBY + RESOLVER + OWN_FIREWALL + IN_EVERYBODYS_PLACE + CLOCK + SETTINGS
