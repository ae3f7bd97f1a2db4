import re

import pytest

from checks.dns import soa_timers
from checks.facts.soa import read
from netdiag.model import Severity
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.dns.zones import APEX, NS1, SERVER2, SILENT, record, server, zone

GOOD = {"refresh": 28_800, "retry": 7_200, "expire": 1_209_600, "minimum": 3_600}


def reply(serial: int = 7, **times: int) -> DnsReply:
    told = GOOD | times
    data = f"{NS1} hostmaster.{APEX} {serial} {' '.join(str(told[name]) for name in GOOD)}"
    return DnsReply(authoritative=True, answer=(record(APEX, "SOA", data),))


def _beyond(rule: str) -> dict[str, int]:
    """Times on the wrong side of a documented rule, by one second."""
    match re.fullmatch(r"(\w+) (at least|at most|shorter than) (\w+)", rule):
        case re.Match() as told:
            field, how, limit = told.groups()
        case None:
            raise AssertionError(rule)
    number = int(limit) if limit.isdecimal() else GOOD[limit]
    return {field: number + {"at least": -1, "at most": 1, "shorter than": 0}[how]}


@pytest.mark.parametrize(("rule", "broken", "judgement"), rows(soa_timers))
def test_the_documented_table_is_what_the_check_decides(
    rule: str, broken: str, judgement: str
) -> None:
    found = list(soa_timers.judge(zone(server(udp=reply(**_beyond(rule))))))

    problems = {tag for f in found if f.code == judgement for tag in f.equivalents}
    fine = {tag for f in found if f.code == "soa-timers-fine" for tag in f.equivalents}
    assert f"zonemaster:{broken}" in problems
    assert not fine & {f"zonemaster:{r.kept}" for r in soa_timers.RULES if r.broken == broken}
    assert {r.broken for r in soa_timers.RULES if r.words == rule} == {broken}


def test_usual_times_are_fine_with_every_tag() -> None:
    (found,) = soa_timers.judge(zone(server(udp=reply())))

    assert set(found.equivalents) == set(found.known_as)


def test_a_zone_that_expires_before_it_is_refreshed_is_more_than_a_notice() -> None:
    found = soa_timers.judge(zone(server(udp=reply(expire=100))))

    levels = {f.equivalents[0]: f.severity for f in found if f.code == "soa-timer-unusual"}
    assert levels["zonemaster:EXPIRE_LOWER_THAN_REFRESH"] is Severity.WARNING
    assert levels["zonemaster:EXPIRE_MINIMUM_VALUE_LOWER"] is Severity.NOTICE


def test_the_newest_record_is_judged_across_the_turn_of_the_serial() -> None:
    old, new = reply(2**32 - 1, refresh=60), reply(1)

    found = soa_timers.judge(zone(server(udp=old), server(SERVER2, udp=new)))

    assert [f.code for f in found] == ["soa-timers-fine"]


def test_silence_is_no_unusual_time() -> None:
    assert [f.code for f in soa_timers.judge(zone(server(udp=SILENT)))] == ["not-checked"]


@pytest.mark.parametrize(
    "data", ["", "a. b. 1 2 3 4", "a. b. 1 2 3 4 x", "a. b. 1 2 3 4 -5", f"a. b. {2**32} 2 3 4 5"]
)
def test_what_is_no_record_is_not_read(data: str) -> None:
    assert read(data) is None
