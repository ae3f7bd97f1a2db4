"""`--dry-run`: what a run would send first, and to whom; nothing is sent."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import click

from netdiag import record
from netdiag.budget import Budget
from netdiag.cli import guarding
from netdiag.cli.live import Plan, policy_for
from netdiag.engine import diagnose
from netdiag.network import Network, Sent
from netdiag.outcomes import FailureKind
from netdiag.readonly import is_local
from netdiag.requests import Request
from reports.observation import request_line

if TYPE_CHECKING:
    from netdiag.network import Transport

TURNS = 100
"""Turns of the event loop without anything new after which everybody waits for an answer."""

PAUSE = 0.002
"""Seconds, while a look at this machine is under way in a thread."""


class Listing:
    """In the network's place: looks at this machine are made, all else is noted and never ends."""

    def __init__(self, machine: Transport) -> None:
        self.wave: list[Request] = []
        self.looking = 0
        self._machine = machine

    async def send(self, request: Request) -> Sent:
        if not is_local(type(request)):
            self.wave.append(request)
            await asyncio.Event().wait()
        self.looking += 1
        try:
            return await self._machine.send(request)
        finally:
            self.looking -= 1

    async def settled(self) -> None:
        """Wait until nothing more is asked before something is answered."""
        quiet, known = 0, -1
        while quiet < TURNS:
            await asyncio.sleep(PAUSE if self.looking else 0)
            quiet = quiet + 1 if len(self.wave) == known and not self.looking else 0
            known = len(self.wave)


async def first_wave(plan: Plan) -> tuple[Request, ...]:
    """All requests that a run makes before it has any answer from outside, in their order."""
    from netdiag.wire.live import LiveTransport

    machine = LiveTransport(time.monotonic, networks=plan.networks)
    listing = Listing(machine)
    net = Network(listing, clock=time.monotonic, policy=policy_for(plan))
    checks, explanations = plan.catalogue.checks, plan.catalogue.explanations
    looking = asyncio.ensure_future(diagnose(plan.brief, checks, explanations, net))
    try:
        await listing.settled()
        wave = tuple(listing.wave)
        net.stop(FailureKind.NOT_NEEDED)
        await looking
        await net.close()
        return wave
    finally:
        await machine.close()


def show(plan: Plan, form: str | None) -> int:
    """Print the first wave, as text or as JSON."""
    guarding.engage(network=True)
    wave = asyncio.run(first_wave(plan))
    if form == "json":
        click.echo(json.dumps(tree(plan, wave), indent=1))
    else:
        click.echo(text(plan, wave))
    return 0


def text(plan: Plan, wave: tuple[Request, ...]) -> str:
    """One line a request, with the most packets that it takes."""
    most = sum(request.cost for request in wave)
    limits = Budget().destination
    return "\n".join(
        [
            f"A look at {plan.brief.target.display} begins with {len(wave)} requests, "
            f"of {most} packets at most:",
            *map(_line, wave),
            "What follows depends on the answers. No address gets more than "
            f"{limits.packets} packets,",
            f"nor more than {limits.per_second} a second for long.",
            "Nothing was sent.",
        ]
    )


def _line(request: Request) -> str:
    # What the operating system sends for a look-up is its own affair.
    most = f"{request.cost:4} packets" if request.cost else "system asks"
    return f"{most:>12}: {request_line(request)}"


def tree(plan: Plan, wave: tuple[Request, ...]) -> dict[str, Any]:
    """The same for programs."""
    budget = Budget()
    return {
        "format": "netdiag-dry-run",
        "target": plan.brief.target.display,
        "requests": [record.tagged(one) | {"most_packets": one.cost} for one in wave],
        "limits": {
            "destination": record.builtin(budget.destination),
            "run": record.builtin(budget.run),
        },
    }
