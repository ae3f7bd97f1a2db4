"""TLS handshakes with servers of every temper, on loopback."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import socket
import ssl
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from netdiag.network import Sent
from netdiag.outcomes import NO_STARTTLS, Failed, FailureKind, TlsSession
from netdiag.requests import TlsHandshake
from netdiag.wire import certificates
from tests.wire import authority, peers
from tests.wire.authority import MIDDLE, NAME, ROOT, Issued, issue

LEAF = issue(NAME, MIDDLE, names=(NAME, "*.wild.example", "127.0.0.1"))


@pytest.fixture(autouse=True)
def _trusted_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_bytes(ROOT.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))


async def wait_for_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)


def shake(context: ssl.SSLContext, server_name: str | None = NAME) -> Sent:
    """A handshake with a server of that context."""

    async def main() -> Sent:
        async with peers.stream(wait_for_end, ssl=context) as port:
            return await peers.send(
                TlsHandshake(address=peers.HOST, port=port, server_name=server_name)
            )

    return asyncio.run(main())


def shake_blocking(context: ssl.SSLContext) -> Sent:
    """A handshake with a server that sends its alerts, which asyncio's does not."""

    def serve(listening: socket.socket) -> None:
        accepted, _ = listening.accept()
        with accepted, suppress(OSError):
            context.wrap_socket(accepted, server_side=True).close()

    with socket.create_server((peers.HOST, 0)) as listening:
        thread = threading.Thread(target=serve, args=[listening])
        thread.start()
        port = listening.getsockname()[1]
        request = TlsHandshake(address=peers.HOST, port=port, server_name=NAME)
        sent = asyncio.run(peers.send(request))
        thread.join()
        return sent


def shake_with(talk: peers.Talk, request: TlsHandshake | None = None) -> Sent:
    """A handshake with a server that talks so."""
    asked = request or TlsHandshake(address=peers.HOST, port=0, server_name=NAME)

    async def main() -> Sent:
        async with peers.stream(talk) as port:
            return await peers.send(dataclasses.replace(asked, port=port))

    return asyncio.run(main())


def test_a_trusted_chain_verifies(tmp_path: Path) -> None:
    sent = shake(authority.serving(tmp_path, LEAF, MIDDLE))
    session = sent.outcome
    assert isinstance(session, TlsSession)
    assert (session.verify_code, session.verify_error) == (0, "")
    assert session.version == "TLSv1.3"
    assert session.cipher.startswith("TLS_")
    assert 0 < session.rtt < 2
    leaf, middle = session.chain
    assert (leaf.subject, leaf.issuer) == ("CN=www.example", "CN=Test intermediate")
    assert leaf.names == (NAME, "*.wild.example", "127.0.0.1")
    assert not leaf.self_issued
    assert middle.issuer == "CN=Test root"
    assert leaf.not_before < leaf.not_after
    assert leaf.not_after.endswith("Z")
    assert [a.how for a in sent.attempts] == ["tcp", "tls"]


@pytest.mark.parametrize("server_name", ["a.wild.example", None])
def test_the_name_is_checked_in_the_way_of_the_request(
    tmp_path: Path, server_name: str | None
) -> None:
    """Without a name the address takes its place, and no SNI is sent."""
    names: list[str | None] = []
    context = authority.serving(tmp_path, LEAF, MIDDLE)
    context.sni_callback = lambda _, name, __: names.append(name)
    session = shake(context, server_name).outcome
    assert isinstance(session, TlsSession)
    assert session.verify_code == 0
    assert names == [server_name]


FAULTY = [
    ("expired", [issue(NAME, ROOT, names=(NAME,), days=(-9, -1))], 10),
    ("not yet valid", [issue(NAME, ROOT, names=(NAME,), days=(1, 9))], 9),
    ("another name", [issue("other.example", ROOT, names=("other.example",))], 62),
    ("no intermediate", [LEAF], 20),
    ("self-signed", [issue(NAME, names=(NAME,))], 18),
    (
        "unknown authority",
        [issue(NAME, own := issue("Own", authority=True), names=(NAME,)), own],
        19,
    ),
]


