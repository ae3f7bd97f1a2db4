"""`netdiag probe`: one look as a monitoring plugin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netdiag.cli import dry_run, guarding, live, output
from netdiag.cli.options import Asked, plan_for, run_options


@click.command("probe")
@click.argument("target")
@run_options
@click.option(
    "--textfile",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write metrics here for node_exporter's textfile collector (*.prom).",
)
@click.option(
    "--record",
    "record_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also keep the whole record here.",
)
def command(target: str, textfile: Path | None, record_file: Path | None, **asked: Any) -> int:
    """Look at TARGET once; print one line and exit as the monitoring-plugins guidelines say.

    \b
    Examples:
      netdiag probe www.example.org
      netdiag probe www.example.org --textfile /var/lib/node_exporter/www.prom
    """
    with output.reserved(textfile) as metrics, output.reserved(record_file) as kept:
        plan = plan_for(Asked(target=target, **asked))
        if plan.dry_run:
            return dry_run.show(plan, None)
        record = live.execute(plan, guarding.engage(network=True, files=[metrics, kept]))
        if metrics is not None:
            metrics.write(output.rendered(record, "prometheus", "agent", plain=True))
        if kept is not None:
            kept.write(output.rendered(record, "json", "agent", plain=True))
    click.echo(output.rendered(record, "nagios", "agent", plain=True), nl=False)
    return output.STATUS[record.status]
