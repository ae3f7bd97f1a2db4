"""Running a command on one of the lab's machines, with that machine's files in place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.lab import linux, needs, topology
from tests.lab.outside import Wish
from tests.lab.plan import Files, Plan
from tests.lab.services import FOLDER
from tests.lab.topology import address

CONFIG = FOLDER / "config"
FILES = FOLDER / "files"
COMMANDS = FOLDER / "commands"
HOME = FOLDER / "home"
FOLDERS = (CONFIG, COMMANDS, FILES, HOME)
"""Where a command could leave something behind; the lab itself writes before the command runs."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A machine made ready: files with the places in which they are to be seen, and variables."""

    mounts: Sequence[tuple[Path, Path]]
    environment: Mapping[str, str]


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
AUTHORITIES = ("ssl_cert_file", "ssl_cert_dir", "curl_ca_bundle", "requests_ca_bundle")
FOREIGN = (*PROXIES, *AUTHORITIES, "localdomain", "res_options")
"""Variables of the machine outside that would speak of networks and authorities not in here."""


@dataclass(frozen=True, slots=True)
class MoveIn:
    """Moves the process that calls it onto a machine that was made ready; `environment` is what
    its variables are to be there."""

    node: str
    ready: Prepared
    environment: Mapping[str, str]

    def __call__(self) -> None:
        try:
            linux.enter(self.node)
            linux.unshare(linux.CLONE_NEWNS)
            # /sys shows the devices of the network namespace in which it was mounted.
            linux.mount("sysfs", Path("/sys"), "sysfs")
            for source, target in self.ready.mounts:
                linux.bind(source, target)
        except OSError as error:
            os.write(2, f"lab: {error}\n".encode())
            raise


class Start(Protocol):
    """Starts the command of a wish where `move_in` moves it, waits for its end and gives the exit
    status."""

    def __call__(self, wish: Wish, move_in: MoveIn) -> int: ...


def start(wish: Wish, move_in: MoveIn) -> int:
    """Start the command as a program of its own."""
    full = [*_unprivileged(), *wish.command] if wish.as_user else list(wish.command)
    # A single thread runs here, so what `move_in` does between fork and exec is safe.
    process = subprocess.Popen(full, env=move_in.environment, preexec_fn=move_in)  # noqa: PLW1509
    return as_told(process.wait())


def moving_in(node: str, ready: Prepared) -> MoveIn:
    return MoveIn(node, ready, _environment(node, ready))


def as_told(status: int) -> int:
    """An exit status as a shell tells it, where a signal ended the process too."""
    return status if status >= 0 else 128 - status


def prepare(node: str, plan: Plan) -> Prepared:
    """Write the machine's files; what is needed to start a command among them."""
    files = plan.files.get(node, Files(()))
    mounts = _mounts(files, node)
    _write_config(node, plan.settings)
    _offer_netdiag()
    HOME.mkdir(parents=True, exist_ok=True)
    return Prepared(mounts, files.environment)


def _unprivileged() -> list[str]:
    """Another user in a user namespace below: no capability over this network, none to be had."""
    user = [needs.find("unshare") or "unshare", "--user", "--map-user=1000", "--map-group=1000"]
    return [*user, needs.find("setpriv") or "setpriv", "--no-new-privs", "--"]


def _mounts(files: Files, node: str) -> list[tuple[Path, Path]]:
    folder = FILES / node
    folder.mkdir(parents=True, exist_ok=True)
    resolvers = "".join(f"nameserver {one}\n" for one in files.resolvers)
    texts = {
        "resolv.conf": resolvers,
        "hosts": "\n".join(["127.0.0.1 localhost", "::1 localhost", *files.hosts, ""]),
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    }
    found = []
    for name, text in texts.items():
        (folder / name).write_text(text)
        found.append((folder / name, _in_place(Path("/etc") / name)))
    return found + _authorities()


def _in_place(path: Path) -> Path:
    """Where a file of /etc really is; a link into the hidden /run gets something to point at."""
    real = path.resolve()
    if not real.exists():
        real.parent.mkdir(parents=True, exist_ok=True)
        real.touch()
    return real


def _authorities() -> list[tuple[Path, Path]]:
    """The lab's certificate authority, and only that, as the one that this machine trusts."""
    folder = FILES / "certs"
    if not folder.exists():
        folder.mkdir(parents=True)
        own = (FOLDER / "certificates" / "ca.pem").read_bytes()
        (folder / "ca-certificates.crt").write_bytes(own)
        (folder / "ca.pem").write_bytes(own)
        openssl = needs.find("openssl") or "openssl"
        subprocess.run([openssl, "rehash", str(folder)], check=True, capture_output=True)
    return [(folder, Path("/etc/ssl/certs"))]


def _write_config(node: str, settings: Sequence[str]) -> None:
    """The desk has netdiag's configuration file; nobody else has one."""
    folder = CONFIG / node / "netdiag"
    folder.mkdir(parents=True, exist_ok=True)
    if node == "desk":
        (folder / "config.toml").write_text("\n".join([*settings, desk_config()]))


def desk_config() -> str:
    lines = ['resolvers = ["9.9.9.9", "1.1.1.1"]', 'anchors = ["9.9.9.9:53", "1.1.1.1:53"]']
    lines.append(f'mail_anchors = ["{address("other").v4}:25"]')
    for name, (owner, prefixes) in topology.NETWORKS.items():
        quoted = ", ".join(f'"{prefix}"' for prefix in prefixes)
        lines += ["", "[[networks]]", f'name = "{name}"', f'owner = "{owner}"']
        lines.append(f"prefixes = [{quoted}]")
    return "\n".join(lines) + "\n"


def _offer_netdiag() -> None:
    """A checkout has no `netdiag` on the path; here it is, to be typed as its users do."""
    COMMANDS.mkdir(parents=True, exist_ok=True)
    script = COMMANDS / "netdiag"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m netdiag "$@"\n')
    script.chmod(0o755)


def _environment(node: str, ready: Prepared) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key.lower() not in FOREIGN}
    return kept | {
        "PATH": os.pathsep.join((str(COMMANDS), str(Path(sys.executable).parent), needs.SEARCH)),
        "HOME": str(HOME),
        "TMPDIR": str(HOME),
        "XDG_CONFIG_HOME": str(CONFIG / node),
        "XDG_CONFIG_DIRS": str(CONFIG / "system"),
        "PS1": f"lab {node}$ ",
        **ready.environment,
    }
