"""One live run: from a brief to a record."""

from __future__ import annotations

import asyncio
import platform
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from netdiag.boundary import Boundary
from netdiag.conclude import Catalogue, Run, conclude
from netdiag.destinations import Destinations
from netdiag.engine import diagnose
from netdiag.guards.guard import Guard
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Network, Watcher
from netdiag.outcomes import FailureKind
from netdiag.policy import Policy
from netdiag.record import Record, Vantage
from netdiag.special import Kind

if TYPE_CHECKING:
    from netdiag.networks import Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that a live run needs. `timeout` is in seconds.

    `kinds` and `prefixes` are of addresses that may be asked although they are not public,
    `networks` tells the networks of addresses.
    """

    brief: Brief
    catalogue: Catalogue
    boundary: Boundary
    vantage: str
    timeout: float
    kinds: frozenset[Kind]
    prefixes: tuple[str, ...] = ()
    networks: Lookup | None = None
    watchers: Sequence[Watcher] = ()
    dry_run: bool = False


def execute(plan: Plan, guards: tuple[Guard, ...]) -> Record:
    """Look, judge and conclude, under guards that are engaged already. An interrupt ends the
    looking; what was seen is still judged."""
    return asyncio.run(_execute(plan, guards))


async def _execute(plan: Plan, guards: tuple[Guard, ...]) -> Record:
    from netdiag.wire.live import LiveTransport

    transport = LiveTransport(time.monotonic, networks=plan.networks)
    policy = policy_for(plan)
    # Taken with the network's own zero, so that a capture's times compare with the transcript's.
    brief = replace(plan.brief, started=datetime.now(UTC))
    net = Network(
        transport,
        clock=time.monotonic,
        sleep=asyncio.sleep,
        policy=policy,
        deadline=plan.timeout,
        watchers=plan.watchers,
    )
    run = Run(
        brief=brief,
        vantage=Vantage(
            name=plan.vantage or platform.node() or "this machine",
            platform=f"{platform.system()} {platform.release()}".strip(),
            sees=transport.capabilities(),
        ),
        timeout=plan.timeout,
        guards=guards,
        budget=policy.budget,
    )
    undo = on_interrupt(lambda: net.stop(FailureKind.INTERRUPTED))
    try:
        judgements = await diagnose(brief, plan.catalogue.checks, plan.catalogue.explanations, net)
        await net.close()
    finally:
        undo()
        await transport.close()
    finished = datetime.now(UTC)
    return conclude(run, plan.catalogue, judgements, net.transcript, plan.boundary, finished)


def policy_for(plan: Plan) -> Policy:
    """What is the run's own to remember begins anew with each run."""
    brief = plan.brief
    destinations = Destinations(kinds=plan.kinds, prefixes=plan.prefixes)
    destinations.name([brief.target.address] if brief.target.address else [])
    destinations.name(server.address for server in brief.root_servers)
    destinations.name(brief.public_resolvers)
    destinations.name(endpoint.address for endpoint in brief.anchors + brief.mail_anchors)
    destinations.serve([brief.resolver] if brief.resolver else [])
    own = brief.target.name if brief.own_zone else None
    return Policy(destinations=destinations, own=own)


def on_interrupt(stop: Callable[[], object]) -> Callable[[], None]:
    """Let the first interrupt call `stop`, the second end the program; returns the undoing."""
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)

    def interrupted(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, before)
        loop.call_soon_threadsafe(stop)

    signal.signal(signal.SIGINT, interrupted)

    def undo() -> None:
        signal.signal(signal.SIGINT, before)

    return undo
