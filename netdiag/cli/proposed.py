"""The planned delegation of `netdiag dns --ns … --ds …`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

import click

from netdiag.model import Proposed, ProposedServer
from netdiag.target import BadTargetError, parse

_DIGEST_OCTETS = {1: 20, 2: 32, 3: 32, 4: 48, 5: 32, 6: 32}
"""By digest type (IANA's registry of DS digest algorithms; 5 and 6 are RFC 9558 and RFC 9563)."""


def read(zone: str, servers: Iterable[str], ds: Iterable[str]) -> Proposed | None:
    """What the options plan; None where they plan nothing. Raises `click.ClickException`."""
    addresses: dict[str, list[str]] = {}
    for text in servers:
        name, address = _server(text)
        known = addresses.setdefault(name, [])
        if address and address not in known:
            known.append(address)
    records = tuple(_ds(text) for text in ds)
    if not addresses:
        if records:
            raise click.ClickException("--ds goes with --ns: give the planned servers as well")
        return None
    planned = (ProposedServer(name=n, addresses=tuple(a)) for n, a in addresses.items())
    return Proposed(zone=zone, servers=tuple(planned), ds=records)


def _server(text: str) -> tuple[str, str | None]:
    host, slash, literal = text.partition("/")
    try:
        target = parse(host)
    except BadTargetError:
        target = None
    if target is None or target.name is None or target.port or target.scheme:
        raise click.ClickException(
            f"--ns {text!r} is not NAME or NAME/ADDRESS: give one like ns1.example.net/192.0.2.53"
        )
    if not slash:
        return target.name, None
    try:
        return target.name, str(ipaddress.ip_address(literal))
    except ValueError:
        raise click.ClickException(
            f"--ns {text!r}: {literal!r} is not an IP address: give one like 192.0.2.53"
        ) from None


def _ds(text: str) -> str:
    """The record's presentation format (RFC 4034, section 5.3)."""
    parts = [part.strip() for part in text.split(",")]
    numbers = all(part.isascii() and part.isdigit() for part in parts[:3])
    right = len(parts) == 4 and numbers and re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", parts[3])
    if not right:
        raise click.ClickException(
            f"--ds {text!r} is not KEYTAG,ALGORITHM,TYPE,DIGEST: give numbers and a digest in hex"
        )
    tag, algorithm, kind = (int(part) for part in parts[:3])
    if tag > 0xFFFF or algorithm > 0xFF or kind > 0xFF:
        raise click.ClickException(
            f"--ds {text!r}: the key tag is at most 65535, algorithm and digest type at most 255"
        )
    expected = _DIGEST_OCTETS.get(kind)
    if expected and len(parts[3]) != 2 * expected:
        raise click.ClickException(
            f"--ds {text!r}: a digest of type {kind} has {2 * expected} hex digits, "
            f"not {len(parts[3])}"
        )
    return f"{tag} {algorithm} {kind} {parts[3].lower()}"
