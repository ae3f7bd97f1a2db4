"""The terminal's report: the order of its first lines, its widths, and nothing active in it."""

import re
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from netdiag.model import Area, Outcome, Owner
from reports.digest import Audience
from reports.terminal import render
from tests.reports import sample
from tests.reports.sample import active

AUDIENCES: tuple[Audience, ...] = get_args(Audience)
STYLING = re.compile(r"\x1b\[[0-9;]*m")

each_sample = pytest.mark.parametrize("name", sample.SAMPLES)
each_audience = pytest.mark.parametrize("audience", AUDIENCES)


def in_order(text: str, *words: str) -> bool:
    rest = " ".join(text.split())
    for word in words:
        _, found, rest = rest.partition(word)
        if not found:
            return False
    return True


@each_audience
@pytest.mark.parametrize("width", [40, 80, 200])
@each_sample
def test_no_line_is_wider_than_the_terminal_but_commands(
    name: str, width: int, audience: Audience
) -> None:
    record = sample.SAMPLES[name]()
    commands = {"    " + command for cause in record.causes for command in cause.reproduce}

    for line in render(record, width=width, audience=audience).splitlines():
        assert cell_len(line) <= width or line in commands or name == "hostile"


@each_sample
@each_audience
def test_nothing_active_reaches_the_terminal(name: str, audience: Audience) -> None:
    for colour in (False, True):
        text = render(sample.SAMPLES[name](), audience=audience, colour=colour, verbose=True)
        left = STYLING.sub("", text) if colour else text
        assert active(left) <= {"\n"}


def test_markup_in_hostile_text_is_text() -> None:
    assert "[link=https://evil.example]" in render(sample.hostile(), width=4000)


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_any_text_is_shown_and_harmless(text: str) -> None:
    shown = render(sample.hostile(text), verbose=True)

    assert active(shown) <= {"\n"}


def test_the_first_lines_say_what_whose_support_and_customer_in_that_order() -> None:
    for audience in AUDIENCES:
        said = render(sample.one_cause(), audience=audience)
        first, _, rest = said.partition("\n\n")
        assert in_order(
            first,
            "www.shop.example has a fault",
            "the operator of the domain's name servers",
            "inside our support",
            "help@hosting.example",
            "Please ask your DNS provider",
        )
        assert rest


def test_an_expert_is_never_named_without_the_cost() -> None:
    for audience in AUDIENCES:
        assert in_order(render(sample.for_expert(), audience=audience), "an expert", "120 EUR")
        assert in_order(render(sample.two_causes(), audience=audience), "an expert", "120 EUR")
    assert "120 EUR" not in render(sample.one_cause())


def test_a_cause_shows_evidence_symptoms_and_commands() -> None:
    said = render(sample.one_cause())

    assert in_order(said, "lame-delegation", "#1, #2", "2 findings", "answers-differ", "dig @198")
    assert "RFC 9499" not in said
    assert said.count("answers REFUSED") == 1


def test_an_expert_sees_observations_and_references() -> None:
    said = render(sample.one_cause(), audience="expert", width=120)

    assert "#1 A www.shop.example. @198.51.100.2 -> REFUSED" in said
    assert "RFC 9499" in said


def test_a_customer_sees_codes_in_the_lines_for_support_only() -> None:
    said = render(sample.two_causes(), audience="customer")
    before, _, after = said.partition("For support")

    assert "lame-delegation" in after
    for code in ("lame-delegation", "application-error", "port-not-reached", "REFUSED", "dig "):
        assert code not in before
    assert "✔ how its name is found (DNS)" not in said


def test_every_cause_has_its_owner_and_its_side_of_the_boundary() -> None:
    said = render(sample.two_causes())

    assert in_order(said, "Cause 1: lame-delegation", "Cause 2: application-error", "the developer")
    assert "Also          1 other cause: application-error" in said


def test_what_stayed_open_was_skipped_or_crashed_stands_apart() -> None:
    assert in_order(render(sample.inconclusive()), "Could not be determined", "Not checked")
    assert in_order(render(sample.crashed()), "netdiag itself failed", "no fault found")
    assert "makers of netdiag" in render(sample.crashed())
    assert in_order(render(sample.interrupted()), "the run was interrupted", "let it finish")


def test_a_healthy_report_is_short_positive_and_says_what_was_checked() -> None:
    said = render(sample.healthy())

    assert said.startswith("✔ www.shop.example is fine")
    assert "Whose" not in said
    assert 8 <= len(said.splitlines()) <= 15
    for area in ("DNS", "connectivity", "routing", "local", "service"):
        assert f"✔ {area}: " in said
    assert "12 packets to 4 addresses" in said


@each_sample
def test_ascii_is_enough_where_nothing_else_can_be_shown(name: str) -> None:
    assert render(sample.SAMPLES[name](), ascii_only=True).isascii()


@each_sample
def test_colour_changes_no_word(name: str) -> None:
    record = sample.SAMPLES[name]()
    coloured = STYLING.sub("", render(record, colour=True))

    assert "\x1b[" in render(record, colour=True)
    assert [line.rstrip() for line in coloured.splitlines()] == render(record).splitlines()


def test_findings_that_explain_one_another_in_a_circle_are_shown_once() -> None:
    a = sample.finding(1, "a-code", explains=("F2", "F1", "F99"))
    b = sample.finding(2, "b-code", explains=("F1", "F2"), explained_by=("F1",))

    assert render(sample.record(a, b)).count("(b-code)") == 1


def test_boundary_words_that_a_record_lacks_are_made_up_for() -> None:
    record = sample.one_cause()
    record.boundary.owners.clear()
    record.boundary.wording.clear()

    assert in_order(render(record), "dns operator", "Support fix")


def test_a_customer_is_told_that_the_fault_is_near() -> None:
    near = sample.finding(1, "clock-skew", area=Area.LOCAL, owner=Owner.CUSTOMER_DEVICE)

    said = render(sample.record(near), audience="customer")

    assert "does not work from here. The fault lies in this machine itself." in " ".join(
        said.split()
    )


def test_a_customer_is_not_told_that_what_a_cause_hides_is_fine() -> None:
    cause = sample.finding(1, "link-down", area=Area.LOCAL, explains=("F2",))
    hidden = sample.finding(
        2, "host-silent", area=Area.CONNECTIVITY, outcome=Outcome.INCONCLUSIVE, explained_by=("F1",)
    )
    others = (
        sample.ok(3, "new-connections", "connections-alike", Area.CONNECTIVITY, "alike"),
        sample.ok(4, "name-servers", "server-serves", Area.DNS, "serves"),
    )

    said = render(sample.record(cause, hidden, *others), audience="customer")

    assert "how the server is reached" not in said
    assert "how its name is found" in said
