"""`netdiag explain`: one code or check of the catalogue."""

from __future__ import annotations

import click

from netdiag.cli import guarding, words


@click.command("explain")
@click.argument("code", shell_complete=words.codes)
def command(code: str) -> int:
    """What CODE (of a finding, or a check's id) means, how it is decided, and what to do.

    \b
    Examples:
      netdiag explain lame-delegation
      netdiag explain port-state
    """
    from checks.catalogue import CATALOGUE
    from reports import catalogue

    guarding.engage()
    if common := catalogue.common_page(code):
        click.echo(common, nl=False)
        return 0
    found = [c for c in CATALOGUE.checks if code == c.id or code in {k.code for k in c.finds}]
    if not found:
        raise click.ClickException(f"{code!r} is no code or check: see netdiag checks")
    pages = (
        catalogue.page(check) if code == check.id else catalogue.code_page(check, code)
        for check in found
    )
    click.echo("\n".join(pages), nl=False)
    return 0
