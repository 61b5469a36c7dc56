"""From checked forms to the model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from alerts.config.check_topics import patterns_of
from alerts.config.entries import Entries, Entry
from alerts.config.packs import families_of, pack_topics
from alerts.config.schema import (
    ConfigTestForm,
    ExclusionForm,
    FreshForm,
    InstitutionForm,
    ItemForm,
    LevelsForm,
    NameForm,
    OperatorsForm,
    SelectionForm,
    SilenceForm,
    SourceForm,
    SubscriberForm,
    TopicForm,
    WatchForm,
)
from alerts.matching.pattern_syntax import write_out_families
from alerts.model.fields import record_of
from alerts.model.institution import Institution, MatchRules, NameRules, Relation
from alerts.model.item import Item
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.operators import Operators
from alerts.model.secret import Secret
from alerts.model.settings import FRESH, ConfigTest, Expectation, Settings
from alerts.model.source import Source
from alerts.model.subscriber import (
    Digest,
    Exclusion,
    QuietHours,
    Selection,
    Silence,
    Subscriber,
    WatchRule,
    WeeklyBriefing,
)
from alerts.model.topic import Severity, Topic, TopicPattern


def build(entries: Entries, content_hash: str) -> Settings:
    """The settings of entries that have no problem."""
    institutions = {form.id: _institution(form) for _, form in entries.valid("institutions", InstitutionForm)}
    levels = [_levels(form) for _, form in entries.valid("levels", LevelsForm)]
    fresh = [form.fresh for _, form in entries.valid("fresh", FreshForm)]
    operators = [_operators(form) for _, form in entries.valid("operators", OperatorsForm)]
    return Settings(
        hash=content_hash,
        sources=MappingProxyType(
            {form.id: _source(form, institutions) for _, form in entries.valid("sources", SourceForm)}
        ),
        institutions=MappingProxyType(institutions),
        topics=MappingProxyType(_topics(entries)),
        levels=levels[0] if levels else LevelRules(),
        fresh=fresh[0] if fresh else FRESH,
        subscribers=MappingProxyType(
            {form.id: _subscriber(form) for _, form in entries.valid("subscribers", SubscriberForm)}
        ),
        silences=tuple(_silence(form) for _, form in entries.valid("silences", SilenceForm)),
        operators=operators[0] if operators else Operators(),
        tests=tuple(_test(entry, form) for entry, form in entries.valid("tests", ConfigTestForm)),
    )


def _source(form: SourceForm, institutions: Mapping[str, Institution]) -> Source:
    supervised = form.authority_on
    tagged = {each.id for each in institutions.values() if not each.tags.isdisjoint(supervised.tags)}
    return record_of(
        Source,
        form,
        speaks_for=frozenset(form.speaks_for),
        authority_on=frozenset(tagged.union(supervised.ids) - set(form.speaks_for)),
        tags=frozenset(form.tags),
    )


def _institution(form: InstitutionForm) -> Institution:
    return record_of(
        Institution,
        form,
        aliases=tuple(alias.name for alias in form.aliases),
        tags=frozenset(form.tags),
        ids=tuple(sorted(form.ids.items())),
        relations=tuple(Relation(each.kind, each.to) for each in form.relations),
        match=record_of(
            MatchRules,
            form.match,
            derive=frozenset(form.match.derive),
            of_names=tuple(
                record_of(NameRules, alias)
                for alias in form.aliases
                if alias.case_sensitive is not None or alias.require_any or alias.exclude
            ),
        ),
    )


def _topics(entries: Entries) -> dict[str, Topic]:
    """Those of the packs, then those written here, which replace or extend them."""
    packs = [form.id for _, form in entries.valid("topic_packs", NameForm)]
    off = {form.id for _, form in entries.valid("topics_off", NameForm)}
    topics: dict[str, Topic] = {}
    for pack in packs:
        topics |= {topic.id: topic for topic in pack_topics(pack) if topic.id not in off}
    for _, form in entries.valid("topics", TopicForm):
        topics[form.id] = _topic(form, packs, topics.get(form.id) if form.extends else None)
    return topics


def _topic(form: TopicForm, packs: Sequence[str], base: Topic | None) -> Topic:
    given = form.model_fields_set
    severity = Severity(**form.severity.model_dump())
    patterns = tuple(
        TopicPattern(write_out_families(text, families_of(packs, language)), language, kind, text)
        for kind, language, text, _ in patterns_of(form)
    )
    if base is not None:
        return replace(
            base,
            any=base.any + tuple(form.any),
            none=base.none + tuple(form.none),
            patterns=base.patterns + patterns,
            severity=severity if "severity" in given else base.severity,
            near=form.near if "near" in given else base.near,
            negation=form.negation if "negation" in given else base.negation,
            signal=base.signal if form.signal is None else form.signal,
        )
    assert form.signal is not None  # noqa: S101 - checked: only a topic that extends another goes without
    return record_of(Topic, form, severity=severity, patterns=patterns)


def _levels(form: LevelsForm) -> LevelRules:
    return LevelRules(
        raise_=MappingProxyType(
            {Level.MEDIUM: form.raise_.medium, Level.HIGH: form.raise_.high, Level.CRITICAL: form.raise_.critical}
        ),
        margin=form.margin,
        half_life=MappingProxyType({axis: getattr(form.half_life, axis.value) for axis in Axis}),
    )


def _operators(form: OperatorsForm) -> Operators:
    return Operators(_secrets(form.channels), frozenset(form.on))


def _secrets(channels: Mapping[str, str]) -> Mapping[str, Secret]:
    return MappingProxyType({name: Secret(url) for name, url in channels.items()})


def _selection(form: SelectionForm) -> Selection:
    return Selection(
        institutions=frozenset(form.institutions),
        tags=frozenset(form.tags),
        regions=frozenset(form.regions),
        categories=frozenset(form.categories),
        all=form.all,
    )


def _watch(form: WatchForm) -> WatchRule:
    return record_of(
        WatchRule,
        form,
        select=_selection(form),
        on=frozenset(form.on),
        axes=frozenset(form.axes),
        topics=frozenset(form.topics),
        signals=frozenset(form.signals),
        except_=Exclusion() if form.not_ is None else _exclusion(form.not_),
    )


def _exclusion(form: ExclusionForm) -> Exclusion:
    return Exclusion(
        select=_selection(form),
        topics=frozenset(form.topics),
        signals=frozenset(form.signals),
        sources=frozenset(form.sources),
    )


def _subscriber(form: SubscriberForm) -> Subscriber:
    quiet, digest, weekly = form.quiet_hours, form.digest, form.briefing
    return record_of(
        Subscriber,
        form,
        channels=_secrets(form.channels),
        rates=MappingProxyType(dict(form.rates)),
        watch=tuple(_watch(each) for each in form.watch),
        quiet_hours=None if quiet is None else QuietHours(quiet.from_, quiet.to, quiet.timezone, quiet.unless),
        digest=None if digest is None else Digest(digest.at, digest.timezone, digest.below),
        briefing=None if weekly is None else WeeklyBriefing(*weekly.weekly, weekly.timezone),
    )


def _silence(form: SilenceForm) -> Silence:
    """Its id names its content, so that it stays the same however the file around it changes."""
    digest = hashlib.sha256(form.model_dump_json().encode()).hexdigest()
    return record_of(Silence, form, select=_selection(form), id=f"config-{digest[:12]}")


def _test(entry: Entry, form: ConfigTestForm) -> ConfigTest:
    return ConfigTest(
        name=form.name,
        at=form.at,
        items=tuple(_item(number, each, form) for number, each in enumerate(form.items, 1)),
        expect=tuple(
            Expectation(
                **each.model_dump(exclude={"state"}),
                state=each.state.value if each.state else "",
                where=_where(entry, "expect", index),
            )
            for index, each in enumerate(form.expect)
        ),
        where=_where(entry),
    )


def _item(number: int, form: ItemForm, test: ConfigTestForm) -> Item:
    """An item of a test; without an id it gets one, without `observed` it was seen when published."""
    given = form.model_dump(exclude={"id", "observed"})
    return Item(id=form.id or f"item-{number}", observed=form.observed or form.published or test.at, **given)


def _where(entry: Entry, *steps: str | int) -> str:
    file, line, _ = entry.place(*steps)
    return f"{file}:{line}"
