"""`netdiag audit`: proof from a capture that a recorded run only read."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import click

from netdiag.audit import account, capture, packets, render
from netdiag.cli.judge import read_record

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
    saved = read_record(record)
    try:
        seen = [packets.decode(frame) for frame in capture.frames(_octets(pcap))]
    except capture.BadCaptureError as error:
        raise click.ClickException(f"{pcap}: not a usable capture: {error}") from None
    if not seen:
        raise click.ClickException(f"{pcap}: holds no packet, so it proves nothing")
    found = account.account(saved, seen, vantage)
    click.echo(render.json(found) if form == "json" else render.text(found), nl=False)
    return 0 if found.read_only else NOT_PROVEN


def _check_address(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise click.ClickException(f"--vantage {text!r} is not an address") from None


def _octets(pcap: Path) -> bytes:
    try:
        with pcap.open("rb") as file:
            return file.read(capture.MOST_OCTETS + 1)
    except OSError as error:
        raise click.ClickException(f"{pcap}: cannot be read ({error.strerror})") from None
