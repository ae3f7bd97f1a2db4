"""Name servers that misbehave. What each twists is one thing; the rest of its answers is right."""

from __future__ import annotations

import asyncio
import copy
import functools
import itertools
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.message import Message
from dns.rdatatype import RdataType

from tests.lab.topology import address
from tests.zoo.animal import ZONE, Animal, Talk, causes, server_names

PORT = 53
HOST = address("host")
APEX = dns.name.from_text(ZONE)
A = b"\0\1\0\1"
"""Type A, class IN, as they stand in a message."""

Twist = Callable[[Message, Message], "Message | bytes | Iterable[Message | bytes]"]
"""What is sent instead of the right reply, given the query and that reply."""


def right(query: Message) -> Message:
    """What a sound server of the animal's domain answers. Every name in it has the host's
    addresses."""
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA
    name, kind = query.question[0].name, query.question[0].rdtype
    domain = domain_of(name)
    servers = server_names(domain.labels[0].decode())
    found = {
        RdataType.A: [HOST.v4],
        RdataType.AAAA: [HOST.v6],
        RdataType.NS: [*servers],
        RdataType.SOA: [f"{servers[0]} hostmaster.{domain} 1 7200 3600 1209600 300"],
    }
    if kind in found and (name == domain or kind in {RdataType.A, RdataType.AAAA}):
        reply.answer = [records(name, kind, *found[kind])]
    else:
        reply.authority = [records(domain, RdataType.SOA, *found[RdataType.SOA])]
    return reply


def domain_of(name: dns.name.Name) -> dns.name.Name:
    """The animal's domain, in which `name` is."""
    return dns.name.Name(name.labels[-len(APEX.labels) - 1 :])


def records(name: dns.name.Name, kind: RdataType | str, *data: str) -> dns.rrset.RRset:
    return copy.copy(_records(name, kind, data))


@functools.lru_cache(1000)
def _records(name: dns.name.Name, kind: RdataType | str, data: tuple[str, ...]) -> dns.rrset.RRset:
    """Read once: an animal must not be slow because its keeper is."""
    return dns.rrset.from_text_list(name, 300, "IN", kind, data)


def parsed(query: bytes) -> Message | None:
    try:
        return dns.message.from_wire(query)
    except dns.exception.DNSException:
        return None


def wires(twist: Twist, data: bytes, most: int = 65535) -> Iterator[bytes]:
    """The messages that `twist` makes of one query, as octets; sound ones are cut to `most`."""
    query = parsed(data)
    if query is None or len(query.question) != 1:
        return
    made = twist(query, right(query))
    for one in [made] if isinstance(made, Message | bytes) else made:
        yield one if isinstance(one, bytes) else one.to_wire(max_size=most, prefer_truncation=True)


def over_tcp(twist: Twist) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            data = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            for message in wires(twist, data):
                writer.write(len(message).to_bytes(2) + message)
                await writer.drain()

    return talk


def server(
    name: str,
    habit: str,
    twist: Twist,
    *codes: str,
    tcp: Twist | Talk | None = None,
    target: str = "http://{}",
) -> Animal:
    """A name server that does `twist` over UDP, and over TCP what `tcp` says, else the same."""

    def datagrams(data: bytes) -> Iterable[bytes]:
        return (message for message in wires(twist, data, 1232) if len(message) < 65000)

    talk: Talk = over_tcp(twist if tcp is None else tcp)  # type: ignore[arg-type]
    return Animal(
        name=name,
        habit=habit,
        causes=causes(*codes),
        target=target,
        datagrams=datagrams,
        talks={PORT: talk},
    )


def talking(animal: Animal, talk: Talk) -> Animal:
    return replace(animal, talks={PORT: talk})


def header(
    query: Message, answers: int, flags: int = 0x8400, extra: tuple[int, int] = (0, 0)
) -> bytes:
    """The header and question of a reply that claims so many records."""
    question = query.question[0]
    return (
        struct.pack("!6H", query.id, flags, 1, answers, *extra)
        + octets(question.name)
        + struct.pack("!HH", question.rdtype, 1)
    )


def record(owner: bytes, data: bytes, kind: bytes = A) -> bytes:
    return owner + kind + struct.pack("!IH", 300, len(data)) + data


