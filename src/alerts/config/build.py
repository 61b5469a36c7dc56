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
from alerts.model.institution import Institution, MatchRules, NameRules, Relation
from alerts.model.item import Item
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.operators import Operators
from alerts.model.secret import Secret
from alerts.model.settings import FRESH, ConfigTest, Expectation, Settings
from alerts.model.source import Source
from alerts.model.subscriber import Digest, Exclusion, QuietHours, Selection, Silence, Subscriber, WatchRule
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
    return Source(
        id=form.id,
        url=form.url,
        publisher=form.publisher,
        reliability=form.reliability,
        speaks_for=frozenset(form.speaks_for),
        authority_on=frozenset(tagged.union(supervised.ids) - set(form.speaks_for)),
        interval=form.interval,
        at_most=form.at_most,
        language=form.language,
        tags=frozenset(form.tags),
        allow_private=form.allow_private,
    )


def _institution(form: InstitutionForm) -> Institution:
    return Institution(
        id=form.id,
        name=form.name,
        aliases=tuple(alias.name for alias in form.aliases),
        products=tuple(form.products),
        domains=tuple(form.domains),
        category=form.category,
        region=form.region,
        primary_domain=form.primary_domain,
        role=form.role,
        criticality=form.criticality,
        tags=frozenset(form.tags),
        ids=tuple(sorted(form.ids.items())),
        relations=tuple(Relation(each.kind, each.to) for each in form.relations),
        match=MatchRules(
            case_sensitive=form.match.case_sensitive,
            require_any=tuple(form.match.require_any),
            exclude=tuple(form.match.exclude),
            derive=frozenset(form.match.derive),
            of_names=tuple(
                NameRules(alias.name, alias.case_sensitive, tuple(alias.require_any), tuple(alias.exclude))
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
    return Topic(
        id=form.id,
        signal=form.signal,
        any=tuple(form.any),
        none=tuple(form.none),
        severity=severity,
        near=form.near,
        negation=form.negation,
        patterns=patterns,
    )


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
    return WatchRule(
        select=_selection(form),
        on=frozenset(form.on),
        axes=frozenset(form.axes),
        at_least=form.at_least,
        direction=form.direction,
        to=tuple(form.to),
        name=form.name,
        topics=frozenset(form.topics),
        signals=frozenset(form.signals),
        min_grade=form.min_grade,
        except_=Exclusion() if form.not_ is None else _exclusion(form.not_),
        again=form.again,
    )


def _exclusion(form: ExclusionForm) -> Exclusion:
    return Exclusion(
        select=_selection(form),
        topics=frozenset(form.topics),
        signals=frozenset(form.signals),
        sources=frozenset(form.sources),
    )


def _subscriber(form: SubscriberForm) -> Subscriber:
    quiet, digest = form.quiet_hours, form.digest
    return Subscriber(
        id=form.id,
        tier=form.tier,
        channels=_secrets(form.channels),
        rates=MappingProxyType(dict(form.rates)),
        watch=tuple(_watch(each) for each in form.watch),
        quiet_hours=None if quiet is None else QuietHours(quiet.from_, quiet.to, quiet.timezone, quiet.unless),
        digest=None if digest is None else Digest(digest.at, digest.timezone, digest.below),
        repeat=form.repeat,
        limit=form.limit,
        group=form.group,
    )


def _silence(form: SilenceForm) -> Silence:
    """Its id names its content, so that it stays the same however the file around it changes."""
    digest = hashlib.sha256(form.model_dump_json().encode()).hexdigest()
    return Silence(
        select=_selection(form),
        until=form.until,
        reason=form.reason,
        author=form.author,
        starts=form.starts,
        id=f"config-{digest[:12]}",
    )


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
