"""Which work of a process goes first: what is nearest to the receiver.

The threads of a process share one interpreter. Where all go on at once, news that is found already waits for the
matching of news that could come a moment later."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Precedence:
    """Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._near = 0

    @contextmanager
    def near(self) -> Iterator[None]:
        """A block of work near the receiver, such as an assessment. It waits for nobody."""
        with self._changed:
            self._near += 1
        try:
            yield
        finally:
            with self._changed:
                self._near -= 1
                if not self._near:
                    self._changed.notify_all()

    def give_way(self, until: float) -> None:
        """Waits while such work goes on, but not beyond an instant of the monotonic clock, so that it always ends."""
        left = until - time.monotonic() if self._near else 0.0
        if left > 0:
            with self._changed:
                self._changed.wait_for(lambda: not self._near, left)
