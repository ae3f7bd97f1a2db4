"""How long a complete trace takes: `python -m tests.bench.path [RUNS]`, as root.

A path of 12 hops, the 5th and the 8th silent, 60 ms round trip, in network namespaces of its own.
Each tool that is installed is timed as a whole process, in turn with the others.
"""

from __future__ import annotations

import itertools
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from tests.bench.__main__ import PYTHON, ROOT, run
from tests.lab import linux

HOPS = 12
SILENT = (5, 8)
RTT_MS = 60
TARGET = f"10.99.{HOPS - 1}.2"
NODES = ["c", *(f"r{n}" for n in range(1, HOPS)), "t"]
TOOLS = {
    "netdiag": [PYTHON, "-m", "netdiag", "trace", "-n", TARGET, "--report", "1"],
    "traceroute": ["traceroute", "-n", "-q1", TARGET],
    "mtr": ["mtr", "-n", "-r", "-c1", TARGET],
    "scamper": ["scamper", "-p", "1000", "-c", "trace -P udp-paris -q 1", "-i", TARGET],
}
MUTE = (
    "table ip m { chain c1 { type filter hook output priority 0; icmp type time-exceeded drop\n}\n}"
)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def build() -> None:
    """The chain: link k joins node k and k + 1, and the first link is the delayed one."""
    linux.mount("tmpfs", Path("/run"), "tmpfs")
    linux.NAMESPACES.mkdir()
    for node in NODES:
        linux.add_namespace(node)
    for number, (near, far) in enumerate(itertools.pairwise(NODES)):
        if number == 0:
            ip("link", "add", "d-near", "type", "veth", "peer", "name", "e0", "netns", near)
            ip("link", "add", "d-far", "type", "veth", "peer", "name", "w0", "netns", far)
        else:
            ends = f"e{number} netns {near} type veth peer name w{number} netns {far}"
            ip("link", "add", "name", *ends.split())
        for node, device, last in ((near, f"e{number}", 1), (far, f"w{number}", 2)):
            ip("-n", node, "address", "add", f"10.99.{number}.{last}/30", "dev", device)
            ip("-n", node, "link", "set", device, "up")
            with linux.within(node):
                linux.without_offloads(device)
    for number, node in enumerate(NODES):
        configure(number, node)


def configure(number: int, node: str) -> None:
    if node != "t":
        ip("-n", node, "route", "add", "default", "via", f"10.99.{number}.2")
    if number > 1:
        ip("-n", node, "route", "add", "10.99.0.0/30", "via", f"10.99.{number - 1}.1")
    with linux.within(node):
        for key, value in (("ip_forward", "1"), ("icmp_ratelimit", "0")):
            (Path("/proc/sys/net/ipv4") / key).write_text(value)
        if number in SILENT:
            subprocess.run(["nft", "-f", "-"], input=MUTE, text=True, check=True)


def delay() -> subprocess.Popen[bytes]:
    """Hold frames of the first link for half the round trip, each way."""
    for device in ("d-near", "d-far"):
        linux.without_offloads(device)
        ip("link", "set", device, "addrgenmode", "none", "up")
    words = [PYTHON, "-m", "tests.lab.wire", str(RTT_MS / 2), "4", "d-near", "d-far"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    if process.stdout is None or process.stdout.readline() != b"ready\n":
        raise RuntimeError("the delayed link did not come up")
    return process


def measure(runs: int) -> None:
    build()
    link = delay()
    try:
        linux.enter("c")
        (Path("/proc/sys/net/ipv4") / "ping_group_range").write_text("0 2147483647")
        subprocess.run(["ping", "-q", "-c3", "-i0.2", TARGET], check=True)
        tools = {name: words for name, words in TOOLS.items() if shutil.which(words[0])}
        for words in tools.values():
            run(words)
        rounds = [{name: run(words).wall for name, words in tools.items()} for _ in range(runs)]
        start = [run([PYTHON, "-m", "netdiag", "--version"]).wall for _ in range(runs)]
    finally:
        link.kill()
        link.wait()
    print(f"{HOPS} hops, {len(SILENT)} silent, {RTT_MS} ms round trip, {runs} runs")
    for name in tools:
        walls = [taken[name] for taken in rounds]
        ratio = statistics.median(taken["netdiag"] / taken[name] for taken in rounds)
        print(
            f"  {name:11} wall {min(walls):.3f} {statistics.median(walls):.3f} {max(walls):.3f} s"
            f" (min median max), netdiag takes {ratio:.2f} of it"
        )
    print(f"  netdiag --version takes {statistics.median(start):.3f} s of netdiag's time")


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    match arguments:
        case ["inside", runs]:
            measure(int(runs))
            return 0
        case [] | [_]:
            runs = arguments[0] if arguments else "5"
            apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]
            words = [*apart, "--mount-proc", PYTHON, "-m", "tests.bench.path", "inside", runs]
            return subprocess.run(words, check=False).returncode
    print(__doc__, file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
