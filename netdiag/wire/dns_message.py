"""DNS messages: one question out, and whatever comes back in, read permissively.

A decoder that refuses a message for one odd record hides the very fault that is looked for. Here
each record is decoded on its own: data that its type's decoder refuses is kept in the generic form
of RFC 3597, and only a message whose framing is broken is malformed.
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from typing import TYPE_CHECKING, Literal

from netdiag.lazy import dataclass
from netdiag.outcomes import Cookie, DnsReply, ResourceRecord
from netdiag.requests import COOKIE, DnsQuery
from netdiag.text import clean

if TYPE_CHECKING:
    import dns.wire

MOST_RECORDS = 500
"""Records kept of each section."""

_HEADER = struct.Struct("!6H")
_CLASSES = {"IN": 1, "CH": 3}
_OPT, _EDE = 41, 15
_QR, _AA, _TC, _RD, _RA, _AD, _CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
_OPCODE = 0x7800
_DO = 0x8000
_MOST_OPTIONS = 16
_CLIENT_COOKIE = 8
_COOKIE_LENGTHS = {_CLIENT_COOKIE, *range(16, 41)}
"""Of the client's half alone, and with the server's (RFC 7873, section 4)."""

_SECRET = secrets.token_bytes(16)
"""Makes this process's client cookies (RFC 7873, section 6)."""

_MAY_LACK_QUESTION = {1, 2, 4, 5}
"""FORMERR, SERVFAIL, NOTIMP, REFUSED: their senders may have been unable to read the question."""

_NAMES_ONLY = {"NS", "CNAME", "DNAME", "PTR", "MX", "SOA", "SRV"}
"""Types whose data is numbers and names: lower case, like owner names, without loss."""


class MalformedError(ValueError):
    """The octets cannot be read as a DNS message."""


class MismatchError(ValueError):
    """A DNS message that does not answer the question asked."""


@dataclass(slots=True)
class _Options:
    """What the OPT record says (RFC 6891), extended errors (RFC 8914) among it. `sent` is the
    client cookie; `foreign` tells of a record of another class than `rclass`."""

    sent: bytes = b""
    rclass: int = _CLASSES["IN"]
    present: bool = False
    extended_rcode: int = 0
    version: int = 0
    flags: int = 0
    codes: tuple[int, ...] = ()
    cookie: Cookie = "none"
    errors: tuple[tuple[int, str], ...] = ()
    foreign: bool = False


def known_rtype(text: str) -> str | None:
    """The mnemonic of a record type that holds data, or TYPEnnn; None for what is none.

    Queries for everything, transfers and the like are meta-types (RFC 6895, section 3.1).
    """
    import dns.exception
    import dns.rdatatype

    try:
        rtype = dns.rdatatype.from_text(text)
    except (dns.exception.DNSException, ValueError):
        return None
    if rtype in {_OPT, 0} or dns.rdatatype.is_metatype(rtype):
        return None
    return dns.rdatatype.to_text(rtype)


def build(query: DnsQuery, number: int) -> bytes:
    """The query with the message id `number`. Raises ValueError for a name that is none."""
    import dns.exception
    import dns.name
    import dns.rdatatype

    try:
        name = dns.name.from_text(query.spelling).to_wire()
        rtype = dns.rdatatype.from_text(query.rtype)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(clean(f"{query.name} {query.rtype}: {error}", 300)) from None
    flags = (_RD if query.recursion_desired else 0) | (_CD if query.checking_disabled else 0)
    edns = query.udp_payload is not None
    message = _HEADER.pack(number, flags, 1, 0, 0, int(edns)) + (name or b"")
    message += struct.pack("!HH", rtype, _CLASSES[query.rclass])
    if query.udp_payload is not None:
        flags = (_DO if query.dnssec else 0) | query.edns_flags
        version, options = query.edns_version, _options(query)
        opt = (0, _OPT, query.udp_payload, 0, version, flags, len(options))
        message += struct.pack("!BHHBBHH", *opt) + options
    return message


