import asyncio
from dataclasses import replace

import pytest

from checks.dns import transports
from checks.facts.zone import ZoneServer
from netdiag.model import Brief, RootServer
from netdiag.outcomes import DnsReply, Failed, FailureKind, SourceAddress
from netdiag.outcomes import Outcome as Reply
from netdiag.requests import DnsQuery, Request, SelectSource
from netdiag.target import parse
from tests.doctable import rows
from tests.unit.dns.zones import (
    APEX,
    CUT_OFF,
    NS1,
    SERVER1,
    SILENT,
    answer,
    record,
    seen,
    server,
    soa,
    zone,
)
from tests.world.world import World

ROOT = "198.41.0.4"

REPLIES: dict[str, Reply | None] = {
    "serves": soa(),
    "silent": SILENT,
    "one lost": SILENT,
    "refused": Failed(kind=FailureKind.REFUSED),
    "FORMERR": DnsReply(rcode="FORMERR"),
    "NOTIMP": DnsReply(rcode="NOTIMP"),
    "not asked": None,
    "not sent": CUT_OFF,
    "silent, as everybody's": SILENT,
}


def asked(udp: str, plain: Reply | None, tcp: Reply | None) -> ZoneServer:
    """A server that answers like this; one that is silent is so to all questions with EDNS."""
    one = server(udp=REPLIES[udp], plain=plain, tcp=tcp)
    if udp == "silent":
        return replace(one, ns=seen(SILENT), a=seen(SILENT), aaaa=seen(SILENT))
    return one


@pytest.mark.parametrize(("udp", "plain", "tcp", "judgements"), rows(transports))
def test_the_documented_table_is_what_the_check_decides(
    udp: str, plain: str, tcp: str, judgements: str
) -> None:
    one = asked(udp, REPLIES[plain], REPLIES[tcp])
    unheard = (4,) if "everybody" in tcp else ()

    found = transports.verdicts(one, unheard)

    assert ", ".join(kind.code for kind, _ in found) == judgements


def test_a_server_that_does_not_serve_the_zone_is_not_judged() -> None:
    (finding,) = transports.judge(zone(server(udp=SILENT)))

    assert finding.code == "not-checked"


@pytest.mark.parametrize(
    ("others_over_tcp", "code"), [(SILENT, "transport-not-seen"), (DnsReply(), "dns-tcp-refused")]
)
def test_silence_over_tcp_is_blamed_only_where_somebody_else_answers_over_tcp(
    others_over_tcp: Reply, code: str
) -> None:
    def answers(request: Request) -> Reply:
        match request:
            case SelectSource():
                return SourceAddress(address="22.20.0.10")
            case DnsQuery(server=server, transport="tcp") if server == ROOT:
                return others_over_tcp
            case DnsQuery(transport="tcp"):
                return SILENT
            case DnsQuery(server=server) if server == ROOT:
                glue = (record(NS1, "A", SERVER1.address),)
                return DnsReply(authority=(record(APEX, "NS", NS1),), additional=glue)
            case DnsQuery(name=name, rtype="A") if name == NS1:
                return answer(SERVER1.address, name=NS1)
            case DnsQuery(rtype="SOA"):
                return soa()
            case _:
                return DnsReply(authoritative=True)

    brief = Brief(
        target=parse("customer.example"), families=(4,), root_servers=(RootServer("a.", ROOT),)
    )
    found = asyncio.run(transports.gather(World(answers).network(), brief))

    assert [finding.code for finding in transports.judge(found)] == [code]


@pytest.mark.parametrize(
    ("udp", "tag"),
    [("silent", "BREAKS_ON_EDNS"), ("FORMERR", "NO_EDNS_SUPPORT"), ("NOTIMP", "NS_ERROR")],
)
def test_the_equivalents_tell_how_edns_fails(udp: str, tag: str) -> None:
    one = asked(udp, soa(), soa())

    (finding,) = transports.judge(zone(one))

    assert finding.equivalents == (f"zonemaster:{tag}", "dnsviz:ERROR_WITH_EDNS")
