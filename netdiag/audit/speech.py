"""What may be said: an allow-list of the clear words of a client that changes nothing.

Each reader takes what one side sent and tells what it asks for, or raises `RefusedError` with the
reason. Nothing is guessed: what no rule allows is refused.
"""

from __future__ import annotations

import struct

from netdiag.lazy import dataclass

MOST_OCTETS = 1 << 18
"""Of one side of a connection."""

_OPT = 41
_COOKIE, _CLIENT_COOKIE = 10, 8
_IN, _CH = 1, 3
_VERSIONS = {("version.bind.", 16), ("version.server.", 16)}
"""The names, and the type, that class CH is asked for (RFC 4892)."""

TRANSFER = 252
_META = {251: "an incremental zone transfer", 253: "mail", 254: "mail", 255: "everything"}
"""Questions that ask for more than the records of one type."""

_KNOWN_HEADERS = {"host", "user-agent", "accept", "accept-encoding", "connection"}
_CLOSES = {b"QUIT\r\n", b"a LOGOUT\r\n"}
_SPECIAL = b'"().;\\@$'
_MOST_HANDSHAKE_OCTETS = 1024
"""Of ciphertext in a handshake without request: Finished and close_notify have under 200."""


class RefusedError(ValueError):
    """Not on the allow-list."""


@dataclass(frozen=True, slots=True)
class Question:
    """One DNS question. `udp_payload` is None without EDNS, `options` are the codes of its options;
    `rclass` is a number."""

    name: str
    rtype: int
    recursion_desired: bool
    checking_disabled: bool
    dnssec: bool
    udp_payload: int | None
    rclass: int = _IN
    version: int = 0
    flags: int = 0
    options: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hello:
    """A TLS session: the name it asks for, empty for none, and the octets of ciphertext after."""

    server_name: str
    ciphertext: int
    starttls: bool = False

    @property
    def only_shakes_hands(self) -> bool:
        return self.ciphertext <= _MOST_HANDSHAKE_OCTETS


@dataclass(frozen=True, slots=True)
class Fetch:
    """One GET or HEAD in clear."""

    method: str
    path: str
    host: str


@dataclass(frozen=True, slots=True)
class Farewell:
    """A polite close and no word more; `greeted` where EHLO came first."""

    word: str
    greeted: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """A connection without data."""


Words = Question | Hello | Fetch | Farewell | Silence


def stream(data: bytes, *, dns: bool) -> Words:
    """What one side of a TCP connection said. `dns` tells that the port is one of DNS."""
    if len(data) > MOST_OCTETS:
        raise RefusedError(f"more than {MOST_OCTETS} octets sent")
    if not data:
        return Silence()
    if data in _CLOSES:
        return Farewell(data.decode().strip())
    if data[:2] == b"\x16\x03":
        return _tls(data)
    if data[:5].upper() == b"EHLO ":
        return _smtp(data)
    if data[:5] in {b"GET /", b"HEAD "} or b" HTTP/" in data[:65536].partition(b"\r\n")[0]:
        return _http(data)
    if dns:
        if int.from_bytes(data[:2]) != len(data) - 2:
            raise RefusedError("not exactly one DNS message")
        return _question_in(data[2:], transfer=True)
    raise RefusedError("a protocol that is not on the list")


def question(data: bytes) -> Question:
    """A DNS message that asks one question, OPT and nothing else beside it."""
    return _question_in(data, transfer=False)


def _question_in(data: bytes, *, transfer: bool) -> Question:
    """With `transfer` the question may be for a whole zone: over TCP alone (RFC 5936)."""
    try:
        asked = _question(data)
    except (struct.error, IndexError):
        raise RefusedError("a DNS message that ends too early") from None
    if asked.rtype in _META:
        raise RefusedError(f"a DNS question for {_META[asked.rtype]}")
    if asked.rtype == TRANSFER and not transfer:
        raise RefusedError("a zone transfer over UDP")
    return asked


