"""`netdiag trace` as its users run it: reports in the lab, and the live screen in tmux."""

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.test_in_lab import NETDIAG, TARGET, in_lab

ROOT = Path(__file__).parent.parent.parent
V4, V6 = "22.40.1.10", "2e00:40:1::10"
TRACE = (*NETDIAG, "trace", TARGET)


@pytest.mark.lab
@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_both_families_are_traced_to_the_target_by_an_ordinary_user(protocol: str) -> None:
    done = in_lab(*TRACE, "--report", "2", "--protocol", protocol, "--format", "json")

    assert done.returncode == 0, done.stderr
    traces = json.loads(done.stdout)["traces"]
    assert [trace["dst_addr"] for trace in traces] == [V4, V6]
    assert [trace["verdict"]["code"] for trace in traces] == ["reached", "reached"]
    assert [hop["sent"] for hop in traces[0]["hops"]] == [2] * 7
    assert traces[0]["hops"][2]["address"] == "22.30.1.1"


@pytest.mark.lab
def test_icmp_is_traced_where_the_user_may() -> None:
    done = in_lab(*TRACE, "-4", "--protocol", "icmp", "--report", "1", user=False)

    assert done.returncode == 0, done.stderr
    assert f"{V4} over ICMP, 1 round" in done.stdout


@pytest.mark.lab
@pytest.mark.parametrize(
    ("scenario", "code", "hop", "status"),
    [
        ("routing-loop", "loop", 4, 2),
        ("unreachable-route", "refused", 4, 2),
        ("black-hole", "unanswered", 3, 3),
        ("silent-router", "reached", None, 0),
    ],
)
def test_a_fault_is_named_at_its_hop(
    scenario: str, code: str, hop: int | None, status: int
) -> None:
    done = in_lab(*TRACE, "-4", "--report", "1", "--format", "json", scenario=scenario)

    assert done.returncode == status, done.stderr + done.stdout
    (trace,) = json.loads(done.stdout)["traces"]
    assert (trace["verdict"]["code"], trace["verdict"]["hop"]) == (code, hop)


@pytest.mark.lab
def test_flows_over_two_transits_are_both_shown() -> None:
    done = in_lab(
        *TRACE, "-4", "--report", "1", "--flows", "16", "--format", "json", scenario="several-paths"
    )

    (trace,) = json.loads(done.stdout)["traces"]
    assert any(hop["others"] for hop in trace["hops"])


@pytest.mark.lab
def test_a_router_that_limits_its_errors_is_not_called_lossy() -> None:
    done = in_lab(
        *TRACE,
        "-4",
        "--report",
        "3",
        "--flows",
        "16",
        "--format",
        "json",
        scenario="rate-limited-router",
    )

    (trace,) = json.loads(done.stdout)["traces"]
    assert any(hop["limited"] for hop in trace["hops"])
    assert trace["verdict"]["code"] in {"reached", "inconclusive"}


LOSSY = """table inet lossy {
chain c1 {
type filter hook forward priority 0;
ip daddr 22.40.0.0/16 numgen inc mod 4 0 drop
}
}
"""


