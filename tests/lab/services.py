"""The servers: what each is configured with, how it is started, and when it is ready."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from tests.lab import linux, needs, topology
from tests.lab.plan import RESOLVERS, SOFTWARE, TRUST_ANCHOR, Plan, Site
from tests.lab.topology import address
from tests.lab.zones import Zone

FOLDER = Path("/run/lab")
"""Everything that the lab writes, in a private file system that goes with it."""

START_DEADLINE = 15.0
"""Seconds until a server that is not ready counts as broken; a start takes well under one."""

TRUSTING_NOBODY = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
"""No server here asks anybody over TLS; reading the machine's authorities takes long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server on `node`; it is ready once its log says `ready`, or at once without one."""

    name: str
    node: str
    command: Sequence[str]
    ready: str

    @property
    def log(self) -> Path:
        return FOLDER / "log" / self.name


class BrokenServiceError(RuntimeError):
    """A server did not start; the message has the end of its log."""


def planned(plan: Plan) -> Iterator[Service]:
    """Write each server's configuration and say how to start it."""
    _write(Path(TRUST_ANCHOR).name, plan.trust_anchor)
    for node in plan.zones:
        if node not in plan.stopped:
            yield _name_server(plan, node)
    for node in RESOLVERS:
        if node not in plan.stopped:
            yield _unbound(plan, node)
    for node, site in plan.sites.items():
        if node not in plan.stopped and node not in plan.odd_sites:
            yield _nginx(node, site)
    yield _smtp(plan)
    for node, ports in plan.mute.items():
        yield _mute(node, plan.backlog, ports)
    for node, quirk in plan.odd_sites.items():
        yield _odd_site(node, plan.sites[node], quirk)
    for node, command in plan.programs.items():
        yield Service(name=f"program-{node}", node=node, command=command, ready="ready")


def _name_server(plan: Plan, node: str) -> Service:
    if node in plan.odd:
        return _odd(plan, node, plan.odd[node])
    builders: dict[str, Callable[[Plan, str], Service]] = {"nsd": _nsd, "named": _named}
    return builders[SOFTWARE[node]](plan, node)


