"""Names and networks of addresses, with a resolver that is made up."""

import asyncio
from pathlib import Path

import pytest

from netdiag import config
from netdiag.cli.naming import Namer
from netdiag.model import Owner, OwnNetwork
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome, ResourceRecord
from netdiag.requests import DnsQuery, Request
from reports.trace import Named

ZONE = {
    ("9.0.0.22.in-addr.arpa.", "PTR"): "r9.transit.example.",
    ("9.0.0.22.origin.asn.cymru.com.", "TXT"): '"64530 64531 | 22.0.0.0/8 | NL | ripencc | 2001"',
    ("as64530.asn.cymru.com.", "TXT"): '"64530 | NL | ripencc | 2001 | TRANSIT Example, NL"',
    ("8.0.0.22.origin.asn.cymru.com.", "TXT"): '"no number | "',
}
SIX = "1.0.0.0." + "0." * 20 + "0.0.0.0.0.0.e.2.origin6.asn.cymru.com."


class Resolver:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, request: Request) -> Outcome:
        assert isinstance(request, DnsQuery)
        assert request.server == "192.0.2.53"
        self.asked.append(request.name)
        data = ZONE.get((request.name, request.rtype))
        if data is None:
            return Failed(kind=FailureKind.TIMEOUT)
        record = ResourceRecord(name=request.name, ttl=60, rtype=request.rtype, data=data)
        return DnsReply(answer=(record,))


def named(settings: config.Settings, *addresses: str) -> tuple[dict[str, Named], list[str]]:
    resolver = Resolver()
    namer = Namer(resolver, settings, "192.0.2.53")
    asyncio.run(namer.name(addresses))
    return namer.names, resolver.asked


def settings(tmp_path: Path, text: str) -> config.Settings:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return config.load(path)


def test_by_default_only_reverse_names_are_asked_for(tmp_path: Path) -> None:
    names, asked = named(settings(tmp_path, ""), "22.0.0.9")

    assert names["22.0.0.9"] == Named(name="r9.transit.example")
    assert asked == ["9.0.0.22.in-addr.arpa."]


def test_the_dns_service_gives_number_prefix_and_name(tmp_path: Path) -> None:
    names, _ = named(settings(tmp_path, 'asn = "dns"'), "22.0.0.9", "22.0.0.8")

    assert names["22.0.0.9"] == Named(
        name="r9.transit.example", asn=64530, prefix="22.0.0.0/8", network="TRANSIT Example, NL"
    )
    assert names["22.0.0.8"] == Named()


def test_the_service_is_not_asked_about_private_addresses(tmp_path: Path) -> None:
    _, asked = named(settings(tmp_path, 'asn = "dns"'), "10.0.0.1", "fd00::1")

    assert not [name for name in asked if "cymru" in name]


def test_ipv6_has_a_zone_of_its_own(tmp_path: Path) -> None:
    _, asked = named(settings(tmp_path, 'asn = "dns"'), "2e00::1")

    assert SIX in asked


@pytest.mark.parametrize("asn", ["", "dns"])
def test_own_networks_come_first(tmp_path: Path, asn: str) -> None:
    own = f'asn = "{asn}"\n[[networks]]\nname = "our edge"\nowner = "hosting-network"\n'
    loaded = settings(tmp_path, own + 'prefixes = ["22.0.0.0/24"]\n')
    assert loaded.networks == (
        OwnNetwork(name="our edge", owner=Owner.HOSTING_NETWORK, prefixes=("22.0.0.0/24",)),
    )
    names, asked = named(loaded, "22.0.0.9")

    assert names["22.0.0.9"].network == "our edge"
    assert not [name for name in asked if "cymru" in name]


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    _, asked = named(settings(tmp_path, ""), "22.0.0.9", "22.0.0.9")

    assert len(asked) == 1
