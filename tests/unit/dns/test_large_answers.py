import asyncio
from dataclasses import replace

import pytest

from checks.dns import large_answers
from checks.dns.large_answers import Facts
from checks.facts.shapes import Probe
from netdiag.model import Finding
from netdiag.outcomes import Outcome
from netdiag.requests import DnsQuery
from tests.doctable import rows
from tests.unit.dns.zones import CUT_OFF, SILENT, seen, server, soa, zone
from tests.world.tree import APEX, HEALTHY, TWO4, Tree
from tests.world.zonemaster.scenario import brief

LOST = Probe(first=seen(SILENT), again=seen(SILENT), controls=(seen(soa()), seen(soa())))
USUAL: dict[str, Probe] = {
    "900 octets": Probe(first=seen(replace(soa(), size=900))),
    "300 octets": Probe(first=seen(replace(soa(), size=300))),
    "lost": LOST,
    "silent": replace(LOST, controls=(seen(soa()), seen(SILENT))),
    "not sent": Probe(first=seen(CUT_OFF)),
}
OTHERS: dict[str, Outcome | None] = {
    "not asked": None,
    "comes": replace(soa(), truncated=True, size=40),
    "none": SILENT,
    "900 octets": replace(soa(), size=900, transport="tcp"),
    "300 octets": replace(soa(), size=300, transport="tcp"),
}


@pytest.mark.parametrize(("usual", "small", "whole", "judgement"), rows(large_answers))
def test_the_documented_table_is_what_the_check_decides(
    usual: str, small: str, whole: str, judgement: str
) -> None:
    others = tuple(seen(one) for name in (small, whole) if (one := OTHERS[name]))
    answer = replace(USUAL[usual], others=others)

    (finding,) = large_answers.judge(Facts(zone=zone(server()), answers=((answer,),)))

    assert finding.code == judgement


def examined(tree: Tree) -> list[Finding]:
    facts = asyncio.run(large_answers.gather(tree.network(), brief()))
    return list(large_answers.judge(facts))


def large_over_udp(query: DnsQuery) -> bool:
    return query.transport == "udp" and query.rtype == "TXT" and query.udp_payload == 1232


LARGE = HEALTHY.departs(lambda reply: replace(reply, size=1000), rtype="TXT")


def test_what_gets_lost_for_its_size_is_found_and_named() -> None:
    (arrive, dropped) = sorted(
        examined(LARGE.departs(SILENT, TWO4, when=large_over_udp)), key=lambda f: f.code
    )

    assert (arrive.code, dropped.code) == ("large-answers-arrive", "large-answers-dropped")
    assert "1000 octets" in dropped.message
    assert "1 of 4 servers" in dropped.message
    assert TWO4 in dropped.message
    assert dropped.equivalents == ("dnsviz:PMTU_EXCEEDED",)


def test_a_dropped_type_is_not_called_a_matter_of_size() -> None:
    found = examined(LARGE.departs(SILENT, TWO4, rtype="TXT", transport="udp"))

    assert {f.code for f in found} == {"large-answers-arrive", "large-answers-not-seen"}


def test_a_zone_without_large_answers_is_not_judged() -> None:
    (finding,) = examined(HEALTHY)

    assert finding.code == "not-checked"
    assert APEX.rstrip(".") in finding.subject
