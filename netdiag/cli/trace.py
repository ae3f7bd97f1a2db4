"""`netdiag trace`: the path, live or as a report."""

from __future__ import annotations

import asyncio
import ipaddress
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from netdiag import target as targets
from netdiag import tomlfile
from netdiag.budget import DESTINATION, Budget, Limits
from netdiag.cli import guarding, options, output, progress
from netdiag.cli.live import on_interrupt
from netdiag.cli.naming import Namer
from netdiag.cli.tracing import Line, Session
from netdiag.config import Settings
from netdiag.destinations import Destinations
from netdiag.lazy import dataclass
from netdiag.outcomes import Resolvers, SystemAddresses
from netdiag.policy import Policy
from netdiag.requests import ReadResolvers, SystemLookup
from netdiag.special import kinds_of
from netdiag.tracer import atlas, verdict
from netdiag.tracer.trace import Aim, Protocol, Trace
from reports import trace as report

UDP_PORT = 33434
TCP_PORT = 443
LARGEST_FILE = 50_000_000

LARGEST_PACKET = 1500
"""Octets: what a link of Ethernet carries."""

_WORST = ("ok", "unknown", "warning", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options as typed. `rounds` is None for the live screen."""

    target: targets.Target
    families: tuple[int, ...]
    protocol: Protocol
    port: int | None
    flows: int
    interval: float
    longest: int
    rounds: int | None
    numeric: bool

    def aim(self, address: str, protocol: Protocol, *, raw: bool) -> Aim:
        usual = self.target.port or TCP_PORT if protocol == "tcp" else UDP_PORT
        return Aim(
            address=address,
            protocol=protocol,
            port=self.port or usual,
            flows=self.flows,
            longest=self.longest,
            raw=raw and protocol == "tcp",
        )


@click.command("trace")
@click.argument("target", required=False)
@click.option("-4", "family", flag_value="4", help="Only IPv4.")
@click.option("-6", "family", flag_value="6", help="Only IPv6.")
@click.option(
    "--protocol",
    type=click.Choice(("udp", "tcp", "icmp")),
    default="udp",
    show_default=True,
    help="What the probes are.",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Destination port (UDP, TCP).")
@click.option("--flows", type=click.IntRange(1, 16), default=1, help="Flows in every round.")
@click.option(
    "--interval",
    type=click.FloatRange(0.5, 60),
    default=1.0,
    show_default=True,
    help="Seconds from one round to the next.",
)
@click.option("--max-hops", "longest", type=click.IntRange(1, 64), default=30, show_default=True)
@click.option("--report", "rounds", type=click.IntRange(1, 1000), help="Ask N rounds and report.")
@click.option("--format", "form", type=click.Choice(report.FORMS), default="terminal")
@click.option("-n", "--numeric", is_flag=True, help="Look up no names and no networks.")
@click.option("--load", type=click.Path(path_type=Path), help="Judge a RIPE Atlas result instead.")
@click.option("--config", type=click.Path(path_type=Path), help="Instead of the usual file.")
def command(
    target: str | None, load: Path | None, form: str, config: Path | None, **typed: Any
) -> int:
    """Show the path to TARGET hop by hop, and what it says.

    \b
    Examples:
      netdiag trace www.example.org
      netdiag trace www.example.org --report 10 --protocol tcp --port 443
      netdiag trace 192.0.2.7 --report 1 --format json
      netdiag trace --load atlas.json

    On a terminal the screen is live: p pauses, r resets, u, t and i change the protocol, 4 and 6
    the family, q quits. Elsewhere, or with --report or --format, the report is printed. Exit
    status: 0 the target answers, 1 or 2 it does so badly or the path is broken, 3 no telling.
    """
    if load is not None:
        if target is not None:
            raise click.UsageError("give TARGET or --load FILE, not both")
        found = _octets(load)
        guarding.engage()
        return _show(_loaded(found, load), {}, form)
    if target is None:
        raise click.UsageError("give a TARGET to trace, or --load FILE")
    form_given = click.get_current_context().get_parameter_source("form")
    report_wanted = typed["rounds"] or form_given is not ParameterSource.DEFAULT
    live = not report_wanted and _interactive()
    try:
        asked = _asked(targets.parse(target), live=live, **typed)
        settings = options.load_config(config)
        guarding.engage(network=True, reads=[settings.asn_table])
        return asyncio.run(_run(asked, settings, form))
    except (targets.BadTargetError, tomlfile.BadFileError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise click.Abort from None


def _asked(
    target: targets.Target, *, family: str | None, rounds: int | None, live: bool, **typed: Any
) -> Asked:
    return Asked(
        target=target,
        families=(int(family),) if family else (4, 6),
        rounds=None if live else rounds or 1,
        **typed,
    )


def _interactive() -> bool:
    """Whether there is a terminal to draw on and to read keys from, as POSIX systems have it."""
    posix = sys.platform != "win32"
    return posix and sys.stdout.isatty() and sys.stdin.isatty()


async def _run(asked: Asked, settings: Settings, form: str) -> int:
    line = Line(_policy(asked, settings))
    try:
        raw = await line.may_craft()
        addresses = await _addresses(asked, line)
        session = Session.of(
            line, [asked.aim(a, asked.protocol, raw=raw) for a in addresses], asked.interval
        )
        namer = Namer(line.ask, settings, await _resolver(asked, line))
        if asked.rounds is None:
            from netdiag.cli.trace_screen import Screen

            await Screen(session, namer, asked, raw=raw).run()
            return _status(session.traces)
        await _interruptible(session, asked.rounds)
        if not asked.numeric:
            await namer.name(senders(session.traces))
        return _show(session.traces, namer.names, form)
    finally:
        await line.close()


async def _interruptible(session: Session, rounds: int) -> None:
    """Ask `rounds` rounds; an interrupt ends them, and what was seen is still reported."""
    with progress.rounds(rounds) as tell:
        asking = asyncio.ensure_future(session.rounds(rounds, lambda s: tell(s.traces[0].rounds)))
        undo = on_interrupt(asking.cancel)
        try:
            await asyncio.wait({asking})
        finally:
            undo()
    if not asking.cancelled():
        asking.result()


def senders(traces: list[Trace]) -> list[str]:
    """Every address that answered, as far as the tables show it."""
    return [
        address
        for trace in traces
        for ttl, hop in trace.hops.items()
        if ttl <= trace.end
        for address in hop.senders
    ]


def _policy(asked: Asked, settings: Settings) -> Policy:
    """More than the usual packets only where the user asks for rounds without end, or for many."""
    rounds = asked.rounds if asked.rounds is not None else 1_000_000
    hops = 2 * asked.flows * asked.longest
    packets = max(DESTINATION.packets, rounds * hops)
    one = Limits(
        packets=packets,
        octets=packets * LARGEST_PACKET,
        concurrent=DESTINATION.concurrent,
        per_second=max(DESTINATION.per_second, hops),
    )
    given = [asked.target.address] if asked.target.address else []
    allowed = Destinations(
        kinds=options.allowed_kinds(settings, kinds_of(given)), prefixes=settings.allow
    )
    allowed.name(given)
    all_of_them = replace(one, packets=4 * packets, octets=4 * one.octets)
    budget = Budget(destination=one, run=all_of_them)
    return Policy(budget=budget, destinations=allowed)


async def _addresses(asked: Asked, line: Line) -> list[str]:
    """One address of each family. Raises `click.ClickException` where there is none."""
    given = asked.target.address
    if given:
        if ipaddress.ip_address(given.partition("%")[0]).version not in asked.families:
            raise click.ClickException(f"{given} is not of the family asked for")
        return [given]
    outcome = await line.ask(SystemLookup(name=asked.target.name or "."))
    found = outcome.addresses if isinstance(outcome, SystemAddresses) else ()
    by_family = {ipaddress.ip_address(a.partition("%")[0]).version: a for a in reversed(found)}
    chosen = [by_family[family] for family in asked.families if family in by_family]
    if not chosen:
        raise click.ClickException(
            f"{asked.target.display} has no address here: netdiag check {asked.target.host} "
            "tells why"
        )
    return chosen


async def _resolver(asked: Asked, line: Line) -> str | None:
    if asked.numeric:
        return None
    outcome = await line.ask(ReadResolvers())
    known = outcome.addresses if isinstance(outcome, Resolvers) else ()
    return known[0] if known else None


def _octets(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise click.ClickException(f"--load {path}: cannot be read ({error.strerror})") from None


def _loaded(text: bytes, path: Path) -> list[Trace]:
    if len(text) > LARGEST_FILE:
        raise click.ClickException(f"--load {path}: larger than {LARGEST_FILE} octets")
    try:
        return list(atlas.read(text))
    except atlas.BadResultError as error:
        raise click.ClickException(f"--load {path}: {error}") from None


def _show(traces: list[Trace], names: report.Names, form: str) -> int:
    text = report.render(
        form,
        traces,
        names,
        output.width(400),
        colour=output.colour(),
        ascii_only=not output.unicode(),
    )
    click.echo(text, nl=False, color=True if output.colour() else None)
    return _status(traces)


def _status(traces: list[Trace]) -> int:
    """Of several traces the worst counts."""
    worst = max((verdict.judge(trace).status for trace in traces), key=_WORST.index)
    return output.STATUS[worst]
