import pytest

from checks.dns import server_count
from checks.facts.ns_names import ServerName, ServerNames
from netdiag.model import Finding, Severity
from tests.doctable import rows
from tests.unit.dns.zones import NS1, NS2, server, zone

BOTH = (("22.50.0.53", "2e00:50::53"), ("22.51.0.53", "2e00:51::53"))
NOT_LOOKED_UP = "another not looked up"


def named(
    *addresses: tuple[str, ...], certain: bool = True, alias: str = "", own: bool = True
) -> ServerNames:
    names = tuple(
        ServerName(
            name=name,
            delegated=True,
            own=own,
            found=has,
            glue=has if certain else (),
            certain=certain,
            alias=alias,
        )
        for name, has in zip((NS1, NS2, "ns3.customer.example."), addresses, strict=False)
    )
    return ServerNames(zone=zone(server()), names=names, told=own)


def counted(what: str, count: str) -> ServerNames:
    family = "." if "IPv4" in what else ":"
    lone = tuple(tuple(a for a in one if family not in a) for one in BOTH)
    match what, count:
        case "names", "one":
            return named(BOTH[0])
        case "names with the same address", _:
            return named(BOTH[0], BOTH[0])
        case "names that are aliases", _:
            return named(*BOTH, alias="other.example")
        case _, "one":
            return named(BOTH[0], lone[1])
        case _, "none":
            return named(*lone)
        case _, text if NOT_LOOKED_UP in text:
            return named(BOTH[0], lone[1], certain=False)
        case _:
            return named(*BOTH)


def about(what: str, found: list[Finding]) -> set[str]:
    """The codes of what is counted, or of what the names share."""
    family = 4 if "IPv4" in what else 6 if "IPv6" in what else 0
    if "same" in what or "alias" in what:
        return {f.code for f in found if not hasattr(f, "family")}
    return {f.code for f in found if getattr(f, "family", None) == family}


@pytest.mark.parametrize(("what", "count", "judgement"), rows(server_count))
def test_the_documented_table_is_what_the_check_decides(
    what: str, count: str, judgement: str
) -> None:
    said = about(what, list(server_count.judge(counted(what, count))))

    assert judgement in said
    assert said <= {judgement, "name-servers-apart"}


def tags(facts: ServerNames) -> set[str]:
    said = {name for f in server_count.judge(facts) for name in f.equivalents}
    return {name.removeprefix("zonemaster:") for name in said}


FINE = {
    *(f"ENOUGH{f}_NS_{s}" for f in ("", "_IPV4", "_IPV6") for s in ("DEL", "CHILD")),
    *("CAN_BE_RESOLVED", "NO_NS_CNAME", "DISTINCT_IP_ADDRESS"),
    *("DEL_DISTINCT_NS_IP", "CHILD_DISTINCT_NS_IP"),
}


def test_two_servers_with_both_families_have_exactly_these_tags() -> None:
    assert tags(named(*BOTH)) == FINE


def test_no_ipv6_at_all_is_a_notice_with_its_own_tag() -> None:
    facts = named(("22.50.0.53",), ("22.51.0.53",))

    found = [f for f in server_count.judge(facts) if f.code == "too-few-name-servers"]

    assert {f.severity for f in found} == {Severity.NOTICE}
    gone = {"ENOUGH_IPV6_NS_DEL", "ENOUGH_IPV6_NS_CHILD"}
    assert tags(facts) == FINE - gone | {"NO_IPV6_NS_DEL", "NO_IPV6_NS_CHILD"}


def test_a_shared_address_is_said_of_both_lists() -> None:
    distinct = {"DEL_DISTINCT_NS_IP", "CHILD_DISTINCT_NS_IP", "DISTINCT_IP_ADDRESS"}
    same = {"DEL_NS_SAME_IP", "CHILD_NS_SAME_IP", "SAME_IP_ADDRESS"}

    assert tags(named(BOTH[0], BOTH[0])) == FINE - distinct | same


def test_what_no_server_told_is_not_counted_as_none() -> None:
    found = list(server_count.judge(named(*BOTH, own=False)))

    own = {f.code for f in found if getattr(f, "side", "") == "CHILD"}
    assert own == {"server-count-not-seen"}


@pytest.mark.parametrize("addresses", [((), ()), (BOTH[0], ()), (("22.50.0.53",), BOTH[1])])
def test_an_unfinished_look_up_never_makes_too_few(addresses: tuple[tuple[str, ...], ...]) -> None:
    found = list(server_count.judge(named(*addresses, certain=False)))

    assert "too-few-name-servers" not in {f.code for f in found}
    assert "server-count-not-seen" in {f.code for f in found}
    assert "CAN_BE_RESOLVED" not in tags(named(*addresses, certain=False))
