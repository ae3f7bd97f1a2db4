"""`netdiag checks`: the catalogue."""

from __future__ import annotations

import click

from netdiag.cli import guarding
from netdiag.model import Outcome


@click.command("checks")
@click.option(
    "--all", "everything", is_flag=True, help="Codes of every outcome, not of faults only."
)
@click.option(
    "--crosswalk",
    is_flag=True,
    help="What Zonemaster and DNSViz call the same, both ways, and what has no counterpart.",
)
def command(everything: bool, crosswalk: bool) -> int:
    """List the checks, and the codes that each can report.

    \b
    Examples:
      netdiag checks
      netdiag checks --crosswalk
      netdiag explain lame-delegation
    """
    from checks.catalogue import CATALOGUE

    guarding.engage()
    if crosswalk:
        from reports.crosswalk import table

        click.echo(table(CATALOGUE.checks), nl=False)
        return 0
    for check in CATALOGUE.checks:
        click.echo(f"{check.id}: {check.title} [{check.area.value}]")
        kinds = [k for k in check.finds if everything or k.outcome is Outcome.PROBLEM]
        for code in sorted({kind.code for kind in kinds}):
            click.echo(f"    {code}")
    return 0
