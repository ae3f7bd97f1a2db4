"""Facts about this machine: which families lead anywhere, through which gateways."""

from __future__ import annotations

import asyncio
import ipaddress

from netdiag.model import Brief
from netdiag.network import Asker, Observation
from netdiag.outcomes import SourceAddress
from netdiag.requests import SelectSource
from netdiag.roots import ROOT_SERVERS

FAR_AWAY = {4: "1.1.1.1", 6: "2606:4700:4700::1111"}
"""An address per family that is beyond any local network; nothing is sent to it."""


async def source_of(net: Asker, brief: Brief, family: int) -> Observation:
    """With which address this machine would speak to the Internet over `family`, if it could.

    The Internet is where the root servers are, which in a network of its own may be near.
    """
    roots = (root.address for root in brief.root_servers)
    of_family = (a for a in roots if ipaddress.ip_address(a).version == family)
    return await net.ask(SelectSource(address=next(of_family, FAR_AWAY[family])))


def own_namespace(brief: Brief) -> bool:
    """Whether the given roots are not the Internet's: what holds there is told by them alone."""
    known = {root.address for root in ROOT_SERVERS}
    return bool(brief.root_servers) and not any(r.address in known for r in brief.root_servers)


async def usable_families(net: Asker, brief: Brief) -> tuple[int, ...]:
    """The families asked for over which this machine has a route to the Internet.

    In a namespace of its own any address may be near, so that only asking it tells.
    """
    if own_namespace(brief):
        return brief.families
    seen = await asyncio.gather(*(source_of(net, brief, family) for family in brief.families))
    return tuple(
        family
        for family, source in zip(brief.families, seen, strict=True)
        if isinstance(source.outcome, SourceAddress)
    )
