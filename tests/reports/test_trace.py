"""Traces as tables, CSV, Markdown and JSON."""

import csv
import io
import json

import pytest
from rich.console import Console

from netdiag.outcomes import Failed, FailureKind, IcmpError, MplsLabel, Unreachable
from netdiag.requests import HopProbe
from netdiag.tracer import atlas
from netdiag.tracer.trace import Aim, Trace
from reports import trace as report
from reports import trace_table
from reports.trace import Named
from reports.trace_table import Shape

V4, V6 = "192.0.2.9", "2001:db8::9"
NAMES = {
    "198.51.100.1": Named(name="r1.example", asn=64496, network="Example Transit"),
    "198.51.100.2": Named(name="=HYPERLINK(1)\x1b[31m|x", network="[evil](x)"),
}


def trace_to(address: str) -> Trace:
    trace = Trace(Aim(address=address), rounds=2)
    for number in range(2):
        for ttl, sender in enumerate(("198.51.100.1", "198.51.100.2", address), 1):
            kind = Unreachable.PORT if sender == address else Unreachable.TTL_EXCEEDED
            labels = (MplsLabel(label=24001, traffic_class=0, bottom=True, ttl=1),)
            reply = IcmpError(
                kind=kind,
                icmp_type=11,
                icmp_code=0,
                sender=sender,
                rtt=ttl / 100,
                labels=labels if ttl == 2 else (),
            )
            lost = ttl == 2 and number == 1
            probe = HopProbe(address=address, ttl=ttl, attempt=number)
            trace.heard_of(probe, Failed(kind=FailureKind.TIMEOUT) if lost else reply)
    return trace


def rendered(form: str, width: int = 120, *, count: int = 2) -> str:
    traces = [trace_to(V4), trace_to(V6)][:count]
    return report.render(form, traces, NAMES, width, colour=False)


def test_the_table_tells_limits_from_loss_and_shows_what_is_known_of_a_hop() -> None:
    text = rendered("terminal", count=1)

    assert "~50%" in text
    assert "limits its answers and loses" in text
    assert "AS64496 Example Transit" in text
    assert "MPLS 24001" in text
    assert "reached: 192.0.2.9 answers at hop 3" in text


def test_a_compact_table_has_one_line_for_each_hop() -> None:
    console = Console(width=100, file=io.StringIO())
    table = trace_table.tables([trace_to(V4)], NAMES, 100, shape=Shape.LINES)
    lines = ["".join(segment.text for segment in line) for line in console.render_lines(table)]

    assert len(lines) == len(("title", "heads", "rule", 1, 2, 3, ""))
    assert "198.51.100.1 AS64496 Example Transit" in lines[3]
    assert "MPLS 24001" in lines[4]


@pytest.mark.parametrize("width", [100, 120])
def test_where_lines_are_short_two_traces_are_side_by_side_in_fewer_columns(width: int) -> None:
    traces = [trace_to(V4), trace_to(V6)]
    assert trace_table.shapes(traces, width)[-1] is Shape.BESIDE
    console = Console(width=width, file=io.StringIO())
    table = trace_table.tables(traces, NAMES, width, shape=Shape.BESIDE)
    lines = ["".join(segment.text for segment in line) for line in console.render_lines(table)]

    assert len(lines) == len(("title", "heads", "rule", 1, 2, 3, ""))
    assert V4 in lines[5]
    assert V6 in lines[5]
    assert "jitter" not in lines[1]
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_picture_of_times_needs_no_more_room_than_there_is(width: int) -> None:
    console = Console(width=width, file=io.StringIO())
    table = trace_table.tables([trace_to(V4)], NAMES, width, shape=Shape.LINES)
    lines = ["".join(segment.text for segment in line) for line in console.render_lines(table)]

    assert ("course" in lines[1]) == (width >= 80)
    assert "100.0" not in lines[3]
    assert all("…" not in line for line in lines) or width < 100


def test_two_traces_are_side_by_side_where_there_is_room() -> None:
    wide, narrow = rendered("terminal", trace_table.WIDE), rendered("terminal", 100)

    assert any(V4 in line and V6 in line for line in wide.splitlines())
    assert not any(V4 in line and V6 in line for line in narrow.splitlines())


@pytest.mark.parametrize("width", [40, 60, 79, 100, 160, 300])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int) -> None:
    assert max(len(line) for line in rendered("terminal", width).splitlines()) <= width


@pytest.mark.parametrize("form", report.FORMS)
def test_no_form_lets_control_characters_through(form: str) -> None:
    assert "\x1b" not in rendered(form)


@pytest.mark.parametrize("form", report.FORMS)
def test_an_output_without_unicode_gets_ascii(form: str) -> None:
    names = {**NAMES, "198.51.100.1": Named(network="Überlandnetz")}
    text = report.render(form, [trace_to(V4)], names, 120, ascii_only=True)

    assert text.isascii()
    assert "berlandnetz" in text


def test_csv_has_a_line_for_each_hop_and_no_formulas() -> None:
    lines = list(csv.DictReader(io.StringIO(rendered("csv"))))

    assert len(lines) == 6
    assert lines[1]["loss"] == "0.5"
    assert lines[1]["limited"] == "1"
    assert lines[1]["avg"] == "20.0"
    assert lines[1]["name"].startswith("'=")


def test_markdown_escapes_what_came_from_outside() -> None:
    text = rendered("markdown", count=1)

    assert "\\[evil\\](x)" in text
    assert "\\|x" in text
    assert "**reached**" in text


def test_json_is_what_load_reads() -> None:
    text = rendered("json")
    first, second = atlas.read(text.encode())

    assert (first.reached, second.reached) == (3, 3)
    tree = json.loads(text)["traces"][0]
    assert tree["verdict"]["code"] == "reached"
    assert tree["hops"][1]["loss"] == 0.5
    assert tree["result"][1]["result"][0]["icmpext"]["obj"][0]["mpls"][0]["label"] == 24001


def test_the_course_has_a_mark_for_each_probe() -> None:
    assert report.sparkline([0.010, None, 0.020], ascii_only=True) == "_!%"
    assert report.sparkline([0.0101, 0.0102]) == "▁▂"
    assert report.sparkline([]) == ""
    assert report.sparkline([None, None]) == "!!"
