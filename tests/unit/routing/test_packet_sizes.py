from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facts.sizes import LINKS
from checks.routing import packet_sizes
from checks.routing.packet_sizes import PmtuBlackHole, WrongMtuAdvice
from netdiag.model import Finding, Owner, Severity
from netdiag.network import Sent
from netdiag.outcomes import (
    Failed,
    FailureKind,
    IcmpError,
    Outcome,
    Stall,
    TlsSession,
    Unreachable,
)
from netdiag.requests import Request, SizeProbe, TlsHandshake
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    ROUTERS,
    SILENT,
    V4,
    V6,
    Internet,
    Site,
    found,
    icmp,
    version,
)

SESSION = TlsSession(
    version="TLSv1.3", cipher="x", verify_code=0, verify_error="", chain=(), rtt=0.1
)
STUCK = Failed(kind=FailureKind.TIMEOUT, stall=Stall(unacknowledged=0, retransmitted=0, received=0))
CLOSED = Failed(kind=FailureKind.CLOSED_EARLY)
FULL = 1500


@dataclass
class Narrow(Internet):
    """The link behind hop `behind` takes `mtu` octets; the router before it says `advice`, None
    being silence. `usual` and `small` are what TLS gives, without and with small segments."""

    mtu: int = FULL
    behind: int = 4
    advice: int | None = None
    usual: Outcome = SESSION
    small: Outcome = SESSION
    closed_port_speaks: bool = True
    sites: dict[str, Site] = field(
        default_factory=lambda: {V4: Site(ports={443: CONNECTED}, reached=True)}
    )

    def answer(self, request: Request) -> Outcome | Sent:
        match request:
            case TlsHandshake(segment=None):
                return self.usual
            case TlsHandshake():
                return self.small
            case SizeProbe():
                return self._size(request)
            case _:
                return super().answer(request)

    def _size(self, probe: SizeProbe) -> Outcome:
        routers = ROUTERS[version(probe.address)]
        if probe.size > self.mtu and probe.ttl > self.behind:
            if self.advice is None:
                return SILENT
            said = icmp(routers[self.behind - 1], Unreachable.TOO_BIG)
            return replace(said, mtu=self.advice)
        if probe.ttl <= len(routers):
            return icmp(routers[probe.ttl - 1], Unreachable.TTL_EXCEEDED)
        return icmp(probe.address, Unreachable.PORT) if self.closed_port_speaks else SILENT


EXCHANGES: dict[str, Outcome] = {
    "stalls": STUCK,
    "completes": SESSION,
    "fails otherwise": CLOSED,
    "not asked": SESSION,
}
PATHS: dict[str, list[dict[str, Any]]] = {
    "get there, or are told a size": [{}, {"mtu": 1400, "advice": 1400}],
    "vanish behind a hop": [{"mtu": 1400}],
    "are told a size that is no use": [
        {"mtu": 1400, "advice": FULL},
        {"mtu": 1400, "advice": 0},
        {"mtu": 1400, "advice": 67},
    ],
    "small ones get no answer either": [{"closed_port_speaks": False}],
    "not sent": [{}],
}


def examined(internet: Internet, target: str = V4) -> list[Finding]:
    return found(packet_sizes.CHECK, internet, f"https://{target}/", depth="thorough")[0]


@pytest.mark.parametrize(("usual", "small", "path", "judgement"), rows(packet_sizes))
def test_the_documented_table_is_what_the_check_decides(
    usual: str, small: str, path: str, judgement: str
) -> None:
    for options in PATHS[path]:
        world = Narrow(usual=EXCHANGES[usual], small=EXCHANGES[small], **options)

        (finding,) = examined(world)

        assert finding.code == judgement, options


def test_nothing_is_sent_where_nothing_stalls() -> None:
    (finding,), world = found(packet_sizes.CHECK, Narrow(mtu=1400), f"https://{V4}/")

    assert finding.code == "not-checked"
    assert not [request for request in world.sent if isinstance(request, SizeProbe)]


@pytest.mark.parametrize("mtu", [1400, 1492, 1300])
def test_the_largest_size_that_passes_and_the_hop_are_named(mtu: int) -> None:
    (finding,) = examined(Narrow(mtu=mtu, behind=3))

    assert isinstance(finding, PmtuBlackHole)
    assert finding.direction == "to the host"
    assert finding.passes == mtu
    assert finding.ttls == (3,)
    assert finding.last[0].address == ROUTERS[4][2]
    assert finding.owner is Owner.TRANSIT
    assert finding.severity is Severity.WARNING


def test_the_far_end_of_the_narrow_link_owns_what_the_host_is_not_told() -> None:
    (finding,) = examined(Narrow(mtu=1400, advice=1400, usual=STUCK))

    assert isinstance(finding, PmtuBlackHole)
    assert finding.direction == "from the host"
    assert finding.last[0].address == ROUTERS[4][3]
    assert finding.places[0].address == ROUTERS[4][4]
    assert finding.owner is Owner.HOSTING_NETWORK
    assert finding.severity is Severity.CRITICAL
    assert "1400 octets get through" in finding.message


def test_a_way_back_that_shows_nothing_is_laid_to_the_network_of_the_host() -> None:
    (finding,) = examined(Narrow(usual=STUCK))

    assert isinstance(finding, PmtuBlackHole)
    assert finding.owner is Owner.HOSTING_NETWORK
    assert not finding.last
    assert "1280 octets get through" in finding.message


def test_one_fault_of_both_families_is_one_finding() -> None:
    sites = {a: Site(ports={443: CONNECTED}, reached=True) for a in (V4, V6)}

    (finding,) = examined(Narrow(mtu=1400, sites=sites), "www.example")

    assert isinstance(finding, PmtuBlackHole)
    assert finding.addresses == (V4, V6)
    assert len(finding.last) == 2


def test_a_lost_packet_is_no_black_hole() -> None:
    """Any two of the first probes lost, which are then asked again."""
    lost = [SizeProbe(address=V4, size=FULL, attempt=n) for n in (0, 1)]

    (finding,) = examined(Narrow(extra=dict.fromkeys(lost, SILENT)))

    assert finding.code == "large-packets-pass"


@given(
    mtu=st.sampled_from(LINKS),
    behind=st.integers(1, 6),
    silent=st.sets(st.integers(1, 6)),
    lost=st.sets(st.tuples(st.sampled_from(LINKS), st.integers(0, 3)), max_size=3),
)
def test_a_wrong_hop_is_never_named(
    mtu: int, behind: int, silent: set[int], lost: Iterable[tuple[int, int]]
) -> None:
    """Routers may be silent and packets lost: then nothing, or less, is said."""

    @dataclass
    class Lossy(Narrow):
        def answer(self, request: Request) -> Outcome | Sent:
            if isinstance(request, SizeProbe) and (request.size, request.attempt) in lost:
                return SILENT
            outcome = super().answer(request)
            hidden = {ROUTERS[4][ttl - 1] for ttl in silent}
            named = isinstance(outcome, IcmpError) and outcome.sender in hidden
            return SILENT if named else outcome

    (finding,) = examined(Lossy(mtu=mtu, behind=behind))

    if isinstance(finding, PmtuBlackHole):
        assert mtu < FULL
        assert finding.passes <= mtu
        assert all(ttl <= behind for ttl in finding.ttls)


def test_advice_that_nobody_can_follow_names_the_router() -> None:
    (finding,) = examined(Narrow(mtu=1400, advice=FULL))

    assert isinstance(finding, WrongMtuAdvice)
    assert finding.place.address == ROUTERS[4][3]
    assert finding.passes == 1400
    assert finding.owner is Owner.TRANSIT
