"""Which name and network an address has: reverse names, and the sources that the configuration
allows (own prefixes, a table, Team Cymru's DNS service).
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace

from netdiag.config import Settings
from netdiag.networks import Table
from netdiag.outcomes import DnsReply, Outcome
from netdiag.requests import DnsQuery, Request
from netdiag.special import special
from netdiag.text import clean
from reports.trace import Named

MOST = 1024
"""Addresses named in one run."""

_ORIGIN = {4: "origin.asn.cymru.com.", 6: "origin6.asn.cymru.com."}


@dataclass(slots=True)
class Namer:
    """Names addresses once each. `ask` sends; `resolver` is None where none is to be asked."""

    ask: Callable[[Request], Awaitable[Outcome]]
    settings: Settings
    resolver: str | None
    names: dict[str, Named] = field(default_factory=dict)
    _table: Table | None = None

    def __post_init__(self) -> None:
        if self.settings.asn_table:
            self._table = Table.load(self.settings.asn_table)

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
        known = self._table.find(address) if self._table else None
        if known:
            return Named(asn=known.asn, prefix=known.prefix, network=known.name)
        if self.settings.asn_dns and self.resolver is not None:
            return await self._cymru(address)
        return Named()

    async def _cymru(self, address: str) -> Named:
        """Origin and name by Team Cymru's service, which is asked of public addresses only."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        if special(address):
            return Named()
        labels = ip.reverse_pointer.rsplit(".", 2)[0]
        origin = _fields(await self._texts(f"{labels}.{_ORIGIN[ip.version]}", "TXT"))
        number = origin[0].split()[0] if origin and origin[0].split() else ""
        if not number.isdecimal() or int(number) > 0xFFFFFFFF:
            return Named()
        told = _fields(await self._texts(f"as{number}.asn.cymru.com.", "TXT"))
        network = clean(told[-1], 60) if len(told) > 1 else ""
        prefix = clean(origin[1], 50) if len(origin) > 1 else ""
        return Named(asn=int(number), prefix=prefix, network=network)

    async def _texts(self, name: str, rtype: str) -> list[str]:
        query = DnsQuery(server=self.resolver or "", name=name, rtype=rtype, recursion_desired=True)
        outcome = await self.ask(query)
        if not isinstance(outcome, DnsReply):
            return []
        return [record.data for record in outcome.answer if record.rtype == rtype]


def _fields(texts: list[str]) -> list[str]:
    """The fields of the service's first answer: `"64496 | 192.0.2.0/24 | NL | ripencc | 2001"`."""
    return [part.strip() for part in texts[0].strip('"').split("|")] if texts else []
