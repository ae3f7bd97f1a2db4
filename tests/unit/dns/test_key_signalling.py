"""CDS and CDNSKEY records; keys and signatures are dnspython's."""

from dataclasses import replace

import pytest

from checks.dns import key_signalling
from checks.dns.key_signalling import Facts, Told
from netdiag.model import Finding, Owner
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome
from tests.doctable import rows
from tests.unit.dns.signers import NOW, Signer, record, seen, signer

APEX = "example."
ZONE, OTHER = signer(APEX), signer(APEX)
NOTHING = DnsReply(authoritative=True)
SILENT = Failed(kind=FailureKind.TIMEOUT)
REMOVAL = "0 0 0 00"


def cds(*data: str) -> DnsReply:
    return ZONE.signed(APEX, "CDS", *data)


def cdnskey(*keys: Signer) -> DnsReply:
    return ZONE.signed(APEX, "CDNSKEY", *(one.key.to_text() for one in keys))


def told(cds: Outcome = NOTHING, cdnskey: Outcome = NOTHING, keys: Outcome | None = None) -> Told:
    return Told(
        "ns1",
        seen(1, APEX, "DNSKEY", keys or ZONE.keys()),
        seen(2, APEX, "CDS", cds),
        seen(3, APEX, "CDNSKEY", cdnskey),
    )


def facts(*servers: Told, ds: str = ZONE.ds) -> Facts:
    above = DnsReply(authoritative=True, answer=(record(APEX, "DS", ds),))
    return Facts(apex=APEX, now=NOW, ds=seen(9, APEX, "DS", above), servers=servers)


BOTH = told(cds(ZONE.ds), cdnskey(ZONE))
BARE = replace(cds(ZONE.ds), answer=cds(ZONE.ds).answer[:1])
CASES = {
    "neither type": facts(told()),
    "both types as its keys and DS records": facts(BOTH),
    "CDS at one server and not at another": facts(told(cds(ZONE.ds)), told()),
    "a CDS without its CDNSKEY": facts(told(cds(ZONE.ds, OTHER.ds), cdnskey(ZONE))),
    "a CDS of no key": facts(told(cds(OTHER.ds)), ds=OTHER.ds),
    "a CDS without a signature that holds": facts(told(BARE)),
    "a CDS that asks for no DS": facts(told(cds(REMOVAL))),
    "the same beside another CDS": facts(told(cds(REMOVAL, ZONE.ds))),
    "a CDS of a key without a DS": facts(BOTH, ds=OTHER.ds),
    "no answer": facts(told(SILENT)),
}
WITH_IT = {
    "cds-unlike-cdnskey": {"cds-of-no-key", "ds-change-asked"},
    "cds-contradicts-itself": {"cds-asks-for-removal"},
}
"""What else the same zone gets."""


def judged(facts: Facts) -> dict[str, Finding]:
    return {finding.code: finding for finding in key_signalling.judge(facts)}


@pytest.mark.parametrize(("case", "judgement"), rows(key_signalling))
def test_the_documented_table_is_what_the_check_decides(case: str, judgement: str) -> None:
    assert set(judged(CASES[case])) == {judgement} | WITH_IT.get(judgement, set())


def test_a_zone_without_keys_has_nothing_to_tell() -> None:
    assert set(judged(facts(told(keys=NOTHING)))) == {"not-checked"}


def test_a_pending_change_is_the_registrars() -> None:
    finding = judged(CASES["a CDS of a key without a DS"])["ds-change-asked"]

    assert finding.owner is Owner.REGISTRAR
    assert "is to come" in finding.message
    assert "is to go" in finding.message


def test_a_silent_parent_makes_no_change_pending() -> None:
    silent = replace(facts(BOTH), ds=seen(9, APEX, "DS", SILENT))

    assert set(judged(silent)) == {"key-signalling-fine"}


def test_zonemasters_names_are_those_of_the_types_seen() -> None:
    fine = judged(CASES["both types as its keys and DS records"])["key-signalling-fine"]
    differ = judged(CASES["CDS at one server and not at another"])["key-signals-differ"]

    assert fine.equivalents == ("zonemaster:DS15_HAS_CDS_AND_CDNSKEY",)
    assert differ.equivalents == ("zonemaster:DS15_INCONSISTENT_CDS",)


def test_only_one_of_two_types_is_told_so() -> None:
    fine = judged(facts(told(cdnskey=cdnskey(ZONE))))["key-signalling-fine"]

    assert fine.equivalents == ("zonemaster:DS15_HAS_CDNSKEY_NO_CDS",)


def test_a_signature_that_is_missing_is_not_one_that_does_not_hold() -> None:
    missing = judged(CASES["a CDS without a signature that holds"])["cds-not-signed"]
    ended = judged(facts(told(ZONE.signed(APEX, "CDS", ZONE.ds, days=(-9, -2)))))["cds-not-signed"]

    assert missing.equivalents == ("zonemaster:DS16_CDS_UNSIGNED",)
    assert ended.equivalents == ("zonemaster:DS16_CDS_INVALID_RRSIG",)
