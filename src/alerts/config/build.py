"""From checked forms to the model."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from alerts.config import schema
from alerts.config.check_topics import patterns_of
from alerts.config.document import Entries
from alerts.config.packs import families_of, pack_topics
from alerts.matching.pattern_syntax import write_out_families
from alerts.model.institution import Institution, MatchRules, NameRules
from alerts.model.level import LevelRules
from alerts.model.secret import Secret
from alerts.model.settings import FRESH, Settings
from alerts.model.source import Source
from alerts.model.subscriber import Access, Operators, Selection, Silence, Subscriber
from alerts.model.topic import Topic, TopicPattern

_Model = TypeVar("_Model")
_fields: Callable[[type], dict[str, Any]] = cache(get_type_hints)


def build(entries: Entries, content_hash: str) -> Settings:
    """The settings of entries that have no problem."""
    institutions = {form.id: _institution(form) for _, form in entries.valid("institutions", schema.InstitutionForm)}
    sources = {form.id: _source(form, institutions) for _, form in entries.valid("sources", schema.SourceForm)}
    subscribers = {form.id: _model(Subscriber, form) for _, form in entries.valid("subscribers", schema.SubscriberForm)}
    # Equal rules become one object: subscribers who ask for the same are known by it.
    asked = {each.watch: each.watch for each in subscribers.values()}
    subscribers = {name: replace(each, watch=asked[each.watch]) for name, each in subscribers.items()}
    fresh = [value for _, value in entries.valid("fresh", timedelta)]
    return Settings(
        hash=content_hash,
        sources=MappingProxyType(sources),
        institutions=MappingProxyType(institutions),
        topics=MappingProxyType(_topics(entries)),
        levels=_single(LevelRules, entries, "levels", schema.LevelsForm),
        fresh=fresh[0] if fresh else FRESH,
        subscribers=MappingProxyType(subscribers),
        silences=tuple(_silence(form) for _, form in entries.valid("silences", schema.SilenceForm)),
        operators=_single(Operators, entries, "operators", schema.OperatorsForm),
        access=_single(Access, entries, "access", schema.AccessForm),
    )


def _single(kind: type[_Model], entries: Entries, section: str, form: type[schema.Form]) -> _Model:
    """The model of a section that stands once; with its defaults where it is left out."""
    return next((_model(kind, each) for _, each in entries.valid(section, form)), kind())


def _model(kind: type[_Model], form: schema.Form, /, **given: Any) -> _Model:
    """A dataclass of the model with the fields `given`, and the others from those of the same name in a form.

    A field that is None in the form has the dataclass's own default."""
    if isinstance(form, schema.SelectionForm) and "select" in _fields(kind):
        given["select"] = _model(Selection, form)
    for name, hint in _fields(kind).items():
        if name not in given and (value := getattr(form, name)) is not None:
            given[name] = _value(hint, value)
    return kind(**given)


def _value(hint: Any, value: Any) -> Any:
    """A value of a form as the model has it: forms become dataclasses, lists of names sets, channel URLs secrets.

    A form in the place of a mapping has a number for each member of an enumeration."""
    kind, arguments = get_origin(hint), get_args(hint)
    if isinstance(value, schema.Form) and kind is Mapping:
        return MappingProxyType({arguments[0](name): each for name, each in value})
    if isinstance(value, schema.Form):
        return _model(hint if kind is None else arguments[0], value)
    if kind is frozenset:
        return frozenset(value)
    if kind is tuple:
        return tuple(_value(arguments[0], each) for each in value)
    if kind is Mapping:
        return MappingProxyType({key: _value(arguments[1], each) for key, each in value.items()})
    return Secret(value) if hint is Secret else value


def _source(form: schema.SourceForm, institutions: Mapping[str, Institution]) -> Source:
    supervised = form.authority_on
    candidates = institutions.values() if supervised.tags else ()
    tagged = {each.id for each in candidates if not each.tags.isdisjoint(supervised.tags)}
    return _model(Source, form, authority_on=frozenset(tagged.union(supervised.ids) - set(form.speaks_for)))


def _institution(form: schema.InstitutionForm) -> Institution:
    conditional = [each for each in form.aliases if each.case_sensitive is not None or each.require_any or each.exclude]
    return _model(
        Institution,
        form,
        aliases=tuple(alias.name for alias in form.aliases),
        ids=tuple(sorted(form.ids.items())),
        match=_model(MatchRules, form.match, of_names=tuple(_model(NameRules, each) for each in conditional)),
    )


def _topics(entries: Entries) -> dict[str, Topic]:
    """Those of the packs, then those written here, which replace or extend them."""
    packs = [name for _, name in entries.valid("topic_packs", str)]
    off = {name for _, name in entries.valid("topics_off", str)}
    topics: dict[str, Topic] = {}
    for pack in packs:
        topics |= {topic.id: topic for topic in pack_topics(pack) if topic.id not in off}
    for _, form in entries.valid("topics", schema.TopicForm):
        topics[form.id] = _topic(form, packs, topics.get(form.id) if form.extends else None)
    return topics


def _topic(form: schema.TopicForm, packs: Sequence[str], base: Topic | None) -> Topic:
    patterns = tuple(
        TopicPattern(write_out_families(text, families_of(packs, language)), language, kind, text)
        for kind, language, text, _ in patterns_of(form)
    )
    if base is None:
        return _model(Topic, form, patterns=patterns)
    kept = {"signal", "severity", "near", "negation"} - form.model_fields_set
    return _model(
        Topic,
        form,
        any=base.any + form.any,
        none=base.none + form.none,
        patterns=base.patterns + patterns,
        **{name: getattr(base, name) for name in kept},
    )


def _silence(form: schema.SilenceForm) -> Silence:
    """Its id names its content, so that it stays the same however the file around it changes."""
    digest = hashlib.sha256(form.model_dump_json().encode()).hexdigest()
    return _model(Silence, form, id=f"config-{digest[:12]}")
