"""Further questions to every server of a zone that answers anything, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from checks.facts.edns import asked
from checks.facts.zone import Zone, ZoneServer
from netdiag.network import Asker, Observation
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery


async def of_each(
    net: Asker, zone: Zone, *questions: DnsQuery
) -> tuple[tuple[Observation, ...], ...]:
    """For each server that answers, in the zone's order, the observations of `questions`.

    A question that stays without answer over UDP is asked in another shape, without EDNS, before
    silence counts: the observation is then that of the second shape. Of a server that drops EDNS
    that shape comes first, so that it costs one wait and not one for every question.
    """
    servers = answering(zone)
    return tuple(await asyncio.gather(*(_asked(net, server, questions) for server in servers)))


def answering(zone: Zone) -> tuple[ZoneServer, ...]:
    """The servers that answered the zone's SOA question over some transport."""
    return tuple(server for server in zone.servers if server.answers)


async def _asked(
    net: Asker, server: ZoneServer, questions: Sequence[DnsQuery]
) -> tuple[Observation, ...]:
    address = server.server.address
    queries = [replace(question, server=address) for question in questions]
    shaped = (_in_some_shape(net, query, edns=not server.drops_edns) for query in queries)
    return tuple(await asyncio.gather(*shaped))


async def _in_some_shape(net: Asker, query: DnsQuery, *, edns: bool) -> Observation:
    if query.transport == "tcp" or query.udp_payload is None:
        return await asked(net, query)
    plain = replace(query, udp_payload=None)
    first, second = (query, plain) if edns else (plain, query)
    seen = await asked(net, first)
    return seen if isinstance(seen.outcome, DnsReply) else await net.ask(second)
