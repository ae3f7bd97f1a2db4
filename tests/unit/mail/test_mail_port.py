from __future__ import annotations

import pytest

from checks.connectivity import mail_port
from checks.connectivity.mail_port import MailHostUnreachable, SmtpPortBlocked
from checks.facts.mail import MOST_HOSTS
from checks.service import banner
from netdiag.model import Severity
from netdiag.outcomes import Banner, Outcome, Reset
from netdiag.requests import ReadBanner, TcpConnect
from tests.doctable import rows
from tests.unit.mail.post import (
    ADDRESSES,
    ANCHOR4,
    ANCHOR6,
    CONNECTED,
    DOMAIN,
    LISTED,
    MX,
    POLICY,
    SECOND,
    SILENT,
    V4,
    V6,
    Post,
    codes,
    found,
)

ONLY_V4 = {key: data for key, data in LISTED.items() if key != (MX, "AAAA")}
TWO = {
    **ONLY_V4,
    (DOMAIN, "MX"): (f"10 {MX}", "20 mx2.customer.example."),
    ("mx2.customer.example.", "A"): (SECOND,),
}
CONTROLS: dict[str, dict[object, Outcome]] = {
    "an unrelated mail host connects": {(ANCHOR4, 25): CONNECTED},
    "another host of the target connects": {(SECOND, 25): CONNECTED},
    "nor do the anchors, another port works": {587: CONNECTED},
    "nor do the anchors, nothing works": {},
    "only the other address family connects": {(ANCHOR6, 25): CONNECTED},
    "no anchor is configured": {587: CONNECTED},
    "not needed": {},
}
PORT_25: dict[str, list[Outcome]] = {
    "connects": [CONNECTED],
    "does not connect": [SILENT, Reset(rtt=0.0)],
    "as above, a given address": [SILENT],
    "this run's own failure": [POLICY],
}


@pytest.mark.parametrize(("state", "control", "judgement"), rows(mail_port))
def test_the_documented_table_is_what_the_check_decides(
    state: str, control: str, judgement: str
) -> None:
    records = TWO if control == "another host of the target connects" else ONLY_V4
    anchors = () if control == "no anchor is configured" else (ANCHOR4, ANCHOR6)
    target = f"{V4}:25" if "given address" in state else DOMAIN
    for outcome in PORT_25[state]:
        post = Post(records=records, ports={(V4, 25): outcome, **CONTROLS[control]})

        findings, _ = found(mail_port.CHECK, post, target, anchors)

        assert [
            f.code for f in findings if f.code != "mail-host-reachable" or len(findings) < 2
        ] == [judgement]


def test_both_families_blocked_is_one_finding_that_is_critical_only_for_mail() -> None:
    post = Post(ports={587: CONNECTED})

    (asked,) = found(mail_port.CHECK, post, f"{DOMAIN[:-1]}:25")[0]
    (not_asked,) = found(mail_port.CHECK, post)[0]

    assert isinstance(asked, SmtpPortBlocked)
    assert asked.addresses == (V4, V6)
    assert asked.working == (587,)
    assert (asked.severity, not_asked.severity) == (Severity.CRITICAL, Severity.NOTICE)


def test_an_anchor_of_one_family_is_enough_to_see_that_port_25_is_blocked() -> None:
    post = Post(ports={587: CONNECTED})

    assert codes(found(mail_port.CHECK, post, anchors=(ANCHOR4,))[0]) == ["smtp-port-blocked"]


def test_a_mail_host_that_is_up_and_closed_is_named_with_what_answers() -> None:
    ports: dict[object, Outcome] = {
        (ANCHOR4, 25): CONNECTED,
        (V4, 587): CONNECTED,
        (V4, 443): Reset(rtt=0.0),
    }
    post = Post(records=ONLY_V4, ports=ports)

    (finding,) = found(mail_port.CHECK, post, f"{DOMAIN[:-1]}:25")[0]

    assert isinstance(finding, MailHostUnreachable)
    assert finding.alive == (587, 443)
    assert finding.severity is Severity.CRITICAL
    assert "so the host is up" in finding.message


def test_controls_are_asked_only_where_something_is_wrong() -> None:
    _, world = found(mail_port.CHECK, Post())

    assert {r.address for r in world.sent if isinstance(r, TcpConnect)} == {V4, V6}


def test_an_anchor_that_is_the_targets_own_mail_host_is_no_control() -> None:
    post = Post(records=ONLY_V4, ports={587: CONNECTED})

    assert codes(found(mail_port.CHECK, post, anchors=(V4,))[0]) == ["mail-host-not-judged"]


def test_a_name_without_mail_hosts_is_asked_on_25_only_where_that_is_the_question() -> None:
    post = Post(records={(DOMAIN, "A"): (V4,)})

    assert codes(found(mail_port.CHECK, post)[0]) == ["not-checked"]
    assert codes(found(mail_port.CHECK, post, f"{DOMAIN[:-1]}:25")[0]) == ["mail-host-reachable"]


def test_many_mail_hosts_are_not_all_asked() -> None:
    names = [f"mx{n}.customer.example." for n in range(9)]
    records = {(name, "A"): (f"22.40.3.{n}",) for n, name in enumerate(names)}
    listed = {(DOMAIN, "MX"): tuple(f"{n} {name}" for n, name in enumerate(names)), **records}

    _, world = found(mail_port.CHECK, Post(records=listed))

    assert len([r for r in world.sent if isinstance(r, TcpConnect)]) == MOST_HOSTS


@pytest.mark.parametrize(
    ("text", "code"), [("220 ready", "service-greets"), ("554 no", "service-unavailable")]
)
def test_mail_hosts_are_listened_to(text: str, code: str) -> None:
    post = Post(banner=Banner(text=text, closed=False, rtt=0.1))

    findings, world = found(banner.CHECK, post)

    assert codes(findings) == [code]
    asked = {r.address for r in world.sent if isinstance(r, ReadBanner)}
    assert asked == {address for data in ADDRESSES.values() for address in data}
