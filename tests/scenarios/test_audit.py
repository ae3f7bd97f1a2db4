"""What the capture in the lab is there to find: packets and changes that no record tells of."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.lab import warm
from tests.lab.outside import Wish

pytestmark = pytest.mark.lab

CHECK = "netdiag check www.customer.example --format json"


def run(script: str, pcap: Path) -> subprocess.CompletedProcess[str]:
    return warm.run(Wish(command=("sh", "-c", script), capture=str(pcap)))


def audited(tmp_path: Path, script: str) -> tuple[int, str]:
    """The audit's exit status and words, of a run of `script`, which prints a record."""
    done = run(script, tmp_path / "case.pcap")
    assert done.returncode == 0, done.stderr
    (tmp_path / "case.json").write_text(json.dumps(json.loads(done.stdout)))
    audit = warm.run(
        Wish(command=("netdiag", "audit", str(tmp_path / "case.json"), str(tmp_path / "case.pcap")))
    )
    return audit.returncode, audit.stdout + audit.stderr


def test_a_run_alone_is_read_only(tmp_path: Path) -> None:
    status, said = audited(tmp_path, CHECK)
    assert (status, "READ-ONLY" in said) == (0, True), said


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ("dig +tries=1 +time=1 @9.9.9.9 elsewhere.example >/dev/null", "elsewhere.example"),
        ("nc -zw1 22.40.1.10 8443", "port 8443"),
        ("ping -c1 -W1 -s 99 22.40.1.10 >/dev/null", "ICMP type 8"),
    ],
)
def test_a_packet_of_another_program_is_found(tmp_path: Path, other: str, found: str) -> None:
    status, said = audited(tmp_path, f"{CHECK}; {other}; true")
    assert status == 2
    unexplained = [line for line in said.splitlines() if line.startswith("!!")]
    assert unexplained
    assert all(found in line for line in unexplained), unexplained


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("ip route add blackhole 203.0.113.7", "routes: + blackhole 203.0.113.7"),
        ("ip address add 203.0.113.7/32 dev lo", "addresses: +"),
        ("nft add table inet surprise", "firewall: + table inet surprise"),
        ("touch $HOME/surprise", "files: +"),
        ("nc -lk 9999 </dev/null >/dev/null 2>&1 & sleep 0.3", "listening sockets: +"),
        ("sleep 60 >/dev/null 2>&1 &", "processes: +"),
    ],
)
def test_a_change_of_the_machine_fails_the_run(tmp_path: Path, script: str, found: str) -> None:
    done = run(script, tmp_path / "case.pcap")
    assert done.returncode == 70, done.stderr
    assert found in done.stderr
