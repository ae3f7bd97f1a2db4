"""The engine with checks made for the purpose: order, folding, and crashes that spoil nothing."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from netdiag.engine import Judgement, causes, diagnose
from netdiag.model import (
    Area,
    Brief,
    Check,
    Crashed,
    Explanation,
    Finding,
    Outcome,
    Severity,
)
from netdiag.network import Asker, ObservationId, Recorded
from netdiag.target import parse

BRIEF = Brief(target=parse("www.example.org"))


@dataclass(frozen=True, kw_only=True)
class Broken(Finding):
    code: ClassVar[str] = "broken"
    outcome: ClassVar[Outcome] = Outcome.PROBLEM
    area: ClassVar[Area] = Area.DNS
    usual_severity: ClassVar[Severity] = Severity.CRITICAL

    @property
    def message(self) -> str:
        return f"{self.subject} is broken"


@dataclass(frozen=True, kw_only=True)
class Hurt(Broken):
    code: ClassVar[str] = "hurt"
    usual_severity: ClassVar[Severity] = Severity.WARNING


@dataclass(frozen=True, kw_only=True)
class Fine(Broken):
    code: ClassVar[str] = "fine"
    outcome: ClassVar[Outcome] = Outcome.OK


def check(name: str, *findings: Finding, slow: float = 0.0) -> Check[Any]:
    async def gather(net: Asker, brief: Brief) -> None:
        await asyncio.sleep(slow)

    def judge(facts: None) -> Iterable[Finding]:
        return findings

    return Check(
        id=name,
        title=name,
        area=Area.DNS,
        since="0.1",
        gather=gather,
        judge=judge,
        finds=(Broken, Hurt, Fine),
        doc="",
    )


def of(kind: type[Finding], subject: str) -> Finding:
    return kind(subject=subject, evidence=(ObservationId(1),))


def run(
    *checks: Check[Any], explanations: Iterable[Explanation[Any, Any]] = ()
) -> tuple[Judgement, ...]:
    return asyncio.run(diagnose(BRIEF, checks, explanations, Recorded(())))


def test_causes_come_first_and_the_worst_of_them_on_top() -> None:
    judgements = run(check("a", of(Fine, "x"), of(Hurt, "y")), check("b", of(Broken, "z")))

    assert [j.finding.code for j in judgements] == ["broken", "hurt", "fine"]
    assert [j.id for j in judgements] == ["F1", "F2", "F3"]
    assert [j.check for j in judgements] == ["b", "a", "a"]


def test_the_order_does_not_depend_on_which_check_ends_first() -> None:
    slow_first = run(check("a", of(Hurt, "x"), slow=0.02), check("b", of(Hurt, "y")))
    slow_last = run(check("a", of(Hurt, "x")), check("b", of(Hurt, "y"), slow=0.02))

    assert slow_first == slow_last


def test_a_symptom_folds_under_every_cause_that_accounts_for_it() -> None:
    same = Explanation(Broken, Hurt, lambda cause, symptom: cause.subject != symptom.subject)
    findings = (of(Broken, "x"), of(Broken, "y"), of(Hurt, "z"), of(Hurt, "x"))

    judgements = run(check("a", *findings), explanations=[same])

    by_id = {j.id: j for j in judgements}
    roots = causes(judgements)
    assert [(j.finding.code, j.finding.subject) for j in roots] == [
        ("broken", "x"),
        ("broken", "y"),
    ]
    assert len(judgements) == 4
    causes_of = {
        j.finding.subject: [by_id[c].finding.subject for c in j.explained_by]
        for j in judgements
        if j.finding.code == "hurt"
    }
    assert causes_of == {"x": ["y"], "z": ["x", "y"]}
    for judgement in judgements:
        assert all(judgement.id in by_id[c].explains for c in judgement.explained_by)
        assert all(judgement.id in by_id[s].explained_by for s in judgement.explains)


def test_a_crash_is_ours_and_spoils_nothing_else() -> None:
    async def gather(net: Asker, brief: Brief) -> None:
        return None

    def judge(facts: None) -> Iterable[Finding]:
        yield of(Broken, "lost with its check")
        raise ZeroDivisionError("our bug")

    bad: Check[Any] = Check(
        id="bad",
        title="bad",
        area=Area.DNS,
        since="0.1",
        gather=gather,
        judge=judge,
        finds=(Broken,),
        doc="",
    )

    judgements = run(bad, check("good", of(Hurt, "x")))

    crashed = [j.finding for j in judgements if isinstance(j.finding, Crashed)]
    assert [c.subject for c in crashed] == ["bad"]
    assert "ZeroDivisionError: our bug" in crashed[0].message
    assert [j.finding.code for j in causes(judgements)] == ["hurt"]


def test_the_same_finding_twice_is_one() -> None:
    assert len(run(check("a", of(Hurt, "x"), of(Hurt, "x")))) == 1
