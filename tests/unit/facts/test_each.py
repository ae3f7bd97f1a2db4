import asyncio
from dataclasses import replace

import pytest

from checks.facts.each import of_each
from checks.facts.zone import ZoneServer
from netdiag.outcomes import Outcome
from netdiag.requests import DnsQuery, Request
from tests.unit.dns.zones import APEX, SILENT, server, soa, zone
from tests.world.world import World

MX = DnsQuery(server="", name=APEX, rtype="MX")


def asked(one: ZoneServer, query: DnsQuery, answers: dict[int | None, Outcome]) -> list[int | None]:
    """The EDNS sizes with which `query` is asked of a server that answers them so."""

    def answer(request: Request) -> Outcome:
        assert isinstance(request, DnsQuery)
        return answers[request.udp_payload]

    world = World(answer)
    ((seen,),) = asyncio.run(of_each(world.network(), zone(one), query))

    assert seen.request == world.sent[-1]
    return [request.udp_payload for request in world.sent if isinstance(request, DnsQuery)]


DROPS_EDNS = server(udp=SILENT, plain=soa(), tcp=soa())


@pytest.mark.parametrize(
    ("one", "answers", "sizes"),
    [
        (server(), {1232: soa()}, [1232]),
        (server(), {1232: SILENT, None: soa()}, [1232, None]),
        (server(), {1232: SILENT, None: SILENT}, [1232, None]),
        (DROPS_EDNS, {None: soa()}, [None]),
        (DROPS_EDNS, {None: SILENT, 1232: SILENT}, [None, 1232]),
        (server(udp=SILENT, plain=SILENT, tcp=soa()), {1232: SILENT, None: SILENT}, [1232, None]),
    ],
    ids=["answers", "drops one", "drops both", "drops EDNS", "drops it too", "drops UDP"],
)
def test_a_lost_question_is_asked_in_a_shape_that_has_a_chance(
    one: ZoneServer, answers: dict[int | None, Outcome], sizes: list[int | None]
) -> None:
    assert asked(one, MX, answers) == sizes


def test_over_tcp_there_is_one_shape() -> None:
    assert asked(DROPS_EDNS, replace(MX, transport="tcp"), {1232: soa()}) == [1232]
