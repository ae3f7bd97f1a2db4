"""Faults that only large packets or established connections meet, and what looks like them."""

from __future__ import annotations

from tests.lab import topology
from tests.lab.faults import narrow, never_says_too_big, page, rule
from tests.lab.scenario import Cause, Scenario

NARROW = narrow("ta2", "edge", 1400)
"""The link from Transit A to the hosting edge."""

LONG_PAGE = page(f'default_type text/html; return 200 "{"Welcome. " * 400}";')

ADDRESS, ADDRESS6 = topology.address("host").both
HELLOS = ("--thorough", "--only", "service")
LONG_HELLO = "@ih,0,8 0x16 @ih,24,16 > 1400"
"""The first packet of a TLS handshake record of more than 1400 octets (RFC 8446, section 5.1)."""

EXAMINE = ("--thorough", "--only", "routing")


def _advises(octets: int) -> str:
    return f"icmp type destination-unreachable icmp code frag-needed icmp mtu set {octets}"


def _advises6(octets: int) -> str:
    return f"icmpv6 type packet-too-big icmpv6 mtu set {octets}"


SCENARIOS = (
    Scenario(
        name="pmtu-black-hole-from-host",
        truth="The hosting edge never says that the link to Transit A takes 1400 octets.",
        faults=(NARROW, LONG_PAGE, never_says_too_big("edge")),
        causes=(Cause(code="pmtu-black-hole", owner="hosting-network", support="fix"),),
        status=2,
        lasting=True,
    ),
    Scenario(
        name="pmtu-black-hole-from-host-seen-from-home",
        truth="The same, on the way to a customer whose packets come by Transit B.",
        faults=(narrow("tb2", "edge", 1400), LONG_PAGE, never_says_too_big("edge")),
        vantage="home",
        causes=(Cause(code="pmtu-black-hole"),),
        status=2,
        lasting=True,
    ),
    Scenario(
        name="icmp-filtered-by-hosting-firewall",
        truth="The hosting firewall lets no ICMP error in, and a link on the way is narrow.",
        faults=(
            NARROW,
            LONG_PAGE,
            rule("fw", "forward", "icmp type destination-unreachable icmp code frag-needed drop"),
            rule("fw", "forward", "icmpv6 type packet-too-big drop"),
        ),
        causes=(Cause(code="pmtu-black-hole", owner="hosting-network", support="fix"),),
        status=2,
        lasting=True,
    ),
    Scenario(
        name="narrow-link",
        truth="A link takes 1400 octets, and the routers on both ends say so.",
        faults=(NARROW, LONG_PAGE),
    ),
    Scenario(
        name="pmtu-black-hole-to-host",
        truth="Transit A never says that the link to the hosting edge takes 1400 octets.",
        faults=(NARROW, never_says_too_big("ta2")),
        causes=(Cause(code="pmtu-black-hole", owner="transit", support="fix"),),
        status=1,
        target=ADDRESS,
        arguments=EXAMINE,
    ),
    Scenario(
        name="pmtu-black-hole-to-host-ipv6",
        truth="The same over IPv6.",
        faults=(NARROW, never_says_too_big("ta2")),
        causes=(Cause(code="pmtu-black-hole", owner="transit", support="fix"),),
        status=1,
        target=ADDRESS6,
        arguments=EXAMINE,
    ),
    Scenario(
        name="narrow-link-examined",
        truth="A link takes 1400 octets, the routers say so, and everything is examined.",
        faults=(NARROW,),
        target=ADDRESS,
        arguments=EXAMINE,
    ),
    Scenario(
        name="wrong-mtu-advice",
        truth="Transit A says of packets that are too big that 1500 octets would pass.",
        faults=(NARROW, rule("ta2", "output", _advises(1500))),
        causes=(Cause(code="wrong-mtu-advice", owner="transit", support="fix"),),
        status=1,
        target=ADDRESS,
        arguments=EXAMINE,
    ),
    Scenario(
        name="wrong-mtu-advice-ipv6",
        truth="Transit A says of IPv6 packets that are too big that 1500 octets would pass.",
        faults=(NARROW, rule("ta2", "output", _advises6(1500))),
        causes=(Cause(code="wrong-mtu-advice", owner="transit", support="fix"),),
        status=1,
        target=ADDRESS6,
        arguments=EXAMINE,
    ),
    Scenario(
        name="mtu-advice-of-nothing",
        truth="Transit A says that packets are too big, and not what would pass.",
        faults=(NARROW, rule("ta2", "output", _advises(0))),
        causes=(Cause(code="wrong-mtu-advice", owner="transit", support="fix"),),
        status=1,
        target=ADDRESS,
        arguments=EXAMINE,
    ),
    Scenario(
        name="data-lost-after-handshake",
        truth="The hosting firewall lets handshakes through and drops what follows.",
        faults=(rule("fw", "forward", "tcp dport { 80, 443 } meta length > 100 drop"),),
        causes=(Cause(code="data-lost-after-handshake", owner="hosting-network", support="fix"),),
        status=2,
        lasting=True,
    ),
    Scenario(
        name="data-lost-in-transit",
        truth="A router of Transit A drops what is said on connections, at one address.",
        faults=(
            rule(
                "ta1", "forward", "ip daddr 22.40.1.10 tcp dport { 80, 443 } meta length > 100 drop"
            ),
        ),
        causes=(Cause(code="data-lost-after-handshake", owner="transit", support="fix"),),
        status=1,
    ),
    Scenario(
        name="tls-hello-size-intolerant",
        truth="The hosting firewall drops TLS hellos that are longer than a packet.",
        faults=(rule("fw", "forward", f"tcp dport 443 {LONG_HELLO} drop"),),
        causes=(Cause(code="tls-hello-size-intolerant", owner="hosting-network", support="fix"),),
        status=2,
        arguments=HELLOS,
    ),
    Scenario(
        name="tls-hello-size-refused",
        truth="What ends the connections of the host resets them at long TLS hellos.",
        faults=(rule("host", "input", f"tcp dport 443 {LONG_HELLO} reject with tcp reset"),),
        causes=(Cause(code="tls-hello-size-intolerant", owner="service", support="guide"),),
        status=2,
        arguments=HELLOS,
    ),
    Scenario(
        name="long-hello-in-black-hole",
        truth="Transit A never says that the link to the hosting edge takes 1400 octets.",
        faults=(NARROW, never_says_too_big("ta2")),
        causes=(Cause(code="pmtu-black-hole", owner="transit", support="fix"),),
        status=1,
        arguments=("--thorough", "--only", "routing,service"),
    ),
)
