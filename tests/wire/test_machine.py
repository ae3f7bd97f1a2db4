"""Looks at this machine."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from netdiag.network import Sent
from netdiag.networks import Table
from netdiag.outcomes import (
    Failed,
    FailureKind,
    HostsEntries,
    Interfaces,
    Neighbours,
    NetworkEntry,
    Proxies,
    Resolvers,
    Routes,
    SourceAddress,
    SystemAddresses,
)
from netdiag.requests import (
    ReadHostsFile,
    ReadInterfaces,
    ReadNeighbours,
    ReadNetworkTable,
    ReadProxies,
    ReadResolvers,
    ReadRoutes,
    Request,
    SelectSource,
    SystemLookup,
)
from netdiag.wire import capabilities, machine, netlink, settings
from netdiag.wire.live import LiveTransport
from tests.wire import peers


def look(request: Request) -> Sent:
    return asyncio.run(peers.send(request))


def answering(error: socket.gaierror | None, delay: float = 0.0) -> object:
    """A resolver of the system that fails or sleeps; no test asks the real one for a name."""

    def getaddrinfo(*_: object, **__: object) -> list[object]:
        time.sleep(delay)
        if error:
            raise error
        entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 0))
        return [entry, entry]

    return getaddrinfo


def test_a_lookup_gives_addresses_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering(None))
    assert look(SystemLookup(name="x.example")).outcome == SystemAddresses(addresses=("192.0.2.7",))


def test_the_system_is_really_asked() -> None:
    outcome = look(SystemLookup(name="localhost")).outcome
    assert isinstance(outcome, SystemAddresses)
    assert set(outcome.addresses) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (socket.EAI_NONAME, FailureKind.NAME_UNKNOWN),
        (socket.EAI_AGAIN, FailureKind.LOOKUP_FAILED),
        (socket.EAI_FAIL, FailureKind.LOOKUP_FAILED),
    ],
)
def test_lookup_failures_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, number: int, kind: FailureKind
) -> None:
    error = socket.gaierror(number, "so it is")
    monkeypatch.setattr(socket, "getaddrinfo", answering(error))
    assert look(SystemLookup(name="x.example")).outcome == Failed(kind=kind, detail="so it is")


def test_a_name_without_address_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    error = socket.gaierror(socket.EAI_NODATA, "no address")
    monkeypatch.setattr(socket, "getaddrinfo", answering(error))
    assert look(SystemLookup(name="x.example")).outcome == SystemAddresses(addresses=())


def test_a_lookup_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering(None, delay=0.5))
    monkeypatch.setattr(machine, "LOOKUP_TIMEOUT", 0.1)
    started = time.monotonic()
    outcome = look(SystemLookup(name="x.example")).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TIMEOUT
    assert time.monotonic() - started < 0.4
    for thread in threading.enumerate():
        if thread.daemon:
            thread.join(2)


@pytest.mark.parametrize("name", ["bücher.example", "\ud800"])
def test_a_name_that_is_no_ascii_is_not_looked_up(name: str) -> None:
    outcome = look(SystemLookup(name=name)).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.LOOKUP_FAILED


def test_the_source_towards_oneself_is_oneself() -> None:
    outcome = look(SelectSource(address="127.0.0.1")).outcome
    assert outcome == SourceAddress(address="127.0.0.1")


def test_interfaces_have_addresses() -> None:
    outcome = look(ReadInterfaces()).outcome
    assert isinstance(outcome, Interfaces)
    loopback = next(one for one in outcome.interfaces if one.loopback)
    assert (loopback.name, loopback.up, loopback.tunnel) == ("lo", True, False)
    assert "127.0.0.1/8" in loopback.addresses


@pytest.mark.parametrize("family", [4, 6])
def test_routes_can_be_read(family: int) -> None:
    assert isinstance(look(ReadRoutes(family=family)).outcome, Routes)


@pytest.mark.parametrize("request_", [ReadInterfaces(), ReadRoutes(family=4), ReadNeighbours()])
def test_a_kernel_that_may_not_be_asked_blames_nobody(
    monkeypatch: pytest.MonkeyPatch, request_: Request
) -> None:
    def refused(*_: object) -> list[object]:
        raise PermissionError(errno.EPERM, "refused")

    monkeypatch.setattr(netlink, "dump", refused)
    outcome = look(request_).outcome
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.NOT_OBSERVABLE
    assert "EPERM" in outcome.detail


def dumped(monkeypatch: pytest.MonkeyPatch, tables: dict[int, list[netlink.Message]]) -> None:
    """The kernel's tables are these."""
    monkeypatch.setattr(netlink, "dump", lambda what, family=0: tables.get(what, []))


LINK = netlink.Message(struct.pack("=BBHiII", 0, 0, 1, 3, 0x10001, 0), {3: b"eth0\0"})


def test_an_address_that_another_machine_has_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = struct.pack("=BBBBI", socket.AF_INET6, 64, 0, 0, 3)
    own, taken = (socket.inet_pton(socket.AF_INET6, f"2e00::{n}") for n in (1, 2))
    addresses = [
        netlink.Message(fixed, {1: own, 8: struct.pack("=I", 0x80)}),
        netlink.Message(fixed, {1: taken, 8: struct.pack("=I", 0xC8)}),
    ]
    dumped(monkeypatch, {netlink.GET_LINK: [LINK], netlink.GET_ADDRESS: addresses})

    outcome = look(ReadInterfaces()).outcome

    assert isinstance(outcome, Interfaces)
    assert outcome.interfaces[0].addresses == ("2e00::1/64", "2e00::2/64")
    assert outcome.interfaces[0].duplicates == ("2e00::2/64",)


