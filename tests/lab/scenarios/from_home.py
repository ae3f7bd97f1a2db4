"""Faults as the customer sees them: through NAT, and without knowing whose networks are whose."""

from __future__ import annotations

from dataclasses import replace

from tests.lab.faults import certificate, hosting_route, off, rule, silent, stopped, without
from tests.lab.scenario import Cause, Fault, Scenario


def _at_home(name: str, truth: str, code: str, fault: Fault, *, status: int = 2) -> Scenario:
    return Scenario(
        name=f"{name}-from-home",
        truth=truth,
        vantage="home",
        faults=(fault,),
        causes=(Cause(code=code),),
        status=status,
    )


SCENARIOS = (
    _at_home(
        "name-does-not-exist",
        "The zone is fine and has no such name.",
        "name-does-not-exist",
        without("www"),
    ),
    _at_home(
        "name-server-silent",
        "One of two name servers answers nothing.",
        "name-server-silent",
        silent("op2"),
        status=1,
    ),
    _at_home(
        "certificate-expired",
        "The certificate ran out two days ago.",
        "certificate-expired",
        certificate(valid_until=-2),
    ),
    _at_home("port-closed", "The web server does not run.", "port-closed", stopped("host")),
    replace(
        _at_home("host-down", "The host is switched off.", "host-down", off("host")), lasting=True
    ),
    _at_home(
        "reset-by-middlebox",
        "The hosting firewall resets connections to the web ports in the host's name.",
        "reset-by-middlebox",
        rule("fw", "forward", "tcp dport { 80, 443 } reject with tcp reset"),
    ),
    _at_home(
        "routing-loop",
        "Two routers of Transit B send the host's traffic to each other.",
        "routing-loop",
        hosting_route("tb2", towards="tb1"),
    ),
    _at_home(
        "black-hole",
        "The second router of Transit B drops what is for the host's network.",
        "black-hole",
        hosting_route("tb2", "blackhole"),
    ),
    _at_home(
        "unreachable-route",
        "The second router of Transit B calls the host's network unreachable.",
        "unreachable-route",
        hosting_route("tb2", "unreachable"),
    ),
)