@pytest.mark.lab
def test_loss_that_stays_is_named_behind_the_router_that_loses(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.write_text(LOSSY)
    wanted = "-4 --protocol icmp --report 25 --flows 4 --interval 0.5 --format json"
    lose = f"nsenter --net=/run/netns/ta2 nft -f {rules}"
    done = in_lab("sh", "-c", f"{lose} && {shlex.join(TRACE)} {wanted}", user=False)

    assert done.returncode == 2, done.stderr
    (trace,) = json.loads(done.stdout)["traces"]
    assert (trace["verdict"]["code"], trace["verdict"]["hop"]) == ("loss", 4)


@pytest.mark.lab
def test_without_a_terminal_the_report_is_printed() -> None:
    done = in_lab(*TRACE, "-4")

    assert "1 round" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.lab
def test_networks_come_from_the_table(tmp_path: Path) -> None:
    (tmp_path / "asn.csv").write_text("22.30.0.0/16,AS64530,Transit by the table\n")
    (tmp_path / "config.toml").write_text('asn = "asn.csv"\n')
    tmp_path.chmod(0o755)
    config = str(tmp_path / "config.toml")
    wanted = ("--report", "1", "--format", "csv", "--config", config)
    done = in_lab(*TRACE, "-4", *wanted, user=False)

    assert "AS64530 Transit by the table" in done.stdout, done.stderr


def test_wrong_uses_end_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    for arguments in (
        [],
        ["--load", str(tmp_path / "none.json")],
        ["--load", str(tmp_path / "bad.json")],
        ["host.example", "--load", str(tmp_path / "bad.json")],
        ["host.example", "--report", "0"],
        ["host example"],
    ):
        done = subprocess.run(
            [*NETDIAG, "trace", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert done.returncode == 3, arguments
        assert done.stderr.startswith("netdiag: ")
        assert len(done.stderr.splitlines()) == 1


def test_a_saved_result_is_judged(tmp_path: Path) -> None:
    hop = {"hop": 1, "result": [{"from": "192.0.2.1", "rtt": 1.25, "err": "N"}]}
    path = tmp_path / "atlas.json"
    path.write_text(json.dumps([{"dst_addr": "192.0.2.9", "proto": "TCP", "result": [hop]}]))
    done = subprocess.run(
        [*NETDIAG, "trace", "--load", str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert done.returncode == 2
    assert "Hop 1, 192.0.2.1, refuses packets" in done.stdout


class Terminal:
    """A program in a tmux of its own."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/", "TERM": "xterm-256color"},
        )
        return done.stdout

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "0")

    def press(self, key: str) -> None:
        self.tmux("send-keys", "-t", "0", key)

    def wait(self, holds: Callable[[str], object], seconds: float = 25) -> str:
        """The screen as soon as `holds` does of it."""
        end = time.monotonic() + seconds
        while not holds(screen := self.screen):
            assert time.monotonic() < end, screen
            time.sleep(0.1)
        return screen


@contextmanager
def terminal(folder: Path, command: str, size: tuple[int, int]) -> Iterator[Terminal]:
    shown = Terminal(folder / "tmux")
    width, height = map(str, size)
    inside = shlex.join((sys.executable, "-m", "tests.lab", "run", "--user", "--"))
    lab = f"cd {shlex.quote(str(ROOT))} && {inside} {command}"
    shell = f"trap : INT; {lab}; echo ended with $?; exec cat"
    shown.tmux("-u", "-f", "/dev/null", "new-session", "-d", "-x", width, "-y", height, shell)
    try:
        yield shown
    finally:
        shown.tmux("kill-server")


def rounds(screen: str) -> list[int]:
    return [int(count) for count in re.findall(r"(\d+) round", screen)]


def rounds_done(screen: str) -> list[int]:
    """What the progress of a report shows."""
    return [int(count) for count in re.findall(r"(\d+) of 500 rounds", screen)]


@pytest.mark.lab
def test_the_live_screen_obeys_its_keys(tmp_path: Path) -> None:
    with terminal(tmp_path, shlex.join(TRACE), (170, 50)) as tmux:
        both = tmux.wait(lambda s: min(rounds(s), default=0) >= 2 and "Transit A" in s)
        assert any(V4 in line and V6 in line for line in both.splitlines())
        assert "reached:" in both
        assert "q quit" in both

        tmux.press("p")
        paused = tmux.wait(lambda s: "PAUSED" in s)
        time.sleep(2.5)
        # The round that was under way when the key came may still be counted.
        assert rounds(tmux.screen)[0] <= rounds(paused)[0] + 1
        tmux.press("p")
        tmux.wait(lambda s: rounds(s)[0] > rounds(paused)[0] + 1)

        tmux.press("r")
        tmux.wait(lambda s: min(rounds(s), default=9) <= 1)

        tmux.press("t")
        tmux.wait(lambda s: f"{V4} over TCP port 443" in s and min(rounds(s)) >= 1)

        tmux.press("u")
        tmux.wait(lambda s: f"{V4} over UDP" in s)
        tmux.press("6")
        only = tmux.wait(lambda s: f"{V6} over UDP" in s and f"{V4} over" not in s)
        assert len(rounds(only)) == 1

        tmux.press("q")
        tmux.wait(lambda s: re.search(r"ended with [0-3]", s))


@pytest.mark.lab
def test_the_live_screen_follows_the_size_of_the_terminal(tmp_path: Path) -> None:
    with terminal(tmp_path, shlex.join(TRACE), (170, 50)) as tmux:
        tmux.wait(lambda s: any(V4 in line and V6 in line for line in s.splitlines()))

        for width, height in ((90, 60), (50, 12), (20, 5), (200, 60)):
            tmux.tmux("resize-window", "-t", "0", "-x", str(width), "-y", str(height))
            time.sleep(0.7)
        tmux.wait(lambda s: any(V4 in line and V6 in line for line in s.splitlines()))
        tmux.press("q")
        tmux.wait(lambda s: re.search(r"ended with [0-3]", s))


@pytest.mark.lab
def test_an_interrupted_report_tells_what_was_seen(tmp_path: Path) -> None:
    with terminal(tmp_path, shlex.join([*TRACE, "-4", "--report", "500"]), (110, 50)) as tmux:
        tmux.wait(lambda s: max(rounds_done(s), default=0) >= 2)
        tmux.press("C-c")
        ended = tmux.wait(lambda s: re.search(r"ended with \d", s))

        assert "ended with 0" in ended
        assert "reached:" in ended
        assert 2 <= rounds(ended)[0] < 500
        assert rounds_done(ended) == []


@pytest.mark.lab
def test_ctrl_c_leaves_the_live_screen(tmp_path: Path) -> None:
    with terminal(tmp_path, shlex.join(TRACE), (110, 50)) as tmux:
        tmux.wait(lambda s: min(rounds(s), default=0) >= 1)
        tmux.press("C-c")
        ended = tmux.wait(lambda s: re.search(r"ended with \d", s))

        assert "Traceback" not in ended
