"""Certificates as served, decoded without trusting them (RFC 5280)."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from netdiag.outcomes import Certificate
from netdiag.text import clean

if TYPE_CHECKING:
    from cryptography import x509

MOST_CERTIFICATES = 20
MOST_NAMES = 100
UNREADABLE = "(not decodable)"


def decode(chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    """The chain in the served order; what cannot be decoded still has its digests."""
    with warnings.catch_warnings():
        # The decoder warns of certificates that break a rule; that is no reader's business here.
        warnings.simplefilter("ignore")
        return tuple(_decode(der) for der in chain[:MOST_CERTIFICATES])


def _decode(der: bytes) -> Certificate:
    from cryptography import x509

    sha256, sha512 = _digests(der)
    try:
        found = x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        return Certificate(
            subject=UNREADABLE,
            issuer=UNREADABLE,
            names=(),
            not_before="",
            not_after="",
            self_issued=False,
            sha256=sha256,
            sha512=sha512,
        )
    key_sha256, key_sha512 = _digests(_key(found))
    subject = _text(lambda: _spelt(found.subject))
    issuer = _text(lambda: _spelt(found.issuer))
    return Certificate(
        subject=subject,
        issuer=issuer,
        names=_names(found),
        not_before=_text(lambda: _time(found.not_valid_before_utc)),
        not_after=_text(lambda: _time(found.not_valid_after_utc)),
        self_issued=subject == issuer != UNREADABLE,
        sha256=sha256,
        sha512=sha512,
        key_sha256=key_sha256,
        key_sha512=key_sha512,
    )


def _digests(octets: bytes) -> tuple[str, str]:
    """SHA-256 and SHA-512 in hexadecimal; empty for nothing."""
    if not octets:
        return "", ""
    return hashlib.sha256(octets).hexdigest(), hashlib.sha512(octets).hexdigest()


def _key(found: x509.Certificate) -> bytes:
    """The SubjectPublicKeyInfo as it stands in the certificate; empty where it cannot be found.

    It is the field after serial, algorithm, issuer, validity and subject, which a version may
    precede (RFC 5280, section 4.1). Encoded anew by a library, odd keys get another digest.
    """
    tbs = found.tbs_certificate_bytes
    start, _ = _element(tbs, 0)
    if tbs[start : start + 1] == b"\xa0":
        start = sum(_element(tbs, start))
    for _ in range(5):
        start = sum(_element(tbs, start))
    return tbs[start : sum(_element(tbs, start))]


def _element(der: bytes, start: int) -> tuple[int, int]:
    """Where the content of the element at `start` begins, and how long it is (X.690, 8.1.3)."""
    length = int.from_bytes(der[start + 1 : start + 2])
    begin = start + 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(der[start + 2 : begin])
    return begin, length


def _text(read: Callable[[], str]) -> str:
    """One field; a certificate may be well-formed and one field of it not."""
    try:
        return clean(read(), 1000)
    except (ValueError, TypeError):
        # The library raises either where a value is not of the kind that its name asks for.
        return UNREADABLE


def _spelt(name: x509.Name) -> str:
    return name.rfc4514_string()


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _names(found: x509.Certificate) -> tuple[str, ...]:
    """Host names and addresses of the subjectAltName extension."""
    from cryptography import x509

    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        return ()
    except x509.UnsupportedGeneralNameType:
        return ()
    hosts = (n for n in names if isinstance(n, x509.DNSName | x509.IPAddress))
    return tuple(clean(str(name.value), 260) for name in islice(hosts, MOST_NAMES))
