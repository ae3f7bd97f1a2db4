"""`netdiag dns`: the DNS part alone, in full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netdiag.cli import dry_run, guarding, live
from netdiag.cli import output as outputs
from netdiag.cli.options import Asked, Audience, dkim_option, look_options, plan_for, report_options


@click.command("dns")
@click.argument("name")
@look_options
@click.option(
    "--ns",
    multiple=True,
    metavar="NAME[/ADDRESS]",
    help="A server of a planned delegation; may be given several times.",
)
@click.option(
    "--ds",
    multiple=True,
    metavar="KEYTAG,ALGORITHM,TYPE,DIGEST",
    help="A DS record of the planned delegation.",
)
@click.option(
    "--type",
    "rtypes",
    multiple=True,
    metavar="TYPE",
    help="Also show what each server gives for this type; may be given several times.",
)
@click.option("--at", metavar="ADDRESS", help="Look at the zone as this one server has it.")
@dkim_option
@report_options
def command(
    name: str,
    form: str | None,
    output: Path | None,
    audience: Audience,
    verbose: bool,
    log_file: Path | None,
    **asked: Any,
) -> int:
    """Examine the DNS of NAME in full: its zone, every server of it, and the way to it.

    \b
    Examples:
      netdiag dns example.org
      netdiag dns www.example.org --format markdown
      netdiag dns example.org --only delegation-mismatch
      netdiag dns example.org --type MX --type CAA
      netdiag dns example.org --at 192.0.2.53
      netdiag dns example.org --ns ns1.new.example/192.0.2.1 --ns ns2.new.example

    The zone is the one whose apex NAME is, wherever its parent is; else the one that NAME is in.
    DNS questions are sent, one or two to the registry's public data service (RDAP), and what tells
    whether the resolvers of this machine speak TLS and whether an MTA-STS policy can be fetched.
    --only takes checks and codes.

    With --ns the zone is judged at those servers, as if its parent delegated to them already, and
    compared with the zone as it is delegated today: what a move would change.
    """
    from netdiag.cli.progress import watchers

    with outputs.reserved(output) as file:
        with watchers(verbose=verbose, log_file=log_file) as watching:
            plan = plan_for(Asked(target=name, dns_only=True, **asked), watching)
            if plan.dry_run:
                return dry_run.show(plan, form)
            record = live.execute(plan, guarding.engage(network=True, files=[file]))
        if outputs.form_of(form, None) == "terminal":
            outputs.show_delegation(record)
        return outputs.deliver(record, form, file, audience)
