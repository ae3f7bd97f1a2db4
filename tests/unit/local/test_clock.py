from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from checks.facts.clocks import moment_of, spelled
from checks.local import clock
from checks.local.clock import ClockSkew
from netdiag.model import Severity
from netdiag.network import Observation, ObservationId
from netdiag.outcomes import HttpReply, Outcome
from netdiag.requests import HttpRequest, TlsHandshake
from tests.doctable import rows
from tests.unit.service.site import (
    ANCHORS,
    HOST,
    NOW,
    SILENT,
    V4,
    Site,
    found,
    http_date,
    redirect,
    reply,
)

ANOTHER = timedelta(hours=3)


def telling(behind: timedelta, **more: str) -> HttpReply:
    """An answer of a server whose clock is so far behind this machine's."""
    given = (("date", http_date(NOW - behind)), *((k, v) for k, v in more.items()))
    return reply(headers=given)


TARGET: dict[str, Outcome] = {
    "agrees with ours": telling(timedelta(minutes=4)),
    "is another": telling(ANOTHER),
    "shows none": SILENT,
}
ELSEWHERE: dict[str, tuple[Outcome, Outcome]] = {
    "not asked": (SILENT, SILENT),
    "agree with it": (telling(ANOTHER), SILENT),
    "agree with ours": (SILENT, reply()),
    "agree with neither": (telling(-ANOTHER), SILENT),
    "some with it, some with ours": (telling(ANOTHER), reply()),
    "none answers": (SILENT, SILENT),
    "two, alike, another": (telling(ANOTHER), telling(ANOTHER)),
    "one, another": (telling(ANOTHER), SILENT),
}


def world(target: Outcome, *elsewhere: Outcome) -> Site:
    pages = {f"http://{HOST}/": target, f"https://{HOST}/": target}
    pages |= {f"http://{a}/": page for a, page in zip(ANCHORS, elsewhere, strict=True)}
    ports = {} if target == SILENT else Site().ports
    return Site(ports=ports, pages=pages)


@pytest.mark.parametrize(("target", "elsewhere", "judgement"), rows(clock))
def test_the_documented_table_is_what_the_check_decides(
    target: str, elsewhere: str, judgement: str
) -> None:
    (finding,), sent = found(clock.CHECK, world(TARGET[target], *ELSEWHERE[elsewhere]))

    assert finding.code == judgement
    asked = {r.destination for r in sent.sent if isinstance(r, HttpRequest | TlsHandshake)}
    assert asked == ({V4} if elsewhere == "not asked" else {*ANCHORS, *({V4} & asked)})


def test_a_skew_is_told_with_its_size_and_its_effect() -> None:
    small = found(clock.CHECK, world(telling(ANOTHER), telling(ANOTHER), SILENT))[0][0]
    behind = timedelta(days=-40)
    large = found(clock.CHECK, world(telling(behind), telling(behind), SILENT))[0][0]

    assert isinstance(small, ClockSkew)
    assert isinstance(large, ClockSkew)
    assert "is 3 hours ahead" in small.message
    assert "is 40 days behind" in large.for_customer
    assert (small.severity, large.severity) == (Severity.WARNING, Severity.CRITICAL)


def test_those_who_send_everybody_on_to_one_host_are_one() -> None:
    page = redirect("http://portal.example/", headers=(("date", http_date(NOW - ANOTHER)),))

    (finding,), _ = found(clock.CHECK, world(page, page, page))

    assert finding.code == "clock-not-told"


def test_a_run_that_is_to_look_no_closer_asks_nobody_else() -> None:
    site = world(telling(ANOTHER), telling(ANOTHER), SILENT)

    (finding,), sent = found(clock.CHECK, site, depth="fast")

    assert finding.code == "clock-not-told"
    assert not {request.destination for request in sent.sent} & set(ANCHORS)


def test_where_this_machine_is_in_question_others_are_asked_anyway() -> None:
    (finding,), sent = found(clock.CHECK, world(SILENT, reply(), reply()), V4, purpose="machine")

    assert finding.code == "clock-agrees"
    assert {request.destination for request in sent.sent} >= set(ANCHORS)


@pytest.mark.parametrize(
    ("given", "behind"),
    [
        ({"date": http_date(NOW - ANOTHER), "age": str(3 * 3600)}, timedelta()),
        ({"date": http_date(NOW - ANOTHER), "age": "9" * 30}, ANOTHER),
        ({"date": "soon"}, None),
        ({"date": "Fri, 31 Dec 9999 23:59:59 GMT", "age": "9999999999"}, None),
        ({"date": "Mon, 01 Jun 2026 12:00:00 -0000"}, None),
        ({}, None),
    ],
)
def test_the_time_of_an_answer_is_its_date_and_its_age(
    given: dict[str, str], behind: timedelta | None
) -> None:
    page = replace(reply(), headers=tuple(given.items()))
    asked = HttpRequest(address=V4, port=80, tls=False, host=HOST)
    seen = Observation(
        id=ObservationId(1), request=asked, outcome=page, started=0.0, elapsed=0.0, completed=1
    )

    assert moment_of(seen) == (None if behind is None else NOW - behind)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=6), "6 minutes ahead"),
        (timedelta(minutes=-119), "119 minutes behind"),
        (timedelta(hours=47), "47 hours ahead"),
        (timedelta(days=-90), "90 days behind"),
    ],
)
def test_how_far_apart_in_words(ahead: timedelta, words: str) -> None:
    assert spelled(ahead) == words
