"""No animal bites: each visit ends in time, stays small, is right, and prints nothing active."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from netdiag import record as records
from netdiag.cli.output import STATUS
from reports import forms
from reports.forms import Look
from tests.reports.sample import active
from tests.reports.test_html import Page
from tests.reports.test_markdown import is_tame, without_code
from tests.reports.test_terminal import AUDIENCES, STYLING
from tests.scenarios.test_lab import is_judged_the_same_again, keeps_the_laws
from tests.zoo.animal import BYSTANDERS, Animal
from tests.zoo.animals import ANIMALS
from tests.zoo.tour import MOST_OCTETS, MOST_SECONDS, Visit, Zoo, opened

pytestmark = pytest.mark.lab

Tree = dict[str, Any]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    with opened(tmp_path_factory.mktemp("zoo")) as found:
        yield found


FLOODS = {"duplicates", "forgers-flood", "drowned", "key-trap"}
"""They keep processors so busy that beside other tests it is the machine that does not answer."""


def _shown(animal: Animal) -> Any:
    alone = (pytest.mark.alone,) if animal.name in FLOODS else ()
    return pytest.param(animal, id=animal.name, marks=alone)


@pytest.mark.parametrize("animal", map(_shown, ANIMALS))
def test_no_animal_bites(zoo: Zoo, animal: Animal) -> None:
    visit = zoo.visit(animal.name)

    assert visit.record, visit.complained
    assert visit.seconds <= MOST_SECONDS
    assert visit.octets <= MOST_OCTETS
    tree: Tree = json.loads(visit.record)
    finds_what_is_true(animal, tree, visit)
    keeps_the_laws(tree)
    asks_no_private_place(tree)
    is_judged_the_same_again(visit.record)
    prints_nothing_active(visit)
    repeats_nothing_active(tree)


def finds_what_is_true(animal: Animal, tree: Tree, visit: Visit) -> None:
    told = "\n".join(f"{f['outcome']} {f['code']}: {f['message']}" for f in tree["findings"])
    assert [f["message"] for f in tree["findings"] if f["outcome"] == "crashed"] == []
    found = {cause["code"] for cause in tree["causes"]}
    assert found - (BYSTANDERS if animal.datagrams else set()) == animal.causes, told
    assert visit.status == STATUS[tree["status"]]


def asks_no_private_place(tree: Tree) -> None:
    """Whatever names and redirects say."""
    for seen in tree["transcript"]:
        place = seen["request"].get("address") or seen["request"].get("server")
        if place and any(attempt["packets"] for attempt in seen["attempts"]):
            assert ipaddress.ip_address(place).is_global, seen


def prints_nothing_active(visit: Visit) -> None:
    assert active(visit.printed) <= {"\n"}
    assert active(visit.complained) <= {"\n"}
    saved = records.loads(visit.record.encode())
    for audience in AUDIENCES:
        for form in forms.FORMS:
            text = forms.render(form, saved, Look(audience=audience))
            assert active(text) <= {"\n"}, form
        painted = forms.render("terminal", saved, Look(audience=audience, colour=True))
        assert active(STYLING.sub("", painted)) <= {"\n"}
        page = Page(forms.render("html", saved, Look(audience=audience)))
        assert {urlsplit(link).scheme for link in page.links} <= {"", "https", "mailto"}
        assert is_tame(without_code(forms.render("markdown", saved, Look(audience=audience))))


def repeats_nothing_active(tree: Tree) -> None:
    """Outside quotes, a command to repeat holds nothing that a shell would act on."""
    for finding in tree["findings"]:
        for command in finding["reproduce"]:
            bare = re.sub(r"'[^']*'|\"'\"|</dev/null$", "", command)
            assert not re.search(r"[;&|`$<>(){}!*?\\\n'\"]", bare), command
