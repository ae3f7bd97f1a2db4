from __future__ import annotations

import pytest

from checks.local import subnet_mask as check
from checks.local.subnet_mask import WrongSubnetMask
from netdiag.model import Owner, OwnNetwork, Severity
from netdiag.outcomes import (
    Interface,
    Interfaces,
    Neighbour,
    Neighbours,
    Outcome,
    Resolvers,
    Route,
    Routes,
)
from netdiag.requests import ReadInterfaces, ReadNeighbours, ReadResolvers, ReadRoutes
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    POLICY,
    V4,
    V6,
    Internet,
    Site,
    codes,
    found,
)

NEAR_US, NEAR_GATEWAY = "22.10.5.77", "22.10.0.77"
ANOTHERS = OwnNetwork(name="theirs", owner=Owner.TRANSIT, prefixes=("22.10.9.0/24",))
WIDTHS = {"any": 24, "wider": 8, "wider than /16": 8, "/16 to /23": 16, "not seen": 0}
ADDRESSES = {
    "is no neighbour by the mask": V4,
    "is a neighbour that answers": "22.10.5.78",
    "is in this machine's own /24": NEAR_US,
    "is in the gateway's own /24": NEAR_GATEWAY,
    "is in a network known as another's": "22.10.9.9",
    "the masks are not observable": V4,
}


def machine(own: str, *dead: str, sites: dict[str, Site] | None = None) -> Internet:
    """This machine with this address and mask; nobody answers for those `dead`."""
    card = Interface(
        name="eth0", up=True, carrier=True, loopback=False, mtu=1500, addresses=("odd", own)
    )
    table = [Neighbour(address=a, device="eth0", state="failed") for a in dead]
    internet = Internet(sites or {a: Site() for a in dead})
    internet.extra[ReadInterfaces()] = Interfaces(interfaces=(card,))
    internet.extra[ReadNeighbours(attempt=2)] = Neighbours(neighbours=tuple(table))
    return internet


@pytest.mark.parametrize(("address", "mask", "elsewhere", "judgement"), rows(check))
def test_the_documented_table_is_what_the_check_decides(
    address: str, mask: str, elsewhere: str, judgement: str
) -> None:
    beyond = V4 if WIDTHS[mask] == 8 else "22.10.8.8"
    target = ADDRESSES.get(address, beyond)
    internet = machine(f"22.10.5.10/{WIDTHS[mask] or 24}", target)
    internet.anchors = {4: elsewhere != "silent", 6: True}
    if address == "is a neighbour that answers":
        internet.sites[target] = Site(ports={80: CONNECTED, 443: CONNECTED})
    if mask == "not seen":
        internet.extra[ReadInterfaces()] = POLICY

    (finding,), _ = found(check.CHECK, internet, target, networks=(ANOTHERS,))

    assert finding.code == judgement


def test_the_mask_and_the_addresses_astray_are_named() -> None:
    (finding,), _ = found(check.CHECK, machine("22.10.5.10/8", V4), V4)

    assert isinstance(finding, WrongSubnetMask)
    assert (finding.own, finding.gateway, finding.addresses) == ("22.10.5.10/8", "22.10.0.1", (V4,))
    assert finding.severity is Severity.CRITICAL
    assert finding.takes_in("22.99.0.1")
    assert not finding.takes_in("23.0.0.1")
    assert not finding.takes_in(V6)
    assert not finding.takes_in("no address")


def test_a_target_that_works_otherwise_makes_it_a_warning() -> None:
    well = Site(ports={80: CONNECTED, 443: CONNECTED})
    internet = machine("22.10.5.10/8", V4, sites={V4: Site(), V6: well})

    (finding,), _ = found(check.CHECK, internet, "www.example")

    assert finding.severity is Severity.WARNING


def test_an_ipv6_link_is_a_64() -> None:
    internet = machine("2e00:10::10/32", "2e00:10:7::1")

    assert codes(found(check.CHECK, internet, "2e00:10:7::1")[0]) == ["wrong-subnet-mask"]


def test_a_resolver_is_led_astray_as_well() -> None:
    internet = machine("22.10.5.10/8", "22.77.0.53", sites={V4: Site(ports={443: CONNECTED})})
    internet.extra[ReadResolvers()] = Resolvers(addresses=("22.77.0.53", "odd"))

    (finding,), _ = found(check.CHECK, internet, f"{V4}:443")

    assert isinstance(finding, WrongSubnetMask)
    assert finding.addresses == ("22.77.0.53",)


@pytest.mark.parametrize("table", [POLICY, Neighbours(neighbours=())])
def test_without_the_neighbours_nobody_is_blamed(table: Outcome) -> None:
    internet = machine("22.10.5.10/8", V4)
    internet.extra[ReadNeighbours(attempt=2)] = table

    (finding,), _ = found(check.CHECK, internet, V4)

    assert finding.code == ("subnet-mask-not-seen" if table == POLICY else "subnet-mask-plausible")


@pytest.mark.parametrize("gateway", ["odd", "fe80::1%eth0", None])
def test_a_gateway_that_is_no_address_is_no_sign(gateway: str | None) -> None:
    internet = machine("22.10.5.10/255.0.0.0", V4)
    way = Route(destination="0.0.0.0/0", gateway=gateway, device="eth0")
    internet.extra[ReadRoutes(family=4)] = Routes(routes=(way,))

    assert codes(found(check.CHECK, internet, V4)[0]) == ["wrong-subnet-mask"]
