"""The forms of a report by name, each with the one call that renders it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from netdiag.lazy import dataclass
from netdiag.record import Record
from reports.digest import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a report should look. `width` in columns; forms ignore what does not concern them."""

    audience: Audience = "agent"
    width: int = 80
    colour: bool = False
    ascii_only: bool = False
    verbose: bool = False


def render(form: str, record: Record, look: Look) -> str:
    """The report with a newline at its end. Raises `KeyError` for a form that there is not."""
    return FORMS[form](record, look)


def _terminal(record: Record, look: Look) -> str:
    from reports import terminal

    return terminal.render(
        record,
        width=look.width,
        colour=look.colour,
        audience=look.audience,
        verbose=look.verbose,
        ascii_only=look.ascii_only,
    )


def _markdown(record: Record, look: Look) -> str:
    from reports import markdown

    return markdown.render(record, audience=look.audience)


def _html(record: Record, look: Look) -> str:
    from reports import html

    return html.render(record, audience=look.audience)


def _json(record: Record, look: Look) -> str:
    from reports import json

    return json.render(record)


def _nagios(record: Record, look: Look) -> str:
    from reports import plugin

    return plugin.render(record)


def _prometheus(record: Record, look: Look) -> str:
    from reports import prometheus

    return prometheus.render(record)


FORMS: Mapping[str, Callable[[Record, Look], str]] = MappingProxyType(
    {
        "terminal": _terminal,
        "markdown": _markdown,
        "html": _html,
        "json": _json,
        "nagios": _nagios,
        "prometheus": _prometheus,
    }
)
"""Each renderer is imported when it is used, so that none costs the others their start."""
