"""`netdiag doctor`: what this machine and user let netdiag see, and what therefore stays unseen."""

from __future__ import annotations

import asyncio
import platform
import sys
import time
from pathlib import Path

import click

from checks.facts.machine import FAR_AWAY
from netdiag import __version__
from netdiag.cli import guarding
from netdiag.cli.options import load_config
from netdiag.outcomes import Outcome, Resolvers, SourceAddress
from netdiag.requests import ReadResolvers, Request, SelectSource
from netdiag.suffixes import date_of_list

MEANING = {
    "error_queue": (
        "ICMP errors without privileges",
        "who rejects, where a path ends, and hops",
    ),
    "datagram_icmp": ("ICMP echo without privileges", "echo (a UDP echo takes its place)"),
    "icmp_hops": ("hops by ICMP echo", "netdiag trace --protocol icmp"),
    "raw_sockets": ("raw sockets", "what only crafted packets show"),
    "kernel_timestamps": ("kernel time stamps", "round-trip times free of this machine's load"),
    "arrival_ttl": ("arrival TTL of TCP answers", "who really sent a reset"),
    "routes": ("the routing table", "missing or odd routes of this machine"),
    "neighbours": ("the neighbour table", "whether the gateway answers on the link"),
}


CLOCK = {
    True: "synchronised",
    False: "not synchronised: certificates may look invalid",
    None: "not known here",
}


@click.command("doctor")
@click.option("--config", type=click.Path(path_type=Path), help="Configuration file to check.")
def command(config: Path | None) -> int:
    """Say what netdiag can see from here, as this user, and what is therefore not observable.

    \b
    Examples:
      netdiag doctor
      sudo netdiag doctor
    """
    from netdiag.tomlfile import BadFileError

    try:
        settings = load_config(config)
    except BadFileError as error:
        raise click.ClickException(str(error)) from None
    synchronised = _clock_synchronised()
    guards = guarding.engage(network=True)
    sees, source4, source6, resolvers = asyncio.run(_look())
    _say("netdiag", f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    _say("public suffixes", f"the list of {date_of_list()}")
    for name, able in sees.items():
        if name in MEANING:
            what, unseen = MEANING[name]
            _say(what, "yes" if able else f"no: not observable here: {unseen}", bad=not able)
    _say("IPv4", _source(source4), bad=not isinstance(source4, SourceAddress))
    _say("IPv6", _source(source6), bad=not isinstance(source6, SourceAddress))
    found = resolvers.addresses if isinstance(resolvers, Resolvers) else ()
    _say("resolvers", ", ".join(found) or "none known: --resolver names one", bad=not found)
    _say("clock", CLOCK[synchronised], bad=synchronised is False)
    own = ", ".join(network.name for network in settings.networks) or "none configured"
    _say("own networks", own)
    for guard in guards:
        bad = guard.state != "active"
        _say(f"guard {guard.name}", f"{guard.state}: {guard.why}", bad=bad)
    return 0


async def _look() -> tuple[dict[str, bool], Outcome, Outcome, Outcome]:
    from netdiag.wire.live import LiveTransport

    transport = LiveTransport(time.monotonic)
    looks: tuple[Request, ...] = (
        SelectSource(address=FAR_AWAY[4]),
        SelectSource(address=FAR_AWAY[6]),
        ReadResolvers(),
    )
    try:
        four, six, resolvers = [(await transport.send(look)).outcome for look in looks]
    finally:
        await transport.close()
    return transport.capabilities(), four, six, resolvers


def _source(outcome: Outcome) -> str:
    if isinstance(outcome, SourceAddress):
        return f"yes, from {outcome.address}"
    return "no route: nothing of this family is asked or judged"


def _clock_synchronised() -> bool | None:
    """Whether the kernel holds its clock for synchronised (adjtimex(2)); None where unknown."""
    if sys.platform != "linux":
        return None
    import ctypes

    unsynchronised = 0x40  # STA_UNSYNC in struct timex's status, the fifth 8-octet word on LP64
    timex = (ctypes.c_long * 64)()
    libc = ctypes.CDLL(None)
    if libc.adjtimex(ctypes.byref(timex)) < 0:
        return None
    return not timex[4] & unsynchronised


def _say(what: str, how: str, *, bad: bool = False) -> None:
    click.echo(f"{'-' if bad else '+'} {what + ':':34} {how}")
