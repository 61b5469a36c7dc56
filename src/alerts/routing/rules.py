"""Who hears of an event: watch rules, and the index that finds the subscribers whose rules may match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.subscriber import Direction, On, Subscriber, WatchRule
from alerts.routing.alerts import RuleVerdict, Step
from alerts.routing.events import LevelEvent, Notice


def channels_of(rule: WatchRule, subscriber: Subscriber) -> tuple[str, ...]:
    """The channels that a rule sends to, in the subscriber's order."""
    return tuple(name for name in subscriber.channels if not rule.to or name in rule.to)


def judge(
    index: int, rule: WatchRule, channel: str, event: Notice, institution: Institution, believed: Level
) -> RuleVerdict:
    """Whether a rule matches an event. `believed` is the level the channel was last told of (else low).

    A rise is measured by the level it reaches, a fall by the level it leaves, as the channel knows it.
    """
    steps: list[Step] = []

    def passes(name: str, passed: bool, detail: str) -> bool:
        steps.append(Step(name, passed, detail))
        return passed

    selected = rule.select.selects(institution)
    matched = passes(
        "institution", selected, f"the rule {'selects' if selected else 'does not select'} {institution.id}"
    ) and passes("on", event.on in rule.on, f"the rule is on {_list(rule.on)}, this is a {event.on}")
    follows = False
    if matched and isinstance(event, LevelEvent):
        change = event.transition
        measured = change.to if change.rises else max(change.from_, believed)
        reached = "reaches" if change.rises else "leaves"
        matched = passes(
            "axes", change.axis in rule.axes, f"the rule is for {_list(rule.axes)}, this is {change.axis}"
        ) and passes(
            "at_least", measured >= rule.at_least, f"it {reached} {measured}, the rule wants {rule.at_least}"
        )
        wanted = rule.direction is Direction.BOTH or (rule.direction is Direction.RISE) == change.rises
        follows = matched and change.rises and not wanted
        matched = matched and passes(
            "direction",
            wanted,
            f"the rule wants {rule.direction}, this is a {'rise' if change.rises else 'fall'}",
        )
    return RuleVerdict(index, channel, matched, follows, tuple(steps))


def stands(subscriber: Subscriber, institution: Institution, axis: Axis, channel: str, level: Level) -> bool:
    """Whether a rule of the channel asks for rises to `level`: while it stands, there is reason to remind."""
    return any(
        rule.select.selects(institution)
        and On.LEVEL in rule.on
        and axis in rule.axes
        and level >= rule.at_least
        and rule.direction is not Direction.FALL
        and channel in channels_of(rule, subscriber)
        for rule in subscriber.watch
    )


def _list(values: Iterable[str]) -> str:
    return ", ".join(sorted(values))


class Audience:
    """Finds the subscribers whose rules select an institution without asking every one of them."""

    def __init__(self, subscribers: Iterable[Subscriber]) -> None:
        self._order: dict[str, int] = {}
        self._subscribers: dict[str, Subscriber] = {}
        self._by: dict[tuple[str, str], set[str]] = defaultdict(set)
        for subscriber in subscribers:
            self._order[subscriber.id] = len(self._order)
            self._subscribers[subscriber.id] = subscriber
            for rule in subscriber.watch:
                select = rule.select
                keys = [("id", name) for name in select.institutions]
                keys += [("tag", name) for name in select.tags]
                keys += [("region", name) for name in select.regions]
                keys += [("category", name) for name in select.categories]
                if select.all:
                    keys.append(("all", ""))
                for key in keys:
                    self._by[key].add(subscriber.id)

    def of(self, institution: Institution) -> tuple[Subscriber, ...]:
        """Every subscriber with a rule that selects the institution, in the order given."""
        keys = [("all", ""), ("id", institution.id)]
        keys += [("region", institution.region), ("category", institution.category)]
        keys += [("tag", name) for name in institution.tags]
        found: set[str] = set()
        for key in keys:
            found |= self._by.get(key, set())
        return tuple(self._subscribers[name] for name in sorted(found, key=self._order.__getitem__))
