"""`netdiag check`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netdiag.cli import dry_run, guarding, live
from netdiag.cli import output as outputs
from netdiag.cli.options import Asked, Audience, dkim_option, plan_for, report_options, run_options


@click.command("check")
@click.argument("target")
@run_options
@dkim_option
@report_options
def command(
    target: str,
    form: str | None,
    output: Path | None,
    audience: Audience,
    verbose: bool,
    log_file: Path | None,
    **asked: Any,
) -> int:
    """Diagnose TARGET: a host name, domain, URL, IP address or host:port.

    \b
    Examples:
      netdiag check www.example.org
      netdiag check https://www.example.org/shop --format markdown
      netdiag check 192.0.2.7:25 --output case.json
      netdiag check example.org --only dns,routing -6

    netdiag sends at most 500 packets to any one address, 100 a second, and 4,000 in a run, and
    nothing that could change anything; --dry-run shows what it begins with. With --output the
    report also goes to FILE, in the form that its name suggests (.json, .html, .md) or --format
    says; a JSON report is the record of the whole run, for netdiag judge and netdiag report.
    Ctrl-C ends the looking, and what was seen by then is reported.
    """
    from netdiag.cli.progress import watchers

    with outputs.reserved(output) as file:
        with watchers(verbose=verbose, log_file=log_file) as watching:
            plan = plan_for(Asked(target=target, **asked), watching)
            if plan.dry_run:
                return dry_run.show(plan, form)
            record = live.execute(plan, guarding.engage(network=True, files=[file]))
        return outputs.deliver(record, form, file, audience)
