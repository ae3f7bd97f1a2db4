"""DNS over UDP and TCP against servers of every temper, on loopback."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import struct
import threading
import time
from collections.abc import Callable

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdiag.network import Sent
from netdiag.outcomes import DnsReply, Failed, FailureKind, IcmpError, ResourceRecord, Unreachable
from netdiag.requests import DnsQuery
from netdiag.wire import dns_message
from netdiag.wire.live import LiveTransport
from tests.wire import peers
from tests.wire.peers import reply_to

QUERY = DnsQuery(server=peers.HOST, name="www.example.", rtype="A")


def ask(answer: peers.Answer, query: DnsQuery = QUERY) -> Sent:
    """What comes of `query` to a UDP server that answers so."""

    async def main() -> Sent:
        async with peers.datagrams(answer) as port:
            return await peers.send(dataclasses.replace(query, port=port))

    return asyncio.run(main())


def ask_stream(talk: peers.Talk, query: DnsQuery = QUERY) -> Sent:
    """What comes of `query` over TCP to a server that talks so."""

    async def main() -> Sent:
        async with peers.stream(talk) as port:
            asked = dataclasses.replace(query, port=port, transport="tcp")
            return await peers.send(asked)

    return asyncio.run(main())


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(2) + message


def raw_record(name: bytes, rtype: int, data: bytes) -> bytes:
    return name + struct.pack("!HHIH", rtype, 1, 60, len(data)) + data


def with_records(query: bytes, *records: bytes, flags: int = 0x8400) -> bytes:
    """An answer with these records as they are, right or wrong."""
    question = query[12 : query.index(b"\0", 12) + 5]
    return (
        query[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0) + question + b"".join(records)
    )


def test_an_answer_comes_back_whole() -> None:
    def answer(query: bytes) -> list[bytes]:
        reply = reply_to(query, "WWW.Example. 300 A 192.0.2.1", 'www.example. 60 TXT "a b"')
        reply.authority.append(dns.rrset.from_text("EXAMPLE.", 60, "IN", "NS", "NS1.Example.NET."))
        reply.additional.append(dns.rrset.from_text("ns1.example.net.", 9, "IN", "A", "192.0.2.9"))
        return [reply.to_wire()]

    sent = ask(answer)
    reply = sent.outcome
    assert isinstance(reply, DnsReply)
    assert reply.answer == (
        ResourceRecord(name="www.example.", ttl=300, rtype="A", data="192.0.2.1"),
        ResourceRecord(name="www.example.", ttl=60, rtype="TXT", data='"a b"'),
    )
    assert reply.authority == (
        ResourceRecord(name="example.", ttl=60, rtype="NS", data="ns1.example.net."),
    )
    assert [record.data for record in reply.additional] == ["192.0.2.9"]
    assert reply.authoritative
    assert not reply.truncated
    assert reply.edns
    assert (reply.rcode, reply.transport) == ("NOERROR", "udp")
    assert 0 <= reply.rtt < 1
    assert [(a.how, a.result, a.packets) for a in sent.attempts] == [("udp", "answered", 1)]


@pytest.mark.parametrize("recursion", [False, True])
def test_the_query_says_what_was_asked(recursion: bool) -> None:
    seen: list[bytes] = []

    def answer(query: bytes) -> list[bytes]:
        seen.append(query)
        return [reply_to(query).to_wire()]

    query = dataclasses.replace(
        QUERY, rtype="TYPE65", recursion_desired=recursion, checking_disabled=True, dnssec=True
    )
    ask(answer, query)
    asked = dns.message.from_wire(seen[0])
    assert bool(asked.flags & dns.flags.RD) is recursion
    assert asked.flags & dns.flags.CD
    assert asked.ednsflags & dns.flags.DO
    assert asked.payload == 1232
    assert asked.question[0].to_text() == "www.example. IN HTTPS"
    assert not asked.answer + asked.authority


def test_without_edns_none_is_sent() -> None:
    def answer(query: bytes) -> list[bytes]:
        assert dns.message.from_wire(query).edns == -1
        return [reply_to(query).to_wire()]

    sent = ask(answer, dataclasses.replace(QUERY, udp_payload=None))
    assert isinstance(sent.outcome, DnsReply)
    assert not sent.outcome.edns


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "SERVFAIL", "REFUSED", "BADVERS"])
def test_rcodes_are_told_by_name(rcode: str) -> None:
    def answer(query: bytes) -> list[bytes]:
        reply = reply_to(query)
        reply.set_rcode(dns.rcode.from_text(rcode))
        return [reply.to_wire()]

    outcome = ask(answer).outcome
    assert isinstance(outcome, DnsReply)
    assert outcome.rcode == rcode


def test_extended_errors_are_kept_and_cleaned() -> None:
    def answer(query: bytes) -> list[bytes]:
        reply = reply_to(query)
        options: list[dns.edns.Option] = [
            dns.edns.EDEOption(dns.edns.EDECode(22), "no \x1b[31m authority"),
            dns.edns.EDEOption(dns.edns.EDECode(6)),
        ]
        reply.use_edns(0, options=options)
        return [reply.to_wire()]

    outcome = ask(answer).outcome
    assert isinstance(outcome, DnsReply)
    assert outcome.extended_errors == ((22, "no \\x1b[31m authority"), (6, ""))


def test_a_truncated_answer_is_asked_for_over_tcp() -> None:
    async def main() -> Sent:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            texts = [f'www.example. 60 TXT "{number:0200}"' for number in range(200)]
            writer.write(framed(reply_to(query, *texts).to_wire(max_size=65535)))

        def short(query: bytes) -> list[bytes]:
            return [with_records(query, flags=0x8600)]

        async with peers.stream(talk) as port, peers.datagrams(short, port):
            return await peers.send(dataclasses.replace(QUERY, port=port))

    sent = asyncio.run(main())
    assert isinstance(sent.outcome, DnsReply)
    assert (sent.outcome.transport, len(sent.outcome.answer)) == ("tcp", 200)
    assert sent.outcome.size > 40_000
    assert [(a.how, a.result) for a in sent.attempts] == [("udp", "truncated"), ("tcp", "answered")]


def test_part_of_an_answer_stands_where_tcp_is_refused() -> None:
    part = bytes.fromhex("c00c0001000100000e100004cb00710a")
    sent = ask(lambda query: [with_records(query, part, flags=0x8600)])
    assert isinstance(sent.outcome, DnsReply)
    assert sent.outcome.truncated
    assert sent.outcome.answer
    assert [(a.how, a.result) for a in sent.attempts] == [("udp", "truncated"), ("tcp", "reset")]


def test_part_of_a_signed_answer_is_none() -> None:
    """Signatures are what is cut first, so that those which are missing may only be cut."""
    part = bytes.fromhex("c00c0001000100000e100004cb00710a")
    query = dataclasses.replace(QUERY, dnssec=True)
    sent = ask(lambda query: [with_records(query, part, flags=0x8600)], query)
    assert sent.outcome == Failed(kind=FailureKind.REFUSED)


def test_a_truncated_answer_whose_question_cannot_be_read_is_malformed() -> None:
    broken = bytes.fromhex("0000 8600 0001 0001 0000 0000 03777777 076578616d706c 000165c024")
    with pytest.raises(dns_message.MalformedError, match="question"):
        dns_message.read(broken, QUERY, "udp", 0.0)


def test_a_truncated_answer_without_records_is_none() -> None:
    sent = ask(lambda query: [with_records(query, flags=0x8600)])
    assert sent.outcome == Failed(kind=FailureKind.REFUSED)
    assert [(a.how, a.result) for a in sent.attempts] == [("udp", "truncated"), ("tcp", "reset")]


def test_what_is_truncated_even_over_tcp_is_no_answer() -> None:
    async def main() -> Sent:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            writer.write(framed(with_records(query, flags=0x8600)))

        async with peers.stream(talk) as port:
            return await peers.send(dataclasses.replace(QUERY, port=port, transport="tcp"))

    sent = asyncio.run(main())
    assert isinstance(sent.outcome, Failed)
    assert sent.outcome.kind is FailureKind.MALFORMED


def test_a_lost_query_is_sent_once_more() -> None:
    asked: list[bytes] = []

    def answer(query: bytes) -> list[bytes]:
        asked.append(query)
        return [reply_to(query).to_wire()] if len(asked) == 2 else []

    sent = ask(answer)
    assert isinstance(sent.outcome, DnsReply)
    assert sent.outcome.rtt < 1
    assert [a.result for a in sent.attempts] == ["timeout", "answered"]
    assert asked[0][:2] != asked[1][:2]


def test_an_answer_to_the_first_try_is_welcome_during_the_second() -> None:
    asked: list[bytes] = []

    def answer(query: bytes) -> list[bytes]:
        asked.append(query)
        return [reply_to(asked[0]).to_wire()] if len(asked) == 2 else []

    outcome = ask(answer).outcome
    assert isinstance(outcome, DnsReply)
    assert outcome.rtt > 1


def test_silence_is_a_time_out_after_two_tries() -> None:
    started = time.monotonic()
    sent = ask(lambda query: [])
    assert sent.outcome == Failed(kind=FailureKind.TIMEOUT)
    assert [a.result for a in sent.attempts] == ["timeout", "timeout"]
    assert 2 < time.monotonic() - started < 4


def test_a_closed_port_is_an_icmp_error_of_the_host() -> None:
    async def main() -> Sent:
        return await peers.send(dataclasses.replace(QUERY, port=peers.closed_port()))

    outcome = asyncio.run(main()).outcome
    assert isinstance(outcome, IcmpError)
    assert (outcome.kind, outcome.sender) == (Unreachable.PORT, peers.HOST)


def other_id(query: bytes) -> bytes:
    return bytes([query[0] ^ 1]) + reply_to(query).to_wire()[1:]


def other_question(query: bytes) -> bytes:
    return reply_to(query).to_wire().replace(b"\x03www", b"\x03wwx")


def other_type(query: bytes) -> bytes:
    asked = dns.message.from_wire(query)
    twin = dns.message.make_query("www.example.", "AAAA", id=asked.id)
    return dns.message.make_response(twin).to_wire()


def no_question(query: bytes) -> bytes:
    return query[:2] + struct.pack("!5H", 0x8400, 0, 0, 0, 0)


def echoed(query: bytes) -> bytes:
    return query


def other_opcode(query: bytes) -> bytes:
    return query[:2] + bytes([0xA8]) + query[3:]


STRANGERS = [other_id, other_question, other_type, no_question, echoed, other_opcode]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_what_answers_something_else_is_passed_over(stranger: Callable[[bytes], bytes]) -> None:
    sent = ask(lambda query: [stranger(query), reply_to(query).to_wire()])
    assert isinstance(sent.outcome, DnsReply)


@pytest.mark.parametrize("stranger", [other_id, other_question])
def test_only_strange_answers_are_a_mismatch(stranger: Callable[[bytes], bytes]) -> None:
    outcome = ask(lambda query: [stranger(query)] * 50).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.MISMATCHED
    assert "100 ignored" in outcome.detail


def test_a_refusal_may_lack_the_question() -> None:
    outcome = ask(lambda query: [query[:2] + struct.pack("!5H", 0x8005, 0, 0, 0, 0)]).outcome
    assert isinstance(outcome, DnsReply)
    assert outcome.rcode == "REFUSED"


@pytest.mark.parametrize(
    "broken",
    [
        lambda query: query[:2] + b"\x84",
        lambda query: query[:2] + struct.pack("!5H", 0x8400, 1, 9, 0, 0) + query[12:],
        lambda query: with_records(query, raw_record(b"\xc0\xff", 1, b"\0\0\0\0")),
        lambda query: with_records(query, b"\0\0\1\0\1\0\0\0\0\xff\xff"),
    ],
)
def test_a_broken_message_is_malformed_at_once(broken: Callable[[bytes], bytes]) -> None:
    started = time.monotonic()
    outcome = ask(lambda query: [broken(query)]).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.MALFORMED
    assert time.monotonic() - started < 1


def test_odd_data_does_not_hide_the_records_beside_it() -> None:
    def answer(query: bytes) -> list[bytes]:
        bad_address = raw_record(b"\xc0\x0c", 1, b"\1\2\3")
        bad_ds = raw_record(b"\xc0\x0c", 43, b"\0\1\x08\0")
        unknown = raw_record(b"\xc0\x0c", 65280, b"\xab")
        good = raw_record(b"\xc0\x0c", 1, b"\xc0\0\2\1")
        return [with_records(query, bad_address, bad_ds, unknown, good)]

    outcome = ask(answer).outcome
    assert isinstance(outcome, DnsReply)
    assert [(r.rtype, r.data) for r in outcome.answer] == [
        ("A", "\\# 3 010203"),
        ("DS", "\\# 4 00010800"),
        ("TYPE65280", "\\# 1 ab"),
        ("A", "192.0.2.1"),
    ]


SPELT = [
    ("SOA", "NS1.Example. host.example. 1 7200 3600 1209600 300", str.lower),
    ("MX", "10 Mail.Example.", str.lower),
    ("SRV", "1 2 443 Www.Example.", str.lower),
    ("PTR", "Www.Example.", str.lower),
    ("CNAME", "Other.Example.", str.lower),
    ("TXT", '"v=spf1 -all" "B"', str),
    ("CAA", '0 issue "Ca.example"', str),
    ("DS", "1 13 2 " + "ab" * 32, str),
    ("DNSKEY", "257 3 13 " + "qrvM" * 21 + "qg==", str),
    ("RRSIG", "A 13 2 60 20300101000000 20200101000000 1 example. qrvM", str),
    ("HTTPS", '1 . alpn="h2"', str),
    ("AAAA", "2001:db8::1", str),
]


@pytest.mark.parametrize(("rtype", "data", "spelt"), SPELT, ids=[s[0] for s in SPELT])
def test_data_is_in_presentation_format(rtype: str, data: str, spelt: Callable[[str], str]) -> None:
    outcome = ask(lambda query: [reply_to(query, f"www.example. 60 {rtype} {data}").to_wire()])
    assert isinstance(outcome.outcome, DnsReply)
    record = outcome.outcome.answer[0]
    assert record.rtype == rtype
    assert record.data.replace(" ", "") == spelt(data).replace(" ", "")


def test_compression_loops_end() -> None:
    def answer(query: bytes) -> list[bytes]:
        at = len(with_records(query))
        loop = struct.pack("!H", 0xC000 | at + 12)
        return [with_records(query, raw_record(b"\xc0\x0c", 2, loop))]

    outcome = ask(answer).outcome
    assert isinstance(outcome, DnsReply)
    assert outcome.answer[0].data.startswith("\\# 2 ")


def test_hostile_text_is_escaped() -> None:
    def answer(query: bytes) -> list[bytes]:
        name = b"\x04\x1b[0m\xc0\x0c"
        return [with_records(query, raw_record(name, 16, b"\x06\x1b]0;x\x07"))]

    outcome = ask(answer).outcome
    assert isinstance(outcome, DnsReply)
    assert outcome.answer[0].name.isprintable()
    assert outcome.answer[0].data.isprintable()


def test_a_section_is_bounded() -> None:
    records = raw_record(b"\xc0\x0c", 1, b"\xc0\0\2\1")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        writer.write(framed(with_records(query, *[records] * 4000)))

    started = time.monotonic()
    outcome = ask_stream(talk).outcome
    assert isinstance(outcome, DnsReply)
    assert len(outcome.answer) == dns_message.MOST_RECORDS
    assert outcome.size > 60_000
    assert time.monotonic() - started < 2


def test_tcp_reads_past_what_answers_something_else() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        writer.write(framed(other_id(query)) + framed(reply_to(query).to_wire()))

    sent = ask_stream(talk)
    assert isinstance(sent.outcome, DnsReply)
    assert sent.outcome.transport == "tcp"


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(2)
    writer.write(b"\x00\x40half")


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    query = await reader.read(65536)
    writer.write(framed(query[2:4] + b"\xff" * 50))


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(2)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n" * 3000)


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\xff\xff")
    for _ in range(100):
        writer.write(b"x")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (peers.silence, FailureKind.TIMEOUT),
        (dripping, FailureKind.TIMEOUT),
        (peers.reset, FailureKind.RESET),
        (peers.hang_up, FailureKind.CLOSED_EARLY),
        (half, FailureKind.CLOSED_EARLY),
        (garbage, FailureKind.MISMATCHED),
        (http, FailureKind.MISMATCHED),
    ],
)
def test_tcp_failures_are_told_apart(talk: peers.Talk, kind: FailureKind) -> None:
    started = time.monotonic()
    outcome = ask_stream(talk).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
    assert time.monotonic() - started < 5


def test_a_closed_tcp_port_is_refused() -> None:
    async def main() -> Sent:
        port = peers.closed_port()
        return await peers.send(dataclasses.replace(QUERY, port=port, transport="tcp"))

    outcome = asyncio.run(main()).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.REFUSED


@pytest.mark.parametrize("name", ["a..example.", f"{'x' * 64}.example."])
def test_a_name_that_is_none_is_not_sent(name: str) -> None:
    sent = ask(lambda query: [], dataclasses.replace(QUERY, name=name))
    assert isinstance(sent.outcome, Failed)
    assert sent.attempts == ()


def test_an_answer_that_had_to_wait_for_this_program_has_its_true_time() -> None:
    """Time spent waiting for this program's turn is no round-trip time."""
    busy, came = 1.0, threading.Event()

    def answer(server: socket.socket) -> None:
        data, peer = server.recvfrom(2048)
        came.set()
        time.sleep(0.05)
        server.sendto(reply_to(data).to_wire(), peer)

    async def main() -> Sent:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            threading.Thread(target=answer, args=(server,), daemon=True).start()
            query = dataclasses.replace(QUERY, port=server.getsockname()[1])
            asking = asyncio.ensure_future(LiveTransport(time.monotonic).send(query))
            await asyncio.to_thread(came.wait)
            time.sleep(busy)  # noqa: ASYNC251 (the loop is to be busy)
            return await asking

    outcome = asyncio.run(main()).outcome
    assert isinstance(outcome, DnsReply)
    assert outcome.rtt < busy / 2


def test_cancelling_closes_the_socket() -> None:
    async def main() -> None:
        before = peers.open_files()
        async with peers.datagrams(lambda query: []) as port:
            task = asyncio.ensure_future(peers.send(dataclasses.replace(QUERY, port=port)))
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await asyncio.sleep(0)
        assert peers.open_files() <= before

    asyncio.run(main())


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_octets_upset_the_reader(junk: bytes) -> None:
    """Whatever comes is an answer, a mismatch or malformed."""
    head = struct.pack("!6H", 7, 0x8400, 1, 3, 2, 1) + dns_message.build(QUERY, 7)[12:29]
    for message in (junk, head + junk):
        try:
            reply = dns_message.read(message, QUERY, "udp", 0.0)
        except (dns_message.MismatchError, dns_message.MalformedError):
            continue
        assert all(record.data.isprintable() for record in reply.answer)