def _question(data: bytes) -> Question:
    _, flags, questions, answers, authorities, additional = struct.unpack_from("!6H", data)
    if flags & 0x8000:
        raise RefusedError("a DNS answer")
    if opcode := flags >> 11 & 15:
        raise RefusedError(f"DNS opcode {opcode}, not QUERY")
    if (questions, answers, authorities) != (1, 0, 0) or additional > 1:
        raise RefusedError("a DNS message with more than one question")
    name, at = _name(data, 12)
    rtype, rclass = struct.unpack_from("!HH", data, at)
    if rclass != _IN and (rclass != _CH or (name, rtype) not in _VERSIONS):
        raise RefusedError(f"DNS class {rclass}, not IN")
    recursion, unchecked = bool(flags & 0x0100), bool(flags & 0x0010)
    at += 4
    size, version, extended = None, 0, 0
    options: tuple[int, ...] = ()
    if additional:
        root, kind, size, _, version, extended, length = struct.unpack_from("!BHHBBHH", data, at)
        if root or kind != _OPT:
            raise RefusedError("an additional record that is no EDNS")
        at += 11 + length
        options = _options(data[at - length : at])
    if at != len(data):
        raise RefusedError("octets after the DNS question")
    return Question(
        name=name,
        rtype=rtype,
        recursion_desired=recursion,
        checking_disabled=unchecked,
        dnssec=bool(extended & 0x8000),
        udp_payload=size,
        rclass=rclass,
        version=version,
        flags=extended & 0x7FFF,
        options=options,
    )


def _options(data: bytes) -> tuple[int, ...]:
    """The codes of EDNS options: all empty, but for a client cookie."""
    codes: list[int] = []
    while data:
        code, length = struct.unpack_from("!HH", data)
        if length != (_CLIENT_COOKIE if code == _COOKIE else 0):
            raise RefusedError(f"EDNS option {code} with {length} octets")
        codes.append(code)
        data = data[4 + length :]
    return tuple(codes)


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name in presentation format, lower case, and where it ends. A question has no pointers."""
    labels = []
    while length := data[at]:
        if length > 63:
            raise RefusedError("a compressed name in a question")
        label = data[at + 1 : at + 1 + length]
        labels.append("".join(_letter(octet) for octet in label.lower()))
        at += 1 + length
    return ".".join(labels) + ".", at + 1


def _letter(octet: int) -> str:
    if octet in _SPECIAL:
        return "\\" + chr(octet)
    return chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03}"


def _http(data: bytes) -> Fetch:
    head, end, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    match first.split(" "):
        case [("GET" | "HEAD") as method, path, "HTTP/1.1"]:
            pass
        case _:
            raise RefusedError(f"an HTTP request that is no GET or HEAD: {first[:40]}")
    if not end:
        raise RefusedError("an HTTP request without end")
    if body:
        raise RefusedError("an HTTP request with a body")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name.lower() not in _KNOWN_HEADERS or name.lower() in headers:
            raise RefusedError(f"an HTTP header that is not on the list: {name[:40]}")
        headers[name.lower()] = value.strip()
    return Fetch(method, path, headers.get("host", ""))


def _smtp(data: bytes) -> Words:
    _, _, rest = data.partition(b"\r\n")
    if not rest:
        return Farewell("EHLO", greeted=True)
    if rest in _CLOSES:
        return Farewell("QUIT", greeted=True)
    word, end, session = rest.partition(b"\r\n")
    if word != b"STARTTLS" or not end:
        raise RefusedError(f"after EHLO a command that is not on the list: {_shown(word)}")
    if not session:
        return Farewell("STARTTLS", greeted=True)
    inner = _tls(session)
    return Hello(inner.server_name, inner.ciphertext, starttls=True)


def _shown(word: bytes) -> str:
    return word[:40].decode("ascii", "backslashreplace")


def _tls(data: bytes) -> Hello:
    """TLS records: a ClientHello, then what TLS knows of; ciphertext is counted, not read."""
    at, ciphertext, name = 0, 0, None
    while at < len(data):
        if len(data) - at < 5:
            raise RefusedError("a TLS record that ends too early")
        kind, version, length = struct.unpack_from("!BHH", data, at)
        body = data[at + 5 : at + 5 + length]
        if kind not in {20, 21, 22, 23} or version >> 8 != 3 or len(body) < length:
            raise RefusedError("something that is no TLS record")
        if name is None:
            if kind != 22:
                raise RefusedError("TLS without a ClientHello")
            try:
                name = _server_name(body)
            except (struct.error, IndexError, UnicodeDecodeError):
                raise RefusedError("a ClientHello that ends too early") from None
        ciphertext += length if kind == 23 else 0
        at += 5 + length
    return Hello(name or "", ciphertext)


def _server_name(body: bytes) -> str:
    if body[0] != 1 or int.from_bytes(body[1:4]) != len(body) - 4:
        raise RefusedError("a TLS handshake that begins with no ClientHello")
    at = 4 + 2 + 32
    at += 1 + body[at]
    at += 2 + int.from_bytes(body[at : at + 2])
    at += 1 + body[at]
    at += 2
    while at < len(body):
        kind, length = struct.unpack_from("!HH", body, at)
        if kind == 0:
            listed = body[at + 4 : at + 4 + length]
            size = struct.unpack_from("!H", listed, 3)[0]
            return listed[5 : 5 + size].decode("ascii").lower()
        at += 4 + length
    return ""
