import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.text import clean

HOSTILE = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]8;;http://x\x1b\\link",
    "\x9b31m",
    "a\rb",
    "a\bb",
    "line\nforged",
    "\u202eevil",
    "zero\u200bwidth",
    "\u2028",
    "nul\x00",
    "\U000e0041",
    "e" + "\u0301" * 50,
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_nothing_active_survives(text: str) -> None:
    cleaned = clean(text)

    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp", "Co"} for c in cleaned)
    assert sum(unicodedata.combining(c) > 0 for c in cleaned) <= 3


def test_no_control_format_or_private_character_survives() -> None:
    every = "".join(chr(code) for code in range(0x110000))
    cleaned = clean(every, limit=len(every))

    kinds = {unicodedata.category(c) for c in cleaned}
    assert kinds.isdisjoint({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def test_what_is_visible_stays_as_it_is() -> None:
    assert clean("bücher.example → 日本語 (ok)") == "bücher.example → 日本語 (ok)"


def test_octets_that_are_no_utf8_are_shown() -> None:
    assert clean(b"ok \xff\x1b") == "ok \\xff\\x1b"


@given(st.text() | st.binary())
def test_cleaning_again_changes_nothing(text: str | bytes) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text() | st.binary(), st.integers(min_value=1, max_value=50))
def test_the_length_is_bounded(text: str | bytes, limit: int) -> None:
    assert len(clean(text, limit)) <= 10 * limit
