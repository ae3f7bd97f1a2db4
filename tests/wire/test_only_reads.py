"""What really arrives at a server: nothing is sent that writes, identifies or makes work.

Real visits by the product's own facts, through the policy and the live transport, to servers on
loopback that ask for everything that a browser would give: cookies, credentials, conditions, other
methods, other protocols, and redirects that carry it all on.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from checks.facts.web import Visit, visits
from netdiag.destinations import Destinations
from netdiag.model import Brief
from netdiag.network import Network
from netdiag.outcomes import Failed, HttpReply, TlsSession
from netdiag.policy import Policy
from netdiag.requests import HttpRequest, RdapQuery, TlsHandshake
from netdiag.special import Kind
from netdiag.target import parse
from netdiag.wire.live import LiveTransport
from tests.wire import authority, peers
from tests.wire.authority import issue

OURS = {"host", "user-agent", "accept", "accept-encoding", "connection"}
TEMPTING = (
    "Set-Cookie: id=secret; Path=/; Max-Age=99999",
    "Set-Cookie: second=too; Domain=127.0.0.1",
    'ETag: "abc"',
    "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT",
    "Accept-CH: Sec-CH-UA-Full-Version-List, Device-Memory",
    "Critical-CH: Device-Memory",
    "Alt-Svc: h3=':443'",
    "Refresh: 0; url=/refreshed",
    "Link: </preloaded>; rel=preload, </pushed>; rel=prefetch",
    "Referrer-Policy: unsafe-url",
    "Report-To: {}",
    "Retry-After: 0",
    "Allow: POST, PUT, DELETE",
    "Content-Location: /elsewhere",
    "Upgrade: h2c, websocket",
)


@dataclasses.dataclass
class Server:
    """Answers by `answers`: path to status line and further headers. Keeps all that it was sent."""

    answers: dict[str, tuple[str, ...]]
    heard: list[bytes] = dataclasses.field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await reader.readuntil(b"\r\n\r\n")
        self.heard.append(said)
        number = len(self.heard) - 1
        path = said.split()[1].decode()
        status, *headers = self.answers.get(path, ("200 OK",))
        lines = [f"HTTP/1.1 {status}", *TEMPTING, *headers, "Content-Length: 0", "", ""]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()
        self.heard[number] += await asyncio.wait_for(reader.read(65536), 5)

    @property
    def asked(self) -> list[tuple[str, str, dict[str, str]]]:
        """Method, target and headers of every request."""
        found = []
        for said in self.heard:
            head, _, rest = said.partition(b"\r\n\r\n")
            assert rest == b"", "something followed the headers"
            line, *headers = head.decode("ascii").split("\r\n")
            method, target, version = line.split(" ")
            assert version == "HTTP/1.1"
            names = [one.partition(": ")[0].lower() for one in headers]
            assert len(names) == len(set(names))
            found.append((method, target, dict(one.split(": ", 1) for one in headers)))
        return found


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user whose environment is full of what other clients would send along."""
    (tmp_path / ".netrc").write_text("default login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://me:secret@127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://me:secret@127.0.0.1:9")
    yield
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == [".netrc"]


def network() -> tuple[Network, LiveTransport]:
    transport = LiveTransport(time.monotonic)
    policy = Policy(destinations=Destinations(kinds=frozenset({Kind.LOOPBACK})))
    return Network(transport, clock=time.monotonic, policy=policy), transport


def visit(server: Server, path: str, tls: ssl.SSLContext | None = None) -> Visit:
    """One visit of the product to `path` of the server; PORT in an answer becomes the port."""

    async def main() -> Visit:
        async with peers.stream(server, ssl=tls) as port:
            server.answers = {
                key: tuple(one.replace("PORT", str(port)) for one in lines)
                for key, lines in server.answers.items()
            }
            net, transport = network()
            scheme = "https" if tls else "http"
            target = parse(f"{scheme}://{peers.HOST}:{port}{path}")
            found = await visits(net, Brief(target=target, families=(4,)))
            await net.close()
            await transport.close()
            return found.all[0]

    return asyncio.run(main())


