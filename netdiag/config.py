"""netdiag's configuration file (TOML): who we are, controls elsewhere, our own networks."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import msgspec

from netdiag import tomlfile
from netdiag.model import Endpoint, Owner, OwnNetwork, PortalProbe
from netdiag.target import BadTargetError, parse
from netdiag.tomlfile import BadFileError

PUBLIC_RESOLVERS = ("9.9.9.9", "1.1.1.1", "2620:fe::fe", "2606:4700:4700::1111")
"""Quad9 and Cloudflare, which publish these addresses for everybody's use."""


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    owner: Owner
    prefixes: tuple[str, ...]


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's fields. Relative file names count from the file's own folder.

    `resolvers` are public resolvers used as controls, `anchors` and `mail_anchors` endpoints
    (`address:port`) that are unrelated to any target and expected to answer. `portal_probe` is a
    plain HTTP URL that answers `portal_probe_status` wherever no captive portal is in the way.
    Targets may lead to private addresses (RFC 1918, RFC 4193, RFC 6598) where `allow_private` says
    so, and to the prefixes that `allow` lists whatever they are. `rdap` maps a zone to the URL
    of its registry's data service, for zones that IANA's list does not have, or to ask no list.
    `routing_registry` is the URL of a service with RIPEstat's data API, asked whether the prefix of
    an address is announced and by whom it may be; nobody is asked where it is empty.
    `asn` says where is learnt whose network an address is in: nowhere where it is empty, "dns" for
    Team Cymru's DNS service through the machine's resolver, else by a file: a MaxMind-format one
    where its name ends in .mmdb, else a table.
    """

    vantage: str = ""
    resolvers: tuple[str, ...] = PUBLIC_RESOLVERS
    anchors: tuple[str, ...] = tuple(
        f"[{a}]:53" if ":" in a else f"{a}:53" for a in PUBLIC_RESOLVERS
    )
    mail_anchors: tuple[str, ...] = ()
    portal_probe: str = ""
    portal_probe_status: int = 204
    root_hints: str = ""
    trust_anchor: str = ""
    boundary: str = ""
    allow_private: bool = False
    allow: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    rdap: dict[str, str] = {}
    routing_registry: str = ""
    asn: str = ""


class Settings(msgspec.Struct, frozen=True):
    """A configuration with its texts read as what they mean."""

    vantage: str
    resolvers: tuple[str, ...]
    anchors: tuple[Endpoint, ...]
    mail_anchors: tuple[Endpoint, ...]
    portal_probe: PortalProbe | None
    root_hints: Path | None
    trust_anchor: Path | None
    boundary: Path | None
    allow_private: bool
    allow: tuple[str, ...]
    networks: tuple[OwnNetwork, ...]
    rdap: tuple[tuple[str, str], ...]
    routing_registry: str
    asn_table: Path | None
    asn_dns: bool


def load(path: Path) -> Settings:
    """Read the file at `path`. Raises `BadFileError` naming file, line and reason."""
    return _settings(tomlfile.load(path, Config), path)


def default() -> Settings:
    """What holds where there is no file."""
    return _settings(Config(), Path("netdiag.toml"))


def _settings(config: Config, path: Path) -> Settings:
    return Settings(
        vantage=config.vantage,
        resolvers=tuple(_address(text, path) for text in config.resolvers),
        anchors=tuple(_endpoint(text, path) for text in config.anchors),
        mail_anchors=tuple(_endpoint(text, path) for text in config.mail_anchors),
        portal_probe=_probe(config, path),
        root_hints=path.parent / config.root_hints if config.root_hints else None,
        trust_anchor=path.parent / config.trust_anchor if config.trust_anchor else None,
        boundary=path.parent / config.boundary if config.boundary else None,
        allow_private=config.allow_private,
        allow=tuple(_prefix(text, path) for text in config.allow),
        networks=tuple(_network(network, path) for network in config.networks),
        rdap=tuple(
            (zone.strip(".").lower(), _service(url, path))
            for zone, url in sorted(config.rdap.items())
        ),
        routing_registry=_service(config.routing_registry, path) if config.routing_registry else "",
        asn_table=path.parent / config.asn if config.asn not in {"", "dns"} else None,
        asn_dns=config.asn == "dns",
    )


def _address(text: str, path: Path) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise _bad(path, text, "an IP address") from None
    if "%" in text:
        raise _bad(path, text, "an address beyond this machine's own links")
    return str(address)


def _endpoint(text: str, path: Path) -> Endpoint:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise _bad(path, text, "address:port, for example 9.9.9.9:53 or [2620:fe::fe]:53")
    return Endpoint(_address(host.strip("[]"), path), int(port))


def _probe(config: Config, path: Path) -> PortalProbe | None:
    url = config.portal_probe
    if not url:
        return None
    try:
        plain = parse(url).scheme == "http"
    except BadTargetError:
        plain = False
    if not plain:
        raise _bad(path, url, "a plain URL like http://portal.example.org/generate_204")
    return PortalProbe(url, config.portal_probe_status)


def _service(url: str, path: Path) -> str:
    if not url.startswith(("https://", "http://")):
        raise _bad(path, url, "a URL like https://service.example/")
    return url


def _network(network: Network, path: Path) -> OwnNetwork:
    for prefix in network.prefixes:
        _prefix(prefix, path)
    return OwnNetwork(name=network.name, owner=network.owner, prefixes=network.prefixes)


def _prefix(text: str, path: Path) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise _bad(path, text, "a prefix like 203.0.113.0/24") from None


def _bad(path: Path, text: str, right: str) -> BadFileError:
    lines = tomlfile.read(path).splitlines()
    line = next((n for n, content in enumerate(lines, 1) if text in content), 1)
    return BadFileError(f"{path}:{line}: {text[:60]!r} is not {right}")
