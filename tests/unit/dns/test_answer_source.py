from dataclasses import replace

import pytest

from checks.dns import answer_source
from checks.facts.zone import ZoneServer
from netdiag.outcomes import Outcome
from tests.doctable import rows
from tests.unit.dns.zones import SERVER2, SILENT, seen, server, soa, zone

ELSEWHERE = replace(soa(), source="22.52.0.53")
SECOND: dict[str, Outcome | None] = {
    "not asked": None,
    "answer of another address": ELSEWHERE,
    "answer of the asked address": soa(),
    "nothing": SILENT,
}


def one(second: Outcome | None, first: Outcome = SILENT) -> ZoneServer:
    stray = second is ELSEWHERE
    found = server(SERVER2, udp=first, plain=None if stray else second, tcp=soa())
    return replace(found, stray=seen(ELSEWHERE) if stray else None)


@pytest.mark.parametrize(("first", "second", "judgement"), rows(answer_source))
def test_the_documented_table_is_what_the_check_decides(
    first: str, second: str, judgement: str
) -> None:
    found = one(SECOND[second], soa() if first == "answered" else SILENT)

    (finding,) = answer_source.judge(zone(found))

    assert finding.code == judgement


@pytest.mark.parametrize(("others", "severity"), [(True, "warning"), (False, "critical")])
def test_a_zone_with_no_right_answer_at_all_is_out_of_reach(others: bool, severity: str) -> None:
    servers = (server(), one(ELSEWHERE)) if others else (one(ELSEWHERE),)

    found = {f.code: f for f in answer_source.judge(zone(*servers))}

    wrong = found["answers-from-elsewhere"]
    assert wrong.severity.value == severity
    assert f"{SERVER2} from 22.52.0.53" in wrong.message
    assert {n for f in found.values() for n in f.equivalents} == {"zonemaster:DIFFERENT_SOURCE_IP"}
