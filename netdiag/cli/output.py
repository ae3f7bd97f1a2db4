"""Where a report goes: the terminal, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from netdiag.cli.options import Audience
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
    """Refuse an output file that could not be written, before anything is asked."""
    if output is None:
        return
    folder = output.absolute().parent
    if not folder.is_dir():
        raise click.ClickException(f"--output {output}: the folder {folder} does not exist")
    if output.is_dir():
        raise click.ClickException(f"--output {output}: is a folder; give a file name")
    if not os.access(folder, os.W_OK):
        raise click.ClickException(f"--output {output}: no permission to write in {folder}")


def write(output: Path, text: str) -> None:
    """Write `text` to a new file beside `output`, then put it in its place."""
    try:
        handle, name = tempfile.mkstemp(dir=output.absolute().parent, prefix=".netdiag-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(output)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise click.ClickException(f"--output {output}: {error.strerror}") from None


def deliver(record: Record, form: str | None, output: Path | None, audience: Audience) -> int:
    """Show or write the report and return the exit status."""
    chosen = form_of(form, output)
    if output is None:
        click.echo(rendered(record, chosen, audience), nl=False, color=colour())
    else:
        write(output, rendered(record, chosen, audience, plain=True))
        click.echo(rendered(record, "terminal", audience), nl=False, color=colour())
        click.echo(f"Written: {output}", err=True)
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