def octets(name: dns.name.Name) -> bytes:
    """A name as it stands in a message, uncompressed."""
    return name.to_wire() or b""


def pointer(to: int) -> bytes:
    return (0xC000 | to).to_bytes(2)


# Messages that are none


def loop_to_itself(query: Message, reply: Message) -> bytes:
    start = header(query, 1)
    return start + record(pointer(len(start)), b"\1\2\3\4")


def loop_of_two(query: Message, reply: Message) -> bytes:
    start = header(query, 2)
    return start + record(pointer(len(start) + 16), b"\1\2\3\4") + record(pointer(len(start)), b"")


def beyond_the_end(query: Message, reply: Message) -> bytes:
    return header(query, 1) + record(pointer(0x3FFF), b"\1\2\3\4")


def pointer_staircase(query: Message, reply: Message) -> bytes:
    """Thousands of names, each of which is read by way of thousands of pointers.

    The stairs are the data of the first record, one pointer to the one before on each step.
    """
    start = header(query, 1)
    base = len(start) + 12
    steps = (0x3FFF - base) // 2
    stairs = pointer(12) + b"".join(pointer(base + 2 * n) for n in range(steps - 1))
    first = record(pointer(12), stairs, b"\xff\x00\0\1")
    top = pointer(base + 2 * (steps - 1))
    many = (65535 - len(start) - len(first)) // 12
    return header(query, 1 + many) + first + record(top, b"") * many


def reserved_labels(query: Message, reply: Message) -> bytes:
    return header(query, 2) + record(b"\x41x\x00", b"\1\2\3\4") + record(b"\x81\x00", b"\1\2\3\4")


def counts_that_lie(query: Message, reply: Message) -> bytes:
    return header(query, 65535, extra=(65535, 65535)) + record(pointer(12), b"\1\2\3\4")


def lengths_that_lie(query: Message, reply: Message) -> bytes:
    whole = record(pointer(12), b"\1\2\3")
    return header(query, 2) + whole + pointer(12) + A + struct.pack("!IH", 300, 65535) + b"\1"


def sound(query: Message, reply: Message) -> Message:
    return reply


def nothing(query: Message, reply: Message) -> bytes:
    return b""


def only_ids(query: Message, reply: Message) -> bytes:
    return query.id.to_bytes(2)


def noise(query: Message, reply: Message) -> bytes:
    return query.id.to_bytes(2) + b"\xff" * 65533


def noise_that_fits(query: Message, reply: Message) -> bytes:
    return query.id.to_bytes(2) + b"\xff" * 1200


# Answers to something else


def wrong_id(query: Message, reply: Message) -> Message:
    reply.id = query.id ^ 0x5555
    return reply


def wrong_question(query: Message, reply: Message) -> Message:
    reply.question = [dns.rrset.from_text("www.bank.example.", 0, "IN", "A")]
    return reply


def strangers_records(query: Message, reply: Message) -> Message:
    """An answer section about names that nobody asked for."""
    if query.question[0].rdtype in {RdataType.A, RdataType.AAAA}:
        names = ("www.bank.example.", "customer.example.", ".", "com.")
        reply.answer = [records(dns.name.from_text(name), "A", "22.40.1.66") for name in names]
    return reply


def poisoned_glue(query: Message, reply: Message) -> Message:
    """Right answers, and beside them addresses for the servers of others."""
    reply.authority = [records(APEX, "NS", "ns1.customer.example.")]
    reply.additional = [
        records(dns.name.from_text(name), "A", "22.40.1.66")
        for name in ("ns1.customer.example.", "a.root-servers.net.", "www.customer.example.")
    ]
    return reply


def duplicates(query: Message, reply: Message) -> Iterator[Message]:
    return itertools.repeat(reply, 500)


def forgers_flood(query: Message, reply: Message) -> Iterator[bytes]:
    """Guesses at the message id before the right answer, as many as fit a receiver's buffer."""
    wire = reply.to_wire()
    for guess in range(1, 101):
        yield (query.id ^ guess).to_bytes(2) + wire[2:]
    yield wire


def drowned(query: Message, reply: Message) -> Iterator[bytes]:
    """No guess would be believed if its id were that of a retry."""
    wire = wrong_question(query, reply).to_wire()
    return ((query.id ^ guess).to_bytes(2) + wire[2:] for guess in range(1, 2001))


