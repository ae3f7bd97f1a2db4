"""Files that bite: records, configurations, boundaries and root hints made by an enemy.

Each is given to the command as shipped. Where it cannot be used, one clear sentence says so and the
exit status is 3; where it can, nothing active comes out; and always in bounded time and memory.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import CATALOGUE
from netdiag import boundary
from netdiag import record as records
from netdiag.cli.judge import judged
from netdiag.model import Outcome
from reports import forms
from reports.forms import Look
from tests.audit import craft
from tests.lab import needs
from tests.reports import sample
from tests.reports.sample import HOSTILE, active
from tests.reports.test_html import Page
from tests.reports.test_markdown import is_tame, without_code
from tests.zoo.tour import MOST_OCTETS

ROOT = Path(__file__).parent.parent.parent
MOST_SECONDS = 10.0
UNUSABLE = 3

Tree = dict[str, Any]


def cut_off() -> list[str]:
    """What runs a command in a network of its own, from which nothing gets out."""
    unshare = [needs.find("unshare") or "unshare", "--net"]
    return unshare if os.geteuid() == 0 else [*unshare, "--user", "--map-root-user"]


def run(*words: str) -> tuple[int, str, str]:
    """Exit status and what is printed, of a run that ends in time."""
    before = cut_off() if words[0] in {"check", "trace"} else []
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "netdiag", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    started = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - started < MOST_SECONDS
    return process.returncode, out.decode(), err.decode()


def measured(*words: str) -> tuple[int, int]:
    """Exit status and the most memory held, in octets.

    A small process starts the command, because a child counts what its parent held as its own.
    """
    program = (
        "import os, sys\n"
        "opened = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_WRONLY, 0) for n in (1, 2)]\n"
        "child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=opened)\n"
        "_, status, usage = os.wait4(child, 0)\n"
        "print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, sys.executable, "-m", "netdiag", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    status, octets = map(int, done.stdout.split())
    return status, octets


def is_refused(status: int, out: str, err: str) -> None:
    """One sentence and the right exit status."""
    assert status == UNUSABLE, err
    assert out == ""
    assert active(err) <= {"\n"}
    assert "Traceback" not in err
    assert 0 < len(err.strip()) < 700
    assert err.count("\n") <= 3


def healthy() -> Tree:
    tree: Tree = json.loads(records.dumps(next(iter(sample.SAMPLES.values()))()))
    return tree


def nested(depth: int) -> bytes:
    return b'{"format": "netdiag-record", "version": 1, "x": ' + b"[" * depth


def with_text(change: Callable[[Tree], object]) -> bytes:
    tree = healthy()
    change(tree)
    return json.dumps(tree).encode()


def _observe(tree: Tree, **fields: object) -> None:
    tree["transcript"][0].update(fields)


BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "not-json": b"\x7fELF\0\0\x1b[2J" * 100,
    "null": b"null",
    "list": b"[" + b"{}," * 1000 + b"{}]",
    "deep": nested(1_000_000),
    "deep-and-closed": nested(50_000) + b"]" * 50_000 + b"}",
    "deep-outcome": with_text(lambda t: _observe(t, outcome={"type": "failed", "kind": ["x"]})),
    "deep-objects": b'{"format":' * 100_000,
    "too-large": b'{"format": "netdiag-record"' + b" " * 17_000_000 + b"}",
    "empty-lists": b'{"format":"netdiag-record","version":1,"x":[' + b"[]," * 5_000_000 + b"[]]}",
    "endless-number": json.dumps(healthy())
    .encode()
    .replace(b'"started": 0.0', b'"started": 1e999'),
    "not-a-number": json.dumps(healthy()).encode().replace(b'"elapsed": 0.0', b'"elapsed": NaN'),
    "wrong-types": with_text(lambda t: t.update(dict.fromkeys(("tool", "target", "causes"), 7))),
    "null-everywhere": with_text(lambda t: t.update(dict.fromkeys(t, None))),
    "two-formats": b'{"format": "netdiag-record", "format": "other", "version": 1}',
    "escapes-in-words": with_text(lambda t: t.update(status="\x1b[2J\x1b]0;owned\x07\u202e")),
    "escapes-in-names": with_text(lambda t: _observe(t, **{"\x1b[2J\u202e": 1})),
    "escapes-in-type": with_text(
        lambda t: _observe(t, outcome={"type": "\x1b[2J\r\nroot", "kind": "timeout"})
    ),
    "unknown-request": with_text(lambda t: _observe(t, request={"type": "run", "what": "rm"})),
    "lone-surrogate": with_text(lambda t: _observe(t, outcome={"type": "\ud800"})),
    "not-utf-8": json.dumps(healthy()).encode().replace(b"netdiag", b"netdi\xff", 3),
    "year-zero": with_text(lambda t: t.update(started="0000-00-00T00:00:00Z")),
    "no-zone": with_text(lambda t: t.update(finished="2026-01-01T00:00:00")),
}


RECORD_READERS = (("judge",), ("report",), ("audit", "any.pcap"))
READERS = (*RECORD_READERS, ("trace", "--load"))
PLACES = ("/dev/zero", "/", "/nowhere/case.json", "/proc/self/mem")


def given_to(reader: Sequence[str], file: object) -> tuple[str, ...]:
    """The words of a command that reads `file`, which comes before what else it is given."""
    before, after = (reader, ()) if reader[-1].startswith("-") else (reader[:1], reader[1:])
    return (*before, str(file), *after)


@pytest.mark.parametrize("reader", RECORD_READERS, ids=lambda reader: reader[0])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_is_refused(name: str, reader: Sequence[str], tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(BROKEN[name])

    is_refused(*run(*given_to(reader, file)))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader[0])
@pytest.mark.parametrize("place", PLACES)
def test_a_file_that_is_none_is_refused(place: str, reader: Sequence[str]) -> None:
    is_refused(*run(*given_to(reader, place)))


def test_a_name_of_a_file_is_shown_harmlessly(tmp_path: Path) -> None:
    is_refused(*run("judge", str(tmp_path / "\x1b[2J\u202e\n.json")))


@pytest.mark.parametrize("name", ["deep", "too-large", "empty-lists"])
def test_a_claim_of_much_costs_little(name: str, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(BROKEN[name])
    status, octets = measured("judge", str(file))

    assert status == UNUSABLE
    assert octets < MOST_OCTETS


def traceroute(**changes: object) -> bytes:
    reply = {"from": "192.0.2.1", "rtt": 1.0, "ttl": 64} | changes
    hops = [{"hop": hop, "result": [reply]} for hop in (1, 2)]
    return json.dumps({"type": "traceroute", "dst_addr": "192.0.2.9", "result": hops}).encode()


TRACES: dict[str, bytes] = {
    "nothing": b"",
    "not-json": BROKEN["not-json"],
    "not-utf-8": b'{"type":"traceroute","dst_addr":"\xff\x1b[2J"}',
    "deep": b"[" * 1_000_000,
    "many": b"[" + b",".join([traceroute()] * 20_000) + b"]",
    "escapes": traceroute(**{"from": "\x1b[2J\u202e"}),
    "types": traceroute(rtt="soon"),
    "record": json.dumps(healthy()).encode(),
    "too-large": b" " * 80_000_000,
}


@pytest.mark.parametrize("name", TRACES)
def test_a_broken_trace_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    file.write_bytes(TRACES[name])

    is_refused(*run("trace", "--load", str(file)))


ODD_TRACES: dict[str, bytes] = {
    "numbers": traceroute(rtt=1e308, ttl=10**18, size=-1),
    "negative": traceroute(rtt=-1e308, ttl=-5),
    "errors": traceroute(err="\x1b[2J\u202e"),
    "labels": traceroute(icmpext={"obj": [{"mpls": [{"label": 10**15, "ttl": -1}] * 500}] * 500}),
    "zone": traceroute(**{"from": "fe80::1%\x1b[2J"}),
    "farthest": traceroute().replace(b'"hop": 2', b'"hop": 255'),
    "beyond": traceroute().replace(b'"hop": 2', b'"hop": 99999999999999'),
}


@pytest.mark.parametrize("name", ODD_TRACES)
def test_an_odd_trace_is_refused_or_shown_harmlessly(name: str, tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    file.write_bytes(ODD_TRACES[name])
    status, out, err = run("trace", "--load", str(file))

    if status == UNUSABLE and not out:
        is_refused(status, out, err)
    else:
        assert "Traceback" not in err
        assert active(out) <= {"\n"}
        assert "192.0.2.9" in out


CAPTURES: dict[str, bytes] = {
    "nothing": b"",
    "text": b"\x1b[2J" * 1000,
    "cut": craft.pcap(b"x" * 100)[:-50],
    "claims": craft.pcap() + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF),
    "block": struct.pack("<IIIHHq", 0x0A0D0D0A, 0x7FFFFFF0, 0x1A2B3C4D, 1, 0, -1),
}


@pytest.mark.parametrize("name", CAPTURES)
def test_a_broken_capture_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(json.dumps(healthy()))
    (tmp_path / "case.pcap").write_bytes(CAPTURES[name])

    is_refused(*run("audit", str(tmp_path / "case.json"), str(tmp_path / "case.pcap")))


@pytest.mark.parametrize("place", PLACES)
def test_a_capture_that_is_none_is_refused(place: str, tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(json.dumps(healthy()))

    is_refused(*run("audit", str(tmp_path / "case.json"), place))


TABLES: dict[str, bytes] = {
    "binary": b"\0\xff\x1b[2J",
    "escapes": b"\x1b[2J,1,x\n",
    "prefix": b"192.0.2.0/99,1,x\n",
    "host-bits": b"192.0.2.1/24,1,x\n",
    "number": b"192.0.2.0/24," + b"9" * 5000 + b",x\n",
    "long-line": b"192.0.2.0/24,1," + b"x" * 1_000_000 + b"\n",
    "quote": b'192.0.2.0/24,1,"' + b"x\n" * 100_000,
}


@pytest.mark.lab
@pytest.mark.parametrize("name", TABLES)
def test_a_broken_network_table_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(TABLES[name])
    file = tmp_path / "config.toml"
    file.write_text('asn = "table.csv"\n')

    is_refused(*run("trace", "127.0.0.1", "--report", "1", "--config", str(file)))


def places(tree: Any, kind: type[Any], path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every text, or every number, in a document."""
    if isinstance(tree, kind) and not isinstance(tree, bool):
        yield path
    elif isinstance(tree, dict | list):
        for key, below in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places(below, kind, (*path, key))


