"""A name server that does what NSD and BIND refuse to do, one quirk at a time.

    python -m tests.lab.odd_dns QUIRK ADDRESS,ADDRESS ZONE=FILE...

- `apex-cname`: loads a zone with a CNAME beside its SOA and NS, and answers with it
- `upward-referral`: knows no zone, and refers every question to the root
- `not-authoritative`: answers from its zones, without the AA flag
- `formerr`: answers FORMERR to every query with EDNS, as servers older than RFC 2671 do
- `no-aaaa`: never answers questions for AAAA
- `old-edns`: never answers EDNS version 1, sends unknown options and flags back, and answers in
  small letters whatever the question was spelled in
- `other-source`: answers over UDP from the last of its addresses of the family
- `rebinding`: tells the address of names that begin with `rebind` once, for no time at all, and
  127.0.0.1 whenever it is asked again
"""

from __future__ import annotations

import selectors
import socket
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdatatype import RdataType

RRsets = dict[tuple[dns.name.Name, RdataType], dns.rrset.RRset]
Answer = Callable[[dns.message.Message], dns.message.Message | None]


class Zones:
    """All records of the zones, whatever they are."""

    def __init__(self, files: dict[str, Path]) -> None:
        self.origins = sorted((dns.name.from_text(name) for name in files), reverse=True)
        self.rrsets: RRsets = {}
        for name, path in files.items():
            self._load(dns.name.from_text(name), path.read_text().splitlines())

    def _load(self, origin: dns.name.Name, lines: list[str]) -> None:
        grouped: defaultdict[tuple[str, int, str], list[str]] = defaultdict(list)
        for line in lines[1:]:
            owner, ttl, _, kind, data = line.split(" ", 4)
            grouped[owner, int(ttl), kind].append(data)
        for (owner, seconds, kind), datas in grouped.items():
            name = dns.name.from_text(owner, origin)
            found = dns.rrset.from_text_list(
                name, seconds, "IN", kind, datas, origin=origin, relativize=False
            )
            self.rrsets[name, found.rdtype] = found

    def origin_of(self, name: dns.name.Name) -> dns.name.Name | None:
        return next((o for o in self.origins if name.is_subdomain(o)), None)

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """As RFC 1034 section 4.3.2 says, with CNAMEs before anything else but SOA and NS."""
        reply = dns.message.make_response(query)
        name, kind = query.question[0].name, query.question[0].rdtype
        origin = self.origin_of(name)
        if origin is None:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        reply.flags |= dns.flags.AA
        reply.answer = list(self._chain(name, kind))
        if not reply.answer:
            reply.authority = [self.rrsets[origin, RdataType.SOA]]
            if not any(n.is_subdomain(name) for n, _ in self.rrsets):
                reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    def _chain(self, name: dns.name.Name, kind: RdataType) -> Iterator[dns.rrset.RRset]:
        for _ in range(8):
            alias = self.rrsets.get((name, RdataType.CNAME))
            if alias is None or kind in (RdataType.SOA, RdataType.NS, RdataType.CNAME):
                break
            yield alias
            name = alias[0].target
        if (name, kind) in self.rrsets:
            yield self.rrsets[name, kind]


def answerer(quirk: str, zones: Zones) -> Answer:
    def not_authoritative(query: dns.message.Message) -> dns.message.Message:
        reply = zones.answer(query)
        reply.flags &= ~dns.flags.AA
        return reply

    def no_aaaa(query: dns.message.Message) -> dns.message.Message | None:
        return None if query.question[0].rdtype == RdataType.AAAA else zones.answer(query)

    def formerr(query: dns.message.Message) -> dns.message.Message:
        if query.edns < 0:
            return zones.answer(query)
        plain = dns.message.make_query(query.question[0].name, query.question[0].rdtype)
        plain.id = query.id
        reply = dns.message.make_response(plain)
        reply.set_rcode(dns.rcode.FORMERR)
        return reply

    def old_edns(query: dns.message.Message) -> dns.message.Message | None:
        if query.edns > 0:
            return None
        asked = query.question[0]
        reply = zones.answer(query)
        reply.question[0].name = dns.name.from_text(asked.name.to_text().lower())
        if query.edns == 0:
            reply.use_edns(0, query.ednsflags, options=list(query.options))
        return reply

    asked: set[dns.name.Name] = set()

    def rebinding(query: dns.message.Message) -> dns.message.Message:
        name, kind = query.question[0].name, query.question[0].rdtype
        reply = zones.answer(query)
        if not name.labels[0].startswith(b"rebind") or kind != RdataType.A:
            return reply
        if name in asked:
            reply.answer = [dns.rrset.from_text(name, 0, "IN", "A", "127.0.0.1")]
        else:
            addresses = [record.to_text() for rrset in reply.answer for record in rrset]
            reply.answer = [dns.rrset.from_text_list(name, 0, "IN", "A", addresses)]
        asked.add(name)
        return reply

    return {
        "rebinding": rebinding,
        "apex-cname": zones.answer,
        "upward-referral": upward_referral,
        "not-authoritative": not_authoritative,
        "formerr": formerr,
        "no-aaaa": no_aaaa,
        "old-edns": old_edns,
        "other-source": zones.answer,
    }[quirk]


def upward_referral(query: dns.message.Message) -> dns.message.Message:
    reply = dns.message.make_response(query)
    names = [f"{letter}.root-servers.net." for letter in "abcdefghijklm"]
    reply.authority = [dns.rrset.from_text_list(dns.name.root, 518400, "IN", "NS", names)]
    return reply


def react(answer: Answer, wire: bytes) -> bytes | None:
    """The bytes to send back, None for silence."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
        return None
    reply = answer(query)
    return reply.to_wire(max_size=65535) if reply else None


def serve_udp(server: socket.socket, answer: Answer, sender: socket.socket) -> None:
    wire, peer = server.recvfrom(65535)
    if reply := react(answer, wire):
        sender.sendto(reply, peer)


def serve_tcp(server: socket.socket, answer: Answer, _: socket.socket) -> None:
    """One query per connection: enough for tests, and allowed (RFC 7766 section 6.2.1)."""
    connection, _ = server.accept()
    with connection, connection.makefile("rb") as incoming:
        connection.settimeout(2)
        wire = incoming.read(int.from_bytes(incoming.read(2)))
        if reply := react(answer, wire):
            connection.sendall(len(reply).to_bytes(2) + reply)


def main(quirk: str, addresses: str, *files: str) -> None:
    pairs = (one.split("=", 1) for one in files)
    answer = answerer(quirk, Zones({name: Path(path) for name, path in pairs}))
    ready = selectors.DefaultSelector()
    senders: dict[int, socket.socket] = {}
    for one in addresses.split(","):
        family = socket.AF_INET6 if ":" in one else socket.AF_INET
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((one, 53))
        senders[family] = udp
        ready.register(udp, selectors.EVENT_READ, serve_udp)
        tcp = socket.create_server((one, 53), family=family)
        ready.register(tcp, selectors.EVENT_READ, serve_tcp)
    print("ready", flush=True)
    while True:
        for key, _ in ready.select():
            asked = key.fileobj
            assert isinstance(asked, socket.socket)
            key.data(asked, answer, senders[asked.family] if quirk == "other-source" else asked)


if __name__ == "__main__":
    main(*sys.argv[1:])
