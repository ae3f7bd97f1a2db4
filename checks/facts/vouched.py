"""Records with the word of their zone's signatures: whether a reader may rely on them.

The chain of trust is followed from the anchor to the records. Without an anchor that fits these
root servers the zone's DS records at its parent are believed, whatever is above.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Literal

from checks.facts.iterate import Descent, descend, resolve
from checks.facts.iterate import Status as Found
from checks.facts.once import once
from checks.facts.trust import Link, Step, anchors_of, has, steps_of
from checks.facts.zone import Zone
from netdiag.lazy import dataclass
from netdiag.model import Brief, TrustAnchor
from netdiag.network import Asker, ObservationId
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

Standing = Literal["vouched", "unsigned", "broken", "not-seen"]
"""Signatures hold; there need be none; they do not hold; unknown."""

_STANDINGS: dict[str, Standing] = {
    "insecure": "unsigned",
    "bogus": "broken",
    "indeterminate": "not-seen",
}
_WORST: tuple[Standing, ...] = ("broken", "unsigned", "not-seen", "vouched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """The records of a name after its aliases. With no records `standing` is not worked out."""

    name: str
    status: Found
    data: tuple[str, ...] = ()
    standing: Standing = "not-seen"
    evidence: tuple[ObservationId, ...] = ()


@once
async def vouched(net: Asker, brief: Brief, name: str, rtype: str) -> Vouched:
    """The records, and where there are some, what the signatures on them and on aliases say."""
    found = await resolve(net, brief, name, rtype)
    if not found.data:
        return Vouched(name=name, status=found.status, evidence=found.evidence)
    *aliases, last = found.chain
    sets = [*((alias, "CNAME") for alias in aliases), (last, rtype)]
    told = await asyncio.gather(*(_standing(net, brief, *one) for one in sets))
    standings = {standing for standing, _ in told}
    seen = (number for _, numbers in told for number in numbers)
    return Vouched(
        name=name,
        status=found.status,
        data=found.data,
        standing=next(one for one in _WORST if one in standings),
        evidence=tuple(dict.fromkeys((*found.evidence, *seen))),
    )


async def _standing(
    net: Asker, brief: Brief, name: str, rtype: str
) -> tuple[Standing, tuple[ObservationId, ...]]:
    """What a validator takes the records for."""
    from checks.facts.dnssec.chain import State, stand_of, walk

    way = await descend(net, brief, name)
    if not way.cuts or way.last is None or not isinstance(way.last.request, DnsQuery):
        return "not-seen", ()
    server = way.last.request.server
    trust = await _trust(net, brief, way, server)
    if not trust.anchors:
        return trust.without, trust.evidence
    stands = walk(trust.anchors, trust.steps, brief.started)
    if not stands or stands[-1].state is not State.SECURE:
        return _STANDINGS[stands[-1].state.value] if stands else "not-seen", trust.evidence
    seen = await net.ask(_signed(server, name, rtype))
    evidence = (*trust.evidence, seen.id)
    if not isinstance(seen.outcome, DnsReply):
        return "not-seen", evidence
    sets = stand_of(seen, stands[-1], brief.started)
    states = {one.state for one in sets}
    if not has(seen, name, rtype) or State.BOGUS in states:
        return "broken", evidence
    return "unsigned" if State.INSECURE in states else "vouched", evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trust:
    """Where trust begins and what leads from there to a zone; `without` anchors it stands so."""

    anchors: tuple[TrustAnchor, ...] = ()
    steps: tuple[Step, ...] = ()
    without: Standing = "not-seen"
    evidence: tuple[ObservationId, ...]


async def _trust(net: Asker, brief: Brief, way: Descent, server: str) -> _Trust:
    from checks.facts.dnssec.chain import State, walk

    anchors = anchors_of(brief, way.name)
    steps = await _steps(net, brief, way, server, anchors[0].zone) if anchors else ()
    if any(one.state is State.SECURE for one in walk(anchors, steps[:1], brief.started)):
        links = (link for step in steps for link in step.links)
        seen = (one for link in links for one in (link.ds, link.keys) if one)
        return _Trust(anchors=anchors, steps=steps, evidence=tuple(one.id for one in seen))
    return await _by_parent(net, way, server)


async def _by_parent(net: Asker, way: Descent, server: str) -> _Trust:
    """The zone's DS records taken for anchors."""
    ds = await net.ask(_signed(_parent(net, way, server), way.zone, "DS"))
    if not isinstance(ds.outcome, DnsReply) or ds.outcome.rcode != "NOERROR":
        return _Trust(evidence=(ds.id,))
    if not has(ds, way.zone, "DS"):
        return _Trust(without="unsigned", evidence=(ds.id,))
    keys = await net.ask(_signed(server, way.zone, "DNSKEY"))
    link = Link(zone=way.zone, ds=None, keys=keys)
    believed = _believed(ds.outcome, way.zone)
    step = Step(zone=way.zone, links=(link,))
    return _Trust(anchors=believed, steps=(step,), evidence=(ds.id, keys.id))


async def _steps(net: Asker, brief: Brief, way: Descent, server: str, top: str) -> tuple[Step, ...]:
    """The chain down to the zone, whose keys `server` is asked for: that one has the records."""
    steps = await steps_of(net, brief, Zone(way=way, families=brief.families), top)
    link = steps[-1].links[0] if steps else None
    if link is None or not link.ds or not has(link.ds, way.zone, "DS"):
        return steps
    keys = await net.ask(_signed(server, way.zone, "DNSKEY"))
    return (*steps[:-1], replace(steps[-1], links=(replace(link, keys=keys),)))


def _parent(net: Asker, way: Descent, server: str) -> str:
    """The server that told of the zone."""
    told = way.cuts[-1].evidence
    found = (seen.request for seen in net.transcript if seen.id in told)
    return next((one.server for one in found if isinstance(one, DnsQuery)), server)


def _believed(reply: DnsReply, zone: str) -> tuple[TrustAnchor, ...]:
    """The DS records in a reply, as if they were anchors."""
    records = (r for r in reply.answer if (r.name, r.rtype) == (zone, "DS"))
    return tuple(TrustAnchor(zone=zone, rtype="DS", data=record.data) for record in records)


def _signed(server: str, name: str, rtype: str) -> DnsQuery:
    return DnsQuery(server=server, name=name, rtype=rtype, dnssec=True)
