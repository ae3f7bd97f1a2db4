"""`netdiag selfcheck`: the customer's own look, in plain words, with one file for support."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from netdiag.cli import dry_run, guarding, live, output
from netdiag.cli.options import Asked, load_config, plan_for, run_options
from netdiag.record import Record, dumps

NEAR = "local,connectivity,routing"
"""What is looked at where no target is named: this machine and its way out."""

INTRODUCTION = """\
netdiag will look at the network from this machine, to find out why {what}.

It will
  - read this machine's network settings: addresses, routes, name servers, proxies,
    and the hosts file's entry for that name, if it has one;
  - ask name servers, and try to reach {where};
  - send some hundreds of small packets (never more than 4,000), none of which changes anything;
  - write one file, {file}, for you to send to support.

The file holds what was asked and what came back, this machine's addresses included. Nothing is
sent to support by itself.
"""


@click.command("selfcheck")
@click.argument("target", required=False)
@run_options
@click.option("--yes", is_flag=True, help="Do not ask before starting.")
@click.option("--output", "file", type=click.Path(path_type=Path), help="The file for support.")
def command(target: str | None, yes: bool, file: Path | None, **asked: Any) -> int:
    """Find out, from your own machine, why TARGET cannot be reached.

    Without TARGET it looks whether this machine reaches the Internet at all. No administrator
    rights are needed.

    \b
    Examples:
      netdiag selfcheck www.example.org
      netdiag selfcheck --yes
    """
    plan = _plan(target, asked)
    name = target or "the Internet"
    place = file or Path(f"netdiag-{_file_part(plan.brief.target.host)}-{_stamp()}.json")
    output.check_writable(place)
    if plan.dry_run:
        return dry_run.show(plan, None)
    _introduce(name, place)
    if not yes:
        click.confirm("Start?", abort=True, default=True)
    with output.reserved(place) as report:
        record = live.execute(plan, guarding.engage(network=True, files=[report]))
        if report is not None:
            report.write(dumps(record).decode())
    click.echo(output.rendered(record, "terminal", "customer"), nl=False)
    click.echo(_farewell(record, place))
    return output.STATUS[record.status]


def _plan(target: str | None, asked: dict[str, Any]) -> live.Plan:
    if target is not None:
        return plan_for(Asked(target=target, **asked))
    anchors = load_config(asked["config"]).anchors
    if not anchors:
        raise click.ClickException("no target given, and the configuration has no anchors")
    known = {**asked, "only": asked["only"] or NEAR, "port": asked["port"] or anchors[0].port}
    plan = plan_for(Asked(target=anchors[0].address, **known))
    shown = replace(plan.brief.target, display=f"the Internet ({anchors[0].address})")
    return replace(plan, brief=replace(plan.brief, target=shown, purpose="machine"))


def _introduce(name: str, place: Path) -> None:
    what = "the Internet cannot be reached" if name == "the Internet" else f"{name} has trouble"
    click.echo(INTRODUCTION.format(what=what, where=name, file=place))


def _farewell(record: Record, place: Path) -> str:
    desk = record.boundary.desk
    channels = " or ".join(c for c in (desk.mail, desk.phone, desk.url) if c)
    to = f"{desk.name} ({channels})" if channels else "support"
    return f"\nThe file for {to}: {place}"


def _file_part(host: str) -> str:
    return "".join(c if c.isalnum() or c in ".-" else "-" for c in host)[:60]


def _stamp() -> str:
    return datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
