"""The addresses at which the target is looked for."""

from __future__ import annotations

import asyncio
import ipaddress

from checks.facts.iterate import is_address, resolve
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import SystemAddresses
from netdiag.requests import SystemLookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """`source` says where they come from: given, authoritative, resolver, or none."""

    addresses: tuple[str, ...]
    source: str
    evidence: tuple[ObservationId, ...] = ()


async def target_addresses(net: Asker, brief: Brief) -> Addresses:
    """The target's addresses of the families asked for, IPv4 first, each once.

    What the name's own servers give counts; only where they give nothing and say nothing certain
    does what this machine's own lookup gives. That one starts at once, since it is the slowest
    where nothing answers, and is waited for only where it counts.
    """
    target = brief.target
    if target.address is not None or target.name is None:
        return Addresses(addresses=(target.host,), source="given")
    name = target.name
    lookup = asyncio.ensure_future(net.ask(SystemLookup(name=target.host)))
    found = await asyncio.gather(*(resolve(net, brief, name, rtype) for rtype in ("A", "AAAA")))
    evidence = tuple(dict.fromkeys(number for one in found for number in one.evidence))
    data = tuple(address for one in found for address in one.data if is_address(address))
    certain = all(one.status in {"found", "nodata", "nxdomain", "alias-loop"} for one in found)
    if data or certain:
        source = "authoritative" if data else "none"
        return Addresses(addresses=in_order(data, brief), source=source, evidence=evidence)
    return _looked_up(await lookup, brief, evidence)


def _looked_up(seen: Observation, brief: Brief, before: tuple[ObservationId, ...]) -> Addresses:
    data = seen.outcome.addresses if isinstance(seen.outcome, SystemAddresses) else ()
    return Addresses(
        addresses=in_order(data, brief),
        source="resolver" if data else "none",
        evidence=(*before, seen.id),
    )


def in_order(addresses: tuple[str, ...], brief: Brief) -> tuple[str, ...]:
    """Distinct addresses of the brief's families, IPv4 first, by number."""
    parsed = {ipaddress.ip_address(a) for a in addresses}
    wanted = [a for a in parsed if a.version in brief.families]
    return tuple(str(a) for a in sorted(wanted, key=lambda a: (a.version, int(a))))
