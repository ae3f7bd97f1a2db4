"""Lost packets and the order of answers never make a healthy zone look faulty."""

import asyncio
import zlib
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.dns import (
    apex_records,
    edns_conduct,
    host_name_syntax,
    large_answers,
    mail_records,
    name_case,
    primary_server,
    server_addresses,
    server_conduct,
    server_count,
    soa_agreement,
    soa_timers,
    software_version,
    transports,
)
from netdiag.anchors import ROOT_ANCHORS
from netdiag.engine import diagnose
from netdiag.model import Brief, Outcome, RootServer
from netdiag.network import Sent, Transport
from netdiag.outcomes import DnsReply, Failed, FailureKind, ResourceRecord, SourceAddress
from netdiag.outcomes import Outcome as Reply
from netdiag.requests import DnsQuery, Request, SelectSource
from netdiag.target import parse
from tests.world.world import timeless

ROOT, APEX = "198.41.0.4", "customer.example."
SERVERS = {"ns1.customer.example.": "22.50.0.53", "ns2.customer.example.": "22.51.0.53"}
SOA = f"ns1.customer.example. hostmaster.{APEX} 7 28800 3600 1209600 300"
CHECKS = tuple(
    module.CHECK
    for module in (
        *(apex_records, edns_conduct, host_name_syntax, mail_records, primary_server),
        *(server_addresses, server_conduct, server_count, soa_agreement, soa_timers),
        *(large_answers, name_case, software_version, transports),
    )
)
DATA: dict[tuple[str, str], tuple[str, ...]] = {
    (APEX, "SOA"): (SOA,),
    (APEX, "NS"): tuple(SERVERS),
    (APEX, "MX"): (f"10 mail.{APEX}",),
    **{(name, "A"): (address,) for name, address in SERVERS.items()},
}
BRIEF = Brief(
    depth="thorough",
    target=parse("customer.example"),
    families=(4,),
    root_servers=(RootServer("a.", ROOT),),
    trust_anchors=ROOT_ANCHORS,
)


def record(name: str, rtype: str, data: str) -> ResourceRecord:
    return ResourceRecord(name=name, ttl=300, rtype=rtype, data=data)


def healthy(request: Request) -> Reply:
    """A root that delegates one zone, and the zone's two servers."""
    match request:
        case SelectSource():
            return SourceAddress(address="22.20.0.10")
        case DnsQuery(server=server, name=name) if server == ROOT and name.endswith(APEX):
            listed = tuple(record(APEX, "NS", one) for one in SERVERS)
            glue = tuple(record(one, "A", address) for one, address in SERVERS.items())
            return DnsReply(authority=listed, additional=glue)
        case DnsQuery(server=server) if server == ROOT:
            return DnsReply(authoritative=True, rcode="NXDOMAIN")
        case DnsQuery(name=name) if not name.endswith(APEX):
            return DnsReply(rcode="REFUSED")
        case DnsQuery(edns_version=1):
            return DnsReply(rcode="BADVERS", edns=True)
        case DnsQuery(name=name, rtype=rtype):
            answer = tuple(record(name, rtype, one) for one in DATA.get((name, rtype), ()))
            edns = request.udp_payload is not None
            return DnsReply(authoritative=True, answer=answer, edns=edns)
        case _:
            return Failed(kind=FailureKind.NOT_OBSERVABLE)


@dataclass
class Lossy:
    """Answers in an order that `seed` picks; a positive one also loses, over UDP, one of the two
    shapes of each question that it picks."""

    seed: int

    async def send(self, request: Request) -> Sent:
        for _ in range(self._picked(repr(request)) % 7):
            await asyncio.sleep(0)
        lost = Failed(kind=FailureKind.TIMEOUT)
        return Sent(lost if self._loses(request) else healthy(request))

    def _loses(self, request: Request) -> bool:
        if not isinstance(request, DnsQuery) or request.transport == "tcp" or self.seed <= 0:
            return False
        if request.rtype == "NS" and request.udp_payload:
            return False  # Where all with EDNS is lost and nothing else, that is no loss.
        chosen = self._picked(f"{request.server} {request.name} {request.rtype}") % 3
        return request.server != ROOT and chosen == (0 if request.udp_payload else 1)

    def _picked(self, what: str) -> int:
        return zlib.crc32(f"{self.seed} {what}".encode())


def found(seed: int) -> tuple[set[str], set[tuple[str, str]]]:
    return judged(Lossy(seed))


def judged(transport: Transport) -> tuple[set[str], set[tuple[str, str]]]:
    """Codes of the problems, and all that is said with its code."""

    async def look() -> tuple[set[str], set[tuple[str, str]]]:
        network = timeless(transport)
        findings = [one.finding for one in await diagnose(BRIEF, CHECKS, (), network)]
        problems = {f.code for f in findings if f.outcome in {Outcome.PROBLEM, Outcome.CRASHED}}
        return problems, {(f.code, f.message) for f in findings}

    return asyncio.run(look())


def without_loss() -> tuple[set[str], set[tuple[str, str]]]:
    return found(0)


def test_a_healthy_zone_without_loss_is_healthy() -> None:
    problems, said = without_loss()

    # The world has no reverse zone and no IPv6; both are notices that hold whatever is lost.
    assert problems == {"server-reverse-missing", "too-few-name-servers"}
    assert {"apex-records-given", "edns-conduct-fine", "server-conduct-fine", "soa-agrees"} <= {
        c for c, _ in said
    }


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 2**32))
def test_lost_packets_blame_nobody(seed: int) -> None:
    problems, _ = found(seed)

    assert problems <= without_loss()[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 2**32))
def test_the_order_of_answers_changes_nothing(seed: int) -> None:
    assert found(-seed) == without_loss()


class Declining:
    """The same zone at servers that know no EDNS (RFC 6891, section 7)."""

    async def send(self, request: Request) -> Sent:
        await asyncio.sleep(0)
        match request:
            case DnsQuery(server=server, udp_payload=int()) if server in SERVERS.values():
                return Sent(DnsReply(rcode="FORMERR"))
            case _:
                return Sent(healthy(request))


def test_of_servers_without_edns_everything_else_is_seen() -> None:
    problems, said = judged(Declining())
    codes = {code for code, _ in said}

    assert problems == without_loss()[0] | {"edns-not-supported"}
    assert {"apex-records-given", "enough-name-servers", "server-conduct-fine"} <= codes
    assert [code for code in codes if code.endswith("-not-seen")] == []
