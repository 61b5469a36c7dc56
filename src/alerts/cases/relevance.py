"""Which topics of an item concern an institution: who acts, and who is acted upon. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from alerts.model.mention import Matched, TopicHit

TARGET, ACTOR = "target", "actor"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics that concern an institution with their weights, by name, and those of them that are over."""

    weights: tuple[tuple[str, float], ...] = ()
    resolved: tuple[str, ...] = ()


def topics_about(institution: str, matched: Matched, authorities: AbstractSet[str]) -> Topics:
    """The topics of an item that concern an institution that it mentions.

    An authority's own acts raise nothing: an item that names it and others is about the others. So a topic concerns an
    authority only where a pattern makes it the target, or stands at it ("@ is down") in an item that names nobody else;
    and what is found at authorities alone ("FTC fines …") passes to the others that the item names.
    """
    others = {
        each.institution
        for each in matched.mentions
        if each.institution not in authorities and not each.voice and each.salience > 0
    }
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
