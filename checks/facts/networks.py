"""Which network an address is in: the AS that announces it, its prefix and name, as far as a source
is configured.

The source is the configuration's: a file on this machine, Team Cymru's DNS service by way of this
machine's resolver, or the routing registry where neither is named. None is asked about an address
that is not public.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from checks.facts.configured import configured_resolvers
from checks.facts.ripestat import origin_of
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.networks import name_question, name_told, origin_question, origin_told
from netdiag.outcomes import DnsReply, NetworkEntry
from netdiag.requests import DnsQuery, ReadNetworkTable
from netdiag.special import special

NO_SOURCE = "the configuration names no source of networks (asn)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The network of `address`. `asns` are several where several ASes announce the prefix.

    It is *unknown* to the source, or *not-seen* where the source failed.
    """

    address: str
    state: Literal["known", "unknown", "not-seen"]
    evidence: tuple[ObservationId, ...]
    prefix: str = ""
    asns: tuple[int, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        numbers = "/".join(f"AS{asn}" for asn in self.asns)
        return " ".join(word for word in (numbers, self.name) if word)


def has_source(brief: Brief) -> bool:
    return brief.network_source != "none" or bool(brief.routing_registry)


async def origins_of(net: Asker, brief: Brief, addresses: Iterable[str]) -> tuple[Origin, ...]:
    """The networks of the public ones among `addresses`, each once; none without a source."""
    if not has_source(brief):
        return ()
    wanted = [a for a in dict.fromkeys(addresses) if special(a) is None]
    return tuple(await asyncio.gather(*(_origin(net, brief, address) for address in wanted)))


async def _origin(net: Asker, brief: Brief, address: str) -> Origin:
    if brief.network_source == "table":
        return _entry(await net.ask(ReadNetworkTable(address=address)), address)
    if brief.network_source == "dns":
        return await _by_dns(net, brief, address)
    told = await origin_of(net, brief, address)
    failed = Origin(address=address, state="not-seen", evidence=told.evidence)
    if told.reply is None:
        return failed
    state: Literal["known", "unknown"] = "known" if told.reply.origins else "unknown"
    return replace(failed, state=state, prefix=told.reply.prefix, asns=told.reply.origins)


def _entry(seen: Observation, address: str) -> Origin:
    match seen.outcome:
        case NetworkEntry(asn=None):
            return Origin(address=address, state="unknown", evidence=(seen.id,))
        case NetworkEntry(asn=int(asn), prefix=prefix, name=name):
            return Origin(
                address=address,
                state="known",
                evidence=(seen.id,),
                prefix=prefix,
                asns=(asn,),
                name=name,
            )
        case _:
            return Origin(address=address, state="not-seen", evidence=(seen.id,))


async def _by_dns(net: Asker, brief: Brief, address: str) -> Origin:
    resolvers = await configured_resolvers(net, brief)
    nowhere = Origin(address=address, state="not-seen", evidence=())
    for resolver in resolvers[:1]:
        seen = await _ask(net, resolver, origin_question(address))
        nowhere = replace(nowhere, evidence=(seen.id,))
        if not isinstance(seen.outcome, DnsReply) or seen.outcome.rcode not in _ANSWERS:
            return nowhere
        prefix, asns = origin_told(_texts(seen.outcome))
        if not asns:
            return replace(nowhere, state="unknown")
        named = await _ask(net, resolver, name_question(asns[0]))
        texts = _texts(named.outcome) if isinstance(named.outcome, DnsReply) else []
        return replace(
            nowhere,
            state="known",
            evidence=(seen.id, named.id),
            prefix=prefix,
            asns=asns,
            name=name_told(texts),
        )
    return nowhere


_ANSWERS = frozenset({"NOERROR", "NXDOMAIN"})


async def _ask(net: Asker, resolver: str, name: str) -> Observation:
    query = DnsQuery(server=resolver, name=name, rtype="TXT", recursion_desired=True)
    return await net.ask(query)


def _texts(reply: DnsReply) -> list[str]:
    return [record.data for record in reply.answer if record.rtype == "TXT"]
