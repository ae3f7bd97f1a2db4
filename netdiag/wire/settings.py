"""Settings of this machine that steer its connections: resolvers, hosts file, proxies."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from netdiag.network import Sent
from netdiag.outcomes import Failed, FailureKind, HostsEntries, Proxies, Resolvers
from netdiag.requests import ReadHostsFile, ReadProxies, ReadResolvers
from netdiag.text import clean

RESOLV_CONF = Path("/etc/resolv.conf")
BEHIND_STUB = Path("/run/systemd/resolve/resolv.conf")
"""Where systemd-resolved names the resolvers that its stub asks."""

STUBS = {"127.0.0.53", "127.0.0.54"}
"""The addresses at which systemd-resolved(8) listens."""

MOST_RESOLVERS = 8
MOST_SEARCH = 32
MOST_LINES = 500_000
LONGEST_LINE = 4096


def read_resolvers(request: ReadResolvers) -> Sent:
    """What resolv.conf(5) names; where that is systemd's stub, also the resolvers behind it."""
    if sys.platform == "win32":
        return _windows_resolvers()
    addresses, search = parse_resolv_conf(_read_lines(RESOLV_CONF))
    if STUBS.intersection(addresses):
        behind, _ = parse_resolv_conf(_read_lines(BEHIND_STUB))
        addresses = tuple(dict.fromkeys(addresses + behind))
    return Sent(Resolvers(addresses=addresses, search=search))


def parse_resolv_conf(lines: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses of resolvers and the search list; the last `search` or `domain` counts."""
    addresses: list[str] = []
    search: tuple[str, ...] = ()
    for line in lines:
        words = line.split("#")[0].split(";")[0].split()
        match words:
            case ["nameserver", address, *_] if _is_address(address):
                addresses.append(address)
            case ["search" | "domain", *names]:
                search = tuple(clean(name, 255) for name in names[:MOST_SEARCH])
    return tuple(dict.fromkeys(addresses))[:MOST_RESOLVERS], search


def _windows_resolvers() -> Sent:
    from dns.resolver import NoResolverConfiguration, Resolver

    try:
        found = [str(address) for address in Resolver(configure=True).nameservers]
    except NoResolverConfiguration:
        found = []
    addresses = tuple(address for address in found if _is_address(address))[:MOST_RESOLVERS]
    return Sent(Resolvers(addresses=addresses))


def read_hosts_file(request: ReadHostsFile) -> Sent:
    """The addresses that hosts(5) gives the name, compared without case and final dot."""
    path = hosts_path()
    try:
        lines = _read_lines(path)
    except PermissionError:
        detail = f"{path} may not be read"
        return Sent(Failed(kind=FailureKind.NOT_OBSERVABLE, detail=detail))
    wanted = request.name.lower().removesuffix(".")
    found = []
    for line in lines:
        address, *names = line.split("#")[0].split() or [""]
        if wanted in (name.lower().removesuffix(".") for name in names) and _is_address(address):
            found.append(address)
    return Sent(HostsEntries(addresses=tuple(dict.fromkeys(found)), path=clean(str(path))))


def hosts_path() -> Path:
    """Where this platform keeps its hosts file."""
    if sys.platform == "win32":
        root = os.environ.get("SystemRoot", r"C:\Windows")  # noqa: SIM112 (so spelt there)
        return Path(root, "System32", "drivers", "etc", "hosts")
    return Path("/etc/hosts")


def read_proxies(request: ReadProxies) -> Sent:
    """What the environment says, in the way of curl(1) and Python: lower case goes first."""
    return Sent(Proxies(proxies=tuple(sorted(parse_proxies(os.environ).items()))))


def parse_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Scheme, or `no`, to proxy; user names and passwords are left out."""
    found = {}
    by_case = sorted(environment.items(), key=lambda item: item[0].islower())
    for name, value in by_case:
        scheme, separator, rest = name.lower().rpartition("_")
        if rest == "proxy" and separator and scheme and value:
            found[clean(scheme, 40)] = clean(_without_credentials(value), 1000)
    return found


def _without_credentials(url: str) -> str:
    before, separator, after = url.rpartition("@")
    scheme, marker, _ = before.partition("://")
    return (scheme + marker if marker else "") + after if separator else url


def _is_address(text: str) -> bool:
    """Whether `text` is an address; the zone behind an IPv6 one may hold anything."""
    if clean(text) != text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _read_lines(path: Path) -> list[str]:
    """The lines of a file that may be missing, bounded in number and length."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = iter(lambda: file.readline(LONGEST_LINE), "")
            return list(islice(lines, MOST_LINES))
    except FileNotFoundError:
        return []
