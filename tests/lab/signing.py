"""Zones signed by the tools of BIND, of ldns and of Knot DNS."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.name
import dns.rdatatype
import dns.zone

from tests.lab import needs
from tests.lab.zones import Zone


def sign(zone: Zone, begins: float, ends: float, *options: str) -> tuple[str, list[str]]:
    """The signed zone file, and the DS records of its keys; validity in days from now."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in ([], ["-f", "KSK"]):
            _run(folder, "dnssec-keygen", "-a", "ECDSAP256SHA256", *kind, zone.name)
        (folder / "zone").write_text(zone.text)
        times = ("-s", _day(begins), "-e", _day(ends))
        _run(
            folder,
            "dnssec-signzone",
            "-S",
            "-P",
            *times,
            *options,
            "-o",
            zone.name,
            "-f",
            "out",
            "zone",
        )
        ds = (folder / f"dsset-{zone.name}").read_text()
        return (folder / "out").read_text(), [_data(line) for line in ds.splitlines()]


def sign_by_ldns(name: str, text: str, begins: datetime, ends: datetime) -> str:
    """The zone signed by ldns-signzone, with a key for the keys and one for the rest."""
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        (folder / "zone").write_text(text)
        for kind in (["-k"], []):
            _run(folder, "ldns-keygen", "-a", "ECDSAP256SHA256", *kind, name)
        keys = [path.stem for path in sorted(folder.glob("*.private"))]
        times = ("-i", f"{begins:{STAMP}}", "-e", f"{ends:{STAMP}}")
        _run(folder, "ldns-signzone", "-o", name, *times, "-f", "out", "zone", *keys)
        return (folder / "out").read_text()


def sign_by_knot(name: str, text: str, now: datetime) -> str:
    """The zone signed by kzonesign at this time, for ten days, with keys of its own."""
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        (folder / "zone").write_text(text)
        (folder / "knot.conf").write_text(KNOT.format(folder=folder, name=name))
        options = ("-c", "knot.conf", "-o", "out", "-t", str(int(now.timestamp())))
        _run(folder, "kzonesign", *options, name)
        return (folder / "out" / "zone").read_text()


STAMP = "%Y%m%d%H%M%S"
KNOT = """
database:
  storage: {folder}
policy:
  - id: policy
    algorithm: ecdsap256sha256
    cds-cdnskey-publish: none
    rrsig-lifetime: 10d
    rrsig-refresh: 2d
zone:
  - domain: {name}
    storage: {folder}
    file: zone
    dnssec-signing: on
    dnssec-policy: policy
"""


def without_signatures(owner: str, rtype: str) -> Callable[[str], str]:
    """Takes the signatures of one set of records out of a signed zone; `owner` is absolute, just
    below the zone's name."""

    def spoil(text: str) -> str:
        origin = dns.name.from_text(owner).parent()
        zone = dns.zone.from_text(text, origin=origin, relativize=False)
        zone.delete_rdataset(owner, dns.rdatatype.RRSIG, covers=dns.rdatatype.from_text(rtype))
        return zone.to_text(relativize=False, want_origin=False)

    return spoil


def without_denial(origin: str) -> Callable[[str], str]:
    """Takes the NSEC records out of a signed zone."""

    def spoil(text: str) -> str:
        zone = dns.zone.from_text(text, origin=origin, relativize=False)
        for name in list(zone):
            zone.delete_rdataset(name, dns.rdatatype.NSEC)
            zone.delete_rdataset(name, dns.rdatatype.RRSIG, covers=dns.rdatatype.NSEC)
        return zone.to_text(relativize=False, want_origin=False)

    return spoil


def _run(folder: Path, program: str, *arguments: str) -> None:
    subprocess.run(
        [needs.find(program) or program, *arguments], cwd=folder, check=True, capture_output=True
    )


def _day(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime(STAMP)


def _data(line: str) -> str:
    """The data of a DS record line; BIND breaks long digests by a space."""
    words = line.split(" DS ")[1].split()
    return " ".join((*words[:3], "".join(words[3:])))
