"""Which changes of a configuration its tests do not notice: one thing is changed at a time and the tests run again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from alerts.config.document import Entry
from alerts.config.packs import pack_examples
from alerts.config.schema import ConfigTestForm
from alerts.model.item import Item
from alerts.model.level import LEVELS, Axis, Level
from alerts.model.settings import Settings
from alerts.model.subscriber import Subscriber
from alerts.model.times import format_time
from alerts.rendering.render import Renderer
from alerts.replay.backtest import rehearse
from alerts.replay.configtests import Outcome, items_of, run
from alerts.runtime.configuration import Active

AT: Final = datetime(2026, 1, 7, 12, tzinfo=UTC)  # of the items of a proposed test: a working day, at noon
SOURCES: Final = 3  # that report in a proposed test
Tests = Sequence[tuple[Entry, ConfigTestForm]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A configuration in which one thing is another: an alias of `institution`, a `topic`, or neither."""

    change: str
    settings: Settings
    institution: str = ""
    alias: str = ""
    topic: str = ""

    def active(self, base: Active) -> Active:
        """Matching is built again only where names or topics are others."""
        found = Active(self.settings)
        if not (self.alias or self.topic):
            found.matcher = base.matcher
        return found


def mutants(settings: Settings) -> Iterator[Mutant]:
    """Each alias, topic, watch rule and channel left out in turn, each threshold a quarter or a level higher."""
    aliases = ((known, alias) for known in settings.institutions.values() for alias in known.aliases)
    for known, alias in aliases:
        without = replace(known, aliases=tuple(each for each in known.aliases if each != alias))
        changed = replace(settings, institutions={**settings.institutions, known.id: without})
        yield Mutant(f"{known.id}: without the alias {alias}", changed, known.id, alias)
    for topic in settings.topics:
        left = {name: each for name, each in settings.topics.items() if name != topic}
        yield Mutant(f"without the topic {topic}", replace(settings, topics=left), topic=topic)
    for level, least in settings.levels.raise_.items():
        rules = replace(settings.levels, raise_={**settings.levels.raise_, level: least * 1.25})
        change = f"levels: {level} from {least * 1.25:g} instead of {least:g}"
        yield Mutant(change, replace(settings, levels=rules))
    for who in settings.subscribers.values():
        for change, other in _subscribers(who):
            others = {**settings.subscribers, who.id: other}
            yield Mutant(f"{who.id}: {change}", replace(settings, subscribers=others))


def _subscribers(who: Subscriber) -> Iterator[tuple[str, Subscriber]]:
    for place, rule in enumerate(who.watch):
        before, after = who.watch[:place], who.watch[place + 1 :]
        yield f"without rule {place + 1}", replace(who, watch=before + after)
        if rule.at_least is not Level.CRITICAL:
            higher = replace(rule, at_least=LEVELS[rule.at_least.rank + 1])
            yield f"rule {place + 1} at least {higher.at_least}", replace(who, watch=(*before, higher, *after))
    for channel in who.channels if len(who.channels) > 1 else ():
        rules = [replace(each, to=tuple(to for to in each.to or who.channels if to != channel)) for each in who.watch]
        yield f"nothing to the channel {channel}", replace(who, watch=tuple(each for each in rules if each.to))


def failing(tests: Tests, active: Active, renderer: Renderer) -> Iterator[Outcome]:
    """What the tests that fail said."""
    outcomes = (run(each, active, renderer, entry.where) for entry, each in tests)
    return (each for each in outcomes if not each.passed)


def unnoticed(tests: Tests, base: Active, renderer: Renderer, mutant: Mutant) -> bool:
    """Whether all tests of the configuration pass under a mutant, too."""
    items = (item for _, test in tests for item in items_of(test))
    if mutant.alias and not any(mutant.institution in base.matcher.match(item).institutions() for item in items):
        return True  # no test is about it
    return next(failing(tests, mutant.active(base), renderer), None) is None


def proposed(active: Active, mutant: Mutant) -> dict[str, Any] | None:
    """A test that passes now and fails under the mutant, as the YAML writes it; None where none was found."""
    settings, changed = active.settings, mutant.active(active)
    sources = sorted(settings.sources.values(), key=lambda each: (bool(each.speaks_for), each.reliability))[:SOURCES]
    for institution in [mutant.institution] if mutant.institution else settings.institutions:
        for title in _headlines(mutant, mutant.alias or settings.institutions[institution].name, settings):
            items = [Item(f"{each.id}-{title}", title, AT, source=each.id, published=AT) for each in sources]
            now, then = (_facts(items, each, institution, settings) for each in (active, changed))
            if expect := [fact for fact in now if fact not in then]:
                said = [{"source": each.source, "title": title, "published": format_time(AT)} for each in items]
                return {"name": f"notices: {mutant.change}", "at": format_time(AT), "items": said, "expect": expect}
    return None


def _headlines(mutant: Mutant, name: str, settings: Settings) -> Iterator[str]:
    """Headlines about topics: the example of a pack with the name in the place of a capitalised word, or a phrase."""
    examples = pack_examples()
    for topic in [mutant.topic] if mutant.topic else settings.topics:
        example = examples.get(topic, "")
        yield from (example.replace(word, name) for word in example.split() if word[0].isupper())
        yield from (f"{name}: {phrase.rstrip('*')}" for phrase in settings.topics[topic].any[:1])


def _facts(items: Sequence[Item], active: Active, institution: str, asked: Settings) -> list[dict[str, Any]]:
    """All that a test can expect of the items."""
    result = rehearse(items, active.settings, until=AT, active=active)
    case = result.cases.get(institution)
    levels = {axis: Level.LOW if case is None else case.axes[axis].level for axis in Axis}
    found = [{"institution": institution, "mentioned": case is not None and bool(case.evidence())}]
    found += [{"institution": institution, "axis": axis.value, "level": levels[axis].value} for axis in Axis]
    told = {(each.subscriber, each.channel, each.institution, each.at) for each in result.sent}
    for who, channel in ((each.id, channel) for each in asked.subscribers.values() for channel in each.channels):
        count = sum(each[:2] == (who, channel) for each in told)
        found.append({"subscriber": who, "channel": channel, "alerts": count})
    return found
