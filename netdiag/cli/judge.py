"""`netdiag judge`: the verdict on a saved transcript by today's checks, offline."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from netdiag.boundary import Boundary
from netdiag.cli import options, output
from netdiag.cli.options import Audience
from netdiag.conclude import Catalogue, Run, conclude
from netdiag.engine import diagnose
from netdiag.network import Recorded
from netdiag.record import MAX_OCTETS, BadRecordError, Record, brief_of, loads


def read_record(path: Path) -> Record:
    """The record in a file. Raises `click.ClickException` with one clear sentence."""
    try:
        with path.open("rb") as file:
            return loads(file.read(MAX_OCTETS + 1))
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be read ({error.strerror})") from None
    except BadRecordError as error:
        raise click.ClickException(f"{path}: {error}") from None


def judged(record: Record, catalogue: Catalogue, boundary: Boundary) -> Record:
    """The record as today's checks conclude it from the saved transcript."""
    brief = brief_of(record)
    net = Recorded(record.transcript)
    judgements = asyncio.run(diagnose(brief, catalogue.checks, catalogue.explanations, net))
    run = Run(brief=brief, vantage=record.vantage, timeout=record.settings.timeout)
    return conclude(run, catalogue, judgements, net.transcript, boundary, record.finished)


@click.command("judge")
@click.argument("record", type=click.Path(path_type=Path), metavar="RECORD")
@click.option("--format", "form", type=click.Choice(options.FORMS), help="The report's form.")
@click.option("--output", "file", type=click.Path(path_type=Path), help="Write it to this file.")
@click.option("--audience", type=click.Choice(options.AUDIENCES), default="agent")
@click.option("--config", type=click.Path(path_type=Path), help="For the support boundary.")
def command(
    record: Path, form: str | None, file: Path | None, audience: Audience, config: Path | None
) -> int:
    """Judge a saved RECORD again with today's checks. Sends nothing.

    \b
    Examples:
      netdiag check www.example.org --output case.json
      netdiag judge case.json
    """
    from checks.catalogue import CATALOGUE
    from netdiag.tomlfile import BadFileError

    output.check_writable(file)
    try:
        boundary = options.load_boundary(options.load_config(config))
    except BadFileError as error:
        raise click.ClickException(str(error)) from None
    saved = read_record(record)
    known = {check.id for check in CATALOGUE.checks}
    catalogue = CATALOGUE.only(c for c in saved.settings.checks if c in known)
    return output.deliver(judged(saved, catalogue, boundary), form, file, audience)
