import pytest

from checks.dns import published_addresses
from checks.dns.published_addresses import Facts
from checks.facts.iterate import Resolution
from netdiag.model import Severity
from netdiag.network import ObservationId
from netdiag.special import Kind
from tests.doctable import rows
from tests.unit.dns.zones import APEX, WWW, answer, record, server, zone

PUBLISHED = {
    "a public address": ("22.40.1.10",),
    "a private address": ("10.1.2.3",),
    "a loopback address": ("127.0.0.1",),
    "a link-local address": ("169.254.1.1",),
    "an address of a cloud's metadata": ("168.63.129.16",),
    "an address kept for documentation": ("192.0.2.7",),
    "an IPv6 address with a private one in it": ("64:ff9b::a01:203",),
    "a private address, in a private network": ("10.1.2.3",),
    "a private beside a public address": ("22.40.1.10", "192.168.1.1"),
    "an alias at the zone's apex": (),
    "nothing": (),
    "an alias of a public address": (),
    "an alias of a private address": (),
}


EDGE = "edge.delivery.net."


def resolved(*data: str) -> tuple[Resolution, ...]:
    records = tuple(record(EDGE, "A", d) for d in data)
    evidence = (ObservationId(9),)
    return (
        Resolution(
            name=WWW,
            rtype="A",
            status="found",
            chain=(WWW, EDGE),
            records=records,
            evidence=evidence,
        ),
    )


@pytest.mark.parametrize(("published", "judgement"), rows(published_addresses))
def test_the_documented_table_is_what_the_check_decides(published: str, judgement: str) -> None:
    alias, found = answer(EDGE, rtype="CNAME"), tuple[Resolution, ...]()
    if "apex" in published:
        zone_ = zone(server(a=answer(EDGE, name=APEX, rtype="CNAME")), name=APEX)
    elif "alias" in published:
        zone_ = zone(server(a=alias, aaaa=alias))
        found = resolved("10.1.2.3" if "private" in published else "22.40.1.10")
    else:
        zone_ = zone(server(a=answer(*PUBLISHED[published])))

    meant = frozenset({Kind.PRIVATE}) if "in a private network" in published else frozenset[Kind]()
    facts = Facts(zone=zone_, found=found, meant=meant)

    assert [f.code for f in published_addresses.judge(facts)] == [judgement]


def test_a_private_address_beside_a_public_one_is_a_warning() -> None:
    pages = (("10.1.2.3",), ("10.1.2.3", "22.40.1.10"))
    alone, beside = (
        next(iter(published_addresses.judge(Facts(zone=zone(server(a=answer(*data)))))))
        for data in pages
    )

    assert (alone.severity, beside.severity) == (Severity.CRITICAL, Severity.WARNING)
    assert WWW.rstrip(".") in alone.message


def test_the_alias_that_leads_to_a_private_address_is_named() -> None:
    alias = answer(EDGE, rtype="CNAME")
    facts = Facts(zone=zone(server(a=alias, aaaa=alias)), found=resolved("10.1.2.3"))

    (finding,) = published_addresses.judge(facts)

    assert EDGE.rstrip(".") in finding.message
    assert finding.evidence == (9,)
