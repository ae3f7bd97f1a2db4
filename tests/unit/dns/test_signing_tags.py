"""What Zonemaster's cases on keys, DS records and signatures say of a zone: all of it and no more.

DNSSEC01, 02, 04 to 09, 11 and 13 to 18 of engine 8.1.0, with the tags of 4.6.2 that it replaced.
Each world differs from a healthy zone in one thing; its tags are those of the healthy one but for
what is given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import dns.dnssec
import pytest

from netdiag.outcomes import DnsReply
from reports.crosswalk import zonemaster_tags
from tests.unit.dns.signed_world import (
    APEX_SIGNED,
    KSK,
    NONE,
    OTHER,
    P1,
    P2,
    SILENT,
    TAGS,
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
from tests.unit.dns.test_signing_practice import rsa_key, text

HEALTHY = frozenset(
    {
        *("DS01_DS_ALGO_OK", "DS05_ALGO_OK", "ALGORITHM_OK", "KEY_SIZE_OK", "RRSIG_EXPIRATION"),
        *("DS07_SIGNED", "DS07_DS_FOR_SIGNED_ZONE", "DS15_NO_CDS_CDNSKEY"),
    }
)
HOST = Signer(KSK.zone, OTHER.private, dns.dnssec.make_dnskey(OTHER.private.public_key(), 13, 0))
UNSIGNED_ABOVE = {P1: NONE, P2: NONE}
ANY_DIGEST = "ab" * 32
PAST, FUTURE = (-9.0, -2.0), (2.0, 9.0)
KEYS, SOA = keys(KSK, ZSK, by=[KSK]), signed("SOA", ZSK)
MUTE = dict.fromkeys((*APEX_SIGNED, "NSEC3PARAM", "AAAA", "CDS", "CDNSKEY"), SILENT)
NOT_FOR_SOA = keys(KSK, ZSK, by=[KSK, OTHER]).answer[-1]
REMOVAL = "0 0 0 00"
NOT_KEYS = "DS07_SIGNED DS07_DS_FOR_SIGNED_ZONE DS15_NO_CDS_CDNSKEY RRSIG_EXPIRATION"
OF_KEYS = f"DS05_ALGO_OK ALGORITHM_OK KEY_SIZE_OK {NOT_KEYS}"
OTHER_ALGORITHM = "DS13_ALGO_NOT_SIGNED_DNSKEY DS13_ALGO_NOT_SIGNED_SOA DS13_ALGO_NOT_SIGNED_NS"
CDS_GIVEN, BOTH_GIVEN = "DS15_HAS_CDS_NO_CDNSKEY", "DS15_HAS_CDS_AND_CDNSKEY"
CDNSKEY_GIVEN = "DS15_HAS_CDNSKEY_NO_CDS"
NO_SIGNALS = "DS15_NO_CDS_CDNSKEY"


@dataclass(frozen=True)
class Case:
    """A world, what is said of it besides a healthy one's tags, and which of those are not."""

    world: SignedWorld
    says: str = ""
    lacks: str = ""

    @property
    def tags(self) -> frozenset[str]:
        return (HEALTHY - set(self.lacks.split())) | frozenset(self.says.split())


def digest(kind: int) -> str:
    return f"{KSK.tag} 13 {kind} {ANY_DIGEST}"


def island(**other: DnsReply) -> SignedWorld:
    """The zone, signed, without DS records."""
    return SignedWorld(UNSIGNED_ABOVE, {**APEX_SIGNED, **other})


def with_key(data: str) -> SignedWorld:
    return healthy(DNSKEY=keys(KSK, ZSK, data, by=[KSK]))


def cds(*data: str, by: tuple[Signer, ...] = (KSK,)) -> DnsReply:
    return signed("CDS", *by, data=data)


def cdnskey(*given: Signer, by: tuple[Signer, ...] = (KSK,)) -> DnsReply:
    return signed("CDNSKEY", *by, data=[one.key.to_text() for one in given])


def unsupported(reply: DnsReply) -> DnsReply:
    """The same with its signature of an algorithm that nobody verifies any more, beside."""
    odd = reply.answer[-1]
    words = odd.data.split()
    return with_more(reply, replace(odd, data=" ".join((words[0], "12", *words[2:]))))


ISLAND = "DNSKEY_BUT_NOT_DS DS07_NO_DS_FOR_SIGNED_ZONE DS01_PARENT_ZONE_NO_DS"
NO_DS = "DS01_DS_ALGO_OK DS07_DS_FOR_SIGNED_ZONE"

