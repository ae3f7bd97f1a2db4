"""The destination guard against IANA's registries of special-purpose addresses (RFC 6890).

The rows below are the registries' own: prefix, and whether it is globally reachable. Every address
of a block is refused, at its edges and inside, as itself and embedded in every kind of IPv6
address that leads to it; its neighbours in public space are not.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.destinations import Destinations
from netdiag.policy import Policy
from netdiag.requests import (
    DataProbe,
    DnsQuery,
    Echo,
    HopProbe,
    HttpRequest,
    RdapQuery,
    ReadBanner,
    Request,
    RoutingQuery,
    SizeProbe,
    TcpArrivalTtl,
    TcpConnect,
    TlsHandshake,
)
from netdiag.special import Kind, kinds_of, special

REGISTRY4 = {
    "0.0.0.0/8": False,
    "0.0.0.0/32": False,
    "10.0.0.0/8": False,
    "100.64.0.0/10": False,
    "127.0.0.0/8": False,
    "169.254.0.0/16": False,
    "172.16.0.0/12": False,
    "192.0.0.0/24": False,
    "192.0.0.0/29": False,
    "192.0.0.8/32": False,
    "192.0.0.9/32": True,
    "192.0.0.10/32": True,
    "192.0.0.170/32": False,
    "192.0.0.171/32": False,
    "192.0.2.0/24": False,
    "192.31.196.0/24": True,
    "192.52.193.0/24": True,
    "192.88.99.0/24": False,
    "192.88.99.2/32": False,
    "192.168.0.0/16": False,
    "192.175.48.0/24": True,
    "198.18.0.0/15": False,
    "198.51.100.0/24": False,
    "203.0.113.0/24": False,
    "240.0.0.0/4": False,
    "255.255.255.255/32": False,
}
REGISTRY6 = {
    "::1/128": False,
    "::/128": False,
    "::ffff:0:0/96": False,
    "64:ff9b::/96": True,
    "64:ff9b:1::/48": False,
    "100::/64": False,
    "100:0:0:1::/64": False,
    "2001::/23": False,
    "2001:1::1/128": True,
    "2001:1::2/128": True,
    "2001:1::3/128": True,
    "2001:2::/48": False,
    "2001:3::/32": True,
    "2001:4:112::/48": True,
    "2001:10::/28": False,
    "2001:20::/28": True,
    "2001:30::/28": True,
    "2001:db8::/32": False,
    "2620:4f:8000::/48": True,
    "3fff::/20": False,
    "5f00::/16": False,
    "fc00::/7": False,
    "fe80::/10": False,
}
"""Without Teredo and 6to4, which IANA calls neither: their embedded addresses decide."""

BEYOND = {
    "224.0.0.0/4": False,
    "168.63.129.16/32": False,
    "ff00::/8": False,
    "fec0::/10": False,
    "::/96": False,
    "4000::/2": False,
    "8000::/2": False,
    "c000::/3": False,
    "e000::/4": False,
}
"""Multicast, a cloud's metadata at a public address, and what nobody has been given."""

PUBLIC = (
    *("1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"),
    *("128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.0.1"),
    *("192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"),
    *("203.0.112.255", "203.0.114.0", "223.255.255.255", "168.63.129.15", "168.63.129.17"),
    *("2000::", "2001:200::", "2001:db7:ffff::", "2001:db9::", "2003::1", "2620:fe::fe", "3ffe::"),
    *("2600::", "3fff:1000::", "2a00:1450::200e"),
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def blocks(*, reachable: bool) -> list[Network]:
    rows = {**REGISTRY4, **REGISTRY6, **BEYOND}
    return [ipaddress.ip_network(prefix) for prefix, answer in rows.items() if answer is reachable]


EXCEPTIONS = blocks(reachable=True)


def in_an_exception(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in one for one in EXCEPTIONS if one.version == address.version)


def hiding(inner: ipaddress.IPv4Address) -> Iterator[str]:
    """Every IPv6 address by which a packet may get to `inner`."""
    four = int(inner)
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::"):
        yield str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | four))
    yield str(ipaddress.IPv6Address(0x2002 << 112 | four << 80 | 1))
    yield str(ipaddress.IPv6Address(0x20010000 << 96 | four << 64 | 0xF7F7F7F7))
    yield str(ipaddress.IPv6Address(0x20010000 << 96 | 0x08080808 << 64 | four ^ 0xFFFFFFFF))
    for prefix in ("2600::5efe:0:0", "2600::200:5efe:0:0"):
        yield str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | four))


def requests_to(address: str) -> list[Request]:
    """One request of every kind that sends packets."""
    found: list[Request] = [
        DnsQuery(server=address, name="example.org.", rtype="A"),
        DnsQuery(server=address, name="example.org.", rtype="A", recursion_desired=True),
        Echo(address=address),
        TcpConnect(address=address, port=80),
        TcpArrivalTtl(address=address, port=80),
        TlsHandshake(address=address, port=443, server_name=None),
        HttpRequest(address=address, port=80, tls=False, host="example.org"),
        RdapQuery(address=address, host="rdap.example", path="/", about="example.org."),
        RoutingQuery(
            address=address, host="r.example", path="/", call="network-info", about="192.0.2.1"
        ),
        ReadBanner(address=address, port=25),
        HopProbe(address=address, ttl=1),
        SizeProbe(address=address, size=1400),
        DataProbe(address=address, port=443, ttl=3, host="www.example", tls=True),
    ]
    return found


