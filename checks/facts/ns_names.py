"""The names of a zone's servers, those of the delegation and those of the zone, with addresses."""

from __future__ import annotations

import asyncio

from checks.facts.iterate import MOST_SERVERS, below, is_address, resolve, shown
from checks.facts.zone import Zone, own_names, target_zone
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, ObservationId

CERTAIN = frozenset({"found", "nodata", "nxdomain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerName:
    """A name server's name. `found` are its addresses by its own zone, `glue` those that come with
    the delegation, on which a name `inside` the zone depends; `certain` where no address of a
    family means that there is none.

    `alias` is what the name is an alias of, as shown, and empty where it is none.
    """

    name: str
    delegated: bool
    own: bool
    found: tuple[str, ...]
    certain: bool
    glue: tuple[str, ...] = ()
    inside: bool = True
    alias: str = ""
    evidence: tuple[ObservationId, ...] = ()

    @property
    def at_parent(self) -> tuple[str, ...]:
        """Where the delegation leads: to its glue, which a name outside the zone may lack."""
        return self.glue if self.inside else self.glue or self.found

    @property
    def addresses(self) -> tuple[str, ...]:
        """Those of both sides, each once."""
        return tuple(dict.fromkeys((*self.found, *self.glue)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNames:
    """`told` where a server of the zone gave the zone's own list; `hidden` where no parent did."""

    zone: Zone
    names: tuple[ServerName, ...] = ()
    told: bool = False
    hidden: bool = False


async def server_names_of(net: Asker, brief: Brief) -> ServerNames:
    """All names, looked up in both families, at most `MOST_SERVERS` of them."""
    zone = await target_zone(net, brief)
    if zone.missing or zone.cut is None:
        return ServerNames(zone=zone)
    own, delegated = own_names(zone), set(zone.cut.names)
    names = sorted(own | delegated)[:MOST_SERVERS]
    found = await asyncio.gather(
        *(_named(net, brief, zone, n, delegated=n in delegated, own=n in own) for n in names)
    )
    return ServerNames(zone=zone, names=tuple(found), told=bool(own), hidden=zone.cut.hidden)


async def _named(
    net: Asker, brief: Brief, zone: Zone, name: str, *, delegated: bool, own: bool
) -> ServerName:
    both = await asyncio.gather(*(resolve(net, brief, name, rtype, 1) for rtype in ("A", "AAAA")))
    glue = tuple(s.address for s in (zone.cut.glue if zone.cut else ()) if s.name == name)
    hidden = bool(zone.cut and zone.cut.hidden)
    data = tuple(a for one in both for a in one.data if is_address(a))
    certain = all(one.status in CERTAIN for one in both)
    alias = next((shown(one.chain[1]) for one in both if len(one.chain) > 1), "")
    return ServerName(
        name=name,
        delegated=delegated,
        own=own,
        found=tuple(dict.fromkeys(data)),
        glue=tuple(dict.fromkeys(glue)),
        inside=below(name, zone.apex) and not hidden,
        certain=certain,
        alias=alias,
        evidence=tuple(dict.fromkeys(number for one in both for number in one.evidence)),
    )
