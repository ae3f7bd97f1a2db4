"""`netdiag checks`: the catalogue."""

from __future__ import annotations

import click

from netdiag.model import Outcome


@click.command("checks")
@click.option(
    "--all", "everything", is_flag=True, help="Codes of every outcome, not of faults only."
)
def command(everything: bool) -> int:
    """List the checks, and the codes that each can report.

    \b
    Examples:
      netdiag checks
      netdiag explain lame-delegation
    """
    from checks.catalogue import CATALOGUE

    for check in CATALOGUE.checks:
        click.echo(f"{check.id}: {check.title} [{check.area.value}]")
        kinds = [k for k in check.finds if everything or k.outcome is Outcome.PROBLEM]
        for code in sorted({kind.code for kind in kinds}):
            click.echo(f"    {code}")
    return 0
