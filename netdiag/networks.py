"""A table of prefixes and the networks that announce them: lines `prefix,asn,name`.

Comma or tab separate; the AS number may begin with AS; `#` begins a comment line.
"""

from __future__ import annotations

import csv
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from netdiag.text import clean
from netdiag.tomlfile import BadFileError

MOST_PREFIXES = 4_000_000
"""More than the global routing tables of both families have."""

_LONGEST_LINE = 1000
_Prefix: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Announced:
    """A prefix, the number of the AS that announces it, and that network's name."""

    prefix: str
    asn: int
    name: str


@dataclass(slots=True)
class Table:
    """Longest-prefix match over what was loaded: one dictionary for each family and length."""

    _by_length: dict[tuple[int, int], dict[int, tuple[int, str]]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Table:
        """Read the table at `path`. Raises `BadFileError` naming file, line and reason."""
        try:
            with path.open(encoding="utf-8", newline="") as file:
                return cls.read(file, str(path))
        except OSError as error:
            raise BadFileError(f"{path}: cannot be read ({error.strerror})") from None
        except UnicodeDecodeError as error:
            raise BadFileError(f"{path}: not UTF-8 text (octet {error.start})") from None

    @classmethod
    def read(cls, lines: Iterable[str], name: str) -> Table:
        """Read `lines`; `name` is the file's name for messages. Raises `BadFileError`."""
        table = cls()
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            if number > MOST_PREFIXES:
                raise BadFileError(f"{name}: more than {MOST_PREFIXES} lines")
            try:
                prefix, asn, network = _entry(text)
            except ValueError:
                reason = f"{text[:60]!r} is not prefix,asn,name like 192.0.2.0/24,64496,Example"
                raise BadFileError(f"{name}:{number}: {reason}") from None
            table.add(prefix, asn, network)
        return table

    def add(self, prefix: _Prefix, asn: int, name: str) -> None:
        same = self._by_length.setdefault((prefix.version, prefix.prefixlen), {})
        same[int(prefix.network_address)] = (asn, name)

    def find(self, address: str) -> Announced | None:
        """The longest prefix that holds `address`."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        for length in range(ip.max_prefixlen, -1, -1):
            same = self._by_length.get((ip.version, length))
            if not same:
                continue
            network = int(ip) >> ip.max_prefixlen - length << ip.max_prefixlen - length
            if found := same.get(network):
                base = ipaddress.ip_address(network.to_bytes(ip.max_prefixlen // 8))
                return Announced(f"{base}/{length}", *found)
        return None


def _entry(text: str) -> tuple[_Prefix, int, str]:
    """Raises ValueError."""
    if len(text) > _LONGEST_LINE:
        raise ValueError(text)
    cells = next(csv.reader([text], delimiter="\t" if "\t" in text else ","))
    prefix, asn, *rest = (cell.strip() for cell in cells)
    number = int(asn.upper().removeprefix("AS"))
    if not 0 <= number <= 0xFFFFFFFF:
        raise ValueError(asn)
    return ipaddress.ip_network(prefix), number, clean(rest[0] if rest else "", 60)
