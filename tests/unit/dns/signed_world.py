"""A simulated world with one zone that is really signed: `zone.example.`, below `example.`.

Two servers of the parent and two of the zone answer what a test spells out. The checks are run as
the command runs them, at a fixed time; what is compared is what other tools call the findings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from checks.dns import (
    ds_records,
    every_signature,
    key_signalling,
    signing_practice,
    zone_keys,
    zone_signatures,
)
from netdiag.engine import diagnose
from netdiag.model import Brief, Check, Finding, Outcome, RootServer
from netdiag.outcomes import DnsReply, Failed, FailureKind, ResourceRecord, SourceAddress
from netdiag.outcomes import Outcome as Answer
from netdiag.requests import DnsQuery, Request, SelectSource
from netdiag.target import parse
from reports.crosswalk import ZONEMASTER, zonemaster_tags
from tests.unit.dns.signers import NOW, WEEK, Days, Signer, record, signer
from tests.world.world import World

ROOT, APEX = "198.41.0.4", "zone.example."
PARENTS = {"a.example.": "22.60.0.53", "b.example.": "22.61.0.53"}
SERVERS = {"ns1.zone.example.": "22.50.0.53", "ns2.zone.example.": "22.51.0.53"}
P1, P2 = PARENTS.values()
S1, S2 = SERVERS.values()
SILENT = Failed(kind=FailureKind.TIMEOUT)
NONE = DnsReply(authoritative=True)
NOT_TOLD = DnsReply(rcode="SERVFAIL")
"""The answer about names that do not exist: what proves that has worlds of its own."""

DATA = {
    "SOA": (f"ns1.{APEX} hostmaster.{APEX} 7 28800 3600 1209600 300",),
    "NS": tuple(SERVERS),
    "A": ("22.40.1.10",),
}
CHECKS = tuple(
    module.CHECK
    for module in (
        *(ds_records, every_signature, key_signalling),
        *(signing_practice, zone_keys, zone_signatures),
    )
)
OF_OTHERS = ("DS03_", "DS10_")
"""The beginnings of the tags of denial, which have worlds of their own."""

DENIAL_TAGS = frozenset(
    {"HAS_NSEC", "HAS_NSEC3", "ITERATIONS_OK", "MANY_ITERATIONS", "TOO_MANY_ITERATIONS"}
)

Apex = Mapping[str, Answer]
"""What a server answers for the zone's own name, by record type."""


def signed(rtype: str, *signers: Signer, days: Days = WEEK, data: Iterable[str] = ()) -> DnsReply:
    """The zone's records of this type, with a signature by each of the signers."""
    own = tuple(data) or DATA[rtype]
    records = tuple(record(APEX, rtype, one) for one in own)
    signatures = (one.signature(APEX, rtype, *own, days=days) for one in signers)
    return DnsReply(authoritative=True, answer=(*records, *signatures))


def keys(*given: Signer | str, by: Iterable[Signer], days: Days = WEEK) -> DnsReply:
    """The zone's keys (a text is the data of one that nobody has), signed by some."""
    data = [one if isinstance(one, str) else one.key.to_text() for one in given]
    return signed("DNSKEY", *by, days=days, data=data)


def bare(reply: DnsReply) -> DnsReply:
    """The same without signatures."""
    return replace(reply, answer=tuple(r for r in reply.answer if r.rtype != "RRSIG"))


def with_more(reply: DnsReply, *more: ResourceRecord) -> DnsReply:
    return replace(reply, answer=(*reply.answer, *more))


KSK, ZSK, OTHER = signer(APEX), signer(APEX, 256), signer(APEX)
"""The keys of the zone, and one that it does not have."""

APEX_SIGNED: Apex = {
    "DNSKEY": keys(KSK, ZSK, by=[KSK]),
    **{rtype: signed(rtype, ZSK) for rtype in ("SOA", "NS", "A")},
}
"""The zone as it should be."""


@dataclass(frozen=True)
class SignedWorld:
    """`above` are the DS records, or the whole answer, by server of the parent; `apex` is what the
    servers answer for the zone's own name, and `other` what the second one answers instead."""

    above: Mapping[str, Answer | tuple[str, ...]]
    apex: Apex
    other: Apex = field(default_factory=dict)
    at: datetime = NOW

    def answer(self, request: Request) -> Answer:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(server=server) if server == ROOT:
                return _referral("example.", PARENTS)
            case DnsQuery(server=server, rtype="DS", name=name) if server in PARENTS.values():
                return self._ds(server) if name == APEX else NONE
            case DnsQuery(server=server) if server in PARENTS.values():
                return _referral(APEX, SERVERS)
            case DnsQuery(server=server, name=name, rtype=rtype) if server in SERVERS.values():
                given = {**self.apex, **(self.other if server == S2 else {})}
                return given.get(rtype, NONE) if name == APEX else NOT_TOLD
            case _:
                return SILENT

    def _ds(self, server: str) -> Answer:
        told = self.above.get(server, ())
        if isinstance(told, tuple):
            return DnsReply(
                authoritative=True, answer=tuple(record(APEX, "DS", one) for one in told)
            )
        return told

    @property
    def brief(self) -> Brief:
        """A full examination of the zone."""
        return Brief(
            target=parse(APEX.rstrip(".")),
            started=self.at,
            families=(4,),
            root_servers=(RootServer("root.", ROOT),),
            depth="thorough",
            purpose="zone",
        )

    def findings(self, *checks: Check[Any]) -> tuple[Finding, ...]:
        """What the checks of signing find, or these."""
        net = World(self.answer).network()
        found = asyncio.run(diagnose(self.brief, checks or CHECKS, (), net))
        crashed = [j.finding.message for j in found if j.finding.outcome is Outcome.CRASHED]
        assert crashed == []
        return tuple(j.finding for j in found)


def healthy(
    *ds: str, above: Mapping[str, Answer | tuple[str, ...]] | None = None, **other: Answer
) -> SignedWorld:
    """The zone as it should be, but for what both its servers answer instead, by record type, and
    the DS records at both servers of the parent, or what they answer `above`."""
    given = ds or (KSK.ds,)
    return SignedWorld({P1: given, P2: given, **(above or {})}, {**APEX_SIGNED, **other})


def unlike(world: SignedWorld, **other: Answer) -> SignedWorld:
    """The same world, but for what the second server answers, by record type."""
    return replace(world, other=other)


def _referral(zone: str, servers: Mapping[str, str]) -> DnsReply:
    return DnsReply(
        authority=tuple(record(zone, "NS", name) for name in servers),
        additional=tuple(record(name, "A", address) for name, address in servers.items()),
    )


TAGS = {
    tag.name
    for tag in zonemaster_tags()
    if tag.module == "dnssec" and not tag.name.startswith(OF_OTHERS) and tag.name not in DENIAL_TAGS
}


def tags(findings: Iterable[Finding]) -> set[str]:
    """Zonemaster's names for the findings, of its cases on keys, DS records and signatures."""
    said = {name.removeprefix(ZONEMASTER) for one in findings for name in one.equivalents}
    return said & TAGS


def codes(findings: Iterable[Finding]) -> set[str]:
    """DNSViz's names for the findings."""
    said = {name for one in findings for name in one.equivalents}
    return {name.removeprefix("dnsviz:") for name in said if name.startswith("dnsviz:")}
