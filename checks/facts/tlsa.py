"""TLSA records, and what they say of a served chain of certificates (RFC 6698, RFC 7671)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

from checks.facts.certificates import VERIFIED, names_match, out_of_date, period_of
from netdiag.lazy import dataclass
from netdiag.outcomes import Certificate, TlsSession

PKIX_TA, PKIX_EE, DANE_TA, DANE_EE = range(4)
"""Certificate usages (RFC 6698, section 2.1.1; names by RFC 7218)."""

CERTIFICATE, KEY = range(2)
FULL, SHA256, SHA512 = range(3)
LENGTHS = {SHA256: 64, SHA512: 128}
"""Hexadecimal digits of the digests."""

FOR_ANY = frozenset({PKIX_TA, PKIX_EE, DANE_TA, DANE_EE})
FOR_MAIL = frozenset({DANE_TA, DANE_EE})
"""Usages that a mail server heeds (RFC 7672, section 3.1.3)."""

MOST_RECORDS = 20
_DATA = re.compile(r"(\d{1,3}) (\d{1,3}) (\d{1,3}) ([0-9A-Fa-f ]+)")


@dataclass(frozen=True, slots=True)
class Tlsa:
    """One record; `data` in hexadecimal, lower case."""

    usage: int
    selector: int
    matching: int
    data: str

    def __str__(self) -> str:
        short = self.data[:16] + ("..." if len(self.data) > 16 else "")
        return f"{self.usage} {self.selector} {self.matching} {short}"

    def usable(self, usages: frozenset[int]) -> bool:
        """Whether a client can do anything with it; the others are passed over (RFC 6698, 4.1)."""
        if self.usage not in usages or self.selector not in {CERTIFICATE, KEY}:
            return False
        if self.matching == FULL:
            return len(self.data) % 2 == 0
        return len(self.data) == LENGTHS.get(self.matching)

    def matches(self, certificate: Certificate) -> bool:
        """Whether it is this certificate's, or its key's; what is not known matches nothing."""
        own = {
            (CERTIFICATE, SHA256): certificate.sha256,
            (CERTIFICATE, SHA512): certificate.sha512,
            (KEY, SHA256): certificate.key_sha256,
            (KEY, SHA512): certificate.key_sha512,
        }
        if self.matching == FULL:
            digest = hashlib.sha256(bytes.fromhex(self.data)).hexdigest()
            return digest == own[self.selector, SHA256]
        return self.data == own.get((self.selector, self.matching))


def tlsa_of(data: Iterable[str]) -> tuple[Tlsa, ...]:
    """The records that can be read, `MOST_RECORDS` of them, each once."""
    found = (_DATA.fullmatch(one) for one in data)
    read = (
        Tlsa(int(one[1]), int(one[2]), int(one[3]), one[4].replace(" ", "").lower())
        for one in found
        if one
    )
    return tuple(dict.fromkeys(read))[:MOST_RECORDS]


@dataclass(frozen=True, slots=True)
class Unlike:
    """Why a record does not hold for a chain; `open` where that cannot be told for certain."""

    record: Tlsa
    why: str
    open: bool = False


def against(
    record: Tlsa, session: TlsSession, hosts: tuple[str, ...], moment: datetime
) -> Unlike | None:
    """What keeps a usable record from holding for the chain served to `hosts`; None if it holds.

    A server's own certificate named by DANE-EE needs neither name nor date (RFC 7671, section
    5.1). Under an authority named by DANE-TA both count (5.2), and the authority must be sent.
    """
    leaf, *above = session.chain
    if record.usage == DANE_EE:
        return None if record.matches(leaf) else Unlike(record, "the certificate is another")
    if record.usage == DANE_TA:
        return _below(record, session, hosts, moment)
    if session.verify_code != VERIFIED:
        return Unlike(record, f"the certificate fails by itself: {session.verify_error}")
    if record.usage == PKIX_EE:
        return None if record.matches(leaf) else Unlike(record, "the certificate is another")
    if any(map(record.matches, above)):
        return None
    rooted = any(one.self_issued for one in above)
    return Unlike(record, "its authority is not in the chain that is sent", open=not rooted)


def _below(
    record: Tlsa, session: TlsSession, hosts: tuple[str, ...], moment: datetime
) -> Unlike | None:
    leaf = session.chain[0]
    linked = _linked(session.chain)
    place = next((n for n, one in enumerate(linked) if n and record.matches(one)), None)
    if place is None:
        # A whole certificate or key in the record need not be sent: then only signatures tell.
        whole = record.matching == FULL
        return Unlike(record, "its authority is not in the chain that is sent", open=whole)
    if not any(names_match(session, host) for host in hosts):
        return Unlike(record, f"the certificate is not for {hosts[0]}")
    periods = (period_of(one) for one in linked[: place + 1])
    if out_of_date(session, moment) or any(p and not p.holds(moment) for p in periods):
        return Unlike(record, f"the certificate is out of date (its own ends {leaf.not_after})")
    return None


def _linked(chain: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    """The chain as far as each certificate's issuer follows it."""
    linked = [chain[0]]
    left = list(chain[1:])
    while not linked[-1].self_issued:
        issuer = next((one for one in left if one.subject == linked[-1].issuer), None)
        if issuer is None:
            break
        left.remove(issuer)
        linked.append(issuer)
    return tuple(linked)
