"""Records with the word of their zone's signatures: whether a reader may rely on them.

A DS record at the parent says that a zone is signed. Then a reader believes what the signatures
confirm and nothing else (RFC 4035, section 4.3). Whether the zones above are signed is not asked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from checks.facts.iterate import Descent, descend, resolve
from checks.facts.iterate import Status as Found
from checks.facts.once import once
from netdiag.model import Brief
from netdiag.network import Asker, Observation, ObservationId
from netdiag.outcomes import DnsReply, ResourceRecord
from netdiag.requests import DnsQuery

if TYPE_CHECKING:
    from checks.facts.dnssec.keys import Key

Standing = Literal["vouched", "unsigned", "broken", "not-seen"]
"""Signatures hold; the zone is not signed; they do not hold; unknown. The last ones count most."""

_WORST: tuple[Standing, ...] = ("broken", "unsigned", "not-seen", "vouched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """The records of a name after its aliases. With no records `standing` is not worked out."""

    name: str
    status: Found
    data: tuple[str, ...] = ()
    standing: Standing = "not-seen"
    evidence: tuple[ObservationId, ...] = ()


@once
async def vouched(net: Asker, brief: Brief, name: str, rtype: str) -> Vouched:
    """The records, and where there are some, what the signatures on them and on aliases say."""
    found = await resolve(net, brief, name, rtype)
    if not found.data:
        return Vouched(name=name, status=found.status, evidence=found.evidence)
    *aliases, last = found.chain
    sets = [*((alias, "CNAME") for alias in aliases), (last, rtype)]
    told = await asyncio.gather(*(_standing(net, brief, *one) for one in sets))
    standings = {standing for standing, _ in told}
    seen = (number for _, numbers in told for number in numbers)
    return Vouched(
        name=name,
        status=found.status,
        data=found.data,
        standing=next(one for one in _WORST if one in standings),
        evidence=tuple(dict.fromkeys((*found.evidence, *seen))),
    )


async def _standing(
    net: Asker, brief: Brief, name: str, rtype: str
) -> tuple[Standing, tuple[ObservationId, ...]]:
    way = await descend(net, brief, name)
    parent = _parent(net, way)
    if parent is None or way.last is None or not isinstance(way.last.request, DnsQuery):
        return "not-seen", ()
    server = way.last.request.server
    asked = ((parent, way.zone, "DS"), (server, way.zone, "DNSKEY"), (server, name, rtype))
    ds = await net.ask(_signed(*asked[0]))
    if not isinstance(ds.outcome, DnsReply) or ds.outcome.rcode != "NOERROR":
        return "not-seen", (ds.id,)
    if not _records(ds, "DS"):
        return "unsigned", (ds.id,)
    keys, seen = await asyncio.gather(*(net.ask(_signed(*one)) for one in asked[1:]))
    numbers = (ds.id, keys.id, seen.id)
    if not all(isinstance(one.outcome, DnsReply) for one in (keys, seen)):
        return "not-seen", numbers
    return _confirmed(way.zone, ds, keys, seen, int(brief.started.timestamp())), numbers


def _signed(server: str, name: str, rtype: str) -> DnsQuery:
    return DnsQuery(server=server, name=name, rtype=rtype, dnssec=True)


def _parent(net: Asker, way: Descent) -> str | None:
    """The server that told of the zone."""
    told = way.cuts[-1].evidence if way.cuts else ()
    found = (seen.request for seen in net.transcript if seen.id in told)
    return next((one.server for one in found if isinstance(one, DnsQuery)), None)


def _records(seen: Observation, rtype: str) -> tuple[ResourceRecord, ...]:
    reply = seen.outcome
    return tuple(r for r in reply.answer if r.rtype == rtype) if isinstance(reply, DnsReply) else ()


def _confirmed(
    zone: str, ds: Observation, keys: Observation, seen: Observation, now: int
) -> Standing:
    """What the DS records, the zone's keys and its signatures say of the set that was asked for."""
    from checks.facts.dnssec.keys import Match, ds_of, keys_of, match

    own = keys_of(_records(keys, "DNSKEY"), zone)
    vouchers = ds_of(_records(ds, "DS"), zone)
    entry = tuple(key for key in own if any(match(v, (key,)) is Match.MATCHES for v in vouchers))
    if not entry:
        unread = {match(voucher, own) for voucher in vouchers} <= {Match.UNSUPPORTED}
        return "not-seen" if unread else "broken"
    for one, signers in ((keys, entry), (seen, own)):
        standing = _verified(one, signers, now)
        if standing != "vouched":
            return standing
    return "vouched"


def _verified(seen: Observation, keys: tuple[Key, ...], now: int) -> Standing:
    from checks.facts.dnssec.signatures import Verdict, signatures_of, verdicts

    if not isinstance(seen.request, DnsQuery):
        return "not-seen"
    name, rtype = seen.request.name, seen.request.rtype
    rrset = [r for r in _records(seen, rtype) if r.name == name]
    made = [
        s for s in signatures_of(_records(seen, "RRSIG")) if (s.owner, s.covers) == (name, rtype)
    ]
    found = verdicts(made, rrset, keys, now)
    if Verdict.VALID in found:
        return "vouched"
    return "not-seen" if found and found <= {Verdict.UNSUPPORTED} else "broken"
