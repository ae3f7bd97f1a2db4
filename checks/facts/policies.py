"""The SPF records that each server of the target's zone gives."""

from __future__ import annotations

from checks.facts.each import answering, of_each
from checks.facts.spf import is_policy, joined
from checks.facts.zone import Zone, ZoneServer, target_zone
from netdiag.lazy import dataclass
from netdiag.model import Brief
from netdiag.network import Asker, Observation
from netdiag.outcomes import DnsReply
from netdiag.requests import DnsQuery


@dataclass(frozen=True, slots=True)
class Policy:
    """The records of one server, None where it gave no usable answer."""

    server: ZoneServer
    seen: Observation
    records: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Policies:
    """What the servers that serve the zone give."""

    zone: Zone
    given: tuple[Policy, ...] = ()

    @property
    def told(self) -> tuple[Policy, ...]:
        """Those who gave a usable answer."""
        return tuple(one for one in self.given if one.records is not None)

    @property
    def alike(self) -> bool:
        """Whether none of them gives others than the next."""
        return len({one.records for one in self.told}) < 2


async def policies_of(net: Asker, brief: Brief) -> Policies:
    """Ask every server that serves the zone for its TXT records."""
    zone = await target_zone(net, brief)
    replies = await of_each(net, zone, DnsQuery(server="", name=zone.apex, rtype="TXT"))
    pairs = zip(answering(zone), replies, strict=True)
    return Policies(
        zone,
        tuple(
            Policy(server, seen, _records(seen, zone.apex))
            for server, (seen,) in pairs
            if server.serves
        ),
    )


def _records(seen: Observation, apex: str) -> tuple[str, ...] | None:
    match seen.outcome:
        case DnsReply(rcode="NOERROR", authoritative=True, answer=answer):
            texts = [joined(r.data) for r in answer if (r.name, r.rtype) == (apex, "TXT")]
            return tuple(sorted(text for text in texts if is_policy(text)))
        case _:
            return None
