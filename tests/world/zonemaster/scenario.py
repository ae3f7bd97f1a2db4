"""A simulated tree with what Zonemaster's test cases say of it, and what netdiag says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from checks.catalogue import CATALOGUE
from netdiag.engine import diagnose
from netdiag.model import Brief, Outcome, RootServer
from netdiag.target import Target
from reports.crosswalk import ZONEMASTER
from tests.world.tree import APEX, HEALTHY, ROOT4, ROOT6, Tree

ROOTS = (RootServer("a.root.", ROOT4), RootServer("a.root.", ROOT6))
LEVELS = ("CRITICAL", "ERROR", "WARNING", "NOTICE")
"""From which on every tag of a case must have its scenario."""

Cases = Mapping[str, frozenset[str]]


def cases(**tags: str) -> Cases:
    """The tags of each test case, given as words."""
    return {case: frozenset(words.split()) for case, words in tags.items()}


def brief(name: str = APEX, **fields: object) -> Brief:
    """A full examination of a zone, whose name may be one that the command line refuses."""
    host = name.removesuffix(".")
    return Brief(
        target=Target(input=host, host=host, display=host),
        depth="thorough",
        purpose="zone",
        root_servers=ROOTS,
        **fields,  # type: ignore[arg-type]
    )


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`says` has, for each test case that the scenario is about, all of its tags that hold."""

    title: str
    says: Cases
    tree: Tree = HEALTHY
    brief: Brief = field(default_factory=brief)

    def __str__(self) -> str:
        return f"{'-'.join(self.says)}: {self.title}"


def scenario(title: str, tree: Tree = HEALTHY, about: Brief | None = None, **says: str) -> Scenario:
    """A scenario with its tags given as words."""
    return Scenario(title=title, tree=tree, says=cases(**says), brief=about or brief())


def said(one: Scenario, tags: Cases) -> Cases:
    """The tags of each test case of a scenario that netdiag's findings carry."""
    wanted = {case: tags[case] for case in one.says}
    carried = _carried(one, frozenset().union(*wanted.values()))
    return {case: carried & own for case, own in wanted.items()}


def _carried(one: Scenario, tags: Iterable[str]) -> frozenset[str]:
    """What the findings of the checks that know these tags carry; none of them may crash."""
    network = one.tree.network(one.brief.target.name if one.brief.own_zone else None)
    judged = asyncio.run(
        diagnose(one.brief, _checks(frozenset(tags)), CATALOGUE.explanations, network)
    )
    crashed = [j.finding.message for j in judged if j.finding.outcome is Outcome.CRASHED]
    assert not crashed, crashed
    names = {name for j in judged for name in j.finding.equivalents}
    return frozenset(n.removeprefix(ZONEMASTER) for n in names if n.startswith(ZONEMASTER))


@cache
def _checks(tags: frozenset[str]):  # type: ignore[no-untyped-def]
    names = {ZONEMASTER + tag for tag in tags}
    return tuple(
        check
        for check in CATALOGUE.checks
        if any(names & set(kind.known_as) for kind in check.finds)
    )
