"""When a message may go out: how fast messages follow in a channel, and when a failed one is tried again. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.model.channels import NATIVE_PREFIXES, host_of, scheme_of
from alerts.model.secret import Secret
from alerts.model.subscriber import RateLimit
from alerts.rendering.formats import service_of


def gap(url: Secret, rate: RateLimit | None) -> timedelta:
    """The least time between two messages in a channel; evenly spread where a rate is configured."""
    if rate is not None:
        return rate.per / rate.count
    return timedelta(seconds=service_of(url.reveal()).gap)


def lane(url: Secret) -> str:
    """Names the service that a channel uses: where it hangs for one, it hangs for all. Not to be shown."""
    text = url.reveal()
    hosted = service_of(text).hosted or text.lower().startswith(NATIVE_PREFIXES)
    host = host_of(text) if hosted else ""
    return f"{scheme_of(text)}://{host}" if host else scheme_of(text)


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
        that means giving up because it ends after `lasting`."""
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