@pytest.mark.parametrize(("chain", "code"), [f[1:] for f in FAULTY], ids=[f[0] for f in FAULTY])
def test_a_chain_that_does_not_verify_is_kept(
    tmp_path: Path, chain: list[Issued], code: int
) -> None:
    session = shake(authority.serving(tmp_path, *chain)).outcome
    assert isinstance(session, TlsSession)
    assert session.verify_code == code
    assert session.verify_error
    assert [one.subject for one in session.chain] == [
        one.certificate.subject.rfc4514_string() for one in chain
    ]
    assert session.version == "TLSv1.3"


def test_an_old_version_is_told(tmp_path: Path) -> None:
    context = authority.serving(tmp_path, LEAF, MIDDLE)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    outcome = shake_blocking(context).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TLS_VERSION


def test_tls_1_2_is_fine(tmp_path: Path) -> None:
    context = authority.serving(tmp_path, LEAF, MIDDLE)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = shake(context).outcome
    assert isinstance(session, TlsSession)
    assert (session.version, session.verify_code) == ("TLSv1.2", 0)


def test_the_version_is_known_though_the_chain_does_not_verify(tmp_path: Path) -> None:
    context = authority.serving(tmp_path, issue(NAME, names=(NAME,)))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    session = shake(context).outcome
    assert isinstance(session, TlsSession)
    assert (session.version, session.verify_code) == ("TLSv1.2", 18)


def test_an_alert_is_told(tmp_path: Path) -> None:
    context = authority.serving(tmp_path, LEAF, MIDDLE)
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    outcome = shake_blocking(context).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TLS_ALERT
    assert "UNRECOGNIZED_NAME" in outcome.detail


async def plain_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65536)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH\x1b[31m\r\n")
    await reader.read(65536)


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x16\x03\x03\x3f\xff")
    for _ in range(200):
        writer.write(b"\x02")
        await asyncio.sleep(0.05)


async def broken_record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65536)
    writer.write(b"\x16\x03\x03\x00\x04\x63\x00\x00\x00")


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (plain_http, FailureKind.NOT_TLS),
        (greeting, FailureKind.NOT_TLS),
        (peers.hang_up, FailureKind.CLOSED_EARLY),
        (peers.reset, FailureKind.RESET),
        (peers.silence, FailureKind.TIMEOUT),
        (dripping, FailureKind.TIMEOUT),
        (broken_record, FailureKind.OTHER),
    ],
)
def test_failures_are_told_apart(talk: peers.Talk, kind: FailureKind) -> None:
    started = time.monotonic()
    outcome = shake_with(talk).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
    assert outcome.detail.isprintable()
    assert time.monotonic() - started < 7


def test_what_answered_in_plain_text_is_quoted() -> None:
    outcome = shake_with(greeting).outcome
    assert isinstance(outcome, Failed)
    assert "SSH-2.0-OpenSSH\\x1b[31m" in outcome.detail


def test_a_closed_port_is_refused() -> None:
    request = TlsHandshake(address=peers.HOST, port=peers.closed_port(), server_name=NAME)
    outcome = asyncio.run(peers.send(request)).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.REFUSED


@pytest.mark.parametrize("name", [".example", "x" * 300 + ".example"])
def test_a_name_that_tls_cannot_carry_is_a_failure(name: str) -> None:
    asked = TlsHandshake(address=peers.HOST, port=0, server_name=name)
    assert isinstance(shake_with(wait_for_end, asked).outcome, Failed)


def test_filler_makes_the_hello_longer_than_a_segment() -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(5)
        heard.append(head + await reader.readexactly(int.from_bytes(head[3:])))

    for filler in (200, 1600):
        shake_with(
            listen, TlsHandshake(address=peers.HOST, port=0, server_name=NAME, filler=filler)
        )

    short, long = heard
    assert len(short) < 1200
    assert len(long) > 1800
    assert (short.count(b"filler"), long.count(b"filler")) == (1, 8)
    assert b"http/1.1" in long


def test_an_alert_that_no_protocol_suits_is_told_by_name() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readexactly(5)
        await reader.readexactly(int.from_bytes(head[3:]))
        writer.write(bytes((21, 3, 3, 0, 2, 2, 120)))

    asked = TlsHandshake(address=peers.HOST, port=0, server_name=NAME, filler=1600)
    failed = shake_with(refuse, asked).outcome

    assert isinstance(failed, Failed)
    assert "no application protocol" in failed.detail.lower().replace("_", " ")


