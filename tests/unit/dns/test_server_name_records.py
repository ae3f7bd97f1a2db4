import pytest

from checks.dns import server_name_records
from netdiag.model import Outcome
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.world.tree import APEX, HEALTHY, NS2, PARENT, SILENT, TWO4, TWO6, Tree
from tests.world.zonemaster.scenario import brief

SECOND = (TWO4, TWO6)
TREES: dict[str, Tree] = {
    "an address": HEALTHY,
    "no address of this type": HEALTHY.without(PARENT, NS2, "A").without(APEX, NS2, "A"),
    "no such name": HEALTHY.without(APEX, NS2, at=SECOND),
    "an error": HEALTHY.departs(DnsReply(rcode="SERVFAIL"), *SECOND, name=NS2),
    "none": HEALTHY.departs(SILENT, *SECOND, name=NS2),
}


@pytest.mark.parametrize(("answer", "judgement"), rows(server_name_records))
def test_the_documented_table_is_what_the_check_decides(answer: str, judgement: str) -> None:
    found = {f.code for f in TREES[answer].findings(server_name_records.CHECK, brief())}

    assert judgement in found
    assert found <= {judgement, "server-name-records-given"}


def test_each_error_is_told_with_the_name_and_who_gives_it() -> None:
    found = TREES["no such name"].findings(server_name_records.CHECK, brief())

    (problem,) = (f for f in found if f.outcome is Outcome.PROBLEM)
    assert "ns2.child.xa" in problem.message
    assert f"ns2.child.xa [{TWO4}], ns2.child.xa [{TWO6}] answer NXDOMAIN" in problem.message


def test_names_outside_the_zone_are_not_asked_for() -> None:
    outside = f"{APEX} NS ns1.xb."
    tree = HEALTHY.put(PARENT, outside).put(APEX, outside)

    (found,) = tree.findings(server_name_records.CHECK, brief())

    assert found.outcome is Outcome.SKIPPED
