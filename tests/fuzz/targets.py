"""What is fuzzed: each target takes any octets, and raises nothing but what is meant to refuse."""

from __future__ import annotations

import dataclasses
import ipaddress
import ssl
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

import click
import msgspec

from checks.facts import spf, tags
from checks.facts.dnssec import keys, proofs, signatures
from checks.facts.routing_registry import doubt_of_time
from checks.facts.web import Url, next_url
from checks.routing import route_origin
from netdiag import anchors, config, networks, record, roots, target, text, tomlfile
from netdiag.audit import capture, packets, speech
from netdiag.audit.account import account
from netdiag.boundary import _Partial
from netdiag.cli import proposed
from netdiag.outcomes import DnsReply, ResourceRecord, RoutingReply
from netdiag.requests import DnsQuery
from netdiag.tracer import atlas
from netdiag.wire import (
    certificates,
    dns_message,
    errqueue,
    extensions,
    icmp_errors,
    icmp_windows,
    machine,
    netlink,
    quotes,
    rdap,
    routing_registry,
    settings,
    smtp,
    tls_stream,
)
from tests.audit import craft
from tests.core import mmdb

QUERY = DnsQuery(server="192.0.2.53", name="www.example.", rtype="A")
QUESTION = bytes.fromhex("03777777076578616d706c650000010001")
REPLY_TO_IT = bytes.fromhex("000084000001")
BASE = Url(tls=False, host="www.example", port=80, path="/")
PACKET = bytes.fromhex(
    "4500003c00010000400600000a000001c0000250303900500000000000000000a002ffff00000000"
)

ROUTING_CALLS = {
    "network-info": "192.0.2.1",
    "routing-status": "192.0.2.0/24",
    "rpki-validation": "192.0.2.0/24",
}
KNOWN_NETWORK: mmdb.Value = {"autonomous_system_number": 64496, "as_name": "Example"}
SOUND_DATABASE = mmdb.database({"192.0.2.0/24": KNOWN_NETWORK})
STARTED = datetime(2026, 5, 4, tzinfo=UTC)

KNOWN = craft.record_of()
ETHERNET = 1


