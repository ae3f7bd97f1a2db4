"""The lab's certificate authority: a root, an intermediate, and what they sign."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ("customer.example", "www.customer.example", "mail.customer.example")
DELIVERY_NAMES = ("shop.delivery.net", "edge.delivery.net")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a server's certificate should be. Days count from now; negative ones are past.

    The `key` is one of the lab's by name.
    """

    names: tuple[str, ...] = NAMES
    valid_from: float = -30
    valid_until: float = 60
    trusted: bool = True
    self_signed: bool = False
    with_intermediate: bool = True
    key: str = "server"


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def key_of(name: str) -> ec.EllipticCurvePrivateKey:
    """A key that is the same in every run, so that a zone can announce it."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()) >> 1
    return ec.derive_private_key(number, ec.SECP256R1())


def digest_of(name: str) -> str:
    """SHA-256 of a key, as TLSA records hold it."""
    public = key_of(name).public_key()
    encoded = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(encoded).hexdigest()


def issue(wanted: dict[str, Wanted], folder: Path) -> None:
    """Write `ca.pem`, and per name of `wanted` a chain `NAME.pem` and its key `NAME.key`."""
    root = _authority("Lab Root", None)
    intermediate = _authority("Lab Intermediate", root)
    stranger = _authority("Unknown Root", None)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ca.pem").write_bytes(_pem(root.certificate))
    for name, how in wanted.items():
        signer = intermediate if how.trusted else stranger
        leaf = _leaf(how, None if how.self_signed else signer)
        chain = [leaf.certificate]
        if how.with_intermediate and not how.self_signed:
            chain.append(signer.certificate)
        (folder / f"{name}.pem").write_bytes(b"".join(map(_pem, chain)))
        (folder / f"{name}.key").write_bytes(_key_pem(leaf.key))


def _authority(name: str, signer: _Authority | None) -> _Authority:
    builder, key = _builder(name, name, signer, -400, 3000)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = builder.add_extension(usage, critical=True)
    return _signed(builder, key, signer)


def _leaf(how: Wanted, signer: _Authority | None) -> _Authority:
    builder, key = _builder(how.names[0], how.key, signer, how.valid_from, how.valid_until)
    names = x509.SubjectAlternativeName([_name(name) for name in how.names])
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    return _signed(builder, key, signer)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(
    name: str, key_name: str, signer: _Authority | None, start: float, end: float
) -> tuple[x509.CertificateBuilder, ec.EllipticCurvePrivateKey]:
    key = key_of(key_name)
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key = signer.key if signer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=start))
        .not_valid_after(now + timedelta(days=end))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    return builder, key


def _signed(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, signer: _Authority | None
) -> _Authority:
    return _Authority(builder.sign(signer.key if signer else key, hashes.SHA256()), key)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
