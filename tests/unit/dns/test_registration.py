"""What the registry says of a domain."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from checks.dns import registration
from checks.dns.registration import Facts
from checks.facts.registration import Registration, registered
from netdiag.model import Severity
from netdiag.network import ObservationId
from netdiag.outcomes import RdapReply
from tests.doctable import rows
from tests.unit.dns.zones import zone

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def reply(*states: str, days: float = 400) -> RdapReply:
    end = (NOW + timedelta(days=days)).isoformat()
    events = (("registration", "2001-01-01T00:00:00Z"), ("expiration", end))
    return RdapReply(status=200, states=states, events=events, registrar="Example Registrar")


SAYS = {
    "client hold": reply("client hold"),
    "server hold": reply("server hold", "client transfer prohibited"),
    "redemption period": reply("redemption period"),
    "pending delete": reply("pending delete"),
    "its time has ended": reply("active", days=-3),
    "hold, and its time has ended": reply("client hold", days=-3),
    "its time ends within 30 days": reply("active", days=29),
    "registered, nothing of these": reply("active"),
}


def found(says: str, *, delegated: bool) -> Registration:
    known = Registration(
        domain="customer.example.",
        state="registered",
        delegated=delegated,
        evidence=(ObservationId(1),),
        reply=SAYS.get(says),
    )
    if says == "it does not know the domain":
        return replace(known, state="unknown-to-registry", reply=RdapReply(status=404))
    return known if known.reply else replace(known, state="not-seen", why="silence")


@pytest.mark.parametrize(("delegation", "says", "judgement"), rows(registration))
def test_the_documented_table_is_what_the_check_decides(
    delegation: str, says: str, judgement: str
) -> None:
    facts = Facts(found(says, delegated=delegation == "there"), NOW)

    (finding,) = registration.judge(facts)

    assert finding.code == judgement


def test_a_domain_that_still_works_is_a_warning() -> None:
    ended = "its time has ended"
    gone, there = (
        registration.judge_registration(found(ended, delegated=d), NOW) for d in (False, True)
    )

    assert (gone.severity, there.severity) == (Severity.CRITICAL, Severity.WARNING)
    assert "2026-05-01" in gone.message
    assert "its delegation is withdrawn" in gone.message
    assert "it still works" in there.message


def test_a_date_that_is_none_is_passed_over() -> None:
    said = RdapReply(status=200, events=(("expiration", "soon"), ("expiration", "2027-01-01")))

    assert registration.expiry(said) == datetime(2027, 1, 1, tzinfo=UTC)
    assert registration.expiry(RdapReply(status=200)) is None


@pytest.mark.parametrize(
    ("name", "parent", "domain"),
    [
        ("www.customer.example.", "example.", "customer.example."),
        ("a.b.customer.co.za.", "co.za.", "customer.co.za."),
        ("www.dev.customer.example.", "example.", "customer.example."),
    ],
)
def test_the_domain_is_the_one_below_the_last_registry(name: str, parent: str, domain: str) -> None:
    way = zone(name=name).way
    cut = replace(way.cuts[0], zone=parent, parent=".")

    assert registered(replace(way, name=name, cuts=(cut,))) == domain
    assert registered(replace(way, name=name, cuts=())) is None
