"""Registration data as registries and others may send it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdiag.outcomes import Failed, FailureKind, RdapReply
from netdiag.wire import rdap

DOMAIN: dict[str, Any] = {
    "objectClassName": "domain",
    "ldhName": "customer.example",
    "status": ["Client Hold", 7, "active"],
    "events": [{"eventAction": "expiration", "eventDate": "2027-01-01T00:00:00Z"}, "x", {}],
    "entities": [
        {"roles": ["technical"]},
        {"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Regi\x1b[2Jstrar"]]]},
    ],
    "nameservers": [{"ldhName": "NS1.Customer.Example"}, {}],
    "secureDNS": {"delegationSigned": True},
}
LIST = {
    "services": [
        [["example", "net"], ["https://one.example/"]],
        [["co.example"], ["https://two.example/", "http://two.example/"]],
        "nonsense",
        [["x"]],
    ]
}


def decoded(tree: object, about: str = "customer.example.") -> RdapReply | Failed:
    return rdap.decode(json.dumps(tree).encode(), about)


def test_a_domain_is_read() -> None:
    assert decoded(DOMAIN) == RdapReply(
        status=200,
        states=("client hold", "active"),
        events=(("expiration", "2027-01-01T00:00:00Z"),),
        registrar="Regi\\x1b[2Jstrar",
        name_servers=("ns1.customer.example",),
        signed=True,
    )


@pytest.mark.parametrize("name", ["other.example", "", None, 7, ["customer.example"]])
def test_another_domain_is_not_believed(name: object) -> None:
    assert decoded(DOMAIN | {"ldhName": name}) == Failed(
        kind=FailureKind.MALFORMED, detail="the answer is about another domain"
    )


@pytest.mark.parametrize("name", ["CUSTOMER.example", "customer.example."])
def test_the_domain_may_be_written_otherwise(name: str) -> None:
    assert isinstance(decoded(DOMAIN | {"ldhName": name}), RdapReply)


@pytest.mark.parametrize(
    ("about", "servers"),
    [
        ("customer.example.", ("https://one.example/",)),
        ("shop.co.example.", ("https://two.example/", "http://two.example/")),
        ("customer.org.", ()),
    ],
)
def test_the_longest_zone_of_the_list_counts(about: str, servers: tuple[str, ...]) -> None:
    assert decoded(LIST, about) == RdapReply(status=200, servers=servers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'"domain"',
        b"\xff\xfe",
        b'{"objectClassName": "entity"}',
        b"[" * 100000,
        b'{"a":' * 100000,
    ],
)
def test_what_is_no_answer_is_malformed(body: bytes) -> None:
    found = rdap.decode(body, "customer.example.")

    assert isinstance(found, Failed)
    assert found.kind is FailureKind.MALFORMED


def test_no_more_is_kept_than_a_domain_has() -> None:
    huge = DOMAIN | {"status": ["x" * 1000] * 1000}
    found = decoded(huge)

    assert isinstance(found, RdapReply)
    assert len(found.states) <= rdap.MOST_ITEMS
    assert all(len(state) <= 300 for state in found.states)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(sorted(DOMAIN)), inner),
)


@given(st.dictionaries(st.sampled_from(["services", *DOMAIN]), JSON))
def test_any_object_is_survived(tree: dict[str, Any]) -> None:
    decoded(tree)
    decoded(DOMAIN | tree)
    decoded(tree | {"objectClassName": "domain"})


@given(st.binary())
def test_any_octets_are_survived(body: bytes) -> None:
    rdap.decode(body, "customer.example.")
