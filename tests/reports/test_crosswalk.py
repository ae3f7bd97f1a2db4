"""The crosswalk is complete, and names nothing that does not exist."""

import re

import pytest

from checks.catalogue import CATALOGUE
from netdiag.cli.main import run
from netdiag.model import Finding
from reports import crosswalk

KINDS = {kind for check in CATALOGUE.checks for kind in check.finds}
TAGS = {tag.name for tag in crosswalk.zonemaster_tags()}
SAID = {name for kind in KINDS for name in kind.known_as}


def test_every_tag_is_listed_once_with_a_known_level() -> None:
    tags = crosswalk.zonemaster_tags()

    assert len(tags) == len(TAGS)
    assert {t.level for t in tags} == {"CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO"}


def test_a_finding_names_only_tags_that_exist() -> None:
    named = {n.removeprefix("zonemaster:") for n in SAID if n.startswith("zonemaster:")}

    assert named - TAGS == set()
    assert {n for n in SAID if not re.fullmatch(r"(zonemaster|dnsviz):[A-Z0-9_]+", n)} == set()


def test_every_reason_is_needed() -> None:
    missing = [t for t in TAGS if "zonemaster:" + t not in SAID]

    assert {crosswalk.reason(t) for t in missing} == {why for _, why in crosswalk.REASONS}


def test_a_kind_that_narrows_its_equivalents_lists_what_it_may_say() -> None:
    narrowing = [kind for kind in KINDS if kind.equivalents is not Finding.equivalents]

    assert [kind.code for kind in narrowing if not kind.known_as] == []


def test_the_table_goes_both_ways_and_tells_the_gaps() -> None:
    text = crosswalk.table(CATALOGUE.checks)

    assert "serial-mismatch: zonemaster:MULTIPLE_SOA_SERIALS" in text
    assert "zonemaster:MULTIPLE_SOA_SERIALS (WARNING; 4.6.2, 8.1.0): serial-mismatch" in text
    assert "zonemaster:AXFR_AVAILABLE (NOTICE; 4.6.2, 8.1.0): zone-transfer-open" in text
    assert all(f"zonemaster:{tag} (" in text for tag in TAGS)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["checks", "--crosswalk"]) == 0
    assert capsys.readouterr().out == crosswalk.table(CATALOGUE.checks)
