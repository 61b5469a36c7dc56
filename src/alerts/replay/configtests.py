"""Unit tests of a configuration: items in, levels and alerts out, under a clock."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from alerts.config.schema import ConfigTestForm, ExpectationForm
from alerts.config.yaml_output import printable
from alerts.model.alert import Alert, AlertState, fate
from alerts.model.counted import counted
from alerts.model.fields import record_of
from alerts.model.item import Item
from alerts.model.level import Axis, Level
from alerts.model.profile import Coverage, CoverageState, Profile
from alerts.model.times import format_time
from alerts.rendering.render import Renderer
from alerts.rendering.view import compose
from alerts.replay.backtest import Result, rehearse
from alerts.runtime.configuration import Active
from alerts.scoring.profile import build


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that did not hold; `because` are lines that explain the actual outcome."""

    where: str
    expected: str
    actual: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test with what failed in it; nothing means it passed."""

    name: str
    where: str
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


def run(test: ConfigTestForm, active: Active, renderer: Renderer, where: Callable[..., str]) -> Outcome:
    """Plays the test's items up to its clock and holds every expectation against what came out.

    `where` gives FILE:LINE of a path inside the test."""
    items = items_of(test)
    judge = _Judge(test, items, active, renderer, rehearse(items, active.settings, until=test.at, active=active))
    found = [each for index, one in enumerate(test.expect) for each in judge.failures(one, where("expect", index))]
    return Outcome(test.name, where(), tuple(found))


def items_of(test: ConfigTestForm) -> list[Item]:
    """The items of a test. One without an id gets one, without `observed` it was seen when published."""
    return [
        record_of(Item, each, id=each.id or f"item-{number}", observed=each.observed or each.published or test.at)
        for number, each in enumerate(test.items, 1)
    ]


@dataclass(frozen=True, slots=True)
class _Judge:
    test: ConfigTestForm
    items: Sequence[Item]
    active: Active
    renderer: Renderer
    result: Result

    def failures(self, expected: ExpectationForm, where: str) -> Iterator[Failure]:
        """What does not hold of the expectation that stands at FILE:LINE."""
        name = expected.institution
        case = self.result.cases.get(name)
        if expected.level is not None:
            axes = [expected.axis] if expected.axis is not None else list(Axis)
            actual = Level.LOW if case is None else max(case.axes[axis].level for axis in axes)
            if actual is not expected.level:
                of = f"{name}: {'impact' if expected.axis is None else expected.axis}"
                yield Failure(where, f"{of} {expected.level}", f"{of} {actual}", self._scores(name, axes))
        is_mentioned = case is not None and bool(case.evidence())
        if expected.mentioned is not None and expected.mentioned is not is_mentioned:
            words = {True: f"{name}: mentioned", False: f"{name}: not mentioned"}
            yield Failure(where, words[expected.mentioned], words[is_mentioned], self._matches(name))
        if expected.topic and expected.topic not in (topics := self._topics(name)):
            of, carried = name or "items", ", ".join(sorted(topics)) or "no topic"
            yield Failure(where, f"{of}: topic {expected.topic}", f"{of}: {carried}", self._matches(name))
        if expected.subscriber:
            yield from self._of_subscriber(expected, where)

    def _scores(self, institution: str, axes: Sequence[Axis]) -> tuple[str, ...]:
        case = self.result.cases.get(institution)
        if case is None:
            return self._matches(institution) or ("nothing was found about it",)
        lines = []
        for axis in axes:
            lines.append(f"{axis} score {case.score(axis, self.test.at):.4f} at {format_time(self.test.at)}")
            lines += [
                f"{each.value:.4f} = severity {each.severity:g} x confidence {each.confidence:g} x salience "
                f"{each.salience:g} x criticality {each.criticality:g}, {each.age_s:.0f} s old: {each.title}"
                for each in case.contributions(axis, self.test.at)
            ]
        return tuple(lines)

    def _topics(self, institution: str) -> set[str]:
        """The topics that count for an institution; without one, all that the items carry."""
        if not institution:
            return {hit.topic for item in self.items for hit in self.active.matcher.match(item).topics}
        case = self.result.cases.get(institution)
        return set() if case is None else {name for each in case.evidence() for name, _ in each.topics}

    def _matches(self, institution: str) -> tuple[str, ...]:
        """What matching found of the institution in the items, and what it turned down."""
        lines = []
        for item in self.items:
            matched = self.active.matcher.match(item, explain=True)
            named = [each for each in matched.mentions if institution in ("", each.institution)]
            rejected = [each for each in matched.rejections if institution in ("", each.institution)]
            lines += [f"found by {each.rule} in the {each.field}: “{each.text}”" for each in named]
            lines += [f"turned down in the {each.field}: “{each.text}”, {each.reason}" for each in rejected]
            lines += [f"topic {each.topic} in the {each.field}: “{each.text}”" for each in matched.topics]
        return tuple(lines)

    def _of_subscriber(self, expected: ExpectationForm, where: str) -> Iterator[Failure]:
        concerned = [
            alert
            for alert in self.result.alerts
            if alert.subscriber == expected.subscriber
            and expected.channel in ("", alert.channel)
            and expected.institution in ("", alert.institution)
            and (expected.axis is None or expected.axis in {one.axis for one in (alert.lead, *alert.changes) if one})
        ]
        because = tuple(_line(alert) for alert in concerned) or (self._why_none(expected),)
        # What is told at once or in a digest is an alert; with a reason, what was held back is meant.
        chosen = [
            alert
            for alert in concerned
            if expected.state in {None, alert.state}
            and (expected.state or expected.reason or alert.state is not AlertState.SUPPRESSED)
            and expected.reason in ("", alert.reason)
        ]
        # Alerts of one assessment are one event, whatever the number of channels.
        count = len({(alert.institution, alert.at) for alert in chosen})
        said = " ".join(filter(None, (expected.state, expected.reason)))
        if expected.alerts is not None and count != expected.alerts:
            alerts = (f"{counted(number, 'alert')} {said}".rstrip() for number in (expected.alerts, count))
            wanted, actual = (f"{expected.subscriber}: {each}" for each in alerts)
            yield Failure(where, wanted, actual, because)
        elif expected.alerts is None and said and not chosen:
            yield Failure(where, f"{expected.subscriber}: an alert {said}", "none such", because)
        if expected.text or expected.not_text:
            texts = self._rendered(expected)
            shown = tuple(line for text in texts for line in text.splitlines()) or ("no message",)
            if expected.text and not any(expected.text in text for text in texts):
                yield Failure(where, f"a message with “{expected.text}”", "none such", shown)
            if expected.not_text and any(expected.not_text in text for text in texts):
                yield Failure(where, f"no message with “{expected.not_text}”", "there is one", shown)

    def _why_none(self, expected: ExpectationForm) -> str:
        changes = (each for each in self.result.transitions if expected.institution in ("", each.institution))
        moved = (f"{each.institution} {each.axis} {each.from_} to {each.to}" for each in changes)
        return "level changes: " + (", ".join(moved) or "none")

    def _rendered(self, expected: ExpectationForm) -> list[str]:
        subscriber = self.active.settings.subscribers[expected.subscriber]
        alerts = {alert.id: alert for alert in self.result.alerts}
        texts = []
        for message in self.result.messages:
            if message.subscriber != subscriber.id or message.held is not None:
                continue
            if expected.channel in ("", message.channel):
                kinds = ("alerts", "reminders", "superseded")
                told: dict[str, Any] = {kind: [alerts[one] for one in getattr(message, kind)] for kind in kinds}
                about = {each.institution for some in told.values() for each in some}
                profiles = {each: self._profile(each) for each in sorted(about)}
                of = {name: getattr(message, name) for name in ("id", "kind", "channel", "at", "standing")}
                view = compose(subscriber, **told, **of, profiles=profiles, omitted=message.more, why=message.detail)
                rendered = self.renderer.render(view, subscriber.channels[message.channel])
                texts.append(f"{rendered.title}\n{rendered.body}")
        return texts

    def _profile(self, institution: str) -> Profile:
        case, covered = self.result.cases[institution], Coverage(CoverageState.COVERED)
        history = [each for each in self.result.transitions if each.institution == institution]
        case.advance(self.test.at)
        return build(case.standing(self.test.at), self.active.settings, history=history, coverage=covered)


def _line(alert: Alert) -> str:
    became = fate(alert.state, alert.reason)
    return f"{format_time(alert.at)} {alert.institution} {alert.in_words()} by {alert.channel}: {became}"


def junit(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as JUnit XML, for CI systems."""
    failed = sum(not each.passed for each in outcomes)
    counts = {"tests": str(len(outcomes)), "failures": str(failed), "errors": "0"}
    suite = ElementTree.Element("testsuite", {"name": "alerts config", **counts})
    for each in outcomes:
        file, _, line = each.where.partition(":")
        case = ElementTree.SubElement(suite, "testcase", name=each.name, classname=file, file=file)
        if line:
            case.set("line", line.partition(":")[0])
        for failure in each.failures:
            told = ElementTree.SubElement(case, "failure", message=f"expected {failure.expected}, got {failure.actual}")
            told.text = "\n".join((failure.where, *failure.because))
    ElementTree.indent(suite)
    return printable(ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)) + "\n"
