"""What is spoken on a port, and so who speaks first there."""

from __future__ import annotations

from typing import Literal

from netdiag.model import Brief
from netdiag.target import SCHEME_PORTS

Speech = Literal["tls", "http", "greeting", "unknown"]

TLS_PORTS = frozenset({443, 465, 636, 853, 990, 993, 995, 8443})
HTTP_PORTS = frozenset({80, 8080})
GREETING_PORTS = frozenset({21, 22, 25, 110, 143, 587})
"""Services whose protocol has the server speak first."""

BY_SCHEME: dict[str, Speech] = {
    "https": "tls",
    "smtps": "tls",
    "pop3s": "tls",
    "imaps": "tls",
    "http": "http",
    "ftp": "greeting",
    "ssh": "greeting",
    "sftp": "greeting",
    "smtp": "greeting",
    "submission": "greeting",
    "pop3": "greeting",
    "imap": "greeting",
}


def speech_of(brief: Brief, port: int) -> Speech:
    """By the scheme given, else by the port's number."""
    if brief.target.scheme in BY_SCHEME:
        return BY_SCHEME[brief.target.scheme]
    if port in TLS_PORTS:
        return "tls"
    if port in HTTP_PORTS:
        return "http"
    return "greeting" if port in GREETING_PORTS else "unknown"


def protocol_of(brief: Brief, port: int) -> int:
    """The well-known port of the protocol spoken on `port`: that of the scheme given, or `port`."""
    scheme = brief.target.scheme
    return SCHEME_PORTS[scheme] if scheme and port in brief.target.ports else port


def first_line(text: str, limit: int = 120) -> str:
    """The first line of cleaned text, in which line ends are spelled out."""
    return text.partition("\\x0d")[0].partition("\\x0a")[0][:limit].strip()
