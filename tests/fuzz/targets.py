"""What is fuzzed: each target takes any octets, and raises nothing but what is meant to refuse."""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from unittest import mock

import msgspec

from checks.facts.web import Url, next_url
from netdiag import config, record, roots, target, text, tomlfile
from netdiag.boundary import _Partial
from netdiag.requests import DnsQuery
from netdiag.wire import (
    certificates,
    dns_message,
    errqueue,
    extensions,
    machine,
    netlink,
    quotes,
    rdap,
    settings,
    smtp,
    tls_stream,
)

QUERY = DnsQuery(server="192.0.2.53", name="www.example.", rtype="A")
QUESTION = bytes.fromhex("03777777076578616d706c650000010001")
REPLY_TO_IT = bytes.fromhex("000084000001")
BASE = Url(tls=False, host="www.example", port=80, path="/")
PACKET = bytes.fromhex(
    "4500003c00010000400600000a000001c0000250303900500000000000000000a002ffff00000000"
)


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


def kernel_tables(data: bytes) -> None:
    for _, payload in netlink._messages(data):
        for size in (8, 12, 16):
            message = netlink.Message(payload[:size], netlink.attributes(payload[size:]))
            if len(message.fixed) == 12:
                list(machine._routes(message, 4, {}))
            if len(message.fixed) == 16:
                machine._interface(message, {})


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


def typed_target(data: bytes) -> None:
    with suppress(target.BadTargetError):
        target.parse(data.decode("utf-8", "replace"))


def one_observation(data: bytes) -> None:
    """A transcript's entry inside a record that is right otherwise."""
    with suppress(record.BadRecordError, msgspec.DecodeError, ValueError, OverflowError):
        record._observation_in(msgspec.json.decode(data, type=record._ObservationFrame))


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "dns-whole": dns_whole,
    "dns-records": dns_records,
    "certificate": certificate,
    "server-hello": server_hello,
    "icmp-extensions": icmp_extensions,
    "quoted-packet": quoted_packet,
    "error-queue": error_queue,
    "kernel-tables": kernel_tables,
    "resolv-conf": resolv_conf,
    "proxies": proxies,
    "mail-dialogue": mail_dialogue,
    "registry": registry,
    "location": location,
    "any-text": any_text,
    "saved-record": saved_record,
    "one-observation": one_observation,
    "toml": toml,
    "root-hints": root_hints,
    "typed-target": typed_target,
}
