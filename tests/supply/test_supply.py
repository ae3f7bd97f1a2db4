"""What is shipped is what was reviewed, to the octet."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from tests import supply
from tests.supply import LOCK, ROOT, TEST_LOCK, advisories, locked

SHIPPED = ("netdiag", "checks", "reports", "pyproject.toml", "README.md", "LICENSE")


@pytest.mark.parametrize("lock", [LOCK, TEST_LOCK], ids=lambda path: path.name)
def test_every_locked_package_has_its_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    pinned = [entry for entry in entries if not entry.startswith("#")]

    assert pinned
    for entry in pinned:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry


def test_what_is_tested_is_what_is_shipped() -> None:
    assert locked(LOCK).items() <= locked(TEST_LOCK).items()


def test_no_file_names_a_registry() -> None:
    for lock in (LOCK, TEST_LOCK):
        assert "://" not in lock.read_text()


def test_the_wheel_is_the_same_wherever_it_is_built(tmp_path: Path) -> None:
    there = tmp_path / "another place"
    there.mkdir()
    for name in (".git", *SHIPPED):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, there / name)
    before = os.umask(0o077)
    try:
        second = supply.wheel(_new(tmp_path / "second"), there)
    finally:
        os.umask(before)
    first = supply.wheel(_new(tmp_path / "first"))

    assert _digest(first) == _digest(second)


def test_the_wheel_holds_the_program_and_nothing_else(tmp_path: Path) -> None:
    names = zipfile.ZipFile(supply.wheel(_new(tmp_path / "wheel"))).namelist()

    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "netdiag",
        "checks",
        "reports",
    }
    assert any(name.endswith("boundary.toml") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name or "test" in name]


def test_the_bill_of_materials_lists_every_locked_package(tmp_path: Path) -> None:
    tree = json.loads(supply.bill_of_materials(tmp_path).read_text())

    assert tree["bomFormat"] == "CycloneDX"
    assert tree["metadata"]["component"]["name"] == "netdiag"
    listed = {one["name"]: one["version"] for one in tree["components"]}
    assert listed == locked(LOCK)
    for one in tree["components"]:
        hashes = [h for ref in one["externalReferences"] for h in ref.get("hashes", ())]
        assert hashes, one["name"]


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_advisories_are_told_apart_from_packages_that_nobody_knows() -> None:
    weak = {"id": "PYSEC-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}
    hopeless = weak | {"id": "PYSEC-2", "fix_versions": []}
    report = {
        "dependencies": [
            {"name": "sound", "version": "1.0", "vulns": []},
            {"name": "weak", "version": "1.0", "vulns": [weak, hopeless]},
            {"name": "strange", "skip_reason": "not found"},
        ]
    }

    assert advisories.read(report) == (
        ["weak 1.0: PYSEC-1, mended in 2.0", "weak 1.0: PYSEC-2, mended in no version"],
        ["strange"],
    )
