from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from checks.connectivity import segment_size
from checks.connectivity.segment_size import MssClamped
from netdiag.model import Finding
from netdiag.network import Sent
from netdiag.outcomes import IcmpError, Outcome
from netdiag.requests import HopProbe, Request
from tests.doctable import rows
from tests.unit.connectivity.internet import CONNECTED, ROUTERS, V4, Internet, Site, found
from tests.world.world import World

HOPS = len(ROUTERS[4])
QUOTED = {
    "offer the same size at every hop": dict.fromkeys(range(1, HOPS + 1), 1460),
    "offer less behind some hop": {1: 1460, 2: 1460, 4: 1200, 5: 1200},
    "are quoted too short at every hop": {},
    "are quoted by one router alone": {3: 1460},
}


@dataclass
class Quoting(Internet):
    """Routers that quote the segment sizes `sizes`, by hop."""

    sizes: dict[int, int] = field(default_factory=dict)
    sites: dict[str, Site] = field(
        default_factory=lambda: {V4: Site(ports={80: CONNECTED}, reached=True)}
    )

    def answer(self, request: Request) -> Outcome | Sent:
        answer = super().answer(request)
        if isinstance(request, HopProbe) and isinstance(answer, IcmpError):
            over_tcp = request.protocol == "tcp"
            return replace(answer, segment=self.sizes.get(request.ttl) if over_tcp else None)
        return answer


def judged(quoted: str) -> tuple[Finding, World]:
    (finding,), world = found(
        segment_size.CHECK, Quoting(sizes=QUOTED[quoted]), f"http://{V4}/", depth="thorough"
    )
    return finding, world


@pytest.mark.parametrize(("quoted", "judgement"), rows(segment_size))
def test_the_documented_table_is_what_the_check_decides(quoted: str, judgement: str) -> None:
    assert judged(quoted)[0].code == judgement


def test_the_last_router_that_quotes_the_former_size_is_named() -> None:
    finding, _ = judged("offer less behind some hop")

    assert isinstance(finding, MssClamped)
    assert (finding.ttl, finding.place.address) == (2, ROUTERS[4][1])
    assert (finding.before, finding.after) == (1460, 1200)


def test_no_syn_gets_to_the_host() -> None:
    _, world = judged("offer the same size at every hop")

    ttls = {r.ttl for r in world.sent if isinstance(r, HopProbe) and r.protocol == "tcp"}
    assert max(ttls) == HOPS