def poisoned(tree: Tree, path: tuple[Any, ...], evil: object) -> bytes:
    """The document with something else in one place."""
    place: Any = tree
    for key in path[:-1]:
        place = place[key]
    before, place[path[-1]] = place[path[-1]], evil
    data = json.dumps(tree).encode()
    place[path[-1]] = before
    return data


def crashes_no_check(saved: records.Record, place: object) -> None:
    known = {check.id for check in CATALOGUE.checks}
    catalogue = CATALOGUE.only(c for c in saved.settings.checks if c in known)
    again = judged(saved, catalogue, boundary.default())
    assert [f.message for f in again.findings if f.outcome is Outcome.CRASHED] == [], place


EVIL = (HOSTILE, "../../../../etc/passwd", "x" * 50_000, "\n" * 1000, "", "-1", "1" * 5000)


@pytest.mark.parametrize("evil", range(len(EVIL)))
def test_a_hostile_text_anywhere_is_refused_or_shown_harmlessly(evil: int) -> None:
    tree = healthy()
    taken = 0
    for path in list(places(tree, str)):
        try:
            saved = records.loads(poisoned(tree, path, EVIL[evil]))
        except records.BadRecordError:
            continue
        taken += 1
        crashes_no_check(saved, path)
        for form in forms.FORMS:
            assert active(forms.render(form, saved, Look())) <= {"\n"}, (form, path)
        Page(forms.render("html", saved, Look()))
        assert is_tame(without_code(forms.render("markdown", saved, Look()))), path
    assert taken > 10


