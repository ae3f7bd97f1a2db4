"""Where a report goes: the terminal, or a file that is written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click

from netdiag.cli.options import Audience
from netdiag.guards.guard import Place
from netdiag.lazy import dataclass
from netdiag.record import Record

STATUS = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
"""Exit status by the record's status (monitoring-plugins guidelines)."""

SUFFIXES = {".json": "json", ".html": "html", ".htm": "html", ".md": "markdown", ".txt": "terminal"}


def form_of(form: str | None, output: Path | None) -> str:
    """The form asked for, else the one the file's name suggests, else the terminal's."""
    if form is not None:
        return form
    return "terminal" if output is None else SUFFIXES.get(output.suffix.lower(), "json")


def check_writable(output: Path | None) -> None:
    """Refuse an output file that could not be written, before anything is asked.

    A device or a pipe is refused too: the whole file is put in its place at the end, which would
    take it away from everybody else.
    """
    if output is None:
        return
    final = output.resolve()
    folder = final.parent
    if not folder.is_dir():
        raise click.ClickException(f"--output {output}: the folder {folder} does not exist")
    if output.is_dir():
        raise click.ClickException(f"--output {output}: is a folder; give a file name")
    if final.exists() and not final.is_file():
        raise click.ClickException(
            f"--output {output}: is not a regular file; leave it out to have the report printed"
        )
    if not os.access(folder, os.W_OK):
        raise click.ClickException(f"--output {output}: no permission to write in {folder}")


@dataclass(frozen=True, slots=True)
class Reserved:
    """A file that can be written although no file may be opened any more to be altered."""

    name: Path
    """As the user gave it."""

    place: Place
    file: TextIO

    def write(self, text: str) -> None:
        """Fill the new file and put it in its place."""
        try:
            with self.file:
                self.file.write(text)
            self.place.temporary.replace(self.place.final)
        except OSError as error:
            raise click.ClickException(f"--output {self.name}: {error.strerror}") from None


@contextlib.contextmanager
def reserved(output: Path | None) -> Iterator[Reserved | None]:
    """Open a new file beside `output` for what will be written; nothing is left where that fails.

    Raises `click.ClickException` where it could not be written.
    """
    if output is None:
        yield None
        return
    check_writable(output)
    final = output.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=final.parent, prefix=".netdiag-")
    except OSError as error:
        raise click.ClickException(f"--output {output}: {error.strerror}") from None
    temporary = Path(name)
    try:
        temporary.chmod(0o644)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            place = Place(temporary=temporary, final=final)
            yield Reserved(output, place, file)
    finally:
        temporary.unlink(missing_ok=True)


def deliver(record: Record, form: str | None, output: Reserved | None, audience: Audience) -> int:
    """Show or write the report and return the exit status."""
    chosen = form_of(form, output.name if output else None)
    if output is None:
        click.echo(rendered(record, chosen, audience), nl=False, color=colour())
    else:
        output.write(rendered(record, chosen, audience, plain=True))
        click.echo(rendered(record, "terminal", audience), nl=False, color=colour())
        click.echo(f"Written: {output.name}", err=True)
    return STATUS[record.status]


def show_delegation(record: Record) -> None:
    """The way to the zone and its servers, as far as they were seen."""
    from reports import delegation

    text = delegation.render(record, width=width(), ascii_only=not unicode())
    if text:
        click.echo(text)


def rendered(record: Record, form: str, audience: Audience, *, plain: bool = False) -> str:
    """The report as text; `plain` means not for this terminal."""
    from reports import forms

    look = forms.Look(
        audience=audience,
        width=100 if plain else width(),
        colour=not plain and colour(),
        ascii_only=not plain and not unicode(),
    )
    return forms.render(form, record, look)


def colour() -> bool:
    """Whether standard output shows colours and wants them (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def width(most: int = 120) -> int:
    """Columns to write in, `most` at the most."""
    import shutil

    return max(40, min(shutil.get_terminal_size((100, 24)).columns, most))


def unicode() -> bool:
    """Whether standard output can show more than ASCII."""
    return "utf" in (sys.stdout.encoding or "").lower()