def is_clean(value: Any) -> None:
    """Every text in an outcome is harmless already."""
    if isinstance(value, str):
        assert text.clean(value) == value
    elif isinstance(value, tuple):
        for one in value:
            is_clean(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            is_clean(getattr(value, field.name))


def dns_whole(data: bytes) -> None:
    with suppress(dns_message.MalformedError, dns_message.MismatchError):
        is_clean(dns_message.read(data, QUERY, "udp", 0.0))


def dns_records(data: bytes) -> None:
    """The records of a reply whose header and question are right."""
    dns_whole(REPLY_TO_IT + data[:6].ljust(6, b"\0") + QUESTION + data[6:])


def certificate(data: bytes) -> None:
    is_clean(certificates.decode([data]))


def server_hello(data: bytes) -> None:
    tls_stream._chosen_cipher(data)
    error = ssl.SSLError(1, "broken")
    error.reason = "RECORD_LAYER_FAILURE"
    is_clean(tls_stream.failure(error, data))


def icmp_extensions(data: bytes) -> None:
    is_clean(extensions.read(data))
    is_clean(extensions.read(b"\x20\0\0\0" + data))


def quoted_packet(data: bytes) -> None:
    quotes.number(data)
    is_clean(quotes.compare(PACKET, data))


class Queue:
    """A socket whose error queue holds one entry."""

    def __init__(self, data: bytes) -> None:
        level = (errqueue.SOL_IP, errqueue.IP_RECVERR)
        if data[:1] == b"6":
            level = (errqueue.SOL_IPV6, errqueue.IPV6_RECVERR)
        cut = 48
        self._entry = (data[1 + cut :], [(*level, data[1 : 1 + cut])], 0, None)

    def recvmsg(self, *_: int) -> Any:
        return self._entry


def error_queue(data: bytes) -> None:
    queued = errqueue.read(Queue(data))  # type: ignore[arg-type]
    if queued:
        is_clean(queued.outcome(0.0))


def icmp_messages(data: bytes) -> None:
    for family, address in ((4, "192.0.2.1"), (6, "2001:db8::1")):
        error = icmp_errors.read(data, family, address, None, address)
        if error:
            is_clean(error.outcome(0.0))
        reply = icmp_windows.read4(data) if family == 4 else icmp_windows.read6(data)
        is_clean(icmp_windows.outcome(reply, family, 0.0))


def kernel_tables(data: bytes) -> None:
    for _, payload in netlink._messages(data):
        for size in (8, 12, 16):
            message = netlink.Message(payload[:size], netlink.attributes(payload[size:]))
            if len(message.fixed) == 12:
                list(machine._routes(message, 4, {}))
            if len(message.fixed) == 16:
                machine._interface(message, {}, {})


def resolv_conf(data: bytes) -> None:
    lines = data.decode("utf-8", "replace").splitlines()
    addresses, search = settings.parse_resolv_conf(lines)
    is_clean((addresses, search))


def proxies(data: bytes) -> None:
    name, _, value = data.decode("latin-1").partition("=")
    is_clean(tuple(settings.parse_proxies({name + "_proxy": value}).items()))


def done(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stopped:
        return stopped.value
    raise AssertionError("it waited")


def mail_dialogue(data: bytes) -> None:
    """A mail server that says these octets, in segments of a few."""
    left = [data[n : n + 50] for n in range(0, len(data), 50)]

    async def receive(stream: Any, size: int) -> bytes:
        return left.pop(0) if left else b""

    async def send(stream: Any, said: bytes) -> None:
        return None

    own = SimpleNamespace(getsockname=lambda: ("192.0.2.1", 1))
    speaking = SimpleNamespace(receive_some=receive, send_all=send)
    with mock.patch.object(smtp, "sockets", speaking):
        is_clean(done(smtp.start_tls(own)))  # type: ignore[arg-type]


def registry(data: bytes) -> None:
    is_clean(rdap.decode(data, "www.example."))


def routing_data(data: bytes) -> None:
    """An answer to each data call; a decoder that takes it gives prefixes that can be judged."""
    for call, about in ROUTING_CALLS.items():
        found = routing_registry.decode(data, call, about)
        is_clean(found)
        if isinstance(found, RoutingReply):
            known = [route.prefix for route in found.covering]
            known += [roa.prefix for roa in found.roas]
            assert all(ipaddress.ip_network(prefix) for prefix in known)
            route_origin.validated("192.0.2.0/24", 64496, found.roas)
            doubt_of_time(found, STARTED)


def location(data: bytes) -> None:
    found = next_url(BASE, text.clean(data))
    if isinstance(found, Url):
        assert text.clean(str(found)) == str(found)
        assert not {" ", "\n"} & set(str(found))


def any_text(data: bytes) -> None:
    once = text.clean(data)
    assert text.clean(once) == once
    assert len(once) <= 12 * text.LIMIT


def saved_record(data: bytes) -> None:
    try:
        found = record.loads(data)
    except record.BadRecordError as error:
        is_clean(str(error))
    else:
        assert record.loads(record.dumps(found)) == found


def toml(data: bytes) -> None:
    for shape in (config.Config, _Partial):
        with suppress(tomlfile.BadFileError):
            tomlfile.parse(data.decode("utf-8", "replace"), shape, "file")


def root_hints(data: bytes) -> None:
    with suppress(roots.BadHintsError):
        is_clean(roots.parse_hints(data.decode("utf-8", "replace")))


def trust_anchors(data: bytes) -> None:
    with suppress(anchors.BadAnchorsError):
        is_clean(anchors.parse_anchors(data.decode("utf-8", "replace")))


def typed_target(data: bytes) -> None:
    with suppress(target.BadTargetError):
        target.parse(data.decode("utf-8", "replace"))


def one_observation(data: bytes) -> None:
    """A transcript's entry inside a record that is right otherwise."""
    with suppress(record.BadRecordError, msgspec.DecodeError, ValueError, OverflowError):
        record._observation_in(msgspec.json.decode(data, type=record._ObservationFrame))


def planned_delegation(data: bytes) -> None:
    server, _, ds = data.decode("utf-8", "replace").partition("\n")
    with suppress(click.ClickException):
        proposed.read("zone.example.", [server], [ds])


def network_table(data: bytes) -> None:
    with suppress(tomlfile.BadFileError):
        table = networks.Table.read(data.decode("utf-8", "replace").splitlines(), "file")
        is_clean(table.find("192.0.2.1"))
        is_clean(table.find("2001:db8::1"))


def network_database(data: bytes) -> None:
    """A whole file, and records of these octets in a file that is sound otherwise."""
    cut = SOUND_DATABASE.index(mmdb.MARK)
    start = cut - len(mmdb.packed(KNOWN_NETWORK))
    for whole in (data, SOUND_DATABASE[:start] + data + SOUND_DATABASE[cut:]):
        with suppress(tomlfile.BadFileError):
            table = networks.Database.read(whole, "file")
            is_clean(table.find("192.0.2.1"))
            is_clean(table.find("2001:db8::1"))


def dns_network(data: bytes) -> None:
    texts = text.clean(data).split("\\x0a")
    is_clean(networks.origin_told(texts))
    is_clean(networks.name_told(texts))


def atlas_result(data: bytes) -> None:
    with suppress(atlas.BadResultError):
        for trace in atlas.read(data):
            is_clean(tuple(reply.outcome for reply in trace.replies))
            atlas.write(trace)


def packet_capture(data: bytes) -> None:
    """A customer's capture, compared with a record."""
    with suppress(capture.BadCaptureError):
        account(KNOWN, [packets.decode(frame) for frame in capture.frames(data)])


def captured_frame(data: bytes) -> None:
    """One frame of an Ethernet, as its capture has it."""
    frame = capture.Frame(number=1, time=0.0, link=ETHERNET, length=len(data), data=data)
    account(KNOWN, [packets.decode(frame)])


def captured_speech(data: bytes) -> None:
    for dns in (False, True):
        with suppress(speech.RefusedError):
            speech.stream(data, dns=dns)
    with suppress(speech.RefusedError):
        speech.question(data)


def record_of(rtype: str, data: str) -> ResourceRecord:
    return ResourceRecord(name="zone.example.", rtype=rtype, ttl=300, data=data)


def signed_records(data: bytes) -> None:
    """DS, DNSKEY and RRSIG, a line each, as a reply has them."""
    lines = text.clean(data[:1000]).split("\\x0a")
    found = [record_of(kind, line) for kind in ("DS", "DNSKEY", "RRSIG") for line in lines]
    held = keys.keys_of(found, "zone.example.")
    for ds in keys.ds_of(found, "zone.example."):
        keys.match(ds, held)
    for one in signatures.signatures_of(found):
        rrset = [r for r in found if r.rtype == one.covers]
        signatures.verdict(one, rrset, held, 1_700_000_000)


def key_and_signature(data: bytes) -> None:
    key = keys.Key("zone.example.", b"\1\0\3" + data[1:100])
    if data and len(key.rdata) > 4 and key.algorithm in signatures.SUPPORTED:
        signatures.verifies(key, data[100:], data)


KINDS_OF_DENIAL = ("NSEC", "NSEC3", "RRSIG", "SOA", "CNAME")


def denial(data: bytes) -> None:
    words = text.clean(data)
    records = tuple(record_of(kind, line) for kind in KINDS_OF_DENIAL for line in words.split("|"))
    for one in (records[:1], records[-1:], records):
        for rcode in ("NOERROR", "NXDOMAIN"):
            reply = DnsReply(rcode=rcode, authoritative=True, answer=one, authority=one)
            asked = proofs.questions_of(reply, "www.zone.example.", "A", "zone.example.")
            proofs.denied_by(reply, asked, (), 1_700_000_000)
            known = proofs.answered_by(reply, "zone.example.")
            proofs.contradicting(reply, "zone.example.", known)


def mail_words(data: bytes) -> None:
    words = text.clean(data)
    spf.parsed(spf.joined(words))
    tags.tags(words)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "dns-whole": dns_whole,
    "dns-records": dns_records,
    "certificate": certificate,
    "server-hello": server_hello,
    "icmp-extensions": icmp_extensions,
    "quoted-packet": quoted_packet,
    "error-queue": error_queue,
    "icmp-messages": icmp_messages,
    "kernel-tables": kernel_tables,
    "resolv-conf": resolv_conf,
    "proxies": proxies,
    "mail-dialogue": mail_dialogue,
    "registry": registry,
    "routing-data": routing_data,
    "location": location,
    "any-text": any_text,
    "saved-record": saved_record,
    "one-observation": one_observation,
    "toml": toml,
    "root-hints": root_hints,
    "trust-anchors": trust_anchors,
    "typed-target": typed_target,
    "planned-delegation": planned_delegation,
    "network-table": network_table,
    "network-database": network_database,
    "dns-network": dns_network,
    "atlas-result": atlas_result,
    "packet-capture": packet_capture,
    "captured-frame": captured_frame,
    "captured-speech": captured_speech,
    "signed-records": signed_records,
    "key-and-signature": key_and_signature,
    "denial": denial,
    "mail-words": mail_words,
}
