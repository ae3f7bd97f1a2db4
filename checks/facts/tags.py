"""Records that are lists of tags: `v=DMARC1; p=none` (RFC 6376, section 3.2, and its followers)."""

from __future__ import annotations


def tags(record: str) -> dict[str, str]:
    """The tags by their lower-case names, with their values; of two of one name the last."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}
