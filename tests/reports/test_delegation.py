"""The delegation drawn as a tree."""

import pytest

from netdiag.network import Attempt, Observation, ObservationId
from netdiag.outcomes import DnsReply, Failed, FailureKind, Outcome, ResourceRecord
from netdiag.record import Record
from netdiag.requests import DnsQuery
from reports import delegation
from tests.reports import sample

NAME = "www.customer.example."
ZONE = "customer.example."


def rr(name: str, rtype: str, data: str) -> ResourceRecord:
    return ResourceRecord(name=name, ttl=60, rtype=rtype, data=data)


def seen(number: int, query: DnsQuery, outcome: Outcome) -> Observation:
    return Observation(
        id=ObservationId(number),
        request=query,
        outcome=outcome,
        started=0.0,
        elapsed=0.1,
        completed=number,
        attempts=(Attempt(how="udp", result="ok", elapsed=0.1, packets=1, octets=60),),
    )


def record(*observations: Observation) -> Record:
    from dataclasses import replace

    from netdiag.target import parse

    base = sample.SAMPLES["healthy"]()
    return replace(base, target=parse("www.customer.example"), transcript=observations)


REFERRAL = DnsReply(
    authority=(rr(ZONE, "NS", "ns1.customer.example."), rr(ZONE, "NS", "ns2.\x1b[2J.example.")),
    additional=(rr("ns1.customer.example.", "A", "192.0.2.53"),),
    rtt=0.012,
)
SOA = DnsReply(
    authoritative=True, answer=(rr(ZONE, "SOA", "ns1. h. 2026 7200 3600 1209600 300"),), rtt=0.02
)
DOWN = seen(1, DnsQuery(server="192.0.2.1", name=NAME, rtype="A"), REFERRAL)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("trust-secure", "secure"),
        ("trust-insecure", "insecure"),
        ("trust-broken", "bogus"),
        ("trust-not-determined", "indeterminate"),
    ],
)
def test_the_chain_of_trust_is_shown_at_each_zone(code: str, state: str) -> None:
    from dataclasses import replace

    found = tuple(
        sample.finding(number, code, subject=subject)
        for number, (code, subject) in enumerate(
            [("trust-secure", "the root"), (code, "customer.example")]
        )
    )

    text = delegation.render(replace(record(DOWN), findings=found), width=100)

    assert text.splitlines()[0] == ". (secure)"
    assert f"customer.example ({state})" in text


def test_all_below_a_broken_link_shares_its_state() -> None:
    from dataclasses import replace

    found = (
        sample.finding(1, "trust-secure", subject="the root"),
        sample.finding(2, "trust-broken", subject="example"),
    )

    text = delegation.render(replace(record(DOWN), findings=found), width=100)

    assert "customer.example (bogus)" in text


def test_a_delegation_shows_who_told_it_and_its_servers() -> None:
    told = record(
        DOWN,
        seen(2, DnsQuery(server="192.0.2.53", name=ZONE, rtype="SOA"), SOA),
        seen(
            3,
            DnsQuery(server="192.0.2.53", name=ZONE, rtype="SOA", transport="tcp"),
            Failed(kind=FailureKind.TIMEOUT),
        ),
    )

    text = delegation.render(told, width=100)

    assert "customer.example" in text
    assert "told by 192.0.2.1 in 12.0 ms, 1 address with it" in text
    row = next(line for line in text.splitlines() if "192.0.2.53" in line)
    assert row.split() == ["ns1.customer.example", "192.0.2.53", "2026", "20.0", "ms", "timeout"]


def test_nothing_is_drawn_where_nothing_was_seen() -> None:
    assert delegation.render(record()) == ""


@pytest.mark.parametrize("ascii_only", [False, True])
def test_text_of_the_network_stays_text(ascii_only: bool) -> None:
    text = delegation.render(record(DOWN), ascii_only=ascii_only)

    assert "\x1b" not in text
    assert not ascii_only or text.isascii()


@pytest.mark.parametrize("name", list(sample.SAMPLES))
def test_every_record_can_be_drawn(name: str) -> None:
    assert "\x1b" not in delegation.render(sample.SAMPLES[name]())


def test_a_server_is_shown_by_the_usual_question_whatever_an_unusual_one_gets() -> None:
    usual = DnsQuery(server="192.0.2.53", name=ZONE, rtype="SOA")
    odd = DnsQuery(server="192.0.2.53", name=ZONE, rtype="SOA", edns_version=1)
    lost = Failed(kind=FailureKind.TIMEOUT)

    text = delegation.render(record(DOWN, seen(2, usual, SOA), seen(3, odd, lost)), width=100)

    assert "20.0 ms" in text
    assert "timeout" not in text
