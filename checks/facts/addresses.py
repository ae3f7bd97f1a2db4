"""The addresses at which the target is looked for."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from netdiag.model import Brief
from netdiag.network import Asker, ObservationId
from netdiag.outcomes import SystemAddresses
from netdiag.requests import SystemLookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """`source` says where they come from: given, authoritative, resolver, or none."""

    addresses: tuple[str, ...]
    source: str
    evidence: tuple[ObservationId, ...] = ()


async def target_addresses(net: Asker, brief: Brief) -> Addresses:
    """The target's addresses of the families asked for, IPv4 first, each once."""
    if brief.target.address is not None:
        return Addresses(addresses=(brief.target.address,), source="given")
    seen = await net.ask(SystemLookup(name=brief.target.host))
    found = seen.outcome.addresses if isinstance(seen.outcome, SystemAddresses) else ()
    return Addresses(
        addresses=in_order(found, brief),
        source="resolver" if found else "none",
        evidence=(seen.id,),
    )


def in_order(addresses: tuple[str, ...], brief: Brief) -> tuple[str, ...]:
    """Distinct addresses of the brief's families, IPv4 first, by number."""
    parsed = {ipaddress.ip_address(a) for a in addresses}
    wanted = [a for a in parsed if a.version in brief.families]
    return tuple(str(a) for a in sorted(wanted, key=lambda a: (a.version, int(a))))
