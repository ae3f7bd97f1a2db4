"""`netdiag judge`: the verdict on a saved transcript by today's checks, offline."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from netdiag.boundary import Boundary
from netdiag.budget import Budget
from netdiag.cli import guarding, options, output
from netdiag.cli.options import Audience
from netdiag.conclude import Catalogue, Run, conclude
from netdiag.engine import diagnose
from netdiag.network import Recorded
from netdiag.record import MAX_OCTETS, BadRecordError, Record, brief_of, loads


def octets(path: Path, most: int = MAX_OCTETS) -> bytes:
    """What a file holds, one octet more than `most` of it at the most. Nothing looks into it yet.

    Raises `click.ClickException` with one clear sentence.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be read ({error.strerror})") from None


def record_in(found: bytes, path: Path) -> Record:
    """The record that a file held. Raises `click.ClickException` with one clear sentence."""
    try:
        return loads(found)
    except BadRecordError as error:
        raise click.ClickException(f"{path}: {error}") from None


def judged(record: Record, catalogue: Catalogue, boundary: Boundary) -> Record:
    """The record as today's checks conclude it from the saved transcript."""
    brief = brief_of(record)
    net = Recorded(record.transcript)
    judgements = asyncio.run(diagnose(brief, catalogue.checks, catalogue.explanations, net))
    run = Run(
        brief=brief,
        vantage=record.vantage,
        timeout=record.settings.timeout,
        guards=record.guards,
        budget=_budget(record),
    )
    return conclude(run, catalogue, judgements, net.transcript, boundary, record.finished)


def _budget(record: Record) -> Budget | None:
    known = record.budget
    return Budget(destination=known.destination, run=known.run) if known else None


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

    try:
        boundary = options.load_boundary(options.load_config(config))
    except BadFileError as error:
        raise click.ClickException(str(error)) from None
    found = octets(record)
    with output.reserved(file) as report:
        guarding.engage(files=[report])
        saved = record_in(found, record)
        again = judged(saved, _same_checks(saved, CATALOGUE), boundary)
        return output.deliver(again, form, report, audience)


def _same_checks(saved: Record, catalogue: Catalogue) -> Catalogue:
    """Those of the saved run that still exist."""
    known = {check.id for check in catalogue.checks}
    return catalogue.only(c for c in saved.settings.checks if c in known)
