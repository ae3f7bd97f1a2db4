"""The parts of the cross-examination that need no server."""

from __future__ import annotations

import json
import re
from typing import Any

import dns.zone
import pytest

from netdiag.text import clean
from reports.crosswalk import ZONEMASTER, zonemaster_tags
from tests.cross import compare, examiners
from tests.cross.compare import Disagreement, Verdict
from tests.cross.configuration import Configuration, at_random
from tests.cross.examiners import DONE
from tests.cross.faults import faults
from tests.cross.relay import CONDUCTS

SIGNED = Configuration(seed=1, servers=3, families="46", style="mixed", signed=True, faults=())


def test_a_seed_gives_its_configuration_again() -> None:
    assert [at_random(seed) for seed in range(50)] == [at_random(seed) for seed in range(50)]
    assert len({at_random(seed).text.split(":", 1)[1] for seed in range(50)}) > 40


@pytest.mark.parametrize("name", sorted(faults()))
def test_every_fault_changes_the_internet_and_leaves_zones_that_load(name: str) -> None:
    healthy = SIGNED.stage()
    staged = Configuration(
        seed=1, servers=3, families="46", style="mixed", signed=True, faults=(name,)
    ).stage()

    assert staged != healthy
    for zone in (staged.operator, staged.net_zone(), staged.example_zone([]), *staged.root()):
        dns.zone.from_text(zone.text, origin=zone.name, check_origin=False)
    for server in staged.servers:
        dns.zone.from_text(server.text, origin=server.zone.name, check_origin=False)


def run(ours: dict[str, str], zonemaster: dict[str, str], dnsviz: dict[str, str]) -> dict[str, Any]:
    said = {"netdiag": ours, "zonemaster": zonemaster, "dnsviz": dnsviz}
    parts = {name: {"says": says, "seconds": 1.0} for name, says in said.items()}
    return {"configuration": "7: one-silent", "faults": ["one-silent"]} | parts


def test_what_either_side_lacks_is_a_disagreement() -> None:
    ours = {"zonemaster:NS_IS_CNAME": "warning", "dnsviz:NO_SEP": "critical"}
    theirs = {"zonemaster:MULTIPLE_SOA": "ERROR", "zonemaster:SOA_EXISTS": "INFO"}

    whole = run(ours, theirs | {DONE: ""}, {DONE: ""})
    found = {(one.missing, one.name) for one in compare.disagreements(whole)}

    assert found == {
        ("ours", "zonemaster:MULTIPLE_SOA"),
        ("theirs", "zonemaster:NS_IS_CNAME"),
        ("theirs", "dnsviz:NO_SEP"),
    }


def test_an_examiner_that_did_not_come_to_its_end_misses_nothing() -> None:
    ours = {"zonemaster:NS_IS_CNAME": "warning", "dnsviz:NO_SEP": "critical"}

    assert list(compare.disagreements(run(ours, {}, {}))) == []


def test_a_verdict_explains_its_name_on_its_side_where_it_fits() -> None:
    one = Disagreement("ours", "zonemaster:NS_IS_CNAME", "7: one-silent")
    fitting: dict[str, Any] = {"missing": "ours", "name": "zonemaster:NS_.*", "whose": "scope"}

    assert Verdict(reason="", **fitting).explains(one)
    assert Verdict(reason="", where="silent", **fitting).explains(one)
    assert not Verdict(reason="", where="lame", **fitting).explains(one)
    assert not Verdict(reason="", **fitting | {"missing": "theirs"}).explains(one)
    assert not Verdict(reason="", **fitting | {"name": "zonemaster:NS"}).explains(one)


def test_the_table_lists_what_no_verdict_explains_with_its_configuration() -> None:
    known = [Verdict(missing="ours", name="zonemaster:MULTIPLE_SOA", whose="theirs", reason="why")]
    theirs = {DONE: "", "zonemaster:MULTIPLE_SOA": "ERROR", "a:B": "ERROR"}
    text = compare.table([run({}, theirs, {})], known)

    explained, left = text.split("not explained")
    assert "MULTIPLE_SOA (theirs: why)" in explained
    assert re.search(r"1 ours +a:B\n +7: one-silent", left)


def test_every_verdict_is_of_a_known_kind_and_of_names_that_exist() -> None:
    tags = [ZONEMASTER + tag.name for tag in zonemaster_tags()]
    for verdict in compare.verdicts():
        assert verdict.whose in compare.WHOSE
        assert clean(verdict.reason) == verdict.reason != ""
        if verdict.name.startswith(ZONEMASTER):
            assert any(re.fullmatch(verdict.name, tag) for tag in tags), verdict.name


def test_the_words_of_the_examiners_are_read() -> None:
    finding = {"equivalents": ["zonemaster:X"], "severity": "warning", "code": "x"}
    record = {"findings": [finding | {"outcome": "problem"}]}
    graded = {
        "example.": {"errors": [{"code": "ABOVE"}]},
        "www.zone.example.": {"a": [{"errors": [{"code": "E"}], "warnings": [{"code": "W"}]}]},
    }
    tags = json.dumps([{"tag": "X", "level": "ERROR"}])

    assert examiners.said_by_netdiag(record) == {"zonemaster:X": "warning", "code:x": "warning"}
    assert examiners.said_by_zonemaster(f"words\n{tags}") == {"zonemaster:X": "ERROR"}
    assert examiners.said_by_zonemaster("") == {}
    assert examiners.said_by_dnsviz(graded) == {"dnsviz:E": "errors", "dnsviz:W": "warnings"}


def test_conducts_have_the_names_of_faults() -> None:
    assert {f"one-{name}" for name in CONDUCTS} <= set(faults())
