from __future__ import annotations

import pytest

from checks.local import duplicate_address as check
from checks.local.duplicate_address import FIRST_LOOK, MORE_LOOKS, PAUSE, DuplicateAddress
from netdiag.outcomes import Interface, Interfaces, Neighbour, Neighbours
from netdiag.requests import ReadInterfaces, ReadNeighbours
from tests.doctable import rows
from tests.unit.connectivity.internet import CONNECTED, POLICY, V4, Internet, Site, codes, found

GATEWAY = "22.10.0.1"
ONE, OTHER, VRRP = "02:00:00:00:00:01", "02:00:00:00:00:02", "00:00:5e:00:01:0a"
LOOKS = [
    ReadNeighbours(attempt=FIRST_LOOK),
    ReadNeighbours(attempt=FIRST_LOOK + 1),
    *(
        ReadNeighbours(attempt=number, pause=PAUSE)
        for number in range(FIRST_LOOK + 2, FIRST_LOOK + 2 + MORE_LOOKS)
    ),
]
TURNS = {
    "the same at every look": (ONE,),
    "one, another, the first again": (ONE, ONE, OTHER, ONE),
    "one, then another for good": (ONE, ONE, ONE, OTHER),
    "to and fro, one of them shared on purpose": (ONE, VRRP, ONE, VRRP),
    "one, then none": (ONE, ""),
}


def card(*duplicates: str) -> Interfaces:
    one = Interface(
        name="eth0",
        up=True,
        carrier=True,
        loopback=False,
        mtu=1500,
        addresses=("22.10.0.10/24", "2e00:10::10/64"),
        duplicates=duplicates,
    )
    return Interfaces(interfaces=(one,))


def link(turns: tuple[str, ...], site: Site | None = None) -> Internet:
    """A link whose gateway shows these hardware addresses in turn, the last one from then on."""
    internet = Internet({V4: site or Site()})
    internet.extra[ReadInterfaces()] = card()
    for number, look in enumerate(LOOKS):
        machine = turns[min(number, len(turns) - 1)]
        state = "reachable" if machine else "failed"
        entry = Neighbour(address=GATEWAY, device="eth0", state=state, link_address=machine)
        internet.extra[look] = Neighbours(neighbours=(entry,))
    return internet


@pytest.mark.parametrize(("own", "turns", "judgement"), rows(check))
def test_the_documented_table_is_what_the_check_decides(
    own: str, turns: str, judgement: str
) -> None:
    internet = link(TURNS.get(turns, (ONE,)))
    if own == "marked":
        internet.extra[ReadInterfaces()] = card("2e00:10::10/64")
    if own == "not observable":
        internet.extra |= dict.fromkeys((ReadInterfaces(), *LOOKS), POLICY)

    findings, world = found(check.CHECK, internet)

    assert codes(findings) == [judgement]
    assert [one for one in world.sent if isinstance(one, ReadNeighbours) and one.attempt] == LOOKS


def test_both_machines_are_named() -> None:
    (finding,), _ = found(check.CHECK, link(TURNS["one, another, the first again"]))

    assert isinstance(finding, DuplicateAddress)
    assert (finding.subject, finding.machines) == (GATEWAY, (ONE, OTHER))


@pytest.mark.parametrize("settings", [{}, {"depth": "fast"}])
def test_where_all_is_well_or_none_is_to_look_closer_two_looks_do(settings: dict[str, str]) -> None:
    site = Site() if settings else Site(ports={80: CONNECTED, 443: CONNECTED})

    (finding,), world = found(check.CHECK, link((ONE,), site), **settings)

    assert finding.code == "address-unique"
    assert [one for one in world.sent if isinstance(one, ReadNeighbours) and one.attempt] == LOOKS[
        :2
    ]


def test_the_same_address_on_two_links_is_no_duplicate() -> None:
    internet = link((ONE,))
    entries = tuple(
        Neighbour(address="fe80::1", device=device, state="stale", link_address=machine)
        for device, machine in (("eth0", ONE), ("wlan0", OTHER))
    )
    internet.extra |= dict.fromkeys(LOOKS, Neighbours(neighbours=entries))

    (finding,), _ = found(check.CHECK, internet)

    assert finding.code == "address-unique"
