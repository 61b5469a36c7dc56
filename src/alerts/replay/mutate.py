"""Which changes of a configuration its tests do not notice: one thing is changed at a time and the tests run again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from alerts.config.packs import pack_headlines, pack_names
from alerts.model.alert import AlertState
from alerts.model.item import Item
from alerts.model.level import LEVELS, Axis, Level
from alerts.model.settings import Settings
from alerts.model.subscriber import Subscriber
from alerts.model.times import format_time
from alerts.rendering.render import Renderer
from alerts.replay.backtest import rehearse
from alerts.replay.configtests import run
from alerts.runtime.configuration import Active

AT: Final = datetime(2026, 1, 7, 12, tzinfo=UTC)  # of the items of a proposed test: a working day, at noon
SOURCES: Final = 3  # that report in a proposed test


@dataclass(frozen=True, slots=True)
class Mutant:
    """A configuration in which one thing is another; `names` and `topics` are what a test of it would have to read."""

    change: str
    settings: Settings
    institution: str = ""
    names: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()

    def active(self, base: Active) -> Active:
        """Matching is built again only where names or topics are others."""
        found = Active(self.settings)
        if self.settings.institutions is base.settings.institutions and self.settings.topics is base.settings.topics:
            found.matcher = base.matcher
        return found


def mutants(settings: Settings) -> Iterator[Mutant]:
    """Each alias, topic, watch rule and channel left out in turn, each threshold a quarter or a level higher."""
    for known in settings.institutions.values():
        for alias in known.aliases:
            without = replace(known, aliases=tuple(each for each in known.aliases if each != alias))
            changed = replace(settings, institutions={**settings.institutions, known.id: without})
            yield Mutant(f"{known.id}: without the alias {alias}", changed, known.id, (alias,))
    for topic in settings.topics:
        left = {name: each for name, each in settings.topics.items() if name != topic}
        yield Mutant(f"without the topic {topic}", replace(settings, topics=left), topics=(topic,))
    for level, least in settings.levels.raise_.items():
        raised = MappingProxyType({**settings.levels.raise_, level: least * 1.25})
        changed = replace(settings, levels=replace(settings.levels, raise_=raised))
        yield Mutant(f"levels: {level} from {least * 1.25:g} instead of {least:g}", changed)
    for who in settings.subscribers.values():
        for change, other in _subscribers(who):
            yield Mutant(f"{who.id}: {change}", replace(settings, subscribers={**settings.subscribers, who.id: other}))


def _subscribers(who: Subscriber) -> Iterator[tuple[str, Subscriber]]:
    for place, rule in enumerate(who.watch):
        rest = who.watch[:place], who.watch[place + 1 :]
        name = f"rule {place + 1}"
        yield f"without {name}", replace(who, watch=(*rest[0], *rest[1]))
        if rule.at_least is not Level.CRITICAL:
            higher = LEVELS[rule.at_least.rank + 1]
            changed = replace(rule, at_least=higher)
            yield f"{name} at least {higher}", replace(who, watch=(*rest[0], changed, *rest[1]))
    for channel in who.channels if len(who.channels) > 1 else ():
        rules = [replace(each, to=tuple(to for to in each.to or who.channels if to != channel)) for each in who.watch]
        yield f"nothing to the channel {channel}", replace(who, watch=tuple(each for each in rules if each.to))


def unnoticed(active: Active, renderer: Renderer, mutant: Mutant) -> bool:
    """Whether all tests of the configuration pass under a mutant, too."""
    tests = active.settings.tests
    said = " ".join(part for test in tests for item in test.items for part in (item.title, item.summary, item.content))
    if any(name[:4].casefold() not in said.casefold() for name in mutant.names):
        return True  # no item can hold it
    changed = mutant.active(active)
    return all(run(test, changed, renderer).passed for test in tests)


def proposed(active: Active, mutant: Mutant) -> dict[str, Any] | None:
    """A test that passes now and fails under the mutant, as the YAML writes it; None where none was found."""
    settings, changed = active.settings, mutant.active(active)
    sources = sorted(settings.sources.values(), key=lambda each: (bool(each.speaks_for), each.reliability))[:SOURCES]
    tracked = [mutant.institution] if mutant.institution else sorted(settings.institutions)
    for institution in tracked:
        name = mutant.names[0] if mutant.names else settings.institutions[institution].name
        for topic in mutant.topics or settings.topics:
            title = _headline(topic, name, settings)
            items = [
                Item(each.id, title, AT, source=each.id, publisher=each.publisher, published=AT) for each in sources
            ]
            now, then = (_facts(items, each, institution, settings) for each in (active, changed))
            expect = [value for key, value in now.items() if then[key] != value]
            if expect:
                said = [{"source": each.source, "title": title, "published": format_time(AT)} for each in items]
                return {"name": f"notices: {mutant.change}", "at": format_time(AT), "items": said, "expect": expect}
    return None


def _headline(topic: str, name: str, settings: Settings) -> str:
    """A headline about the topic, of a pack's tests or of the topic's first phrase."""
    for headline in (each for pack in pack_names() for each in pack_headlines(pack) if each.language == "en"):
        if topic in headline.expected and len(headline.mentions) == 1:
            return headline.title.replace(headline.mentions[0], name)
    return f"{name}: {next(iter(settings.topics[topic].any), topic).rstrip('*')}"


_Facts = Mapping[tuple[str, str, str], Mapping[str, Any]]


def _facts(items: Sequence[Item], active: Active, institution: str, asked: Settings) -> _Facts:
    """What a test can expect of the items, by what it is about."""
    result = rehearse(items, active.settings, until=AT, active=active)
    case = result.cases.get(institution)
    found = {("", "", ""): {"institution": institution, "mentioned": case is not None and bool(case.evidence())}}
    for axis in Axis:
        level = Level.LOW if case is None else case.axes[axis].level
        found["", "", axis.value] = {"institution": institution, "axis": axis.value, "level": level.value}
    sent = {
        (each.subscriber, each.channel, each.institution, each.at)
        for each in result.alerts
        if each.state is not AlertState.SUPPRESSED
    }
    for who in asked.subscribers.values():
        for channel in who.channels:
            count = sum(each[:2] == (who.id, channel) for each in sent)
            found[who.id, channel, ""] = {"subscriber": who.id, "channel": channel, "alerts": count}
    return found
