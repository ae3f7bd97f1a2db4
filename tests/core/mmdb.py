"""A writer of MaxMind-format files (format 2.0), as far as files of networks need it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, TypeAlias

MARK = b"\xab\xcd\xefMaxMind.com"
Value: TypeAlias = str | int | Mapping[str, Any] | list[Any]


def packed(value: Value) -> bytes:
    """`value` as the data section has it."""
    match value:
        case str():
            data = value.encode()
            return _head(2, len(data)) + data
        case int():
            data = value.to_bytes(max((value.bit_length() + 7) // 8, 0), "big")
            return _head(6, len(data)) + data
        case list():
            return _head(11, len(value)) + b"".join(map(packed, value))
        case _:
            inner = b"".join(packed(key) + packed(one) for key, one in value.items())
            return _head(7, len(value)) + inner


def _head(kind: int, size: int) -> bytes:
    assert size < 285
    first, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([(kind << 5 if kind < 8 else 0) | first, *([kind - 7] if kind > 7 else [])]) + more


def database(networks: Mapping[str, Value], **metadata: Value) -> bytes:
    """A file with a tree of both families and a record for each network."""
    tree: list[list[int | None]] = [[None, None]]
    data = b""
    offsets: list[int] = []
    for prefix, value in networks.items():
        network = ipaddress.ip_network(prefix)
        length = network.prefixlen + (96 if network.version == 4 else 0)
        bits = f"{int(network.network_address):0128b}"[:length]
        node = 0
        for bit in bits[:-1]:
            below = tree[node][int(bit)]
            if below is None:
                tree.append([None, None])
                below = tree[node][int(bit)] = len(tree) - 1
            node = below
        tree[node][int(bits[-1])] = -1 - len(offsets)
        offsets.append(len(data))
        data += packed(value)
    count = len(tree)

    def record(below: int | None) -> bytes:
        if below is None:
            number = count
        else:
            number = below if below >= 0 else count + 16 + offsets[-1 - below]
        return number.to_bytes(3, "big")

    nodes = b"".join(record(left) + record(right) for left, right in tree)
    told: dict[str, Value] = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1_700_000_000,
        "database_type": "Test-ASN",
        "description": {"en": "networks of a test"},
        "ip_version": 6,
        "languages": ["en"],
        "node_count": count,
        "record_size": 24,
    }
    return nodes + bytes(16) + data + MARK + packed(told | metadata)
