import pytest

from checks.dns import server_addresses
from checks.dns.server_addresses import Facts, Pointer, Scope, scope_of
from checks.facts.iterate import Resolution
from checks.facts.ns_names import ServerNames
from netdiag.model import Severity
from netdiag.network import ObservationId
from netdiag.special import Kind
from tests.doctable import rows
from tests.unit.dns.zones import NS1, NS2, record, server, zone

ADDRESSES = {
    "public": "22.50.0.53",
    "local use": "10.0.0.53",
    "documentation": "192.0.2.53",
    "reserved": "240.0.0.53",
}


def pointer(address: str, told: str, name: str = NS1) -> Pointer:
    data = {"the name server's": name, "another": "host.example."}.get(told)
    status = "no-answer" if told == "nobody answers" else "found" if data else "nxdomain"
    found = Resolution(
        name="x.in-addr.arpa.",
        rtype="PTR",
        status=status,  # type: ignore[arg-type]
        chain=("x.in-addr.arpa.",),
        records=(record("x.in-addr.arpa.", "PTR", data),) if data else (),
    )
    return Pointer(
        name=name,
        address=address,
        evidence=(ObservationId(1),),
        found=None if told == "not asked" else found,
    )


def facts(*pointers: Pointer, meant: Kind | None = None, full: bool = True) -> Facts:
    kinds = frozenset({meant}) if meant else frozenset[Kind]()
    names = ServerNames(zone=zone(server()))
    return Facts(names=names, pointers=pointers, meant=kinds, full=full)


def tags(told: Facts) -> set[str]:
    said = {name for f in server_addresses.judge(told) for name in f.equivalents}
    return {n.removeprefix("zonemaster:") for n in said if n.startswith("zonemaster:")}


@pytest.mark.parametrize(("address", "reverse", "judgement"), rows(server_addresses))
def test_the_documented_table_is_what_the_check_decides(
    address: str, reverse: str, judgement: str
) -> None:
    found = {f.code for f in server_addresses.judge(facts(pointer(ADDRESSES[address], reverse)))}

    assert found - {"server-addresses-public"} == {judgement}
    assert ("server-addresses-public" in found) == (address == "public")


@pytest.mark.parametrize(
    ("reverse", "said"),
    [
        ("the name server's", {"NAMESERVERS_IP_WITH_REVERSE", "NAMESERVER_IP_PTR_MATCH"}),
        ("another", {"NAMESERVERS_IP_WITH_REVERSE", "NAMESERVER_IP_PTR_MISMATCH"}),
        ("none", {"NAMESERVER_IP_WITHOUT_REVERSE"}),
        ("nobody answers", {"NO_RESPONSE_PTR_QUERY"}),
    ],
)
def test_a_public_address_has_exactly_these_tags(reverse: str, said: set[str]) -> None:
    assert tags(facts(pointer("22.50.0.53", reverse))) == said | {"A01_GLOBALLY_REACHABLE_ADDR"}


@pytest.mark.parametrize(
    ("address", "tag"),
    [
        ("10.0.0.53", "A01_LOCAL_USE_ADDR"),
        ("192.0.2.53", "A01_DOCUMENTATION_ADDR"),
        ("2001:db8::53", "A01_DOCUMENTATION_ADDR"),
        ("240.0.0.53", "A01_ADDR_NOT_GLOBALLY_REACHABLE"),
        ("127.0.0.1", "A01_LOCAL_USE_ADDR"),
        ("fe80::1", "A01_LOCAL_USE_ADDR"),
    ],
)
def test_an_address_that_is_not_public_has_exactly_these_tags(address: str, tag: str) -> None:
    public = pointer("22.50.0.53", "the name server's", NS2)

    alone = tags(facts(pointer(address, "not asked")))
    beside = tags(facts(pointer(address, "not asked"), public))

    assert beside == {tag, "A01_GLOBALLY_REACHABLE_ADDR"}
    assert alone == {tag, "A01_NO_GLOBALLY_REACHABLE_ADDR"}


def test_it_is_critical_only_where_no_server_has_a_public_address() -> None:
    public = pointer("22.50.0.53", "the name server's", NS2)
    private = pointer("10.0.0.53", "not asked")

    (alone,) = server_addresses.judge(facts(private))
    (beside,) = (
        f for f in server_addresses.judge(facts(private, public)) if f.outcome.value == "problem"
    )

    assert (alone.severity, beside.severity) == (Severity.CRITICAL, Severity.WARNING)


def test_in_a_private_network_its_own_kind_of_address_is_meant() -> None:
    inside, beside = pointer("10.0.0.53", "not asked"), pointer("127.0.0.53", "not asked")

    assert tags(facts(inside, meant=Kind.PRIVATE)) == set()
    assert "A01_LOCAL_USE_ADDR" in tags(facts(beside, meant=Kind.PRIVATE))


def test_reverse_names_are_a_matter_of_a_full_examination() -> None:
    (found,) = server_addresses.judge(facts(pointer("22.50.0.53", "not asked"), full=False))

    assert found.code == "server-addresses-public"


def test_scopes() -> None:
    told = {a: scope_of(a) for a in ("22.50.0.53", "2600::1", "fd00::1", "fe80::1", "224.0.0.1")}

    assert told == {
        "22.50.0.53": Scope.PUBLIC,
        "2600::1": Scope.PUBLIC,
        "fd00::1": Scope.LOCAL,
        "fe80::1": Scope.LOCAL,
        "224.0.0.1": Scope.RESERVED,
    }
