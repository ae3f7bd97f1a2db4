"""DKIM keys as verifiers read them out of the DNS (RFC 6376, section 3.6.1)."""

from __future__ import annotations

import base64
import binascii
import re

from checks.facts.tags import tags
from netdiag.lazy import dataclass

ED25519_OCTETS = 32
"""The key itself, without any wrapping (RFC 8463, section 4)."""

KINDS = frozenset({"rsa", "ed25519"})
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key. `fault` says why verifiers cannot use it, empty where they can.

    `bits` is the length of an RSA modulus; an Ed25519 key has 256. A `revoked` key has no octets.
    """

    kind: str = ""
    bits: int = 0
    fault: str = ""
    revoked: bool = False
    testing: bool = False


def key_of(text: str) -> Key:
    """The key in the text of a TXT record."""
    found = tags(text)
    kind = found.get("k", "rsa").lower()
    testing = "y" in _words(found.get("t", ""))
    fault = _tag_fault(text, found, kind)
    if fault:
        return Key(kind=kind, fault=fault, testing=testing)
    encoded = _SPACE.sub("", found["p"])
    if not encoded:
        return Key(kind=kind, revoked=True, testing=testing)
    try:
        octets = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return Key(kind=kind, fault="its p= is not whole base64", testing=testing)
    bits = len(octets) * 8 if kind == "ed25519" else rsa_bits(octets)
    if not bits or (kind == "ed25519" and len(octets) != ED25519_OCTETS):
        named = {"rsa": "RSA", "ed25519": "Ed25519"}[kind]
        fault = f"its p= is no {named} key, perhaps only the beginning of one"
    return Key(kind=kind, bits=bits, fault=fault, testing=testing)


def _tag_fault(text: str, found: dict[str, str], kind: str) -> str:
    """What is wrong with the tags beside the key."""
    first = text.partition(";")[0].partition("=")
    if "v" in found and (first[0].strip() != "v" or found["v"] != "DKIM1"):
        return "it does not begin with v=DKIM1"
    if "p" not in found:
        return "it has no key (p=)"
    if kind not in KINDS:
        return f"its kind of key (k={kind[:20]}) is not known"
    if "h" in found and "sha256" not in _words(found["h"]):
        return "it does not allow SHA-256 (h=), and nothing else counts"
    if "s" in found and not {"*", "email"} & _words(found["s"]):
        return "it is not for mail (s=)"
    return ""


def _words(value: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in value.split(":"))


def rsa_bits(octets: bytes) -> int:
    """The length of the modulus, wrapped as SubjectPublicKeyInfo or bare; 0 for no RSA key.

    The RFC says RSAPublicKey and shows the other form, which is what is in use.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        return 0
    return key.key_size if isinstance(key, RSAPublicKey) else 0
