"""What a guard is, and what a run needs of the machine in spite of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from netdiag.lazy import dataclass

State = Literal["active", "partial", "unavailable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One guard of a run. `why` says in one sentence what it holds, or why it cannot."""

    name: str
    state: State
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file to be written: `temporary` is open already and takes the place of `final`."""

    temporary: Path
    final: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """What a run needs from now on. Everything else is refused.

    `network` lets it open sockets. `places` are the files it will write, `reads` those that it will
    open besides what the interpreter and the resolver of the system need.
    """

    network: bool = False
    places: tuple[Place, ...] = ()
    reads: tuple[Path, ...] = ()
