import pytest

from checks.dns import unserved_zone
from netdiag.outcomes import DnsReply, Failed, FailureKind
from tests.doctable import rows
from tests.world.tree import HEALTHY, SILENT, Tree, altered
from tests.world.zonemaster.scenario import brief
from tests.world.zonemaster.zone import SERVERS

TREES: dict[tuple[str, str], Tree] = {
    ("served by nobody", "one gives an address"): HEALTHY.departs(
        altered(authoritative=False), *SERVERS
    ),
    ("served by nobody", "none gives an address"): HEALTHY.departs(
        DnsReply(rcode="REFUSED"), *SERVERS
    ),
    ("served by nobody", "none answers"): HEALTHY.departs(SILENT, *SERVERS),
    ("served", "not asked"): HEALTHY,
}


@pytest.mark.parametrize(("zone", "servers", "judgement"), rows(unserved_zone))
def test_the_documented_table_is_what_the_check_decides(
    zone: str, servers: str, judgement: str
) -> None:
    found = TREES[zone, servers].findings(unserved_zone.CHECK, brief())

    assert [f.code for f in found] == [judgement]


def test_failures_of_ours_are_nobody_s_silence() -> None:
    ours = HEALTHY.departs(Failed(kind=FailureKind.DEADLINE), *SERVERS)

    (found,) = ours.findings(unserved_zone.CHECK, brief())

    assert found.equivalents == ()
    assert "answers at all" not in found.message