def _options(query: DnsQuery) -> bytes:
    cookie = _client_cookie(query)
    pairs = ((code, cookie if code == COOKIE else b"") for code in query.edns_options)
    return b"".join(struct.pack("!HH", code, len(value)) + value for code, value in pairs)


def _client_cookie(query: DnsQuery) -> bytes:
    """Another one for each server, which tells nobody who asks (RFC 7873, section 6); empty where
    the question has none."""
    if COOKIE not in query.edns_options:
        return b""
    server = query.server.encode()
    return hashlib.blake2s(server, key=_SECRET, digest_size=_CLIENT_COOKIE).digest()


def number_of(message: bytes) -> int | None:
    """The message id; None for what is too short to have one."""
    return int.from_bytes(message[:2]) if len(message) >= 2 else None


def read(message: bytes, query: DnsQuery, via: Literal["udp", "tcp"], rtt: float) -> DnsReply:
    """The answer to `query` in `message`. Raises MismatchError or MalformedError."""
    import dns.exception
    import dns.wire

    if len(message) < _HEADER.size:
        raise MalformedError(f"{len(message)} octets are no DNS message")
    _, flags, questions, *counts = _HEADER.unpack_from(message)
    if not flags & _QR or flags & _OPCODE:
        raise MismatchError("not an answer to a query")
    parser = dns.wire.Parser(message, _HEADER.size)
    options = _Options(sent=_client_cookie(query), rclass=_CLASSES[query.rclass])
    sections: list[tuple[ResourceRecord, ...]] = []
    try:
        kept = _check_question(parser, questions, query, flags & 0xF)
        for count in counts:
            sections.append(_section(parser, count, options))  # noqa: PERF401 (kept on error)
    except dns.exception.DNSException as error:
        # The rest of a truncated message may be cut off anywhere: it is asked for again anyway.
        if not flags & _TC:
            raise MalformedError(clean(f"broken off or misframed: {error}", 200)) from None
        sections += [()] * (3 - len(sections))
    return DnsReply(
        rcode=_rcode_text(flags & 0xF | options.extended_rcode << 4),
        authoritative=bool(flags & _AA),
        truncated=bool(flags & _TC),
        recursion_available=bool(flags & _RA),
        authentic_data=bool(flags & _AD),
        answer=sections[0],
        authority=sections[1],
        additional=sections[2],
        edns=options.present,
        edns_version=options.version,
        edns_flags=options.flags,
        edns_options=options.codes,
        cookie=options.cookie,
        extended_errors=options.errors,
        case_kept=kept,
        foreign_class=options.foreign,
        transport=via,
        size=len(message),
        rtt=round(rtt, 6),
    )


def read_start(
    message: bytes, query: DnsQuery, rtt: float, most: int, *, later: bool = False
) -> DnsReply:
    """The first `most` answer records in the beginning of a message, as far as they are whole.

    A `later` message of a transfer may lack the question (RFC 5936, section 2.2.2). Raises
    MismatchError or MalformedError.
    """
    import dns.exception
    import dns.wire

    if len(message) < _HEADER.size:
        raise MalformedError(f"{len(message)} octets are no DNS message")
    _, flags, questions, answers, *_ = _HEADER.unpack_from(message)
    if not flags & _QR or flags & _OPCODE:
        raise MismatchError("not an answer to a query")
    parser = dns.wire.Parser(message, _HEADER.size)
    found: tuple[ResourceRecord, ...] = ()
    try:
        if questions or not later:
            _check_question(parser, questions, query, flags & 0xF)
        for _ in range(min(answers, most)):
            found += _section(parser, 1, _Options())
    except dns.exception.DNSException as error:
        if not found and answers:
            raise MalformedError(clean(f"broken off or misframed: {error}", 200)) from None
    return DnsReply(
        rcode=_rcode_text(flags & 0xF),
        authoritative=bool(flags & _AA),
        recursion_available=bool(flags & _RA),
        answer=found,
        transport="tcp",
        size=len(message),
        rtt=round(rtt, 6),
    )


def _rcode_text(number: int) -> str:
    import dns.rcode

    return dns.rcode.to_text(dns.rcode.Rcode.make(number))


