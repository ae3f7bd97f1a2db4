"""What holds for all tests of the wire: no socket is left open."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.wire.peers import open_files


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    before = open_files()
    yield
    gc.collect()
    assert open_files() <= before, "a socket was left open"
