"""How many examples a law is tried with: few where only a quick look is wanted, `make test-fast`."""

from __future__ import annotations

import os

FAST = os.environ.get("ALERTS_TEST_PROFILE") == "fast"
FAST_EXAMPLES = 20


def examples(most: int) -> int:
    """For laws whose examples cost so much, or find so much, that they state their own number."""
    return min(most, FAST_EXAMPLES) if FAST else most
