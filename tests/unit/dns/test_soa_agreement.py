from dataclasses import replace

import pytest

from checks.dns import soa_agreement
from netdiag.outcomes import DnsReply
from tests.doctable import rows
from tests.unit.dns.zones import APEX, NS1, SERVER1, SERVER2, SILENT, record, server, soa, zone


def reply(mname: str = NS1, contact: str = f"hostmaster.{APEX}", times: str = "7200") -> DnsReply:
    return DnsReply(
        authoritative=True,
        answer=(record(APEX, "SOA", f"{mname} {contact} 7 {times} 3600 1209600 300"),),
    )


@pytest.mark.parametrize(
    ("count", "primary", "contact", "timers", "judgements"), rows(soa_agreement)
)
def test_the_documented_table_is_what_the_check_decides(
    count: str, primary: str, contact: str, timers: str, judgements: str
) -> None:
    other = reply(
        mname=NS1 if primary == "equal" else "other.example.",
        contact=f"hostmaster.{APEX}" if contact == "equal" else "someone.example.",
        times="7200" if timers == "equal" else "900",
    )
    if count == "several at one":
        other = replace(other, answer=other.answer * 2)
    found = soa_agreement.judge(zone(server(udp=reply()), server(SERVER2, udp=other)))

    assert ", ".join(f.code for f in found) == judgements


def test_all_equal_fields_are_named_with_their_tags() -> None:
    (found,) = soa_agreement.judge(zone(server(), server(SERVER2)))

    assert set(found.equivalents) == set(found.known_as)


def test_another_serial_is_not_said_to_be_one() -> None:
    (found,) = soa_agreement.judge(zone(server(udp=soa(7)), server(SERVER2, udp=soa(8))))

    assert "zonemaster:ONE_SOA_SERIAL" not in found.equivalents
    assert "zonemaster:ONE_SOA_MNAME" in found.equivalents


def test_a_silent_server_makes_nothing_differ() -> None:
    found = list(soa_agreement.judge(zone(server(), server(SERVER2, udp=SILENT))))

    assert [f.code for f in found] == ["soa-agrees"]
    assert "1 of its servers" in found[0].message
    assert "zonemaster:ONE_SOA" not in found[0].equivalents


def test_the_contact_differs_in_more_than_case() -> None:
    loud = reply(contact=f"HostMaster.{APEX}")

    found = soa_agreement.judge(zone(server(SERVER1, udp=reply()), server(SERVER2, udp=loud)))

    assert [f.code for f in found] == ["soa-agrees"]
