"""What the interpreter and the system's resolver read, wherever this machine keeps it.

A file that is missing here would be taken for a fault of the network or of a certificate, so each
of them is allowed with what its links point at.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

_SYSTEM = (  # noqa: SIM905 (a word a line would hide the list)
    "/usr /lib /lib32 /lib64 /bin /sbin /opt /nix /gnu/store /snap /proc/self /proc/sys "
    "/proc/net /proc/stat /proc/meminfo /proc/cpuinfo /proc/uptime /sys/devices/system/cpu "
    "/dev/urandom /dev/random /dev/null /dev/tty /run/systemd/resolve /run/resolvconf "
    "/run/NetworkManager /run/connman"
).split()
_ETC = (  # noqa: SIM905 (a word a line would hide the list)
    "alternatives ca-certificates crypto-policies gai.conf host.conf hosts inputrc "
    "ld.so.cache ld.so.conf ld.so.conf.d ld.so.preload ldap.conf locale.conf localtime "
    "mdns.allow netconfig networks nscd.conf nsswitch.conf openssl os-release passwd group "
    "pki protocols python3 resolv.conf services ssl static terminfo timezone"
).split()

_OWN_LOOK_UPS = {"files", "dns", "myhostname"}
"""Modules of the name service switch that talk to no local service."""

_CACHE_SERVICE = Path("/run/nscd/socket")


def readable() -> tuple[Path, ...]:
    """Files and folders to be read, each one once; some may not exist."""
    return tuple(Path(path) for path in dict.fromkeys(_readable()))


def _readable() -> Iterator[str]:
    etc = (f"/etc/{name}" for name in _ETC)
    for path in (*_SYSTEM, *_interpreter(), *_authorities(), *etc):
        yield path
        # Most of them do not exist on any one machine, and following links takes longest here.
        if os.path.exists(path):  # noqa: PTH110 (a path object for each takes longer)
            yield os.path.realpath(path)


def _interpreter() -> Iterator[str]:
    """Where modules, which are imported when they are needed, come from."""
    yield from (sys.prefix, sys.base_prefix, sys.exec_prefix)
    for entry in sys.path:
        yield entry or "."
    yield str(Path(__file__).parent.parent.parent)
    yield from _homes("TERMINFO", "PYTHONTZPATH")
    yield str(Path.home() / ".terminfo")


def _authorities() -> Iterator[str]:
    """Where OpenSSL looks for its settings and for trusted roots."""
    yield from _homes("SSL_CERT_FILE", "SSL_CERT_DIR", "OPENSSL_CONF", "OPENSSL_MODULES")
    yield from ("/usr/local/share/ca-certificates", "/var/lib/ca-certificates")
    ssl = sys.modules.get("ssl")
    if ssl is not None:
        known = ssl.get_default_verify_paths()
        yield from (path for path in (known.openssl_cafile, known.openssl_capath) if path)


def _homes(*variables: str) -> Iterator[str]:
    for variable in variables:
        yield from (part for part in os.environ.get(variable, "").split(os.pathsep) if part)


def local_services(nsswitch: Path = Path("/etc/nsswitch.conf")) -> bool:
    """Whether looking up a host takes a local service: systemd-resolved, Avahi, SSSD, nscd.

    nsswitch.conf(5) names their modules. Without the file, files and DNS are all there is.
    """
    if _CACHE_SERVICE.exists():
        return True
    try:
        lines = nsswitch.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    for line in lines:
        database, _, words = line.partition("#")[0].partition(":")
        if database.strip() == "hosts":
            modules = {word for word in words.split() if not word.startswith("[")}
            # An action in brackets may hold blanks; its words hold an equals sign or a bracket.
            modules = {word for word in modules if not set(word) & set("=[]")}
            return not modules <= _OWN_LOOK_UPS
    return False
