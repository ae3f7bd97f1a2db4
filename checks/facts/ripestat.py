"""The routing registry that the configuration names: one call of RIPEstat's data API."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias
from urllib.parse import quote

from checks.facts.data_service import Place, Told, ask_service
from netdiag.model import Brief
from netdiag.network import Asker
from netdiag.outcomes import RoutingReply
from netdiag.requests import RoutingQuery

Call: TypeAlias = Literal["network-info", "routing-status", "rpki-validation"]


async def origin_of(net: Asker, brief: Brief, address: str) -> Told[RoutingReply]:
    """The announced prefix that holds `address`, and the ASes that announce it."""
    return await ask(net, brief, "network-info", address)


async def ask(
    net: Asker, brief: Brief, call: Call, about: str, asn: int | None = None
) -> Told[RoutingReply]:
    """What the registry says of an address or a prefix, to an RPKI call of `asn` as its origin."""
    words = quote(about, safe=":/")
    asked = f"resource={words}" if asn is None else f"resource={asn}&prefix={words}"
    base = brief.routing_registry.rstrip("/")
    url = f"{base}/data/{call}/data.json?{asked}&sourceapp=netdiag"

    def query(place: Place) -> RoutingQuery:
        return RoutingQuery(
            address=place.address,
            host=place.host,
            path=place.path,
            call=call,
            about=about,
            port=place.port,
            tls=place.tls,
        )

    told = await ask_service(net, brief, url, query, RoutingReply)
    if told.reply and told.reply.status != 200:
        return replace(told, reply=None, why=f"it answers {call} with HTTP {told.reply.status}")
    return told
