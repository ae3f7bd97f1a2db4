"""From findings to status, summary and record."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, get_args

import pytest

from netdiag import boundary
from netdiag.conclude import Catalogue, Run, conclude
from netdiag.engine import Judgement
from netdiag.model import Area, Brief, Check, Crashed, Finding, Outcome, Owner, Severity
from netdiag.network import Asker, Attempt, Observation, ObservationId
from netdiag.outcomes import Failed, FailureKind
from netdiag.record import Record, Status, Vantage
from netdiag.requests import TcpConnect
from netdiag.target import parse

WHEN = datetime(2026, 5, 4, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Sample(Finding):
    """A finding whose outcome and severity are arguments."""

    code: ClassVar[str] = "sample"
    area: ClassVar[Area] = Area.DNS
    usual_owner: ClassVar[Owner] = Owner.DNS_OPERATOR
    how: Severity = Severity.NOTICE

    @property
    def severity(self) -> Severity:
        return self.how

    @property
    def message(self) -> str:
        return "the sample is what it is"


class Ok(Sample):
    outcome = Outcome.OK


class Problem(Sample):
    outcome = Outcome.PROBLEM


class Inconclusive(Sample):
    outcome = Outcome.INCONCLUSIVE


async def nothing(net: Asker, brief: Brief) -> None:
    return None


def none_found(facts: None) -> Iterable[Finding]:
    return ()


CHECK = Check(
    id="sample",
    title="A sample",
    area=Area.DNS,
    since="0.1",
    gather=nothing,
    judge=none_found,
    finds=(Ok, Problem, Inconclusive),
    doc="Sample.\n\n## References\n- RFC 1034, section 4.2.2\n- RFC 9499\n",
)


def finding(kind: type[Sample], how: Severity = Severity.NOTICE) -> Sample:
    return kind(subject="x", evidence=(ObservationId(1),), how=how)


def observation(kind: FailureKind = FailureKind.TIMEOUT) -> Observation:
    return Observation(
        id=ObservationId(1),
        request=TcpConnect(address="9.9.9.9", port=443),
        outcome=Failed(kind=kind),
        started=0.0,
        elapsed=1.0,
        completed=1,
        attempts=(Attempt(how="tcp", result="timeout", elapsed=1.0, packets=3, octets=180),),
    )


def concluded(
    *findings: Finding, explained: bool = False, failure: FailureKind = FailureKind.TIMEOUT
) -> Record:
    judgements = [
        Judgement(f"F{n}", "sample", f, explained_by=("F9",) if explained else ())
        for n, f in enumerate(findings, 1)
    ]
    return conclude(
        Run(
            brief=Brief(target=parse("www.example.org"), started=WHEN),
            vantage=Vantage(name="here", platform="Linux"),
            timeout=20.0,
        ),
        Catalogue(checks=(CHECK,), explanations=()),
        judgements,
        (observation(failure),),
        boundary.default(),
        WHEN + timedelta(seconds=1),
    )


OK = finding(Ok)
CRASH = Crashed(subject="sample", error="ZeroDivisionError")


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ((OK,), "ok"),
        ((OK, finding(Problem)), "ok"),
        ((OK, finding(Inconclusive)), "ok"),
        ((OK, finding(Problem, Severity.WARNING)), "warning"),
        ((OK, finding(Problem, Severity.WARNING), finding(Problem, Severity.CRITICAL)), "critical"),
        ((OK, finding(Inconclusive, Severity.WARNING)), "unknown"),
        ((finding(Problem, Severity.WARNING), finding(Inconclusive, Severity.WARNING)), "warning"),
        ((OK, CRASH), "unknown"),
        ((finding(Problem, Severity.WARNING), CRASH), "unknown"),
        ((finding(Problem, Severity.CRITICAL), CRASH), "critical"),
        ((), "unknown"),
    ],
)
def test_the_worst_decides_the_status(findings: tuple[Finding, ...], status: Status) -> None:
    assert concluded(*findings).status == status
    assert status in get_args(Status)


def test_what_is_explained_decides_nothing() -> None:
    record = concluded(OK, finding(Inconclusive, Severity.CRITICAL), explained=True)

    assert record.status == "ok"


def test_a_problem_carries_all_that_a_ticket_needs() -> None:
    record = concluded(finding(Problem, Severity.CRITICAL))

    (cause,) = record.causes
    assert cause == record.findings[0]
    assert cause.owner is Owner.DNS_OPERATOR
    assert cause.support.value == "fix"
    assert cause.reproduce == ("nc -v -z -w 4 9.9.9.9 443",)
    assert cause.references == ("RFC 1034, section 4.2.2", "RFC 9499")
    assert cause.message in record.summary
    assert (record.sent.packets, record.sent.bytes) == (3, 180)
    assert record.sent.by_type == {"tcp-connect": 3}


@pytest.mark.parametrize(
    ("failure", "ended", "words"),
    [
        (FailureKind.DEADLINE, "deadline", "time"),
        (FailureKind.INTERRUPTED, "interrupted", "interrupted"),
        (FailureKind.NOT_NEEDED, "complete", "decide"),
    ],
)
def test_how_the_run_ended_is_said(failure: FailureKind, ended: str, words: str) -> None:
    record = concluded(finding(Inconclusive, Severity.WARNING), failure=failure)

    assert record.ended == ended
    assert words in record.summary


def test_only_the_checks_that_a_word_names() -> None:
    catalogue = Catalogue(checks=(CHECK,), explanations=())

    assert catalogue.only([]) == catalogue
    assert catalogue.only(["dns"]).checks == (CHECK,)
    assert catalogue.only(["sample"]).checks == (CHECK,)
    with pytest.raises(KeyError, match="moon"):
        catalogue.only(["dns", "moon"])


def test_a_thorough_check_runs_where_it_is_asked_for() -> None:
    thorough = replace(CHECK, id="full", finds=(), thorough=True)
    catalogue = Catalogue(checks=(CHECK, thorough), explanations=())

    assert catalogue.only([]).checks == (CHECK,)
    assert catalogue.only(["dns"]).checks == (CHECK,)
    assert catalogue.only(["full"]).checks == (thorough,)
    assert catalogue.only([], thorough=True).checks == (CHECK, thorough)
    assert catalogue.only(["dns"], thorough=True).checks == (CHECK, thorough)


def test_the_checks_of_an_area() -> None:
    elsewhere = replace(CHECK, id="elsewhere", area=Area.ROUTING)
    catalogue = Catalogue(checks=(CHECK, elsewhere), explanations=())

    assert catalogue.within(Area.DNS).checks == (CHECK,)
