"""Several faults at once: each is named, and none of them brings others along."""

from __future__ import annotations

from tests.lab.faults import (
    certificate,
    hosting_route,
    page,
    rule,
    silent,
    site,
    stopped,
    unserved,
    without,
)
from tests.lab.scenario import Cause, Scenario

SCENARIOS = (
    Scenario(
        name="lame-and-expired",
        truth="One name server refuses the zone, and the certificate ran out.",
        faults=(unserved("op2"), certificate(valid_until=-2)),
        causes=(
            Cause(code="lame-delegation", owner="dns-operator", support="fix"),
            Cause(code="certificate-expired", owner="service", support="guide"),
        ),
        status=2,
    ),
    Scenario(
        name="missing-name-hides-certificate",
        truth="The name does not exist; the certificate of the host it once had ran out.",
        faults=(without("www"), certificate(valid_until=-2)),
        causes=(Cause(code="name-does-not-exist", owner="dns-operator", support="fix"),),
        status=2,
    ),
    Scenario(
        name="black-hole-ipv6-and-application-error",
        truth="IPv6 is dropped in transit, and the application fails.",
        faults=(hosting_route("ta2", "blackhole", families="6"), page("return 500;")),
        causes=(
            Cause(code="black-hole", support="fix"),
            Cause(code="application-error", owner="application", support="refer"),
        ),
        status=2,
    ),
    Scenario(
        name="silent-server-and-closed-port",
        truth="One name server is silent, and the web server does not run.",
        faults=(silent("op1"), stopped("host")),
        causes=(
            Cause(code="name-server-silent", owner="dns-operator", support="fix"),
            Cause(code="port-closed", owner="service"),
        ),
        status=2,
    ),
    Scenario(
        name="resolver-silent-and-expired",
        truth="The machine's resolver is silent, and the site's certificate ran out.",
        faults=(silent("dres"), certificate(valid_until=-2)),
        causes=(
            Cause(code="resolver-silent", support="fix"),
            Cause(code="certificate-expired", owner="service", support="guide"),
        ),
        status=2,
    ),
    Scenario(
        name="tcp-refused-and-no-ipv6-service",
        truth="A name server refuses TCP, and the web server listens on IPv4 only.",
        faults=(
            rule("op2", "input", "tcp dport 53 reject with tcp reset"),
            site(families=(4,)),
        ),
        causes=(
            Cause(code="dns-tcp-refused", owner="dns-operator", support="fix"),
            Cause(code="aaaa-without-service", owner="service"),
        ),
        status=1,
    ),
)
