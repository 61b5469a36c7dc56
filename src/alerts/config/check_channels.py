"""References of a subscriber to its own channels: `to`, `escalate`, `rates`, `fallback`."""

from __future__ import annotations

from alerts.config.document import Entry
from alerts.config.schema import SubscriberForm, WatchForm
from alerts.model.nearest import did_you_mean


def check_channels(entry: Entry, subscriber: SubscriberForm) -> None:
    """Reports channels that the subscriber does not have, and ways that lead nowhere."""
    for index, rule in enumerate(subscriber.watch):
        for at, name in enumerate(rule.to):
            _check_known(entry, subscriber, name, "watch", index, "to", at)
        _check_escalation(entry, subscriber, rule, index)
    for name in subscriber.rates:
        if name not in subscriber.channels:
            message = f"rates: the subscriber has no channel {name!r}{did_you_mean(name, [*subscriber.channels])}"
            entry.report("rates", name, message=message)
    for name, other in subscriber.fallback.items():
        if name not in subscriber.channels:
            message = f"fallback: the subscriber has no channel {name!r}{did_you_mean(name, [*subscriber.channels])}"
            entry.report("fallback", name, message=message, at_key=True)
        _check_known(entry, subscriber, other, "fallback", name)
        way = [name]
        while way[-1] in subscriber.fallback and way.count(way[-1]) == 1:
            way.append(subscriber.fallback[way[-1]])
        if way[-1] == name:
            message = f"fallback: {' → '.join(way)} is a circle: what cannot be delivered has to end somewhere"
            entry.report("fallback", name, message=message)


def _check_escalation(entry: Entry, subscriber: SubscriberForm, rule: WatchForm, index: int) -> None:
    if rule.escalate is None:
        return
    steps = ("watch", index, "escalate", "to")
    for at, name in enumerate(rule.escalate.to):
        if _check_known(entry, subscriber, name, *steps, at) and name in rule.to:
            message = f"to: {name} is in the rule's own `to`, so it gets the alert at once: remove it from one of them"
            entry.report(*steps, at, message=message)
    if not rule.to and subscriber.channels and set(subscriber.channels) <= set(rule.escalate.to):
        entry.report(*steps, message="to: no channel is left that gets the alert at once: name fewer here")


def _check_known(entry: Entry, subscriber: SubscriberForm, name: str, *steps: str | int) -> bool:
    """Whether the subscriber has the channel that stands at a place; reports it where not."""
    if name in subscriber.channels:
        return True
    channels = list(subscriber.channels)
    suggestion = did_you_mean(name, channels) or f"; it has {', '.join(channels) or 'none'}"
    key = next(each for each in reversed(steps) if isinstance(each, str)) if steps[0] == "watch" else steps[0]
    entry.report(*steps, message=f"{key}: the subscriber has no channel {entry.shown(*steps)}{suggestion}")
    return False
