"""An item as observed, as far as it concerns one institution."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, NamedTuple

from alerts.model.fields import record_of
from alerts.model.item import Item
from alerts.model.mention import Matched, TopicHit
from alerts.model.source import Reliability, Source
from alerts.model.story import Report
from alerts.stories.features import Features, is_correction

TARGET, ACTOR = "target", "actor"


class Observation(NamedTuple):
    """A report of salience 0 says that the item no longer is about the institution: edited, or withdrawn."""

    report: Report
    features: Features
    quiet: bool = False  # its dates are not to be believed: it alerts nobody by itself
    revised: bool = False  # the item said something else before

    @property
    def counts(self) -> bool:
        return self.report.salience > 0

    def after(self, former: "Observation | None") -> "Observation":
        """This revision in the place of a former one: what it says is new, when it was said stays.

        What no longer counts keeps the features it was clustered by."""
        if former is None:
            return self
        report = dated_as(self.report, former.report)
        features = self.features if self.counts else former.features
        return Observation(report, features, self.quiet, revised=True)


def dated_as(revision: Report, former: Report) -> Report:
    """What a revision says, said when it was first."""
    return replace(revision, published=former.published, observed=former.observed, reported=former.reported)


def observation(
    item: Item,
    institution: str,
    matched: Matched,
    features: Features,
    sources: Mapping[str, Source],
    authorities: AbstractSet[str] = frozenset(),
) -> Observation:
    """What an item says about an institution. Salience 0 where it does not mention it or was withdrawn."""
    topics = topics_about(institution, matched, authorities)
    mine = [mention.salience for mention in matched.mentions if mention.institution == institution]
    salience = 0.0 if item.withdrawn else max(mine, default=0.0)
    about = {"item": item.id, "salience": salience, "topics": topics.weights, "resolved": topics.resolved}
    return Observation(report(item, institution, sources, **about, publisher=publisher_of(item, sources)), features)


def report(said: Any, institution: str, sources: Mapping[str, Source], **given: Any) -> Report:
    """A source record of what an item or a recorded finding says, but for the fields `given`.

    A source that the configuration does not name cannot be judged (F, secondary)."""
    known = sources.get(said.source)
    reliability = Reliability.F if known is None else known.reliability
    given |= {"reliability": reliability, "direct": known is not None and known.is_direct_for(institution)}
    reported = said.observed if said.published is None else min(said.published, said.observed)
    return record_of(Report, said, reported=reported, correction=is_correction(said.title), **given)


def publisher_of(item: Item, sources: Mapping[str, Source]) -> str:
    """Who published the item: as it says itself, else its source's publisher, else the source's id."""
    if item.publisher:
        return item.publisher
    known = sources.get(item.source)
    return known.publisher if known is not None else item.source


class Topics(NamedTuple):
    """The topics that concern an institution with their weights, by name, and those of them that are over."""

    weights: tuple[tuple[str, float], ...] = ()
    resolved: tuple[str, ...] = ()


def topics_about(institution: str, matched: Matched, authorities: AbstractSet[str]) -> Topics:
    """The topics of an item that concern an institution that it mentions.

    An authority's own acts raise nothing: an item that names it and others is about the others. So a topic concerns an
    authority only where a pattern makes it the target, or stands at it ("@ is down") in an item that names nobody else;
    and what is found at authorities alone ("FTC fines …") passes to the others that the item names."""
    named = {each.institution for each in matched.mentions if not each.voice and each.salience > 0}
    others = named - authorities
    weights: dict[str, float] = {}
    over: dict[str, bool] = {}
    for hit in matched.topics:
        if institution in authorities:
            concerns = _concerns_authority(institution, hit, alone=not others)
        else:
            concerns = _concerns_subject(institution, hit, authorities, named=institution in others)
        if concerns:
            weights[hit.topic] = max(hit.weight, weights.get(hit.topic, 0.0))
            over[hit.topic] = hit.resolved and over.get(hit.topic, True)
    return Topics(tuple(sorted(weights.items())), tuple(sorted(topic for topic, ended in over.items() if ended)))


def _concerns_authority(institution: str, hit: TopicHit, *, alone: bool) -> bool:
    if hit.institutions is None or institution not in hit.institutions:
        return False
    return hit.role == TARGET or (alone and hit.role != ACTOR and "@" in hit.pattern)


def _concerns_subject(institution: str, hit: TopicHit, authorities: AbstractSet[str], *, named: bool) -> bool:
    if hit.institutions is None or institution in hit.institutions:
        return True
    return named and bool(hit.institutions) and hit.role != TARGET and hit.institutions <= authorities
