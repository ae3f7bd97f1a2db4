"""`--dry-run` tells what would be sent first, and nothing leaves the machine."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from netdiag.audit import capture, packets
from tests.lab import warm
from tests.lab.outside import Wish
from tests.lab.topology import address

pytestmark = pytest.mark.lab

NETDIAG = (sys.executable, "-m", "netdiag")
TARGET = "www.customer.example"
DRY: dict[str, tuple[str, ...]] = {
    "check": ("check", TARGET),
    "address": ("check", address("host").v4),
    "thorough": ("check", TARGET, "--thorough"),
    "fast": ("check", TARGET, "--fast"),
    "dns": ("dns", "customer.example"),
    "probe": ("probe", TARGET),
    "selfcheck": ("selfcheck", TARGET, "--yes"),
}


def dry(*arguments: str, pcap: Path) -> str:
    wish = Wish(as_user=True, capture=str(pcap), command=(*NETDIAG, *arguments, "--dry-run"))
    done = warm.run(wish)
    assert done.returncode == 0, done.stderr
    return done.stdout


def left(pcap: Path) -> list[str]:
    """What was seen at the vantage of packets from it, but for neighbour discovery."""
    seen = [packets.decode(frame) for frame in capture.frames(pcap.read_bytes())]
    own = {*address("desk").both}
    return [str(packet) for packet in seen if getattr(packet, "source", "") in own]


@pytest.mark.parametrize("arguments", DRY.values(), ids=DRY)
def test_nothing_is_sent(arguments: tuple[str, ...], tmp_path: Path) -> None:
    said = dry(*arguments, pcap=tmp_path / "wire.pcap")

    assert left(tmp_path / "wire.pcap") == []
    assert said.splitlines()[-1] == "Nothing was sent."
    assert len(said.splitlines()) > 3


def test_the_first_wave_is_what_a_run_begins_with(tmp_path: Path) -> None:
    told: dict[str, Any] = json.loads(
        dry("check", TARGET, "--format", "json", pcap=tmp_path / "wire.pcap")
    )
    record: dict[str, Any] = json.loads(
        warm.run(Wish(as_user=True, command=(*NETDIAG, "check", TARGET, "--format", "json"))).stdout
    )

    asked = [one["request"] for one in record["transcript"]]
    wave = [{k: v for k, v in one.items() if k != "most_packets"} for one in told["requests"]]
    assert wave
    assert all(one in asked for one in wave)
    assert told["limits"]["destination"] == record["budget"]["destination"]


def test_a_run_does_leave_packets_there(tmp_path: Path) -> None:
    """Else the capture would prove nothing."""
    pcap = tmp_path / "wire.pcap"
    warm.run(Wish(as_user=True, capture=str(pcap), command=(*NETDIAG, "check", TARGET)))

    assert left(pcap)
