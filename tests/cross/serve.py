"""Starts the servers of an internet, in a network namespace of this process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.zone

from tests.cross.internet import (
    OPERATOR_SERVERS,
    REGISTRY_SERVERS,
    ROOT_SERVERS,
    USUAL_KEYS,
    Internet,
    Server,
    Signing,
)
from tests.lab import linux, needs
from tests.lab.topology import Pair
from tests.lab.zones import Zone

FOLDER = Path("/run/cross")
SERVERS, CLIENT = "servers", "client"
PLAIN = Signing(list(USUAL_KEYS))
READY_WITHIN = 60.0


class BrokenServerError(RuntimeError):
    """A server did not start; the message has what it said."""


def start(internet: Internet) -> None:
    """Build everything and wait until it answers. Leaves hints and the trust anchor in FOLDER."""
    FOLDER.mkdir(parents=True)
    _hints()
    _namespaces(internet)
    zone_ds = _sign_servers(internet)
    example, example_ds = signed(internet.example_zone(zone_ds).text, "example.", PLAIN)
    root, _ = signed(internet.root_zone(example_ds).text, ".", PLAIN)
    (FOLDER / "anchor").write_text(_entry_points(root))
    with linux.within(SERVERS):
        waiting = [
            _nsd("root", _all(ROOT_SERVERS), {".": root} | _texts(internet.root())),
            _nsd(
                "tld", _all(REGISTRY_SERVERS), {"example.": example} | _texts([internet.net_zone()])
            ),
            _nsd("operator", _all(OPERATOR_SERVERS), _texts([internet.operator])),
        ]
        for number, server in enumerate(internet.servers, 1):
            waiting += _zone_server(number, server)
        _shut(internet)
    deadline = time.monotonic() + READY_WITHIN
    for log, word, process in waiting:
        _await(log, word, process, deadline)


Waiting = tuple[Path, str, "subprocess.Popen[bytes]"]


def _zone_server(number: int, server: Server) -> list[Waiting]:
    """The real server, behind a relay where it misbehaves."""
    texts = {server.zone.name: (FOLDER / f"signed-{number}").read_text()}
    if not server.conduct:
        return [_nsd(f"s{number}", server.addresses, texts)]
    inner = f"127.0.1.{number}"
    words = [",".join(server.conduct), ",".join(server.addresses), inner]
    command = [sys.executable, "-m", "tests.cross.relay", *words]
    return [
        _nsd(f"s{number}", [inner], texts),
        (log := FOLDER / f"relay-{number}.log", "ready", _launch(command, log)),
    ]


def _sign_servers(internet: Internet) -> list[str]:
    """Each server's text goes to a file; the DS records of the zone's keys come back."""
    ds: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if internet.signing:
            _generate(folder, internet.servers[0].zone.name, internet.signing)
        for number, server in enumerate(internet.servers, 1):
            text = server.text
            if internet.signing:
                done, ds = _signed(folder, text, server.zone.name, internet.signing)
                text = done if server.signed else text
            for spoil in server.spoils:
                text = spoil(text)
            (FOLDER / f"signed-{number}").write_text(text)
    return ds


def signed(text: str, name: str, signing: Signing) -> tuple[str, list[str]]:
    """The zone with new keys, and their DS records."""
    with tempfile.TemporaryDirectory() as folder:
        _generate(Path(folder), name, signing)
        return _signed(Path(folder), text, name, signing)


def _entry_points(root: str) -> str:
    """The root's keys that sign keys, a line each."""
    keys = dns.zone.from_text(root, origin=".", relativize=False).find_rdataset(".", "DNSKEY")
    return "".join(f". IN DNSKEY {key.to_text()}\n" for key in keys if key.flags & 1)


def _generate(folder: Path, name: str, signing: Signing) -> None:
    for arguments in signing.keys:
        _run(folder, "dnssec-keygen", "-q", *arguments, name)


def _signed(folder: Path, text: str, name: str, signing: Signing) -> tuple[str, list[str]]:
    (folder / "zone").write_text(text)
    words = ["-S", "-P", "-q", "-s", _day(signing.begins), "-e", _day(signing.ends)]
    _run(folder, "dnssec-signzone", *words, *signing.options, "-o", name, "-f", "out", "zone")
    lines = (folder / f"dsset-{name}").read_text().splitlines()
    words_of = (line.split(" DS ")[1].split() for line in lines)
    return (folder / "out").read_text(), [
        " ".join((*words[:3], "".join(words[3:]))) for words in words_of
    ]


