"""The SOA records that the servers of a zone give, read strictly."""

from __future__ import annotations

from checks.facts.zone import Zone, ZoneServer
from netdiag.lazy import dataclass
from netdiag.outcomes import DnsReply, ResourceRecord

FIELDS = 7
MOST = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Soa:
    """A start of authority (RFC 1035, section 3.3.13). Times are seconds; `minimum` is the time for
    which a denial is kept (RFC 2308, section 4)."""

    mname: str
    rname: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Given:
    """The SOA records of the zone's apex that one server gives."""

    server: ZoneServer
    soas: tuple[Soa, ...]


def read(data: str) -> Soa | None:
    """The record in presentation format; None where it is none."""
    words = data.split()
    if len(words) != FIELDS or not all(w.isascii() and w.isdecimal() for w in words[2:]):
        return None
    numbers = [int(word) for word in words[2:] if len(word) <= len(str(MOST))]
    if len(numbers) != FIELDS - 2 or max(numbers) >= MOST:
        return None
    serial, refresh, retry, expire, minimum = numbers
    return Soa(
        mname=words[0].lower(),
        rname=words[1],
        serial=serial,
        refresh=refresh,
        retry=retry,
        expire=expire,
        minimum=minimum,
    )


def given(zone: Zone) -> tuple[Given, ...]:
    """What each server that serves the zone gives; unreadable records are left out."""
    found = (Given(server, _of(server, zone.apex)) for server in zone.serving)
    return tuple(one for one in found if one.soas)


def newest(told: tuple[Given, ...]) -> Soa:
    """The record with the highest serial (RFC 1982) of those given, which must be some."""
    best, *others = [soa for one in told for soa in one.soas]
    for soa in others:
        if newer(soa.serial, best.serial):
            best = soa
    return best


def newer(serial: int, than: int) -> bool:
    """Whether a serial number comes after another (RFC 1982)."""
    return serial != than and (serial - than) % MOST < MOST // 2


def _of(server: ZoneServer, apex: str) -> tuple[Soa, ...]:
    match server.best.outcome:
        case DnsReply(answer=answer):
            return tuple(soa for r in answer if _is_soa(r, apex) and (soa := read(r.data)))
        case _:
            return ()


def _is_soa(record: ResourceRecord, apex: str) -> bool:
    return (record.name, record.rtype) == (apex, "SOA")
