"""What a zone says beyond names and addresses: policies, bindings, wildcards."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.lab.certificates import NAMES, digest_of
from tests.lab.faults import (
    certificate,
    encrypts,
    page,
    records,
    signed,
    signed_from_root,
    without_encryption,
)
from tests.lab.plan import TRUST_ANCHOR
from tests.lab.scenario import Cause, Fault, Scenario
from tests.lab.topology import address

HOST, HOST2 = address("host"), address("host2")
ENCRYPTION = ("--only", "mail-encryption", "--thorough")
BINDING = ("--only", "service-binding", "--thorough")
DANE = ("--only", "dane", "--thorough")
DKIM = ("--only", "dkim", "--dkim-selector", "s1")
PRIVACY = ("--only", "encrypted-resolver")
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


def _key(bits: int) -> str:
    """A DKIM record with an RSA key, as strings of 255 octets."""
    number = rsa.RSAPublicNumbers(65537, (1 << bits) - 159)
    encoding = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key = base64.b64encode(number.public_key().public_bytes(*encoding)).decode()
    text = f"v=DKIM1; k=rsa; p={key}"
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))


def _announced(*data: str, owner: str = "_25._tcp.mail") -> tuple[Fault, ...]:
    """TLSA records in the zone, which is signed."""
    return (records(owner, "TLSA", *data), signed())


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
    Scenario(
        name="dane-fine",
        truth="The mail host's key and the site's authority are announced, and both are served.",
        target="customer.example",
        arguments=(*DANE, "--trust-anchor", TRUST_ANCHOR),
        faults=(
            records("_443._tcp", "TLSA", f"2 1 1 {digest_of('Lab Intermediate')}"),
            records("_25._tcp.mail", "TLSA", f"3 1 1 {digest_of('server')}"),
            signed_from_root(),
        ),
    ),
    Scenario(
        name="dane-key-changed",
        truth="The certificate was renewed with a new key, and the zone announces the old one.",
        target="customer.example",
        arguments=DANE,
        faults=(certificate(key="new"), *_announced(f"3 1 1 {digest_of('server')}")),
        causes=_cause("tlsa-mismatch"),
        status=1,
    ),
    Scenario(
        name="dane-key-changing",
        truth="The zone announces the old key and the new one, as one does before a renewal.",
        target="customer.example",
        arguments=DANE,
        faults=(
            certificate(key="new"),
            *_announced(*(f"3 1 1 {digest_of(key)}" for key in ("server", "new"))),
        ),
    ),
    Scenario(
        name="dane-self-signed",
        truth="The mail host signed its certificate itself, and the zone announces its key.",
        target="mail.customer.example",
        arguments=("--port", "25", *DANE),
        faults=(certificate(self_signed=True), *_announced(f"3 1 1 {digest_of('server')}")),
    ),
    Scenario(
        name="dane-without-encryption",
        truth="The zone announces the mail host's key, and the mail host lost its STARTTLS.",
        target="customer.example",
        arguments=DANE,
        faults=(without_encryption("mail"), *_announced(f"3 1 1 {digest_of('server')}")),
        causes=(Cause(code="tlsa-without-tls", owner="service", support="guide"),),
        status=1,
    ),
    Scenario(
        name="dane-signed-in-vain",
        truth="The zone is signed and announces a former key; the registry has no DS record.",
        target="customer.example",
        arguments=(*DANE, "--trust-anchor", TRUST_ANCHOR),
        faults=(
            records("_25._tcp.mail", "TLSA", f"3 1 1 {digest_of('former')}"),
            signed_from_root(without_ds="customer.example."),
        ),
        causes=_cause("tlsa-not-signed"),
    ),
    Scenario(
        name="dane-not-signed",
        truth="Keys are announced in a zone that nobody signs.",
        target="customer.example",
        arguments=DANE,
        faults=(records("_25._tcp.mail", "TLSA", f"3 1 1 {digest_of('server')}"),),
        causes=_cause("tlsa-not-signed"),
    ),
    Scenario(
        name="dkim-fine",
        truth="The key is whole, in several strings of one record.",
        arguments=DKIM,
        faults=(records("s1._domainkey", "TXT", _key(2048)),),
    ),
    Scenario(
        name="dkim-cut-off",
        truth="A form for editing zones cut the key off after 255 characters.",
        arguments=DKIM,
        faults=(records("s1._domainkey", "TXT", _key(2048)[:257]),),
        causes=_cause("dkim-key-unusable"),
        status=1,
    ),
    Scenario(
        name="dkim-missing",
        truth="The mail provider signs with a selector that the zone does not have.",
        arguments=DKIM,
        causes=_cause("dkim-key-missing"),
        status=1,
    ),
    Scenario(
        name="dkim-short",
        truth="The key dates from when 1024 bits were usual.",
        arguments=DKIM,
        faults=(records("s1._domainkey", "TXT", _key(1024)),),
        causes=_cause("dkim-key-short"),
    ),
    Scenario(
        name="encrypted-resolver-fine",
        truth="The provider's resolver designates itself over TLS, with a certificate to match.",
        arguments=PRIVACY,
        faults=(encrypts("dres", "dns.provider.example", *address("dres").both),),
    ),
    Scenario(
        name="encrypted-resolver-unverified",
        truth="The certificate of the provider's resolver does not hold its address.",
        arguments=PRIVACY,
        faults=(encrypts("dres", "dns.provider.example"),),
        causes=(Cause(code="encrypted-dns-unverified", owner="access-isp"),),
        status=3,
    ),
    Scenario(
        name="encrypted-resolver-unreachable",
        truth="The provider's resolver designates itself over TLS, and nothing listens there.",
        arguments=PRIVACY,
        faults=(encrypts("dres", "dns.provider.example", listens=False),),
        causes=(Cause(code="encrypted-dns-unreachable", owner="access-isp"),),
        status=3,
    ),
    Scenario(
        name="encrypted-resolver-none",
        truth="The provider's resolver has never heard of encryption; that is no fault.",
        arguments=PRIVACY,
    ),
)
