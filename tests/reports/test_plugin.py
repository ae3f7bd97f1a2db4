"""The monitoring plugin's line keeps the guidelines whatever it has to say."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.plugin import render
from tests.reports import sample
from tests.reports.sample import active

LINE = re.compile(
    r"NETDIAG (OK|WARNING|CRITICAL|UNKNOWN) - (?P<text>[^|\n]+) \| "
    r"time=\d+\.\d{3}s;;;0 packets=\d+;;;0 causes=\d+;;;0 undetermined=\d+;;;0\n"
)


@pytest.mark.parametrize("name", sample.SAMPLES)
def test_it_is_one_line_of_status_text_and_data(name: str) -> None:
    record = sample.SAMPLES[name]()
    line = render(record)

    match = LINE.fullmatch(line)
    assert match
    assert match[1].lower() == record.status
    assert len(line) < 1000
    assert active(line) == {"\n"}


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=700))
def test_no_text_can_end_the_line_or_add_data(text: str) -> None:
    assert LINE.fullmatch(render(sample.hostile(text)))


def test_it_names_every_cause_and_says_the_first() -> None:
    line = render(sample.two_causes())

    assert line.startswith(
        "NETDIAG CRITICAL - www.shop.example: lame-delegation, application-error (ns1.dns-op"
    )
    assert "time=0.812s;;;0 packets=12;;;0 causes=2;;;0" in line


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("healthy", "OK - www.shop.example: no fault found, 6 findings fine |"),
        ("crashed", "UNKNOWN - www.shop.example: netdiag failed in families"),
        ("inconclusive", "UNKNOWN - www.shop.example: whether 2001:db8::20 port 443"),
        ("interrupted", "the run was interrupted"),
        ("weak_point", "WARNING - www.shop.example: lame-delegation ("),
    ],
)
def test_without_a_cause_it_says_what_is_known(name: str, words: str) -> None:
    assert words in render(sample.SAMPLES[name]())
