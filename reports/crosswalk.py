"""What netdiag says and what Zonemaster and DNSViz call the same, both ways, gaps included.

The tags of Zonemaster are the data file beside this module, whose head names its source and
versions; a tag without a counterpart has the first reason in `REASONS` whose pattern fits it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from netdiag.lazy import dataclass
from netdiag.model import Check

ZONEMASTER = "zonemaster:"

REASONS: Sequence[tuple[str, str]] = (
    (r"DOMAIN_NAME_\w+", "such a name is refused before"),
    (
        r"B01_ROOT_HAS_NO_PARENT|Z09_ROOT_EMAIL_DOMAIN|UPWARD_REFERRAL_IRRELEVANT",
        "said of the root, which is no target of netdiag's",
    ),
    (
        r"NAMESERVER_NO_(TCP|UDP)_53|HAS_NAMESERVER\w*|NS_FAILED|(HAS|NO)_PARENT|NO_GLUE_\w+"
        r"|QUERY_DROPPED|INVALID_NAME_RCODE",
        "replaced in Zonemaster 8",
    ),
)
"""Why a tag has no counterpart: the whole tag as a pattern, and the reason."""

CONDITIONS: Sequence[tuple[str, str]] = (
    (
        r"(CN04|EMPTY_ASN|ERROR_ASN|IPV[46]_(ONE|SAME|DIFFERENT)_ASN)\w*",
        "where the configuration names a source of networks",
    ),
)
"""What it takes for a tag to be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One message tag of Zonemaster. `versions` are those of its engine that have it."""

    name: str
    level: str
    module: str
    versions: tuple[str, ...]


@cache
def zonemaster_tags() -> tuple[Tag, ...]:
    """All tags of the data file, in its order."""
    text = resources.files("reports").joinpath("zonemaster-tags.txt").read_text("utf-8")
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(
        Tag(name=name, level=level, module=module, versions=tuple(versions.split(",")))
        for name, level, module, versions in rows
    )


def ours(checks: Iterable[Check[Any]]) -> dict[str, tuple[str, ...]]:
    """Each code that has equivalents, with all of them."""
    kinds = {kind.code: kind.known_as for check in checks for kind in check.finds}
    return {code: names for code, names in sorted(kinds.items()) if names}


def theirs(codes: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Each equivalent with the codes that say it."""
    found: dict[str, list[str]] = defaultdict(list)
    for code, names in codes.items():
        for name in names:
            found[name].append(code)
    return {name: tuple(found[name]) for name in sorted(found)}


def reason(tag: str) -> str:
    """Why a tag that no finding carries has no counterpart."""
    return next(why for pattern, why in REASONS if re.fullmatch(pattern, tag))


def table(checks: Iterable[Check[Any]]) -> str:
    """Both ways as text, with a newline at its end."""
    codes = ours(checks)
    others = theirs(codes)
    tags = zonemaster_tags()
    lines = ["netdiag -> zonemaster, dnsviz", ""]
    lines += [f"{code}: {', '.join(names)}" for code, names in codes.items()]
    lines += ["", "zonemaster, dnsviz -> netdiag", ""]
    lines += [_line(tag, others.get(ZONEMASTER + tag.name, ())) for tag in tags]
    named = [name for name in others if not name.startswith(ZONEMASTER)]
    lines += [f"{name}: {', '.join(others[name])}" for name in named]
    held = sum(ZONEMASTER + tag.name in others for tag in tags)
    lines += ["", f"{held} of {len(tags)} Zonemaster tags have a counterpart."]
    return "\n".join(lines) + "\n"


def _line(tag: Tag, codes: Sequence[str]) -> str:
    said = ", ".join(codes) or f"no counterpart: {reason(tag.name)}"
    said += "".join(f", {when}" for pattern, when in CONDITIONS if re.fullmatch(pattern, tag.name))
    return f"{ZONEMASTER}{tag.name} ({tag.level}; {', '.join(tag.versions)}): {said}"
