"""Which certification authority goes by which domain names in CAA records.

The names are those that the authorities state in their practice statements, as collected by the
Common CA Database (ccadb.org, "CAA identifiers"); issuers are told by the organisation in the
issuer's name. An authority that is not listed is unknown, which is no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping

IDENTIFIERS: Mapping[str, tuple[str, ...]] = {
    "actalis": ("actalis.it",),
    "amazon": ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com", "aws.amazon.com"),
    "asseco": ("certum.pl", "certum.eu"),
    "buypass": ("buypass.com", "buypass.no"),
    "comodo": ("sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"),
    "d-trust": ("d-trust.net", "dtrust.de", "d-trust.de"),
    "digicert": (
        "digicert.com",
        "digicert.ne.jp",
        "geotrust.com",
        "rapidssl.com",
        "symantec.com",
        "thawte.com",
        "volusion.digitalcertvalidation.com",
        "www.digicert.com",
    ),
    "entrust": ("entrust.net", "affirmtrust.com"),
    "globalsign": ("globalsign.com",),
    "godaddy": ("godaddy.com", "starfieldtech.com"),
    "google trust": ("pki.goog",),
    "harica": ("harica.gr",),
    "hellenic academic": ("harica.gr",),
    "identrust": ("identrust.com",),
    "let's encrypt": ("letsencrypt.org",),
    "microsoft": ("microsoft.com",),
    "quovadis": ("quovadisglobal.com", "digicert.com"),
    "sectigo": ("sectigo.com", "comodo.com", "comodoca.com", "usertrust.com", "trust-provider.com"),
    "ssl corp": ("ssl.com",),
    "starfield": ("starfieldtech.com", "godaddy.com"),
    "swisssign": ("swisssign.com", "swisssign.net", "swissign.com", "swisssign.ch"),
    "t-systems": ("telesec.de", "pki.telesec.de", "www.telesec.de"),
    "deutsche telekom": ("telesec.de", "pki.telesec.de", "www.telesec.de"),
    "trustasia": ("trustasia.com",),
    "zerossl": ("sectigo.com", "zerossl.com"),
}

KNOWN = frozenset(name for names in IDENTIFIERS.values() for name in names)


def identifiers_of(issuer: str) -> tuple[str, ...]:
    """The CAA names of the authority in `issuer` (an RFC 4514 name); none where it is unknown."""
    told = issuer.lower().replace("\u2019", "'").replace("\\", "")
    return tuple(
        dict.fromkeys(name for mark, names in IDENTIFIERS.items() if mark in told for name in names)
    )
