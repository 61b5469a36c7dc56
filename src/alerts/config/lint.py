"""Warnings: what a configuration may say but probably does not mean. It takes effect all the same."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from alerts.config import schema
from alerts.config.check_topics import patterns_of
from alerts.config.checks import authority_steps, names_in
from alerts.config.document import Entries, Entry
from alerts.config.load import Loaded
from alerts.matching.lint import lint
from alerts.model.errors import Problem, did_you_mean
from alerts.model.institution import Role
from alerts.model.item import Item
from alerts.model.topic import PatternKind, Signal, Topic

MAX_SHARE = 0.5  # a pattern that matches more than this share of all items is too general


def doubts(loaded: Loaded) -> list[Problem]:
    """The warnings, in the order of files and lines."""
    entries = loaded.entries
    found = [
        *_twice_polled(entries),
        *_selecting_nothing(entries),
        *_receiving_nothing(entries),
        *_former_thresholds(entries),
        *_who_speaks(entries),
        *_silent_authorities(entries),
        *_doubtful_names(loaded),
    ]
    return sorted(found)


def idle(loaded: Loaded, seen: Mapping[str, frozenset[str]], topics: frozenset[str], items: int) -> Iterator[Problem]:
    """Names and topics that none of the recorded `items` ever matched.

    `seen` gives, by institution, the texts (case folded) that mentioned it; `topics` those found anywhere."""
    never = f"never matched in {items:,} recorded items"
    for entry, form in loaded.entries.valid("institutions", schema.InstitutionForm):
        texts = seen.get(form.id, frozenset())
        if not texts:
            yield _warning(entry, "name", message=f"{form.id}: the institution was {never}")
            continue
        unseen = [(steps, name) for steps, name in names_in(form)[1:] if name.casefold() not in texts]
        yield from (_warning(entry, *steps, message=f"{form.id}: {name!r} {never}") for steps, name in unseen)
    for entry, topic in loaded.entries.valid("topics", schema.TopicForm):
        if topic.id not in topics:
            yield _warning(entry, "id", message=f"the topic {topic.id} {never}")


def doubtful_patterns(loaded: Loaded, recent: Sequence[Item]) -> Iterator[Problem]:
    """Patterns of the configuration that match none of the `recent` items, or most of them."""
    from alerts.matching.matcher import Matcher

    settings = loaded.settings
    topics = loaded.entries.valid("topics", schema.TopicForm)
    places = [(entry, form.id, {each.text: each.steps for each in patterns_of(form)}) for entry, form in topics]
    tried = [
        (entry, topic, pattern, written[pattern.written])
        for entry, topic, written in places
        for pattern in settings.topics[topic].patterns
        if pattern.written in written
    ]
    if not tried:
        return
    alone = [Topic(str(number), Signal.CONTINUITY, patterns=(each[2],)) for number, each in enumerate(tried)]
    matcher = Matcher(settings.institutions.values(), alone, settings.sources)
    counts = Counter(topic for item in recent for topic in {hit.topic for hit in matcher.match(item).topics})
    for number, (entry, topic, pattern, steps) in enumerate(tried):
        count, items = counts[str(number)], len(recent)
        if count == 0 and pattern.kind is not PatternKind.EXCEPT:
            message = f"{topic}: {pattern.written!r} matches none of {items:,} recorded items"
        elif count > items * MAX_SHARE:
            message = f"{topic}: {pattern.written!r} matches {count:,} of {items:,} recorded items: it tells nothing"
        else:
            continue
        yield _warning(entry, *steps, message=message)


def _warning(entry: Entry, *steps: str | int, message: str) -> Problem:
    return Problem(*entry.place(*steps), message, warning=True)


def _twice_polled(entries: Entries) -> Iterator[Problem]:
    """The same feed under two names would be fetched twice and count as two sources."""
    first: dict[str, str] = {}
    for entry, source in entries.valid("sources", schema.SourceForm):
        if source.url in first:
            message = f"url: the source {first[source.url]!r} polls the same address: remove one"
            yield _warning(entry, "url", message=message)
        first.setdefault(source.url, source.id)


def _who_speaks(entries: Entries) -> Iterator[Problem]:
    """Sources that speak for an authority and for those upon whom it acts, or that are their own authority."""
    institutions = {form.id: form for _, form in entries.valid("institutions", schema.InstitutionForm)}
    carried = {tag for form in institutions.values() for tag in form.tags}
    for entry, source in entries.valid("sources", schema.SourceForm):
        spoken = [institutions[each] for each in source.speaks_for if each in institutions]
        authorities = [each.id for each in spoken if each.role is Role.AUTHORITY]
        for index, each in enumerate(source.speaks_for):
            if authorities and each in institutions and each not in authorities:
                message = (
                    f"speaks_for: the source speaks for the authority {authorities[0]!r} and for {each!r}: write the "
                    f"latter under authority_on, or all that the authority says is about it"
                )
                yield _warning(entry, "speaks_for", index, message=message)
        steps = authority_steps(entry)
        for index, each in enumerate(source.authority_on.ids):
            if each in source.speaks_for:
                message = f"authority_on: the source speaks for {each!r} and is no authority on it: remove one"
                yield _warning(entry, *steps, index, message=message)
        for index, tag in enumerate(source.authority_on.tags):
            own = next((each.id for each in spoken if tag in each.tags), None)
            if tag not in carried:
                suggestion = did_you_mean(tag, sorted(carried))
                message = f"tags: no institution carries {entry.shown('authority_on', 'tags', index)}{suggestion}"
                yield _warning(entry, "authority_on", "tags", index, message=message)
            elif own is not None:
                message = f"authority_on: {own!r} carries the tag {tag!r}, and the source speaks for it"
                yield _warning(entry, "authority_on", "tags", index, message=message)


def _silent_authorities(entries: Entries) -> Iterator[Problem]:
    """Authorities of which no source brings the decisions first-hand."""
    spoken_for = {each for _, source in entries.valid("sources", schema.SourceForm) for each in source.speaks_for}
    for entry, institution in entries.valid("institutions", schema.InstitutionForm):
        if institution.role is Role.AUTHORITY and institution.id not in spoken_for:
            message = f"role: no source speaks for the authority {institution.id!r}: add its feed to the sources"
            yield _warning(entry, "role", message=message)


def _former_thresholds(entries: Entries) -> Iterator[Problem]:
    """The defaults of the time when a score was 1 − ∏(1 − c) over all stories."""
    for entry, levels in entries.valid("levels", schema.LevelsForm):
        if levels.raise_.model_dump() == {"medium": 0.25, "high": 0.50, "critical": 0.75}:
            message = (
                "raise: these were the defaults while every story added to a score; now the gravest story carries it "
                "and a story without a topic counts 0: remove `raise` and `margin` (the defaults are 0.12, 0.3, 0.5 "
                "and 0.02), or choose thresholds with `alerts plan`"
            )
            yield _warning(entry, "raise", message=message)


def _selecting_nothing(entries: Entries) -> Iterator[Problem]:
    """Tags, regions and categories that no institution carries."""
    institutions = [institution for _, institution in entries.valid("institutions", schema.InstitutionForm)]
    carried = {
        "tags": {tag for institution in institutions for tag in institution.tags},
        "regions": {institution.region for institution in institutions},
        "categories": {institution.category for institution in institutions},
    }
    for entry, steps, selection in _selections(entries):
        for key, known in carried.items():
            for index, value in enumerate(getattr(selection, key)):
                if value not in known:
                    where = (*steps, key, index)
                    suggestion = did_you_mean(value, sorted(known))
                    message = f"{key}: no institution carries {entry.shown(*where)}{suggestion}"
                    yield _warning(entry, *where, message=message)


def _selections(entries: Entries) -> Iterator[tuple[Entry, tuple[str | int, ...], schema.SelectionForm]]:
    for entry, subscriber in entries.valid("subscribers", schema.SubscriberForm):
        for index, rule in enumerate(subscriber.watch):
            yield entry, ("watch", index), rule
            if rule.except_ is not None:
                yield entry, ("watch", index, "not"), rule.except_
    for entry, silence in entries.valid("silences", schema.SilenceForm):
        yield entry, (), silence


def _doubtful_names(loaded: Loaded) -> Iterator[Problem]:
    """The warnings of the matcher about names and phrases, at the name that each quotes."""
    places = {
        **{
            ("institution", form.id): (entry, form)
            for entry, form in loaded.entries.valid("institutions", schema.InstitutionForm)
        },
        **{("topic", form.id): (entry, form) for entry, form in loaded.entries.valid("topics", schema.TopicForm)},
    }
    settings = loaded.settings
    for kind, name, message in lint(settings.institutions.values(), settings.topics.values()):
        entry, form = places[kind, name]
        steps: tuple[str | int, ...] = ("any",)
        if isinstance(form, schema.InstitutionForm):
            others = names_in(form)[1:]
            steps = next((place for place, text in others if repr(text) in message), ("name",))
        yield _warning(entry, *steps, message=f"{name}: {message}")


def _receiving_nothing(entries: Entries) -> Iterator[Problem]:
    for entry, subscriber in entries.valid("subscribers", schema.SubscriberForm):
        if not subscriber.watch:
            yield _warning(entry, message="the subscriber watches nothing and is never told: add `watch:`")
        elif not subscriber.channels:
            yield _warning(entry, message="the subscriber has no channel and is never told: add `channels:`")
    for entry, operators in entries.valid("operators", schema.OperatorsForm):
        if not operators.channels:
            yield _warning(entry, message="the operators have no channel and are never told: add `channels:`")
