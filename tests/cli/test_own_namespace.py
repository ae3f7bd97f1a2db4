"""`netdiag dns` below roots of one's own, on loopback: nothing of the Internet is judged."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import needs
from tests.lab.outside import ROOT

pytestmark = pytest.mark.lab

TIMERS = "1 7200 3600 1209600 300"
ZONES = {
    ".": f""". 3600 IN SOA ns1. host. {TIMERS}
. 3600 IN NS ns1.
ns1. 3600 IN A 127.1.0.1
xa. 3600 IN NS ns1.xa.
xa. 3600 IN NS ns2.xa.
ns1.xa. 3600 IN A 127.1.0.2
ns2.xa. 3600 IN A 127.2.0.2
""",
    "xa.": f"""xa. 3600 IN SOA ns1.xa. host.xa. {TIMERS}
xa. 3600 IN NS ns1.xa.
xa. 3600 IN NS ns2.xa.
ns1.xa. 3600 IN A 127.1.0.2
ns2.xa. 3600 IN A 127.2.0.2
child.xa. 3600 IN NS ns1.child.xa.
child.xa. 3600 IN NS ns2.child.xa.
ns1.child.xa. 3600 IN A 127.1.0.3
ns1.child.xa. 3600 IN AAAA fd00::3
ns2.child.xa. 3600 IN A 127.2.0.3
ns2.child.xa. 3600 IN AAAA fd01::3
""",
    "child.xa.": f"""child.xa. 3600 IN SOA ns1.child.xa. host.child.xa. {TIMERS}
child.xa. 3600 IN NS ns1.child.xa.
child.xa. 3600 IN NS ns2.child.xa.
ns1.child.xa. 3600 IN A 127.1.0.3
ns1.child.xa. 3600 IN AAAA fd00::3
ns2.child.xa. 3600 IN A 127.2.0.3
ns2.child.xa. 3600 IN AAAA fd01::3
""",
}
SERVED = {
    ".": ["127.1.0.1"],
    "xa.": ["127.1.0.2", "127.2.0.2"],
    "child.xa.": ["127.1.0.3", "127.2.0.3", "fd00::3", "fd01::3"],
}
HINTS = ". 3600000 NS ns1.\nns1. 3600000 A 127.1.0.1\n"


def config(folder: Path, number: int, zone: str) -> Path:
    file = folder / f"{number}.zone"
    file.write_text(ZONES[zone])
    lines = ["server:", 'username: ""', 'chroot: ""', 'pidfile: ""', 'database: ""']
    lines += [f'{key}: "{folder}/{number}.{key}"' for key in ("xfrdfile", "zonelistfile")]
    lines += [f'xfrdir: "{folder}"', "server-count: 1"]
    lines += [f"ip-address: {address}" for address in SERVED[zone]]
    lines += ["remote-control:", "control-enable: no", "zone:"]
    lines += [f'name: "{zone}"', f'zonefile: "{file}"']
    path = folder / f"{number}.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def examined(folder: Path, *names: str) -> list[dict[str, object]]:
    """The record of each name, looked at in a network namespace without any way out."""
    (folder / "hints").write_text(HINTS)
    nsd = needs.find("nsd")
    configs = [config(folder, number, zone) for number, zone in enumerate(ZONES)]
    starts = [f"{nsd} -d -c {shlex.quote(str(path))} >/dev/null 2>&1 &" for path in configs]
    words = (sys.executable, "-m", "netdiag", "dns", "--root-hints", f"{folder}/hints")
    look = shlex.join((*words, "--format", "json"))
    script = ["ip link set lo up"]
    script += [f"ip -6 address add {one}/128 dev lo nodad" for one in ("fd00::3", "fd01::3")]
    script += [*starts, "sleep 1"]
    script += [f"{look} {name}; true" for name in names]
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    command = [needs.find("unshare") or "unshare", *user, "--net", "--mount", "--pid", "--fork"]
    command += ["--kill-child", "--mount-proc"]
    done = subprocess.run(
        [*command, "sh", "-c", "\n".join(script)],
        cwd=ROOT,
        env={**os.environ, "PATH": needs.SEARCH},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    decoder, rest, found = json.JSONDecoder(), done.stdout.strip(), []
    while rest:
        tree, end = decoder.raw_decode(rest)
        found.append(tree)
        rest = rest[end:].strip()
    assert len(found) == len(names), done.stderr
    return found


def test_a_zone_below_private_roots_is_examined_whole(tmp_path: Path) -> None:
    child, parent, missing = examined(tmp_path, "child.xa", "xa", "gone.xa")

    for tree in (child, parent):
        assert tree["status"] == "ok", tree["summary"]
        causes = tree["causes"]
        assert {cause["severity"] for cause in causes} <= {"notice"}  # type: ignore[attr-defined]
    asked = {o["request"].get("server") for o in child["transcript"]}  # type: ignore[attr-defined]
    assert {"127.1.0.3", "fd00::3"} <= asked
    assert [c["code"] for c in missing["causes"]] == ["not-delegated"]  # type: ignore[attr-defined]