def chain(scheme: str) -> dict[str, tuple[str, ...]]:
    """Redirects of every status, each more tempting than the one before."""
    here = f"{scheme}://127.0.0.1:PORT"
    return {
        "/start?q=1": ("301 Moved", f"Location: {here}/two"),
        "/two": ("302 Found", f"Location: {scheme}://user:secret@127.0.0.1:PORT/three?a=b"),
        "/three?a=b": ("303 See Other", "Location: /four#secret"),
        "/four": ("307 Temporary", "Location: ../five;p=1?x=%20y"),
        "/five;p=1?x=%20y": ("308 Permanent", "Location: //127.0.0.1:PORT/six"),
        "/six": ("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"', "WWW-Authenticate: NTLM"),
    }


TARGETS = ["/start?q=1", "/two", "/three?a=b", "/four", "/five;p=1?x=%20y", "/six"]


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_visit_with_redirects_sends_requests_that_only_read(scheme: str, tmp_path: Path) -> None:
    tls = authority.serving(tmp_path, issue("127.0.0.1")) if scheme == "https" else None
    server = Server(chain(scheme))

    made = visit(server, "/start?q=1", tls)

    assert [target for _, target, _ in server.asked] == TARGETS
    assert {method for method, _, _ in server.asked} == {"GET"}
    for _, _, headers in server.asked:
        assert {name.lower() for name in headers} == OURS
        assert headers["Connection"] == "close"
        assert headers["Accept-Encoding"] == "identity"
        assert headers["Host"].startswith("127.0.0.1:")
    said = b"".join(server.heard).lower()
    assert not [word for word in (b"secret", b"cookie", b"referer", b"auth") if word in said]
    assert isinstance(made.last.seen.outcome, HttpReply)
    assert made.last.seen.outcome.status == 401


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    "answer",
    [
        ("407 Proxy Authentication Required", 'Proxy-Authenticate: Basic realm="x"'),
        ("429 Too Many Requests", "Retry-After: 0"),
        ("503 Service Unavailable", "Retry-After: 0"),
        ("412 Precondition Failed",),
        ("426 Upgrade Required", "Connection: Upgrade"),
        ("408 Request Timeout",),
        ("425 Too Early",),
        ("421 Misdirected Request",),
        ("300 Multiple Choices", "Location: /other"),
        ("304 Not Modified",),
        ("200 OK", "Refresh: 0; url=/other", "Location: /other"),
    ],
    ids=lambda answer: answer[0][:3],
)
def test_no_answer_makes_it_ask_twice(answer: tuple[str, ...]) -> None:
    server = Server({"/": answer})

    visit(server, "/")

    assert [(method, target) for method, target, _ in server.asked] == [("GET", "/")]


def test_two_visits_to_one_page_send_the_same_octets() -> None:
    """Nothing that tells visits apart, and no cache-buster."""
    server = Server({})

    async def main() -> None:
        async with peers.stream(server) as port:
            request = HttpRequest(
                address=peers.HOST, port=port, tls=False, host="www.example", path="/a?b=c"
            )
            for attempt in range(2):
                await peers.send(dataclasses.replace(request, attempt=attempt))
            await peers.send(dataclasses.replace(request, method="HEAD"))

    asyncio.run(main())
    first, second, head = server.heard
    assert first == second
    assert head == first.replace(b"GET ", b"HEAD ", 1)


def test_a_redirect_that_leads_inside_is_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """With loopback allowed by the target, all other networks stay out of reach."""
    tried: list[str] = []
    send = LiveTransport.send

    async def watched(self: LiveTransport, request: HttpRequest) -> object:
        tried.append(request.destination or "")
        return await send(self, request)

    monkeypatch.setattr(LiveTransport, "send", watched)
    for inside in ("10.0.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[::ffff:10.0.0.1]"):
        server = Server({"/": ("302 Found", f"Location: http://{inside}/latest/meta-data/")})

        made = visit(server, "/")

        assert isinstance(made.last.seen.outcome, Failed)
        assert made.last.seen.attempts == ()
    assert set(tried) == {peers.HOST, ""}


def poisoned(*_: object, **__: object) -> NoReturn:
    raise AssertionError("a name was looked up between the check of its address and its use")


def test_an_address_that_was_checked_is_the_one_that_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whatever the name says by now, nobody looks."""
    tls = authority.serving(tmp_path, issue("rebind.example"))
    server = Server({})

    async def main() -> list[object]:
        async with peers.stream(server) as clear, peers.stream(server, ssl=tls) as secure:
            loop = asyncio.get_running_loop()
            monkeypatch.setattr(socket, "getaddrinfo", poisoned)
            monkeypatch.setattr(socket, "gethostbyname", poisoned)
            monkeypatch.setattr(loop, "getaddrinfo", poisoned)
            page = HttpRequest(address=peers.HOST, port=clear, tls=False, host="rebind.example")
            sent = [
                await peers.send(page),
                await peers.send(dataclasses.replace(page, port=secure, tls=True)),
                await peers.send(
                    RdapQuery(
                        address=peers.HOST,
                        port=clear,
                        tls=False,
                        host="rebind.example",
                        path="/domain/x",
                        about="x.example.",
                    )
                ),
                await peers.send(
                    TlsHandshake(address=peers.HOST, port=secure, server_name="rebind.example")
                ),
            ]
            return [one.outcome for one in sent]

    page, secure, _, session = asyncio.run(main())

    assert isinstance(page, HttpReply)
    assert isinstance(secure, HttpReply)
    assert isinstance(session, TlsSession)
    hosts = [headers["Host"].partition(":")[0] for _, _, headers in server.asked]
    assert hosts == ["rebind.example"] * 3
    assert {method for method, _, _ in server.asked} == {"GET"}
