"""Why netdiag changes nothing: for each kind of request what it puts on the wire, and its review.

The union of requests has no variant that writes; this table says of each variant why. It is
generated into `docs/read-only.md`, and a law keeps it complete.
"""

from __future__ import annotations

from typing import Any

from netdiag import requests
from netdiag.lazy import dataclass


@dataclass(frozen=True, slots=True)
class Review:
    """`wire`: what leaves this machine; `why` that is harmless; `source`: where it says so."""

    wire: str
    why: str
    source: str


_LOCAL = "nothing"

REVIEWS: dict[type[Any], Review] = {
    requests.DnsQuery: Review(
        "One DNS message with opcode QUERY and one question, over UDP, once more when unanswered; "
        "over TCP when asked for so or when the answer was truncated. EDNS may have an undefined "
        "version, flag or empty option, or a client cookie; class CH asks for a server's version.",
        "A query reads. UPDATE and NOTIFY, which write, have other opcodes. The policy refuses "
        "types that ask for more than one kind of record (ANY, IXFR); a transfer (AXFR) is begun "
        "only where the user says to own the zone, and read no further than its second record. The "
        "EDNS size bounds the answer. What EDNS leaves undefined a server has to ignore or refuse.",
        "RFC 1035, section 4.1.1; RFC 2136; RFC 1996; RFC 6891; RFC 8906, section 8.2; RFC 7873; "
        "RFC 4892; RFC 5936",
    ),
    requests.Echo: Review(
        "ICMP echo requests, or UDP datagrams to a port where nothing listens.",
        "A host answers an echo, or reports the port unreachable, and keeps no state.",
        "RFC 792; RFC 4443, section 4.1; RFC 1122, section 3.2.2.1",
    ),
    requests.TcpConnect: Review(
        "A SYN, retransmitted by the kernel when unanswered; when accepted an ACK, then a FIN. No "
        "data.",
        "A connection without data asks a service for nothing; it is closed at once.",
        "RFC 9293, sections 3.5 and 3.6",
    ),
    requests.TcpArrivalTtl: Review(
        "Up to ten TCP handshakes as above, which this machine accepts only above a given TTL.",
        "As a TCP handshake; the TTL limit acts on this machine alone.",
        "RFC 5082",
    ),
    requests.TlsHandshake: Review(
        "A TCP handshake and a TLS handshake, then close_notify; for mail before it EHLO and "
        "STARTTLS.",
        "The handshake negotiates a session that carries no request.",
        "RFC 8446, sections 4 and 6.1; RFC 3207",
    ),
    requests.HttpRequest: Review(
        "One GET or HEAD without body, cookie, credential or referrer, over TCP or TLS.",
        "Both methods are safe: the client asks for no change and is answerable for none.",
        "RFC 9110, section 9.2.1",
    ),
    requests.RdapQuery: Review(
        "One HTTPS GET to a registry's public data service or to IANA's list of those.",
        "As a GET of a page; the protocol knows no method that writes.",
        "RFC 7480, section 2; RFC 9082",
    ),
    requests.RoutingQuery: Review(
        "One HTTPS GET to the routing registry that the configuration names; none without it.",
        "As a GET of a page; the service's data calls only read.",
        "RFC 9110, section 9.2.1; RIPEstat Data API",
    ),
    requests.ReadBanner: Review(
        "A TCP handshake; after the service's first words its own polite close (QUIT, LOGOUT).",
        "Nothing is asked before or after the greeting; no user is named.",
        "RFC 5321, section 4.1.1.10; RFC 9051, section 6.1.3; RFC 1939, section 5; RFC 959",
    ),
    requests.HopProbe: Review(
        "One UDP datagram, echo request or SYN with a limited TTL.",
        "It dies on the way, or meets a closed port, or is an echo or a TCP handshake as above; a "
        "crafted SYN that is accepted is reset by this machine's kernel.",
        "RFC 1812, section 5.3.1; RFC 792; RFC 9293, section 3.10.7.1",
    ),
    requests.SizeProbe: Review(
        "One UDP datagram of zeros, of a given size and with a limited TTL, that may not be "
        "fragmented.",
        "It dies on the way, is refused as too big, or meets a closed port. What this machine's "
        "kernel learns from a refusal is the path MTU that any program would have learnt.",
        "RFC 1191, section 4; RFC 8201; RFC 1122, section 3.2.2.1",
    ),
    requests.DataProbe: Review(
        "A TCP handshake, then a TLS hello or a HEAD request that may cross only some routers, and "
        "which the kernel sends again when unanswered.",
        "The words end on the way. Where they get to the service they ask for nothing but a "
        "handshake or the headers of a page.",
        "RFC 9293, section 3.8; RFC 8446, section 4.1.2; RFC 9110, section 9.2.1",
    ),
    requests.SystemLookup: Review(
        "What the operating system asks its own resolvers for a name.",
        "The same question that any program on this machine asks.",
        "RFC 3493, section 6.1",
    ),
    requests.SelectSource: Review(
        _LOCAL, "Connecting a UDP socket chooses a route and sends nothing.", "RFC 3493"
    ),
    requests.ReadRoutes: Review(_LOCAL, "Reads the kernel's table.", "RFC 3549"),
    requests.ReadInterfaces: Review(_LOCAL, "Reads the kernel's table.", "RFC 3549"),
    requests.ReadNeighbours: Review(_LOCAL, "Reads the kernel's table.", "RFC 3549"),
    requests.ReadResolvers: Review(_LOCAL, "Reads the resolver's configuration.", "resolv.conf(5)"),
    requests.ReadNetworkTable: Review(
        _LOCAL, "Looks one address up in the file of networks that was read at the start.", "mmdb"
    ),
    requests.ReadHostsFile: Review(_LOCAL, "Reads the one name's lines of the file.", "hosts(5)"),
    requests.ReadProxies: Review(_LOCAL, "Reads the environment, without credentials.", "curl(1)"),
    requests.ReadAbilities: Review(
        _LOCAL, "Opens sockets, sends nothing through them and closes them.", "socket(2)"
    ),
}


def is_local(kind: type[Any]) -> bool:
    """Whether requests of this kind put nothing on the wire."""
    return REVIEWS[kind].wire == _LOCAL


def page() -> str:
    """The table as a Markdown page."""
    lines = [
        "# What netdiag can send, and why none of it changes anything",
        "",
        "netdiag's requests are a closed list of types; nothing else can reach the wire. Each has",
        "been reviewed:",
        "",
        "| request | on the wire | why it changes nothing | source |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{kind.type}` | {review.wire} | {review.why} | {review.source} |"
        for kind, review in REVIEWS.items()
    ]
    return "\n".join(lines) + "\n"
