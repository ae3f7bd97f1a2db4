"""Run checks, then explain their findings. Knows no check by name.

The order of findings, their ids and their wording depend on the transcript alone, never on which
check happened to end first.
"""

from __future__ import annotations

import asyncio
import traceback
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from netdiag.lazy import dataclass
from netdiag.model import Brief, Check, Crashed, Explanation, Finding, Outcome, Severity
from netdiag.network import Asker

_OUTCOMES = [Outcome.PROBLEM, Outcome.CRASHED, Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.OK]
_SEVERITIES = list(Severity)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding with its id in the report, the check it came from, and its explanations."""

    id: str
    check: str
    finding: Finding
    explained_by: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()


async def diagnose(
    brief: Brief,
    checks: Sequence[Check[Any]],
    explanations: Iterable[Explanation[Any, Any]],
    net: Asker,
) -> tuple[Judgement, ...]:
    """All judgements of a run, causes first."""
    found = await asyncio.gather(*(_run(check, brief, net) for check in checks))
    pairs = [
        (check, finding)
        for check, findings in zip(checks, found, strict=True)
        for finding in dict.fromkeys(findings)
    ]
    links = _link([finding for _, finding in pairs], explanations)
    return _numbered(pairs, links, [check.id for check in checks])


def causes(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """The problems that nothing explains, most important first."""
    return tuple(
        j for j in judgements if j.finding.outcome is Outcome.PROBLEM and not j.explained_by
    )


async def _run(check: Check[Any], brief: Brief, net: Asker) -> list[Finding]:
    try:
        return list(check.judge(await check.gather(net, brief)))
    except Exception as error:  # a check's bug must not spoil the others
        return [Crashed(subject=check.id, error=_where(error))]


def _where(error: Exception) -> str:
    """The error and the line that raised it, without paths of this machine."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
    return f"{type(error).__name__}: {error} (at {place})"


def _link(
    findings: Sequence[Finding], explanations: Iterable[Explanation[Any, Any]]
) -> set[tuple[int, int]]:
    """Pairs (cause, symptom) of positions. Hides nothing; drops nothing."""
    places: dict[type[Finding], list[int]] = defaultdict(list)
    for place, finding in enumerate(findings):
        places[type(finding)].append(place)
    return {
        (i, j)
        for rule in explanations
        for i in places.get(rule.cause, ())
        for j in places.get(rule.symptom, ())
        if rule.when(findings[i], findings[j])
    }


def _numbered(
    pairs: Sequence[tuple[Check[Any], Finding]],
    links: set[tuple[int, int]],
    order: Sequence[str],
) -> tuple[Judgement, ...]:
    symptoms = {j for _, j in links}

    def importance(i: int) -> tuple[Any, ...]:
        check, finding = pairs[i]
        return (
            _OUTCOMES.index(finding.outcome),
            i in symptoms,
            _SEVERITIES.index(finding.severity),
            order.index(check.id),
            finding.code,
            finding.subject,
            finding.message,
        )

    ranked = sorted(range(len(pairs)), key=importance)
    ids = {position: f"F{n}" for n, position in enumerate(ranked, 1)}
    return tuple(
        Judgement(
            id=ids[i],
            check=pairs[i][0].id,
            finding=pairs[i][1],
            explained_by=tuple(ids[c] for c in ranked if (c, i) in links),
            explains=tuple(ids[s] for s in ranked if (i, s) in links),
        )
        for i in ranked
    )
