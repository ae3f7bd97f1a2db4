"""The published schema of records, as whoever reads records would use it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from netdiag import record

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


@functools.cache
def validator() -> Validator:
    """Of records; a schema that is none raises."""
    # It makes a grammar of all URIs when imported, for seconds, which who only collects tests
    # need not wait for.
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(record.schema())
    return Draft202012Validator(record.schema())


def validate(tree: Any) -> None:
    validator().validate(tree)
