"""The command line: a group whose commands are imported only when they run."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from netdiag import __version__
from netdiag.text import clean

if TYPE_CHECKING:
    from netdiag.cli.guarding import Process

UNKNOWN = 3
"""Exit status of wrong usage: the monitoring-plugins' *unknown*."""

COMMANDS = {
    "check": "Diagnose a host, domain, URL or address.",
    "dns": "Examine the DNS of a domain in full.",
    "trace": "Show the path to a host, live or as a report, and judge it.",
    "selfcheck": "Look from your own machine and leave one file for support.",
    "probe": "One look as a monitoring plugin.",
    "judge": "Judge a saved record again, offline.",
    "report": "Render a saved record.",
    "audit": "Prove from a packet capture that a recorded run only read.",
    "explain": "What a finding means, how it is decided, what to do.",
    "checks": "List the checks and their codes.",
    "doctor": "What this machine and user let netdiag see.",
    "completion": "Print the shell's completion script.",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"netdiag.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 ok, 1 warning, 2 critical, 3 unknown (also wrong usage).",
)
@click.version_option(__version__, prog_name="netdiag", message="%(prog)s %(version)s")
def cli() -> None:
    """Find what is wrong on the network between this machine and a host, and whose it is to fix.

    netdiag looks and never touches: it sends no request that could change anything.
    """


def run(arguments: Sequence[str], process: Process | None = None) -> int:
    """Run the command line and return its exit status.

    `process` is how this one is locked; a caller that goes on afterwards leaves it out.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        return _run(arguments, process, nowhere)
    finally:
        os.close(nowhere)


def _run(arguments: Sequence[str], process: Process | None, nowhere: int) -> int:
    """`nowhere` takes what is still to be written when nobody reads any more."""
    try:
        result: Any = cli.main(
            args=list(arguments), prog_name="netdiag", standalone_mode=False, obj=process
        )
    except click.ClickException as error:
        return _complain(error)
    except click.Abort:
        click.echo("netdiag: stopped by the user before anything was sent", err=True)
        return UNKNOWN
    except BrokenPipeError:
        os.dup2(nowhere, sys.stdout.fileno())
        return UNKNOWN
    return result if isinstance(result, int) else 0


def _complain(error: click.ClickException) -> int:
    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f" (see: {error.ctx.command_path} --help)"
    # A message may quote a file or its name.
    click.echo(f"netdiag: {clean(error.format_message()).rstrip('.')}{hint}", err=True)
    return UNKNOWN
