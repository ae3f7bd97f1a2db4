"""The account: what a record explains, and that each thing it does not explain is named."""

from __future__ import annotations

import dataclasses
import ipaddress
import struct
from dataclasses import replace

import pytest

from netdiag.audit.account import Account, account
from netdiag.network import Attempt, Observation
from netdiag.outcomes import (
    Failed,
    FailureKind,
    IcmpError,
    Interface,
    Interfaces,
    Outcome,
    Route,
    Routes,
    Unreachable,
)
from netdiag.requests import (
    DnsQuery,
    Echo,
    HopProbe,
    HttpRequest,
    ReadBanner,
    ReadInterfaces,
    ReadRoutes,
    SystemLookup,
    TcpConnect,
    TlsHandshake,
)
from tests.audit import craft
from tests.audit.craft import ELSEWHERE, THERE, THERE6, attempt, audited, observed, record_of

NAME = "www.example.org"
ASKED = observed(DnsQuery(server=THERE, name=f"{NAME}.", rtype="A"), attempt("udp"))
OVER_TCP = observed(
    DnsQuery(server=THERE, name=f"{NAME}.", rtype="A", transport="tcp"), attempt("tcp", 6)
)
TRANSFER = craft.question("example.org", 252, edns=None)
TRANSFERRED = observed(
    DnsQuery(server=THERE, name="example.org.", rtype="AXFR", transport="tcp", udp_payload=None),
    attempt("tcp", 6),
)
PAGE = observed(
    HttpRequest(address=THERE, port=80, tls=False, host=NAME), attempt("tcp", 4), attempt("http", 2)
)
SECURE_PAGE = observed(
    HttpRequest(address=THERE, port=443, tls=True, host=NAME), attempt("tcp", 4), attempt("https")
)
SHAKEN = observed(
    TlsHandshake(address=THERE, port=443, server_name=NAME), attempt("tcp", 4), attempt("tls", 6)
)
MAIL = observed(
    TlsHandshake(address=THERE, port=25, server_name=NAME, starttls="smtp"),
    attempt("tcp", 4),
    attempt("tls", 6),
)
GREETED = observed(ReadBanner(address=THERE, port=25), attempt("tcp", 4), attempt("banner", 3))
CONNECTED = observed(TcpConnect(address=THERE, port=80), attempt("tcp", 4))
PINGED = observed(Echo(address=THERE), attempt("icmp"))
PROBED = observed(HopProbe(address=THERE, ttl=3), attempt("udp"))
PROBED_BY_TCP = observed(HopProbe(address=THERE, ttl=64, protocol="tcp", port=80), attempt("tcp"))
LOOKED_UP = observed(SystemLookup(name=NAME))

GET = f"GET / HTTP/1.1\r\nHost: {NAME}\r\nUser-Agent: n\r\nConnection: close\r\n\r\n".encode()
CIPHERTEXT = craft.tls(23, bytes(74))
EHLO = b"EHLO [192.0.2.1]\r\n"
HELLO = craft.client_hello(NAME)
PROBE = b"nd\0\x01" + bytes(28)

ODD = observed(
    DnsQuery(
        server=THERE,
        name=f"{NAME}.",
        rtype="A",
        edns_version=1,
        edns_flags=0x40,
        edns_options=(100, 10),
    ),
    attempt("udp"),
)
ODD_OPTIONS = b"\0\x64\0\0" + b"\0\x0a\0\x08" + bytes(8)
ODDLY = craft.question(version=1, flags=0x40, options=ODD_OPTIONS)
VERSION = observed(
    DnsQuery(server=THERE, name="version.bind.", rtype="TXT", rclass="CH"), attempt("udp")
)