def _check_question(parser: dns.wire.Parser, count: int, query: DnsQuery, rcode: int) -> bool:
    """Whether the question is spelled as it was sent, or missing where it may be.

    A truncated message has its question whole, so that one which cannot be read is malformed.
    """
    import dns.exception
    import dns.name
    import dns.rdatatype

    if count == 0 and rcode in _MAY_LACK_QUESTION:
        return True
    if count != 1:
        raise MismatchError(f"{count} questions instead of the one asked")
    try:
        name = dns.name.from_wire_parser(parser)
        rtype, rclass = parser.get_struct("!HH")
    except dns.exception.DNSException as error:
        raise MalformedError(clean(f"no question can be read: {error}", 200)) from None
    sent = dns.name.from_text(query.spelling)
    asked = (sent, dns.rdatatype.from_text(query.rtype), _CLASSES[query.rclass])
    if (name, rtype, rclass) != asked:
        raise MismatchError(clean(f"answers {name} type {rtype}", 300))
    return name.labels == sent.labels


def _section(parser: dns.wire.Parser, count: int, options: _Options) -> tuple[ResourceRecord, ...]:
    import dns.name
    import dns.rdatatype

    found: list[ResourceRecord] = []
    for _ in range(count):
        name = dns.name.from_wire_parser(parser)
        rtype, rclass, ttl, length = parser.get_struct("!HHIH")
        if rtype == _OPT:
            _read_options(parser.get_bytes(length), rclass, ttl, options)
        elif len(found) < MOST_RECORDS:
            options.foreign |= rclass != options.rclass
            mnemonic = clean(dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rtype)), 20)
            data = _data(parser, rclass, rtype, length)
            found.append(
                ResourceRecord(
                    name=clean(name.to_text().lower(), 1100),
                    ttl=ttl,
                    rtype=mnemonic,
                    data=clean(data.lower() if mnemonic in _NAMES_ONLY else data),
                )
            )
        else:
            parser.get_bytes(length)
    return tuple(found)


def _data(parser: dns.wire.Parser, rclass: int, rtype: int, length: int) -> str:
    """Presentation format; generic (RFC 3597, section 5) where the type's decoder refuses."""
    import dns.exception
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    if length > parser.remaining():
        raise dns.exception.FormError
    end = parser.current + length
    raw = parser.wire[parser.current : end]
    kind = dns.rdatatype.RdataType.make(rtype)
    in_class = dns.rdataclass.RdataClass.make(rclass)
    try:
        with parser.restrict_to(length):
            return dns.rdata.from_wire_parser(in_class, kind, parser).to_text()
    except Exception:  # noqa: BLE001 (dozens of decoders, fed by strangers)
        return dns.rdata.GenericRdata(in_class, kind, raw).to_text()
    finally:
        parser.seek(end)


def _read_options(data: bytes, payload: int, ttl: int, options: _Options) -> None:
    """Take in an OPT record; options after a broken one are not read. `payload` is not needed."""
    if options.present:
        return
    options.present = True
    options.extended_rcode = ttl >> 24
    options.version = ttl >> 16 & 0xFF
    options.flags = ttl & 0xFFFF & ~_DO
    errors, codes = [], []
    while len(data) >= 4:
        code, length = struct.unpack_from("!HH", data)
        value, data = data[4 : 4 + length], data[4 + length :]
        codes.append(code)
        if code == _EDE and len(value) >= 2:
            text = clean(value[2:].rstrip(b"\0"), 300)
            errors.append((int.from_bytes(value[:2]), text))
        if code == COOKIE:
            options.cookie = _cookie(value, options.sent)
    options.errors = tuple(errors[:_MOST_OPTIONS])
    options.codes = tuple(codes[:_MOST_OPTIONS])


def _cookie(value: bytes, sent: bytes) -> Cookie:
    if len(value) not in _COOKIE_LENGTHS:
        return "malformed"
    if value[:_CLIENT_COOKIE] != sent:
        return "foreign"
    return "client" if len(value) == _CLIENT_COOKIE else "both"
