"""Laws that every check obeys, whoever wrote it."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import checks
from checks.catalogue import CATALOGUE
from netdiag.model import Area, Check, Crashed, Explanation, Finding, Outcome, Owner, Skipped
from tests.doctable import rows

ROOT = Path(__file__).parent.parent.parent
SECTIONS = ["What it does", "Why is this bad?", "How it decides", "What to do", "References"]
MODULES = [
    importlib.import_module(m.name) for m in pkgutil.walk_packages(checks.__path__, "checks.")
]
CHECK_MODULES = [m for m in MODULES if hasattr(m, "CHECK")]
KINDS = sorted({k for c in CATALOGUE.checks for k in c.finds} | {Crashed}, key=lambda k: k.__name__)
PROBLEMS = [kind for kind in KINDS if kind.outcome is Outcome.PROBLEM]

each_module = pytest.mark.parametrize("module", CHECK_MODULES, ids=lambda m: m.__name__)
each_check = pytest.mark.parametrize("check", CATALOGUE.checks, ids=lambda c: c.id)
each_problem = pytest.mark.parametrize("kind", PROBLEMS, ids=lambda k: k.code)
each_explanation = pytest.mark.parametrize(
    "rule", CATALOGUE.explanations, ids=lambda r: f"{r.cause.__name__}-{r.symptom.__name__}"
)


def test_every_check_on_disk_is_in_the_catalogue() -> None:
    assert sorted(m.CHECK.id for m in CHECK_MODULES) == sorted(c.id for c in CATALOGUE.checks)


def test_the_catalogue_is_sorted_by_area_and_id() -> None:
    areas = list(Area)
    keys = [(areas.index(c.area), c.id) for c in CATALOGUE.checks]

    assert keys == sorted(keys)


def test_ids_are_unique() -> None:
    assert [i for i, n in Counter(c.id for c in CATALOGUE.checks).items() if n > 1] == []


def test_a_code_belongs_to_one_kind() -> None:
    codes = Counter(kind.code for kind in KINDS)

    assert [code for code, n in codes.items() if n > 1] == []


def test_every_code_is_listed_and_none_that_ever_was_is_missing() -> None:
    listed = (ROOT / "docs" / "codes.txt").read_text().split()

    assert listed == sorted(set(listed))
    assert {kind.code for kind in KINDS} <= set(listed)


@each_module
def test_the_docstring_has_every_section_in_order(module: ModuleType) -> None:
    lines = (module.__doc__ or "").splitlines()

    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS
    assert lines[0].endswith(".")


@each_module
def test_the_docstring_has_a_decision_table_that_a_unit_test_runs(module: ModuleType) -> None:
    assert len(rows(module)) >= 2
    package, name = module.__name__.rsplit(".", 1)
    imported = re.compile(rf"^from {package} import .*\b{name}\b", re.MULTILINE)
    tests = [path.read_text() for path in (ROOT / "tests" / "unit").rglob("test_*.py")]
    assert any(imported.search(text) and "rows(" in text for text in tests)


@each_check
def test_titles_name_the_question_not_the_virtue(check: Check[Any]) -> None:
    assert not re.match(r"(ensure|check|verify)\b", check.title, re.IGNORECASE)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.id)
    assert check.references
    assert check.doc


@each_check
def test_judging_is_pure_and_gathering_is_not(check: Check[Any]) -> None:
    assert not inspect.iscoroutinefunction(check.judge)
    assert inspect.iscoroutinefunction(check.gather)


@each_check
def test_a_check_can_say_that_all_is_well(check: Check[Any]) -> None:
    assert {Outcome.OK, Outcome.SKIPPED} & {kind.outcome for kind in check.finds}


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.code)
def test_a_kind_says_what_it_is_and_cites_evidence(kind: type[Finding]) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.code)
    assert isinstance(kind.outcome, Outcome)
    assert isinstance(kind.area, Area)
    assert kind.message is not Finding.message
    evidence = next(field for field in dataclasses.fields(kind) if field.name == "evidence")
    assert evidence.default is dataclasses.MISSING or issubclass(kind, (Skipped, Crashed))


@each_problem
def test_a_problem_has_an_owner_and_advice_for_both_readers(kind: type[Finding]) -> None:
    assert kind.usual_owner is not Owner.NETDIAG or kind.owner is not Finding.owner
    assert kind.for_agent is not Finding.for_agent
    assert kind.for_customer is not Finding.for_customer


@each_explanation
def test_an_explanation_gives_its_reason(rule: Explanation[Any, Any]) -> None:
    assert (rule.when.__doc__ or "").strip()
    assert rule.cause.outcome is Outcome.PROBLEM
    assert rule.symptom.outcome in {Outcome.PROBLEM, Outcome.INCONCLUSIVE, Outcome.SKIPPED}


def test_explanations_have_no_cycle() -> None:
    edges = {(e.cause, e.symptom) for e in CATALOGUE.explanations if e.cause is not e.symptom}
    kinds = {kind for edge in edges for kind in edge}
    while leaves := {k for k in kinds if not any(c is k and s in kinds for c, s in edges)}:
        kinds -= leaves

    assert {kind.__name__ for kind in kinds} == set()