GOOD: dict[str, tuple[Observation, list[bytes]]] = {
    "a DNS question": (ASKED, [craft.udp(craft.question())]),
    "EDNS that nobody has defined": (ODD, [craft.udp(ODDLY)]),
    "a server's version": (VERSION, [craft.udp(craft.question("version.bind", 16, rclass=3))]),
    "in capitals": (ASKED, [craft.udp(craft.question("WWW.example.ORG"))]),
    "a DNS question over TCP": (
        OVER_TCP,
        craft.conversation(len(craft.question()).to_bytes(2) + craft.question(), port=53),
    ),
    "a page in clear": (PAGE, craft.conversation(GET)),
    "a page in two segments": (PAGE, craft.conversation(GET[:20], GET[20:])),
    "a page over TLS": (SECURE_PAGE, craft.conversation(HELLO, CIPHERTEXT * 30, port=443)),
    "a TLS handshake": (SHAKEN, craft.conversation(HELLO, CIPHERTEXT, port=443)),
    "STARTTLS": (MAIL, craft.conversation(EHLO, b"STARTTLS\r\n", HELLO, CIPHERTEXT, port=25)),
    "a mail server without STARTTLS": (MAIL, craft.conversation(EHLO, port=25)),
    "a banner": (GREETED, craft.conversation(b"QUIT\r\n", port=25)),
    "a connection": (CONNECTED, craft.conversation()),
    "an unanswered SYN, retransmitted": (CONNECTED, [craft.tcp(2)] * 3),
    "an echo": (PINGED, [craft.echo()]),
    "a hop probe": (PROBED, [craft.udp(PROBE, port=33434, ttl=3)]),
    "a hop probe that the host accepts, its end sent again": (
        PROBED_BY_TCP,
        [*craft.conversation(), craft.conversation()[-1]],
    ),
    "a look-up by the system": (
        LOOKED_UP,
        [craft.udp(craft.question(edns=None, rd=True), to=ELSEWHERE)],
    ),
    "the rest of a fragmented echo": (
        observed(Echo(address=THERE, size=2000), attempt("icmp")),
        [
            craft.ip(struct.pack("!BBHHH", 8, 0, 0, 1, 1) + bytes(1472), 1, fragment=0x2000),
            craft.ip(bytes(528), 1, fragment=185),
        ],
    ),
}

SYSTEM = {
    "neighbour solicitation": craft.ip(b"\x87\0\0\0" + bytes(20), 58, to="ff02::1:ff00:1"),
    "listener report": craft.ip(b"\x8f\0\0\0" + bytes(20), 58, to="ff02::16"),
    "IGMP": craft.ip(bytes(8), 2, to="224.0.0.22"),
    "port unreachable": craft.ip(b"\x03\x03\0\0" + bytes(32), 1),
    "echo reply": craft.echo(kind=0),
    "a reset of its own": craft.tcp(4),
}

