"""What routers tell beyond the header, and what forgers would have believed."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.outcomes import MplsLabel, RouterInterface
from netdiag.wire import extensions
from netdiag.wire.extensions import NOTHING, Told


def structure(*objects: bytes, version: int = 2, check: int | None = None) -> bytes:
    body = b"".join(objects)
    head = struct.pack("!BBH", version << 4, 0, 0)
    value = extensions.checksum(head + body) if check is None else check
    return head[:2] + value.to_bytes(2) + body


def told(kind: int, form: int, body: bytes) -> bytes:
    return struct.pack("!HBB", 4 + len(body), kind, form) + body


LABEL = told(1, 1, struct.pack("!I", 100 << 12 | 3 << 9 | 1 << 8 | 7))
READ = Told(labels=(MplsLabel(label=100, traffic_class=3, bottom=True, ttl=7),))


def test_a_label_stack_is_read() -> None:
    assert extensions.read(structure(LABEL)) == READ


def test_a_checksum_of_zero_means_none_was_computed() -> None:
    assert extensions.read(structure(LABEL, check=0)) == READ


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x20\0\0",
        structure(LABEL, version=1),
        structure(LABEL, check=0x1234),
        structure(told(9, 1, b"1234")),
        structure(told(1, 2, b"1234")),
    ],
)
def test_what_is_damaged_or_unknown_tells_nothing(data: bytes) -> None:
    assert extensions.read(data) == NOTHING


def test_objects_before_a_damaged_one_count() -> None:
    assert extensions.read(structure(LABEL, struct.pack("!HBB", 400, 1, 1))) == READ


@pytest.mark.parametrize(
    ("form", "body", "expected"),
    [
        (0x00, b"", RouterInterface(role="incoming")),
        (0x48, struct.pack("!I", 5), RouterInterface(role="incoming-sub-ip", number=5)),
        (
            0x84,
            b"\0\1\0\0\xc0\0\2\1",
            RouterInterface(role="outgoing", address="192.0.2.1"),
        ),
        (
            0xC4,
            b"\0\2\0\0" + bytes(15) + b"\1",
            RouterInterface(role="next-hop", address="::1"),
        ),
        (0x02, b"\4ab\x1b", RouterInterface(role="incoming", name="ab\\x1b")),
        (0x01, struct.pack("!I", 1500), RouterInterface(role="incoming", mtu=1500)),
    ],
)
def test_an_interface_is_read(form: int, body: bytes, expected: RouterInterface) -> None:
    assert extensions.read(structure(told(2, form, body))).interfaces == (expected,)


@pytest.mark.parametrize(
    ("form", "body"),
    [(0x08, b"12"), (0x04, b"\0\3\0\0\1\2\3\4"), (0x04, b"\0\1\0\0\1"), (0x02, b"\0"), (0x02, b"")],
)
def test_an_interface_that_is_cut_off_is_left_out(form: int, body: bytes) -> None:
    assert extensions.read(structure(told(2, form, body))) == NOTHING


def test_no_more_is_taken_than_a_router_has() -> None:
    found = extensions.read(structure(*[LABEL] * 40))
    assert len(found.labels) == extensions.MOST_LABELS


@given(st.binary(max_size=200))
def test_any_octets_are_survived(data: bytes) -> None:
    found = extensions.read(data)
    assert len(found.labels) <= extensions.MOST_LABELS
    assert len(found.interfaces) <= extensions.MOST_OBJECTS
    extensions.read(b"\x20\0\0\0" + data)
