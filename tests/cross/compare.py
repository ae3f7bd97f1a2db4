"""Who misses what another examiner says, and what of that is explained. Pure."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from reports.crosswalk import ZONEMASTER, zonemaster_tags
from tests.cross.examiners import DONE

Side = Literal["ours", "theirs"]
VERSION = "4.6.2"
"""Of Zonemaster's engine, as Debian has it: only what it knows can be missing there."""

TOLD = {"NOTICE", "WARNING", "ERROR", "CRITICAL"}
WHOSE = {"ours", "theirs", "severity", "scope"}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """`name` is missing on one side in a configuration."""

    missing: Side
    name: str
    configuration: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why `name` is missing on that side where the configuration fits `where`.

    It is a mistake of `ours` or `theirs`, a difference of `severity`, or of `scope`: what is looked
    at differs by intent. `name` and `where` are patterns.
    """

    missing: Side
    name: str
    whose: str
    reason: str
    where: str = ""

    def explains(self, one: Disagreement) -> bool:
        fits = re.fullmatch(self.name, one.name) and re.search(self.where, one.configuration)
        return self.missing == one.missing and bool(fits)


@cache
def verdicts() -> tuple[Verdict, ...]:
    text = Path(__file__).with_name("verdicts.toml").read_text()
    return tuple(Verdict(**entry) for entry in tomllib.loads(text)["verdict"])


@cache
def _shared() -> frozenset[str]:
    """The tags from NOTICE up that the compared version has."""
    fitting = (tag for tag in zonemaster_tags() if VERSION in tag.versions and tag.level in TOLD)
    return frozenset(ZONEMASTER + tag.name for tag in fitting)


def disagreements(run: Mapping[str, Any]) -> Iterator[Disagreement]:
    """All of one configuration; an examiner that has failed is left out."""
    ours = set(run["netdiag"]["says"])
    zonemaster, dnsviz = run["zonemaster"]["says"], run["dnsviz"]["says"]
    lacking: dict[Side, set[str]] = {"ours": set(), "theirs": set()}
    if DONE in zonemaster:
        told = {name for name, level in zonemaster.items() if level in TOLD}
        lacking["ours"] |= told - ours
        lacking["theirs"] |= (_shared() & ours) - set(zonemaster)
    if DONE in dnsviz:
        lacking["ours"] |= set(dnsviz) - {DONE} - ours
        lacking["theirs"] |= {n for n in ours if n.startswith("dnsviz:")} - set(dnsviz)
    for side, names in lacking.items():
        yield from (Disagreement(side, name, run["configuration"]) for name in sorted(names))


def blamed_without_fault(runs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What netdiag says of zones in which nothing is wrong."""
    for run in runs:
        said = sorted(name for name in run["netdiag"]["says"] if name.startswith("code:"))
        if not run["faults"]:
            yield f"{run['configuration']}: {', '.join(said)}"


def table(runs: Sequence[Mapping[str, Any]], known: Sequence[Verdict]) -> str:
    """The disagreements by name with their verdicts, then what no verdict explains."""
    explained: defaultdict[tuple[Side, str, Verdict], list[str]] = defaultdict(list)
    open_ones: defaultdict[tuple[Side, str], list[str]] = defaultdict(list)
    for run in runs:
        for one in disagreements(run):
            verdict = next((v for v in known if v.explains(one)), None)
            if verdict is None:
                open_ones[one.missing, one.name].append(one.configuration)
            else:
                explained[one.missing, one.name, verdict].append(one.configuration)
    lines = [f"{len(runs)} configurations", "", "explained"]
    for (missing, name, verdict), where in sorted(explained.items(), key=lambda kv: kv[0][:2]):
        lines.append(f"  {len(where):4} {missing:6} {name} ({verdict.whose}: {verdict.reason})")
    lines += ["", "not explained"]
    for (missing, name), where in sorted(open_ones.items()):
        lines.append(f"  {len(where):4} {missing:6} {name}")
        lines += [f"       {text}" for text in sorted(where, key=len)[:6]]
    return "\n".join(lines) + "\n"
