"""The page: self-contained, well formed, in order, and harmless whatever the record holds."""

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.digest import Audience
from reports.html import MOST_ROWS, render
from tests.reports import sample
from tests.reports.sample import active
from tests.reports.test_terminal import AUDIENCES, in_order

VOID = {"meta", "br"}
TAGS = {
    *("html", "head", "title", "style", "body", "main", "header", "footer", "section", "span"),
    *("h1", "h2", "h3", "p", "dl", "dt", "dd", "ul", "li", "a", "pre", "strong", "details"),
    *("summary", "div", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    *("class", "id", "href", "lang", "charset", "name", "content", "http-equiv", "open", "scope"),
    "tabindex",
}


class Page(HTMLParser):
    """Parses strictly: every element closed in order, none but the ones a report is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS | VOID
        known = dict(attrs)
        assert known.keys() <= ATTRIBUTES
        self.ids += [known["id"] or ""] if "id" in known else []
        self.links += [known["href"] or ""] if "href" in known else []
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("name", sample.SAMPLES)
def test_it_is_well_formed_and_needs_nothing_else(name: str, audience: Audience) -> None:
    text = render(sample.SAMPLES[name](), audience=audience)
    page = Page(text)

    assert active(text) <= {"\n"}
    assert "default-src 'none'" in text
    assert "url(" not in text.split("</style>")[0]
    assert "@import" not in text.split("</style>")[0]
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))


@settings(max_examples=30)
@given(st.text(alphabet=st.sampled_from("<>&\"'{}%#/=-! \nascriptonload"), max_size=60))
def test_no_text_becomes_an_element(text: str) -> None:
    for audience in AUDIENCES:
        Page(render(sample.hostile(text), audience=audience))


def test_the_first_lines_say_what_whose_support_and_customer_in_that_order() -> None:
    for audience in AUDIENCES:
        assert in_order(
            Page(render(sample.one_cause(), audience=audience)).text,
            "www.shop.example has a fault",
            "Whose to fix",
            "What support does",
            "can do",
            "Please ask your DNS provider",
        )


def test_evidence_leads_to_its_observation() -> None:
    text = render(sample.one_cause())

    assert '<a href="#o1">#1</a>' in text
    assert '<tr id="o1">' in text


def test_a_customers_page_has_codes_for_support_only() -> None:
    before, _, after = Page(render(sample.two_causes(), audience="customer")).text.partition(
        "For support"
    )

    assert "lame-delegation" in after
    assert "lame-delegation" not in before
    assert "120 EUR" in before


def test_a_huge_transcript_is_cut_and_that_is_said() -> None:
    one = sample.TRANSCRIPT[0]
    many = tuple(
        sample.observation(n, one.request, one.outcome, 0.1) for n in range(1, MOST_ROWS + 8)
    )

    text = render(sample.record(*sample.FINE, transcript=many))
    assert "7 more are in the record" in text
    assert f"All {MOST_ROWS + 7} observations" in text
