"""Every command is guarded; guards step back one by one, and cost a run nothing that it sees."""

import errno
import json
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from netdiag.cli.main import COMMANDS
from netdiag.guards import kernel, landlock
from netdiag.guards.engage import KERNEL
from netdiag.record import dumps
from tests.lab import warm
from tests.lab.outside import ROOT, Wish, environment
from tests.reports import sample

Tree = dict[str, Any]

NAMES = (*KERNEL, "audit-hook")

STATES = """
import json, sys
from pathlib import Path
from netdiag.guards import kernel, landlock
from netdiag.guards.engage import engage
from netdiag.guards.guard import Allowances, Place
{before}
out = Place(temporary=Path(sys.argv[1], "new"), final=Path(sys.argv[1], "report"))
file = out.temporary.open("w")
found = engage(Allowances(network=True, places=(out,)))
def tried(act):
    try:
        act()
    except OSError as error:
        return error.errno
    return 0
print(json.dumps({{
    "guards": {{guard.name: [guard.state, guard.why] for guard in found}},
    "create": tried(lambda: Path(sys.argv[1], "other").open("w")),
    "truncate": tried(lambda: __import__("os").truncate(sys.argv[1] + "/victim", 0)),
    "output": tried(lambda: (file.write("x"), file.close(), out.temporary.replace(out.final))),
}}))
"""


