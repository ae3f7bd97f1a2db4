"""Quoted packets against sent ones."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.outcomes import Quote
from netdiag.wire import crafting, quotes

ENDS = {4: ("192.0.2.1", "198.51.100.1"), 6: ("2001:db8::1", "2001:db8:1::1")}
PORTS = (40000, 443)
PAYLOAD = b"nd" + (777).to_bytes(2) + bytes(28)


def udp(family: int, ttl: int = 5, ends: tuple[str, str] | None = None) -> bytes:
    chosen = ends or ENDS[family]
    return crafting.udp(chosen, PORTS, ttl=ttl, number=777, payload=PAYLOAD)


def syn(family: int, ttl: int = 5) -> bytes:
    return crafting.tcp_syn(ENDS[family], PORTS, ttl=ttl, number=777)


FAMILIES = pytest.mark.parametrize("family", [4, 6])
CRAFTED = pytest.mark.parametrize("crafted", [udp, syn])


@FAMILIES
@CRAFTED
def test_a_packet_that_only_aged_is_unchanged(
    family: int, crafted: Callable[[int, int], bytes]
) -> None:
    assert quotes.compare(crafted(family, 5), crafted(family, 1)) == Quote(ttl=1, tos=0)


@FAMILIES
@CRAFTED
def test_the_number_is_found_again(family: int, crafted: Callable[[int, int], bytes]) -> None:
    assert quotes.number(crafted(family, 5)) == 777


def test_a_translated_source_shows_with_its_checksum() -> None:
    seen = udp(4, ends=("203.0.113.9", ENDS[4][1]))
    found = quotes.compare(udp(4), seen)
    assert found
    assert found.changed == ("source", "checksum")


@FAMILIES
def test_a_clamped_segment_size_shows(family: int) -> None:
    seen = syn(family).replace((1460).to_bytes(2), (1200).to_bytes(2))
    found = quotes.compare(syn(family), seen)
    assert found
    assert found.changed == ("mss",)


@FAMILIES
@pytest.mark.parametrize("beyond", range(8))
def test_a_short_quote_is_compared_as_far_as_it_goes(family: int, beyond: int) -> None:
    short = udp(family)[: {4: 20, 6: 40}[family] + beyond]
    assert quotes.compare(udp(family), short) == Quote(ttl=5, tos=0)


@given(st.binary(max_size=120))
def test_any_octets_are_survived(data: bytes) -> None:
    quotes.compare(udp(4), data)
    quotes.number(data)
    quotes.compare(udp(4), b"\x45" + data)
    quotes.number(b"\x60" + data)


def test_crafting_leaves_no_trace_on_the_machine(tmp_path: Path) -> None:
    """A fresh interpreter that crafts makes no folder and asks the kernel for nothing."""
    program = (
        "import sys\n"
        "seen = []\n"
        "def hook(event, arguments):\n"
        "    if event in {'socket.__new__', 'subprocess.Popen'}: seen.append(event)\n"
        "    if event == 'open' and arguments[2] & 3: seen.append(arguments[0])\n"
        "sys.addaudithook(hook)\n"
        "from netdiag.wire import crafting\n"
        "packet = crafting.tcp_syn(('192.0.2.1', '192.0.2.2'), (1, 2), ttl=3, number=4)\n"
        "print(len(packet), seen)\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "44 []\n"
    assert list(tmp_path.iterdir()) == []
