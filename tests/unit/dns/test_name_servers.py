from dataclasses import replace

import pytest

from checks.dns import name_servers
from netdiag.model import Outcome, Severity
from netdiag.outcomes import DnsReply, Failed, FailureKind
from netdiag.outcomes import Outcome as Reply
from tests.doctable import rows
from tests.unit.dns.zones import CUT_OFF, REFUSED, SERVER2, SILENT, record, server, soa, zone

UPWARD = DnsReply(authority=(record(".", "NS", "a.root-servers.net."),))
REPLIES: dict[str, Reply] = {
    "authoritative SOA": soa(),
    "REFUSED": REFUSED,
    "SERVFAIL": DnsReply(rcode="SERVFAIL"),
    "referral upwards": UPWARD,
    "SOA without authority": soa(authoritative=False),
    "authoritative, no SOA": DnsReply(authoritative=True),
    "none, UDP and TCP silent": SILENT,
    "none, port unreachable": Failed(kind=FailureKind.REFUSED),
    "none, for a reason of ours": CUT_OFF,
    "none, nor from anybody else": SILENT,
}
OTHERS: dict[str, Reply] = {"any": soa(), "one answers": soa(), "none answers": SILENT}


@pytest.mark.parametrize(("reply", "others", "judgement"), rows(name_servers))
def test_the_documented_table_is_what_the_check_decides(
    reply: str, others: str, judgement: str
) -> None:
    mine = server(udp=REPLIES[reply])
    other = server(SERVER2, udp=OTHERS[others])

    around = zone(mine, other)
    if "anybody else" in reply:
        around = replace(around, unheard=(4,))

    kind, _ = name_servers.judged(around, mine)

    assert kind.code == judgement


def test_a_lame_server_is_critical_only_where_no_other_one_serves() -> None:
    lame = server(udp=REFUSED)
    (alone,) = name_servers.judge(zone(lame))
    beside = name_servers.judge(zone(lame, server(SERVER2)))

    assert alone.severity is Severity.CRITICAL
    assert [f.severity for f in beside if f.outcome is Outcome.PROBLEM] == [Severity.WARNING]


def test_servers_that_do_the_same_are_said_together() -> None:
    lame = (server(udp=REFUSED), server(SERVER2, udp=REFUSED))
    (finding,) = name_servers.judge(zone(*lame))

    assert all(str(one.server) in finding.message for one in lame)
    assert {one.soa.id for one in lame} <= set(finding.evidence)


def test_an_answer_over_tcp_is_an_answer() -> None:
    over_tcp = server(udp=SILENT, tcp=soa())

    (finding,) = name_servers.judge(zone(over_tcp))

    assert finding.code == "server-serves"


def test_a_zone_without_delegation_is_not_checked() -> None:
    bare = zone(delegated=(), glue=())

    (finding,) = name_servers.judge(bare)

    assert finding.outcome is Outcome.SKIPPED


def test_blame_for_silence_cites_who_did_answer() -> None:
    silent, other = server(udp=SILENT), server(SERVER2)
    found = name_servers.judge(zone(silent, other))
    (alone,) = name_servers.judge(zone(silent))

    (beside,) = (f for f in found if f.outcome is Outcome.PROBLEM)
    assert other.soa.id in beside.evidence
    assert set(zone().way.cuts[-1].evidence) <= set(alone.evidence)
