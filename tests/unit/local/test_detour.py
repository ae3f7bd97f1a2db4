from __future__ import annotations

import pytest

from checks.local import detour
from netdiag.outcomes import Interface, Interfaces, Outcome, Proxies, Route, Routes
from netdiag.requests import ReadInterfaces, ReadProxies, ReadRoutes
from tests.doctable import rows
from tests.unit.connectivity.internet import POLICY, Internet, found


def card(name: str, *, tunnel: bool = False) -> Interface:
    return Interface(
        name=name, up=True, carrier=True, loopback=False, mtu=1500, addresses=(), tunnel=tunnel
    )


def route(destination: str, device: str, metric: int = 0) -> Route:
    return Route(destination=destination, gateway="10.0.0.1", device=device, metric=metric)


CARDS = Interfaces(interfaces=(card("eth0"), card("tun0", tunnel=True)))
DEFAULT = route("0.0.0.0/0", "eth0", 100)
TABLES: dict[str, Outcome] = {
    "a network card": Routes(routes=(DEFAULT, route("0.0.0.0/0", "tun0", 900))),
    "a tunnel": Routes(routes=(DEFAULT, route("0.0.0.0/0", "tun0", 50))),
    "halves, a tunnel": Routes(
        routes=(DEFAULT, route("0.0.0.0/1", "tun0"), route("128.0.0.0/1", "tun0"))
    ),
    "not observable": POLICY,
}
PROXIES: dict[str, Outcome] = {
    "none": Proxies(proxies=(("no", "localhost"),)),
    "one": Proxies(proxies=(("https", "http://proxy.example:3128"),)),
    "not observable": POLICY,
}


@pytest.mark.parametrize(("proxies", "default", "judgement"), rows(detour))
def test_the_documented_table_is_what_the_check_decides(
    proxies: str, default: str, judgement: str
) -> None:
    internet = Internet(
        extra={
            ReadProxies(): PROXIES[proxies],
            ReadInterfaces(): POLICY if default == "not observable" else CARDS,
            ReadRoutes(family=4): TABLES[default],
            ReadRoutes(family=6): Routes(routes=()),
        }
    )

    findings, world = found(detour.CHECK, internet)

    assert ", ".join(f.code for f in findings) == judgement
    assert {request.destination for request in world.sent} == {None}
