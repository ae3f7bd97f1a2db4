"""Zones, servers and replies as the DNS checks' unit tests need them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from checks.facts.iterate import Cut, Descent, ServerAddress
from checks.facts.zone import NameServerName, Zone, ZoneServer
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome, ResourceRecord
from netdiag.requests import DnsQuery

APEX, WWW = "customer.example.", "www.customer.example."
NS1, NS2 = "ns1.customer.example.", "ns2.customer.example."
SERVER1, SERVER2 = ServerAddress(NS1, "22.50.0.53"), ServerAddress(NS2, "22.51.0.53")
SILENT = Failed(kind=FailureKind.TIMEOUT)
CUT_OFF = Failed(kind=FailureKind.DEADLINE)
REFUSED = DnsReply(rcode="REFUSED")

_numbers = count(1)


def record(name: str, rtype: str, data: str) -> ResourceRecord:
    return ResourceRecord(name=name, ttl=300, rtype=rtype, data=data)


def soa(serial: int = 7, *, authoritative: bool = True, edns: bool = True) -> DnsReply:
    data = f"{NS1} hostmaster.{APEX} {serial} 7200 3600 1209600 300"
    given = (record(APEX, "SOA", data),)
    return DnsReply(authoritative=authoritative, answer=given, edns=edns)


def answer(*data: str, name: str = WWW, rtype: str = "A") -> DnsReply:
    return DnsReply(authoritative=True, answer=tuple(record(name, rtype, d) for d in data))


def seen(outcome: Outcome, name: str = APEX, rtype: str = "SOA") -> Observation:
    number = next(_numbers)
    return Observation(
        id=ObservationId(number),
        request=DnsQuery(server="22.50.0.53", name=name, rtype=rtype),
        outcome=outcome,
        started=0.0,
        elapsed=0.01,
        completed=number,
    )


def server(
    where: ServerAddress = SERVER1,
    *,
    udp: Outcome | None = None,
    plain: Outcome | None = None,
    tcp: Outcome | None = None,
    ns: Sequence[str] = (NS1, NS2),
    a: Outcome | None = None,
    aaaa: Outcome | None = None,
) -> ZoneServer:
    """A server that serves the zone, but for what is given."""
    return ZoneServer(
        server=where,
        soa=seen(udp or soa()),
        ns=seen(answer(*ns, name=APEX, rtype="NS"), rtype="NS"),
        a=seen(a or answer("22.40.1.10"), WWW, "A"),
        aaaa=seen(aaaa or answer(rtype="AAAA"), WWW, "AAAA"),
        tcp=seen(tcp or udp or soa()),
        plain=seen(plain) if plain else None,
    )


def zone(
    *servers: ZoneServer,
    names: Sequence[NameServerName] = (),
    delegated: Sequence[str] = (NS1, NS2),
    glue: Sequence[ServerAddress] = (SERVER1, SERVER2),
    name: str = WWW,
    parent: str = "example.",
) -> Zone:
    """The customer's zone, delegated from `parent`."""
    cut = Cut(
        zone=APEX,
        parent=parent,
        names=tuple(delegated),
        glue=tuple(glue),
        evidence=(ObservationId(1),),
    )
    way = Descent(name=name, cuts=(cut,), status="found", last=None, evidence=(ObservationId(1),))
    return Zone(way=way, families=(4,), names=tuple(names), servers=servers)
