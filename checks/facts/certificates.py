"""What a served chain of certificates says, read without any clock or store of our own.

OpenSSL names one fault at a time and not always the one that matters. So dates and names are read
from the certificate itself; for trust its word is taken and the chain tells why.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

from netdiag.lazy import dataclass
from netdiag.outcomes import Certificate, TlsSession

VERIFIED = 0
NOT_YET_VALID = 9
EXPIRED = 10
SELF_SIGNED = 18
SELF_SIGNED_IN_CHAIN = 19
ISSUER_UNKNOWN = frozenset({2, 20, 21})
WRONG_NAME = frozenset({62, 64})
"""OpenSSL's X509_V_ERR numbers (x509_vfy.h); 64 is the mismatch of an address."""

DATES = frozenset({NOT_YET_VALID, EXPIRED})
TRUST_IS_FINE = frozenset({VERIFIED}) | DATES | WRONG_NAME
"""OpenSSL finds the way to a trusted root before it looks at dates and names."""

MOST_NAMES = 100
"""As many names as an outcome holds: a longer list may hide the one looked for."""


class Trust(Enum):
    TRUSTED = "trusted"
    SELF_SIGNED = "self-signed"
    UNKNOWN_AUTHORITY = "unknown-authority"
    INCOMPLETE = "incomplete"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Period:
    """Validity (RFC 5280, section 4.1.2.5), both ends included."""

    begin: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.begin <= moment <= self.end


def period_of(certificate: Certificate) -> Period | None:
    """None where the dates cannot be read."""
    begin, end = _moment(certificate.not_before), _moment(certificate.not_after)
    return Period(begin, end) if begin and end else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def names_match(session: TlsSession, host: str) -> bool:
    """Whether the certificate is for `host` (an A-label name).

    OpenSSL's word decides where it got as far as the names.
    """
    if session.verify_code == VERIFIED:
        return True
    if session.verify_code in WRONG_NAME:
        return False
    names = session.chain[0].names
    return len(names) >= MOST_NAMES or any(_covers(name.lower(), host) for name in names)


def _covers(pattern: str, host: str) -> bool:
    """RFC 9525, section 6.3: a wildcard stands for exactly the whole leftmost label."""
    if not pattern.startswith("*."):
        return pattern == host
    label, dot, rest = host.partition(".")
    return bool(label and dot) and rest == pattern.removeprefix("*.")


def trust_of(session: TlsSession, moment: datetime) -> Trust:
    """Why the chain is or is not trusted.

    Where OpenSSL objects to a date and all that was sent is in date, it means the root's.

    A server need not send the root (RFC 8446, section 4.4.2). So a chain that is in order and
    whose top nobody knows has an unknown authority; one that ends with the server's own
    certificate, or in which its issuer is not found, lacks an intermediate.
    """
    if session.verify_code in DATES and out_of_date(session, moment) is None:
        return Trust.OTHER
    if session.verify_code in TRUST_IS_FINE:
        return Trust.TRUSTED
    if session.verify_code == SELF_SIGNED:
        return Trust.SELF_SIGNED
    if session.verify_code == SELF_SIGNED_IN_CHAIN:
        return Trust.UNKNOWN_AUTHORITY
    if session.verify_code not in ISSUER_UNKNOWN:
        return Trust.OTHER
    last = top_of(session.chain)
    if last.self_issued:
        return Trust.SELF_SIGNED if last is session.chain[0] else Trust.UNKNOWN_AUTHORITY
    return Trust.INCOMPLETE if last is session.chain[0] else Trust.UNKNOWN_AUTHORITY


def top_of(chain: tuple[Certificate, ...]) -> Certificate:
    """The last certificate that can be reached from the first by following issuers."""
    top = chain[0]
    left = list(chain[1:])
    while not top.self_issued:
        issuer = next((c for c in left if c.subject == top.issuer), None)
        if issuer is None:
            break
        left.remove(issuer)
        top = issuer
    return top


def out_of_date(session: TlsSession, moment: datetime) -> Certificate | None:
    """The first certificate of the chain that is not valid at `moment`.

    Those above the server's own count only where OpenSSL objects to a date, since it may have
    found another way to a trusted root.
    """
    chain = session.chain if session.verify_code in DATES else session.chain[:1]
    periods = ((certificate, period_of(certificate)) for certificate in chain)
    return next((c for c, period in periods if period and not period.holds(moment)), None)
