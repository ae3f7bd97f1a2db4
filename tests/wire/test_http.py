"""HTTP requests to servers of every temper, on loopback."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from pathlib import Path

import pytest

from netdiag.network import Sent
from netdiag.outcomes import Failed, FailureKind, HttpReply
from netdiag.requests import HttpRequest
from netdiag.wire import http, http_backend
from netdiag.wire.http_backend import MOST_BODY
from tests.wire import authority, peers
from tests.wire.authority import NAME, issue

GET = HttpRequest(address=peers.HOST, port=0, tls=False, host=NAME)


def ask(talk: peers.Talk, request: HttpRequest = GET, **options: object) -> Sent:
    """What comes of `request` to a server that talks so."""

    async def main() -> Sent:
        async with peers.stream(talk, **options) as port:
            return await peers.send(dataclasses.replace(request, port=port))

    return asyncio.run(main())


def saying(*parts: bytes, pause: float = 0.0, then: peers.Talk | None = None) -> peers.Talk:
    """A server that reads a request and says these parts, whatever was asked."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if then:
            await then(reader, writer)

    return talk


def reply_of(sent: Sent) -> HttpReply:
    assert isinstance(sent.outcome, HttpReply), sent.outcome
    return sent.outcome


FINE = b"HTTP/1.1 200 All well\r\nContent-Length: 5\r\nX-Kind: a\r\nX-kind: b\r\n\r\nhello"


def test_an_answer_comes_back_whole() -> None:
    sent = ask(saying(FINE))
    reply = reply_of(sent)
    assert (reply.status, reply.reason) == (200, "All well")
    assert reply.headers == (("content-length", "5"), ("x-kind", "a"), ("x-kind", "b"))
    assert (reply.body_start, reply.received, reply.promised) == ("hello", 5, 5)
    assert reply.complete
    assert reply.tls_done is None
    assert 0 < reply.connected <= reply.first_byte <= reply.total < 2
    assert [(a.how, a.result) for a in sent.attempts] == [("tcp", "connected"), ("http", "200")]


def test_the_request_carries_nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(FINE)

    reply_of(ask(talk, dataclasses.replace(GET, path="/a b?x=1")))
    line, *headers = seen[0].decode().strip().split("\r\n")
    assert line == "GET /a%20b?x=1 HTTP/1.1"
    names = {header.split(":")[0].lower() for header in headers}
    assert names == {"host", "user-agent", "accept", "accept-encoding", "connection"}
    assert next(h for h in headers if h.startswith("Host: ")).startswith(f"Host: {NAME}:")
    assert any("netdiag/" in header for header in headers)
    assert "Accept-Encoding: identity" in headers


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("//evil.example/x", b"GET //evil.example/x HTTP/1.1"),
        ("no-slash", b"GET /no-slash HTTP/1.1"),
        ("/x#part", b"GET /x HTTP/1.1"),
        ("/x\r\nEvil: 1", b""),
    ],
)
def test_a_path_stays_a_path(path: str, target: bytes) -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append((await reader.readuntil(b"\r\n\r\n")).splitlines()[0])
        writer.write(FINE)

    ask(talk, dataclasses.replace(GET, path=path))
    assert seen in ([target], []) if target else seen == []


