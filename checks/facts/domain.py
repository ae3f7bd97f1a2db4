"""The zone that the target's name is in."""

from __future__ import annotations

from checks.facts.iterate import descend
from checks.facts.registration import registered
from netdiag.model import Brief
from netdiag.network import Asker

CERTAIN = frozenset({"found", "nodata", "nxdomain", "alias-loop"})
"""States of a look-up that end it: what was not found is not there."""


async def zone_of(net: Asker, brief: Brief) -> str:
    """The apex of the zone, absolute. Empty where there is none, or a registry's own."""
    if brief.target.name is None:
        return ""
    way = await descend(net, brief, brief.target.name)
    return way.zone if way.status in CERTAIN and way.cuts and registered(way) else ""
