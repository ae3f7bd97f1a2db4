import pytest

from checks.dns import spf_records
from netdiag.model import Outcome
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.world.tree import APEX, HEALTHY, ONE4, ONE6, SILENT, TWO4, TWO6, Tree
from tests.world.zonemaster.scenario import brief
from tests.world.zonemaster.zone import SECOND, SERVERS, policy

TREES: dict[str, Tree] = {
    "the same record": HEALTHY,
    "no record, all of them": HEALTHY.without(APEX, APEX, "TXT"),
    "different records": policy("v=spf1 -all", at=SECOND),
    "a record at one, none at another": HEALTHY.without(APEX, APEX, "TXT", at=SECOND),
    "no usable answer, any of them": HEALTHY.departs(
        DnsReply(rcode="SERVFAIL"), *SERVERS, rtype="TXT"
    ),
}


@pytest.mark.parametrize(("given", "judgement"), rows(spf_records))
def test_the_documented_table_is_what_the_check_decides(given: str, judgement: str) -> None:
    assert [f.code for f in TREES[given].findings(spf_records.CHECK, brief())] == [judgement]


def test_each_record_is_told_with_the_servers_that_give_it() -> None:
    (found,) = TREES["different records"].findings(spf_records.CHECK, brief())

    assert f"v=spf1 -all at ns2.child.xa [{TWO4}], ns2.child.xa [{TWO6}]" in found.message
    assert f"v=spf1 mx -all at ns1.child.xa [{ONE4}], ns1.child.xa [{ONE6}]" in found.message


def test_a_server_that_leaves_the_question_has_no_other_record() -> None:
    (found,) = HEALTHY.departs(SILENT, *SECOND, rtype="TXT").findings(spf_records.CHECK, brief())

    assert found.outcome is Outcome.OK
    assert found.message.startswith("2 servers")


def test_the_strings_of_a_record_are_one() -> None:
    split = HEALTHY.put(APEX, f'{APEX} TXT "v=spf1 " "mx -all"', at=SECOND)

    (found,) = split.findings(spf_records.CHECK, brief())

    assert found.code == "spf-records-agree"
