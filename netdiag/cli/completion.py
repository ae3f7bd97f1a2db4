"""`netdiag completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from netdiag.cli import guarding

SHELLS = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion")
@click.argument("shell", type=click.Choice(tuple(SHELLS)))
def command(shell: str) -> int:
    """Print the completion script of SHELL.

    \b
    Examples:
      netdiag completion bash > ~/.local/share/bash-completion/completions/netdiag
      netdiag completion zsh > "${fpath[1]}/_netdiag"
      netdiag completion fish > ~/.config/fish/completions/netdiag.fish
    """
    from netdiag.cli.main import cli

    guarding.engage()
    completion = SHELLS[shell](cli, {}, "netdiag", "_NETDIAG_COMPLETE")
    # The method of bash's own class would start bash to look at its version.
    click.echo(ShellComplete.source(completion))
    return 0
