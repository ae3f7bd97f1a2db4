"""Wrong usage: one clear sentence, exit status 3, no traceback, nothing half-written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netdiag import __version__
from netdiag.cli.main import COMMANDS, run
from netdiag.cli.selfcheck import introduction


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check"], "TARGET"),
        (["check", "exa mple"], "not a host name"),
        (["check", ""], "no target"),
        (["check", "www.example.org", "--port", "0"], "--port"),
        (["check", "www.example.org", "--timeout", "soon"], "--timeout"),
        (["check", "www.example.org", "--only", "moon"], "moon"),
        (["check", "www.example.org", "--resolver", "dns.example"], "--resolver"),
        (["check", "www.example.org", "--root-hints", "/nowhere/hints"], "/nowhere/hints"),
        (["check", "www.example.org", "--trust-anchor", "/nowhere/key"], "/nowhere/key"),
        (["dns", "example.org", "--trust-anchor", "/dev/null"], "trust anchors"),
        (["check", "www.example.org", "--config", "/nowhere/config"], "/nowhere/config"),
        (["selfcheck", "--yes", "--config", "/nowhere/config"], "/nowhere/config"),
        (["check", "www.example.org", "--output", "/nowhere/x.json"], "/nowhere"),
        (["check", "www.example.org", "--output", "/"], "/"),
        (["check", "www.example.org", "--format", "pdf"], "pdf"),
        (["check", "www.example.org", "--colour"], "--colour"),
        (["chekc", "www.example.org"], "chekc"),
        (["explain", "no-such-code"], "no-such-code"),
        (["judge", "/nowhere/record.json"], "/nowhere/record.json"),
        (["report", "/nowhere/record.json"], "/nowhere/record.json"),
        (["probe"], "TARGET"),
        (["completion", "tcl"], "tcl"),
    ],
)
def test_bad_input_is_one_sentence_and_status_3(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(arguments)

    said = capsys.readouterr()
    assert status == 3
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("netdiag: ")
    assert words in said.err
    assert "Traceback" not in said.err


def test_a_broken_configuration_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "config" / "netdiag"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('vantage = "x"\nresolvers = 9\n')

    assert run(["check", "www.example.org"]) == 3
    assert f"{folder / 'config.toml'}:2: " in capsys.readouterr().err


def test_a_file_that_is_no_record_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "some file.json"
    path.write_text("{}")

    assert run(["judge", str(path)]) == 3
    assert "not a netdiag record" in capsys.readouterr().err


def test_the_version_is_answered_before_anything_is_imported() -> None:
    code = (
        "import sys; sys.argv = ['netdiag', '--version']; from netdiag.__main__ import main; "
        "main(); assert 'click' not in sys.modules and 'asyncio' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == f"netdiag {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0

    said = capsys.readouterr().out
    assert "Examples:" in said
    assert f"netdiag {command}" in said


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_names_the_command(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["completion", shell]) == 0
    assert "_NETDIAG_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("netdiag explain lame-d", "lame-delegation"),
        ("netdiag explain port-st", "port-state"),
        ("netdiag check --only dn", "dns"),
        ("netdiag check --only routing,lame-d", "routing,lame-delegation"),
        ("netdiag check --format pro", "prometheus"),
    ],
)
def test_a_shell_completes_words(typed: str, offered: str) -> None:
    asked = {"_NETDIAG_COMPLETE": "bash_complete", "COMP_WORDS": typed}
    asked["COMP_CWORD"] = str(len(typed.split()) - 1)
    done = subprocess.run(
        [sys.executable, "-m", "netdiag"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    words = {line.removeprefix("plain,") for line in done.stdout.splitlines()}
    assert offered in words
    assert all(word.startswith(typed.rsplit(maxsplit=1)[-1]) for word in words)


def test_a_folder_without_permission_is_said_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if os.geteuid() == 0:
        folder = Path("/proc/self")  # where not even root may create a file
    else:
        folder = tmp_path / "closed"
        folder.mkdir(mode=0o500)

    assert run(["check", "www.example.org", "--output", str(folder / "x.json")]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"'{sys.executable}' -m netdiag checks | true"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, timeout=30
    )

    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("target", [None, "www.customer.example", f"{'a' * 63}.{'b' * 63}.example"])
def test_what_selfcheck_will_do_fits_into_a_terminal(target: str | None) -> None:
    text = introduction(target, Path("netdiag-www.customer.example-20260601-120000.json"))

    long = [line for line in text.splitlines() if len(line) > 79]
    assert all(target and target in line and len(line.split()) <= 2 for line in long)
    assert ("hosts file" in text) == bool(target)
    assert (target or "whether the Internet can be reached") in " ".join(text.split())
