"""The words of the catalogue, for a shell that completes them."""

from __future__ import annotations

import click


def codes(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The codes, and checks, that begin so."""
    from checks.catalogue import CATALOGUE

    ids = {check.id for check in CATALOGUE.checks}
    kinds = {kind.code for check in CATALOGUE.checks for kind in check.finds}
    return [word for word in sorted(ids | kinds) if word.startswith(begun)]


def several(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """A list separated by commas whose last word is completed as an area, a check or a code."""
    from checks.catalogue import CATALOGUE

    before, comma, last = begun.rpartition(",")
    return [before + comma + word for word in CATALOGUE.words if word.startswith(last)]
