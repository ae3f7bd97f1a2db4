"""CDS and CDNSKEY records; keys and signatures are real."""

import dns.dnssec
import pytest

from checks.dns import key_signalling
from netdiag.model import Finding, Owner
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.dns.signed_world import (
    APEX_SIGNED,
    KSK,
    NONE,
    OTHER,
    P1,
    P2,
    SILENT,
    ZSK,
    SignedWorld,
    bare,
    healthy,
    keys,
    signed,
    tags,
    unlike,
    with_more,
)
from tests.unit.dns.signers import Signer

REMOVAL = "0 0 0 00"
HOST_KEY = dns.dnssec.make_dnskey(OTHER.private.public_key(), 13, 0)


def cds(*data: str, by: Signer = KSK) -> DnsReply:
    return signed("CDS", by, data=data)


def cdnskey(*keys: Signer) -> DnsReply:
    return signed("CDNSKEY", KSK, data=[one.key.to_text() for one in keys])


BOTH = healthy(CDS=cds(KSK.ds), CDNSKEY=cdnskey(KSK))
EXPIRED = signed("CDS", OTHER, days=(-9, -2), data=[KSK.ds]).answer[-1]
CASES = {
    "neither type": healthy(),
    "both types as its keys and DS records": BOTH,
    "CDS at one server and not at another": unlike(healthy(CDS=cds(KSK.ds)), CDS=NONE),
    "a CDS without its CDNSKEY": healthy(CDS=cds(KSK.ds, OTHER.ds), CDNSKEY=cdnskey(KSK)),
    "a CDS of no key": healthy(KSK.ds, OTHER.ds, CDS=cds(KSK.ds, OTHER.ds)),
    "a CDS of a key that is not for zones": healthy(
        KSK.ds,
        Signer(KSK.zone, OTHER.private, HOST_KEY).ds,
        CDS=cds(KSK.ds, Signer(KSK.zone, OTHER.private, HOST_KEY).ds),
        DNSKEY=keys(KSK, ZSK, HOST_KEY.to_text(), by=[KSK]),
    ),
    "a CDS of a key without the flag of entry": healthy(
        ZSK.ds, CDS=cds(ZSK.ds, by=ZSK), DNSKEY=keys(ZSK, by=[ZSK])
    ),
    "a CDS of a key that does not sign the keys": healthy(
        KSK.ds,
        OTHER.ds,
        CDS=signed("CDS", KSK, OTHER, data=[KSK.ds, OTHER.ds]),
        DNSKEY=keys(KSK, OTHER, by=[KSK]),
    ),
    "a CDS that its own key does not sign": healthy(
        KSK.ds,
        OTHER.ds,
        CDS=cds(KSK.ds, OTHER.ds),
        DNSKEY=keys(KSK, OTHER, by=[KSK, OTHER]),
    ),
    "a CDS without a signature that holds": healthy(CDS=bare(cds(KSK.ds))),
    "a CDS with another signature that is broken": healthy(CDS=with_more(cds(KSK.ds), EXPIRED)),
    "a CDS that no key with a DS signs": healthy(CDS=cds(KSK.ds, by=ZSK)),
    "a CDS, and no keys": SignedWorld(
        {P1: NONE, P2: NONE}, {**APEX_SIGNED, "DNSKEY": NONE, "CDS": cds(KSK.ds)}
    ),
    "a CDS that asks for no DS": healthy(CDS=cds(REMOVAL)),
    "the same beside another CDS": healthy(CDS=cds(REMOVAL, KSK.ds)),
    "a CDS of a key without a DS": healthy(
        CDS=signed("CDS", KSK, OTHER, data=[OTHER.ds]), DNSKEY=keys(KSK, OTHER, by=[KSK, OTHER])
    ),
    "no answer": healthy(CDS=SILENT),
}
WITH_IT = {
    "a CDS without its CDNSKEY": {"cds-of-no-key", "ds-change-asked"},
    "a CDS without a signature that holds": {"cds-not-vouched", "cds-not-signed-by-its-key"},
    "a CDS that no key with a DS signs": {"cds-not-signed-by-its-key"},
    "a CDS, and no keys": {"ds-change-asked"},
    "the same beside another CDS": {"cds-asks-for-removal"},
}
"""What else the same zone gets, besides what is given."""


def judged(world: SignedWorld) -> dict[str, Finding]:
    return {one.code: one for one in world.findings(key_signalling.CHECK)}


@pytest.mark.parametrize(("case", "judgement"), rows(key_signalling))
def test_the_documented_table_is_what_the_check_decides(case: str, judgement: str) -> None:
    found = set(judged(CASES[case])) - {"key-signals-given"}

    assert found == {judgement} | WITH_IT.get(case, set())


def test_a_zone_without_keys_has_nothing_to_tell() -> None:
    assert set(judged(healthy(DNSKEY=NONE))) == {"not-checked"}


def test_a_pending_change_is_the_registrars() -> None:
    finding = judged(CASES["a CDS of a key without a DS"])["ds-change-asked"]

    assert finding.owner is Owner.REGISTRAR
    assert "is to come" in finding.message
    assert "is to go" in finding.message


def test_a_silent_parent_makes_no_change_pending() -> None:
    silent = SignedWorld({P1: SILENT, P2: SILENT}, BOTH.apex)

    assert set(judged(silent)) == {"key-signals-given", "key-signalling-fine"}


@pytest.mark.parametrize(
    ("world", "names"),
    [
        (BOTH, {"DS15_HAS_CDS_AND_CDNSKEY"}),
        (healthy(CDNSKEY=cdnskey(KSK)), {"DS15_HAS_CDNSKEY_NO_CDS"}),
        (
            CASES["CDS at one server and not at another"],
            {"DS15_HAS_CDS_NO_CDNSKEY", "DS15_INCONSISTENT_CDS"},
        ),
    ],
)
def test_zonemasters_names_are_those_of_the_types_seen(world: SignedWorld, names: set[str]) -> None:
    assert tags(world.findings(key_signalling.CHECK)) == names


def test_the_server_at_which_a_record_is_not_signed_is_named() -> None:
    world = unlike(healthy(CDS=cds(KSK.ds)), CDS=bare(cds(KSK.ds)))

    found = judged(world)["cds-not-signed"].message
    assert "CDS has no signature at ns2.zone.example" in found
    assert "ns1" not in found
