"""Locking the process of a command, once it has what it needs and before it meets anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netdiag.guards.engage import decline
from netdiag.guards.guard import Allowances, Guard
from netdiag.lazy import dataclass

if TYPE_CHECKING:
    from netdiag.cli.output import Reserved


@dataclass(frozen=True, slots=True)
class Process:
    """The process that a command runs in. `lock` is for one that is netdiag's own."""

    lock: Callable[[Allowances], tuple[Guard, ...]] = decline


def engage(
    *,
    network: bool = False,
    files: Iterable[Reserved | None] = (),
    reads: Iterable[Path | None] = (),
) -> tuple[Guard, ...]:
    """Engage the guards of the command that is running; `files` are those that it will write."""
    process = click.get_current_context().find_object(Process) or Process()
    return process.lock(
        Allowances(
            network=network,
            places=tuple(file.place for file in files if file is not None),
            reads=tuple(path for path in reads if path is not None),
        )
    )
