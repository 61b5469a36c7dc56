"""When a failed delivery is tried again, and when it is given up. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits of `base` × 2ⁿ up to `cap`; given up after `attempts` or once `lasting` has passed since the first."""

    base: timedelta = timedelta(seconds=10)
    cap: timedelta = timedelta(hours=1)
    attempts: int = 40
    lasting: timedelta = timedelta(days=1)

    def next_attempt(
        self, delivery: str, *, number: int, first: datetime, now: datetime, retry_after: float | None = None
    ) -> datetime | None:
        """When to try again after attempt `number` (from 1) failed at `now`; None: give up.

        The wait lies between half of base × 2^(number − 1) and all of it, at a place that the delivery's id and
        the number decide: deliveries that failed together do not come back together, and a wait computed twice
        is the same. A `retry_after` of the service (seconds) is a least wait: it is obeyed in full, even where
        that means giving up because it ends after `lasting`.
        """
        if number >= self.attempts:
            return None
        doubled = min(self.cap, self.base * 2 ** min(number - 1, 40))
        wait = doubled * (0.5 + 0.5 * share(delivery, number))
        if retry_after is not None:
            # What comes on top keeps a crowd that was sent away with one number from returning as a crowd.
            wait = max(wait, timedelta(seconds=min(retry_after, 1e9)) + wait * 0.1)
        at = now + wait
        return None if at - first > self.lasting else at


def share(delivery: str, time: object) -> float:
    """A number in [0, 1) that depends on the delivery and on which time it is alone."""
    digest = hashlib.blake2b(f"{delivery}/{time}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
