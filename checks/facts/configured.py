"""The resolvers that this machine is set to use."""

from __future__ import annotations

from itertools import islice

from checks.facts.iterate import is_address, version
from netdiag.model import Brief
from netdiag.network import Asker
from netdiag.outcomes import Resolvers
from netdiag.requests import ReadResolvers

MOST_RESOLVERS = 3
"""As many as the C library's resolver reads from resolv.conf."""


async def configured_resolvers(net: Asker, brief: Brief) -> tuple[str, ...]:
    """Their addresses of the families asked for, in order, or the one given instead."""
    if brief.resolver:
        return (brief.resolver,)
    match (await net.ask(ReadResolvers())).outcome:
        case Resolvers(addresses=addresses):
            usable = (a for a in addresses if is_address(a) and version(a) in brief.families)
            return tuple(islice(usable, MOST_RESOLVERS))
        case _:
            return ()
