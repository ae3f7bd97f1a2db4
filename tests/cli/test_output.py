"""The file of a report takes the place of an older one, and of nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from netdiag.cli import output


def write(path: Path, text: str) -> None:
    with output.reserved(path) as file:
        assert file is not None
        file.write(text)


def test_an_older_report_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text("older and longer")

    write(path, "newer")

    assert path.read_text() == "newer"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    kept, link = tmp_path / "shared" / "case.json", tmp_path / "case.json"
    link.symlink_to(kept)

    write(link, "text")

    assert link.is_symlink()
    assert kept.read_text() == "text"


def test_what_is_no_file_is_refused_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(click.ClickException, match="not a regular file"):
        write(pipe, "text")

    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
