"""Read the decision table out of a check's docstring, so that the docs are the test."""

from types import ModuleType


def rows(module: ModuleType) -> list[tuple[str, ...]]:
    """The cells of the docstring's first table, without its head, row by row."""
    lines = [line for line in (module.__doc__ or "").splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]