def test_no_kind_of_request_escapes_the_guard() -> None:
    sending = {kind for kind in get_args(Request) if kind.cost}

    assert {type(request) for request in requests_to("10.0.0.1")} == sending


def refused(address: str, policy: Policy | None = None) -> bool:
    """Whether the policy refuses whatever is to go there; either all of it or none."""
    asked = policy or Policy()
    answers = {asked.refusal(request) is not None for request in requests_to(address)}
    assert len(answers) == 1, address
    return answers.pop()


@pytest.mark.parametrize("block", blocks(reachable=False), ids=str)
@given(data=st.data())
def test_nothing_goes_to_a_block_that_is_not_reachable(block: Network, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, block.num_addresses - 1))
    for address in (block[0], block[-1], block[offset]):
        if not in_an_exception(address):
            assert refused(str(address)), address


@pytest.mark.parametrize("block", EXCEPTIONS, ids=str)
@given(data=st.data())
def test_what_is_reachable_within_a_block_may_be_asked(block: Network, data: st.DataObject) -> None:
    if block == ipaddress.ip_network("64:ff9b::/96"):
        assert not refused("64:ff9b::808:808")
        return
    offset = data.draw(st.integers(0, block.num_addresses - 1))
    inner = int(block[offset]) >> 32 & 0xFFFFFFFF
    if inner not in {0x5EFE, 0x0200_5EFE}:
        assert not refused(str(block[offset]))


@pytest.mark.parametrize("address", PUBLIC)
def test_the_neighbours_of_the_blocks_are_public(address: str) -> None:
    assert not refused(address)


@pytest.mark.parametrize("block", [b for b in blocks(reachable=False) if b.version == 4], ids=str)
@given(data=st.data())
def test_nothing_hides_in_an_ipv6_address(block: Network, data: st.DataObject) -> None:
    inner = block[data.draw(st.integers(0, block.num_addresses - 1))]
    assert isinstance(inner, ipaddress.IPv4Address)
    if not in_an_exception(inner):
        assert [a for a in hiding(inner) if not refused(a)] == []


def test_a_public_address_may_be_embedded_where_that_leads_to_it() -> None:
    led = {address: not refused(address) for address in hiding(ipaddress.IPv4Address("9.9.9.9"))}

    assert [address for address, yes in led.items() if not yes] == [
        "::909:909",
        "::ffff:909:909",
        "::ffff:0:909:909",
    ]


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200"),
        *("192.0.0.192", "168.63.129.16", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_clouds_metadata_is_out_of_reach_for_whoever_may_ask_private_networks(
    address: str,
) -> None:
    private = Policy(destinations=Destinations(kinds=frozenset(Kind) - {Kind.METADATA}))
    named = Policy()
    named.destinations.name([address])

    assert refused(address, private)
    assert not refused(address, named)
    assert kinds_of([address]) == frozenset()


@pytest.mark.parametrize("address", ["224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "::"])
def test_what_is_nobodys_address_is_never_asked(address: str) -> None:
    policy = Policy(destinations=Destinations(kinds=frozenset(Kind), prefixes=("0.0.0.0/0",)))
    policy.destinations.name([address])

    assert refused(address, policy)


def test_who_names_an_address_may_be_led_to_its_kind_alone() -> None:
    inside = Policy(destinations=Destinations(kinds=kinds_of(["10.0.0.1"])))

    assert not refused("192.168.7.7", inside)
    assert not refused("fd12::1", inside)
    assert refused("127.0.0.1", inside)
    assert refused("169.254.1.1", inside)
    assert refused("100.64.0.1", inside)


def test_the_configuration_allows_prefixes_whatever_they_are() -> None:
    policy = Policy(destinations=Destinations(prefixes=("198.18.0.0/15", "fe80::/10")))

    assert not refused("198.19.0.1", policy)
    assert not refused("fe80::1%eth0", policy)
    assert refused("10.0.0.1", policy)


@pytest.mark.parametrize("text", ["", "x", "localhost", "127.1", "010.0.0.1", "1.2.3.4.", "%lo"])
def test_what_is_no_address_is_not_asked(text: str) -> None:
    assert refused(text)
    assert refused(text, Policy(destinations=Destinations(kinds=frozenset(Kind))))


def test_one_address_has_one_name() -> None:
    policy = Policy()
    policy.destinations.name(["FD00:0:0::0001"])

    assert not refused("fd00::1", policy)


@pytest.mark.parametrize("request_", requests_to("192.168.1.1"), ids=lambda r: r.type)
def test_the_own_router_serves_and_is_no_target(request_: Any) -> None:
    policy = Policy()
    policy.destinations.serve(["192.168.1.1"])
    served = isinstance(request_, Echo | HopProbe | SizeProbe) or getattr(
        request_, "recursion_desired", False
    )

    assert (policy.refusal(request_) is None) == served


@pytest.mark.parametrize(("port", "served"), [(853, True), (443, False)])
def test_the_own_resolver_may_be_asked_over_tls(port: int, served: bool) -> None:
    policy = Policy()
    policy.destinations.serve(["192.168.1.1"])
    shake = TlsHandshake(address="192.168.1.1", port=port, server_name=None)

    assert (policy.refusal(shake) is None) == served


@given(st.ip_addresses())
def test_every_address_is_one_thing(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    found = special(str(address))

    assert refused(str(address)) == (found is not None)
    assert found is None or (found.words and found.source)
