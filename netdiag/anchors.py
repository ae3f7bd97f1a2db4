"""Where validation starts: the root's trust anchors, built in or from a file."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime

from netdiag.model import TrustAnchor
from netdiag.text import clean

ROOT_ANCHORS = (
    TrustAnchor(
        zone=".",
        rtype="DS",
        data="20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d",
        since=datetime(2017, 2, 2, tzinfo=UTC),
    ),
    TrustAnchor(
        zone=".",
        rtype="DS",
        data="38696 8 2 683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16",
        since=datetime(2024, 7, 18, tzinfo=UTC),
    ),
)
"""KSK-2017 and KSK-2024, from IANA's root-anchors.xml (RFC 9718)."""

MOST_ANCHORS = 64
_LIMITS = (0xFFFF, 0xFF, 0xFF)
"""Of the three numbers with which both types begin (RFC 4034, sections 2.1 and 5.1)."""


class BadAnchorsError(ValueError):
    """A file without a usable trust anchor; the message names the line or what is missing."""


def parse_anchors(text: str) -> tuple[TrustAnchor, ...]:
    """The trust anchors of a file with DS or DNSKEY records in presentation format.

    Such files come with resolvers (root.key) and from signers (dsset-*, K*.key): `;` begins a
    comment, parentheses join lines. Raises `BadAnchorsError` with one sentence.
    """
    found = tuple(dict.fromkeys(_anchor(words, number) for number, words in _records(text)))
    if not found:
        raise BadAnchorsError("trust anchors: no DS or DNSKEY record in the file")
    if len(found) > MOST_ANCHORS:
        raise BadAnchorsError(f"trust anchors: more than {MOST_ANCHORS} records in the file")
    return found


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The words of each record with the number of its first line (RFC 1035, section 5.1)."""
    words: list[str] = []
    first, nested = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.partition(";")[0]
        first = first if words else number
        words += plain.replace("(", " ").replace(")", " ").split()
        nested += plain.count("(") - plain.count(")")
        if words and nested <= 0:
            yield first, words
            words, nested = [], 0
    if words:
        raise BadAnchorsError(f"trust anchors, line {first}: a parenthesis is never closed")


def _anchor(words: list[str], number: int) -> TrustAnchor:
    owner, *rest = words
    while rest and (rest[0].isdigit() or rest[0].lower() == "in"):
        rest = rest[1:]
    rtype = rest[0].lower() if rest else ""
    if rtype not in {"ds", "dnskey"} or len(rest) < 5:
        raise BadAnchorsError(
            f"trust anchors, line {number}: not a record like `. IN DS 20326 8 2 E06D44…`"
        )
    numbers = [_number(word) for word in rest[1:4]]
    if any(not 0 <= one <= most for one, most in zip(numbers, _LIMITS, strict=True)):
        raise BadAnchorsError(f"trust anchors, line {number}: a number is missing or too large")
    if rtype == "dnskey" and not (numbers[0] & 0x0100 and numbers[1] == 3):
        raise BadAnchorsError(f"trust anchors, line {number}: not the key of a zone (flags 257, 3)")
    value = _value(rtype, "".join(rest[4:]), number)
    data = " ".join((*map(str, numbers), value))
    zone = clean((owner if owner.endswith(".") else owner + ".").lower(), 1100)
    return TrustAnchor(zone=zone, rtype=rtype.upper(), data=data)


def _number(word: str) -> int:
    """A number of up to five digits, -1 for anything else."""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 5 else -1


def _value(rtype: str, text: str, number: int) -> str:
    """The digest or the key, of the form that the type asks for."""
    try:
        if rtype == "ds":
            return bytes.fromhex(text).hex()
        b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        what = "digest in hex" if rtype == "ds" else "key in Base 64"
        raise BadAnchorsError(f"trust anchors, line {number}: no {what}") from None
    return text
