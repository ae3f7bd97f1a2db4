import pytest

from checks.dns import published_addresses
from netdiag.model import Severity
from tests.doctable import rows
from tests.unit.dns.zones import APEX, WWW, answer, server, zone

PUBLISHED = {
    "a public address": ("22.40.1.10",),
    "a private address": ("10.1.2.3",),
    "a loopback address": ("127.0.0.1",),
    "a link-local address": ("169.254.1.1",),
    "a private beside a public address": ("22.40.1.10", "192.168.1.1"),
    "an alias at the zone's apex": (),
    "nothing": (),
}


@pytest.mark.parametrize(("published", "judgement"), rows(published_addresses))
def test_the_documented_table_is_what_the_check_decides(published: str, judgement: str) -> None:
    if "alias" in published:
        alias = answer("edge.delivery.net.", name=APEX, rtype="CNAME")
        zone_ = zone(server(a=alias), name=APEX)
    else:
        zone_ = zone(server(a=answer(*PUBLISHED[published])))

    assert [f.code for f in published_addresses.judge(zone_)] == [judgement]


def test_a_private_address_beside_a_public_one_is_a_warning() -> None:
    (alone,) = published_addresses.judge(zone(server(a=answer("10.1.2.3"))))
    (beside,) = published_addresses.judge(zone(server(a=answer("10.1.2.3", "22.40.1.10"))))

    assert (alone.severity, beside.severity) == (Severity.CRITICAL, Severity.WARNING)
    assert WWW.rstrip(".") in alone.message