def _day(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y%m%d%H%M%S")


def _namespaces(internet: Internet) -> None:
    linux.NAMESPACES.mkdir(parents=True, exist_ok=True)
    for node in (SERVERS, CLIENT):
        linux.add_namespace(node)
        with linux.within(node):
            for key in ("all", "default"):
                Path(f"/proc/sys/net/ipv6/conf/{key}/disable_ipv6").write_text("0")
                Path(f"/proc/sys/net/ipv6/conf/{key}/accept_dad").write_text("0")
            Path("/proc/sys/net/ipv4/icmp_ratelimit").write_text("0")
            Path("/proc/sys/net/ipv6/icmp/ratelimit").write_text("0")
            Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 0")
    _ip(f"link add name eth0 netns {CLIENT} type veth peer name eth0 netns {SERVERS}")
    for node, last in ((SERVERS, 1), (CLIENT, 2)):
        with linux.within(node):
            lines = [
                "link set lo up",
                "link set eth0 up",
                f"address add 22.10.0.{last}/24 dev eth0",
            ]
            lines.append(f"address add 2e00:10::{last}/64 dev eth0 nodad")
            if node == CLIENT:
                lines += ["route add default via 22.10.0.1", "route add ::/0 via 2e00:10::1"]
            else:
                lines += [f"address add {one} dev lo" for one in _everywhere(internet)]
            _ip(*lines)


def _everywhere(internet: Internet) -> list[str]:
    every = [*_all(ROOT_SERVERS), *_all(REGISTRY_SERVERS), *_all(OPERATOR_SERVERS)]
    return every + [address for server in internet.servers for address in server.addresses]


def _all(servers: dict[str, Pair]) -> list[str]:
    return [address for pair in servers.values() for address in pair.both]


def _texts(zones: Sequence[Zone]) -> dict[str, str]:
    return {zone.name: zone.text for zone in zones}


def _shut(internet: Internet) -> None:
    rules = [
        rule for server in internet.servers for how in server.shut for rule in _rules(server, how)
    ]
    if rules:
        body = "\n".join(rules)
        text = (
            f"table inet cross {{ chain in {{ type filter hook input priority 0;\n{body}\n}}\n}}\n"
        )
        _run(FOLDER, "nft", "-f", "-", text=text)


def _rules(server: Server, how: str) -> list[str]:
    found = []
    for address in server.addresses:
        family = "ip6" if ":" in address else "ip"
        if how == f"silent-{'4' if family == 'ip6' else '6'}":
            continue
        match how.removesuffix("-4").removesuffix("-6"):
            case "silent":
                verdicts = ["drop"]
            case "udp-silent":
                verdicts = ["udp dport 53 drop"]
            case "tcp-silent":
                verdicts = ["tcp dport 53 drop"]
            case "tcp-rejected":
                verdicts = ["tcp dport 53 reject with tcp reset"]
            case _:
                verdicts = ["udp dport 53 reject", "tcp dport 53 reject with tcp reset"]
        found += [f"{family} daddr {address} {verdict}" for verdict in verdicts]
    return found


def _hints() -> None:
    lines = []
    for name, pair in ROOT_SERVERS.items():
        lines += [
            f". 3600000 NS {name}",
            f"{name} 3600000 A {pair.v4}",
            f"{name} 3600000 AAAA {pair.v6}",
        ]
    (FOLDER / "hints").write_text("\n".join(lines) + "\n")


def _nsd(name: str, addresses: list[str], texts: dict[str, str]) -> Waiting:
    home = FOLDER / name
    home.mkdir()
    lines = ["server:", 'username: ""', 'chroot: ""', 'pidfile: ""', 'database: ""']
    lines += ["server-count: 1", "rrl-ratelimit: 0", "verbosity: 1", "hide-version: yes"]
    lines += [f'{key}: "{home}/{key}"' for key in ("xfrdfile", "zonelistfile")]
    lines += [f'xfrdir: "{home}"', *(f"ip-address: {one}" for one in addresses)]
    lines += ["remote-control:", "control-enable: no"]
    for zone, text in texts.items():
        path = home / f"{zone.strip('.') or 'root'}.zone"
        path.write_text(text)
        lines += ["zone:", f'name: "{zone}"', f'zonefile: "{path}"']
    (home / "nsd.conf").write_text("\n".join(lines) + "\n")
    command = [needs.find("nsd") or "nsd", "-d", "-c", str(home / "nsd.conf")]
    log = home / "log"
    return log, "nsd started", _launch(command, log)


def _launch(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def _await(log: Path, word: str, process: subprocess.Popen[bytes], deadline: float) -> None:
    while word not in (said := log.read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BrokenServerError(f"{log}: {said[-1500:]}")
        time.sleep(0.005)
    if "error" in said:
        raise BrokenServerError(f"{log}: {said[-1500:]}")


def _ip(*lines: str) -> None:
    _run(FOLDER, "ip", "-batch", "-", text="\n".join(lines) + "\n")


def _run(folder: Path, program: str, *arguments: str, text: str = "") -> None:
    command = [needs.find(program) or program, *arguments]
    done = subprocess.run(
        command, cwd=folder, input=text, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise BrokenServerError(f"{' '.join(command)}: {done.stderr[-1500:]}\n{text[:1000]}")
