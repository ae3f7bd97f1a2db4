"""Other tools' names for what can be wrong with denials and signatures, which need no cryptography
to be listed."""

from collections.abc import Mapping

from checks.facts.remarks import dnsviz, zonemaster

DENIALS = dnsviz(
    "MISSING_NSEC_FOR_NXDOMAIN",
    "MISSING_NSEC_FOR_NODATA",
    "MISSING_NSEC_FOR_WILDCARD",
    "SNAME_NOT_COVERED",
    "SNAME_COVERED",
    "STYPE_IN_BITMAP",
    "WILDCARD_NOT_COVERED",
    "WILDCARD_COVERED",
    "WILDCARD_EXPANSION_INVALID",
    "NO_CLOSEST_ENCLOSER",
    "NEXT_CLOSEST_ENCLOSER_NOT_COVERED",
    "OPT_OUT_FLAG_NOT_SET",
    "NO_NSEC_MATCHING_SNAME",
    "NO_NSEC3_MATCHING_SNAME",
    "LAST_NSEC_NEXT_NOT_ZONE",
    "UNSUPPORTED_NSEC3_ALGORITHM",
    "INVALID_NSEC3_OWNER_NAME",
    "INVALID_NSEC3_HASH",
    "EXISTING_NAME_COVERED",
    "EXISTING_TYPE_NOT_IN_BITMAP",
    "MISSING_RRSIG",
    "EXPIRATION_IN_PAST",
    "INCEPTION_IN_FUTURE",
    "SIGNATURE_INVALID",
)
REFERRALS = dnsviz("REFERRAL_WITH_SOA", "REFERRAL_WITH_DS", "REFERRAL_WITHOUT_NS")
"""Of the proof that a delegation has no DS record."""

_OF_SIGNATURE: Mapping[str, tuple[str, ...]] = {
    "MISSING": dnsviz("MISSING_RRSIG"),
    "EXPIRED": dnsviz("EXPIRATION_IN_PAST"),
    "NOT_YET_VALID": dnsviz("INCEPTION_IN_FUTURE"),
    "NO_KEY": (),
    "INVALID": dnsviz("SIGNATURE_INVALID"),
    "MALFORMED": dnsviz("SIGNATURE_INVALID"),
    "UNSUPPORTED": dnsviz("ALGORITHM_NOT_SUPPORTED"),
}
_OF_SET: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("DNSKEY", "MISSING"): zonemaster("DS08_MISSING_RRSIG_IN_RESPONSE", "EXTRA_PROCESSING_BROKEN"),
    ("DNSKEY", "EXPIRED"): zonemaster("DS08_DNSKEY_RRSIG_EXPIRED", "RRSIG_EXPIRED"),
    ("DNSKEY", "NOT_YET_VALID"): zonemaster("DS08_DNSKEY_RRSIG_NOT_YET_VALID"),
    ("DNSKEY", "NO_KEY"): zonemaster("DS08_NO_MATCHING_DNSKEY"),
    ("DNSKEY", "INVALID"): zonemaster("DS08_RRSIG_NOT_VALID_BY_DNSKEY"),
    ("DNSKEY", "MALFORMED"): zonemaster("DS08_RRSIG_NOT_VALID_BY_DNSKEY"),
    ("DNSKEY", "UNSUPPORTED"): zonemaster("DS08_ALGO_NOT_SUPPORTED_BY_ZM"),
    ("SOA", "MISSING"): zonemaster("DS09_MISSING_RRSIG_IN_RESPONSE"),
    ("SOA", "EXPIRED"): zonemaster("DS09_SOA_RRSIG_EXPIRED", "RRSIG_EXPIRED"),
    ("SOA", "NOT_YET_VALID"): zonemaster("DS09_SOA_RRSIG_NOT_YET_VALID"),
    ("SOA", "NO_KEY"): zonemaster("DS09_NO_MATCHING_DNSKEY"),
    ("SOA", "INVALID"): zonemaster("DS09_RRSIG_NOT_VALID_BY_DNSKEY"),
    ("SOA", "MALFORMED"): zonemaster("DS09_RRSIG_NOT_VALID_BY_DNSKEY"),
    ("SOA", "UNSUPPORTED"): zonemaster("DS09_ALGO_NOT_SUPPORTED_BY_ZM"),
}


def of_signature(rtype: str, how: str) -> tuple[str, ...]:
    """What a signature of a set of this type is called that is so: a verdict's name, or MISSING."""
    return (*_OF_SIGNATURE[how], *_OF_SET.get((rtype, how), ()))


def of_signatures(*hows: str) -> tuple[str, ...]:
    """All names of signatures that are so."""
    kinds = ("DNSKEY", "SOA")
    return tuple(
        dict.fromkeys(n for how in hows for kind in kinds for n in of_signature(kind, how))
    )


NO_KEY_FITS = (*zonemaster("DS02_NO_VALID_DNSKEY_FOR_ANY_DS"), *dnsviz("NO_SEP"))
NO_KEY_SIGNS = zonemaster("DS02_DNSKEY_NOT_SIGNED_BY_ANY_DS")
"""What is said besides where that is so of each DS record."""

OF_DS = (
    *zonemaster(
        "DS02_NO_DNSKEY_FOR_DS", "DS02_NO_MATCH_DS_DNSKEY", "DS02_DNSKEY_NOT_FOR_ZONE_SIGNING"
    ),
    *dnsviz("DIGEST_INVALID", "DNSKEY_REVOKED_DS"),
    *NO_KEY_FITS,
)
"""Of DS records without a key."""

OF_ENTRY = (
    *zonemaster("DS02_NO_MATCHING_DNSKEY_RRSIG", "DS02_RRSIG_NOT_VALID_BY_DNSKEY"),
    *NO_KEY_SIGNS,
)
"""Of keys with a DS record whose signatures are missing or broken."""

OF_UNSIGNED = zonemaster("DS_BUT_NOT_DNSKEY", "DS11_DS_BUT_UNSIGNED_ZONE")
"""Of a zone with DS records and without any key."""
