"""TLS servers that misbehave, and certificates that nobody should have signed."""

from __future__ import annotations

import asyncio
import functools
import ssl
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.zoo.animal import Animal, Talk, causes
from tests.zoo.web import ESCAPES, OK, PAGE, says

PORT = 443
KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
SUBJECT = "www.example"


def certificate(
    names: Iterable[x509.GeneralName] = (),
    *,
    subject: str = SUBJECT,
    extensions: Iterable[x509.ExtensionType] = (),
    dates: tuple[datetime, datetime] = (NOW - DAY, NOW + 30 * DAY),
) -> bytes:
    """One that signed itself, DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject, _validate=False)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dates[0])
        .not_valid_after(dates[1])
    )
    if names := list(names):
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def showing(*chain: Callable[[], bytes]) -> Callable[[], ssl.SSLContext]:
    """A server's context with this chain, the leaf first."""

    def context() -> ssl.SSLContext:
        key = KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        pem = b"".join(ssl.DER_cert_to_PEM_cert(one()).encode() for one in chain)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "chain.pem")
            file.write_bytes(key + pem)
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(file)
        return made

    return context


@functools.cache
def many_names(number: int = 10_000) -> bytes:
    return certificate(x509.DNSName(f"host{n:05}.customer.example") for n in range(number))


def hostile_names() -> bytes:
    texts = ("a\0b.example", "\x1b[2J.example", "<script>alert(1)</script>", "`$(id)`", "a\r\nb: c")
    subject = "\u202egnp.exe\u200b\x1b[2J\0<script>"
    return certificate((x509.DNSName(text) for text in texts), subject=subject)


def many_extensions() -> bytes:
    """Unknown extensions, 300 of them."""
    return certificate(
        extensions=[
            x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.3.6.1.4.1.99999.{n}"), bytes(50))
            for n in range(300)
        ]
    )


def absurd_dates() -> bytes:
    """From the year 0 to the year 9999; the signature is broken by the change."""
    der = certificate(dates=(datetime(2051, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)))
    return der.replace(b"20510101000000Z", b"00000101000000Z")


def backward_dates() -> bytes:
    """An end before the beginning."""
    der = certificate(dates=(datetime(2051, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)))
    return der.replace(b"99980101000000Z", b"19980101000000Z")


def record(kind: int, body: bytes) -> bytes:
    """A TLS record (RFC 8446, section 5.1)."""
    return bytes([kind, 3, 3]) + len(body).to_bytes(2) + body


def after_hello(start: bytes, again: bytes = b"", pause: float = 0.0) -> Talk:
    """Octets in the place of a ServerHello."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(start)
        await writer.drain()
        while again:
            writer.write(again)
            await writer.drain()
            await asyncio.sleep(pause)
        await reader.read(4096)

    return talk


HELLO = bytes(32) + b"\0\xc0\x2f\0"
SERVER_HELLO = b"\2" + (2 + len(HELLO)).to_bytes(3) + b"\3\3" + HELLO


def server(
    name: str,
    habit: str,
    *codes: str,
    talk: Talk | None = None,
    chain: Callable[[], ssl.SSLContext] | None = None,
) -> Animal:
    return Animal(
        name=name,
        habit=habit,
        causes=causes(*codes),
        target="https://{}",
        talks={PORT: talk or says(OK + b"\r\n", PAGE)},
        tls=chain,
    )


ANIMALS = (
    server(
        "ten-thousand-names",
        "A certificate with 10,000 names.",
        "tls-handshake-failed",
        chain=showing(many_names),
    ),
    server(
        "thousands-of-names",
        "As many names as OpenSSL takes in one certificate.",
        "certificate-untrusted",
        chain=showing(lambda: many_names(3000)),
    ),
    server(
        "hostile-names",
        "NUL, escapes and markup in names.",
        "certificate-name-mismatch",
        "certificate-untrusted",
        chain=showing(hostile_names),
    ),
    server(
        "many-extensions",
        "300 unknown extensions.",
        "certificate-name-mismatch",
        "certificate-untrusted",
        chain=showing(many_extensions),
    ),
    server("absurd-dates", "Valid from the year 0 to 9999.", chain=showing(absurd_dates)),
    server(
        "backward-dates",
        "Valid until before it begins.",
        "certificate-expired",
        "certificate-name-mismatch",
        "certificate-untrusted",
        chain=showing(backward_dates),
    ),
    server(
        "long-chain",
        "A chain of 200 certificates.",
        "certificate-name-mismatch",
        "certificate-untrusted",
        chain=showing(*[certificate] * 200),
    ),
    server(
        "huge-chain",
        "A chain of 30 certificates with 10,000 names each.",
        "tls-handshake-failed",
        chain=showing(*[many_names] * 30),
    ),
    server(
        "handshake-drip",
        "A handshake, an octet a second.",
        "service-silent",
        talk=after_hello(b"\x16", b"\3", 1.0),
    ),
    server(
        "endless-handshake",
        "A ServerHello, then empty handshake records without end.",
        "tls-handshake-failed",
        talk=after_hello(record(22, SERVER_HELLO), record(22, b"\x0b\xff\xff\xff" + bytes(4000))),
    ),
    server(
        "endless-warnings",
        "Warning alerts without end.",
        "tls-handshake-failed",
        talk=after_hello(b"", record(21, b"\1\x5a") * 1000),
    ),
    server(
        "tls-noise",
        "Octets that are no TLS.",
        "tls-handshake-failed",
        talk=after_hello(b"", bytes(range(256)) * 64),
    ),
    server(
        "tls-escapes",
        "Control sequences for a handshake.",
        "tls-handshake-failed",
        talk=after_hello(ESCAPES * 10),
    ),
    server(
        "lying-record",
        "A record of more octets than any may have.",
        "tls-handshake-failed",
        talk=after_hello(b"\x16\3\3\xff\xff" + bytes(65535)),
    ),
    server(
        "broken-hello",
        "A ServerHello whose lengths lie.",
        "tls-handshake-failed",
        talk=after_hello(record(22, b"\2\0\0\xff\3\3" + b"\xff" * 300)),
    ),
)
