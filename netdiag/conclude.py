"""From judgements to a record: the status, the summary, the boundary and the evidence of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from netdiag import __version__, record, reproduce
from netdiag.boundary import Boundary
from netdiag.budget import Budget
from netdiag.engine import Judgement, causes
from netdiag.guards.guard import Guard
from netdiag.lazy import dataclass
from netdiag.model import Area, Brief, Check, Explanation, Outcome, Severity
from netdiag.network import Observation
from netdiag.outcomes import Failed, FailureKind
from netdiag.record import Advice, FindingRecord, Record, Status, Vantage
from netdiag.suffixes import date_of_list

Ended = Literal["complete", "deadline", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The checks of a run and how their findings explain one another."""

    checks: tuple[Check[Any], ...]
    explanations: tuple[Explanation[Any, Any], ...]

    @property
    def words(self) -> list[str]:
        """All that `only` takes."""
        return sorted({name for check in self.checks for name in _names(check)})

    def only(
        self, words: Iterable[str], *, thorough: bool = False, besides: Iterable[str] = ()
    ) -> Catalogue:
        """The checks that a word names by area, id or code; all where there is no word.

        A thorough check is among them where `thorough` examining is asked for, where it is one of
        `besides`, or where a word names it itself. Raises `KeyError` with the first word that names
        nothing.
        """
        usual = {c.id for c in self.checks if thorough or not c.thorough} | set(besides)
        areas = {area.value for area in Area}
        names = {c.id: _names(c) for c in self.checks} if (words := tuple(words)) else {}
        chosen: set[str] = set()
        for word in words:
            named = {known for known, of in names.items() if word in of}
            if not named:
                raise KeyError(word)
            chosen |= named & usual if word in areas else named
        chosen = chosen or usual
        checks = tuple(c for c in self.checks if c.id in chosen)
        return Catalogue(checks=checks, explanations=self.explanations)

    def without(self, ids: Iterable[str]) -> Catalogue:
        """All but these checks."""
        left_out = set(ids)
        checks = tuple(c for c in self.checks if c.id not in left_out)
        return Catalogue(checks=checks, explanations=self.explanations)

    def within(self, area: Area) -> Catalogue:
        """The checks of one area."""
        checks = tuple(c for c in self.checks if c.area is area)
        return Catalogue(checks=checks, explanations=self.explanations)


def _names(check: Check[Any]) -> set[str]:
    areas = {check.area.value} | {kind.area.value for kind in check.finds}
    return areas | {check.id} | {kind.code for kind in check.finds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a record says of its run besides what was seen. `timeout` is in seconds."""

    brief: Brief
    vantage: Vantage
    timeout: float
    guards: tuple[Guard, ...] = ()
    budget: Budget | None = None


def conclude(
    run: Run,
    catalogue: Catalogue,
    judgements: Sequence[Judgement],
    transcript: tuple[Observation, ...],
    boundary: Boundary,
    finished: datetime,
) -> Record:
    """The record of a run."""
    seen: dict[int, Observation] = {o.id: o for o in transcript}
    references = {check.id: check.references for check in catalogue.checks}
    findings = tuple(_finding(j, boundary, seen, references) for j in judgements)
    by_id = {f.id: f for f in findings}
    roots = tuple(by_id[j.id] for j in causes(judgements))
    ended = _ended(transcript)
    status = status_of(findings, roots)
    return Record(
        format="netdiag-record",
        version=1,
        tool=record.Tool(name="netdiag", version=__version__, public_suffixes=date_of_list()),
        target=run.brief.target,
        vantage=run.vantage,
        guards=run.guards,
        budget=record.spending_in(transcript, run.budget) if run.budget else None,
        settings=record.settings_of(run.brief, references, run.timeout),
        started=run.brief.started,
        finished=finished,
        ended=ended,
        status=status,
        summary=summary_of(run.brief.target.display, status, roots, ended),
        causes=roots,
        findings=findings,
        boundary=record.BoundaryWords(
            desk=boundary.desk, wording=boundary.wording, owners=boundary.owners
        ),
        sent=record.sent_in(transcript),
        transcript=transcript,
    )


def status_of(findings: Iterable[FindingRecord], roots: Iterable[FindingRecord]) -> Status:
    """The status of a run, worst first.

    A crash of our own outranks a warning, because it may hide something critical. Something that
    matters and stayed undetermined outranks *ok*, as does having established nothing.
    """
    worst = {cause.severity for cause in roots}
    outcomes = {f.outcome for f in findings}
    undetermined = any(
        f.outcome is Outcome.INCONCLUSIVE
        and f.severity is not Severity.NOTICE
        and not f.explained_by
        for f in findings
    )
    if Severity.CRITICAL in worst:
        return "critical"
    if Outcome.CRASHED in outcomes:
        return "unknown"
    if Severity.WARNING in worst:
        return "warning"
    if undetermined or Outcome.OK not in outcomes:
        return "unknown"
    return "ok"


def summary_of(display: str, status: Status, roots: Sequence[FindingRecord], ended: Ended) -> str:
    """One sentence that a customer understands."""
    if roots and roots[0].severity is not Severity.NOTICE:
        effect = {"critical": "has a fault", "warning": "works, but has a weak point"}
        return f"{display} {effect.get(status, 'was not fully checked')}: {roots[0].message}."
    if status == "ok":
        return f"{display} is fine: nothing wrong was found on the way to it."
    why = {
        "complete": "what was seen does not decide it",
        "deadline": "the time for this run was up before everything was answered",
        "interrupted": "the run was interrupted",
    }
    return f"Whether {display} is fine could not be determined: {why[ended]}."


def _ended(transcript: Iterable[Observation]) -> Ended:
    kinds = {o.outcome.kind for o in transcript if isinstance(o.outcome, Failed)}
    if FailureKind.INTERRUPTED in kinds:
        return "interrupted"
    return "deadline" if FailureKind.DEADLINE in kinds else "complete"


def _finding(
    judgement: Judgement,
    boundary: Boundary,
    seen: Mapping[int, Observation],
    references: Mapping[str, tuple[str, ...]],
) -> FindingRecord:
    finding = judgement.finding
    asks_action = finding.outcome is Outcome.PROBLEM
    evidence = [seen[number] for number in finding.evidence if number in seen]
    return FindingRecord(
        id=judgement.id,
        check=judgement.check,
        code=finding.code,
        outcome=finding.outcome,
        severity=finding.severity,
        subject=finding.subject,
        message=finding.message,
        area=finding.area,
        owner=finding.owner,
        support=boundary.support_for(finding),
        evidence=tuple(finding.evidence),
        explained_by=judgement.explained_by,
        explains=judgement.explains,
        advice=Advice(agent=finding.for_agent, customer=finding.for_customer),
        reproduce=reproduce.commands(evidence) if asks_action else (),
        references=references[judgement.check] if asks_action else (),
        equivalents=finding.equivalents,
    )
