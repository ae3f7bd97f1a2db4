import pytest

from checks.dns import server_names
from checks.facts.iterate import ServerAddress
from checks.facts.zone import NameServerName
from netdiag.model import Severity
from netdiag.network import ObservationId
from tests.doctable import rows
from tests.unit.dns.zones import NS1, NS2, zone

NAMES = {"outside the zone": "ns1.dns-one.net.", "in the zone": NS1}
GLUE = {
    "the same": "22.50.0.53",
    "other addresses": "22.50.0.99",
    "some": "22.50.0.53",
    "more than these": "22.50.0.54",
}
LOOKED_UP = {
    "addresses": (("22.50.0.53",), True),
    "no such name": ((), True),
    "no address": ((), True),
    "nothing answers": ((), False),
    "one family only": (("22.50.0.53",), False),
}


def named(name: str, looked_up: str) -> NameServerName:
    addresses, certain = LOOKED_UP[looked_up]
    evidence = (ObservationId(3),)
    return NameServerName(name=name, addresses=addresses, certain=certain, evidence=evidence)


@pytest.mark.parametrize(("name", "glue", "looked_up", "judgement"), rows(server_names))
def test_the_documented_table_is_what_the_check_decides(
    name: str, glue: str, looked_up: str, judgement: str
) -> None:
    one = named(NAMES[name], looked_up)
    given = [ServerAddress(one.name, GLUE[glue])] if glue in GLUE else []
    given += [ServerAddress(one.name, "22.50.0.53")] if "more" in glue else []

    finding = server_names.judge_name(zone(names=[one], glue=given), one)

    assert finding.code == judgement


def test_addresses_of_a_family_that_cannot_be_used_here_are_not_compared() -> None:
    one = named(NS1, "addresses")
    glue = [ServerAddress(NS1, "22.50.0.53"), ServerAddress(NS1, "2e00:50::53")]

    assert server_names.judge_name(zone(names=[one], glue=glue), one).code == "server-name-resolves"


def test_a_name_without_address_is_critical_only_where_it_is_the_only_one() -> None:
    gone, there = named("ns9.dns-one.net.", "no such name"), named(NS2, "addresses")
    beside = server_names.judge_name(zone(names=[gone, there]), gone)
    alone = server_names.judge_name(zone(names=[gone]), gone)

    assert (beside.severity, alone.severity) == (Severity.WARNING, Severity.CRITICAL)


def test_a_server_that_only_the_other_family_reaches_is_not_without_address() -> None:
    one = NameServerName(
        name="ns1.dns-one.net.",
        addresses=("2e00:50::53",),
        certain=True,
        evidence=(ObservationId(3),),
    )

    assert server_names.judge_name(zone(names=[one]), one).code == "server-name-resolves"
