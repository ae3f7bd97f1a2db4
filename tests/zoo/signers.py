"""Name servers of signed zones that misbehave. Their parent vouches for a key: all is verified."""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import replace

import dns.dnssec
import dns.flags
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dns.message import Message
from dns.rdatatype import RdataType

from tests.zoo.animal import Animal
from tests.zoo.names import Twist, domain_of, records, server

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
BEGINS, ENDS = 1_577_836_800, 2_208_988_800
"""From 2020 until 2040."""

ED25519, SHA256 = 15, 2
DNSKEY = dns.dnssec.make_dnskey(KEY.public_key(), ED25519, flags=257)

OF_ONE_TAG = (5692, 7848, 12309, 14760, 17155, 21298)
"""The first six private keys of ECDSA P-256 whose public keys have the same tag."""

POINT = b"\4"
"""Before an uncompressed point (SEC 1, section 2.3.3), which a DNSKEY record leaves out."""


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def tag_of(text: str) -> int:
    """The key tag of a DNSKEY in presentation format."""
    rdata = dns.rdata.from_text("IN", "DNSKEY", text)
    assert isinstance(rdata, dns.rdtypes.ANY.DNSKEY.DNSKEY)
    return dns.dnssec.key_id(rdata)


def ds_of(animal: str, text: str) -> str:
    """The DS record of a DNSKEY at the top of an animal's domain."""
    owner = dns.name.from_text(f"{animal}.customer.example.")
    rdata = dns.rdata.from_text("IN", "DNSKEY", text)
    digest = hashlib.sha256(owner.to_wire() + rdata.to_wire()).hexdigest()  # type: ignore[operator]
    return f"{tag_of(text)} {text.split()[2]} {SHA256} {digest}"


OWN_KEY = f"257 3 {ED25519} {b64(DNSKEY.key)}"


def signature(rrset: dns.rrset.RRset, domain: dns.name.Name) -> dns.rrset.RRset:
    made = _signature(rrset.to_text(), domain)
    return dns.rrset.from_rdata(rrset.name, rrset.ttl, made)


@functools.lru_cache(1000)
def _signature(text: str, domain: dns.name.Name) -> dns.rdata.Rdata:
    lines = text.splitlines()
    owner, _, _, kind, _ = lines[0].split(" ", 4)
    data = [line.split(" ", 4)[4] for line in lines]
    rrset = dns.rrset.from_text_list(owner, 300, "IN", kind, data)
    return dns.dnssec.sign(
        rrset, KEY, domain, DNSKEY, inception=BEGINS, expiration=ENDS, verify=False
    )


def sound(query: Message, reply: Message) -> Message:
    """What a sound server of a signed zone with one name says, denials by NSEC included."""
    name = query.question[0].name
    domain = domain_of(name)
    if name != domain:
        soa = f"ns1. hostmaster.{domain} 1 7200 3600 1209600 300"
        reply.answer, reply.authority = [], [records(domain, "SOA", soa)]
        reply.set_rcode(dns.rcode.NXDOMAIN)
    if query.question[0].rdtype == RdataType.DNSKEY:
        reply.answer, reply.authority = [records(domain, "DNSKEY", OWN_KEY)], []
    if not reply.answer:
        types = "A NS SOA AAAA RRSIG NSEC DNSKEY"
        reply.authority.append(records(domain, "NSEC", f"{domain} {types}"))
    return reply


def signed(query: Message, reply: Message) -> Message:
    """`reply` with a good signature for every set."""
    domain = domain_of(query.question[0].name)
    if query.ednsflags & dns.flags.DO:
        for section in (reply.answer, reply.authority):
            sets = [one for one in section if one.rdtype != RdataType.RRSIG]
            section.extend(signature(one, domain) for one in sets)
    return reply


def well_signed(query: Message, reply: Message) -> Message:
    return signed(query, sound(query, reply))


def key_trap(query: Message, reply: Message) -> Message:
    """CVE-2023-50387: hundreds of keys with one tag, hundreds of signatures by that tag."""
    domain = domain_of(query.question[0].name)
    if query.question[0].rdtype == RdataType.DNSKEY:
        reply.answer, reply.authority = [records(domain, "DNSKEY", *trapped_keys())], []
    if query.ednsflags & dns.flags.DO:
        for section in (reply.answer, reply.authority):
            section.extend([guesses(one, domain) for one in section])
    return reply


@functools.cache
def trapped_keys() -> tuple[str, ...]:
    """Points on the curve with one tag: what is added in one word is taken away in another."""
    points = [ec.derive_private_key(n, ec.SECP256R1()).public_key() for n in OF_ONE_TAG]
    raw = [point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) for point in points]
    keys = tuple(f"257 3 13 {b64(one.removeprefix(POINT))}" for one in raw)
    assert len({tag_of(key) for key in keys}) == 1
    return keys


def guesses(rrset: dns.rrset.RRset, domain: dns.name.Name) -> dns.rrset.RRset:
    """Signatures that look right and are not."""
    kind = dns.rdatatype.to_text(rrset.rdtype)
    labels = len(rrset.name.labels) - 1
    head = f"{kind} 13 {labels} 300 20400101000000 20200101000000 {tag_of(trapped_keys()[0])}"
    values = [b64(b"\1" * 32 + n.to_bytes(32)) for n in range(1, 301)]
    texts = [f"{head} {domain} {value}" for value in values]
    return records(rrset.name, "RRSIG", *texts)


