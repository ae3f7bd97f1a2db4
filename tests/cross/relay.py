"""A server's answers, altered on their way.

    python -m tests.cross.relay CONDUCTS ADDRESSES UPSTREAM

The real server answers at UPSTREAM. A conduct that yields None is silence.
"""

from __future__ import annotations

import random
import selectors
import socket
import sys
from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.message import Message
from dns.rdatatype import RdataType

Ask = Callable[[bytes], bytes]
Answer = Callable[[Message, Callable[[Message], Message]], Message | None]
SIGNED = {RdataType.RRSIG, RdataType.NSEC, RdataType.NSEC3, RdataType.DNSKEY, RdataType.NSEC3PARAM}


def bare(query: Message, rcode: dns.rcode.Rcode) -> Message:
    """An answer with that code and nothing else, EDNS neither."""
    reply = dns.message.make_response(query)
    reply.use_edns(False)
    reply.set_rcode(rcode)
    return reply


def without_edns(query: Message, ask: Callable[[Message], Message]) -> Message:
    plain = dns.message.make_query(query.question[0].name, query.question[0].rdtype)
    plain.flags, plain.id = query.flags, query.id
    return ask(plain)


def refused(query: Message, _: Callable[[Message], Message]) -> Message:
    return bare(query, dns.rcode.REFUSED)


def servfail(query: Message, _: Callable[[Message], Message]) -> Message:
    return bare(query, dns.rcode.SERVFAIL)


def not_authoritative(query: Message, ask: Callable[[Message], Message]) -> Message:
    reply = ask(query)
    reply.flags &= ~dns.flags.AA
    return reply


def edns_formerr(query: Message, ask: Callable[[Message], Message]) -> Message:
    return ask(query) if query.edns < 0 else bare(query, dns.rcode.FORMERR)


def edns_dropped(query: Message, ask: Callable[[Message], Message]) -> Message | None:
    return ask(query) if query.edns < 0 else None


def edns_ignored(query: Message, ask: Callable[[Message], Message]) -> Message:
    return ask(query) if query.edns < 0 else without_edns(query, ask)


def edns1_answered(query: Message, ask: Callable[[Message], Message]) -> Message:
    """EDNS version 1 is answered as if it were 0."""
    if query.edns > 0:
        query.use_edns(0, query.ednsflags & 0xFFFF, query.payload)
    return ask(query)


def edns1_dropped(query: Message, ask: Callable[[Message], Message]) -> Message | None:
    return None if query.edns > 0 else ask(query)


def options_echoed(query: Message, ask: Callable[[Message], Message]) -> Message:
    reply = ask(query)
    if query.edns == 0 and reply.edns == 0:
        reply.use_edns(0, reply.ednsflags, 1232, options=list(query.options))
    return reply


def options_dropped(query: Message, ask: Callable[[Message], Message]) -> Message | None:
    return None if query.options else ask(query)


def flags_echoed(query: Message, ask: Callable[[Message], Message]) -> Message:
    reply = ask(query)
    reply.ednsflags |= query.ednsflags & 0x7FFF
    return reply


def aaaa_dropped(query: Message, ask: Callable[[Message], Message]) -> Message | None:
    return None if query.question[0].rdtype == RdataType.AAAA else ask(query)


def aaaa_denied(query: Message, ask: Callable[[Message], Message]) -> Message:
    """NXDOMAIN for AAAA."""
    reply = ask(query)
    if query.question[0].rdtype == RdataType.AAAA:
        reply.answer = []
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply


def upward_referral(query: Message, ask: Callable[[Message], Message]) -> Message:
    """The root for names outside the zone."""
    reply = ask(query)
    if reply.rcode() == dns.rcode.REFUSED:
        reply.set_rcode(dns.rcode.NOERROR)
        names = ["a.root-servers.net."]
        reply.authority = [dns.rrset.from_text_list(dns.name.root, 518400, "IN", "NS", names)]
    return reply


def recursor(query: Message, ask: Callable[[Message], Message]) -> Message:
    """Offers recursion, and denies whatever it does not serve."""
    reply = ask(query)
    reply.flags |= dns.flags.RA
    if reply.rcode() == dns.rcode.REFUSED:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply


def without_dnssec(query: Message, ask: Callable[[Message], Message]) -> Message:
    """As a server that knows no DNSSEC."""
    reply = ask(query)
    for section in (reply.answer, reply.authority, reply.additional):
        section[:] = [rrset for rrset in section if rrset.rdtype not in SIGNED]
    reply.ednsflags &= 0x7FFF
    return reply


def lower_case(query: Message, ask: Callable[[Message], Message]) -> Message:
    """The question comes back in small letters."""
    reply = ask(query)
    for rrset in reply.question:
        rrset.name = dns.name.from_text(rrset.name.to_text().lower())
    return reply


