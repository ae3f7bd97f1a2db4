"""DKIM keys as receivers read them."""

import asyncio
import base64
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from checks.dns import dkim
from checks.facts.dkim import key_of, rsa_bits
from netdiag.model import Brief, Finding, RootServer
from netdiag.outcomes import DnsReply, Outcome, SourceAddress
from netdiag.requests import DnsQuery, Request, SelectSource
from netdiag.target import parse
from tests.doctable import rows
from tests.unit.dns.zones import SILENT, record
from tests.world.world import World

ZONE, NAME = "customer.example.", "www.customer.example."
AT_ZONE, AT_NAME = f"s1._domainkey.{ZONE}", f"s1._domainkey.{NAME}"


def encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def modulus(bits: int) -> str:
    """A public key with a modulus of this length: no private one, which nothing here needs."""
    key = rsa.RSAPublicNumbers(65537, (1 << bits) - 159).public_key()
    return encoded(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


SHORT, LONG = modulus(1024), modulus(2048)
EDWARDS = encoded(
    ed25519.Ed25519PrivateKey.from_private_bytes(b"1" * 32)
    .public_key()
    .public_bytes(Encoding.Raw, PublicFormat.Raw)
)
GOOD = f"v=DKIM1; k=rsa; p={LONG}"

Zone = Mapping[tuple[str, str], tuple[str, ...]]


def at_zone(*texts: str) -> Zone:
    return {(AT_ZONE, "TXT"): texts}


WORLDS: dict[str, Zone | None] = {
    "an RSA key of 2048 bits": at_zone(GOOD),
    "an Ed25519 key": at_zone(f"v=DKIM1; k=ed25519; p={EDWARDS}"),
    "a key behind an alias": {
        (AT_ZONE, "CNAME"): ("s1.mailer.example.",),
        ("s1.mailer.example.", "TXT"): (GOOD,),
    },
    "nothing at the name, a key at the zone": at_zone(GOOD),
    "no record": {},
    "an empty key": at_zone("v=DKIM1; p="),
    "two keys": at_zone(GOOD, "v=DKIM1; p="),
    "a record without a key": at_zone("v=DKIM1; k=rsa"),
    "a key cut off in the middle": at_zone(f"v=DKIM1; p={LONG[:200]}"),
    "a key that is not base64": at_zone(f"v=DKIM1; p={LONG}!"),
    "a kind of key that nobody knows": at_zone(f"v=DKIM1; k=dsa; p={LONG}"),
    "a key for SHA-1 alone": at_zone(f"v=DKIM1; h=sha1; p={LONG}"),
    "a key that is not for mail": at_zone(f"v=DKIM1; s=tlsrpt; p={LONG}"),
    "a version that is not the first tag": at_zone(f"p={LONG}; v=DKIM1"),
    "an RSA key of 768 bits": at_zone(f"v=DKIM1; p={modulus(768)}"),
    "an RSA key of 1024 bits": at_zone(f"v=DKIM1; p={SHORT}"),
    "an RSA key in test mode": at_zone(f"v=DKIM1; t=s:y; p={LONG}"),
    "could not be looked up": None,
}


ROOT, TLD, SERVER = "198.41.0.4", "22.60.0.53", "22.50.0.53"


def referral(zone: str, address: str) -> DnsReply:
    return DnsReply(
        authority=(record(zone, "NS", "ns1." + zone),),
        additional=(record("ns1." + zone, "A", address),),
    )


def findings(zone: Zone | None, target: str = NAME, *selectors: str) -> list[Finding]:
    """What is told below a registry, where the root has the rest of the world itself."""

    def answer(request: Request) -> Outcome:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(server="198.41.0.4", name=name) if name.endswith(ZONE):
                return referral("example.", TLD)
            case DnsQuery(server="22.60.0.53"):
                return referral(ZONE, SERVER)
            case DnsQuery(name=name, rtype=rtype) if zone is not None or "_domainkey" not in name:
                return reply(zone or {}, name, rtype)
            case _:
                return SILENT

    brief = Brief(
        target=parse(target.rstrip(".")),
        families=(4,),
        root_servers=(RootServer("a.", ROOT),),
        dkim_selectors=selectors or ("s1",),
    )

    async def go() -> list[Finding]:
        net = World(answer).network()
        found = list(dkim.judge(await dkim.gather(net, brief)))
        await net.close()
        return found

    return asyncio.run(go())


def reply(zone: Zone, name: str, rtype: str) -> DnsReply:
    kind = rtype if (name, rtype) in zone else "CNAME"
    quote = '"' if kind == "TXT" else ""
    data = zone.get((name, kind), ())
    answer = tuple(record(name, kind, f"{quote}{one}{quote}") for one in data)
    return DnsReply(authoritative=True, answer=answer)


@pytest.mark.parametrize(("has", "judgement"), rows(dkim))
def test_the_documented_table_is_what_the_check_decides(has: str, judgement: str) -> None:
    found = findings(WORLDS[has])

    assert [finding.code for finding in found] == judgement.split(", ")
    assert all(finding.message and finding.evidence for finding in found)


def test_a_key_may_be_short_and_in_test_mode() -> None:
    found = findings(at_zone(f"v=DKIM1; t=y; p={SHORT}"))

    assert [finding.code for finding in found][1:] == ["dkim-key-short", "dkim-test-mode"]


def test_the_name_comes_before_the_zone() -> None:
    (found,) = findings({(AT_NAME, "TXT"): (GOOD,), (AT_ZONE, "TXT"): ("v=DKIM1; p=",)})

    assert (found.code, found.subject) == ("dkim-key-fine", AT_NAME.rstrip("."))


def test_what_is_missing_is_told_with_all_places_looked_at() -> None:
    (found,) = findings({})

    assert AT_NAME.rstrip(".") in found.message
    assert AT_ZONE.rstrip(".") in found.message


def test_every_selector_gets_a_verdict() -> None:
    found = findings(at_zone(GOOD), ZONE, "s1", "k2")

    assert [finding.code for finding in found] == ["dkim-key-fine", "dkim-key-missing"]


@pytest.mark.parametrize("target", [NAME, "192.0.2.1"])
def test_without_domain_or_selector_nothing_is_judged(target: str) -> None:
    brief = Brief(target=parse(target.rstrip(".")), families=(4,))

    async def go() -> list[Finding]:
        net = World(lambda _: SILENT).network()
        found = list(dkim.judge(await dkim.gather(net, brief)))
        await net.close()
        return found

    assert [finding.code for finding in asyncio.run(go())] == ["not-checked"]


@pytest.mark.parametrize(
    "text",
    [
        f"p={LONG}",
        f"v=DKIM1;k=rsa;h=sha1:sha256;s=email;p={LONG}",
        f"v=DKIM1; p={LONG[:100]} {LONG[100:]}; n=a note",
        f" v = DKIM1 ; s=*:x; p={LONG};",
    ],
)
def test_forms_of_a_good_record(text: str) -> None:
    key = key_of(text)

    assert (key.fault, key.bits, key.testing) == ("", 2048, False)


def test_a_bare_rsa_key_is_one_too() -> None:
    public = rsa.RSAPublicNumbers(65537, (1 << 1024) - 159).public_key()

    assert rsa_bits(public.public_bytes(Encoding.DER, PublicFormat.PKCS1)) == 1024


def test_a_key_of_another_kind_is_no_rsa_key() -> None:
    public = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert rsa_bits(octets) == 0
    assert key_of(f"v=DKIM1; p={encoded(octets)}").fault


@pytest.mark.parametrize("text", ["", ";", "v=spf1 -all", "v=DKIM1; k=ed25519; p=AAAA"])
def test_what_is_no_key_says_why(text: str) -> None:
    assert key_of(text).fault