STARTTLS = TlsHandshake(address=peers.HOST, port=0, server_name=NAME, starttls="smtp")


def test_starttls_leads_to_the_certificate(tmp_path: Path) -> None:
    context = authority.serving(tmp_path, LEAF, MIDDLE)
    said: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220-mail.example\r\n220 ready\r\n")
        said.append(await reader.readline())
        writer.write(b"250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
        said.append(await reader.readline())
        writer.write(b"220 go ahead\r\n")
        await writer.start_tls(context)
        await reader.read(1)

    session = shake_with(talk, STARTTLS).outcome
    assert isinstance(session, TlsSession)
    assert session.verify_code == 0
    assert said == [b"EHLO [127.0.0.1]\r\n", b"STARTTLS\r\n"]


@pytest.mark.parametrize(
    ("replies", "kind", "words"),
    [
        ([b"421 too busy\r\n"], FailureKind.NOT_TLS, "421 too busy"),
        ([b"220 hello\r\n", b"250 mail.example\r\n"], FailureKind.NOT_TLS, "not offered"),
        (
            [b"220 hello\r\n", b"250 STARTTLS\r\n", b"454 no\r\n"],
            FailureKind.NOT_TLS,
            "STARTTLS: 454 no",
        ),
        ([b""], FailureKind.CLOSED_EARLY, "before STARTTLS"),
        ([b"220-" + b"x" * 20_000], FailureKind.NOT_TLS, "EHLO"),
    ],
)
def test_what_stands_before_starttls_is_told(
    replies: list[bytes], kind: FailureKind, words: str
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            writer.write(reply)
            if reply:
                await reader.readline()

    outcome = shake_with(talk, STARTTLS).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
    assert words in outcome.detail


def test_odd_certificates_are_still_shown() -> None:
    odd = certificates.decode([b"\x30\x03\x02\x01\x01", b""])
    assert [one.subject for one in odd] == [certificates.UNREADABLE] * 2
    assert len({one.sha256 for one in odd}) == 2


def test_digests_are_of_the_whole_and_of_the_key() -> None:
    issued = issue(NAME)
    key = x509.load_der_x509_certificate(issued.der).public_key()
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    (one,) = certificates.decode([issued.der])

    assert one.sha256 == hashlib.sha256(issued.der).hexdigest()
    assert one.sha512 == hashlib.sha512(issued.der).hexdigest()
    assert one.key_sha256 == hashlib.sha256(encoded).hexdigest()
    assert one.key_sha512 == hashlib.sha512(encoded).hexdigest()


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_keys_are_found_in_the_certificates_of_the_real_authorities() -> None:
    roots = x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())
    assert len(roots) > 50
    for root in roots:
        (one,) = certificates.decode([root.public_bytes(Encoding.DER)])
        key = root.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert one.key_sha256 == hashlib.sha256(key).hexdigest()


def test_what_cannot_be_decoded_has_no_key() -> None:
    (odd,) = certificates.decode([b"\x30\x03\x02\x01\x01"])

    assert (odd.key_sha256, odd.key_sha512) == ("", "")
    assert odd.sha512


def test_a_mail_server_without_starttls_is_told_from_one_that_refuses() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250 SIZE 1000\r\n")
        await reader.read()

    outcome = shake_with(talk, STARTTLS).outcome
    assert isinstance(outcome, Failed)
    assert outcome.detail.startswith(NO_STARTTLS)


def test_chains_and_names_are_bounded() -> None:
    many = issue(NAME, names=tuple(f"n{number}.example" for number in range(300)))
    chain = certificates.decode([many.der] * 50)
    assert len(chain) == certificates.MOST_CERTIFICATES
    assert len(chain[0].names) == certificates.MOST_NAMES


def test_hostile_names_are_escaped() -> None:
    hostile = issue("x\x1b[31m\u202e", names=("y.example",))
    assert certificates.decode([hostile.der])[0].subject.isprintable()