BAD: dict[str, tuple[Observation, list[bytes], str]] = {
    "UPDATE": (ASKED, [craft.udp(craft.question(opcode=5))], "opcode 5"),
    "NOTIFY": (ASKED, [craft.udp(craft.question(opcode=4))], "opcode 4"),
    "a DNS message with a record": (ASKED, [craft.udp(craft.question(counts=(1, 1, 0)))], "one q"),
    "another class": (ASKED, [craft.udp(craft.question(rclass=3))], "class 3"),
    "another version of EDNS": (
        ASKED,
        [craft.udp(craft.question(version=1))],
        "no observation",
    ),
    "flags of EDNS": (ASKED, [craft.udp(craft.question(flags=0x40))], "no observation"),
    "an EDNS option": (ASKED, [craft.udp(craft.question(options=bytes(4)))], "no observation"),
    "an EDNS option with data": (
        ODD,
        [craft.udp(craft.question(version=1, flags=0x40, options=b"\0\x64\0\x01x"))],
        "option 100",
    ),
    "half an EDNS option": (ODD, [craft.udp(craft.question(options=b"\0\x64"))], "too early"),
    "octets after a question": (ASKED, [craft.udp(craft.question(after=b"x"))], "after the DNS"),
    "a transfer": (
        observed(DnsQuery(server=THERE, name="example.org.", rtype="TYPE252"), attempt("udp")),
        [craft.udp(craft.question("example.org", 252))],
        "transfer",
    ),
    "a transfer, and no owner's word": (
        TRANSFERRED,
        craft.conversation(len(TRANSFER).to_bytes(2) + TRANSFER, port=53),
        "own",
    ),
    "everything": (ASKED, [craft.udp(craft.question(rtype=255))], "everything"),
    "an incremental transfer": (ASKED, [craft.udp(craft.question(rtype=251))], "incremental"),
    "another name": (ASKED, [craft.udp(craft.question("other.example.org"))], "no observation"),
    "another type": (ASKED, [craft.udp(craft.question(rtype=28))], "no observation"),
    "recursion that was not asked for": (
        ASKED,
        [craft.udp(craft.question(rd=True))],
        "no observation",
    ),
    "a larger EDNS size": (ASKED, [craft.udp(craft.question(edns=4096))], "no observation"),
    "one packet too many": (ASKED, [craft.udp(craft.question())] * 2, "no observation"),
    "an unannounced address": (
        ASKED,
        [craft.udp(craft.question(), to=ELSEWHERE)],
        "no observation",
    ),
    "an unannounced UDP port": (ASKED, [craft.udp(craft.question(), port=54)], "no observation"),
    "an unannounced TCP port": (CONNECTED, craft.conversation(port=81), "no observation"),
    "a look-up of another name": (
        LOOKED_UP,
        [craft.udp(craft.question("other.example", edns=None))],
        "no observation",
    ),
    "POST": (PAGE, craft.conversation(GET.replace(b"GET", b"POST")), "no GET or HEAD"),
    "HEAD for GET": (PAGE, craft.conversation(GET.replace(b"GET", b"HEAD")), "no observation"),
    "another path": (PAGE, craft.conversation(GET.replace(b" / ", b" /x ")), "no observation"),
    "another host": (PAGE, craft.conversation(GET.replace(b"www", b"ftp")), "no observation"),
    "a body": (PAGE, craft.conversation(GET + b"x=1"), "body"),
    "a second request": (PAGE, craft.conversation(GET + GET), "body"),
    "a cookie": (
        PAGE,
        craft.conversation(GET.replace(b"User-Agent: n", b"Cookie: a=b")),
        "header that is not on the list: Cookie",
    ),
    "a password": (
        PAGE,
        craft.conversation(GET.replace(b"User-Agent: n", b"Authorization: Basic x")),
        "header that is not on the list: Authorization",
    ),
    "MAIL FROM": (MAIL, craft.conversation(EHLO, b"MAIL FROM:<>\r\n", port=25), "MAIL FROM"),
    "a login": (GREETED, craft.conversation(b"USER a\r\n", port=25), "not on the list"),
    "EHLO for a banner": (GREETED, craft.conversation(EHLO, port=25), "no observation"),
    "another SNI": (
        SHAKEN,
        craft.conversation(craft.client_hello("a.example"), port=443),
        "no observation",
    ),
    "no SNI": (SHAKEN, craft.conversation(craft.client_hello(""), port=443), "no observation"),
    "a request in a TLS handshake": (
        SHAKEN,
        craft.conversation(HELLO, CIPHERTEXT * 30, port=443),
        "no observation",
    ),
    "no ClientHello": (SHAKEN, craft.conversation(CIPHERTEXT, port=443), "not on the list"),
    "clear words after TLS": (SHAKEN, craft.conversation(HELLO + b"GET /x", port=443), "TLS"),
    "data in a bare connection": (CONNECTED, craft.conversation(GET), "no observation"),
    "a connection too many": (
        CONNECTED,
        [*craft.conversation(), craft.tcp(2, sequence=5)],
        "no observation",
    ),
    "a connection without beginning": (CONNECTED, craft.conversation()[1:], "beginning"),
    "words that are not in the capture": (
        PAGE,
        [*craft.conversation()[:2], craft.tcp(16, sequence=1100, payload=GET)],
        "not in the capture",
    ),
    "other words sent again": (
        PAGE,
        [*craft.conversation(GET), craft.tcp(16, sequence=1001, payload=b"P" + GET)],
        "differently",
    ),
    "an echo of another size": (PINGED, [craft.echo(1000)], "no observation"),
    "an ICMP message that is no echo": (PINGED, [craft.echo(kind=13)], "no observation"),
    "a redirect": (PINGED, [craft.ip(b"\x05\x01\0\0" + bytes(28), 1)], "no observation"),
    "an IPv6 redirect": (
        PINGED,
        [craft.ip(b"\x89\0\0\0" + bytes(36), 58, to=THERE6)],
        "no observation",
    ),
    "a router's advertisement": (
        PINGED,
        [craft.ip(b"\x86\0\0\0" + bytes(12), 58, to="ff02::1")],
        "no observation",
    ),
    "words in an accepted hop probe": (PROBED_BY_TCP, craft.conversation(GET), "no observation"),
    "words in a hop probe": (
        PROBED,
        [craft.udp(b"nd\0\x01hello", port=33434, ttl=3)],
        "no observation",
    ),
    "a hop probe that goes further": (
        PROBED,
        [craft.udp(PROBE, port=33434, ttl=64)],
        "no observation",
    ),
    "a protocol without a rule": (PINGED, [craft.ip(bytes(20), 132)], "IP protocol 132"),
    "a fragment without beginning": (
        PINGED,
        [craft.ip(bytes(20), 1, fragment=185)],
        "part of the packet before",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_the_record_says_is_explained(name: str) -> None:
    observation, packets = GOOD[name]

    found = audited(record_of(observation), *packets)

    assert found.read_only, found.faults
    assert found.packets == len(packets)
    assert {line.observation for line in found.lines} == {2}


def test_the_owners_word_in_the_record_explains_a_transfer() -> None:
    packets = craft.conversation(len(TRANSFER).to_bytes(2) + TRANSFER, port=53)

    found = audited(record_of(TRANSFERRED, own_zone=True), *packets)

    assert found.read_only, found.faults


@pytest.mark.parametrize("name", SYSTEM)
def test_the_operating_systems_own_packets_have_a_class(name: str) -> None:
    found = audited(record_of(), SYSTEM[name])

    assert [line.verdict for line in found.lines] == ["system"]


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_unexplained_and_says_why(name: str) -> None:
    observation, packets, why = BAD[name]

    found = audited(record_of(observation), *packets)

    assert not found.read_only
    unexplained = [line.why for line in found.lines if line.verdict == "unexplained"]
    assert any(why in one for one in unexplained), found.lines


@pytest.mark.parametrize("name", GOOD)
def test_what_the_record_claims_and_the_capture_lacks_is_missing(name: str) -> None:
    observation, _ = GOOD[name]
    if observation is LOOKED_UP:
        return

    found = audited(record_of(observation), SYSTEM["IGMP"])

    assert missing(found) == [2]


def test_a_claim_to_the_machine_itself_is_not_missing() -> None:
    inside = observed(TcpConnect(address="127.0.0.1", port=80), attempt("tcp", 4))

    found = audited(record_of(inside), SYSTEM["IGMP"])

    assert found.read_only
    assert [line.verdict for line in found.lines] == ["system", "not-visible"]


GATEWAY, GATEWAY6 = "192.0.2.254", "2001:db8::fe"
ROUTES = observed(
    ReadRoutes(family=4),
    number=3,
    outcome=Routes(
        routes=(
            Route(destination="0.0.0.0/0", gateway=GATEWAY, device="eth0"),
            Route(destination="::/0", gateway=GATEWAY6, device="eth0"),
        )
    ),
)
ARP = b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1)


def arp(source: str, target: str) -> bytes:
    ends = (ipaddress.ip_address(one).packed for one in (source, target))
    return ARP + bytes(6) + next(ends) + bytes(6) + next(ends)


def neighbour(kind: int) -> bytes:
    head = b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x86\xdd"
    target = ipaddress.ip_address(GATEWAY6).packed
    return head + craft.ip(bytes([kind, 0, 0, 0, 0, 0, 0, 0]) + target, 58, to="ff02::1:ff00:fe")


@pytest.mark.parametrize(
    ("to", "frames", "verdict"),
    [
        (THERE, [arp(craft.HERE, GATEWAY)], "held"),
        (THERE, [arp(craft.HERE, GATEWAY), arp(GATEWAY, craft.HERE)], "missing"),
        (THERE, [arp(craft.HERE, "192.0.2.77")], "missing"),
        (THERE, [neighbour(135)], "missing"),
        (THERE6, [neighbour(135)], "held"),
        (THERE6, [neighbour(135), neighbour(136)], "missing"),
    ],
)
def test_only_a_silent_next_hop_excuses_what_is_missing(
    to: str, frames: list[bytes], verdict: str
) -> None:
    pinged = observed(Echo(address=to), attempt("icmp"))

    found = audited(record_of(pinged, ROUTES), *frames, link=1)

    assert [line.verdict for line in found.lines if line.observation == 2] == [verdict]
    assert found.read_only is (verdict == "held")


@pytest.mark.parametrize(("carrier", "verdict"), [(False, "held"), (True, "missing")])
def test_a_device_without_carrier_excuses_what_is_missing(carrier: bool, verdict: str) -> None:
    device = Interface(
        name="eth0", up=True, carrier=carrier, loopback=False, mtu=1500, addresses=()
    )
    looked = observed(ReadInterfaces(), number=4, outcome=Interfaces(interfaces=(device,)))
    transcript = [looked, PINGED, ROUTES]

    found = account(record_of(*transcript), [], [craft.HERE])

    assert [line.verdict for line in found.lines] == [verdict]


def test_packets_of_others_are_nobodys_business_here() -> None:
    packet = bytearray(craft.udp(craft.question(opcode=5)))
    packet[12:16] = bytes([203, 0, 113, 77])

    found = audited(record_of(), bytes(packet))

    assert (found.frames, found.packets) == (1, 0)


def test_a_false_source_address_does_not_hide_a_packet() -> None:
    """The link address betrays it."""
    honest = craft.udp(craft.question())
    forged = bytearray(honest)
    forged[12:16] = bytes([203, 0, 113, 77])
    head = b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x08\0"

    found = audited(record_of(ASKED), head + honest, head + bytes(forged), link=1)

    assert [line.verdict for line in found.lines] == ["explained", "unexplained"]


COOKED = struct.pack("!HHH8sH", 4, 1, 6, bytes(8), 0x0800)


@pytest.mark.parametrize("source", ["198.51.100.77", "127.0.0.1", craft.HERE])
def test_what_the_record_asks_for_is_sent_from_an_own_address(source: str) -> None:
    packet = bytearray(craft.udp(craft.question()))
    packet[12:16] = ipaddress.ip_address(source).packed

    found = audited(record_of(ASKED), COOKED + bytes(packet), link=113)

    assert found.read_only is (source == craft.HERE)
    if not found.read_only:
        assert any("no address of the vantage" in line.why for line in found.lines)


REFUSED = Failed(kind=FailureKind.NO_PERMISSION)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (REFUSED, "held"),
        (
            IcmpError(kind=Unreachable.PORT, icmp_type=3, icmp_code=3, sender=THERE, rtt=0),
            "missing",
        ),
        (
            IcmpError(kind=Unreachable.PORT, icmp_type=3, icmp_code=3, sender=craft.HERE, rtt=0),
            "held",
        ),
        (
            IcmpError(kind=Unreachable.HOST, icmp_type=3, icmp_code=1, sender=craft.HERE, rtt=0),
            "missing",
        ),
    ],
    ids=["refused", "rejected there", "rejected here", "no neighbour"],
)
def test_this_machines_own_rules_excuse_what_is_missing(outcome: Outcome, verdict: str) -> None:
    refused = observed(Echo(address=THERE), number=3, outcome=outcome)

    found = account(record_of(CONNECTED, refused), [], [craft.HERE])

    assert [line.verdict for line in found.lines] == [verdict]