async def endless_messages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(512)
    message = b"\0\0\x84\0" + bytes(60000)
    while True:
        writer.write(len(message).to_bytes(2) + message)
        await writer.drain()


async def empty_messages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(512)
    while True:
        writer.write(bytes(65536))
        await writer.drain()


# Never enough


def truncated(query: Message, reply: Message) -> Message:
    reply.flags |= dns.flags.TC
    reply.answer = []
    return reply


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """64 KiB are promised, and come one octet a second."""
    await reader.read(512)
    writer.write(b"\xff\xff")
    while True:
        writer.write(b"\0")
        await writer.drain()
        await asyncio.sleep(1)


def record_flood(query: Message, reply: Message) -> bytes | Message:
    """A name with 4,000 addresses, all of them of strangers."""
    if query.question[0].rdtype != RdataType.A:
        return reply
    many = range(4000)
    strangers = (record(pointer(12), b"\x16\x5a" + n.to_bytes(2)) for n in many)
    return header(query, len(many)) + b"".join(strangers)


def truncated_flood(query: Message, reply: Message) -> Message:
    return truncated(query, reply) if query.question[0].rdtype == RdataType.A else reply


def numbered(name: dns.name.Name) -> int:
    """The number in a first label like `n12` or `n12-34`, 0 where there is none."""
    found = re.match(rb"n(\d+)", name.labels[0])
    return int(found[1]) if found else 0


def endless_cnames(query: Message, reply: Message) -> Message:
    """Every name is an alias of one that nobody has asked for yet."""
    name = query.question[0].name
    domain = domain_of(name)
    if query.question[0].rdtype in {RdataType.A, RdataType.AAAA} and name != domain:
        reply.answer = [records(name, "CNAME", f"n{numbered(name) + 1}.{domain}")]
        reply.authority = []
    return reply


def circle_of_cnames(query: Message, reply: Message) -> Message:
    name = query.question[0].name
    domain = domain_of(name)
    if query.question[0].rdtype in {RdataType.A, RdataType.AAAA} and name != domain:
        reply.answer = [records(name, "CNAME", f"n{(numbered(name) + 1) % 5}.{domain}")]
        reply.authority = []
    return reply


def endless_dnames(query: Message, reply: Message) -> Message:
    """Every name moves one label deeper, and never fits."""
    name = query.question[0].name
    parent = name.parent()
    if name == domain_of(name):
        return reply
    longer = f"x.{parent}"
    if len(longer) > 200:
        reply.set_rcode(dns.rcode.YXDOMAIN)
        return reply
    reply.answer = [
        records(parent, "DNAME", longer),
        records(name, "CNAME", str(dns.name.Name((name.labels[0], b"x", *parent.labels)))),
    ]
    reply.authority = []
    return reply


def fan_out(query: Message, reply: Message) -> Message | bytes:
    """NXNSAttack: a referral to many servers without addresses, each in a zone that does so too."""
    return referred(query, reply, lambda number: number + 1)


def fan_in_circles(query: Message, reply: Message) -> Message | bytes:
    """The same, where each server's name takes asking the others."""
    return referred(query, reply, lambda number: 1)


def referred(query: Message, reply: Message, following: Callable[[int], int]) -> Message | bytes:
    """Made octet by octet, for hundreds of them are asked for in a second."""
    name = query.question[0].name
    domain = domain_of(name)
    if name == domain:
        return reply
    above = name.labels[: -len(domain.labels) - 1]
    below = 12 + sum(1 + len(label) for label in above)
    zone = pointer(below + 1 + len(name.labels[len(above)]))
    number = following(numbered(dns.name.Name(name.labels[len(above) :])))
    labels = [(b"s%d" % n, b"n%d-%d" % (number, n)) for n in range(200)]
    names = [b"".join(len(one).to_bytes(1) + one for one in pair) + zone for pair in labels]
    servers = [record(pointer(below), each, b"\0\2\0\1") for each in names]
    return header(query, 0, flags=0x8000, extra=(len(servers), 0)) + b"".join(servers)