DNSSEC01 = {
    "SHA-1": Case(healthy(KSK.ds, KSK.digest("SHA1")), "DS01_DS_ALGO_DEPRECATED"),
    "GOST": Case(healthy(KSK.ds, digest(3)), "DS01_DS_ALGO_DEPRECATED"),
    "type 0": Case(
        healthy(KSK.ds, digest(0)), "DS01_DS_ALGO_NOT_DS DS01_DIGEST_NOT_SUPPORTED_BY_ZM"
    ),
    "a reserved type": Case(
        healthy(KSK.ds, digest(200)), "DS01_DS_ALGO_RESERVED DS01_DIGEST_NOT_SUPPORTED_BY_ZM"
    ),
    "an unassigned type": Case(
        healthy(KSK.ds, digest(99)), "DS01_DS_ALGO_UNASSIGNED DS01_DIGEST_NOT_SUPPORTED_BY_ZM"
    ),
    "a private type": Case(
        healthy(KSK.ds, digest(253)), "DS01_DS_ALGO_PRIVATE DS01_DIGEST_NOT_SUPPORTED_BY_ZM"
    ),
    "SHA-384 alone": Case(healthy(KSK.digest("SHA384")), "DS01_DS_ALGO_2_MISSING"),
    "a silent server of the parent": Case(healthy(above={P2: SILENT}), "DS01_NO_RESPONSE"),
}
DNSSEC02 = {
    "a DS of no key besides": Case(healthy(KSK.ds, OTHER.ds), "DS02_NO_DNSKEY_FOR_DS"),
    "no DS of any key": Case(
        healthy(OTHER.ds), "DS02_NO_DNSKEY_FOR_DS DS02_NO_VALID_DNSKEY_FOR_ANY_DS"
    ),
    "another digest besides": Case(healthy(KSK.ds, digest(2)), "DS02_NO_MATCH_DS_DNSKEY"),
    "another digest alone": Case(
        healthy(digest(2)), "DS02_NO_MATCH_DS_DNSKEY DS02_NO_VALID_DNSKEY_FOR_ANY_DS"
    ),
    "a DS of a key that is not for zones": Case(
        healthy(HOST.ds, DNSKEY=keys(KSK, ZSK, HOST, by=[KSK])),
        "DS02_DNSKEY_NOT_FOR_ZONE_SIGNING DS02_NO_VALID_DNSKEY_FOR_ANY_DS",
    ),
    "a DS of a key without SEP": Case(
        healthy(ZSK.ds, DNSKEY=keys(KSK, ZSK, by=[ZSK])), "DS02_DNSKEY_NOT_SEP"
    ),
    "a key with a DS that does not sign": Case(
        healthy(KSK.ds, OTHER.ds, DNSKEY=keys(KSK, OTHER, ZSK, by=[KSK])),
        "DS02_NO_MATCHING_DNSKEY_RRSIG",
    ),
    "no key with a DS signs": Case(
        healthy(DNSKEY=keys(KSK, ZSK, by=[ZSK])),
        "DS02_NO_MATCHING_DNSKEY_RRSIG DS02_DNSKEY_NOT_SIGNED_BY_ANY_DS",
    ),
    "the signature by the key with a DS is of something else": Case(
        healthy(DNSKEY=with_more(bare(KEYS), keys(KSK, by=[KSK]).answer[-1])),
        "DS02_RRSIG_NOT_VALID_BY_DNSKEY DS02_DNSKEY_NOT_SIGNED_BY_ANY_DS"
        " DS08_RRSIG_NOT_VALID_BY_DNSKEY",
    ),
}
DNSSEC04 = {
    "ends in hours": Case(healthy(SOA=signed("SOA", ZSK, days=(-5, 0.4))), "REMAINING_SHORT"),
    "ends in months": Case(healthy(SOA=signed("SOA", ZSK, days=(0, 179.9)))),
    "ends in more than half a year": Case(
        healthy(SOA=signed("SOA", ZSK, days=(-1, 190))), "REMAINING_LONG DURATION_LONG"
    ),
    "made for more than half a year": Case(
        healthy(SOA=signed("SOA", ZSK, days=(-100, 100))), "DURATION_LONG"
    ),
    "ended": Case(
        healthy(SOA=signed("SOA", ZSK, days=PAST)), "RRSIG_EXPIRED DS09_SOA_RRSIG_EXPIRED"
    ),
}
DNSSEC05 = {
    "a deprecated algorithm": Case(
        with_key(text(3, b"abcd")),
        f"DS05_ALGO_DEPRECATED ALGORITHM_DEPRECATED {OTHER_ALGORITHM}",
    ),
    "RSASHA1": Case(
        with_key(rsa_key(2048, 5)),
        f"DS05_ALGO_DEPRECATED ALGORITHM_NOT_RECOMMENDED {OTHER_ALGORITHM}",
    ),
    "RSASHA512": Case(
        with_key(rsa_key(2048, 10)),
        f"DS05_ALGO_NOT_RECOMMENDED ALGORITHM_NOT_RECOMMENDED {OTHER_ALGORITHM}",
    ),
    "an algorithm that is not for zones": Case(
        with_key(text(252, b"abcd")),
        f"DS05_ALGO_NOT_ZONE_SIGN ALGORITHM_NOT_ZONE_SIGN {OTHER_ALGORITHM}",
    ),
    "a private algorithm": Case(
        with_key(text(253, b"abcd")), f"DS05_ALGO_PRIVATE ALGORITHM_PRIVATE {OTHER_ALGORITHM}"
    ),
    "a reserved algorithm": Case(
        with_key(text(200, b"abcd")), f"DS05_ALGO_RESERVED ALGORITHM_RESERVED {OTHER_ALGORITHM}"
    ),
    "an unassigned algorithm": Case(
        with_key(text(100, b"abcd")),
        f"DS05_ALGO_UNASSIGNED ALGORITHM_UNASSIGNED {OTHER_ALGORITHM}",
    ),
    "a server that says nothing at all": Case(
        SignedWorld(healthy().above, APEX_SIGNED, MUTE), "DS05_NO_RESPONSE DS07_NO_RESPONSE_DNSKEY"
    ),
    "a server that says nothing of keys": Case(
        unlike(healthy(), DNSKEY=SILENT), "DS05_NO_RESPONSE DS07_NO_RESPONSE_DNSKEY"
    ),
}
DNSSEC06_07_11 = {
    "no keys and no DS": Case(
        island(DNSKEY=NONE),
        "NEITHER_DNSKEY_NOR_DS NOT_SIGNED DS07_NOT_SIGNED DS05_ZONE_NO_DNSSEC"
        " DS01_PARENT_ZONE_NO_DS",
        f"DS01_DS_ALGO_OK {OF_KEYS}",
    ),
    "keys and no DS": Case(island(), ISLAND, NO_DS),
    "a DS and no keys": Case(
        healthy(DNSKEY=NONE),
        "DS_BUT_NOT_DNSKEY DS11_DS_BUT_UNSIGNED_ZONE DS07_NOT_SIGNED DS05_ZONE_NO_DNSSEC"
        " NO_RESPONSE_DNSKEY NO_DNSKEY",
        OF_KEYS,
    ),
    "one server unsigned": Case(
        unlike(healthy(), DNSKEY=NONE, SOA=bare(SOA), NS=bare(signed("NS", ZSK))),
        "DS07_INCONSISTENT_SIGNED DS07_NOT_SIGNED_ON_SERVER DS07_SIGNED_ON_SERVER"
        " DS05_SERVER_NO_DNSSEC EXTRA_PROCESSING_BROKEN NO_RESPONSE_DNSKEY"
        " DS11_INCONSISTENT_SIGNED_ZONE DS11_NS_WITH_UNSIGNED_ZONE DS11_NS_WITH_SIGNED_ZONE",
        "DS07_SIGNED",
    ),
    "one server unsigned, no DS": Case(
        unlike(island(), DNSKEY=NONE),
        "DS07_INCONSISTENT_SIGNED DS07_NOT_SIGNED_ON_SERVER DS07_SIGNED_ON_SERVER"
        f" DS05_SERVER_NO_DNSSEC EXTRA_PROCESSING_BROKEN NO_RESPONSE_DNSKEY {ISLAND}",
        f"DS07_SIGNED {NO_DS}",
    ),
    "one server of the parent without DS": Case(
        healthy(above={P2: NONE}),
        "DS01_PARENT_SERVER_NO_DS DS07_INCONSISTENT_DS DS07_NO_DS_ON_PARENT_SERVER"
        " DS07_DS_ON_PARENT_SERVER DS11_INCONSISTENT_DS DS11_PARENT_WITHOUT_DS"
        " DS11_PARENT_WITH_DS",
        "DS07_DS_FOR_SIGNED_ZONE",
    ),
    "no server of the parent tells": Case(
        healthy(above={P1: DnsReply(rcode="SERVFAIL"), P2: DnsReply(rcode="SERVFAIL")}),
        "DS11_UNDETERMINED_DS",
        NO_DS,
    ),
    "an error instead of keys": Case(
        unlike(healthy(), DNSKEY=DnsReply(rcode="NOTIMP")),
        "DS07_UNEXP_RCODE_RESP_DNSKEY NO_RESPONSE_DNSKEY",
    ),
    "keys without authority": Case(
        unlike(healthy(), DNSKEY=replace(KEYS, authoritative=False)),
        "DS07_NON_AUTH_RESPONSE_DNSKEY",
    ),
    "no server tells of keys": Case(
        healthy(DNSKEY=DnsReply(rcode="SERVFAIL")),
        "DS07_UNEXP_RCODE_RESP_DNSKEY NO_RESPONSE_DNSKEY DS11_UNDETERMINED_SIGNED_ZONE",
        OF_KEYS,
    ),
}
DNSSEC08 = {
    "no signature": Case(
        healthy(DNSKEY=bare(KEYS)),
        "DS08_MISSING_RRSIG_IN_RESPONSE EXTRA_PROCESSING_BROKEN DS02_NO_MATCHING_DNSKEY_RRSIG"
        " DS02_DNSKEY_NOT_SIGNED_BY_ANY_DS",
    ),
    "no signature, no DS": Case(
        island(DNSKEY=bare(KEYS)),
        f"DS08_MISSING_RRSIG_IN_RESPONSE EXTRA_PROCESSING_BROKEN {ISLAND}",
        NO_DS,
    ),
    "ended": Case(
        healthy(DNSKEY=keys(KSK, ZSK, by=[KSK], days=PAST)),
        "DS08_DNSKEY_RRSIG_EXPIRED RRSIG_EXPIRED DS02_RRSIG_NOT_VALID_BY_DNSKEY"
        " DS02_DNSKEY_NOT_SIGNED_BY_ANY_DS",
    ),
    "ended, no DS": Case(
        island(DNSKEY=keys(KSK, ZSK, by=[KSK], days=PAST)),
        f"DS08_DNSKEY_RRSIG_EXPIRED RRSIG_EXPIRED {ISLAND}",
        NO_DS,
    ),
    "not begun": Case(
        healthy(DNSKEY=keys(KSK, ZSK, by=[KSK], days=FUTURE)),
        "DS08_DNSKEY_RRSIG_NOT_YET_VALID DS02_RRSIG_NOT_VALID_BY_DNSKEY"
        " DS02_DNSKEY_NOT_SIGNED_BY_ANY_DS",
    ),
    "one by no key, beside": Case(
        healthy(DNSKEY=with_more(KEYS, NOT_FOR_SOA)), "DS08_NO_MATCHING_DNSKEY"
    ),
    "one that does not verify, beside": Case(
        healthy(DNSKEY=with_more(KEYS, keys(ZSK, by=[ZSK]).answer[-1])),
        "DS08_RRSIG_NOT_VALID_BY_DNSKEY",
    ),
    "one of an algorithm that is not supported, beside": Case(
        healthy(DNSKEY=unsupported(KEYS)),
        "DS08_ALGO_NOT_SUPPORTED_BY_ZM DS02_ALGO_NOT_SUPPORTED_BY_ZM",
    ),
}
DNSSEC09 = {
    "no signature": Case(healthy(SOA=bare(SOA)), "DS09_MISSING_RRSIG_IN_RESPONSE"),
    "not begun": Case(healthy(SOA=signed("SOA", ZSK, days=FUTURE)), "DS09_SOA_RRSIG_NOT_YET_VALID"),
    "by no key": Case(healthy(SOA=signed("SOA", OTHER)), "DS09_NO_MATCHING_DNSKEY"),
    "of something else": Case(
        healthy(SOA=with_more(bare(SOA), signed("SOA", ZSK, data=["a. b. 1 2 3 4 5"]).answer[-1])),
        "DS09_RRSIG_NOT_VALID_BY_DNSKEY",
    ),
    "ended, beside a good one": Case(
        healthy(SOA=with_more(SOA, signed("SOA", ZSK, days=PAST).answer[-1])),
        "DS09_SOA_RRSIG_EXPIRED RRSIG_EXPIRED",
    ),
    "of an algorithm that is not supported, beside": Case(
        healthy(SOA=unsupported(SOA)), "DS09_ALGO_NOT_SUPPORTED_BY_ZM"
    ),
}
DNSSEC13_14 = {
    "an algorithm of which nothing is signed": Case(with_key(rsa_key(2048)), OTHER_ALGORITHM),
    "an RSA key of 1024 bits": Case(
        with_key(rsa_key(1024)), f"DNSKEY_SMALLER_THAN_REC {OTHER_ALGORITHM}", "KEY_SIZE_OK"
    ),
    "an RSA key of 400 bits": Case(
        with_key(rsa_key(400)),
        f"DNSKEY_SMALLER_THAN_REC DNSKEY_TOO_SMALL_FOR_ALGO {OTHER_ALGORITHM}",
        "KEY_SIZE_OK",
    ),
    "an RSA key of 5000 bits": Case(
        with_key(rsa_key(5000)), f"DNSKEY_TOO_LARGE_FOR_ALGO {OTHER_ALGORITHM}", "KEY_SIZE_OK"
    ),
}
DNSSEC15 = {
    "both": Case(healthy(CDS=cds(KSK.ds), CDNSKEY=cdnskey(KSK)), BOTH_GIVEN, NO_SIGNALS),
    "CDS alone": Case(healthy(CDS=cds(KSK.ds)), CDS_GIVEN, NO_SIGNALS),
    "CDNSKEY alone": Case(healthy(CDNSKEY=cdnskey(KSK)), CDNSKEY_GIVEN, NO_SIGNALS),
    "at one server": Case(
        unlike(healthy(CDS=cds(KSK.ds), CDNSKEY=cdnskey(KSK)), CDS=NONE, CDNSKEY=NONE),
        f"{BOTH_GIVEN} DS15_INCONSISTENT_CDS DS15_INCONSISTENT_CDNSKEY",
        NO_SIGNALS,
    ),
    "of different keys": Case(
        healthy(
            CDS=cds(KSK.ds, by=(KSK, OTHER)),
            CDNSKEY=cdnskey(OTHER, by=(KSK, OTHER)),
            DNSKEY=keys(KSK, OTHER, ZSK, by=[KSK, OTHER]),
        ),
        f"{BOTH_GIVEN} DS15_MISMATCH_CDS_CDNSKEY",
        NO_SIGNALS,
    ),
}
DNSSEC16_17_18 = {
    "of no key": Case(
        healthy(CDS=cds(OTHER.ds), CDNSKEY=cdnskey(OTHER)),
        f"{BOTH_GIVEN} DS16_CDS_MATCHES_NO_DNSKEY DS17_CDNSKEY_MATCHES_NO_DNSKEY",
        NO_SIGNALS,
    ),
    "of a key that is not for zones": Case(
        healthy(CDS=cds(HOST.ds), CDNSKEY=cdnskey(HOST), DNSKEY=keys(KSK, ZSK, HOST, by=[KSK])),
        f"{BOTH_GIVEN} DS16_CDS_MATCHES_NON_ZONE_DNSKEY DS17_CDNSKEY_IS_NON_ZONE",
        NO_SIGNALS,
    ),
    "of a key without SEP": Case(
        healthy(
            CDS=cds(ZSK.ds, by=(KSK, ZSK)),
            CDNSKEY=cdnskey(ZSK, by=(KSK, ZSK)),
            DNSKEY=keys(KSK, ZSK, by=[KSK, ZSK]),
        ),
        f"{BOTH_GIVEN} DS16_CDS_MATCHES_NON_SEP_DNSKEY DS17_CDNSKEY_IS_NON_SEP",
        NO_SIGNALS,
    ),
    "of a key that does not sign": Case(
        healthy(CDS=cds(OTHER.ds), CDNSKEY=cdnskey(OTHER), DNSKEY=keys(KSK, OTHER, ZSK, by=[KSK])),
        f"{BOTH_GIVEN} DS16_DNSKEY_NOT_SIGNED_BY_CDS DS16_CDS_NOT_SIGNED_BY_CDS"
        " DS17_DNSKEY_NOT_SIGNED_BY_CDNSKEY DS17_CDNSKEY_NOT_SIGNED_BY_CDNSKEY",
        NO_SIGNALS,
    ),
    "signed by a key without DS": Case(
        healthy(CDS=cds(KSK.ds, by=(ZSK,)), CDNSKEY=cdnskey(KSK, by=(ZSK,))),
        f"{BOTH_GIVEN} DS18_NO_MATCH_CDS_RRSIG_DS DS18_NO_MATCH_CDNSKEY_RRSIG_DS"
        " DS16_CDS_NOT_SIGNED_BY_CDS DS17_CDNSKEY_NOT_SIGNED_BY_CDNSKEY",
        NO_SIGNALS,
    ),
    "unsigned": Case(
        healthy(CDS=bare(cds(KSK.ds)), CDNSKEY=bare(cdnskey(KSK))),
        f"{BOTH_GIVEN} DS16_CDS_UNSIGNED DS17_CDNSKEY_UNSIGNED DS16_CDS_NOT_SIGNED_BY_CDS"
        " DS17_CDNSKEY_NOT_SIGNED_BY_CDNSKEY DS18_NO_MATCH_CDS_RRSIG_DS"
        " DS18_NO_MATCH_CDNSKEY_RRSIG_DS",
        NO_SIGNALS,
    ),
    "signatures ended": Case(
        healthy(
            CDS=signed("CDS", KSK, days=PAST, data=[KSK.ds]),
            CDNSKEY=signed("CDNSKEY", KSK, days=PAST, data=[KSK.key.to_text()]),
        ),
        f"{BOTH_GIVEN} DS16_CDS_INVALID_RRSIG DS17_CDNSKEY_INVALID_RRSIG",
        NO_SIGNALS,
    ),
    "signed by no key besides": Case(
        healthy(CDS=cds(KSK.ds, by=(KSK, OTHER)), CDNSKEY=cdnskey(KSK, by=(KSK, OTHER))),
        f"{BOTH_GIVEN} DS16_CDS_SIGNED_BY_UNKNOWN_DNSKEY DS17_CDNSKEY_SIGNED_BY_UNKNOWN_DNSKEY",
        NO_SIGNALS,
    ),
    "without keys": Case(
        island(DNSKEY=NONE, CDS=cds(KSK.ds), CDNSKEY=cdnskey(KSK)),
        f"{BOTH_GIVEN} DS16_CDS_WITHOUT_DNSKEY DS17_CDNSKEY_WITHOUT_DNSKEY"
        " NEITHER_DNSKEY_NOR_DS NOT_SIGNED DS07_NOT_SIGNED DS05_ZONE_NO_DNSSEC"
        " DS01_PARENT_ZONE_NO_DS",
        f"DS01_DS_ALGO_OK {OF_KEYS}",
    ),
    "removal": Case(
        healthy(CDS=cds(REMOVAL), CDNSKEY=signed("CDNSKEY", KSK, data=["0 3 0 AA=="])),
        f"{BOTH_GIVEN} DS16_DELETE_CDS DS17_DELETE_CDNSKEY",
        NO_SIGNALS,
    ),
    "removal and a key": Case(
        healthy(
            CDS=cds(REMOVAL, KSK.ds),
            CDNSKEY=signed("CDNSKEY", KSK, data=["0 3 0 AA==", KSK.key.to_text()]),
        ),
        f"{BOTH_GIVEN} DS16_MIXED_DELETE_CDS DS17_MIXED_DELETE_CDNSKEY",
        NO_SIGNALS,
    ),
}
MODULES = {
    "DNSSEC01": DNSSEC01,
    "DNSSEC02": DNSSEC02,
    "DNSSEC04": DNSSEC04,
    "DNSSEC05": DNSSEC05,
    "DNSSEC06-07-11": DNSSEC06_07_11,
    "DNSSEC08": DNSSEC08,
    "DNSSEC09": DNSSEC09,
    "DNSSEC13-14": DNSSEC13_14,
    "DNSSEC15": DNSSEC15,
    "DNSSEC16-18": DNSSEC16_17_18,
}
ALL = {f"{name}: {title}": case for name, cases in MODULES.items() for title, case in cases.items()}
OF_OTHER_CASES = {"INVALID_NAME_RCODE", "HAS_NSEC3_OPTOUT"}
"""Tags of DNSSEC10 that its former name does not tell."""


def test_a_healthy_zone_has_the_tags_of_a_healthy_zone() -> None:
    assert tags(healthy().findings()) == HEALTHY


@pytest.mark.parametrize("case", ALL.values(), ids=ALL.keys())
def test_the_tags_are_the_prescribed_ones_and_no_other(case: Case) -> None:
    assert tags(case.world.findings()) == case.tags


def test_every_tag_of_these_cases_has_its_world() -> None:
    staged = set(HEALTHY).union(*(case.tags for case in ALL.values()))
    known = {tag.name for tag in zonemaster_tags() if tag.name in TAGS}

    assert known - staged - OF_OTHER_CASES == set()
