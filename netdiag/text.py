"""Text that came from the network or a file, made safe to show.

Control characters, escape sequences, bidirectional overrides, zero-width and private-use
characters can rewrite a terminal, hide in a page or forge a log line. `clean` turns each into a
visible `\\xNN` or `\\uNNNN`. It is idempotent, so the wire cleans what it decodes and a renderer
may clean again what a record file claims.
"""

from __future__ import annotations

import re

LIMIT = 4096
"""Longest text kept, in characters."""

_DANGEROUS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    "\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff"
    "\ue000-\uf8ff\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff]"
)
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED_MARKS = re.compile(f"({_MARK}{{3}}){_MARK}+")


def clean(text: str | bytes, limit: int = LIMIT) -> str:
    """Return `text` with everything that is not plainly visible escaped, cut to `limit`.

    Bytes are read as UTF-8; what is not UTF-8 is shown as `\\xNN`. A cut is marked with `…`.
    """
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "backslashreplace")
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return _STACKED_MARKS.sub(r"\1", _DANGEROUS.sub(_escape, cut))


def plain_json(text: str) -> str:
    """The same JSON document with all that is not plainly visible in its escaped form."""
    return _DANGEROUS.sub(_escape_json, text)


def _escape_json(match: re.Match[str]) -> str:
    """Line ends between JSON's tokens stay; within its strings they are escaped already."""
    if match[0] in "\n\r\t":
        return match[0]
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n : n + 2].hex()}" for n in range(0, len(units), 2))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
