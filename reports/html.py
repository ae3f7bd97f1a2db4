"""The report as one HTML page that needs nothing else: no script, no picture, no other file.

jinja2 escapes every value; the page's own policy (CSP) forbids loading anything even if that
failed.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from netdiag.lazy import dataclass
from netdiag.network import Observation
from netdiag.record import Record
from netdiag.text import clean
from reports import observation
from reports.digest import AREAS, PLAIN_AREAS, Audience, checks, codes, digest, humanised

if TYPE_CHECKING:
    from jinja2 import Template

MOST_ROWS = 3000
"""Observations shown; a page of more is none that a phone could open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One observation of the transcript; `at` is seconds since the run's start."""

    number: int
    at: str
    asked: str
    came: str
    took: str


def render(record: Record, *, audience: Audience = "agent") -> str:
    """The page with a newline at its end."""
    transcript = record.transcript[:MOST_ROWS]
    return _template().render(
        shown=digest(record, audience),
        customer=audience == "customer",
        expert=audience == "expert",
        areas=PLAIN_AREAS if audience == "customer" else AREAS,
        rows=[_row(o) for o in transcript],
        left_out=len(record.transcript) - len(transcript),
        unseen=sorted(
            clean(humanised(name)) for name, able in record.vantage.sees.items() if not able
        ),
        checks=checks,
        codes=codes,
    )


def _row(seen: Observation) -> Row:
    return Row(
        number=seen.id,
        at=f"{seen.started:.3f}",
        asked=observation.request_line(seen.request),
        came=observation.outcome_line(seen.outcome),
        took=observation.duration(observation.seconds(seen)),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = resources.files("reports").joinpath("page.html.j2").read_text("utf-8")
    return environment.from_string(text)
