"""The metrics parse by a strict reading of the text format and hold what the record says."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdiag.record import Record
from reports.prometheus import render
from tests.reports import sample
from tests.reports.sample import active

SAMPLE = re.compile(r"(?P<name>[a-z_]+)\{(?P<labels>.*)\} (?P<value>-?[0-9.e+]+)")
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)')

Metrics = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Metrics:
    """Samples by name and labels. Raises where a line is not what the format allows."""
    assert text.endswith("\n")
    found: Metrics = {}
    family = ""
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {family} gauge"
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match["name"] == family
            labels = match["labels"]
            pairs = LABEL.findall(labels)
            assert LABEL.sub("", labels) == ""
            key = (family, tuple(pairs))
            assert key not in found
            found[key] = float(match["value"])
    return found


def value(record: Record, name: str) -> list[float]:
    return [number for (family, _), number in parsed(render(record)).items() if family == name]


@pytest.mark.parametrize("name", sample.SAMPLES)
def test_it_parses_and_says_when_and_how_it_went(name: str) -> None:
    record = sample.SAMPLES[name]()

    status = {"ok": 0.0, "warning": 1.0, "critical": 2.0, "unknown": 3.0}[record.status]
    assert value(record, "netdiag_status") == [status]
    assert value(record, "netdiag_duration_seconds") == [0.812]
    assert value(record, "netdiag_packets_sent") == [record.sent.packets]
    assert value(record, "netdiag_last_run_timestamp_seconds") == [record.finished.timestamp()]
    assert sum(value(record, "netdiag_cause")) == len(record.causes)
    assert active(render(record)) == {"\n"}


@pytest.mark.parametrize(
    ("name", "up"),
    [("healthy", [1.0]), ("weak_point", [1.0]), ("one_cause", [0.0]), ("inconclusive", [])],
)
def test_up_is_said_where_it_is_known(name: str, up: list[float]) -> None:
    assert value(sample.SAMPLES[name](), "netdiag_up") == up


def test_a_cause_carries_its_labels() -> None:
    labels = (
        ("target", "www.shop.example"),
        ("code", "lame-delegation"),
        ("area", "dns"),
        ("owner", "dns-operator"),
        ("support", "fix"),
        ("severity", "critical"),
    )

    assert parsed(render(sample.one_cause()))["netdiag_cause", labels] == 1


def test_causes_alike_in_every_label_are_one_series() -> None:
    record = sample.record(sample.LAME, replace(sample.LAME, id="F7", subject="another"))

    assert value(record, "netdiag_cause") == [2.0]


@settings(max_examples=50)
@given(st.text(max_size=300))
def test_no_text_breaks_out_of_a_label(text: str) -> None:
    parsed(render(sample.hostile(text)))
