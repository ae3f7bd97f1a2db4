"""What is diagnosed: a host name, domain, URL, IP address or host:port, as typed by a person."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from netdiag.lazy import dataclass

WEB_PORTS = (443, 80)
"""The ports asked when neither port nor scheme is given: what a browser tries."""

SCHEME_PORTS = {
    "http": 80,
    "https": 443,
    "ftp": 21,
    "ssh": 22,
    "sftp": 22,
    "smtp": 25,
    "smtps": 465,
    "submission": 587,
    "pop3": 110,
    "pop3s": 995,
    "imap": 143,
    "imaps": 993,
}
RIGHT = "a host name, a domain, a URL, an IP address or host:port, for example www.example.org"
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")


class BadTargetError(ValueError):
    """The text names nothing that can be diagnosed; the message says what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`host` is the A-label form in lower case without trailing dot, or an address literal.

    `display` is the form to show: the U-label form where the name is internationalised, with the
    A-label form behind it.
    """

    input: str
    host: str
    display: str
    address: str | None = None
    scheme: str | None = None
    port: int | None = None
    path: str = "/"

    @property
    def name(self) -> str | None:
        """The absolute domain name, None where the target is an address."""
        return None if self.address else self.host + "."

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports in question: the one given, the scheme's, or a browser's two."""
        if self.port is not None:
            return (self.port,)
        if self.scheme is not None:
            return (SCHEME_PORTS[self.scheme],)
        return WEB_PORTS


def parse(text: str, port: int | None = None) -> Target:
    """Read `text`; `port` overrides what it says. Raises `BadTargetError`."""
    given = text.strip()
    if not given or len(given) > 2048:
        raise BadTargetError(f"no target in {given[:40]!r}: give {RIGHT}")
    scheme, host, own_port, path = _split(given)
    address = _address(host) or _loopback(host)
    ascii_host, display = (address, address) if address else _name(given, host)
    return Target(
        input=given,
        host=ascii_host,
        display=display,
        address=address,
        scheme=scheme,
        port=_port(given, port if port is not None else own_port),
        path=path,
    )


def _split(given: str) -> tuple[str | None, str, str | int | None, str]:
    """Scheme, host, port and path, none of them judged yet."""
    if "://" in given:
        return _split_url(given)
    if _address(given):
        return None, given, None, "/"
    if given.startswith("["):
        return _split_bracketed(given)
    if "/" in given or "?" in given:
        _, host, port, path = _split_url("http://" + given)
        return None, host, port, path
    host, colon, port_text = given.partition(":")
    if colon and not port_text:
        raise BadTargetError(f"{given!r} has no port after its colon: give {RIGHT}")
    return None, host, port_text or None, "/"


def _split_bracketed(given: str) -> tuple[None, str, str | None, str]:
    """`[address]` or `[address]:port`, as IPv6 addresses are written beside a port."""
    host, closed, rest = given[1:].partition("]")
    if not closed or (rest and not rest.startswith(":")):
        raise BadTargetError(f"{given!r} is not [address] or [address]:port")
    return None, host, rest[1:] or None, "/"


def _split_url(given: str) -> tuple[str, str, str | int | None, str]:
    try:
        url = urlsplit(given)
        host, port = url.hostname or "", url.port
    except ValueError as error:
        raise BadTargetError(f"{given!r} is not a URL ({error}): give {RIGHT}") from None
    if url.scheme not in SCHEME_PORTS:
        known = ", ".join(SCHEME_PORTS)
        raise BadTargetError(f"cannot check {url.scheme!r} URLs: use one of {known}")
    if url.username is not None:
        raise BadTargetError("a URL with a user name or password is not accepted: leave them out")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    if re.search(r"[^\x21-\x7e]", path):
        raise BadTargetError(f"the path of {given!r} has unescaped characters: percent-encode them")
    return url.scheme, host, port, path


def _port(given: str, port: str | int | None) -> int | None:
    if port is None:
        return None
    text = str(port)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= 65535):
        raise BadTargetError(
            f"{text[:20]!r} in {given!r} is not a port: give a number from 1 to 65535"
        )
    return int(text)


def _address(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _loopback(host: str) -> str | None:
    """The address of `localhost` and names below it, which no name server is asked for.

    RFC 6761, section 6.3.
    """
    labels = host.lower().removesuffix(".").split(".")
    return "127.0.0.1" if labels[-1] == "localhost" and all(labels) else None


def _name(given: str, host: str) -> tuple[str, str]:
    """The A-label and the shown form of a host name."""
    bare = host.removesuffix(".")
    ascii_name = _to_ascii(given, bare).lower()
    labels = ascii_name.split(".")
    if len(ascii_name) > 253 or not all(_LABEL.match(label) for label in labels):
        raise BadTargetError(f"{given!r} is not a host name: give {RIGHT}")
    if labels[-1].isdigit():
        raise BadTargetError(f"{given!r} is neither an IP address nor a host name: give {RIGHT}")
    unicode_name = _to_unicode(ascii_name)
    display = ascii_name if unicode_name == ascii_name else f"{unicode_name} ({ascii_name})"
    return ascii_name, display


def _to_ascii(given: str, name: str) -> str:
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise BadTargetError(f"{given!r} is not a valid international name ({error})") from None


def _to_unicode(name: str) -> str:
    if "xn--" not in name:
        return name
    import idna

    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name
