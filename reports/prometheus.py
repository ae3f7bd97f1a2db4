"""Metrics of a run in Prometheus' text format, for node_exporter's textfile collector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from netdiag.record import Record
from netdiag.text import clean
from reports.digest import Digest, digest

STATUS = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}

LONGEST = 200
"""Longest label value, in characters."""

Labels = tuple[tuple[str, str], ...]


def render(record: Record) -> str:
    """The exposition, one family after the other, with a newline at its end."""
    shown = digest(record)
    target = (("target", shown.target),)
    up = {"ok": 1, "warning": 1, "critical": 0}.get(record.status)
    took = max(0.0, (record.finished - record.started).total_seconds())
    families = (
        _family(
            "netdiag_up",
            "Whether the target was usable; absent where that is not known.",
            {} if up is None else {target: up},
        ),
        _family(
            "netdiag_status",
            "0 ok, 1 warning, 2 critical, 3 unknown.",
            {target: STATUS[record.status]},
        ),
        _family("netdiag_cause", "Causes found, by what they are.", _causes(record, shown)),
        _family("netdiag_duration_seconds", "How long the run took.", {target: took}),
        _family("netdiag_packets_sent", "Packets the run sent.", {target: record.sent.packets}),
        _family(
            "netdiag_last_run_timestamp_seconds",
            "When the run ended.",
            {target: record.finished.timestamp()},
        ),
    )
    return "".join(families)


def _causes(record: Record, shown: Digest) -> Mapping[Labels, float]:
    """Causes alike in every label are one series, so its value is their number."""
    return Counter(
        (
            ("target", shown.target),
            ("code", clean(cause.code)),
            ("area", cause.area.value),
            ("owner", cause.owner.value),
            ("support", cause.support.value),
            ("severity", cause.severity.value),
        )
        for cause in record.causes
    )


def _family(name: str, help: str, samples: Mapping[Labels, float]) -> str:
    lines = [f"# HELP {name} {help}", f"# TYPE {name} gauge"]
    lines += [f"{name}{{{_labels(labels)}}} {_number(value)}" for labels, value in samples.items()]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """A sample; what a record file claims may be more than a float holds."""
    try:
        return f"{value:.15g}"
    except OverflowError:
        return "+Inf" if value > 0 else "-Inf"


def _labels(labels: Labels) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)


def _escaped(value: str) -> str:
    """By the text format: backslash, double quote and newline; `clean` left no newline."""
    return value[:LONGEST].replace("\\", "\\\\").replace('"', '\\"')
