from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit import rawserver


@pytest.fixture(name="raw_server")
def _raw_server() -> Iterator[rawserver.RawServer]:
    """A server that says exactly what a test tells it to, byte for byte."""
    with rawserver.raw_server() as server:
        yield server
