"""What the lab needs of the system: each program and the Debian package that it comes from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

PROGRAMS: Mapping[str, str] = {
    "curl": "curl",
    "dig": "bind9-dnsutils",
    "dnssec-keygen": "bind9-utils",
    "dnssec-signzone": "bind9-utils",
    "ip": "iproute2",
    "kzonesign": "knot-dnssecutils",
    "ldns-keygen": "ldnsutils",
    "ldns-signzone": "ldnsutils",
    "named": "bind9",
    "nc": "netcat-openbsd",
    "nft": "nftables",
    "nginx": "nginx-light",
    "nsd": "nsd",
    "openssl": "openssl",
    "ping": "iputils-ping",
    "setpriv": "util-linux",
    "tmux": "tmux",
    "traceroute": "traceroute",
    "unbound": "unbound",
    "unshare": "util-linux",
}

SEARCH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
"""Servers live in sbin, which an ordinary user's PATH leaves out."""


def find(program: str) -> str | None:
    """The full path of `program`, None where it is not installed."""
    return shutil.which(program, path=SEARCH)


def missing() -> list[str]:
    """The packages that have to be installed before the lab can run, each once."""
    return sorted({package for name, package in PROGRAMS.items() if find(name) is None})


if __name__ == "__main__":
    print("\n".join(missing()))
