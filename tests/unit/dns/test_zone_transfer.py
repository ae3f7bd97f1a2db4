import pytest

from checks.dns import zone_transfer
from checks.dns.zone_transfer import Facts
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome
from tests.doctable import rows
from tests.unit.dns.zones import (
    APEX,
    CUT_OFF,
    NS1,
    SERVER1,
    SERVER2,
    SILENT,
    record,
    seen,
    server,
    soa,
    zone,
)

BEGINS = DnsReply(
    authoritative=True, answer=(record(APEX, "SOA", "x y 1 2 3 4 5"), record(APEX, "NS", NS1))
)
TRANSFERS: dict[str, tuple[Outcome, ...]] = {
    "begins: SOA, then another record": (BEGINS,),
    "refused with an error": (DnsReply(rcode="REFUSED"), DnsReply(rcode="NOTAUTH")),
    "failed with SERVFAIL": (DnsReply(rcode="SERVFAIL"),),
    "answered without any record": (DnsReply(),),
    "connection closed or reset instead": (
        Failed(kind=FailureKind.CLOSED_EARLY),
        Failed(kind=FailureKind.RESET),
    ),
    "breaks off after the SOA": (soa(),),
    "no answer": (SILENT,),
    "cut off by this run": (CUT_OFF, Failed(kind=FailureKind.POLICY)),
}
CASES = [
    (outcome, control, judgement)
    for transfer, control, judgement in rows(zone_transfer)
    for outcome in TRANSFERS[transfer]
]


@pytest.mark.parametrize(("outcome", "control", "judgement"), CASES)
def test_the_documented_table_is_what_the_check_decides(
    outcome: Outcome, control: str, judgement: str
) -> None:
    tcp = SILENT if control == "not answered" else soa()
    facts = Facts(name=APEX, zone=zone(server(tcp=tcp)), transfers=(seen(outcome, rtype="AXFR"),))

    (found,) = zone_transfer.judge(facts)

    assert found.code == judgement
    assert len(found.evidence) == 2


def test_without_the_owners_word_it_says_how_to_give_it() -> None:
    (found,) = zone_transfer.judge(Facts(name=APEX))

    assert found.code == "not-checked"
    assert "--i-own-this-zone" in found.message


def test_one_open_server_of_two_is_named_alone() -> None:
    both = zone(server(SERVER1), server(SERVER2))
    transfers = (seen(BEGINS), seen(DnsReply(rcode="REFUSED")))

    opened, refused = zone_transfer.judge(Facts(name=APEX, zone=both, transfers=transfers))

    assert "1 of 2 servers" in opened.message
    assert str(SERVER1) in opened.message
    assert str(SERVER2) not in opened.message
    assert opened.equivalents == ("zonemaster:AXFR_AVAILABLE",)
    assert refused.equivalents == ("zonemaster:AXFR_FAILURE",)
