"""Wrong tokens cost: an address that gave too many must wait before it may try again."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Final

MAX_WRONG: Final = 10
"""Wrong tokens that an address may give within WINDOW."""

WINDOW: Final = timedelta(minutes=10)

MAX_ADDRESSES: Final = 10_000
"""Addresses that are remembered in a process; the one that was wrong longest ago is forgotten first."""


class Attempts:
    """Wrong tokens by address, in memory: each process counts for itself. Thread-safe."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, address: str, now: datetime) -> timedelta:
        """How long this address must wait before it may give a token; zero where it may now."""
        with self._lock:
            wrong = self._wrong.get(_network(address))
            if wrong is None:
                return timedelta(0)
            while wrong and now - wrong[0] >= WINDOW:
                wrong.popleft()
            return wrong[0] + WINDOW - now if len(wrong) >= MAX_WRONG else timedelta(0)

    def was_wrong(self, address: str, now: datetime) -> None:
        """Notes a wrong token."""
        with self._lock:
            key = _network(address)
            self._wrong.setdefault(key, deque(maxlen=MAX_WRONG)).append(now)
            self._wrong.move_to_end(key)
            if len(self._wrong) > MAX_ADDRESSES:
                self._wrong.popitem(last=False)


def _network(address: str) -> str:
    """An IPv6 client usually has a whole /64 to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address
