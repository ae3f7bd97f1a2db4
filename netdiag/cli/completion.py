"""`netdiag completion`: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

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

    click.echo(SHELLS[shell](cli, {}, "netdiag", "_NETDIAG_COMPLETE").source())
    return 0