def lossy(query: Message, ask: Callable[[Message], Message]) -> Message | None:
    """Every third packet is lost."""
    return None if random.random() < 1 / 3 else ask(query)


def alias_at_apex(query: Message, ask: Callable[[Message], Message]) -> Message:
    """A CNAME for all types but SOA and NS at the name of the zone."""
    reply = ask(query)
    question = query.question[0]
    kept = {RdataType.SOA, RdataType.NS, RdataType.DNSKEY, RdataType.DS}
    if question.name == dns.name.from_text("zone.example.") and question.rdtype not in kept:
        target = "www.zone.example."
        reply.answer = [dns.rrset.from_text(question.name, 3600, "IN", "CNAME", target)]
        reply.authority = []
    return reply


def soa_of_parent(query: Message, ask: Callable[[Message], Message]) -> Message:
    """The SOA record of another zone than that asked for."""
    reply = ask(query)
    if query.question[0].rdtype == RdataType.SOA:
        data = "a.nic.example. hostmaster.example. 1 7200 3600 1209600 3600"
        reply.answer = [dns.rrset.from_text("example.", 3600, "IN", "SOA", data)]
    return reply


CONDUCTS: dict[str, Answer] = {
    function.__name__.replace("_", "-"): function
    for function in (
        *(refused, servfail, not_authoritative, edns_formerr, edns_dropped, edns_ignored),
        *(edns1_answered, edns1_dropped, options_echoed, options_dropped, flags_echoed),
        *(aaaa_dropped, aaaa_denied, upward_referral, recursor, without_dnssec, lower_case),
        *(lossy, alias_at_apex, soa_of_parent),
    )
}


def answered(conducts: list[Answer], wire: bytes, ask: Ask) -> bytes | None:
    """The octets to send back, None for silence."""
    try:
        query = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if not query.question:
        return ask(wire)

    def direct(message: Message) -> Message:
        return dns.message.from_wire(ask(message.to_wire()), continue_on_error=True)

    chain: Callable[[Message], Message] = direct
    for conduct in conducts:
        chain = _before(conduct, chain)
    try:
        reply = chain(query)
    except _SilentError:
        return None
    reply.id = query.id
    reply.flags |= dns.flags.QR
    return reply.to_wire(max_size=65535)


class _SilentError(Exception):
    pass


def _before(conduct: Answer, inner: Callable[[Message], Message]) -> Callable[[Message], Message]:
    def ask(query: Message) -> Message:
        reply = conduct(query, inner)
        if reply is None:
            raise _SilentError
        return reply

    return ask


def over_udp(upstream: str) -> Ask:
    def ask(wire: bytes) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(1)
            client.sendto(wire, (upstream, 53))
            return client.recv(65535)

    return ask


def over_tcp(upstream: str) -> Ask:
    def ask(wire: bytes) -> bytes:
        with socket.create_connection((upstream, 53), 1) as client:
            client.sendall(len(wire).to_bytes(2) + wire)
            with client.makefile("rb") as incoming:
                return incoming.read(int.from_bytes(incoming.read(2)))

    return ask


def main(conducts: str, addresses: str, upstream: str) -> None:
    chosen = [CONDUCTS[name] for name in conducts.split(",")]
    ready = selectors.DefaultSelector()
    for one in addresses.split(","):
        family = socket.AF_INET6 if ":" in one else socket.AF_INET
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((one, 53))
        ready.register(udp, selectors.EVENT_READ, False)
        tcp = socket.create_server((one, 53), family=family, backlog=64)
        ready.register(tcp, selectors.EVENT_READ, True)
    print("ready", flush=True)
    while True:
        for key, _ in ready.select():
            server = key.fileobj
            assert isinstance(server, socket.socket)
            (serve_tcp if key.data else serve_udp)(server, chosen, upstream)


def serve_udp(server: socket.socket, conducts: list[Answer], upstream: str) -> None:
    wire, peer = server.recvfrom(65535)
    if reply := answered(conducts, wire, over_udp(upstream)):
        server.sendto(reply, peer)


def serve_tcp(server: socket.socket, conducts: list[Answer], upstream: str) -> None:
    """One query per connection, as RFC 7766 section 6.2.1 allows."""
    connection, _ = server.accept()
    connection.settimeout(2)
    try:
        with connection, connection.makefile("rb") as incoming:
            wire = incoming.read(int.from_bytes(incoming.read(2)))
            if wire and (reply := answered(conducts, wire, over_tcp(upstream))):
                connection.sendall(len(reply).to_bytes(2) + reply)
    except OSError:
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
