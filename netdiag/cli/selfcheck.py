"""`netdiag selfcheck`: the customer's own look, in plain words, with one file for support."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from textwrap import fill
from typing import Any

import click

from netdiag.cli import dry_run, guarding, live, output
from netdiag.cli.options import Asked, load_config, plan_for, run_options
from netdiag.model import Endpoint
from netdiag.record import Record, dumps

NEAR = "local,connectivity,routing"
"""What is looked at where no target is named: this machine and its way out."""

NOT_THE_CUSTOMERS = ("reverse-name",)
"""Checks of what the owner of the address asked would have to mend."""

OPENING = "netdiag will look at the network from this machine, to find out {why}."
STEPS = (
    "read this machine's network settings: {settings};",
    "ask name servers, try to reach {where}, and compare with well-known servers elsewhere;",
    "send some hundreds of small packets (never more than 4,000), none of which changes anything;",
    "write one file, {file}, for you to send to support.",
)
CLOSING = (
    "The file holds what was asked and what came back, this machine's addresses included. Nothing "
    "is sent to support by itself."
)
SETTINGS = "addresses, routes, name servers and proxies"
COLUMNS = 78


@click.command("selfcheck")
@click.argument("target", required=False)
@run_options
@click.option("--yes", is_flag=True, help="Do not ask before starting.")
@click.option("--output", "file", type=click.Path(path_type=Path), help="The file for support.")
def command(target: str | None, yes: bool, file: Path | None, **asked: Any) -> int:
    """Find out, from your own machine, why TARGET cannot be reached.

    Without TARGET it looks whether this machine reaches the Internet at all. It says what it
    will do and asks once before it starts. No administrator rights are needed.

    \b
    Examples:
      netdiag selfcheck www.example.org
      netdiag selfcheck --yes
    """
    plan = _plan(target, asked)
    place = file or Path(f"netdiag-{_file_part(plan.brief.target.host)}-{_stamp()}.json")
    output.check_writable(place)
    if plan.dry_run:
        return dry_run.show(plan, None)
    _introduce(target, place)
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
    anchors = _anchors(asked["config"])
    if not anchors:
        raise click.ClickException("no target given, and the configuration has no anchors")
    known = {**asked, "only": asked["only"] or NEAR, "port": asked["port"] or anchors[0].port}
    plan = plan_for(Asked(target=anchors[0].address, **known))
    shown = replace(plan.brief.target, display="the way to the Internet")
    return replace(
        plan,
        brief=replace(plan.brief, target=shown, purpose="machine"),
        catalogue=plan.catalogue.without(NOT_THE_CUSTOMERS),
    )


def _anchors(config: Path | None) -> tuple[Endpoint, ...]:
    from netdiag.tomlfile import BadFileError

    try:
        return load_config(config).anchors
    except BadFileError as error:
        raise click.ClickException(str(error)) from None


def _introduce(target: str | None, place: Path) -> None:
    click.echo(introduction(target, place))


def introduction(target: str | None, place: Path) -> str:
    """What will be done, in lines that fit into a terminal; a long name keeps a line of its own."""
    words = {
        "why": f"why {target} has trouble" if target else "whether the Internet can be reached",
        "settings": f"{SETTINGS}, and the hosts file's entry for {target}" if target else SETTINGS,
        "where": target or "the Internet",
        "file": str(place),
    }
    steps = (_wrapped(step.format(**words), "  - ", "    ") for step in STEPS)
    opening = _wrapped(OPENING.format(**words))
    return "\n".join((opening, "", "It will", *steps, "", _wrapped(CLOSING), ""))


def _wrapped(text: str, first: str = "", then: str = "") -> str:
    return fill(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _farewell(record: Record, place: Path) -> str:
    desk = record.boundary.desk
    channels = " or ".join(c for c in (desk.mail, desk.phone, desk.url) if c)
    to = f"{desk.name} ({channels})" if channels else "support"
    return f"\nThe file for {to}: {place}"


def _file_part(host: str) -> str:
    return "".join(c if c.isalnum() or c in ".-" else "-" for c in host)[:60]


def _stamp() -> str:
    return datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