def child(folder: Path, before: str = "") -> Mapping[str, Any]:
    """The guards of a process that did `before` first, and what it could do under them."""
    (folder / "victim").write_text("kept")
    run = subprocess.run(
        [sys.executable, "-c", STATES.format(before=before), str(folder)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: Mapping[str, Any] = json.loads(run.stdout)
    return found


def only_the_output_was_written(folder: Path, found: Mapping[str, Any]) -> None:
    assert found["create"] in {errno.EPERM, errno.EACCES}
    assert found["truncate"] in {errno.EPERM, errno.EACCES}
    assert found["output"] == 0
    assert (folder / "victim").read_text() == "kept"
    assert (folder / "report").read_text() == "x"


def test_all_guards_are_told_of_in_order(tmp_path: Path) -> None:
    found = child(tmp_path)

    assert tuple(found["guards"]) == NAMES
    assert all(why.endswith(".") for _, why in found["guards"].values())
    only_the_output_was_written(tmp_path, found)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these guards")
@pytest.mark.parametrize("version", range(1, 8))
def test_an_older_landlock_guards_what_it_knows(tmp_path: Path, version: int) -> None:
    if landlock.version() < version:
        pytest.skip(f"this kernel's Landlock is older than version {version}")
    found = child(tmp_path, f"landlock.version = lambda: {version}")

    state, why = found["guards"]["landlock"]
    assert state == ("active" if version >= 6 else "partial")
    assert ("version" in why) == (version < 6)
    only_the_output_was_written(tmp_path, found)


def _without(number: int) -> str:
    """Python that makes this kernel be one which does not have a system call."""
    program = struct.pack("=HBBI", 0x20, 0, 0, 0) + struct.pack("=HBBI", 0x15, 0, 1, number)
    program += struct.pack("=HBBI", 0x06, 0, 0, 0x50000 | errno.ENOSYS)
    program += struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
    return f"kernel.prctl(38, 1); kernel.filter_calls({program!r})"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these guards")
def test_without_landlock_the_filter_takes_its_place(tmp_path: Path) -> None:
    found = child(tmp_path, _without(kernel.LANDLOCK_CREATE))

    state, why = found["guards"]["landlock"]
    assert state == "unavailable"
    assert "no Landlock" in why
    assert found["guards"]["seccomp"][0] == "active"
    only_the_output_was_written(tmp_path, found)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these guards")
def test_without_seccomp_the_others_hold(tmp_path: Path) -> None:
    number = 317 if kernel.machine() == "x86_64" else 277
    found = child(tmp_path, _without(number))

    assert found["guards"]["seccomp"][0] == "unavailable"
    assert found["guards"]["landlock"][0] in {"active", "partial"}
    only_the_output_was_written(tmp_path, found)


def test_elsewhere_the_hook_alone_holds_and_that_is_said(tmp_path: Path) -> None:
    found = child(tmp_path, "sys.platform = 'darwin'")

    assert [state for state, _ in found["guards"].values()] == ["unavailable"] * 4 + ["active"]
    assert "Only Linux" in found["guards"]["seccomp"][1]
    only_the_output_was_written(tmp_path, found)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these guards")
def test_a_process_with_other_threads_is_not_half_locked(tmp_path: Path) -> None:
    waiting = "import threading, time; threading.Thread(target=time.sleep, args=[1]).start()"
    found = child(tmp_path, waiting)

    assert [state for state, _ in found["guards"].values()] == ["unavailable"] * 4 + ["active"]
    assert "threads" in found["guards"]["landlock"][1]


SPYING = """
import json, sys
import netdiag.guards.engage as guards
from netdiag.network import Network
def engaged(allowances):
    sys.stdout.write(json.dumps({"network": allowances.network}))
    sys.stdout.flush()
    import os
    os._exit(0)
guards.engage = engaged
sys.addaudithook(lambda event, _: event.startswith("socket.connect") and sys.exit("connected"))
sys.argv = ["netdiag", *sys.argv[1:]]
from netdiag.__main__ import main
main()
"""

LIVE = {"check", "dns", "trace", "selfcheck", "probe", "doctor"}
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "check": ("www.example.org",),
    "dns": ("example.org",),
    "trace": ("www.example.org", "--report", "1"),
    "selfcheck": ("www.example.org", "--yes", "--output", "FOLDER/case.json"),
    "probe": ("www.example.org",),
    "judge": ("RECORD",),
    "report": ("RECORD",),
    "audit": ("RECORD", "RECORD"),
    "explain": ("host-down",),
    "checks": (),
    "doctor": (),
    "completion": ("bash",),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_guarded_before_it_meets_anything(command: str, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    record.write_bytes(dumps(sample.record()))
    words = [
        word.replace("RECORD", str(record)).replace("FOLDER", str(tmp_path))
        for word in ARGUMENTS[command]
    ]
    run = subprocess.run(
        [sys.executable, "-c", SPYING, command, *words],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert told == {"network": command in LIVE}


def looked(command: tuple[str, ...], *, as_user: bool) -> Tree:
    done = warm.run(Wish(as_user=as_user, command=command))
    assert done.returncode == 0, done.stderr
    tree: Tree = json.loads(done.stdout)
    return tree


def seen(tree: Tree) -> set[tuple[str, str]]:
    """Each kind of request with each kind of its outcomes; which server is asked is a race."""
    return {(o["request"]["type"], o["outcome"]["type"]) for o in tree["transcript"]}


UNGUARDED = "import sys; from netdiag.cli.main import run; run(sys.argv[1:])"
CHECK = ("check", "www.customer.example", "--format", "json", "--thorough")


@pytest.mark.lab
@pytest.mark.parametrize("as_user", [False, True], ids=["root", "user"])
def test_a_guarded_run_sees_what_an_unguarded_one_sees(as_user: bool) -> None:
    guarded = looked((sys.executable, "-m", "netdiag", *CHECK), as_user=as_user)
    free = looked((sys.executable, "-c", UNGUARDED, *CHECK), as_user=as_user)

    assert {g["state"] for g in free["guards"]} == {"unavailable"}
    assert {g["state"] for g in guarded["guards"] if g["name"] != "landlock"} == {"active"}
    assert seen(guarded) == seen(free)
    assert {(f["code"], f["outcome"]) for f in guarded["findings"]} == {
        (f["code"], f["outcome"]) for f in free["findings"]
    }