CUT_OFF = Attempt(how="tcp-connect", result="cut off", elapsed=0.0, packets=8, octets=0)


def test_connections_are_shared_among_the_observations_that_ask_for_them() -> None:
    """One that was cut off may explain several connections, and takes none from others."""
    cut = observed(TcpConnect(address=THERE, port=80, attempt=1), CUT_OFF, number=3)
    late = observed(TcpConnect(address=THERE, port=80, attempt=2), attempt("tcp", 4), number=4)
    late = dataclasses.replace(late, started=900.0)
    packets = [
        craft.tcp(flags, sequence=sequence + step)
        for sequence in (1000, 5000, 9000)
        for step, flags in ((0, craft.SYN), (1, craft.ACK), (1, craft.FIN | craft.ACK))
    ]

    found = audited(record_of(CONNECTED, cut, late), *packets)

    assert found.read_only, found.faults
    assert sorted(line.observation or 0 for line in found.lines) == [2, 3, 4]


def missing(found: Account) -> list[int | None]:
    return [line.observation for line in found.lines if line.verdict == "missing"]


def test_many_alike_find_their_place_whatever_their_order() -> None:
    """The first was asked early and ends late, so its packet may be any."""
    probes = [
        replace(
            observed(HopProbe(address=THERE, ttl=2, attempt=n), attempt("udp"), number=n + 2),
            started=0.0,
            elapsed=elapsed,
        )
        for n, elapsed in enumerate((9.0, 0.5))
    ]
    early = craft.udp(bytes(4), port=33434, ttl=2)

    found = audited(record_of(*probes), early, early)

    assert found.read_only, found