def told_to_come_back(query: Message, reply: Message) -> Message:
    """What does not fit into a datagram: all but the answers about the domain itself."""
    name = query.question[0].name
    return reply if name == domain_of(name) else truncated(query, reply)


def deeper_and_deeper(query: Message, reply: Message) -> Message:
    """A delegation for every label of the question, and each to the same servers."""
    name = query.question[0].name
    domain = domain_of(name)
    if name == domain:
        return reply
    reply.flags &= ~dns.flags.AA
    reply.answer = []
    reply.authority = [records(name, "NS", *server_names(domain.labels[0].decode()))]
    return reply


# Records that lead astray


def optional_rubbish(query: Message, reply: Message) -> bytes:
    """Several OPT records, one of them with options that lie about their length."""
    body = b"\0\x0f\xff\xff" + b"\1\2"
    opt = b"\0\0\x29\xff\xff\xff\xff\xff\xff" + struct.pack("!H", len(body)) + body
    answer = record(pointer(12), b"\x16\x28\x01\x0a")
    return header(query, 1, extra=(0, 50)) + answer + opt * 50


def escapes(query: Message, reply: Message) -> Message | bytes:
    """Names and texts that a terminal, a browser or a shell would act on."""
    name = query.question[0].name
    active = (
        b"\x1b[2J\x1b]0;owned\x07",
        b"<script>alert(1)</script>",
        b"';reboot;'$(id)`id`",
        "\u202egnp.exe\u200b\u2066".encode(),
        b"[x](javascript:alert(1))",
    )
    kind = query.question[0].rdtype
    if kind in {RdataType.NS, RdataType.MX}:
        start = b"\0\x0a" if kind == RdataType.MX else b""
        names = [start + octets(dns.name.Name((a[:63], *name.labels))) for a in active]
        bodies = [record(pointer(12), n, struct.pack("!HH", kind, 1)) for n in names]
        return header(query, len(bodies)) + b"".join(bodies)
    if kind in {RdataType.A, RdataType.AAAA} and name.labels[0] not in active:
        target = octets(dns.name.Name((active[0][:63], active[1], active[2], *name.labels)))
        alias = record(pointer(12), target, struct.pack("!HH", RdataType.CNAME, 1))
        return header(query, 1) + alias
    return reply


def longest_names(query: Message, reply: Message) -> Message | bytes:
    """Aliases of 255 octets, all of them escaped in presentation format."""
    name = query.question[0].name
    if name == domain_of(name):
        return reply
    left = 254 - len(octets(name))
    labels = []
    while left > 1:
        size = min(63, left - 1)
        labels.append(b"\xff" * size)
        left -= size + 1
    if query.question[0].rdtype in {RdataType.A, RdataType.AAAA} and left >= 0 and labels:
        target = octets(dns.name.Name((*labels, *name.labels)))
        alias = record(pointer(12), target, struct.pack("!HH", RdataType.CNAME, 1))
        return header(query, 1) + alias
    return reply


def dangerous_addresses(query: Message, reply: Message) -> Message:
    """Addresses of the visitor's own machine, of its cloud's metadata, of everybody."""
    name, kind = query.question[0].name, query.question[0].rdtype
    four = ("127.0.0.1", "169.254.169.254", "10.0.0.1", "224.0.0.251", "0.0.0.0", "255.255.255.255")
    six = ("::1", "::ffff:169.254.169.254", "fe80::1", "ff02::1", "::", "fd00:ec2::254")
    if kind == RdataType.A:
        reply.answer = [records(name, kind, *four)]
    elif kind == RdataType.AAAA:
        reply.answer = [records(name, kind, *six)]
    return reply


def absurd_numbers(query: Message, reply: Message) -> Message:
    reply.set_rcode(dns.rcode.Rcode(3841))
    for rrset in (*reply.answer, *reply.authority):
        rrset.ttl = 2**31 - 1
    return reply


