"""`netdiag audit`: proof from a capture that a recorded run only read."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import click

from netdiag.audit import account, capture, packets, render
from netdiag.cli import guarding
from netdiag.cli.judge import octets, record_in

NOT_PROVEN = 2


@click.command("audit")
@click.argument("record", type=click.Path(path_type=Path), metavar="RECORD")
@click.argument("pcap", type=click.Path(path_type=Path), metavar="PCAP")
@click.option("--format", "form", type=click.Choice(("terminal", "json")), default="terminal")
@click.option(
    "--vantage", multiple=True, metavar="ADDRESS", help="An address of the machine of the run."
)
def command(record: Path, pcap: Path, form: str, vantage: tuple[str, ...]) -> int:
    """Set a packet capture of a run against its RECORD: what was sent, and that it only read.

    Exit status: 0 all is explained and read-only, 2 something is not, 3 unreadable.

    \b
    Examples:
      netdiag audit case.json case.pcap
      netdiag audit case.json case.pcap --format json
    """
    for one in vantage:
        _check_address(one)
    found, captured = octets(record), octets(pcap, capture.MOST_OCTETS)
    guarding.engage()
    saved = record_in(found, record)
    try:
        seen = [packets.decode(frame) for frame in capture.frames(captured)]
    except capture.BadCaptureError as error:
        raise click.ClickException(f"{pcap}: not a usable capture: {error}") from None
    if not seen:
        raise click.ClickException(f"{pcap}: holds no packet, so it proves nothing")
    proof = account.account(saved, seen, vantage)
    click.echo(render.json(proof) if form == "json" else render.text(proof), nl=False)
    return 0 if proof.read_only else NOT_PROVEN


def _check_address(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise click.ClickException(f"--vantage {text!r} is not an address") from None
