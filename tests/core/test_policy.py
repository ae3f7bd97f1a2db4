"""What the policy refuses to ask, whoever is asked."""

from __future__ import annotations

import dataclasses

import dns.exception
import dns.rdatatype
import pytest

from netdiag.destinations import proxy_endpoint
from netdiag.outcomes import FailureKind, Outcome, Proxies, SystemAddresses
from netdiag.policy import Policy, is_meta
from netdiag.requests import (
    DnsQuery,
    HttpRequest,
    ReadProxies,
    Request,
    SystemLookup,
    TcpConnect,
)

PUBLIC = "9.9.9.9"
OWNER = Policy(own="www.customer.example.")


def question(rtype: str, name: str = "customer.example.", transport: str = "tcp") -> DnsQuery:
    over = {"tcp": "tcp", "udp": "udp"}[transport]
    return DnsQuery(server=PUBLIC, name=name, rtype=rtype, transport=over)  # type: ignore[arg-type]


def is_refused(policy: Policy, query: DnsQuery) -> bool:
    refusal = policy.refusal(query)
    assert refusal is None or refusal.kind is FailureKind.POLICY
    return refusal is not None


def test_every_type_is_known_for_what_it_is_in_every_spelling() -> None:
    for number in range(1 << 16):
        kind = dns.rdatatype.RdataType.make(number)
        mnemonic = dns.rdatatype.to_text(kind)
        meta = number in {0, 41} or 128 <= number <= 255
        spellings = {mnemonic, mnemonic.lower(), f"TYPE{number}", f"type{number:05}"}
        assert {is_meta(text) for text in spellings} == {meta}, (number, spellings)


@pytest.mark.parametrize("rtype", ["ANY", "*", "IXFR", "MAILB", "TYPE255", "TYPE251", "TYPE252"])
def test_not_even_an_owner_may_ask_for_everything(rtype: str) -> None:
    assert is_refused(Policy(), question(rtype))
    assert is_refused(OWNER, question(rtype))


@pytest.mark.parametrize("size", [1233, 4096, 65535])
def test_nobody_is_asked_for_large_answers_over_udp(size: int) -> None:
    asked = dataclasses.replace(question("TXT", transport="udp"), udp_payload=size)

    assert is_refused(OWNER, asked)
    assert not is_refused(OWNER, dataclasses.replace(asked, udp_payload=1232))
    assert not is_refused(OWNER, dataclasses.replace(asked, udp_payload=None))


@pytest.mark.parametrize(
    ("code", "refused"), [(3, False), (9, False), (10, False), (100, False), (8, True), (15, True)]
)
def test_options_that_tell_of_a_user_are_not_sent(code: int, refused: bool) -> None:
    asked = dataclasses.replace(question("SOA", transport="udp"), edns_options=(10, code))

    assert is_refused(Policy(), asked) is refused


@pytest.mark.parametrize(
    ("name", "rtype", "refused"),
    [
        ("version.bind.", "TXT", False),
        ("version.server.", "TXT", False),
        ("hostname.bind.", "TXT", True),
        ("version.bind.", "AXFR", True),
    ],
)
def test_class_ch_is_asked_for_versions_alone(name: str, rtype: str, refused: bool) -> None:
    asked = dataclasses.replace(question(rtype, name), rclass="CH")

    assert is_refused(OWNER, asked) is refused


def test_a_transfer_needs_the_owners_word() -> None:
    assert is_refused(Policy(), question("AXFR"))
    assert not is_refused(OWNER, question("AXFR"))
    assert not is_refused(OWNER, question("AXFR", "www.customer.example."))


@pytest.mark.parametrize(
    "query",
    [
        question("AXFR", transport="udp"),
        question("AXFR", "."),
        question("AXFR", "other.example."),
        question("AXFR", "tomer.example."),
        question("AXFR", "a.www.customer.example."),
        question("axfr"),
    ],
)
def test_the_owners_word_is_good_for_the_own_zone_over_tcp_alone(query: DnsQuery) -> None:
    assert is_refused(OWNER, query)


def test_a_question_of_a_type_that_is_none_reaches_nobody() -> None:
    for text in ("ANY ", "TYPE252 ", "TYPE 252"):
        try:
            dns.rdatatype.from_text(text)
        except (dns.exception.DNSException, ValueError):
            continue
        assert is_meta(text)


def learnt(*told: tuple[Request, Outcome]) -> Policy:
    policy = Policy()
    for request, outcome in told:
        policy.learn(request, outcome)
    return policy


def test_whether_the_prescribed_proxy_accepts_may_be_tried_and_nothing_else_of_it() -> None:
    settings = Proxies(proxies=(("https", "http://10.0.0.8:3128"), ("no", "10.0.0.9:3128")))
    policy = learnt((ReadProxies(), settings))

    assert policy.refusal(TcpConnect(address="10.0.0.8", port=3128)) is None
    assert policy.refusal(TcpConnect(address="10.0.0.8", port=22))
    assert policy.refusal(TcpConnect(address="10.0.0.7", port=3128))
    assert policy.refusal(HttpRequest(address="10.0.0.8", port=3128, tls=False, host="x"))
    assert Policy().refusal(TcpConnect(address="10.0.0.8", port=3128))


def test_a_proxy_by_name_may_be_tried_where_that_name_leads() -> None:
    settings = Proxies(proxies=(("all", "http://proxy.office.example:8080/"),))
    found = SystemAddresses(addresses=("10.0.0.8",))
    lookup, other = SystemLookup(name="proxy.office.example"), SystemLookup(name="a.example")

    at = TcpConnect(address="10.0.0.8", port=8080)
    assert learnt((ReadProxies(), settings), (lookup, found)).refusal(at) is None
    assert learnt((ReadProxies(), settings), (other, found)).refusal(at)
    assert learnt((lookup, found)).refusal(at)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://proxy.example:3128", ("proxy.example", 3128)),
        ("proxy.example:3128/", ("proxy.example", 3128)),
        ("socks5://[2e00::1]:1080", ("2e00::1", 1080)),
        ("http://proxy.example", None),
        ("http://proxy.example:99999", None),
        ("http://[", None),
        ("localhost,.example", None),
        ("", None),
    ],
)
def test_a_proxy_is_where_its_url_says_and_nowhere_else(
    url: str, endpoint: tuple[str, int] | None
) -> None:
    assert proxy_endpoint(url) == endpoint