ANIMALS = (
    server(
        "loop-to-itself",
        "A name that is a pointer to itself.",
        loop_to_itself,
        "no-name-server-answers",
    ),
    server(
        "loop-of-two",
        "Two names, each a pointer to the other.",
        loop_of_two,
        "no-name-server-answers",
    ),
    server(
        "beyond-the-end",
        "A pointer to behind the message.",
        beyond_the_end,
        "no-name-server-answers",
    ),
    server(
        "pointer-staircase",
        "4,000 names of 8,000 pointers each, in 64 KiB over TCP.",
        truncated,
        "no-name-server-answers",
        tcp=pointer_staircase,
    ),
    server(
        "reserved-labels",
        "Labels of the reserved types 01 and 10.",
        reserved_labels,
        "no-name-server-answers",
    ),
    server(
        "counts-that-lie",
        "196,605 records promised, one sent.",
        counts_that_lie,
        "no-name-server-answers",
    ),
    server(
        "lengths-that-lie",
        "Record data that is too short, or says it is huge.",
        lengths_that_lie,
        "no-name-server-answers",
    ),
    server("nothing", "Datagrams and messages of no octets.", nothing, "no-name-server-answers"),
    server("only-ids", "Messages of two octets.", only_ids, "no-name-server-answers"),
    server(
        "noise", "65,535 octets of nothing.", noise_that_fits, "no-name-server-answers", tcp=noise
    ),
    server("wrong-id", "Answers with another message id.", wrong_id, "no-name-server-answers"),
    server(
        "wrong-question", "Answers to another question.", wrong_question, "no-name-server-answers"
    ),
    server(
        "strangers-records",
        "Answers about names nobody asked for.",
        strangers_records,
        "no-address-records",
    ),
    server("poisoned-glue", "Addresses for the name servers of others.", poisoned_glue),
    server("duplicates", "Every answer 500 times.", duplicates),
    server("forgers-flood", "100 guesses at the id before each answer.", forgers_flood, tcp=sound),
    server("drowned", "2,000 guesses at the id, and no answer.", drowned, tcp=sound),
    talking(
        server(
            "endless-messages",
            "TCP messages with another id without end.",
            truncated,
            "no-name-server-answers",
        ),
        endless_messages,
    ),
    talking(
        server(
            "empty-messages",
            "TCP messages of no octets without end.",
            truncated,
            "no-name-server-answers",
        ),
        empty_messages,
    ),
    server(
        "truncated-forever",
        "Truncated over UDP, and over TCP too.",
        truncated,
        "no-name-server-answers",
    ),
    talking(
        server("drip", "64 KiB over TCP, an octet a second.", truncated, "no-name-server-answers"),
        drip,
    ),
    server(
        "record-flood",
        "4,000 strangers' addresses.",
        truncated_flood,
        "unreachable-route",
        tcp=record_flood,
    ),
    server(
        "endless-cnames",
        "Every name is an alias of a fresh one.",
        endless_cnames,
        "cname-loop",
        target="http://www.{}",
    ),
    server(
        "circle-of-cnames",
        "Aliases in a circle.",
        circle_of_cnames,
        "cname-loop",
        target="http://www.{}",
    ),
    server(
        "endless-dnames",
        "Every name moves a label deeper.",
        endless_dnames,
        "cname-loop",
        target="http://www.{}",
    ),
    server(
        "fan-out",
        "NXNSAttack: 200 servers without address.",
        told_to_come_back,
        tcp=fan_out,
        target="http://www.{}",
    ),
    server(
        "fan-in-circles",
        "200 servers, each with a name that takes asking the others.",
        told_to_come_back,
        tcp=fan_in_circles,
        target="http://www.{}",
    ),
    server(
        "deeper-and-deeper",
        "A delegation for each of sixty labels.",
        deeper_and_deeper,
        "lame-delegation",
        target="http://" + "a." * 60 + "{}",
    ),
    server("optional-rubbish", "Fifty OPT records that lie.", optional_rubbish, "lame-delegation"),
    server(
        "escapes",
        "Names with control sequences, markup and shell commands.",
        escapes,
        "cname-at-apex",
        "delegation-mismatch",
        "mail-host-unreachable",
    ),
    server(
        "longest-names",
        "Aliases of 255 octets, none of them printable.",
        longest_names,
        target="http://www.{}",
    ),
    server(
        "dangerous-addresses",
        "Loopback, metadata, multicast as addresses.",
        dangerous_addresses,
        "private-address-published",
    ),
    server(
        "absurd-numbers",
        "An unknown response code and absurd TTLs.",
        absurd_numbers,
        "lame-delegation",
    ),
)
