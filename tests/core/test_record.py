"""The record: what is written is what is read, and what is hostile is refused."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag import boundary, outcomes, requests
from netdiag.conclude import Catalogue, Run, conclude
from netdiag.model import Brief
from netdiag.network import Attempt, Observation, ObservationId
from netdiag.outcomes import Failed, FailureKind
from netdiag.record import BadRecordError, Record, Vantage, dumps, loads
from netdiag.requests import ReadProxies
from netdiag.target import parse
from tests.core import published

REQUESTS = get_args(requests.Request)
OUTCOMES = get_args(outcomes.Outcome)


def of_transcript(*transcript: Observation) -> Record:
    when = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    return conclude(
        Run(
            brief=Brief(target=parse("www.example.org"), started=when),
            vantage=Vantage(name="here", platform="Linux"),
            timeout=20.0,
        ),
        Catalogue(checks=(), explanations=()),
        (),
        transcript,
        boundary.default(),
        when,
    )


def observations() -> st.SearchStrategy[Observation]:
    """Any request with any outcome: more than the wire would ever make."""
    text = st.text(max_size=20)
    st.register_type_strategy(str, text)
    return st.builds(
        Observation,
        id=st.integers(1, 10**6).map(ObservationId),
        request=st.one_of([st.from_type(kind) for kind in REQUESTS]),
        outcome=st.one_of([st.from_type(kind) for kind in OUTCOMES]),
        started=st.floats(0, 1e6),
        elapsed=st.floats(0, 1e6),
        completed=st.integers(0, 10**6),
        attempts=st.tuples(
            st.builds(Attempt, elapsed=st.floats(0, 1e3), packets=st.integers(0, 9))
        ),
    )


def finite(observation: Observation) -> bool:
    """JSON has no NaN and no infinity; the wire makes neither."""
    text = repr(observation)
    return "nan" not in text and "inf" not in text


@given(st.lists(observations().filter(finite), max_size=3))
def test_what_is_written_is_what_is_read(transcript: list[Observation]) -> None:
    made = of_transcript(*transcript)

    assert loads(dumps(made)) == made


@given(st.lists(observations().filter(finite), max_size=3))
def test_every_record_fits_the_published_schema(transcript: list[Observation]) -> None:
    published.validate(json.loads(dumps(of_transcript(*transcript))))


def test_the_schema_itself_is_valid() -> None:
    assert published.validator()


@pytest.mark.parametrize("kind", [*REQUESTS, *OUTCOMES], ids=lambda kind: kind.__name__)
def test_every_kind_has_a_tag_of_its_own_and_typed_fields(kind: type[Any]) -> None:
    tags = [k.type for k in (REQUESTS if kind in REQUESTS else OUTCOMES)]

    assert tags.count(kind.type) == 1
    assert {f.name for f in fields(kind)} <= get_type_hints(kind).keys()


def valid() -> dict[str, Any]:
    seen = Observation(
        id=ObservationId(1),
        request=ReadProxies(),
        outcome=Failed(kind=FailureKind.NOT_OBSERVABLE),
        started=0.0,
        elapsed=0.0,
        completed=1,
    )
    tree: dict[str, Any] = json.loads(dumps(of_transcript(seen)))
    return tree


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "something"}, "not a netdiag record"),
        ({"version": 2}, "version 2"),
        ({"status": "splendid"}, "splendid"),
        ({"started": "2026-01-01T00:00:00"}, "started"),
        ({"transcript": [{"id": 0}]}, "not a valid record"),
        ({"transcript": 7}, "not a valid record"),
        ({"transcript": ["x"]}, "not a valid record"),
    ],
)
def test_a_broken_record_is_refused_in_one_sentence(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRecordError) as refused:
        loads(json.dumps(valid() | change).encode())

    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_unknown_things_in_a_transcript_are_refused() -> None:
    strange, extended = valid(), valid()
    strange["transcript"][0]["request"]["type"] = "format-disk"
    extended["transcript"][0]["request"]["run"] = "rm"

    with pytest.raises(BadRecordError, match="format-disk"):
        loads(json.dumps(strange).encode())
    with pytest.raises(BadRecordError, match="run"):
        loads(json.dumps(extended).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'{"format":' + b"[" * 100_000])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(BadRecordError):
        loads(data)


@given(st.binary(max_size=400))
def test_any_octets_are_a_record_or_are_refused(data: bytes) -> None:
    with pytest.raises(BadRecordError):
        loads(data)
