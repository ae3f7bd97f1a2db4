"""What is asked to follow the chain of trust: DS records and keys, zone by zone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from checks.facts.iterate import Cut, below
from checks.facts.race import first
from checks.facts.zone import Zone
from netdiag.lazy import dataclass
from netdiag.model import Brief, TrustAnchor
from netdiag.network import Asker, Observation
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

MOST_BETWEEN = 4
"""Zones found between two cuts, where the servers of one serve the other too."""

SIGNER = 7
"""The place of the signer's name among the fields of an RRSIG (RFC 4034, section 3.2)."""

MOST_ASKED = 3
"""Servers asked one question, the second and third where the first is of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One zone of a chain. `ds` is the reply for its DS records from above, None for the zone of
    the trust anchor; `keys` that for its keys, None where nothing vouches for them."""

    zone: str
    ds: Observation | None
    keys: Observation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A link as different servers show it, the best of which counts: a validator that is given
    something broken asks another server. `above` and `own` are addresses of servers of the zone
    above and of the zone."""

    zone: str
    links: tuple[Link, ...]
    above: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


async def widened(net: Asker, step: Step) -> Step:
    """The same step with what further servers show of it."""
    above = step.above[:MOST_ASKED] if step.links[0].ds else ()
    ds, keys = await asyncio.gather(
        asyncio.gather(*(_one(net, server, step.zone, "DS") for server in above)),
        asyncio.gather(*(_one(net, s, step.zone, "DNSKEY") for s in step.own[:MOST_ASKED])),
    )
    found = (Link(zone=step.zone, ds=d, keys=k) for d in ds or (None,) for k in keys or (None,))
    return replace(step, links=tuple(dict.fromkeys((*step.links, *found))))


async def _one(net: Asker, server: str, name: str, rtype: str) -> Observation:
    return await net.ask(DnsQuery(server=server, name=name, rtype=rtype, dnssec=True))


def anchors_of(brief: Brief, name: str) -> tuple[TrustAnchor, ...]:
    """The trust anchors of the zone nearest above `name` that has some (RFC 4035, section 5)."""
    above = [anchor for anchor in brief.trust_anchors if below(name, anchor.zone)]
    nearest = max((anchor.zone for anchor in above), key=_depth, default="")
    return tuple(anchor for anchor in above if anchor.zone == nearest)


def _depth(zone: str) -> int:
    return 0 if zone == "." else zone.count(".")


async def ds_above(net: Asker, zone: Zone) -> Observation | None:
    """The reply for the zone's DS records of the server that told of the delegation."""
    told = _told(net, zone.cut) if zone.cut and not zone.cut.hidden else ()
    if not told:
        return None
    return await net.ask(DnsQuery(server=told[0], name=zone.apex, rtype="DS", dnssec=True))


async def steps_of(net: Asker, brief: Brief, zone: Zone, top: str) -> tuple[Step, ...]:
    """The chain from the zone `top`, which has the trust anchor, down to `zone`."""
    cuts = zone.way.cuts
    zones = [".", *(cut.zone for cut in cuts)]
    servers = [_servers(net, brief, zone, number) for number in range(len(zones))]
    start = next((n for n, name in enumerate(zones) if name == top), None)
    if start is None:
        return ()
    head, *rest = await asyncio.gather(
        _anchored(net, top, servers[start]),
        *(
            _steps(net, (zones[n], servers[n]), (zones[n + 1], servers[n + 1]), MOST_BETWEEN)
            for n in range(start, len(zones) - 1)
        ),
    )
    return (*head, *(step for steps in rest for step in steps))


Place = tuple[str, tuple[str, ...]]
"""A zone and addresses of servers that have it."""


async def _anchored(net: Asker, zone: str, servers: Sequence[str]) -> tuple[Step, ...]:
    keys = await _ask(net, servers, zone, "DNSKEY")
    return (Step(zone=zone, links=(Link(zone=zone, ds=None, keys=keys),), own=tuple(servers)),)


async def _steps(net: Asker, parent: Place, child: Place, most: int) -> tuple[Step, ...]:
    """The steps below `parent` down to `child`, zones between them included."""
    ds = await _ask(net, parent[1], child[0], "DS")
    middle = _between(ds, parent[0], child[0]) if most else None
    above: tuple[Step, ...] = ()
    if middle:
        above = await _steps(net, parent, (middle, parent[1]), most - 1)
    vouched = ds is not None and has(ds, child[0], "DS")
    keys = await _ask(net, child[1], child[0], "DNSKEY") if vouched else None
    link = Link(zone=child[0], ds=ds, keys=keys)
    return (*above, Step(zone=child[0], links=(link,), above=parent[1], own=child[1]))


def has(seen: Observation, name: str, rtype: str) -> bool:
    """Whether the reply gives records of this name and type."""
    reply = seen.outcome
    return isinstance(reply, DnsReply) and any(
        (r.name, r.rtype) == (name, rtype) for r in reply.answer
    )


def _between(seen: Observation | None, parent: str, child: str) -> str | None:
    """The zone between the two whose servers answered: the signer, else the owner of the SOA."""
    if seen is None or not isinstance(seen.outcome, DnsReply):
        return None
    told = (*seen.outcome.answer, *seen.outcome.authority)
    words = [r.data.lower().split() for r in told if r.rtype == "RRSIG"]
    names = [fields[SIGNER] for fields in words if len(fields) > SIGNER]
    names += [r.name for r in told if r.rtype == "SOA"]
    inner = [n for n in names if n not in {parent, child} and below(n, parent) and below(child, n)]
    return max(inner, key=_depth, default=None)


def _servers(net: Asker, brief: Brief, zone: Zone, number: int) -> tuple[str, ...]:
    """Addresses of servers of the zone above cut `number`: the one that told of it first."""
    cuts = zone.way.cuts
    if number == len(cuts) and cuts:
        found = [server.server.address for server in zone.serving]
        return tuple(found or _glue(cuts[-1]))
    told = _told(net, cuts[number]) if number < len(cuts) else ()
    known = _glue(cuts[number - 1]) if number else [one.address for one in brief.root_servers]
    return tuple(dict.fromkeys((*told, *known)))


def _told(net: Asker, cut: Cut) -> tuple[str, ...]:
    seen = (one for one in net.transcript if one.id in cut.evidence)
    return tuple(o.request.server for o in seen if isinstance(o.request, DnsQuery))


def _glue(cut: Cut) -> list[str]:
    return [server.address for server in cut.glue]


async def _ask(net: Asker, servers: Sequence[str], name: str, rtype: str) -> Observation | None:
    """The first server's reply, or where it is of no use that of the first of the next ones."""
    queries = [
        DnsQuery(server=server, name=name, rtype=rtype, dnssec=True)
        for server in servers[:MOST_ASKED]
    ]
    if not queries:
        return None
    seen = await net.ask(queries[0])
    return seen if _useful(seen) else await first(net, queries[1:], _useful) or seen


def _useful(seen: Observation) -> bool:
    return isinstance(seen.outcome, DnsReply) and seen.outcome.rcode in {"NOERROR", "NXDOMAIN"}
