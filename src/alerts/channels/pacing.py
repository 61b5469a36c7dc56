"""When a message may go out: how fast messages follow in a channel, and when a failed one is tried again. Pure."""

from datetime import datetime, timedelta
from typing import Final

from alerts.model.channels import NATIVE_PREFIXES, host_of, scheme_of
from alerts.model.secret import Secret
from alerts.model.subscriber import RateLimit
from alerts.model.times import spread
from alerts.rendering.formats import service_of

# Backoff: the wait after the first attempt, the longest one, how many attempts there are, and for how long.
BASE: Final = timedelta(seconds=10)
CAP: Final = timedelta(hours=1)
ATTEMPTS: Final = 40
LASTING: Final = timedelta(days=1)


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


def next_attempt(
    delivery: str, *, number: int, first: datetime, now: datetime, retry_after: float | None = None
) -> datetime | None:
    """When to try again after attempt `number` (from 1) failed at `now`; None: give up.

    The wait lies between half of BASE × 2^(number − 1) and all of it, at a place that the delivery's id and
    the number decide: deliveries that failed together do not come back together, and a wait computed twice
    is the same. A `retry_after` of the service (seconds) is a least wait: it is obeyed in full, even where
    that means giving up because it ends after LASTING."""
    if number >= ATTEMPTS:
        return None
    doubled = min(CAP, BASE * 2 ** min(number - 1, 40))
    wait = doubled * (0.5 + 0.5 * spread(f"{delivery}/{number}"))
    if retry_after is not None:
        # What comes on top keeps a crowd that was sent away with one number from returning as a crowd.
        wait = max(wait, timedelta(seconds=min(retry_after, 1e9)) + wait * 0.1)
    at = now + wait
    return None if at - first > LASTING else at
