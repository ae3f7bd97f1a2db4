"""Transfers against servers of every temper, on loopback: what is learnt, how little read."""

from __future__ import annotations

import asyncio
import dataclasses

import dns.message
import dns.rrset
import pytest

from netdiag.network import Sent
from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.requests import DnsQuery
from tests.wire import peers

SOA = "example. 60 SOA ns1.example. hostmaster.example. 7 2 3 4 5"
NS = "example. 60 NS ns1.example."
QUERY = DnsQuery(
    server=peers.HOST, name="example.", rtype="AXFR", transport="tcp", udp_payload=None
)


def asked(talk: peers.Talk) -> Sent:
    async def main() -> Sent:
        async with peers.stream(talk) as port:
            return await peers.send(dataclasses.replace(QUERY, port=port))

    return asyncio.run(main())


async def question(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2)))


def framed(message: dns.message.Message) -> bytes:
    octets = message.to_wire(max_size=65535)
    return len(octets).to_bytes(2) + octets


def says(*messages: tuple[str, ...], rcode: int = 0) -> peers.Talk:
    """A server that sends messages of these records, the last with `rcode`, and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await question(reader)
        for number, records in enumerate(messages):
            reply = peers.reply_to(query, *records)
            if number:
                reply.question = []
            if number == len(messages) - 1:
                reply.set_rcode(rcode)  # type: ignore[arg-type]
            writer.write(framed(reply))
        await writer.drain()

    return talk


def given(sent: Sent) -> list[str]:
    assert isinstance(sent.outcome, DnsReply), sent.outcome
    return [record.rtype for record in sent.outcome.answer]


@pytest.mark.parametrize(
    ("messages", "records"),
    [
        ([(SOA, NS, SOA)], ["SOA", "NS"]),
        ([(SOA,), (NS,), (SOA,)], ["SOA", "NS"]),
        ([(SOA,), (NS, SOA)], ["SOA", "NS"]),
        ([(SOA,)], ["SOA"]),
        ([()], []),
        ([(NS, SOA)], ["NS", "SOA"]),
    ],
)
def test_the_first_two_records_are_all_that_is_kept(
    messages: list[tuple[str, ...]], records: list[str]
) -> None:
    sent = asked(says(*messages))

    assert given(sent) == records
    assert [(a.how, a.result) for a in sent.attempts] == [("tcp", "answered")]


def test_an_error_comes_back_as_what_it_is() -> None:
    reply = asked(says((), rcode=5)).outcome

    assert isinstance(reply, DnsReply)
    assert (reply.rcode, reply.answer) == ("REFUSED", ())


def test_an_error_after_the_soa_leaves_the_soa_alone() -> None:
    assert given(asked(says((SOA,), (), rcode=5))) == ["SOA"]


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (peers.hang_up, FailureKind.CLOSED_EARLY),
        (peers.reset, FailureKind.RESET),
        (peers.silence, FailureKind.TIMEOUT),
    ],
)
def test_no_answer_is_told_apart(talk: peers.Talk, kind: FailureKind) -> None:
    outcome = asked(talk).outcome

    assert isinstance(outcome, Failed)
    assert outcome.kind is kind


@pytest.mark.parametrize("octets", [b"\x00\x01x", b"\x00\x00", b"\x00\x0c" + bytes(12)])
def test_what_is_no_answer_is_no_transfer(octets: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await question(reader)
        writer.write(octets)
        await writer.drain()

    outcome = asked(talk).outcome

    assert isinstance(outcome, Failed)
    assert outcome.kind in {FailureKind.MISMATCHED, FailureKind.CLOSED_EARLY}


def test_of_a_large_zone_only_the_beginning_is_taken() -> None:
    """100 MB are offered: the connection is closed while the first buffer is under way."""
    handed = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal handed
        query = await question(reader)
        writer.transport.set_write_buffer_limits(0)
        names = [f"n{n}.example. 60 TXT {'x' * 200}" for n in range(250)]
        message = framed(peers.reply_to(query, SOA, NS, *names))
        for _ in range(100_000_000 // len(message)):
            writer.write(message)
            await writer.drain()
            handed += len(message)

    sent = asked(talk)

    assert given(sent) == ["SOA", "NS"]
    assert isinstance(sent.outcome, DnsReply)
    assert sent.outcome.rtt > 0.0001
    assert sent.outcome.size <= 4096
    assert handed < 4_000_000, "what the server's own kernel took; its buffer is at most that"
    assert sum(a.packets for a in sent.attempts) <= QUERY.cost
