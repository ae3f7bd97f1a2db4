"""Whether anything answers beyond this machine's own network: the control for every blame.

Where the target itself answers, nothing more is asked, nor for a family that the target has no
address of while it works over the other. Otherwise endpoints that have nothing to do with it are
asked: the configured anchors over TCP, and three root servers over DNS.
"""

from __future__ import annotations

import asyncio

from checks.facts.machine import source_of
from checks.facts.reach import Reaches, connects, family_of
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import Connected, DnsReply, Failed, Reset, SourceAddress
from netdiag.requests import DnsQuery, Request, TcpConnect

MOST_ROOTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """One family's control. `answer` is an observation in which somebody far away answered."""

    family: int
    usable: bool
    source: Observation
    answer: Observation | None = None
    asked: tuple[Observation, ...] = ()

    @property
    def silent(self) -> bool:
        """Controls were really asked, and none answered."""
        return self.answer is None and any(not _ours(seen) for seen in self.asked)

    @property
    def evidence(self) -> tuple[ObservationId, ...]:
        """The answer, or all that got none."""
        if self.answer:
            return (self.answer.id,)
        return (self.source.id, *(seen.id for seen in self.asked))


async def outside(net: Asker, brief: Brief, family: int) -> Outside:
    """The control of one family, from the target where it works, else from elsewhere."""
    source, known = await asyncio.gather(source_of(net, brief, family), connects(net, brief))
    usable = isinstance(source.outcome, SourceAddress) or bool(known.of(family))
    answer = _target_answers(known, family)
    idle = known.works and not known.of(family)
    if answer or idle or not usable:
        return Outside(family=family, usable=usable, source=source, answer=answer)
    asked = await asyncio.gather(*(net.ask(request) for request in controls(brief, family)))
    return Outside(
        family=family,
        usable=usable,
        source=source,
        answer=next((seen for seen in asked if _answered(seen)), None),
        asked=tuple(asked),
    )


async def both(net: Asker, brief: Brief) -> tuple[Outside, ...]:
    """The controls of every family in question."""
    asking = (outside(net, brief, family) for family in wanted(brief))
    return tuple(await asyncio.gather(*asking))


def wanted(brief: Brief) -> tuple[int, ...]:
    """The families in question: that of the address given, else those asked for."""
    if brief.target.address:
        return (family_of(brief.target.address),)
    return brief.families


def controls(brief: Brief, family: int) -> tuple[Request, ...]:
    """Requests to endpoints of `family` that are unrelated to the target."""
    target = brief.target.address
    anchors: list[Request] = [
        TcpConnect(address=anchor.address, port=anchor.port)
        for anchor in brief.anchors
        if family_of(anchor.address) == family and anchor.address != target
    ]
    roots = [root.address for root in brief.root_servers if family_of(root.address) == family]
    queries = (DnsQuery(server=address, name=".", rtype="NS") for address in roots[:MOST_ROOTS])
    return (*anchors, *queries)


def _target_answers(known: Reaches, family: int) -> Observation | None:
    ports = (port for reach in known.of(family) for port in reach.asked)
    return next((port.seen for port in ports if port.connected), None)


def _answered(seen: Observation) -> bool:
    return isinstance(seen.outcome, Connected | Reset | DnsReply)


def _ours(seen: Observation) -> bool:
    return isinstance(seen.outcome, Failed) and seen.outcome.kind.ours
