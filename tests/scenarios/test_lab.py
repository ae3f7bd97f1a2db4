"""Every scenario, as root and without any privilege: exactly its causes, and nothing else.

Each record must also keep the laws that hold for all records.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import CATALOGUE
from netdiag import boundary, record
from netdiag.audit import account, capture, packets, render
from netdiag.cli.judge import judged
from netdiag.outcomes import Resolvers, Routes
from netdiag.requests import HttpRequest, TcpConnect, TlsHandshake
from netdiag.special import special
from tests.lab import warm
from tests.lab.outside import Wish
from tests.lab.scenario import Scenario
from tests.lab.scenarios import SCENARIOS

pytestmark = pytest.mark.lab

Tree = dict[str, Any]


def look(scenario: Scenario, *, as_user: bool, pcap: Path | None = None) -> Wish:
    """`netdiag check` inside the scenario, with every socket watched; with `pcap` what passes the
    vantage goes there, and a change of it fails the run."""
    command = (sys.executable, "-m", "tests.gate", "check", "--format", "json")
    return Wish(
        scenario=scenario.name,
        vantage=scenario.vantage,
        as_user=as_user,
        capture=str(pcap) if pcap else "",
        command=(*command, *scenario.arguments, scenario.target),
    )


def record_of(done: subprocess.CompletedProcess[str]) -> str:
    assert done.stdout.startswith("{"), f"exit {done.returncode}\n{done.stderr}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """Where all workers of this run keep what they saw where nothing is broken."""
    folder = tmp_path_factory.getbasetemp().parent / f"healthy-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    return folder


def cured(scenario: Scenario, healthy: Path) -> Tree:
    """The same look where nothing is broken."""
    whole = replace(scenario, name="healthy", faults=())
    wish = look(whole, as_user=True)
    kept = healthy / hashlib.sha256(repr(wish).encode()).hexdigest()
    if not kept.exists():
        new = kept.with_suffix(f".{os.getpid()}")
        new.write_text(record_of(warm.run(wish)))
        new.replace(kept)
    tree: Tree = json.loads(kept.read_text())
    return tree


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario, tmp_path: Path, healthy: Path) -> None:
    """As root, then without privilege."""
    looks = [
        look(scenario, as_user=as_user, pcap=tmp_path / f"{as_user}.pcap")
        for as_user in (False, True)
    ]
    labs = [[one] for one in looks] if scenario.lasting else [looks]
    ended = [done for lab in labs for done in warm.runs(lab)]
    for wish, done in zip(looks, ended, strict=True):
        text = record_of(done)
        tree: Tree = json.loads(text)
        has_exactly_its_causes(scenario, tree, done.returncode)
        keeps_the_laws(tree)
        was_guarded(tree)
        is_judged_the_same_again(text)
        sent_what_it_says_and_nothing_else(text, Path(wish.capture))
        was_not_led_inside(text)
    symptoms_go_with_their_causes(scenario, tree, healthy)


def has_exactly_its_causes(scenario: Scenario, tree: Tree, status: int) -> None:
    told = _told(tree)
    crashed = [f["message"] for f in tree["findings"] if f["outcome"] == "crashed"]
    assert crashed == []
    assert {c["code"] for c in tree["causes"]} == {c.code for c in scenario.causes}, told
    assert set(scenario.notes) <= {f["code"] for f in tree["findings"]}
    for expected in scenario.causes:
        found = [c for c in tree["causes"] if c["code"] == expected.code]
        if expected.owner:
            assert {c["owner"] for c in found} == {expected.owner}, told
        if expected.support:
            assert {c["support"] for c in found} == {expected.support}, told
    assert status == scenario.status, told


def keeps_the_laws(tree: Tree) -> None:
    """Nothing is asked twice; evidence exists; a problem can be repeated and acted upon."""
    asked = [json.dumps(o["request"], sort_keys=True) for o in tree["transcript"]]
    assert len(asked) == len(set(asked))
    known = {o["id"] for o in tree["transcript"]}
    for finding in tree["findings"]:
        assert set(finding["evidence"]) <= known
        if finding["outcome"] == "problem":
            assert finding["evidence"]
            assert finding["reproduce"], finding["code"]
            assert finding["advice"]["agent"]
            assert finding["advice"]["customer"]


def was_guarded(tree: Tree) -> None:
    """What was found was found by a process that could do nothing else."""
    states = {guard["name"]: guard["state"] for guard in tree["guards"]}
    assert states.pop("landlock") in {"active", "partial"}
    assert set(states.values()) == {"active"}


def is_judged_the_same_again(text: str) -> None:
    """From the saved record today's checks conclude the same, to the octet."""
    saved = record.loads(text.encode())

    catalogue = CATALOGUE.only(saved.settings.checks)
    assert record.dumps(judged(saved, catalogue, boundary.default())).decode() == text


def sent_what_it_says_and_nothing_else(text: str, pcap: Path) -> None:
    """Every packet that left is explained by the record, and what it claims was seen."""
    seen = [packets.decode(frame) for frame in capture.frames(pcap.read_bytes())]
    proof = account.account(record.loads(text.encode()), seen)
    assert proof.read_only, render.faults(proof)


def was_not_led_inside(text: str) -> None:
    """Nobody but this machine's own resolvers and routers was asked at an address not public."""
    saved = record.loads(text.encode())
    own: set[str | None] = set()
    for seen in saved.transcript:
        match seen.outcome:
            case Resolvers(addresses=addresses):
                own.update(addresses)
            case Routes(routes=routes):
                own.update(route.gateway for route in routes)
    asked = [o for o in saved.transcript if o.attempts and o.request.destination]
    inside = [o.request for o in asked if special(o.request.destination or "")]
    assert [one for one in inside if one.destination not in own] == []
    assert not any(isinstance(one, HttpRequest | TcpConnect | TlsHandshake) for one in inside)


def symptoms_go_with_their_causes(scenario: Scenario, tree: Tree, healthy: Path) -> None:
    """The counterfactual that makes an explanation true: without the cause, no symptom."""
    symptoms = {_identity(f) for f in tree["findings"] if f["explained_by"]}
    if symptoms:
        without = cured(scenario, healthy)
        assert symptoms.isdisjoint(_identity(f) for f in without["findings"])


def _identity(finding: Tree) -> tuple[str, ...]:
    return tuple(finding[field] for field in ("check", "code", "outcome", "subject"))


def _told(tree: Tree) -> str:
    """What a failed comparison shows of the record."""
    lines = [f"{c['code']} ({c['owner']}) {c['subject']}: {c['message']}" for c in tree["causes"]]
    return "\n".join([f"{tree['status']}: {tree['summary']}", *lines])
