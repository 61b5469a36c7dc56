"""Whom an event concerns: watch rules, and the index that finds the subscribers whose rules may match."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from alerts.model.fields import Same
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.subscriber import Direction, On, Subscriber, WatchRule
from alerts.routing.alerts import RuleVerdict, Step
from alerts.routing.events import Part


def channels_of(rule: WatchRule, subscriber: Subscriber) -> tuple[str, ...]:
    """The channels that a rule sends to at once, in the subscriber's order."""
    later = rule.escalate.to if rule.escalate is not None else ()
    return tuple(name for name in subscriber.channels if (name in rule.to if rule.to else name not in later))


@lru_cache(maxsize=1024)
def name_of(index: int, rule: WatchRule) -> str:
    """What messages and explanations call a rule: its name, else what it asks for."""
    return rule.name or f"rule {index + 1}: {rule.in_words()}"


@lru_cache(maxsize=256)
def judge(
    index: int,
    rule: WatchRule,
    channel: str,
    parts: Same[tuple[Part, ...]],
    institution: Same[Institution],
    believed: tuple[Level, ...],
) -> RuleVerdict:
    """Which parts of an event a rule asks for; answered once for all subscribers with an equal rule.

    `believed` are, part for part, the levels that the channel was last notified of (else low): a rise is measured by
    the level it reaches, a fall by the level it leaves, as the channel knows it. The steps are those of the first
    part that matches, else of the one that came farthest."""
    best: list[Step] = []
    about = ""
    matched: list[int] = []
    follows: list[int] = []
    for place, (part, level) in enumerate(zip(parts.value, believed, strict=True)):
        steps: list[Step] = []
        for step in _steps(rule, part, institution.value, level):
            steps.append(step)
            if not step.passed:
                break
        passed = steps[-1].passed
        if steps[-1].name == "direction" and not passed and part.change is not None and part.change.rises:
            follows.append(place)
        if (passed and not matched) or (not matched and len(steps) > len(best)):
            best, about = steps, part.about
        if passed:
            matched.append(place)
    return RuleVerdict(
        index, channel, tuple(matched), tuple(follows), tuple(best), about=about, name=name_of(index, rule)
    )


def _steps(rule: WatchRule, part: Part, institution: Institution, believed: Level) -> Iterator[Step]:
    """What a rule asks of a part, in order; the first that is not so decides. The direction comes last: the fall of a
    rise that fails there alone will be asked for."""
    selected = rule.select.selects(institution)
    yield Step("institution", selected, f"the rule {'selects' if selected else 'does not select'} {institution.id}")
    if rule.except_.select.selects(institution):
        yield Step("not", False, f"the rule leaves out {institution.id}")
    yield Step("on", part.on in rule.on, f"the rule is on {_list(rule.on)}, this is a {part.on}")
    moves = part.rise or part.change
    if moves is not None:
        measured = max(moves.from_, believed) if part.falls else moves.to
        reached = "leaves" if part.falls else "reaches"
        yield Step("axes", moves.axis in rule.axes, f"the rule is for {_list(rule.axes)}, this is {moves.axis}")
        wants = f"it {reached} {measured}, the rule wants {rule.at_least}"
        yield Step("at_least", measured >= rule.at_least, wants)
    if not part.falls:  # who got the rise gets the fall
        yield from _of_story(rule, part)
    if moves is not None:
        wanted = rule.direction is Direction.BOTH or (rule.direction is Direction.FALL) == part.falls
        moved = "" if wanted else f", this is a {'fall' if part.falls else 'rise'}"
        yield Step("direction", wanted, f"the rule wants {rule.direction}{moved}")


def _of_story(rule: WatchRule, part: Part) -> Iterator[Step]:
    """What a rule asks of the story behind a part."""
    lead, left_out = part.lead, rule.except_
    topics = frozenset() if lead is None else frozenset(lead.topics)
    signals = frozenset() if lead is None else lead.signals
    sources = frozenset() if lead is None else lead.sources
    said = _list(topics) or "no topic"
    if rule.topics:
        yield Step("topics", not topics.isdisjoint(rule.topics), f"the rule wants {_list(rule.topics)}, this is {said}")
    if rule.signals:
        wants = f"the rule wants {_list(rule.signals)}, this is {_list(signals) or 'no signal class'}"
        yield Step("signals", not signals.isdisjoint(rule.signals), wants)
    if rule.min_grade != "D":
        grade = "" if lead is None else lead.grade
        yield Step("min_grade", rule.takes_grade(grade), f"the rule wants {rule.min_grade} or better, this is {grade}")
    if shared := topics & left_out.topics:
        yield Step("not", False, f"the rule leaves out the topic {_list(shared)}")
    if of_signal := signals & left_out.signals:
        yield Step("not", False, f"the rule leaves out {_list(of_signal)}")
    if sources and sources <= left_out.sources:
        yield Step("not", False, f"none but {_list(sources)} reports it, which the rule leaves out")


def stands(subscriber: Subscriber, institution: Institution, axis: Axis, channel: str, level: Level) -> bool:
    """Whether a rule of the channel asks for rises to `level`: while it stands, there is reason to remind."""
    return any(
        rule.selects(institution)
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
        self._subscribers = tuple(subscribers)
        self._by: dict[tuple[str, str], set[int]] = defaultdict(set)  # the places of subscribers
        for place, subscriber in enumerate(self._subscribers):
            for select in (rule.select for rule in subscriber.watch):
                named = {"id": select.institutions, "tag": select.tags, "region": select.regions}
                named |= {"category": select.categories, "all": frozenset({""} if select.all else ())}
                for key in ((kind, name) for kind, names in named.items() for name in names):
                    self._by[key].add(place)

    def of(self, institution: Institution) -> tuple[Subscriber, ...]:
        """Every subscriber with a rule that selects the institution, in the order given."""
        keys = [("all", ""), ("id", institution.id)]
        keys += [("region", institution.region), ("category", institution.category)]
        keys += [("tag", name) for name in institution.tags]
        found = {place for key in keys for place in self._by.get(key, ())}
        return tuple(self._subscribers[place] for place in sorted(found))