def test_head_has_no_body() -> None:
    head = dataclasses.replace(GET, method="HEAD")
    reply = reply_of(ask(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"), head))
    assert (reply.received, reply.promised, reply.complete) == (0, 999, True)


def test_a_redirect_is_not_followed() -> None:
    reply = reply_of(ask(saying(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\n\r\n")))
    assert (reply.status, reply.header("location")) == (302, "http://192.0.2.1/")


@pytest.mark.parametrize(
    "location",
    ["javascript:alert(1)", "file:///etc/passwd", "http://\xff\xfe:99999/", "http://[", "//", ""],
)
def test_a_redirect_to_anything_is_an_answer(location: str) -> None:
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
    reply = reply_of(ask(saying(head + location.encode("latin-1") + b"\r\n\r\n")))
    assert reply.status == 302
    assert dict(reply.headers).keys() == {"content-length", "location"}


def test_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert reply_of(ask(saying(interim * 3, FINE))).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
    ],
)
def test_a_body_that_breaks_off_is_incomplete(body: bytes) -> None:
    reply = reply_of(ask(saying(body)))
    assert (reply.body_start, reply.received, reply.complete) == ("only this", 9, False)


def test_a_body_that_stalls_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "IDLE_WAIT", 0.3)
    part = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
    reply = reply_of(ask(saying(part, then=peers.silence)))
    assert (reply.received, reply.complete) == (9, False)


def test_a_slow_body_is_not_called_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_backend, "TOTAL_WAIT", 1.0)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
    reply = reply_of(ask(saying(head, *[b"x"] * 100, pause=0.1)))
    assert 0 < reply.received < 20
    assert reply.complete
    assert reply.total < 1.5


def test_a_body_without_length_ends_with_the_connection() -> None:
    reply = reply_of(ask(saying(b"HTTP/1.0 200 OK\r\n\r\nall of it")))
    assert (reply.received, reply.promised, reply.complete) == (9, None, True)


def test_a_huge_body_is_read_in_part() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    reply = reply_of(ask(saying(head, *[b"y" * 65536] * 64)))
    assert MOST_BODY <= reply.received < MOST_BODY + 131072
    assert reply.complete
    assert len(reply.body_start) == http.BODY_START


def test_hostile_text_is_escaped() -> None:
    reply = reply_of(
        ask(saying(b"HTTP/1.1 200 OK\r\nX-A: \xe2\x80\xae\xff\r\n\r\n\x1b]0;title\x07"))
    )
    assert reply.header("x-a") == "\\u202e\\xff"
    assert reply.body_start == "\\x1b]0;title\\x07"


async def endless_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: " + b"x" * 8000 + b"\r\n")
        await writer.drain()


async def endless_interim(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
        await writer.drain()


FAILURES = [
    (saying(b"SSH-2.0-OpenSSH\r\n\x1b[0m\r\n"), FailureKind.MALFORMED),
    (saying(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"), FailureKind.MALFORMED),
    (saying(b"HTTP/1.1 20"), FailureKind.CLOSED_EARLY),
    (peers.hang_up, FailureKind.CLOSED_EARLY),
    (peers.reset, FailureKind.RESET),
    (endless_header, FailureKind.TOO_LARGE),
    (endless_interim, FailureKind.TOO_LARGE),
]


@pytest.mark.parametrize(("talk", "kind"), FAILURES)
def test_failures_are_told_apart(talk: peers.Talk, kind: FailureKind) -> None:
    started = time.monotonic()
    outcome = ask(talk).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
    assert outcome.detail.isprintable()
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "talk", [peers.silence, saying(*[b"H"] * 100, pause=0.05)], ids=["silent", "dripping"]
)
def test_waiting_ends(monkeypatch: pytest.MonkeyPatch, talk: peers.Talk) -> None:
    monkeypatch.setattr(http_backend, "TOTAL_WAIT", 1.0)
    started = time.monotonic()
    outcome = ask(talk).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TIMEOUT
    assert time.monotonic() - started < 2


def test_a_closed_port_is_refused() -> None:
    request = dataclasses.replace(GET, port=peers.closed_port())
    outcome = asyncio.run(peers.send(request)).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.REFUSED


@pytest.mark.parametrize("host", ["", "evil\r\nX: y"])
def test_a_host_that_is_none_is_not_asked(host: str) -> None:
    sent = ask(saying(FINE), dataclasses.replace(GET, host=host))
    assert isinstance(sent.outcome, Failed)
    assert sent.outcome.kind is FailureKind.OTHER
    assert sum(attempt.packets for attempt in sent.attempts) == 0


HTTPS = dataclasses.replace(GET, tls=True)


def test_tls_shows_the_service_behind_a_bad_certificate(tmp_path: Path) -> None:
    names: list[str | None] = []
    context = authority.serving(tmp_path, issue("expired.example", days=(-9, -1)))
    context.sni_callback = lambda _, name, __: names.append(name)
    sent = ask(saying(FINE), HTTPS, ssl=context)
    reply = reply_of(sent)
    assert reply.status == 200
    assert reply.tls_done is not None
    assert reply.connected < reply.tls_done <= reply.first_byte
    assert names == [NAME]


def test_the_octets_of_tls_are_counted(tmp_path: Path) -> None:
    """ClientHello, Finished, request and closing alert; the reading's acknowledgement."""
    context = authority.serving(tmp_path, issue(NAME))
    clear = ask(saying(FINE)).attempts[-1]
    sealed = ask(saying(FINE), HTTPS, ssl=context).attempts[-1]
    assert (clear.packets, sealed.packets) == (2, 5)
    assert sealed.octets > clear.octets + 500


def test_an_address_is_no_server_name(tmp_path: Path) -> None:
    names: list[str | None] = []
    context = authority.serving(tmp_path, issue(NAME))
    context.sni_callback = lambda _, name, __: names.append(name)
    request = dataclasses.replace(HTTPS, host=peers.HOST)
    assert reply_of(ask(saying(FINE), request, ssl=context)).status == 200
    assert names == [None]


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (saying(FINE), FailureKind.NOT_TLS),
        (peers.hang_up, FailureKind.CLOSED_EARLY),
        (peers.reset, FailureKind.RESET),
    ],
)
def test_tls_failures_are_told_apart(talk: peers.Talk, kind: FailureKind) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(FINE)

    outcome = ask(plain if kind is FailureKind.NOT_TLS else talk, HTTPS).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
