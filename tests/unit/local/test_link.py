from __future__ import annotations

import pytest

from checks.local import link
from netdiag.outcomes import Interface, Interfaces, Outcome
from netdiag.requests import ReadInterfaces
from tests.doctable import rows
from tests.unit.connectivity.internet import POLICY, Internet, found

ADDRESSES = {
    "one beyond the link": ("192.168.1.7/24", "fe80::1/64"),
    "any": ("192.168.1.7/24",),
    "link-local alone": ("169.254.7.7/16", "fe80::1/64"),
    "none": (),
}


def card(
    name: str, addresses: tuple[str, ...], *, up: bool = True, carrier: bool | None = True
) -> Interface:
    return Interface(
        name=name, up=up, carrier=carrier, loopback=name == "lo", mtu=1500, addresses=addresses
    )


LOOPBACK = card("lo", ("127.0.0.1/8", "::1/128"), carrier=None)


@pytest.mark.parametrize(("state", "addresses", "judgement"), rows(link))
def test_the_documented_table_is_what_the_check_decides(
    state: str, addresses: str, judgement: str
) -> None:
    held = ADDRESSES.get(addresses, ())
    cards = {
        "one is up": (card("eth0", held), card("eth1", (), carrier=False)),
        "all without carrier": (card("eth0", held, carrier=False),),
        "all switched off": (card("eth0", held, up=False, carrier=None),),
        "no interface but loopback": (),
    }
    seen: Outcome = POLICY
    if state in cards:
        seen = Interfaces(interfaces=(LOOPBACK, *cards[state]))

    target = "127.0.0.1" if state == "not needed" else "www.example"

    (finding,) = found(link.CHECK, Internet(extra={ReadInterfaces(): seen}), target)[0]

    assert finding.code == judgement


@pytest.mark.parametrize("name", ["docker0", "br-1234", "virbr0", "veth77"])
def test_inner_links_do_not_stand_for_a_network(name: str) -> None:
    cards = (card("eth0", (), carrier=False), card(name, ("172.17.0.1/16",)))
    internet = Internet(extra={ReadInterfaces(): Interfaces(interfaces=cards)})

    (finding,) = found(link.CHECK, internet)[0]

    assert finding.code == "link-down"


def test_an_odd_address_of_the_system_does_not_count() -> None:
    cards = (card("eth0", ("not an address", "")),)
    internet = Internet(extra={ReadInterfaces(): Interfaces(interfaces=cards)})

    (finding,) = found(link.CHECK, internet)[0]

    assert finding.code == "no-address"
