"""What DNSViz calls the flaws of a denial."""

from __future__ import annotations

from collections.abc import Mapping

from checks.facts.dnssec.denial import Claim, Flaw, Lack
from checks.facts.dnssec.proofs import Denied

_MISSING = {
    Claim.NAME_ERROR: "MISSING_NSEC_FOR_NXDOMAIN",
    Claim.NO_DATA: "MISSING_NSEC_FOR_NODATA",
    Claim.INSECURE: "MISSING_NSEC_FOR_NODATA",
    Claim.EXPANDED: "MISSING_NSEC_FOR_WILDCARD",
}
_ALWAYS: Mapping[Lack, str] = {
    Lack.NAME_NOT_COVERED: "SNAME_NOT_COVERED",
    Lack.NAME_COVERED: "SNAME_COVERED",
    Lack.TYPE_IN_BITMAP: "STYPE_IN_BITMAP",
    Lack.ALIAS_IN_BITMAP: "STYPE_IN_BITMAP",
    Lack.WILDCARD_TYPE_IN_BITMAP: "STYPE_IN_BITMAP",
    Lack.WILDCARD_EXISTS: "WILDCARD_NOT_COVERED",
    Lack.WILDCARD_DENIED: "WILDCARD_COVERED",
    Lack.NO_CLOSEST_ENCLOSER: "NO_CLOSEST_ENCLOSER",
    Lack.NEXT_CLOSER_NOT_COVERED: "NEXT_CLOSEST_ENCLOSER_NOT_COVERED",
    Lack.NOT_OPT_OUT: "OPT_OUT_FLAG_NOT_SET",
    Lack.DELEGATION_WITH_SOA: "REFERRAL_WITH_SOA",
    Lack.DELEGATION_WITH_DS: "REFERRAL_WITH_DS",
    Lack.DELEGATION_WITHOUT_NS: "REFERRAL_WITHOUT_NS",
    Lack.END_NOT_APEX: "LAST_NSEC_NEXT_NOT_ZONE",
    Lack.UNKNOWN_HASH: "UNSUPPORTED_NSEC3_ALGORITHM",
    Lack.NOT_A_HASH: "INVALID_NSEC3_OWNER_NAME",
    Lack.WRONG_LENGTH: "INVALID_NSEC3_HASH",
    Lack.EXISTING_COVERED: "EXISTING_NAME_COVERED",
    Lack.EXISTING_NOT_LISTED: "EXISTING_TYPE_NOT_IN_BITMAP",
    Lack.SIGNATURE_MISSING: "MISSING_RRSIG",
    Lack.SIGNATURE_EXPIRED: "EXPIRATION_IN_PAST",
    Lack.SIGNATURE_NOT_YET_VALID: "INCEPTION_IN_FUTURE",
    Lack.SIGNATURE_INVALID: "SIGNATURE_INVALID",
}
_BY_KIND: Mapping[Lack, Mapping[str, str]] = {
    Lack.NAME_EXISTS: {"NSEC": "SNAME_NOT_COVERED"},
    Lack.NAME_DENIED: {"NSEC": "NO_NSEC_MATCHING_SNAME"},
    Lack.NO_RECORD_AT_NAME: {"NSEC": "NO_NSEC_MATCHING_SNAME", "NSEC3": "NO_NSEC3_MATCHING_SNAME"},
    Lack.CLOSER_NAME_EXISTS: {
        "NSEC": "WILDCARD_EXPANSION_INVALID",
        "NSEC3": "NEXT_CLOSEST_ENCLOSER_NOT_COVERED",
    },
}


def called(flaw: Flaw, denied: Denied | None = None) -> tuple[str, ...]:
    """What DNSViz calls a flaw, of a denial where it is one."""
    code = _ALWAYS.get(flaw.lack, "")
    if denied is not None and flaw.lack is Lack.NO_RECORDS:
        code = _MISSING[denied.question.claim]
    elif denied is not None and flaw.lack is Lack.WILDCARD_NOT_COVERED:
        named = denied.question.claim is Claim.NAME_ERROR
        code = "WILDCARD_NOT_COVERED" if named else "NO_NSEC_MATCHING_SNAME"
    elif denied is not None and flaw.lack in _BY_KIND:
        code = _BY_KIND[flaw.lack].get(denied.kind, "")
    return (f"dnsviz:{code}",) if code else ()
