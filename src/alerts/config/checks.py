"""Checks across entries: references, duplicate ids, and keys that must agree with one another."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from alerts.config import schema, tree
from alerts.config.check_topics import check_topic
from alerts.config.document import Entries, Entry
from alerts.config.packs import pack_names, pack_topics
from alerts.model.errors import did_you_mean
from alerts.model.subscriber import Direction, On
from alerts.model.times import format_duration
from alerts.model.topic import Topic

# The key that names an entry of each section.
_KEYS: Final = {"sources": "id", "institutions": "id", "topics": "id", "subscribers": "id", "tests": "name"}
_LEFT_OUT: Final = tuple(each for each in schema.ExclusionForm.model_fields if each != "all")
# Keys of an expectation that say what must hold; the others say for whom or what.
_EXPECTS: Final = ("level", "mentioned", "topic", "alerts", "state", "reason", "text", "not_text")
_NEEDS: Final[dict[str, tuple[str, ...]]] = {  # keys of an expectation that need another beside them
    "axis": ("institution", "subscriber"),
    **dict.fromkeys(("level", "mentioned", "topic"), ("institution",)),
    **dict.fromkeys(("channel", "alerts", "state", "reason", "text", "not_text"), ("subscriber",)),
}
Steps = tuple[str | int, ...]  # a path of keys and indexes inside an entry


@dataclass(frozen=True, slots=True)
class Known:
    """What ids may name: the entries of each section, refused ones among them, and the topics of the packs in use."""

    entries: Mapping[str, Mapping[str, Entry]]
    shipped: Mapping[str, Topic]


def check(entries: Entries) -> None:
    """Report every contradiction between and inside the entries."""
    named = {section: _named(entries, section) for section in _KEYS}
    known = Known(named, _check_packs(entries, named["topics"]))
    for section in sorted(schema.SINGLE):
        for entry in entries.all(section)[1:]:
            message = f"{section} stand in {entries.all(section)[0].where()} already: keep them in one place"
            entry.report(message=message, at_key=True)
    _check_levels(entries)
    for entry, access in entries.valid("access", schema.AccessForm):
        for group, name in access.subscribers.items():
            _check_id(entry, ("subscribers", group), name, known, "subscribers")
    for source, form in entries.valid("sources", schema.SourceForm):
        _check_ids(source, ("speaks_for",), form.speaks_for, known, "institutions")
        _check_ids(source, authority_steps(source), form.authority_on.ids, known, "institutions")
        if form.at_most is not None and form.at_most < form.interval:
            longest, least = format_duration(form.at_most), format_duration(form.interval)
            source.report("at_most", message=f"at_most: {longest} is less than the interval, {least}")
    for entry, institution in entries.valid("institutions", schema.InstitutionForm):
        _check_institution(entry, institution, known)
    packs = [name for _, name in entries.valid("topic_packs", str)]
    for entry, topic in entries.valid("topics", schema.TopicForm):
        check_topic(entry, topic, known.shipped, packs)
    for entry, subscriber in entries.valid("subscribers", schema.SubscriberForm):
        _check_subscriber(entry, subscriber, known)
    for entry, silence in entries.valid("silences", schema.SilenceForm):
        _check_selection(entry, (), silence, known)
        if silence.starts is not None and silence.starts >= silence.until:
            entry.report("starts", message="starts: the silence would begin after it ends")
    for entry, test in entries.valid("tests", schema.ConfigTestForm):
        _check_test(entry, test, known)


def _named(entries: Entries, section: str) -> dict[str, Entry]:
    """Entries by name; a name that stands twice is reported. Refused entries have their names, too."""
    key = _KEYS[section]
    named: dict[str, Entry] = {}
    for entry in entries.all(section):
        name = entry.written(key) if entry.form is None else getattr(entry.form, key)
        if not name:
            continue
        if name in named:
            entry.report(key, message=f"{key}: {entry.shown(key)} is taken already, by {named[name].where(key)}")
        else:
            named[name] = entry
    return named


def authority_steps(source: Entry) -> Steps:
    """Where a source has the ids of `authority_on`: the list may be written alone."""
    return ("authority_on", "ids") if isinstance(source.find("authority_on"), tree.Mapping) else ("authority_on",)


def _check_levels(entries: Entries) -> None:
    for entry, levels in entries.valid("levels", schema.LevelsForm):
        raise_ = levels.raise_
        for lower, upper in (("medium", "high"), ("high", "critical")):
            if getattr(raise_, lower) >= getattr(raise_, upper):
                message = f"raise: {upper} must be above {lower} ({getattr(raise_, lower):g})"
                entry.report("raise", upper, message=message)
        if levels.margin >= raise_.medium:
            message = f"margin: must be below the medium threshold ({raise_.medium:g}), or no level ever falls"
            entry.report("margin", message=message)


def _check_institution(entry: Entry, institution: schema.InstitutionForm, known: Known) -> None:
    for index, relation in enumerate(institution.relations):
        _check_id(entry, ("relations", index, "to"), relation.to, known, "institutions")
        if relation.to == institution.id:
            entry.report("relations", index, "to", message="to: an institution has no relation to itself")
    for steps, text in names_in(institution):
        if not any(char.isalnum() for char in text):
            entry.report(*steps, message=f"{steps[0]}: a name needs a letter or a digit")


def names_in(form: schema.InstitutionForm) -> list[tuple[Steps, str]]:
    """The names of an institution, each with its place in the entry, the official one first."""
    return [
        (("name",), form.name),
        *((("aliases", index), alias.name) for index, alias in enumerate(form.aliases)),
        *((("products", index), name) for index, name in enumerate(form.products)),
    ]


def _check_packs(entries: Entries, topics: Mapping[str, Entry]) -> dict[str, Topic]:
    """The topics of the packs that are used."""
    shipped: dict[str, Topic] = {}
    for entry, pack in entries.valid("topic_packs", str):
        if pack in pack_names():
            shipped |= {topic.id: topic for topic in pack_topics(pack)}
        else:
            names = list(pack_names())
            suggestion = did_you_mean(pack, names) or f" (there are {', '.join(names)})"
            entry.report(message=f"topic_packs: no pack is called {entry.shown()}{suggestion}")
    for entry, off in entries.valid("topics_off", str):
        if off not in shipped:
            suggestion = did_you_mean(off, list(shipped))
            entry.report(message=f"topics_off: no pack here has a topic {entry.shown()}{suggestion}")
        elif off in topics:
            entry.report(message=f"topics_off: the topic {off!r} is defined here: remove one of the two")
    return shipped


def _check_selection(entry: Entry, steps: Steps, form: schema.SelectionForm, known: Known) -> None:
    _check_ids(entry, (*steps, "institutions"), form.institutions, known, "institutions")
    if not (form.institutions or form.tags or form.regions or form.categories or form.all):
        message = "selects no institution: add institutions, tags, regions or categories, or all: true"
        entry.report(*steps, message=message)


def _check_subscriber(entry: Entry, subscriber: schema.SubscriberForm, known: Known) -> None:
    named: dict[str, int] = {}
    for index, rule in enumerate(subscriber.watch):
        _check_selection(entry, ("watch", index), rule, known)
        _check_rule(entry, ("watch", index), rule, known)
        if rule.name and named.setdefault(rule.name, index) != index:
            message = f"name: rule {named[rule.name] + 1} has the name {entry.shown('watch', index, 'name')}"
            entry.report("watch", index, "name", message=f"{message} already")
    _check_channels(entry, subscriber)
    quiet = subscriber.quiet_hours
    if quiet is not None and quiet.from_ == quiet.to:
        entry.report("quiet_hours", "to", message="to: the quiet hours end when they begin")


def _check_channels(entry: Entry, subscriber: schema.SubscriberForm) -> None:
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


def _check_rule(entry: Entry, steps: Steps, rule: schema.WatchForm, known: Known) -> None:
    """References of a watch rule, and keys that leave nothing to alert."""
    _check_ids(entry, (*steps, "topics"), rule.topics, known, "topics")
    if rule.direction is Direction.FALL and On.LEVEL not in rule.on:
        message = "direction: fall: only a level falls, so this rule never alerts: add `level` to `on`"
        entry.report(*steps, "direction", message=message)
    forms = (each.form for each in known.entries["topics"].values())
    signals = {topic.id: topic.signal for topic in known.shipped.values()}
    signals |= {form.id: form.signal for form in forms if isinstance(form, schema.TopicForm) and form.signal}
    for index, topic in enumerate(rule.topics):
        if rule.signals and topic in signals and signals[topic] not in rule.signals:
            message = f"topics: {topic} is of {signals[topic]}, which `signals` does not name: a story needs both"
            entry.report(*steps, "topics", index, message=message)
    if rule.except_ is not None:
        _check_exclusion(entry, steps, rule, rule.except_, known)


def _check_exclusion(
    entry: Entry, steps: Steps, rule: schema.WatchForm, left_out: schema.ExclusionForm, known: Known
) -> None:
    """`not` must leave something out, and not what the rule asks for by name."""
    here = (*steps, "not")
    for section in ("institutions", "topics", "sources"):
        _check_ids(entry, (*here, section), getattr(left_out, section), known, section)
    if not left_out.model_fields_set:
        entry.report(*here, message=f"not: leaves nothing out: add one of {', '.join(_LEFT_OUT)}")
    if left_out.all:
        entry.report(*here, "all", message="all: the rule would leave out every institution: remove it")
    for key in ("institutions", "tags", "regions", "categories", "topics", "signals"):
        wanted = getattr(rule, key)
        for index, value in enumerate(getattr(left_out, key)):
            if value in wanted:
                message = f"not: {key} has {entry.shown(*here, key, index)}, which the rule asks for: remove one"
                entry.report(*here, key, index, message=message)


def _check_test(entry: Entry, test: schema.ConfigTestForm, known: Known) -> None:
    for index, item in enumerate(test.items):
        if item.source:
            _check_id(entry, ("items", index, "source"), item.source, known, "sources")
        observed = item.observed or item.published
        if observed is not None and observed > test.at:
            key = "observed" if item.observed else "published"
            message = f"{key}: later than the test's `at`, so the item would not be there yet"
            entry.report("items", index, key, message=message)
    for index, expectation in enumerate(test.expect):
        for key, section in (("institution", "institutions"), ("topic", "topics"), ("subscriber", "subscribers")):
            if getattr(expectation, key):
                _check_id(entry, ("expect", index, key), getattr(expectation, key), known, section)
        for key, needs in _NEEDS.items():
            if getattr(expectation, key) not in {None, ""} and not any(getattr(expectation, each) for each in needs):
                message = f"{key}: says nothing without {' or '.join(f'`{each}`' for each in needs)}: add it"
                entry.report("expect", index, key, message=message, at_key=True)
        if expectation.model_fields_set.isdisjoint(_EXPECTS):
            entry.report("expect", index, message=f"expects nothing: add one of {', '.join(_EXPECTS)}")


def _check_ids(entry: Entry, steps: Steps, ids: Iterable[str], known: Known, section: str) -> None:
    """Each id at `steps` must name an entry of the section."""
    for index, each in enumerate(ids):
        _check_id(entry, (*steps, index), each, known, section)


def _check_id(entry: Entry, steps: Steps, each: str, known: Known, section: str) -> None:
    """The id at `steps` must name an entry of the section, or a topic that is shipped."""
    if each in known.entries[section] or (section == "topics" and each in known.shipped):
        return
    key = next(step for step in reversed(steps) if isinstance(step, str))
    written = entry.shown(*steps)
    suggestion = did_you_mean(written.strip("'"), list(known.entries[section]))
    entry.report(*steps, message=f"{key}: no {section.removesuffix('s')} has the id {written}{suggestion}")
