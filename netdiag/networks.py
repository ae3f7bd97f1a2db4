"""Which network an address is in: by a table, a MaxMind-format file, or Team Cymru's DNS service.

A table has lines `prefix,asn,name`: comma or tab separate, the AS number may begin with AS, `#`
begins a comment line. A MaxMind-format file (name ending in .mmdb) has records with an AS number,
as GeoLite2-ASN, DB-IP and IPinfo give them. What the service is asked and answers is here, not
the asking.
"""

from __future__ import annotations

import csv
import io
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from netdiag.lazy import dataclass
from netdiag.text import clean
from netdiag.tomlfile import BadFileError

if TYPE_CHECKING:
    from maxminddb.reader import Reader

MOST_PREFIXES = 4_000_000
"""More than the global routing tables of both families have."""

MOST_OCTETS = 1 << 28
"""Of a MaxMind-format file: those of all networks have some 10 MB, with more told of each 50."""

_LONGEST_LINE = 1000
_NUMBERS = ("autonomous_system_number", "asn")
_NAMES = ("autonomous_system_organization", "as_name", "name", "organization")
_ORIGIN = {4: "origin.asn.cymru.com.", 6: "origin6.asn.cymru.com."}
_Prefix: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Announced:
    """A prefix, the number of the AS that announces it, and that network's name."""

    prefix: str
    asn: int
    name: str


class Lookup(Protocol):
    """What finds the network of an address."""

    def find(self, address: str) -> Announced | None: ...


def load(path: Path) -> Lookup:
    """The table or MaxMind-format file at `path`. Raises `BadFileError`."""
    return Database.load(path) if path.suffix == ".mmdb" else Table.load(path)


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


@dataclass(frozen=True, slots=True)
class Database:
    """A MaxMind-format file, held in memory and read by its tree.

    The reader is the one in Python, which bounds what one record may unfold to; a record that is
    broken is one that is not there.
    """

    _reader: Reader

    @classmethod
    def load(cls, path: Path) -> Database:
        """Raises `BadFileError`."""
        try:
            with path.open("rb") as file:
                data = file.read(MOST_OCTETS + 1)
        except OSError as error:
            raise BadFileError(f"{path}: cannot be read ({error.strerror})") from None
        if len(data) > MOST_OCTETS:
            raise BadFileError(f"{path}: larger than {MOST_OCTETS} octets")
        return cls.read(data, str(path))

    @classmethod
    def read(cls, data: bytes, name: str) -> Database:
        """Raises `BadFileError`; `name` is the file's name for messages."""
        from maxminddb import MODE_FD, InvalidDatabaseError
        from maxminddb.reader import Reader

        try:
            return cls(Reader(io.BytesIO(data), MODE_FD))
        except (InvalidDatabaseError, *_BROKEN):
            raise BadFileError(f"{name}: not a sound MaxMind-format file") from None

    def find(self, address: str) -> Announced | None:
        """The network that the file has for `address`."""
        from maxminddb import InvalidDatabaseError

        ip = ipaddress.ip_address(address.partition("%")[0])
        try:
            record, length = self._reader.get_with_prefix_len(ip)
        except (InvalidDatabaseError, *_BROKEN):
            return None
        if not isinstance(record, dict) or not 0 <= length <= ip.max_prefixlen:
            return None
        asn = next((_number(record[key]) for key in _NUMBERS if key in record), None)
        if asn is None:
            return None
        name = next((record[key] for key in _NAMES if isinstance(record.get(key), str)), "")
        prefix = ipaddress.ip_network((ip, length), strict=False)
        return Announced(str(prefix), asn, clean(str(name), 60))


_BROKEN = (ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""What the reader raises besides its own error for files that are broken on purpose."""


def _number(value: object) -> int | None:
    if isinstance(value, str):
        text = value[:12].upper().removeprefix("AS")
        value = int(text) if text.isascii() and text.isdigit() else None
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 0xFFFFFFFF
    return value if known and isinstance(value, int) else None


def origin_question(address: str) -> str:
    """The name at which the service has the origin of `address`, as a TXT record."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    labels = ip.reverse_pointer.rsplit(".", 2)[0]
    return f"{labels}.{_ORIGIN[ip.version]}"


def name_question(asn: int) -> str:
    """The name at which the service has the name of an AS, as a TXT record."""
    return f"as{asn}.asn.cymru.com."


def origin_told(texts: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """The longest announced prefix in the answers, and the ASes that announce it.

    One answer is `"64496 64497 | 192.0.2.0/24 | NL | ripencc | 2001-01-01"`.
    """
    found: list[tuple[int, str, tuple[int, ...]]] = []
    for text in texts[:_MOST_ANSWERS]:
        numbers, prefix, *_ = (*_fields(text), "", "")
        known = tuple(n for n in map(_number, numbers.split()[:_MOST_ANSWERS]) if n is not None)
        try:
            network = ipaddress.ip_network(prefix)
        except ValueError:
            continue
        if known:
            found.append((network.prefixlen, str(network), known))
    _, best, asns = max(found, default=(0, "", ()))
    return best, asns


def name_told(texts: Sequence[str]) -> str:
    """The name in the first answer: `"64496 | NL | ripencc | 2001-01-01 | EXAMPLE Example, NL"`."""
    told = _fields(texts[0]) if texts else []
    return clean(told[-1], 60) if len(told) > 1 else ""


_MOST_ANSWERS = 8


def _fields(text: str) -> list[str]:
    return [part.strip() for part in text.strip('"').split("|")]


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
