import pytest

from checks.dns import consistency
from tests.doctable import rows
from tests.unit.dns.zones import SERVER2, SILENT, answer, server, soa, zone


@pytest.mark.parametrize(("serials", "addresses", "judgements"), rows(consistency))
def test_the_documented_table_is_what_the_check_decides(
    serials: str, addresses: str, judgements: str
) -> None:
    other = server(
        SERVER2,
        udp=soa(8 if serials == "differ" else 7),
        a=answer("22.40.1.11" if addresses == "differ" else "22.40.1.10"),
    )
    servers = (server(),) if serials == "one only" else (server(), other)

    found = consistency.judge(zone(*servers))

    assert ", ".join(finding.code for finding in found) == judgements


def test_the_order_of_addresses_does_not_matter() -> None:
    one = server(a=answer("22.40.1.10", "22.40.1.11"))
    other = server(SERVER2, a=answer("22.40.1.11", "22.40.1.10"))

    assert [f.code for f in consistency.judge(zone(one, other))] == ["servers-agree"]


def test_an_answer_that_did_not_come_is_no_difference() -> None:
    other = server(SERVER2, a=SILENT)

    assert [f.code for f in consistency.judge(zone(server(), other))] == ["servers-agree"]
