"""References of a subscriber to its own channels: `to`, `escalate`, `rates`, `fallback`."""

from alerts.config.document import Entry
from alerts.config.schema import SubscriberForm
from alerts.model.nearest import did_you_mean


def check_channels(entry: Entry, subscriber: SubscriberForm) -> None:
    """Reports channels that the subscriber does not have, and ways that lead nowhere."""
    channels = list(subscriber.channels)

    def unknown(name: str, key: str, *steps: str | int, at_key: bool = False) -> bool:
        if name not in channels:
            shown = repr(name) if at_key else entry.shown(*steps)  # a value may be a secret, a key is none
            suggestion = did_you_mean(name, channels) or f"; it has {', '.join(channels) or 'none'}"
            entry.report(*steps, message=f"{key}: the subscriber has no channel {shown}{suggestion}", at_key=at_key)
        return name not in channels

    for index, rule in enumerate(subscriber.watch):
        for at, name in enumerate(rule.to):
            unknown(name, "to", "watch", index, "to", at)
        steps = ("watch", index, "escalate", "to")
        later = rule.escalate.to if rule.escalate is not None else ()
        for at, name in enumerate(later):
            if not unknown(name, "to", *steps, at) and name in rule.to:
                message = f"to: {name} is in the rule's own `to`, which gets the alert at once: remove one of the two"
                entry.report(*steps, at, message=message)
        if later and not rule.to and set(channels) <= set(later):
            entry.report(*steps, message="to: no channel is left that gets the alert at once: name fewer here")
    for name in subscriber.rates:
        unknown(name, "rates", "rates", name, at_key=True)
    for name, other in subscriber.fallback.items():
        unknown(name, "fallback", "fallback", name, at_key=True)
        unknown(other, "fallback", "fallback", name)
        way = [name]
        while way[-1] in subscriber.fallback and way.count(way[-1]) == 1:
            way.append(subscriber.fallback[way[-1]])
        if len(way) > 1 and way[-1] == name:
            message = f"fallback: {' → '.join(way)} is a circle: what cannot be delivered has to end somewhere"
            entry.report("fallback", name, message=message)