def test_neighbours_have_hardware_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = struct.pack("=BBHiHBB", socket.AF_INET, 0, 0, 3, 0x02, 0, 0)
    failed = struct.pack("=BBHiHBB", socket.AF_INET, 0, 0, 3, 0x20, 0, 0)
    neighbours = [
        netlink.Message(fixed, {1: bytes((22, 10, 0, 1)), 2: bytes(range(6))}),
        netlink.Message(fixed, {1: bytes((22, 10, 0, 2)), 2: bytes(999)}),
        netlink.Message(failed, {1: bytes((22, 10, 0, 3))}),
    ]
    dumped(monkeypatch, {netlink.GET_LINK: [LINK], netlink.GET_NEIGHBOUR: neighbours})

    outcome = look(ReadNeighbours()).outcome

    assert isinstance(outcome, Neighbours)
    assert [(one.device, one.state) for one in outcome.neighbours] == [
        ("eth0", "reachable"),
        ("eth0", "reachable"),
        ("eth0", "failed"),
    ]
    first, long, none = (one.link_address for one in outcome.neighbours)
    assert (first, len(long), none) == ("00:01:02:03:04:05", 59, "")


def test_capabilities_are_all_told() -> None:
    assert set(capabilities.capabilities()) == {
        "error_queue",
        "datagram_icmp",
        "icmp_hops",
        "raw_sockets",
        "kernel_timestamps",
        "arrival_ttl",
        "ipv6",
        "routes",
        "neighbours",
    }


RESOLV_CONF = """\
# nameserver 192.0.2.99
domain old.example
search a.example b.example
nameserver 192.0.2.1 ; comment
nameserver not-an-address
nameserver fe80::1%eth0
nameserver 192.0.2.1
options ndots:2
"""


def test_resolv_conf_is_read_like_the_system_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "resolv.conf").write_text(RESOLV_CONF)
    monkeypatch.setattr(settings, "RESOLV_CONF", tmp_path / "resolv.conf")
    assert look(ReadResolvers()).outcome == Resolvers(
        addresses=("192.0.2.1", "fe80::1%eth0"), search=("a.example", "b.example")
    )


def test_the_resolvers_behind_a_stub_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "stub").write_text("nameserver 127.0.0.53\n")
    (tmp_path / "behind").write_text("nameserver 192.0.2.1\nnameserver 192.0.2.2\n")
    monkeypatch.setattr(settings, "RESOLV_CONF", tmp_path / "stub")
    monkeypatch.setattr(settings, "BEHIND_STUB", tmp_path / "behind")
    outcome = look(ReadResolvers()).outcome
    assert isinstance(outcome, Resolvers)
    assert outcome.addresses == ("127.0.0.53", "192.0.2.1", "192.0.2.2")


def test_no_resolv_conf_is_no_resolver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "RESOLV_CONF", tmp_path / "missing")
    assert look(ReadResolvers()).outcome == Resolvers(addresses=())


HOSTS = """\
127.0.0.1 localhost
192.0.2.1 www.example WWW # www.other.example
192.0.2.2\twww.example.
not-an-address www.example
2001:db8::1 www.example
"""


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("www.example", ("192.0.2.1", "192.0.2.2", "2001:db8::1")),
        ("WWW.Example.", ("192.0.2.1", "192.0.2.2", "2001:db8::1")),
        ("www.other.example", ()),
    ],
)
def test_the_hosts_file_is_searched_for_one_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, addresses: tuple[str, ...]
) -> None:
    (tmp_path / "hosts").write_text(HOSTS)
    monkeypatch.setattr(settings, "hosts_path", lambda: tmp_path / "hosts")
    outcome = look(ReadHostsFile(name=name)).outcome
    assert isinstance(outcome, HostsEntries)
    assert outcome.addresses == addresses


def test_proxies_are_told_without_credentials() -> None:
    environment = {
        "HTTP_PROXY": "http://upper:1",
        "http_proxy": "http://user:p@ss@proxy.example:3128/",
        "https_proxy": "user:secret@proxy.example:3128",
        "NO_PROXY": "localhost,.example",
        "ALL_PROXY": "",
        "_proxy": "x",
        "proxy": "y",
    }
    assert settings.parse_proxies(environment) == {
        "http": "http://proxy.example:3128/",
        "https": "proxy.example:3128",
        "no": "localhost,.example",
    }


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    outcome = look(ReadProxies()).outcome
    assert isinstance(outcome, Proxies)
    assert ("https", "http://proxy.example:3128") in outcome.proxies


def test_the_network_of_an_address_is_what_the_file_says() -> None:
    async def networks_of(*addresses: str) -> list[object]:
        table = Table.read(["192.0.2.0/24,64496,Example"], "table")
        known = LiveTransport(time.monotonic, networks=table)
        asked = [await known.send(ReadNetworkTable(address=one)) for one in addresses]
        without = await LiveTransport(time.monotonic).send(ReadNetworkTable(address="192.0.2.1"))
        return [one.outcome for one in (*asked, without)]

    known, unknown, without = asyncio.run(networks_of("192.0.2.1", "198.51.100.1"))

    assert known == NetworkEntry(asn=64496, prefix="192.0.2.0/24", name="Example")
    assert unknown == NetworkEntry()
    assert isinstance(without, Failed)
    assert without.kind is FailureKind.NOT_OBSERVABLE
