"""What is seen, in words, with what other tools call it, and findings made of such remarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdiag.lazy import dataclass
from netdiag.model import Finding, finding_kind


@dataclass(frozen=True, slots=True)
class Remark:
    """A clause of a sentence. `names` are other tools' names for what it says."""

    words: str
    names: tuple[str, ...] = ()


@finding_kind
class Remarked(Finding):
    """A finding whose names elsewhere are those of its remarks."""

    what: tuple[Remark, ...]

    @property
    def equivalents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for one in self.what for name in one.names))

    @property
    def words(self) -> str:
        return "; ".join(one.words for one in self.what)


def zonemaster(*tags: str) -> tuple[str, ...]:
    return tuple(f"zonemaster:{tag}" for tag in tags)


def dnsviz(*codes: str) -> tuple[str, ...]:
    return tuple(f"dnsviz:{code}" for code in codes)


def at(servers: Iterable[str], every: Sequence[str]) -> str:
    """Which of the servers a remark is about, to be put behind it; empty where it is all."""
    told = list(dict.fromkeys(servers))
    return "" if len(told) == len(every) else f" at {', '.join(told)}"
