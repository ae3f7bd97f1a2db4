"""What the machine's resolvers designate, and what those show."""

import asyncio

import pytest

from checks.dns import encrypted_resolver
from checks.dns.encrypted_resolver import DISCOVERY, ports_of
from checks.facts.bindings import parsed
from netdiag.model import Brief, Finding
from netdiag.outcomes import (
    DnsReply,
    Failed,
    FailureKind,
    Outcome,
    Resolvers,
    TlsSession,
)
from netdiag.requests import DnsQuery, ReadResolvers, Request, TlsHandshake
from netdiag.target import parse
from tests.doctable import rows
from tests.unit.dns.zones import SILENT, record
from tests.unit.service.site import certificate, session
from tests.world.world import World

RESOLVER, PRIVATE, OTHER = "22.11.0.53", "192.168.1.1", "22.11.0.54"
NAME = "dns.provider.example."


def shown(*names: str, code: int = 62, why: str = "hostname mismatch") -> TlsSession:
    return session(certificate(names=names), code=code, why=why)


HANDSHAKES: dict[str, Outcome] = {
    "one for its address": shown(NAME.rstrip("."), RESOLVER, code=0, why=""),
    "one for another address": shown(NAME.rstrip("."), OTHER, code=0, why=""),
    "an unknown certificate": shown(RESOLVER, PRIVATE, code=18, why="self-signed certificate"),
    "one that ran out": shown(RESOLVER, code=10, why="certificate has expired"),
    "refused": Failed(kind=FailureKind.REFUSED),
    "silent": SILENT,
    "this run's own failure": Failed(kind=FailureKind.POLICY),
    "none": Failed(kind=FailureKind.OTHER),
    "any": SILENT,
}
BINDINGS: dict[str, tuple[str, ...] | None] = {
    "designates one": (f'1 {NAME} alpn="dot,h2" port="853" ipv4hint="{OTHER}"',),
    "is private and designates itself": (f'1 {NAME} alpn="dot" ipv4hint="{PRIVATE}"',),
    "is private and designates another": (f'1 {NAME} alpn="dot" ipv4hint="{OTHER}"',),
    "designates one over QUIC alone": (f'1 {NAME} alpn="doq,h3" ipv4hint="{OTHER}"',),
    "designates one without addresses": (f'1 {NAME} alpn="dot"',),
    "designates none": (),
    "does not answer": None,
}


def run(
    bindings: tuple[str, ...] | None,
    handshake: Outcome,
    resolver: str = RESOLVER,
    addresses: tuple[str, ...] = (),
) -> tuple[list[Finding], World]:
    def answer(request: Request) -> Outcome:
        match request:
            case ReadResolvers():
                return Resolvers(addresses=(resolver,))
            case DnsQuery(name=name, rtype="SVCB") if bindings is not None:
                data = (record(name, "SVCB", one) for one in bindings)
                return DnsReply(recursion_available=True, answer=tuple(data))
            case DnsQuery(name=name, rtype="A") if name == NAME and bindings is not None:
                data = (record(name, "A", one) for one in addresses)
                return DnsReply(recursion_available=True, answer=tuple(data))
            case TlsHandshake():
                return handshake
            case _:
                return SILENT

    world = World(answer)
    brief = Brief(target=parse("customer.example"), families=(4,))

    async def go() -> list[Finding]:
        net = world.network()
        found = list(encrypted_resolver.judge(await encrypted_resolver.gather(net, brief)))
        await net.close()
        return found

    return asyncio.run(go()), world


def handshakes(world: World) -> list[tuple[str, int, str | None]]:
    return [
        (one.address, one.port, one.server_name)
        for one in world.sent
        if isinstance(one, TlsHandshake)
    ]


@pytest.mark.parametrize(("resolver", "handshake", "judgement"), rows(encrypted_resolver))
def test_the_documented_table_is_what_the_check_decides(
    resolver: str, handshake: str, judgement: str
) -> None:
    address = PRIVATE if "private" in resolver else RESOLVER
    (finding,), _ = run(BINDINGS[resolver], HANDSHAKES[handshake], address)

    assert finding.code == judgement
    assert finding.subject == address
    assert finding.message
    assert finding.evidence


def test_a_designated_one_is_asked_by_its_own_name() -> None:
    _, world = run(BINDINGS["designates one"], SILENT)

    assert handshakes(world) == [(OTHER, 853, "dns.provider.example")]


def test_without_hints_the_resolver_gives_the_addresses() -> None:
    _, world = run((f'1 {NAME} alpn="h2"',), SILENT, addresses=(OTHER,))

    assert handshakes(world) == [(OTHER, 443, "dns.provider.example")]


def test_an_alias_or_the_root_designates_none() -> None:
    for data in (f"0 {NAME}", "1 . alpn=dot"):
        _, world = run((data,), SILENT)
        assert handshakes(world) in ([], [(RESOLVER, 853, None)])


def test_one_that_works_is_enough() -> None:
    two = (f'2 {NAME} alpn="dot" ipv4hint="{OTHER}"', f'1 {NAME} alpn="h2" ipv4hint="{OTHER}"')
    (finding,), world = run(two, HANDSHAKES["one for its address"])

    assert [port for _, port, _ in handshakes(world)] == [443, 853]
    assert "port 443" in finding.message


def test_the_discovery_goes_to_the_resolver_alone() -> None:
    _, world = run(BINDINGS["designates one"], SILENT)
    asked = {(one.server, one.name) for one in world.sent if isinstance(one, DnsQuery)}

    assert asked == {(RESOLVER, DISCOVERY)}


@pytest.mark.parametrize(
    ("keys", "ports"),
    [
        ("alpn=dot", (853,)),
        ("alpn=dot,h2", (853, 443)),
        ("alpn=dot port=8853", (8853,)),
        ("alpn=doq", ()),
        ("alpn=doq port=853", ()),
        ("port=853", ()),
        ("alpn=dot port=0", ()),
        ("alpn=dot port=99999", ()),
        ("alpn=dot port=x", ()),
    ],
)
def test_ports_of_a_designation(keys: str, ports: tuple[int, ...]) -> None:
    binding = parsed(f"1 {NAME} {keys}")

    assert binding
    assert ports_of(binding) == ports
