"""Every form renders every record; the JSON form is the record."""

import json

import pytest

from netdiag.cli.options import AUDIENCES as OPTION_AUDIENCES
from netdiag.cli.options import FORMS as OPTION_FORMS
from netdiag.record import loads
from reports.forms import FORMS, Look, render
from tests.core import published
from tests.reports import sample
from tests.reports.test_terminal import AUDIENCES


@pytest.mark.parametrize("name", sample.SAMPLES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_renders_every_record_for_everybody(form: str, name: str) -> None:
    record = sample.SAMPLES[name]()

    for audience in AUDIENCES:
        text = render(form, record, Look(audience=audience, width=72))
        assert text.endswith("\n")
        assert not text.endswith("\n\n")
        assert "Traceback" not in text


def test_the_command_line_offers_what_there_is() -> None:
    assert set(OPTION_FORMS) == set(FORMS)
    assert set(OPTION_AUDIENCES) == set(AUDIENCES)


@pytest.mark.parametrize("name", sample.SAMPLES)
def test_json_is_the_record_and_fits_its_schema(name: str) -> None:
    record = sample.SAMPLES[name]()
    text = render("json", record, Look())

    assert loads(text.encode()) == record
    published.validate(json.loads(text))


def test_a_form_that_there_is_not_is_refused() -> None:
    with pytest.raises(KeyError):
        render("pdf", sample.healthy(), Look())
