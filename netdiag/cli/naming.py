"""Which name and network an address has: reverse names, and the sources that the configuration
allows (own prefixes, a table, Team Cymru's DNS service).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import field, replace

from netdiag.config import Settings
from netdiag.lazy import dataclass
from netdiag.networks import Lookup, load, name_question, name_told, origin_question, origin_told
from netdiag.outcomes import DnsReply, Outcome
from netdiag.requests import DnsQuery, Request
from netdiag.special import special
from netdiag.text import clean
from reports.trace import Named

MOST = 1024
"""Addresses named in one run."""


@dataclass(slots=True)
class Namer:
    """Names addresses once each. `ask` sends; `resolver` is None where none is to be asked."""

    ask: Callable[[Request], Awaitable[Outcome]]
    settings: Settings
    resolver: str | None
    names: dict[str, Named] = field(default_factory=dict)
    table: Lookup | None = field(init=False)

    def __post_init__(self) -> None:
        self.table = load(self.settings.asn_table) if self.settings.asn_table else None

    async def name(self, addresses: Iterable[str]) -> None:
        """Find out what is not known yet."""
        new = [a for a in dict.fromkeys(addresses) if a not in self.names]
        new = new[: max(MOST - len(self.names), 0)]
        self.names.update(dict.fromkeys(new, Named()))
        found = await asyncio.gather(*(self._named(address) for address in new))
        self.names.update(zip(new, found, strict=True))

    async def _named(self, address: str) -> Named:
        name, network = await asyncio.gather(self._reverse(address), self._network(address))
        return replace(network, name=name)

    async def _reverse(self, address: str) -> str:
        if self.resolver is None:
            return ""
        pointer = ipaddress.ip_address(address.partition("%")[0]).reverse_pointer + "."
        texts = await self._texts(pointer, "PTR")
        return clean(texts[0].rstrip("."), 120) if texts else ""

    async def _network(self, address: str) -> Named:
        for own in self.settings.networks:
            if own.holds(address):
                return Named(network=own.name)
        known = self.table.find(address) if self.table else None
        if known:
            return Named(asn=known.asn, prefix=known.prefix, network=known.name)
        if self.settings.asn_dns and self.resolver is not None:
            return await self._cymru(address)
        return Named()

    async def _cymru(self, address: str) -> Named:
        """Origin and name by Team Cymru's service, which is asked of public addresses only."""
        if special(address):
            return Named()
        prefix, asns = origin_told(await self._texts(origin_question(address), "TXT"))
        if not asns:
            return Named()
        network = name_told(await self._texts(name_question(asns[0]), "TXT"))
        return Named(asn=asns[0], prefix=prefix, network=network)

    async def _texts(self, name: str, rtype: str) -> list[str]:
        query = DnsQuery(server=self.resolver or "", name=name, rtype=rtype, recursion_desired=True)
        outcome = await self.ask(query)
        if not isinstance(outcome, DnsReply):
            return []
        return [record.data for record in outcome.answer if record.rtype == rtype]
