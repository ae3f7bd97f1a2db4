"""What a zone says beyond names and addresses: policies, bindings, wildcards."""

from __future__ import annotations

from tests.lab.certificates import NAMES
from tests.lab.faults import certificate, page, records
from tests.lab.scenario import Cause, Fault, Scenario
from tests.lab.topology import address

HOST, HOST2 = address("host"), address("host2")
ENCRYPTION = ("--only", "mail-encryption", "--thorough")
BINDING = ("--only", "service-binding", "--thorough")
STS_HOST = "mta-sts.customer.example"


def _cause(code: str) -> tuple[Cause, ...]:
    return (Cause(code=code, owner="dns-operator", support="fix"),)


def _policy(*hosts: str, names: tuple[str, ...] = (STS_HOST,)) -> tuple[Fault, ...]:
    """An MTA-STS policy in force that names these hosts, served with a certificate for `names`."""
    lines = [
        "version: STSv1",
        "mode: enforce",
        *(f"mx: {host}" for host in hosts),
        "max_age: 86400",
    ]
    text = r"\r\n".join(lines)
    return (
        records("_mta-sts", "TXT", '"v=STSv1; id=2026"'),
        records("mta-sts", "A", HOST.v4),
        certificate(names=(*NAMES, *names)),
        page(f'default_type text/plain; return 200 "{text}";'),
    )


SCENARIOS = (
    Scenario(
        name="mta-sts-fine",
        truth="The domain demands encryption to its one mail host, and its policy names it.",
        arguments=ENCRYPTION,
        faults=_policy("*.customer.example"),
    ),
    Scenario(
        name="mta-sts-host-missing",
        truth="Mail moved to another host, and the policy in force still names the old one.",
        arguments=ENCRYPTION,
        faults=_policy("old.customer.example"),
        causes=_cause("mta-sts-host-missing"),
        status=1,
    ),
    Scenario(
        name="mta-sts-certificate-fails",
        truth="The policy's host has no certificate of its own name.",
        arguments=ENCRYPTION,
        faults=_policy("mail.customer.example", names=()),
        causes=_cause("mta-sts-policy-missing"),
    ),
    Scenario(
        name="service-binding-fine",
        truth="The HTTPS record gives the addresses that the name has.",
        arguments=BINDING,
        faults=(records("www", "HTTPS", f"1 . alpn=h2 ipv4hint={HOST.v4} ipv6hint={HOST.v6}"),),
    ),
    Scenario(
        name="service-binding-differs",
        truth="The site moved, and its HTTPS record still leads to the old address.",
        arguments=BINDING,
        faults=(records("www", "HTTPS", f"1 . alpn=h2 ipv4hint={HOST2.v4}"),),
        causes=_cause("service-binding-differs"),
        status=1,
    ),
    Scenario(
        name="wildcard-answers",
        truth="The zone answers for every name; that is no fault.",
        arguments=("--only", "wildcard", "--thorough"),
        faults=(records("*", "A", HOST.v4),),
    ),
)
