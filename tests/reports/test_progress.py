"""Progress: what is shown and logged while a run goes on, and that neither can hurt the run."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest

from netdiag.cli import progress
from netdiag.cli.progress import Live, Log, watchers
from netdiag.network import ObservationId
from netdiag.requests import DnsQuery, TcpConnect
from tests.reports.sample import HOSTILE, TRANSCRIPT, active


class Full(io.StringIO):
    """A disk without room."""

    def write(self, text: str, /) -> int:
        raise OSError(28, "No space left on device")


def test_the_log_has_a_line_for_each_request_asked_and_answered() -> None:
    file = io.StringIO()
    log = Log(file)
    log.asked(ObservationId(1), TRANSCRIPT[0].request)
    log.answered(TRANSCRIPT[0])

    asked, answered = file.getvalue().splitlines()
    assert asked.endswith(" ? #1 A www.shop.example. @198.51.100.2")
    assert answered.endswith(
        "= #1 A www.shop.example. @198.51.100.2 -> REFUSED, no answer records, 12.3 ms"
    )
    assert asked.lstrip().startswith("0.000 ")


def test_hostile_text_stays_in_its_line() -> None:
    file = io.StringIO()
    query = DnsQuery(server=HOSTILE, name=HOSTILE, rtype="A")
    Log(file).asked(ObservationId(1), query)
    live = Live()
    live.asked(ObservationId(1), query)
    live.stop()

    assert active(file.getvalue()) == {"\n"}
    assert file.getvalue().count("\n") == 1
    assert active(live.picture().plain) == {"\n"}
    assert len(live.picture().plain.splitlines()) == 2


def test_a_log_that_cannot_be_written_ends_without_harm(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log(Full())
    log.asked(ObservationId(1), TRANSCRIPT[0].request)
    log.answered(TRANSCRIPT[0])

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_log_file_is_written_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    with watchers(verbose=False, log_file=path) as watching:
        (log,) = watching
        log.asked(ObservationId(1), TRANSCRIPT[0].request)
        assert path.read_text().count("\n") == 1


def test_a_log_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(click.ClickException, match="--log-file"),
        watchers(verbose=False, log_file=tmp_path / "no" / "run.log"),
    ):
        pass


def test_verbose_lines_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with watchers(verbose=True, log_file=None) as watching:
        for watcher in watching:
            watcher.asked(ObservationId(1), TRANSCRIPT[0].request)

    said = capsys.readouterr()
    assert "? #1 A www.shop.example." in said.err
    assert said.out == ""


def test_nothing_is_shown_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with watchers(verbose=False, log_file=None) as watching:
        assert watching == ()


def test_the_display_counts_and_names_what_is_waited_for() -> None:
    live = Live()
    for number in range(1, 8):
        live.asked(ObservationId(number), TcpConnect(address="192.0.2.1", port=number))
    live.answered(TRANSCRIPT[0])
    live.stop()

    lines = live.picture().plain.splitlines()
    assert lines[0].startswith("netdiag: 7 asked, 1 answered, ")
    assert lines[1:] == [f"  TCP connect 192.0.2.1:{n}" for n in (4, 5, 6, 7)]


SHOW = """
import sys, time
from netdiag.cli.progress import watchers
from netdiag.requests import Echo
with watchers(verbose=False, log_file=None) as (live,):
    live.asked(1, Echo(address="192.0.2.1"))
    time.sleep(float(sys.argv[1]))
assert ("rich" in sys.modules) == (sys.argv[2] == "shown")
"""


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, False), (progress.PATIENCE + 1.5, True)])
def test_a_terminal_sees_a_long_run_and_no_trace_of_it_afterwards(
    seconds: float, shown: bool
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", SHOW, str(seconds), "shown" if shown else "hidden"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "60", "LINES": "20"}
    done = subprocess.run(command, stderr=theirs, env=environment, check=False, timeout=30)
    os.close(theirs)
    drawn = os.read(ours, 65536).decode() if shown else ""
    os.close(ours)

    assert done.returncode == 0
    assert ("echo 192.0.2.1" in drawn) == shown
    assert not shown or drawn.rstrip().endswith(("\x1b[2K", "\x1b[?25h"))
