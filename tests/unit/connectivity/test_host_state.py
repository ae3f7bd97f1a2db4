from __future__ import annotations

import pytest

from checks.connectivity import host_state
from checks.connectivity.host_state import HostDown
from netdiag.model import Severity
from netdiag.outcomes import EchoReply, Outcome, Unreachable
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    RESET,
    ROUTERS,
    SILENT,
    V4,
    V6,
    Internet,
    Site,
    codes,
    found,
    icmp,
)

LAST = ROUTERS[4][5]
HOST = {
    "a port connects": Site(other_ports=CONNECTED),
    "a reset": Site(other_ports=RESET),
    "echo": Site(echo=EchoReply(rtt=0.01)),
}


def unreachable(asked: float, control: float | None = None, hop: Outcome = SILENT) -> Internet:
    """The last router says so, after these seconds; `hop` is what path probes beyond it get."""
    error = icmp(LAST, Unreachable.HOST, asked)
    later = icmp(LAST, Unreachable.HOST, asked if control is None else control)
    hops = dict.fromkeys(range(7, 31), hop)
    return Internet({V4: Site(ports={443: error, 80: error}, other_ports=later, hops=hops)})


WAY = {
    "host unreachable after 3 s": unreachable(3.07),
    "host unreachable at once, control ports after 3 s": unreachable(0.3, 3.07),
    "host unreachable at once": unreachable(0.02),
    "host unreachable at once, control ports two seconds later": unreachable(0.02, 2.04),
    "host unreachable after 3 s, control ports at once": unreachable(3.07, 0.02),
    "host unreachable after 3 s, path probes at once": unreachable(
        3.07, None, icmp(LAST, Unreachable.HOST)
    ),
    "the last router replying is in its LAN": Internet(
        {V4: Site(hops={7: icmp("22.40.1.2", Unreachable.TTL_EXCEEDED)})}, lan_router=False
    ),
    "as far as the first address of its LAN": Internet({V4: Site()}),
    "less far than the first address of its LAN": Internet({V4: Site(hops_before=5)}),
    "breaks off, its LAN silent too": Internet({V4: Site(hops_before=4)}, lan_router=False),
    "a loop": Internet({V4: Site(loop=ROUTERS[4][4:6])}),
    "nothing else answers from here": Internet({V4: Site()}, anchors={4: False, 6: False}),
    "as far as its LAN": Internet({V4: Site(other_ports=CONNECTED), V6: Site()}),
}


@pytest.mark.parametrize(("host", "way", "judgement"), rows(host_state))
def test_the_documented_table_is_what_the_check_decides(
    host: str, way: str, judgement: str
) -> None:
    both = host.startswith("nothing over one family")
    internet = Internet({V4: HOST[host]}) if host in HOST else WAY[way]

    findings, _ = found(host_state.CHECK, internet, "www.example" if both else V4)

    (finding,) = [f for f in findings if not both or V6 in f.subject]
    assert finding.code == judgement


def test_one_dead_address_of_two_is_a_warning() -> None:
    sites = {V4: Site(), "22.40.1.11": Site(other_ports=CONNECTED)}

    findings, _ = found(host_state.CHECK, Internet(sites), "www.example")

    assert codes(findings) == ["host-answers", "host-down"]
    (down,) = [f for f in findings if isinstance(f, HostDown)]
    assert down.severity is Severity.WARNING


@pytest.mark.parametrize("silent_hops", [(), (2,), (3, 4, 5)])
def test_silent_routers_in_the_middle_do_not_matter(silent_hops: tuple[int, ...]) -> None:
    hops: dict[int, Outcome] = dict.fromkeys(silent_hops, SILENT)

    findings, _ = found(host_state.CHECK, Internet({V4: Site(hops=hops)}))

    assert codes(findings) == ["host-down"]