class Running(Protocol):
    """A process that was launched."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""


def launch(service: Service, log: BinaryIO) -> Running:
    """Launch it as a program of its own, in the network namespace entered."""
    return subprocess.Popen(
        service.command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=os.environ | TRUSTING_NOBODY,
        start_new_session=True,
    )


Launch = Callable[[Service, BinaryIO], Running]


def start(services: Sequence[Service], launch: Launch = launch) -> None:
    """Start all, then wait until each is ready."""
    (FOLDER / "log").mkdir(parents=True, exist_ok=True)
    started = []
    for service in services:
        with linux.within(service.node), service.log.open("wb") as log:
            started.append((service, launch(service, log)))
    deadline = time.monotonic() + START_DEADLINE
    for service, process in started:
        _await(service, process, deadline)


def _await(service: Service, process: Running, deadline: float) -> None:
    while service.ready not in (said := service.log.read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(said.splitlines()[-15:])
            raise BrokenServiceError(f"{service.name} on {service.node} did not start:\n{tail}")
        time.sleep(0.005)


def _program(name: str) -> str:
    """A copy of the server: AppArmor ties the original to its usual files, by its path."""
    copy = FOLDER / "bin" / name
    if not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(needs.find(name) or name, copy)
    return str(copy)


def _write(name: str, text: str) -> Path:
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _zone_files(node: str, zones: dict[str, Zone]) -> dict[str, Path]:
    return {
        name: _write(f"{node}/{name.strip('.') or 'root'}.zone", zone.text)
        for name, zone in zones.items()
    }


def _listening(node: str) -> tuple[str, ...]:
    return address(node).both + topology.LOOPBACKS.get(node, ())


def _nsd(plan: Plan, node: str) -> Service:
    lines = ["server:", 'username: ""', 'chroot: ""', 'pidfile: ""', 'database: ""']
    lines += ["server-count: 1", "rrl-ratelimit: 0", "rrl-size: 10"]
    lines += ["verbosity: 1", "hide-version: yes"]
    lines += [f'{key}: "{FOLDER}/{node}/{key}"' for key in ("xfrdfile", "zonelistfile")]
    lines += [f'xfrdir: "{FOLDER}/{node}"']
    lines += [f"ip-address: {one}" for one in _listening(node)]
    lines += ["remote-control:", "control-enable: no"]
    for name, path in _zone_files(node, plan.zones[node]).items():
        lines += ["zone:", f'name: "{name}"', f'zonefile: "{path}"']
        if node in plan.giving:
            lines += ["provide-xfr: 0.0.0.0/0 NOKEY", "provide-xfr: ::/0 NOKEY"]
    config = _write(f"{node}/nsd.conf", "\n".join(lines) + "\n")
    return Service(
        name=f"nsd-{node}",
        node=node,
        command=[_program("nsd"), "-d", "-c", str(config)],
        ready="nsd started",
    )


def _named(plan: Plan, node: str) -> Service:
    recurses = node in plan.recursing
    four = "".join(f"{one}; " for one in _listening(node) if ":" not in one)
    six = "".join(f"{one}; " for one in _listening(node) if ":" in one)
    recursion = "recursion yes; allow-recursion { any; };" if recurses else "recursion no;"
    options = [f'directory "{FOLDER}/{node}";', recursion, "pid-file none;"]
    options += ["session-keyfile none;", "notify no;", "check-names master ignore;"]
    options += ["minimal-responses no-auth-recursive;", "dnssec-validation no;", "version none;"]
    options.append(f"allow-transfer {{ {'any' if node in plan.giving else 'none'}; }};")
    options += [f"listen-on {{ {four}}};", f"listen-on-v6 {{ {six}}};"]
    lines = ["controls { };", "options {", *options, "};"]
    if recurses:
        lines.append(f'zone "." {{ type hint; file "{_root_hints()}"; }};')
    for name, path in _zone_files(node, plan.zones[node]).items():
        lines.append(f'zone "{name}" {{ type primary; file "{path}"; }};')
    config = _write(f"{node}/named.conf", "\n".join(lines) + "\n")
    return Service(
        name=f"named-{node}",
        node=node,
        command=[_program("named"), "-g", "-n", "1", "-c", str(config)],
        ready=" running\n",
    )


def _unbound(plan: Plan, node: str) -> Service:
    lines = ["server:", 'username: ""', 'chroot: ""', 'pidfile: ""', f'directory: "{FOLDER}"']
    lines += ['module-config: "iterator"', "use-syslog: no", "verbosity: 1", "num-threads: 1"]
    lines += ["do-daemonize: no", "access-control: 0.0.0.0/0 allow", "access-control: ::/0 allow"]
    lines += ["outgoing-range: 512", "num-queries-per-thread: 256", "so-reuseport: no"]
    lines += [f'root-hints: "{_root_hints()}"', "interface-automatic: no", "hide-version: yes"]
    # Everything is near: waiting as if for a satellite would only make broken zones slow.
    lines.append("unknown-server-time-limit: 60")
    # Each start shuffles all the ports there are.
    lines += ["outgoing-port-avoid: 0-65535", "outgoing-port-permit: 20000-24095"]
    lines += [f"interface: {one}" for one in plan.resolver_addresses(node)]
    lines += plan.resolver_options[node]
    lines += ["remote-control:", "control-enable: no"]
    config = _write(f"{node}/unbound.conf", "\n".join(lines) + "\n")
    return Service(
        name=f"unbound-{node}",
        node=node,
        command=[_program("unbound"), "-d", "-p", "-c", str(config)],
        ready="start of service",
    )


def _root_hints() -> Path:
    lines = []
    for letter, (four, six) in topology.ROOT_SERVERS.items():
        name = f"{letter}.root-servers.net."
        lines += [f". 3600000 NS {name}", f"{name} 3600000 A {four}"]
        lines.append(f"{name} 3600000 AAAA {six}")
    return _write("root.hints", "\n".join(lines) + "\n")


def _nginx(node: str, site: Site) -> Service:
    folder = FOLDER / node
    scratch = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    lines = ["daemon off;", f"pid {folder}/nginx.pid;", "error_log stderr notice;"]
    lines += ["worker_processes 1;", *_same_user(), "events { worker_connections 256; }", "http {"]
    lines += ["access_log off;", *(f"{kind}_temp_path {folder}/{kind};" for kind in scratch)]
    if site.http:
        lines += ["server {", *_listen(80, site), f"location / {{ {site.http} }}", "}"]
    if site.https:
        certificate = FOLDER / "certificates" / site.certificate
        lines += ["server {", *_listen(443, site, " ssl" if site.encrypted else "")]
        lines += [f"ssl_certificate {certificate}.pem;"]
        lines += [f"ssl_certificate_key {certificate}.key;", site.tls]
        lines += [f"location / {{ {site.https} }}", "}"]
    config = _write(f"{node}/nginx.conf", "\n".join([*lines, site.extra, "}", ""]))
    return Service(
        name=f"nginx-{node}",
        node=node,
        command=[_program("nginx"), "-c", str(config), "-p", str(folder), "-e", "stderr"],
        ready="start worker processes",
    )


def _same_user() -> list[str]:
    """A user namespace of one user has nobody to change to."""
    return ["user root;"]


def _listen(port: int, site: Site, how: str = "") -> list[str]:
    hosts = {4: "0.0.0.0", 6: "[::]"}
    return [f"listen {hosts[family]}:{port}{how};" for family in site.families]


def _smtp(plan: Plan) -> Service:
    marks = {node: "!" if node in plan.unencrypted else "" for node in plan.mail}
    ports = [
        f"{node}{marks[node]}={','.join(map(str, ports))}" for node, ports in plan.mail.items()
    ]
    return Service(
        name="smtp",
        node="mail",
        command=[sys.executable, "-m", "tests.lab.smtp", *ports],
        ready="ready",
    )


def _mute(node: str, backlog: int, ports: tuple[int, ...]) -> Service:
    return Service(
        name=f"mute-{node}",
        node=node,
        command=[sys.executable, "-m", "tests.lab.mute", str(backlog), *map(str, ports)],
        ready="ready",
    )


def _odd_site(node: str, site: Site, quirk: str) -> Service:
    certificate = FOLDER / "certificates" / site.certificate
    command = [sys.executable, "-m", "tests.lab.odd_http", quirk, str(certificate)]
    return Service(name=f"odd-site-{node}", node=node, command=command, ready="ready")


def _odd(plan: Plan, node: str, quirk: str) -> Service:
    files = _zone_files(node, plan.zones[node])
    words = [f"{name}={path}" for name, path in files.items()]
    command = [sys.executable, "-m", "tests.lab.odd_dns", quirk, ",".join(_listening(node)), *words]
    return Service(name=f"odd-{node}", node=node, command=command, ready="ready")
