"""Names that lead where a stranger must not be led: reported, and never followed."""

from __future__ import annotations

from tests.lab.faults import (
    asks_resolvers,
    at_parent,
    name_servers,
    odd,
    page,
    records,
    site,
    without,
)
from tests.lab.plan import PAGE
from tests.lab.scenario import Cause, Scenario
from tests.lab.topology import address

NS1, NS2, NS3 = (f"ns{number}.customer.example." for number in (1, 2, 3))
HOST2 = address("host2")
GUIDED = (Cause(code="redirect-to-private-address", owner="service", support="guide"),)


def _dns(code: str) -> tuple[Cause, ...]:
    return (Cause(code=code, owner="dns-operator", support="fix"),)


SCENARIOS = (
    Scenario(
        name="redirect-to-private-address",
        truth="The site sends its visitors to an address of a private network.",
        faults=(page("return 302 http://10.20.30.40/;"),),
        causes=GUIDED,
        status=2,
    ),
    Scenario(
        name="redirect-to-metadata",
        truth="The site sends its visitors to where a cloud keeps a machine's credentials.",
        faults=(page("return 302 http://169.254.169.254/latest/meta-data/;"),),
        causes=GUIDED,
        status=2,
    ),
    Scenario(
        name="redirect-to-this-machine",
        truth="The site sends its visitors to themselves, by an IPv6 address with IPv4 in it.",
        faults=(page("return 302 http://[::ffff:127.0.0.1]:8080/;"),),
        causes=GUIDED,
        status=2,
    ),
    Scenario(
        name="redirect-to-the-router",
        truth="The site sends its visitors to the web page of their own router.",
        vantage="home",
        faults=(page("return 302 http://192.168.1.1/reboot;"),),
        causes=GUIDED,
        status=2,
    ),
    Scenario(
        name="redirect-to-a-private-name",
        truth="The site sends its visitors to a name with a loopback address.",
        faults=(
            page("return 302 http://intra.delivery.net:8080/;"),
            records("intra", "A", "127.0.0.1", zone="delivery.net.", at=("op2",)),
        ),
        causes=GUIDED,
        status=1,
    ),
    Scenario(
        name="redirect-to-the-mail-port",
        truth="The site sends its visitors to the port of a mail server.",
        faults=(page("return 302 http://mail.customer.example:25/;"),),
        causes=(Cause(code="redirect-broken", owner="service", support="guide"),),
        status=2,
    ),
    Scenario(
        name="name-server-at-private-address",
        truth="The domain's third name server has an address of a private network.",
        faults=(
            name_servers(NS1, NS2, NS3),
            records(NS3, "A", "10.53.0.1"),
            at_parent("A", NS3, "10.53.0.1"),
        ),
        causes=_dns("server-address-not-public"),
        status=1,
    ),
    Scenario(
        name="all-name-servers-at-private-addresses",
        truth="The registry knows name servers with addresses of a private network alone.",
        faults=(
            *(without(name, zone="example.", at=("tld",)) for name in (NS1, NS2)),
            at_parent("A", NS1, "10.53.0.1"),
            at_parent("A", NS2, "10.54.0.1"),
        ),
        causes=_dns("server-address-not-public"),
        status=2,
    ),
    Scenario(
        name="mail-host-at-private-address",
        truth="The domain's mail host has an address of a private network.",
        target="customer.example",
        faults=(
            records("@", "MX", "10 inside.customer.example."),
            records("inside", "A", "192.168.25.25"),
        ),
        causes=_dns("mx-address-not-public"),
        status=2,
    ),
    Scenario(
        name="cloud-metadata-published",
        truth="The name leads to a cloud's metadata through a translation prefix.",
        faults=(without("www", "A"), records("www", "AAAA", "64:ff9b::169.254.169.254")),
        causes=_dns("private-address-published"),
        status=2,
    ),
    Scenario(
        name="rebinding-redirect",
        truth="A redirect leads to a name that is public once, and this machine after.",
        faults=(
            page("return 302 http://rebind.delivery.net/;"),
            site("host2", http=PAGE),
            records("rebind", "A", HOST2.v4, zone="delivery.net.", at=("op2",)),
            odd("op2", "rebinding"),
            asks_resolvers("desk", address("op2").v4),
        ),
        lasting=True,
    ),
    Scenario(
        name="rebinding-target",
        truth="The name has a public address once, and this machine's for whoever asks again.",
        target="rebind.delivery.net",
        arguments=("--only", "dns,connectivity"),
        faults=(
            records("rebind", "A", HOST2.v4, zone="delivery.net.", at=("op2",)),
            records("rebind", "AAAA", HOST2.v6, zone="delivery.net.", at=("op2",)),
            odd("op2", "rebinding"),
        ),
        causes=_dns("private-address-published"),
        status=1,
    ),
)
