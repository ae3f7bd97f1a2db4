"""TOML files that people write: read strictly, refused with file, line and reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

MAX_OCTETS = 250_000
LONGEST_LINE = 10_000
"""The parser is quadratic in the depth of a table's name: these bound what it can be made to do."""

T = TypeVar("T")


class BadFileError(ValueError):
    """A file that cannot be used; the message names file, line where known, and reason."""


def load(path: Path, shape: type[T]) -> T:
    """Read the TOML file at `path` as `shape` (a msgspec Struct). Raises `BadFileError`."""
    return parse(read(path), shape, str(path))


def read(path: Path) -> str:
    """The text of a small UTF-8 file. Raises `BadFileError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_OCTETS + 1)
    except OSError as error:
        raise BadFileError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > MAX_OCTETS:
        raise BadFileError(f"{path}: larger than {MAX_OCTETS} octets")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadFileError(f"{path}: not UTF-8 text (octet {error.start})") from None
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE:
            raise BadFileError(f"{path}:{number}: longer than {LONGEST_LINE} characters")
    return text


def parse(text: str, shape: type[T], name: str) -> T:
    """Read TOML `text` as `shape`; `name` is the file's name for messages."""
    try:
        tree = tomllib.loads(text)
    except RecursionError:
        raise BadFileError(f"{name}: nested too deeply") from None
    except ValueError as error:
        line = re.search(r"at line (\d+)", str(error))
        place = f"{name}:{line[1]}" if line else name
        reason = re.sub(r" \(at .*\)$", "", str(error))
        raise BadFileError(f"{place}: not valid TOML ({reason})") from None
    try:
        return msgspec.convert(tree, shape, strict=True)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `$")
        line_number = _line_of(text, where.rstrip("`"), reason)
        raise BadFileError(f"{name}:{line_number}: {reason}") from None


def _line_of(text: str, where: str, reason: str) -> int:
    """The line of a place like `.rule[1].support`, or of the nearest thing around it."""
    steps: list[str] = re.findall(r"[A-Za-z_][\w-]*|\[\d+\]", where)
    unknown = re.search(r"unknown field `([^`]+)`", reason)
    if unknown:
        steps.append(unknown[1])
    lines = text.splitlines()
    start, found = 0, 1
    for position, step in enumerate(steps):
        if step.startswith("["):
            continue
        index = steps[position + 1] if position + 1 < len(steps) else ""
        nth = int(index[1:-1]) if index.startswith("[") else 0
        pattern = rf"\s*\[\[?(?:[\w-]+\.)*{re.escape(step)}\]|\s*{re.escape(step)}\s*="
        hits = [i for i in range(start, len(lines)) if re.match(pattern, lines[i])]
        if not hits:
            break
        start = hits[min(nth, len(hits) - 1)]
        found = start + 1
    return found
