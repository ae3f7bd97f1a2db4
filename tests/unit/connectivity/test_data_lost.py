from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from checks.connectivity import data_lost
from checks.connectivity.data_lost import DataLostAfterHandshake
from netdiag.model import Owner
from netdiag.network import Sent
from netdiag.outcomes import (
    DataEnded,
    Failed,
    FailureKind,
    HttpReply,
    Outcome,
    Stall,
)
from netdiag.requests import DataProbe, HttpRequest, Request, TlsHandshake
from tests.doctable import rows
from tests.unit.connectivity.internet import (
    CONNECTED,
    ROUTERS,
    SILENT,
    V4,
    Internet,
    Site,
    found,
)

TARGET = f"http://{V4}/"


def stuck(unacknowledged: int) -> Failed:
    stall = Stall(unacknowledged=unacknowledged, retransmitted=unacknowledged, received=0)
    return Failed(kind=FailureKind.TIMEOUT, stall=stall)


def page(*, complete: bool) -> HttpReply:
    return HttpReply(
        status=200,
        reason="OK",
        headers=(),
        body_start="",
        received=1,
        promised=2,
        complete=complete,
        connected=0.1,
        tls_done=None,
        first_byte=0.1,
        total=0.2,
    )


COUNTS: dict[str, Outcome] = {
    "acknowledged": stuck(0),
    "never acknowledged": stuck(1),
    "not known": page(complete=False),
}


@dataclass
class Swallowing(Internet):
    """Requests stall like `usual`, and like `small` with small segments; the first words get to
    hop `until`."""

    usual: Outcome = SILENT
    small: Outcome | None = None
    until: int = 6
    sites: dict[str, Site] = field(
        default_factory=lambda: {V4: Site(ports={80: CONNECTED}, reached=True)}
    )

    def answer(self, request: Request) -> Outcome | Sent:
        match request:
            case HttpRequest(segment=None) | TlsHandshake(segment=None):
                return self.usual
            case HttpRequest() | TlsHandshake():
                return self.small or self.usual
            case DataProbe(ttl=ttl):
                return DataEnded(expired=True, rtt=0.1) if ttl <= self.until else stuck(1)
            case _:
                return super().answer(request)


@pytest.mark.parametrize(("_", "count", "judgement"), rows(data_lost))
def test_the_documented_table_is_what_the_check_decides(_: str, count: str, judgement: str) -> None:
    (finding,), _world = found(data_lost.CHECK, Swallowing(usual=COUNTS[count]), TARGET)

    assert finding.code == judgement


@pytest.mark.parametrize(("until", "owner"), [(6, Owner.HOSTING_NETWORK), (3, Owner.TRANSIT)])
def test_the_last_router_that_the_words_get_to_is_named(until: int, owner: Owner) -> None:
    internet = Swallowing(usual=stuck(1), until=until)

    (finding,), _ = found(data_lost.CHECK, internet, TARGET)

    assert isinstance(finding, DataLostAfterHandshake)
    assert finding.last[0].address == ROUTERS[4][until - 1]
    assert finding.ttls == (until,)
    assert finding.owner is owner


def test_words_that_get_to_no_router_are_lost_before_the_first() -> None:
    (finding,), _ = found(data_lost.CHECK, Swallowing(usual=stuck(1), until=0), TARGET)

    assert isinstance(finding, DataLostAfterHandshake)
    assert finding.first[0].address == ROUTERS[4][0]
    assert finding.owner is Owner.CUSTOMER_NETWORK
    assert "do not even get to" in finding.message


def test_what_small_segments_cure_is_a_matter_of_size() -> None:
    internet = Swallowing(usual=stuck(1), small=page(complete=True))

    (finding,), world = found(data_lost.CHECK, internet, TARGET)

    assert finding.code == "data-arrival-not-seen"
    assert not [request for request in world.sent if isinstance(request, DataProbe)]


def test_nothing_is_said_again_where_everything_is_answered() -> None:
    internet = Swallowing(usual=page(complete=True))

    (finding,), world = found(data_lost.CHECK, internet, TARGET)

    assert finding.code == "not-checked"
    assert not [r for r in world.sent if isinstance(r, HttpRequest) and r.segment]