NUMBERS = (-1, 0, 10**300, 10**4000, 1e308, 2**63, 1e-320, -1e308)


@pytest.mark.parametrize("evil", range(len(NUMBERS)))
def test_a_hostile_number_anywhere_is_refused_or_shown(evil: int) -> None:
    tree = healthy()
    taken = 0
    for path in list(places(tree, int)) + list(places(tree, float)):
        try:
            saved = records.loads(poisoned(tree, path, NUMBERS[evil]))
        except records.BadRecordError:
            continue
        taken += 1
        crashes_no_check(saved, path)
        for form in forms.FORMS:
            assert active(forms.render(form, saved, Look())) <= {"\n"}, (form, path)
    assert taken


def much(tree: Tree) -> Tree:
    """A valid record, near the largest that is read."""
    findings = tree["findings"]
    tree["findings"] = findings + [
        finding | {"id": f"F{n}", "explains": [], "explained_by": []}
        for n, finding in enumerate(findings * 100, 1000)
    ]
    seen = tree["transcript"]
    tree["transcript"] = seen + [
        one | {"id": number, "completed": number}
        for number, one in enumerate(seen * (6_000_000 // len(json.dumps(seen))), 1000)
    ]
    return tree


@pytest.mark.parametrize("form", [*forms.FORMS])
def test_a_record_of_very_much_is_shown_in_time(form: str, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(much(healthy())))
    started = time.monotonic()
    status, octets = measured("report", str(file), "--format", form)

    assert time.monotonic() - started < MOST_SECONDS
    assert status in {0, 1, 2, 3}
    assert octets < 2 * MOST_OCTETS


CONFIGURATIONS: dict[str, bytes] = {
    "binary": b"\0\xff\x1b[2J",
    "deep": b"x = " + b"[" * 100_000,
    "deep-table": b"[" + b"a." * 50_000 + b"a]\n",
    "unknown": b'"\\u001b[2J\\u202e" = 1\n',
    "types": b"resolvers = 7\n",
    "escapes": b'resolvers = ["\\u001b[2J\\u202e"]\n',
    "large": b"# " + b"x" * 2_000_000,
    "number": b"vantage = " + b"9" * 5000 + b"\n",
    "prefix": b'[[networks]]\nname = "x"\nowner = "transit"\nprefixes = ["10.0.0.0/999"]\n',
    "owner": b'[[networks]]\nname = "x"\nowner = "\\u001b[2J"\nprefixes = []\n',
    "anchor": b'anchors = ["127.0.0.1:99999999999999999999"]\n',
    "elsewhere": b'root_hints = "/dev/zero"\n',
    "boundary-elsewhere": b'boundary = "/dev/zero"\n',
    "boundary-folder": b'boundary = "/"\n',
}


@pytest.mark.lab
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_broken_configuration_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(CONFIGURATIONS[name])

    is_refused(*run("check", "127.0.0.1", "--config", str(file)))


@pytest.mark.lab
@pytest.mark.parametrize("name", ["binary", "deep", "deep-table", "unknown", "large", "number"])
def test_a_broken_boundary_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "boundary.toml").write_bytes(CONFIGURATIONS[name])
    file = tmp_path / "config.toml"
    file.write_text('boundary = "boundary.toml"\n')

    is_refused(*run("check", "127.0.0.1", "--config", str(file)))


HINTS: dict[str, bytes] = {
    "binary": b"\0\xff\x1b[2J",
    "empty": b"",
    "escapes": b". 3600000 NS \x1b[2J\n\x1b[2J 3600000 A \x1b]0;owned\x07\n",
    "address": b". NS a.\na. A 1.2.3.4.5\n",
    "family": b". NS a.\na. AAAA 1.2.3.4\n",
    "zone-index": b". NS a.\na. AAAA fe80::1%\x1b[2J\n",
    "long-line": b". NS " + b"x" * 900_000 + b"\n",
    "no-root": b"example. NS a.\na. A 192.0.2.1\n",
    "large": b"; " + b"x" * 2_000_000,
}


@pytest.mark.lab
@pytest.mark.parametrize("name", HINTS)
def test_broken_root_hints_are_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "named.root"
    file.write_bytes(HINTS[name])

    is_refused(*run("check", "127.0.0.1", "--root-hints", str(file)))
