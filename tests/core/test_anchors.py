"""Trust anchors built in and read from files."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.anchors import ROOT_ANCHORS, BadAnchorsError, parse_anchors
from netdiag.model import TrustAnchor

DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
FILE = f"""\
; made by a signer
. IN DS 20326 8 2 {DIGEST[:40]} {DIGEST[40:]} ; KSK-2017
Example. 3600 IN DNSKEY 257 3 13 (
        mdsswUyr3DPW132mOi8V9xESWE8jTo0d ; first half
        xCjjnopKl+GqJxpVXckHAeF+KkxLbxIL )
"""


def test_the_keys_of_the_root_are_built_in() -> None:
    tags = {anchor.data.split()[0]: anchor.since for anchor in ROOT_ANCHORS}

    assert set(tags) == {"20326", "38696"}
    assert tags["38696"] == datetime(2024, 7, 18, tzinfo=UTC)
    assert parse_anchors(f". DS 20326 8 2 {DIGEST}")[0].data == ROOT_ANCHORS[0].data


def test_a_file_is_read_as_resolvers_and_signers_write_it() -> None:
    key = "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxIL"

    assert parse_anchors(FILE) == (
        TrustAnchor(zone=".", rtype="DS", data=f"20326 8 2 {DIGEST.lower()}"),
        TrustAnchor(zone="example.", rtype="DNSKEY", data=f"257 3 13 {key}"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("; nothing\n", "no DS or DNSKEY record"),
        (". IN A 192.0.2.1\n", "line 1: not a record"),
        (".\n", "line 1: not a record"),
        ("\n. IN DS 99999 8 2 ab\n", "line 2: a number"),
        (f". IN DS {'9' * 5000} 8 2 ab\n", "line 1: a number"),
        (". IN DS x 8 2 ab\n", "line 1: a number"),
        (". IN DS 1 8 2 xyz\n", "no digest in hex"),
        (". IN DNSKEY 257 3 13 !!\n", "no key in Base 64"),
        (". IN DNSKEY 0 3 13 AAAA\n", "not the key of a zone"),
        (". IN DNSKEY 257 3 13 ( AAAA\n", "never closed"),
        ("".join(f". DS {n} 8 2 ab\n" for n in range(65)), "more than 64"),
    ],
)
def test_what_is_no_anchor_is_refused_with_its_line(text: str, words: str) -> None:
    with pytest.raises(BadAnchorsError, match=words):
        parse_anchors(text)


@given(st.text(alphabet=". INDSKEY0123456789abcdef();\n", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadAnchorsError):
        assert parse_anchors(text)
