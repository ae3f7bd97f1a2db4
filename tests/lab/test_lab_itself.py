"""The lab is cut off, quick, truthful about hops and delay, and leaves nothing behind."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab import linux, outside, topology, warm
from tests.lab.outside import Wish
from tests.lab.scenarios import SCENARIOS
from tests.lab.topology import address, between, towards

pytestmark = pytest.mark.lab

ROUTERS_TO_HOST = {
    "desk": ("dgw", "dr", "ta1", "ta2", "edge", "fw"),
    "home": ("hgw", "isp", "isp2", "tb1", "tb2", "edge", "fw"),
}
STARTED_WITHIN = 10.0
"""Seconds on a busy machine; on an idle one it is about one."""


def said(*command: str, **wish: object) -> str:
    done = warm.run(Wish(command=command, **wish))  # type: ignore[arg-type]
    assert done.returncode == 0, done.stderr
    return done.stdout


def shell(script: str, **wish: object) -> str:
    return said("sh", "-c", script, **wish)


def test_names_of_scenarios_are_unique() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(names) == len(set(names))


def test_every_device_is_virtual_and_ends_inside() -> None:
    script = "for n in $(ls /run/netns); do ip -n $n -d -j link; echo; done"
    devices = [
        device for line in shell(script).splitlines() if line.strip() for device in json.loads(line)
    ]
    carrying = [d for d in devices if d["operstate"] != "DOWN" or d["link_type"] == "ether"]
    assert len(carrying) > 2 * len(topology.NODES)
    kinds = {d.get("linkinfo", {}).get("info_kind", d["link_type"]) for d in carrying}
    assert kinds == {"loopback", "veth", "bridge"}


def test_there_is_no_route_to_anywhere_else() -> None:
    script = "for n in dr isp2 ta1 tb1 edge; do ip -n $n route get 192.0.2.1 2>&1; done"
    assert shell(f"{script}; true").count("unreachable") == 5


def test_the_machine_outside_gets_no_device() -> None:
    before = Path("/proc/net/dev").read_text().count(":")
    with subprocess.Popen(
        outside.command_line(Wish(command=("sh", "-c", "echo up; cat"))),
        env=dict(outside.environment()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        assert running.stdout.readline() == b"up\n"
        assert Path("/proc/net/dev").read_text().count(":") == before
        running.stdin.close()


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(c) for c in children] + [d for c in children for d in _descendants(int(c))]


def _named_namespaces() -> set[Path]:
    return set(linux.NAMESPACES.iterdir()) if linux.NAMESPACES.is_dir() else set()


def _left_after_killing(command: list[str]) -> list[int]:
    """The processes that are still there after `command`, which started a lab, was killed."""
    with subprocess.Popen(
        command,
        cwd=outside.ROOT,
        env=dict(outside.environment()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"up\n"
        inside = _descendants(started.pid)
        assert len(inside) > 10
        started.kill()
    deadline = time.monotonic() + 5
    while (left := [p for p in inside if Path(f"/proc/{p}").exists()]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.02)
    return left


WAITING = ("sh", "-c", "echo up; cat")


@pytest.mark.parametrize("delay", ["0", "5"])
def test_killing_it_leaves_nothing(delay: str) -> None:
    before = _named_namespaces()
    run = [sys.executable, "-m", "tests.lab", "run", "--delay", delay, "--", *WAITING]
    assert _left_after_killing(run) == []
    assert _named_namespaces() == before


def test_killing_who_started_it_leaves_nothing() -> None:
    script = f"import subprocess; subprocess.run({outside.command_line(Wish(command=WAITING))!r})"
    assert _left_after_killing([sys.executable, "-c", script]) == []


def test_it_starts_within_seconds() -> None:
    begun = time.monotonic()
    said("true")
    assert time.monotonic() - begun < STARTED_WITHIN


def test_the_exit_status_is_the_commands() -> None:
    assert warm.run(Wish(command=("sh", "-c", "exit 5"))).returncode == 5
    assert warm.run(Wish(command=("sh", "-c", "kill -9 $$"))).returncode == 128 + 9


@pytest.mark.parametrize("command", [["cat"], [sys.executable, "-m", "fileinput"]])
def test_a_user_has_no_privilege(command: list[str]) -> None:
    status = said(*command, "/proc/self/status", as_user=True)
    assert re.search(r"CapPrm:\t0+$", status, re.MULTILINE)
    assert re.search(r"CapEff:\t0+$", status, re.MULTILINE)
    assert re.search(r"NoNewPrivs:\t1$", status, re.MULTILINE)
    assert re.search(r"Uid:\t1000\t1000\t1000\t1000$", status, re.MULTILINE)


@pytest.mark.parametrize("vantage", ["desk", "home"])
@pytest.mark.parametrize("family", [4, 6])
def test_the_path_is_as_drawn(vantage: str, family: int) -> None:
    target = address("host")
    output = said(
        "traceroute", f"-{family}", "-n", "-q1", target.v4 if family == 4 else target.v6,
        vantage=vantage, as_user=True,
    )  # fmt: skip
    hops = [line.split()[1] for line in output.splitlines()[1:]]
    pairs = [*_inbound(vantage), target]
    assert hops == [pair.v4 if family == 4 else pair.v6 for pair in pairs]


def _inbound(vantage: str) -> list[topology.Pair]:
    """Each router's address on the side from which the probes come."""
    nodes = (vantage, *ROUTERS_TO_HOST[vantage])
    return [towards(a, b) for a, b in itertools.pairwise(nodes)]


@pytest.mark.parametrize("vantage", ["desk", "home", "isp"])
def test_names_resolve(vantage: str) -> None:
    script = "dig +short www.customer.example A; dig +short www.customer.example AAAA"
    assert shell(script, vantage=vantage).split() == list(address("host").both)


def test_public_resolvers_answer_at_every_address() -> None:
    asked = [
        f"dig +short {how} @{one} mx.mailhost.example A"
        for one in topology.PUBLIC_RESOLVERS
        for how in ("+notcp", "+tcp")
    ]
    assert shell("; ".join(asked)).split() == [address("other").v4] * len(asked)


def test_every_root_server_answers_at_both_addresses() -> None:
    asked = [
        f"dig +norec +short @{one} . SOA" for pair in topology.ROOT_SERVERS.values() for one in pair
    ]
    answers = shell("; ".join(asked)).splitlines()
    assert len(answers) == 26
    assert len(set(answers)) == 1


def test_the_delay_is_the_round_trips_half() -> None:
    output = said("ping", "-c4", "-i0.3", address("host").v4, delay_ms=20.0)
    shortest = float(re.search(r"= ([\d.]+)/", output).group(1))  # type: ignore[union-attr]
    assert 40.0 <= shortest < 44.0


def test_delayed_packets_are_whole() -> None:
    """Checksums and sizes survive, which a capture on a delayed link shows by a real transfer."""
    output = shell("curl -sS https://www.customer.example/", vantage="home", delay_ms=5.0)
    assert "Welcome" in output


def test_home_is_behind_nat() -> None:
    assert between("home", "hgw").v4.startswith("192.168.")
    script = "ip -n hgw -br address show to-isp; ip -br address show eth0"
    output = shell(script, vantage="home")
    assert "22.20.1.2/30" in output
    assert "192.168.1.10/24" in output
