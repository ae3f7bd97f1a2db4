"""`netdiag report`: a saved record in another form, or for another reader."""

from __future__ import annotations

from pathlib import Path

import click

from netdiag.cli import guarding, options, output
from netdiag.cli.judge import octets, record_in
from netdiag.cli.options import Audience


@click.command("report")
@click.argument("record", type=click.Path(path_type=Path), metavar="RECORD")
@click.option("--format", "form", type=click.Choice(options.FORMS), help="The report's form.")
@click.option("--output", "file", type=click.Path(path_type=Path), help="Write it to this file.")
@click.option(
    "--audience",
    type=click.Choice(options.AUDIENCES),
    default="agent",
    show_default=True,
    help="For whom the report is worded.",
)
def command(record: Path, form: str | None, file: Path | None, audience: Audience) -> int:
    """Render a saved RECORD. Judges and sends nothing; the exit status is the record's.

    \b
    Examples:
      netdiag report case.json --audience customer
      netdiag report case.json --format markdown
      netdiag report case.json --output case.html
    """
    found = octets(record)
    with output.reserved(file) as rendering:
        guarding.engage(files=[rendering])
        return output.deliver(record_in(found, record), form, rendering, audience)