def hashing(iterations: int, salt: str) -> Twist:
    """CVE-2023-50868: denials by NSEC3, well signed, that take so many hashes."""

    def twist(query: Message, reply: Message) -> Message:
        domain = domain_of(query.question[0].name)
        reply = sound(query, reply)
        if not reply.answer:
            reply.authority = [one for one in reply.authority if one.rdtype != RdataType.NSEC]
            for number in range(8):
                owner = dns.name.from_text(f"{'0' * 31}{number}.{domain}")
                text = f"1 0 {iterations} {salt} {'v' * 32} A RRSIG"
                reply.authority.append(records(owner, "NSEC3", text))
        return signed(query, reply)

    return twist


def times(begins: str, ends: str) -> Twist:
    """Signatures with these times, which are not under them."""

    def twist(query: Message, reply: Message) -> Message:
        reply = well_signed(query, reply)
        for section in (reply.answer, reply.authority):
            for rrset in section:
                if rrset.rdtype == RdataType.RRSIG:
                    old = [rdata.to_text().split() for rdata in rrset]
                    new = [" ".join([*one[:4], ends, begins, *one[6:]]) for one in old]
                    section[section.index(rrset)] = records(rrset.name, "RRSIG", *new)
        return reply

    return twist


def keyed(text: str) -> Twist:
    """One key of this kind, and signatures by it that nothing could verify."""

    def twist(query: Message, reply: Message) -> Message:
        domain = domain_of(query.question[0].name)
        algorithm = text.split()[2]
        if query.question[0].rdtype == RdataType.DNSKEY:
            reply.answer, reply.authority = [records(domain, "DNSKEY", text)], []
        for section in (reply.answer, reply.authority):
            for rrset in list(section):
                kind = dns.rdatatype.to_text(rrset.rdtype)
                head = f"{kind} {algorithm} {len(rrset.name.labels) - 1} 300"
                head += f" 20400101000000 20200101000000 {tag_of(text)} {domain}"
                section.append(records(rrset.name, "RRSIG", f"{head} {b64(bytes(64))}"))
        return reply

    return twist


def proof_beside(query: Message, reply: Message) -> Message:
    """NSEC records that cover other names than the one asked for."""
    domain = domain_of(query.question[0].name)
    reply = sound(query, reply)
    if not reply.answer:
        reply.authority = [one for one in reply.authority if one.rdtype != RdataType.NSEC]
        for n in range(6):
            owner = dns.name.from_text(f"p{n}.{domain}")
            reply.authority.append(records(owner, "NSEC", f"p{n + 1}.{domain} A"))
    return signed(query, reply)


def _vouched(animal: Animal, *keys: str, also: tuple[str, ...] = ()) -> Animal:
    return replace(animal, ds=(*(ds_of(animal.name, key) for key in keys), *also))


def dnskey(algorithm: int, public: bytes) -> str:
    return f"257 3 {algorithm} {b64(public)}"


def rsa(exponent: int) -> str:
    """A modulus of 512 octets, and an exponent of so many."""
    return dnskey(8, b"\0" + exponent.to_bytes(2) + b"\xff" * exponent + b"\xff" * 512)


LONG_RSA, LONGER_RSA = rsa(512), rsa(4096)
OFF_THE_CURVE, UNKNOWN = dnskey(13, b"\1" * 64), dnskey(200, b"\1" * 64)
FLOOD = tuple(f"{tag_of(OWN_KEY)} 15 2 {n:064x}" for n in range(99))
"""With the true one as many as BIND serves of one set of records."""

ANIMALS = (
    _vouched(server("well-signed", "A signed zone; nothing is wrong.", well_signed), OWN_KEY),
    _vouched(
        server("key-trap", "Keys of one tag, 300 signatures by it.", key_trap, "signature-invalid"),
        trapped_keys()[0],
    ),
    _vouched(
        server("hash-flood", "NSEC3 with 65,535 iterations.", hashing(65_535, "ff" * 255)), OWN_KEY
    ),
    _vouched(
        server(
            "hash-limit",
            "NSEC3 with 100 iterations that prove nothing.",
            hashing(100, "ff" * 255),
            "denial-proof-broken",
        ),
        OWN_KEY,
    ),
    _vouched(
        server(
            "proof-beside",
            "NSEC records for other names.",
            proof_beside,
            "denial-proof-broken",
        ),
        OWN_KEY,
    ),
    _vouched(server("ds-flood", "100 DS records, one true.", well_signed), OWN_KEY, also=FLOOD),
    _vouched(
        server(
            "time-upside-down",
            "Signatures that end before they begin.",
            times("21060207062815", "19700101000000"),
            "signature-invalid",
        ),
        OWN_KEY,
    ),
    _vouched(server("unknown-algorithm", "An algorithm of nobody.", keyed(UNKNOWN)), UNKNOWN),
    _vouched(
        server(
            "long-rsa", "RSA with an exponent of 4,096 bits.", keyed(LONG_RSA), "signature-invalid"
        ),
        LONG_RSA,
    ),
    _vouched(
        server(
            "longer-rsa",
            "RSA with an exponent of 32,768 bits.",
            keyed(LONGER_RSA),
        ),
        LONGER_RSA,
    ),
    _vouched(
        server(
            "off-the-curve", "A key that is no point.", keyed(OFF_THE_CURVE), "signature-invalid"
        ),
        OFF_THE_CURVE,
    ),
)
