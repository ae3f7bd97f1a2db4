from __future__ import annotations

from collections.abc import Callable

import pytest

from checks.routing import way_back
from checks.routing.way_back import AsymmetricPath
from netdiag.model import Finding
from tests.doctable import rows
from tests.unit.connectivity.internet import ROUTERS, V4, found
from tests.unit.routing.samples import HOPS, Sampled

BACK: dict[str, Callable[[int], int]] = {
    "cross as many routers as the way there": lambda ttl: 0,
    "cross more, from some hop on": lambda ttl: 2 if ttl >= 4 else 0,
    "cross fewer, from some hop on": lambda ttl: -1 if ttl >= 4 else 0,
    "cross as many, and some before them more": lambda ttl: 3 if ttl in {3, 4} else 0,
}


def judged(back: str) -> Finding:
    ttls = range(1, HOPS + 2)
    more = BACK.get(back)
    initial = {ttl: (255 if ttl % 2 else 64) for ttl in ttls}
    returned = {ttl: initial[ttl] - (ttl - 1) - more(ttl) for ttl in ttls} if more else {}
    (finding,), _ = found(
        way_back.CHECK, Sampled(returned=returned), f"http://{V4}/", depth="thorough"
    )
    return finding


@pytest.mark.parametrize(("back", "judgement"), rows(way_back))
def test_the_documented_table_is_what_the_check_decides(back: str, judgement: str) -> None:
    assert judged(back).code == judgement


def test_the_hop_from_which_on_it_holds_is_said() -> None:
    finding = judged("cross more, from some hop on")

    assert isinstance(finding, AsymmetricPath)
    assert (finding.ttl, finding.place.address, finding.more) == (4, ROUTERS[4][3], 2)
    assert "2 routers more" in finding.message
    assert "1 router fewer" in judged("cross fewer, from some hop on").message
