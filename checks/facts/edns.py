"""Servers that decline EDNS, and questions to them without it."""

from __future__ import annotations

from dataclasses import replace

from netdiag.network import Asker, Observation
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery

DECLINING = {"FORMERR", "NOTIMP", "SERVFAIL"}


def declined(seen: Observation) -> DnsQuery | None:
    """The same question without EDNS, where it was answered as by a server that knows none: an
    error, without EDNS in it (RFC 6891, section 7)."""
    match seen:
        case Observation(
            request=DnsQuery(udp_payload=int()) as query,
            outcome=DnsReply(rcode=rcode, edns=False),
        ) if rcode in DECLINING:
            return replace(query, udp_payload=None)
        case _:
            return None


async def asked(net: Asker, query: DnsQuery) -> Observation:
    """The answer to `query`, to the one without EDNS where the server declines that."""
    seen = await net.ask(query)
    plain = declined(seen)
    return await net.ask(plain) if plain else seen
